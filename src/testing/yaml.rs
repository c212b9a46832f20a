//! One YAML document as kubectl understands it: YAML 1.1 scalars, merge keys, anchors, keys made strings.
//!
//! The events come from a YAML 1.2 parser; what a scalar means is decided here, by the rules of the YAML
//! library kubectl is built with. Where those rules surprise (a merge key overrides what precedes it, of
//! duplicate keys the last wins, only the first document before a `...` counts) they are kept.
//! Deliberately not here: splitting a file into documents, and anything about Kubernetes.

use std::{borrow::Cow, collections::HashMap};

use base64::Engine;
use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

/// Why a document has no value: the message, and the line counted from 0 where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

/// Levels of nesting, aliases expanded; far beyond any manifest, far below the end of the stack.
const DEEPEST: usize = 255;

/// The value of the first document in `text`; null where there is none.
pub(super) fn parse(text: &str) -> Result<Value, Problem> {
    let document = Document::read(text)?;
    let Some(root) = document.root else {
        return Ok(Value::Null);
    };
    let mut expansion = Expansion { document: &document, nodes: 0, aliased: 0, aliases: Vec::new() };
    expansion.value(root, 0)
}

/// The nodes of one document, by position. Aliases are positions too, so nothing is owned twice.
#[derive(Default)]
struct Document {
    nodes: Vec<(Node, usize)>,
    root: Option<usize>,
}

enum Node {
    Scalar { text: String, plain: bool, tag: Option<Tag> },
    Sequence(Vec<usize>),
    Mapping(Vec<usize>),
    Alias(usize),
}

impl Document {
    fn read(text: &str) -> Result<Self, Problem> {
        let mut document = Document::default();
        let mut open: Vec<usize> = Vec::new();
        let mut anchors: HashMap<usize, usize> = HashMap::new();
        let mut options = Options::default();
        options.set_emit_comments(false);
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = next.map_err(|error| problem(error.marker().line().saturating_sub(1), error.info()))?;
            let line = span.start.line().saturating_sub(1);
            let (node, anchor) = match event {
                Event::DocumentEnd => break,
                Event::Scalar(text, style, anchor, tag) => {
                    let tag = tag.map(Cow::into_owned);
                    let plain = style == ScalarStyle::Plain;
                    (Node::Scalar { text: text.into_owned(), plain, tag }, anchor)
                }
                Event::SequenceStart(_, anchor, _) => (Node::Sequence(Vec::new()), anchor),
                Event::MappingStart(_, anchor, _) => (Node::Mapping(Vec::new()), anchor),
                Event::Alias(anchor) => {
                    let target = anchors.get(&anchor).copied();
                    let target = target.ok_or_else(|| problem(line, "unknown anchor"))?;
                    (Node::Alias(target), 0)
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    continue;
                }
                _ => continue,
            };
            let position = document.nodes.len();
            let collection = matches!(node, Node::Sequence(_) | Node::Mapping(_));
            document.nodes.push((node, line));
            if anchor != 0 {
                anchors.insert(anchor, position);
            }
            match open.last() {
                None => document.root = Some(position),
                Some(&parent) => match &mut document.nodes[parent].0 {
                    Node::Sequence(children) | Node::Mapping(children) => children.push(position),
                    Node::Scalar { .. } | Node::Alias(_) => {}
                },
            }
            if collection {
                open.push(position);
            }
        }
        Ok(document)
    }

    /// What a merge key may name: a mapping, or an alias of one.
    fn is_mapping(&self, node: usize) -> bool {
        match self.nodes[node].0 {
            Node::Mapping(_) => true,
            Node::Alias(target) => matches!(self.nodes[target].0, Node::Mapping(_)),
            _ => false,
        }
    }
}

/// A document being turned into a value, and how much of it came from aliases.
struct Expansion<'d> {
    document: &'d Document,
    nodes: usize,
    aliased: usize,
    aliases: Vec<usize>,
}

