//! What the server says when an expression fails while it runs.

use cel::{ExecutionError, Value};

/// What it says of an expression that takes too long.
pub(super) const TOO_LONG: &str = "operation cancelled: actual cost limit exceeded";

/// What it says of values of other types than a function takes.
pub(super) const MISFIT: &str = "no such overload";

/// Functions that read a text.
const CONVERSIONS: [&str; 6] = ["bool", "double", "duration", "int", "timestamp", "uint"];

pub(super) fn words(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::IndexOutOfBounds(index) => format!("index out of bounds: {}", shown(index)),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::DuplicateKey(key) => format!("Failed with repeated key: {}", shown(key)),
        ExecutionError::FunctionError { function, .. } if CONVERSIONS.contains(&function.as_str()) => {
            let wanted = match function.as_str() {
                "duration" => "google.protobuf.Duration",
                "timestamp" => "google.protobuf.Timestamp",
                other => other,
            };
            format!("type conversion error from 'string' to '{wanted}'")
        }
        ExecutionError::FunctionError { message, .. } => message.clone(),
        ExecutionError::NoSuchOverload(_)
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::UnsupportedIndex(..)
        | ExecutionError::UnsupportedKeyType(_)
        | ExecutionError::UnsupportedTargetType { .. }
        | ExecutionError::NotSupportedAsMethod { .. } => MISFIT.to_owned(),
        other => other.to_string(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::String(text) => text.to_string(),
        _ => String::new(),
    }
}
