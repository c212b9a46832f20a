//! From a value to text, byte for byte as the YAML library writes it that kubectl and the API server are built with.
//!
//! Keys in [natural order](super::key_order), lists not indented below their key, text folded at spaces behind column 80,
//! and in quotes where a reader of YAML 1.1 would take it for something else. Two things are written otherwise, because
//! what the library writes is not read back: the separators U+2028 and U+2029 are escaped, and a key `<<` is in quotes.

use serde_json::{Map, Value};

use super::{
    key_order,
    scalar::{Scalar, float_text, resolve},
    timestamp::is_timestamp,
};

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

#[derive(Debug, PartialEq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
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

fn style(text: &str) -> Style {
    if !text.chars().all(printable) || text.contains(" \n") {
        Style::Double
    } else if text.contains('\n') {
        if text.ends_with(' ') { Style::Double } else { Style::Literal }
    } else if !matches!(resolve(text), Scalar::Text(_)) || is_timestamp(text) || is_base_60(text) {
        Style::Double
    } else if text.starts_with(' ') || text.ends_with(' ') || has_indicators(text) {
        Style::Single
    } else {
        Style::Plain
    }
}

/// Whether a character stands for itself in text of any style.
fn printable(c: char) -> bool {
    match c {
        '\u{feff}' | '\u{2028}' | '\u{2029}' => false,
        '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}' => true,
        _ => false,
    }
}

/// Whether plain text would be taken for more than text: an item, a key, a comment, a marker.
fn has_indicators(text: &str) -> bool {
    text.starts_with(['#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'])
        || ["---", "...", "- ", "? "].iter().any(|start| text.starts_with(start))
        || ["-", "?"].contains(&text)
        || text.ends_with(':')
        || text.contains(": ")
        || text.contains(" #")
}

