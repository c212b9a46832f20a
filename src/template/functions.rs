//! The functions and filters that configuration templates expect.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Output, State, Value};

pub(super) fn register(environment: &mut Environment<'_>) {
    environment.set_formatter(print);
    environment.add_filter("b64decode", b64decode);
    environment.add_filter("b64encode", b64encode);
    environment.add_filter("label", |object: &Value, key: &str| metadata(object, "labels", key));
    environment.add_filter("annotation", |object: &Value, key: &str| metadata(object, "annotations", key));
    environment.add_function("fail", fail);
    environment.add_function("required", required);
}

/// Prints as Kubernetes writes: `true`, `false`, `null` by their lower-case names.
fn print(output: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Bool => output.write_str(if value.is_true() { "true" } else { "false" }).map_err(Error::from),
        ValueKind::None => output.write_str("none").map_err(Error::from),
        _ => minijinja::escape_formatter(output, state, value),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

fn bytes<'v>(filter: &str, value: &'v Value) -> Result<&'v [u8], Error> {
    value.as_bytes().ok_or_else(|| invalid(format!("{filter} takes a text, not {}", value.kind())))
}

/// The text, or the bytes if they are none.
fn b64decode(value: &Value) -> Result<Value, Error> {
    // The message tells where, not what: it may be a Secret's.
    let decoded = STANDARD.decode(bytes("b64decode", value)?.trim_ascii());
    let decoded = decoded.map_err(|error| invalid(format!("b64decode: this is not base64: {}", place(&error))))?;
    Ok(String::from_utf8(decoded).map_or_else(|error| Value::from_bytes(error.into_bytes()), Value::from))
}

fn place(error: &base64::DecodeError) -> String {
    match error {
        base64::DecodeError::InvalidByte(at, _) => format!("invalid character at {at}"),
        base64::DecodeError::InvalidLastSymbol { .. } => "the last character does not fit".to_owned(),
        base64::DecodeError::InvalidLength(length) => format!("{length} characters are not a whole number of bytes"),
        base64::DecodeError::InvalidPadding => "the padding is wrong".to_owned(),
    }
}

fn b64encode(value: &Value) -> Result<String, Error> {
    bytes("b64encode", value).map(|bytes| STANDARD.encode(bytes))
}

fn metadata(object: &Value, map: &str, key: &str) -> Result<Value, Error> {
    if !matches!(object.kind(), ValueKind::Map | ValueKind::Plain) {
        return Err(invalid(format!("{map} are of objects, and this is {}", object.kind())));
    }
    let found = object.get_attr("metadata").and_then(|metadata| metadata.get_attr(map));
    // Absent at any step is undefined; so is a null in place of a map.
    Ok(found.and_then(|map| map.get_item(&Value::from(key))).unwrap_or(Value::UNDEFINED))
}

fn fail(message: &str) -> Result<Value, Error> {
    Err(invalid(message))
}

fn required(value: Value, message: &str) -> Result<Value, Error> {
    if value.is_undefined() || value.is_none() || value.as_str() == Some("") {
        return fail(message);
    }
    Ok(value)
}
