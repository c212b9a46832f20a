//! From text to a value: anchors, merge keys, keys made strings.
//!
//! The events come from a YAML 1.2 parser; the rest goes by the rules of the YAML library kubectl is built with. Where
//! those rules surprise (a merge key overrides what precedes it, of duplicate keys the last wins, only the first document
//! before a `...` counts) they are kept. Not here: what a [`Scalar`] means.

mod document;

use std::borrow::Cow;

use base64::Engine;
use granit_parser::Tag;
use serde_json::{Map, Value};

use super::{
    super::quoted::quoted,
    scalar::{Scalar, float_text, resolve},
};
use document::{Document, Node};

/// Why a document has no value: the message, and the line counted from 0 where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing) struct Problem {
    pub(in crate::testing) line: Option<usize>,
    pub(in crate::testing) message: String,
}

/// Levels of nesting, aliases expanded; far beyond any manifest, far below the end of the stack.
const DEEPEST: usize = 255;

/// What a text holds.
#[derive(Debug)]
pub(in crate::testing) struct Parsed {
    /// The value of the first document; null where there is none.
    pub(in crate::testing) value: Value,
    /// What is wrong with keys that stand in one mapping more than once.
    pub(in crate::testing) repeated: Vec<String>,
}

/// The value of the first document in `text`, whatever else is wrong with it.
pub(in crate::testing) fn parse(text: &str) -> Result<Value, Problem> {
    read(text).map(|parsed| parsed.value)
}

pub(in crate::testing) fn read(text: &str) -> Result<Parsed, Problem> {
    let document = Document::read(text)?;
    let Some(root) = document.root else {
        return Ok(Parsed { value: Value::Null, repeated: Vec::new() });
    };
    let mut expansion =
        Expansion { document: &document, nodes: 0, aliased: 0, aliases: Vec::new(), repeated: Vec::new() };
    Ok(Parsed { value: expansion.value(root, 0)?, repeated: expansion.repeated })
}

/// A document being turned into a value, and how much of it came from aliases.
struct Expansion<'d> {
    document: &'d Document,
    nodes: usize,
    aliased: usize,
    aliases: Vec<usize>,
    repeated: Vec<String>,
}

impl Expansion<'_> {
    fn value(&mut self, node: usize, depth: usize) -> Result<Value, Problem> {
        let (content, line) = &self.document.nodes[node];
        self.count(*line, depth)?;
        match content {
            Node::Scalar { text, plain, tag } => {
                let value = scalar(text, *plain, tag.as_ref(), *line)?.value();
                value.ok_or_else(|| problem(*line, "JSON has no infinity and no NaN; quote it to make it text"))
            }
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
                // A block of text begins after the line of its bar.
                let begins =
                    if matches!(self.document.nodes[value].0, Node::Scalar { plain: false, .. }) { key } else { value };
                let line = self.document.nodes[begins].1 + 1;
                let name = self.key(key)?;
                let value = self.value(value, depth + 1)?;
                if map.contains_key(&name) {
                    let shown = if self.is_text(key) { quoted(&name) } else { name.clone() };
                    self.repeated.push(format!("line {line}: key {shown} already set in map"));
                }
                map.insert(name, value);
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

    /// What a key means before it is made text.
    fn raw_key(&self, mut key: usize) -> Result<Scalar, Problem> {
        let line = self.document.nodes[key].1;
        if let Node::Alias(target) = self.document.nodes[key].0 {
            key = target;
        }
        let Node::Scalar { text, plain, tag } = &self.document.nodes[key].0 else {
            return Err(problem(line, "a list or a mapping cannot be a key"));
        };
        scalar(text, *plain, tag.as_ref(), line)
    }

    fn is_text(&self, key: usize) -> bool {
        matches!(self.raw_key(key), Ok(Scalar::Text(_)))
    }

    /// A key as text: JSON has no other keys.
    fn key(&self, key: usize) -> Result<String, Problem> {
        let line = self.document.nodes[key].1;
        match self.raw_key(key)? {
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

/// A float as a key, in single precision.
fn float_key(value: f64) -> String {
    match value as f32 {
        value if value.is_nan() => ".nan".to_owned(),
        f32::INFINITY => ".inf".to_owned(),
        f32::NEG_INFINITY => "-.inf".to_owned(),
        value => float_text(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_come_again_are_told_by_the_lines_of_their_values() {
        let text = "a: {b: 1, b: 2}\n1: x\n1:\n  y: z\n<<: {c: 3}\nc: |\n  4\n";
        let told =
            ["line 1: key \"b\"", "line 4: key 1", "line 6: key \"c\""].map(|key| format!("{key} already set in map"));
        assert_eq!(read(text).map(|parsed| parsed.repeated), Ok(told.to_vec()));
    }

    #[test]
    fn float_keys_are_printed_in_single_precision() {
        let table = [(1.0, "1"), (0.1, "0.1"), (1234567.0, "1.234567e+06"), (f64::NEG_INFINITY, "-.inf")];
        for (value, expected) in table {
            assert_eq!(float_key(value), expected);
        }
    }
}