/// Whether text is a number to the base of 60, as hours and minutes are: `1:30`.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let first = parts.next().is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()) && digits(part));
    let mut rest = parts.peekable();
    let sixtieth = |part: &str| match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    };
    first && digits(fraction) && rest.peek().is_some() && rest.all(sixtieth)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::testing::yaml::parse;

    #[test]
    fn text_is_in_quotes_where_a_reader_would_take_it_for_something_else() {
        let plain = ["a", "a:b", "a#b", "-a", "?a", "~a", "nil", "0x", "1.2.3", "1:60", "2026-01-01-preview", "=", "é"];
        let double =
            ["", "y", "No", "on", "~", "null", "1", "0644", "0x1F", "1e3", ".5", "1_000", "1:30", "2026-01-01"];
        let single = ["a: b", "a:", "a #b", "- a", "-", "[a", "@a", "'a'", " a", "a ", "---a", "%a", "*", "# a"];
        let texts = |texts: &[&str]| emit(&texts.iter().copied().map(Value::from).collect());
        assert_eq!(texts(&plain), plain.map(|text| format!("- {text}\n")).concat());
        assert_eq!(texts(&double), double.map(|text| format!("- \"{text}\"\n")).concat());
        assert_eq!(texts(&single), single.map(|text| format!("- '{}'\n", text.replace('\'', "''"))).concat());
    }

    #[test]
    fn characters_that_do_not_print_are_escaped() {
        let text = "\0\t\r\u{1b}\u{7f}\u{85}\u{2028}\u{fffe}😀 \u{a0}\"\\";
        assert_eq!(emit(&json!(text)), "\"\\0\\t\\r\\e\\x7F\\N\\L\\uFFFE\\U0001F600 \u{a0}\\\"\\\\\"\n");
        assert_eq!(emit(&json!("\u{feff}a b")), "\"\\uFEFF\\x61\\x20\\x62\"\n");
    }

    #[test]
    fn lines_are_literal_unless_a_space_is_before_a_break() {
        let value =
            json!({"a": "x\n", "b": "x\ny", "c": "x\n\n", "d": " x\n  y\n", "e": "\n", "f": "x \ny", "g": ["x\n\ny"]});
        let text = "a: |\n  x\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2\n   x\n    y\ne: |2+\n\nf: \"x \\ny\"\ng:\n- |-\n  x\n\n  y\n";
        assert_eq!(emit(&value), text);
    }

    #[test]
    fn lists_are_not_indented_and_what_is_empty_stays_in_its_line() {
        let value = json!({
            "a": {"b": [{"c": 1, "d": [[true, null], []]}, {}]},
            "e": [],
            "f": {},
            "g": -1.5,
            "h": 1234567.5,
        });
        let text = "a:\n  b:\n  - c: 1\n    d:\n    - - true\n      - null\n    - []\n  - {}\ne: []\nf: {}\ng: -1.5\nh: 1.2345675e+06\n";
        assert_eq!(emit(&value), text);
    }

    #[test]
    fn keys_are_in_quotes_like_text_and_stand_alone_where_they_are_long() {
        let long = "k".repeat(129);
        let value =
            json!({"": 1, "<<": 2, "a b": 3, "a: b": 4, "l\nm": [5, 6], "true": 7, long.clone(): {"x": 8, "y": 9}});
        let text = "\"\": 1\n\"<<\": 2\na b: 3\n'a: b': 4\n? ".to_owned()
            + &long
            + "\n: x: 8\n  \"y\": 9\n? |-\n  l\n  m\n: - 5\n  - 6\n\"true\": 7\n";
        assert_eq!(emit(&value), text);
    }

    #[test]
    fn text_is_folded_at_single_spaces_behind_the_eightieth_column() {
        let text = |word: &str| format!("{}end", word.repeat(17));
        let wide = "x".repeat(90);
        let value = json!({
            "a": text("wörd "),
            "b": [text("#it's ")],
            "c": text("some\t "),
            "d": format!("{wide}  y"),
            "e": format!("{wide}\t  y z"),
        });
        let folded = format!(
            "\
a: wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd
  wörd end
b:
- '#it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s
  #it''s #it''s #it''s #it''s #it''s end'
c: \"some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t
  some\\t some\\t some\\t some\\t some\\t end\"
d: {wide}  y
e: \"{wide}\\t
  \\ y z\"
"
        );
        assert_eq!(emit(&value), folded);
    }

    fn texts() -> impl Strategy<Value = String> {
        let words = prop::sample::select(vec![
            "a",
            "b: c",
            " #",
            "- ",
            "? ",
            ": ",
            "\n",
            "\n\n",
            " ",
            "  ",
            "0",
            "1.5",
            "true",
            "~",
            "2026-01-01",
            "---",
            "...",
            "'",
            "\"",
            "\\",
            "\t",
            "\r",
            "<<",
            "{",
            "]",
            "&a",
            "*a",
            "!",
            "|",
            ">",
            "%",
            "@",
            "`",
            "é",
            "\u{2028}",
            "\u{feff}",
            "😀",
            "a long run of words that comes to be folded somewhere in the middle of it, ",
        ]);
        prop_oneof![prop::collection::vec(words, 0..6).prop_map(|words| words.concat()), "[ -~\n]{0,12}", ".{0,8}",]
    }

    fn values() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            4 => texts().prop_map(Value::from),
            1 => any::<i64>().prop_map(Value::from),
            1 => any::<u64>().prop_map(Value::from),
            1 => any::<f64>().prop_filter("whole numbers are read as integers", |f| f.fract() != 0.0).prop_map(Value::from),
            1 => any::<bool>().prop_map(Value::from),
            1 => Just(Value::Null),
        ];
        scalar.prop_recursive(5, 40, 4, |value| {
            prop_oneof![
                prop::collection::vec(value.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((texts(), value), 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in values()) {
            let text = emit(&value);
            prop_assert_eq!(parse(&text), Ok(value), "{}", text);
        }
    }
}