impl Expansion<'_> {
    fn value(&mut self, node: usize, depth: usize) -> Result<Value, Problem> {
        let (content, line) = &self.document.nodes[node];
        self.count(*line, depth)?;
        match content {
            Node::Scalar { text, plain, tag } => scalar(text, *plain, tag.as_ref(), *line)?.value(*line),
            Node::Sequence(items) => items.iter().map(|item| self.value(*item, depth + 1)).collect(),
            Node::Mapping(_) => {
                let mut map = Map::new();
                self.fill(node, &mut map, depth)?;
                Ok(Value::Object(map))
            }
            Node::Alias(target) => {
                self.enter(*target, *line)?;
                let value = self.value(*target, depth + 1);
                self.aliases.pop();
                value
            }
        }
    }

    /// Sets the entries of a mapping (or of the mapping an alias names) in `map`, in the order written.
    fn fill(&mut self, node: usize, map: &mut Map<String, Value>, depth: usize) -> Result<(), Problem> {
        let (content, line) = &self.document.nodes[node];
        self.count(*line, depth)?;
        let entries = match content {
            Node::Mapping(entries) => entries,
            Node::Alias(target) => {
                self.enter(*target, *line)?;
                self.fill(*target, map, depth + 1)?;
                self.aliases.pop();
                return Ok(());
            }
            _ => return Err(problem(*line, MERGE_VALUE)),
        };
        for entry in entries.chunks_exact(2) {
            let (key, value) = (entry[0], entry[1]);
            if self.is_merge(key) {
                self.merge(value, map, depth + 1)?;
            } else {
                let key = self.key(key)?;
                let value = self.value(value, depth + 1)?;
                map.insert(key, value);
            }
        }
        Ok(())
    }

    /// Of several merged mappings the first has the last word.
    fn merge(&mut self, node: usize, map: &mut Map<String, Value>, depth: usize) -> Result<(), Problem> {
        let (content, line) = &self.document.nodes[node];
        if let Node::Sequence(items) = content {
            if !items.iter().all(|item| self.document.is_mapping(*item)) {
                return Err(problem(*line, MERGE_VALUE));
            }
            return items.iter().rev().try_for_each(|item| self.fill(*item, map, depth + 1));
        }
        if !self.document.is_mapping(node) {
            return Err(problem(*line, MERGE_VALUE));
        }
        self.fill(node, map, depth)
    }

    fn is_merge(&self, key: usize) -> bool {
        match &self.document.nodes[key].0 {
            Node::Scalar { text, plain, tag: None } => text == "<<" && *plain,
            Node::Scalar { text, tag: Some(tag), .. } => text == "<<" && core(tag).as_deref() == Some("merge"),
            _ => false,
        }
    }

    /// A key as text: JSON has no other keys.
    fn key(&self, mut key: usize) -> Result<String, Problem> {
        let line = self.document.nodes[key].1;
        if let Node::Alias(target) = self.document.nodes[key].0 {
            key = target;
        }
        let Node::Scalar { text, plain, tag } = &self.document.nodes[key].0 else {
            return Err(problem(line, "a list or a mapping cannot be a key"));
        };
        match scalar(text, *plain, tag.as_ref(), line)? {
            Scalar::Text(text) => Ok(text),
            Scalar::Bool(value) => Ok(value.to_string()),
            Scalar::Int(value) => Ok(value.to_string()),
            Scalar::Float(value) => Ok(float_key(value)),
            Scalar::Null => Err(problem(line, "null cannot be a key; quote it to make it text")),
            Scalar::Uint(value) => {
                Err(problem(line, format!("the number {value} is too large for a key; quote it to make it text")))
            }
        }
    }

    fn enter(&mut self, target: usize, line: usize) -> Result<(), Problem> {
        if self.aliases.contains(&target) || self.aliases.len() > DEEPEST {
            return Err(problem(line, "an anchor contains itself"));
        }
        self.aliases.push(target);
        Ok(())
    }

    /// Refuses what is too deep, and documents that are hardly more than expanded aliases.
    fn count(&mut self, line: usize, depth: usize) -> Result<(), Problem> {
        if depth > DEEPEST {
            return Err(problem(line, format!("nested deeper than {DEEPEST} levels")));
        }
        self.nodes += 1;
        self.aliased += usize::from(!self.aliases.is_empty());
        if self.aliased > 100 && self.nodes > 1_000 && self.aliased as f64 > self.nodes as f64 * self.allowance() {
            return Err(problem(line, "document contains excessive aliasing"));
        }
        Ok(())
    }

    /// The share of nodes that may come from aliases: nearly all of a small document, a tenth of a huge one.
    fn allowance(&self) -> f64 {
        const SMALL: f64 = 400_000.0;
        const HUGE: f64 = 4_000_000.0;
        let share = ((self.nodes as f64 - SMALL) / (HUGE - SMALL)).clamp(0.0, 1.0);
        0.99 - share * 0.89
    }
}

const MERGE_VALUE: &str = "a merge key needs a mapping or a list of mappings";

fn problem(line: usize, message: impl Into<String>) -> Problem {
    Problem { line: Some(line), message: message.into() }
}

