//! JSON patch as the API server does it.
//!
//! The server's library differs from RFC 6902, and clients rely on that. `test` succeeds if the member is missing and
//! the expected value is null or absent. `replace` of a missing member adds it, `copy` of a missing member copies null,
//! and `add` without a value adds null. Negative indexes count from the end, and anything before the first slash of a
//! path is ignored.

mod place;

use serde_json::{Map, Value};

use super::{super::status::json_type, cannot_unmarshal};
use crate::object::MAX_DEPTH;
use place::Place;

/// More operations than this are refused.
const MOST_OPERATIONS: usize = 10_000;
/// All copies together may have so many bytes, or a few operations would fill all memory.
const MOST_COPIED: usize = 3 << 20;

/// Why a JSON patch was refused. [`Error::Malformed`] is a bad request, [`Error::TooMany`] an entity that is too
/// large, and for [`Error::Failed`] the server only says that it rejected the request: code 422, no causes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::testing) enum Error {
    #[error("error decoding patch: {0}")]
    Malformed(String),
    #[error("The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {0}")]
    TooMany(usize),
    #[error("operation {at}: {why}")]
    Failed { at: usize, why: &'static str },
}

/// A decoded patch.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::testing) struct Patch {
    operations: Vec<Map<String, Value>>,
    /// Members of operations that mean nothing: `json patch unknown field "[0].comment"`.
    pub(in crate::testing) unknown: Vec<String>,
}

impl Patch {
    /// Null is a patch without operations.
    pub(in crate::testing) fn decode(patch: Value) -> Result<Self, Error> {
        let items = match patch {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            other => return Err(Error::Malformed(cannot_unmarshal(&other, "[]handlers.jsonPatchOp"))),
        };
        let mut decoded = Patch::default();
        for (at, item) in items.into_iter().enumerate() {
            let operation = match item {
                Value::Null => Map::new(),
                Value::Object(operation) => operation,
                other => return Err(Error::Malformed(cannot_unmarshal(&other, "handlers.jsonPatchOp"))),
            };
            for (name, value) in &operation {
                match name.as_str() {
                    "value" => {}
                    "op" | "path" | "from" if value.is_string() || value.is_null() => {}
                    "op" | "path" | "from" => {
                        let found = json_type(value);
                        return Err(Error::Malformed(format!(
                            "json: cannot unmarshal {found} into Go struct field jsonPatchOp.{name} of type string"
                        )));
                    }
                    _ => decoded.unknown.push(format!("json patch unknown field \"[{at}].{name}\"")),
                }
            }
            decoded.operations.push(operation);
        }
        match decoded.operations.len() {
            count if count > MOST_OPERATIONS => Err(Error::TooMany(count)),
            _ => Ok(decoded),
        }
    }

    /// The document after all operations, or the first of them that failed.
    pub(in crate::testing) fn apply(&self, mut document: Value) -> Result<Value, Error> {
        let mut copied = 0;
        for (at, operation) in self.operations.iter().enumerate() {
            perform(&mut document, operation, &mut copied).map_err(|why| Error::Failed { at, why })?;
        }
        match is_deeper(&document, MAX_DEPTH) {
            true => Err(Error::Failed { at: self.operations.len(), why: "the document is nested too deep" }),
            false => Ok(document),
        }
    }
}

type Outcome<T = ()> = Result<T, &'static str>;

/// Whether lists and maps are in one another at more levels than these. Text has no more; moving makes them.
fn is_deeper(value: &Value, levels: usize) -> bool {
    let below = |value| is_deeper(value, levels - 1);
    match value {
        Value::Object(object) => levels == 0 || object.values().any(below),
        Value::Array(array) => levels == 0 || array.iter().any(below),
        _ => false,
    }
}

fn perform(document: &mut Value, operation: &Map<String, Value>, copied: &mut usize) -> Outcome {
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let path = || text("path").ok_or("no path");
    let from = || text("from").ok_or("no from");
    let value = || operation.get("value").cloned().unwrap_or_default();
    match text("op").unwrap_or_default() {
        "add" => Place::of(document, path()?)?.add(value()),
        "remove" => Place::of(document, path()?)?.remove().map(drop),
        "replace" if path()?.is_empty() => match value() {
            whole @ (Value::Object(_) | Value::Array(_)) => {
                *document = whole;
                Ok(())
            }
            _ => Err("a document is an object or an array"),
        },
        "replace" => Place::of(document, path()?)?.set(value()),
        "move" => {
            let moved = Place::of(document, from()?)?.remove()?;
            Place::of(document, path()?)?.add(moved)
        }
        "copy" => {
            let copy = match Place::of(document, from()?)?.get()? {
                Some(deep) if is_deeper(deep, MAX_DEPTH) => return Err("what is copied is nested too deep"),
                found => found.cloned().unwrap_or_default(),
            };
            *copied += copy.to_string().len();
            if *copied > MOST_COPIED {
                return Err("too much is copied");
            }
            Place::of(document, path()?)?.add(copy)
        }
        "test" => {
            let expected = operation.get("value").unwrap_or(&Value::Null);
            let same = match path()? {
                "" => document == expected,
                path => Place::of(document, path)?.get()?.unwrap_or(&Value::Null) == expected,
            };
            if same { Ok(()) } else { Err("the test failed") }
        }
        _ => Err("no such operation"),
    }
}

#[cfg(test)]
mod tests;
