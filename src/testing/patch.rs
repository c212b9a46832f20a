//! The three patches that say what to change: JSON patch, merge patch, strategic merge patch.
//!
//! All are functions from a document and a patch to a document. Not here: apply, which says what should be (see
//! `owners`), and decoding what comes out.

pub(super) mod json;
pub(super) mod merge;
pub(super) mod strategic;

use serde_json::Value;

/// What Go calls the type of a JSON value in its messages.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// `json: cannot unmarshal array into Go value of type ..`.
fn cannot_unmarshal(value: &Value, into: &str) -> String {
    format!("json: cannot unmarshal {} into Go value of type {into}", go_type(value))
}
