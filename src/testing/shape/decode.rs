//! Decoding: a body becomes a value of its type, as Go's decoder does it. Unknown fields are left out and reported. So
//! are duplicate fields, of which the last one wins. Zero values that Go does not distinguish from absent ones are left
//! out as well, such as `hostNetwork: false`; `replicas: 0` stays.
//!
//! Not here: finding the kind of a body, and the schemas of custom kinds.

mod notes;
mod reader;
mod words;

use std::fmt;

use serde::{Deserializer, de::DeserializeSeed};
use serde_json::Value;

use super::Shape;
use notes::Notes;
use reader::Reader;

/// A value, and what is wrong with it although it could be read.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::testing) struct Decoded {
    pub(in crate::testing) value: Value,
    /// `unknown field "spec.wings"`, in the order in which they were met.
    pub(in crate::testing) problems: Vec<String>,
}

/// Why a body is no value of its shape.
#[derive(Debug)]
pub(in crate::testing) enum Failure {
    /// The text cannot be read at all.
    Unreadable(serde_json::Error),
    /// Something in it is of another type, in Go's words.
    Mistyped(String),
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Failure::Unreadable(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unreadable(error) => error.fmt(f),
            Failure::Mistyped(why) => f.write_str(why),
        }
    }
}

/// Reads a value of a shape, which Go calls `name`.
pub(in crate::testing) fn decode<'d, D>(source: D, shape: Shape<'_>, name: &str) -> Result<Decoded, Failure>
where
    D: Deserializer<'d, Error = serde_json::Error>,
{
    read(Notes { structure: name.to_owned(), ..Notes::default() }, source, shape)
}

/// The same for what was never a text: the server converts it then, and has other words for what does not fit.
pub(in crate::testing) fn convert(source: &Value, shape: Shape<'_>) -> Result<Decoded, Failure> {
    read(Notes { converts: true, ..Notes::default() }, source, shape)
}

fn read<'d, D>(mut notes: Notes, source: D, shape: Shape<'_>) -> Result<Decoded, Failure>
where
    D: Deserializer<'d, Error = serde_json::Error>,
{
    let value = Reader { shape, go: None, notes: &mut notes }.deserialize(source)?;
    match notes.refused.or(notes.mistyped) {
        Some(why) => Err(Failure::Mistyped(why)),
        None => Ok(Decoded { value, problems: notes.problems }),
    }
}

#[cfg(test)]
mod tests;