#[derive(Debug, PartialEq)]
enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// A float without a fraction becomes an integer, as it does on its way through JSON.
    fn value(self, line: usize) -> Result<Value, Problem> {
        Ok(match self {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Int(value) => Value::from(value),
            Scalar::Uint(value) => Value::from(value),
            Scalar::Text(text) => Value::String(text),
            Scalar::Float(value) if value.fract() == 0.0 && value.abs() < 9.2e18 => Value::from(value as i64),
            Scalar::Float(value) => Number::from_f64(value)
                .map(Value::Number)
                .ok_or_else(|| problem(line, "JSON has no infinity and no NaN; quote it to make it text"))?,
        })
    }
}

/// `str` for `!!str`; nothing for tags of other families, whose values stay text.
fn core(tag: &Tag) -> Option<Cow<'_, str>> {
    tag.suffix_in_namespace("tag:yaml.org,2002:")
}

fn scalar(text: &str, plain: bool, tag: Option<&Tag>, line: usize) -> Result<Scalar, Problem> {
    let Some(tag) = tag else {
        return Ok(if plain { resolve(text) } else { Scalar::Text(text.to_owned()) });
    };
    let tag = core(tag);
    let resolved = match tag.as_deref() {
        Some("int" | "float" | "bool" | "null") => resolve(text),
        Some("binary") => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text);
            let bytes = bytes.map_err(|_| problem(line, "!!binary value contains invalid base64 data"))?;
            Scalar::Text(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => Scalar::Text(text.to_owned()),
    };
    match (tag.as_deref(), resolved) {
        (Some("float"), Scalar::Int(value)) => Ok(Scalar::Float(value as f64)),
        (Some("int"), value @ (Scalar::Int(_) | Scalar::Uint(_)))
        | (Some("float"), value @ Scalar::Float(_))
        | (Some("bool"), value @ Scalar::Bool(_))
        | (Some("null"), value @ Scalar::Null) => Ok(value),
        (Some(wanted @ ("int" | "float" | "bool" | "null")), _) => {
            Err(problem(line, format!("a value tagged !!{wanted} is not one")))
        }
        (_, value) => Ok(value),
    }
}

/// What a plain scalar is in YAML 1.1: the word lists first, then numbers, else text.
fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Scalar::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = match text.as_bytes()[0] {
        b'.' => float(text),
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| float(&plain))
        }
        _ => None,
    };
    number.unwrap_or_else(|| Scalar::Text(text.to_owned()))
}

/// Decimal, or hexadecimal, octal (`0o17`, `017`) and binary with a sign in front of the prefix.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match i64::try_from(i128::from(magnitude) * if negative { -1 } else { 1 }) {
        Ok(value) => Some(Scalar::Int(value)),
        // Only unsigned text may go beyond: `+18446744073709551615` is a float.
        Err(_) => text.starts_with(|c: char| c.is_ascii_digit()).then_some(Scalar::Uint(magnitude)),
    }
}

fn float(text: &str) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(Scalar::Float(value))
}

/// A float as a key: the shortest digits of single precision, in exponent form from a million on.
fn float_key(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if value != 0.0 && !(-4..6).contains(&exponent) => {
            format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_scalar_is_what_yaml_1_1_says() {
        let table = [
            ("0744", Scalar::Int(484)),
            ("08", Scalar::Float(8.0)),
            ("0o17", Scalar::Int(15)),
            ("0x1F", Scalar::Int(31)),
            ("0b101", Scalar::Int(5)),
            ("-0b101", Scalar::Int(-5)),
            ("1_000", Scalar::Int(1000)),
            ("+12", Scalar::Int(12)),
            ("1.0", Scalar::Float(1.0)),
            ("1e3", Scalar::Float(1000.0)),
            (".5", Scalar::Float(0.5)),
            ("-1.5E-3", Scalar::Float(-0.0015)),
            ("9223372036854775808", Scalar::Uint(1 << 63)),
            ("-9223372036854775808", Scalar::Int(i64::MIN)),
            ("18446744073709551616", Scalar::Float(18446744073709551616.0)),
            ("on", Scalar::Bool(true)),
            ("N", Scalar::Bool(false)),
            ("~", Scalar::Null),
        ];
        for (text, expected) in table {
            assert_eq!(resolve(text), expected, "{text}");
        }
        for text in ["0x", "0b2", "+-1", "1:30", "2001-01-01", "1.2.3", ".", ".e3", "-", "oN", "nUll", "1e999", "-nan"]
        {
            assert_eq!(resolve(text), Scalar::Text(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn float_keys_are_printed_in_single_precision() {
        let table = [
            (1.0, "1"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (1234567.0, "1.234567e+06"),
            (123456.0, "123456"),
            (1e-5, "1e-05"),
            (f64::NEG_INFINITY, "-.inf"),
        ];
        for (value, expected) in table {
            assert_eq!(float_key(value), expected);
        }
    }
}
