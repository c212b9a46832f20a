//! From a value to text, byte for byte as the YAML library writes it that kubectl and the API server are built with.
//!
//! Keys in [natural order](super::key_order), lists not indented below their key, text folded at spaces behind column 80,
//! and in quotes where a reader of YAML 1.1 would take it for something else. Two things are written otherwise, because
//! what the library writes is not read back: the separators U+2028 and U+2029 are escaped, and a key `<<` is in quotes.

mod style;

use serde_json::{Map, Value};

use super::{key_order, scalar::float_text};
use style::{Style, printable, style};

/// Columns before text is folded, and bytes of a key that stands on one line with its value.
const WIDTH: usize = 80;
const LONGEST_KEY: usize = 128;

/// A value as one document, which ends with a line break.
pub(in crate::testing) fn emit(value: &Value) -> String {
    let mut emitter = Emitter::default();
    emitter.node(value, 0, 2);
    if emitter.column > 0 {
        emitter.text.push('\n');
    }
    emitter.text
}

#[derive(Default)]
struct Emitter {
    text: String,
    /// Characters in the last line.
    column: usize,
}

impl Emitter {
    /// A value from where the text ends; its further entries, and its further lines, are indented.
    fn node(&mut self, value: &Value, entries: usize, lines: usize) {
        match value {
            Value::Object(map) if map.is_empty() => self.push_str("{}"),
            Value::Object(map) => self.mapping(map, entries),
            Value::Array(items) if items.is_empty() => self.push_str("[]"),
            Value::Array(items) => self.sequence(items, entries),
            Value::String(text) => self.string(text, lines),
            Value::Number(number) => match number.as_f64() {
                Some(value) if number.is_f64() => self.push_str(&float_text(value)),
                _ => self.push_str(&number.to_string()),
            },
            Value::Bool(_) | Value::Null => self.push_str(&value.to_string()),
        }
    }

    fn mapping(&mut self, map: &Map<String, Value>, indent: usize) {
        for (index, key) in key_order::sorted(map.keys().map(String::as_str).collect()).into_iter().enumerate() {
            if index > 0 {
                self.line(indent);
            }
            let value = &map[key];
            if key.len() > LONGEST_KEY || key.contains(['\r', '\n', '\u{85}', '\u{2028}', '\u{2029}']) {
                self.push_str("? ");
                self.string(key, indent + 2);
                self.line(indent);
                self.push_str(": ");
                self.node(value, indent + 2, indent + 2);
                continue;
            }
            self.key(key);
            self.push(':');
            match value {
                Value::Object(map) if !map.is_empty() => {
                    self.line(indent + 2);
                    self.mapping(map, indent + 2);
                }
                Value::Array(items) if !items.is_empty() => {
                    self.line(indent);
                    self.sequence(items, indent);
                }
                _ => {
                    self.push(' ');
                    self.node(value, indent, indent + 2);
                }
            }
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.line(indent);
            }
            self.push_str("- ");
            self.node(item, indent + 2, indent + 2);
        }
    }

    fn key(&mut self, key: &str) {
        match style(key) {
            Style::Plain if key == "<<" => self.double(key, None),
            Style::Plain => self.plain(key, None),
            Style::Single => self.single(key, None),
            Style::Double | Style::Literal => self.double(key, None),
        }
    }

    fn string(&mut self, text: &str, indent: usize) {
        match style(text) {
            Style::Plain => self.plain(text, Some(indent)),
            Style::Single => self.single(text, Some(indent)),
            Style::Double => self.double(text, Some(indent)),
            Style::Literal => self.literal(text, indent),
        }
    }

    fn plain(&mut self, text: &str, fold: Option<usize>) {
        let mut chars = text.chars().peekable();
        let mut after_space = false;
        while let Some(c) = chars.next() {
            match fold {
                Some(indent) if c == ' ' && !after_space && self.column > WIDTH && chars.peek() != Some(&' ') => {
                    self.line(indent);
                }
                _ => self.push(c),
            }
            after_space = c == ' ';
        }
    }

    fn single(&mut self, text: &str, fold: Option<usize>) {
        self.push('\'');
        let mut chars = text.chars().peekable();
        let mut before = None;
        while let Some(c) = chars.next() {
            let inside = before.is_some_and(|before| before != ' ') && chars.peek().is_some_and(|next| *next != ' ');
            match fold {
                Some(indent) if c == ' ' && inside && self.column > WIDTH => self.line(indent),
                _ => self.push(c),
            }
            if c == '\'' {
                self.push('\'');
            }
            before = Some(c);
        }
        self.push('\'');
    }

    fn double(&mut self, text: &str, fold: Option<usize>) {
        self.push('"');
        // Where the library looks for a byte order mark, it looks at the first character, whichever it writes.
        let all = text.starts_with('\u{feff}');
        let mut chars = text.chars().peekable();
        let mut before = None;
        while let Some(c) = chars.next() {
            if all || !printable(c) || ['\n', '"', '\\'].contains(&c) {
                self.escaped(c);
                before = Some(c);
                continue;
            }
            let inside = before.is_some_and(|before| before != ' ') && chars.peek().is_some();
            match fold {
                Some(indent) if c == ' ' && inside && self.column > WIDTH => {
                    self.line(indent);
                    if chars.peek() == Some(&' ') {
                        self.push('\\');
                    }
                }
                _ => self.push(c),
            }
            before = Some(c);
        }
        self.push('"');
    }

    fn escaped(&mut self, c: char) {
        let letter = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                return self.push_str(&match code {
                    ..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                });
            }
        };
        self.push('\\');
        self.push(letter);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.push('|');
        if text.starts_with([' ', '\n']) {
            self.push('2');
        }
        if !text.ends_with('\n') {
            self.push('-');
        } else if text == "\n" || text.ends_with("\n\n") {
            self.push('+');
        }
        self.push('\n');
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                self.line(indent);
            }
            line.chars().for_each(|c| self.push(c));
        }
        if self.column > 0 {
            self.push('\n');
        }
    }

    /// A new line unless the last one is, indented.
    fn line(&mut self, indent: usize) {
        if self.column > 0 {
            self.push('\n');
        }
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    fn push(&mut self, c: char) {
        self.text.push(c);
        self.column = if c == '\n' { 0 } else { self.column + 1 };
    }
}

#[cfg(test)]
mod tests;
