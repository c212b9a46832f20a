//! Client-side field selectors: conditions on any field, evaluated on the object before fields are dropped.
//! Selectors that the API server evaluates are plain text for it and not here.

use std::str::FromStr;
use std::{fmt, mem};

use crate::{FieldPath, Object, path};

/// Conditions `path=value` and `path!=value`, comma separated, that all have to hold.
///
/// An absent or null field counts as the empty text, as in Kubernetes' own field selectors. Under a path with `[*]`,
/// `=` asks for one such value and `!=` for none. A list or map is equal to no value. In a value, `\` makes the next
/// character plain, which `,`, `=` and `\` need.
///
/// # Examples
///
/// ```
/// use kube_indexed_store::{Object, indexer::FieldSelector};
///
/// let running: FieldSelector = "status.phase=Running,metadata.labels['tier']!=test".parse()?;
/// let pod: Object = serde_json::from_str(r#"{"status": {"phase": "Running"}}"#)?;
/// assert!(running.matches(&pod));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    path: FieldPath,
    equal: bool,
    value: String,
}

/// A text that is no field selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectorError {
    /// A condition has neither `=` nor `!=`.
    #[error("{condition:?} is no condition: write path=value or path!=value")]
    NoOperator {
        /// The condition.
        condition: String,
    },
    /// A path does not parse.
    #[error("{condition:?} has a path that does not parse")]
    Path {
        /// The condition.
        condition: String,
        /// What is wrong with the path.
        source: path::Error,
    },
    /// A value has an `=` that is not escaped.
    #[error("{condition:?} has a second operator: write \\= for a plain =")]
    Unescaped {
        /// The condition.
        condition: String,
    },
}

impl FieldSelector {
    /// Whether there are no conditions, so that everything matches.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether all conditions hold for the object.
    pub fn matches(&self, object: &Object) -> bool {
        self.conditions.iter().all(|condition| {
            let mut values = object.values(&condition.path).peekable();
            let found = match values.peek() {
                None => condition.value.is_empty(),
                Some(_) => values.any(|value| match value.scalar_text() {
                    Some(text) => text == condition.value,
                    None => value.is_null() && condition.value.is_empty(),
                }),
            };
            found == condition.equal
        })
    }

    /// The fields the conditions read, with positions widened to `[*]`.
    pub(super) fn paths(&self) -> impl Iterator<Item = FieldPath> {
        self.conditions.iter().map(|condition| condition.path.widened())
    }
}

impl FromStr for FieldSelector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<FieldSelector, SelectorError> {
        let conditions = split(text).into_iter().filter(|condition| !condition.trim().is_empty());
        Ok(FieldSelector { conditions: conditions.map(Condition::parse).collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, condition) in self.conditions.iter().enumerate() {
            let value = condition.value.replace('\\', r"\\").replace(',', r"\,").replace('=', r"\=");
            let comma = if position > 0 { "," } else { "" };
            write!(f, "{comma}{}{}{value}", condition.path, if condition.equal { "=" } else { "!=" })?;
        }
        Ok(())
    }
}

impl Condition {
    fn parse(text: &str) -> Result<Condition, SelectorError> {
        let condition = || text.trim().to_owned();
        let (path, operator) = operator(text).ok_or_else(|| SelectorError::NoOperator { condition: condition() })?;
        let value = unescape(text[path.len() + operator.len()..].trim())
            .ok_or_else(|| SelectorError::Unescaped { condition: condition() })?;
        let path = path.parse().map_err(|source| SelectorError::Path { condition: condition(), source })?;
        Ok(Condition { path, equal: operator != "!=", value })
    }
}

/// Follows a text up to places that are neither escaped nor inside the quotes of a path. Values have no quotes.
fn plain_places(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut escaped, mut after_bracket, mut in_value) = (None, false, false, false);
    text.char_indices().filter(move |(_, c)| {
        let bracket = mem::replace(&mut after_bracket, *c == '[');
        if mem::take(&mut escaped) {
            return false;
        }
        match (*c, quote) {
            ('\\', _) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) if bracket && !in_value => quote = Some(*c),
            (c, None) => {
                in_value = c == '=' || (in_value && c != ',');
                return true;
            }
            _ => {}
        }
        false
    })
}

fn split(text: &str) -> Vec<&str> {
    let mut start = 0;
    let mut parts = Vec::new();
    for (at, _) in plain_places(text).filter(|(_, c)| *c == ',') {
        parts.push(&text[start..at]);
        start = at + 1;
    }
    parts.push(&text[start..]);
    parts
}

/// The path's text and the operator after it.
fn operator(text: &str) -> Option<(&str, &str)> {
    let (at, _) = plain_places(text).find(|(_, c)| *c == '=')?;
    let (path, rest) = text.split_at(at);
    match path.strip_suffix('!') {
        Some(path) => Some((path, "!=")),
        None if rest.starts_with("==") => Some((path, "==")),
        None => Some((path, "=")),
    }
}

/// The value without its escapes; `None` when an operator stands in it.
fn unescape(text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => value.push(chars.next().unwrap_or('\\')),
            '=' => return None,
            c => value.push(c),
        }
    }
    Some(value)
}
