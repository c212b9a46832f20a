//! Messages, whose fields have numbers: what they say, as JSON has it.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use super::{
    super::shape::{Format, Numbered, Shape, Type},
    text,
    wire::{self, Field, Fields, Wire},
};

/// Adds the fields of a message to an object. `above` are the numbers of the structures it stands in within its own.
pub(super) fn structure(
    message: &[u8],
    shape: Shape<'_>,
    above: &[u32],
    object: &mut Map<String, Value>,
) -> Result<(), String> {
    for field in Fields::of(message) {
        let field = field?;
        let numbers = [above, &[field.number]].concat();
        match shape.numbered(&numbers) {
            Some(Numbered::Field(name, shape)) => add(&field, name, shape, object.entry(name).or_insert(Value::Null))?,
            Some(Numbered::Within) => structure(field.bytes("")?, shape, &numbers, object)?,
            None => {}
        }
    }
    Ok(())
}

/// Adds a field to what is known of it: lists come item by item, maps entry by entry.
fn add(field: &Field<'_>, name: &str, shape: Shape<'_>, known: &mut Value) -> Result<(), String> {
    match shape.ty() {
        Type::List(_) => {
            let mut items = Vec::new();
            match (&field.wire, shape.item().ty()) {
                (Wire::Bytes(packed), Type::Formatted(Format::Int32 | Format::Int64)) => {
                    items.extend(wire::numbers(packed)?.into_iter().map(|number| Value::from(number as i64)));
                }
                _ => items.push(value(field, name, shape.item())?),
            }
            match known {
                Value::Array(known) => known.extend(items),
                _ => *known = items.into(),
            }
        }
        Type::Map(map) if map.is_structure() => {
            let fields = object(known);
            structure(field.bytes(name)?, shape, &[], fields)?;
        }
        Type::Map(_) => {
            let (mut key, mut content) = (String::new(), None);
            for field in Fields::of(field.bytes(name)?) {
                let field = field?;
                match field.number {
                    1 => key = text(field.bytes(name)?),
                    2 => content = Some(field),
                    _ => {}
                }
            }
            let Some(entry) = shape.member(&key) else { return Ok(()) };
            let nothing = Field { number: 2, wire: Wire::Bytes(&[]) };
            let content = entry_value(&content.unwrap_or(nothing), name, entry.shape)?;
            object(known).insert(key, content);
        }
        _ => *known = value(field, name, shape)?,
    }
    Ok(())
}

fn object(known: &mut Value) -> &mut Map<String, Value> {
    if !known.is_object() {
        *known = Value::Object(Map::new());
    }
    known.as_object_mut().expect("it was just made an object")
}

/// What a map has under a key. There is no list of lists: one that is an entry has a message around it.
fn entry_value(field: &Field<'_>, name: &str, shape: Shape<'_>) -> Result<Value, String> {
    if !matches!(shape.ty(), Type::List(_)) {
        return value(field, name, shape);
    }
    let items = Fields::of(field.bytes(name)?).map(|item| value(&item?, name, shape.item()));
    items.collect::<Result<Vec<_>, _>>().map(Value::from)
}

/// What one occurrence of a field says.
fn value(field: &Field<'_>, name: &str, shape: Shape<'_>) -> Result<Value, String> {
    Ok(match shape.ty() {
        Type::Formatted(Format::Text) => text(field.bytes(name)?).into(),
        Type::Formatted(Format::Bytes) => STANDARD.encode(field.bytes(name)?).into(),
        Type::Formatted(Format::Bool) => (field.number(name)? != 0).into(),
        Type::Formatted(Format::Int32) => (field.number(name)? as i32).into(),
        Type::Formatted(Format::Int64) => (field.number(name)? as i64).into(),
        Type::Formatted(Format::Number) => Number::from_f64(field.double(name)?).into(),
        Type::Formatted(Format::Quantity) => {
            let quantity = Fields::of(field.bytes(name)?).last().transpose()?;
            quantity.map_or(Ok("0".to_owned()), |field| field.bytes(name).map(text))?.into()
        }
        Type::Formatted(format @ (Format::Time | Format::MicroTime)) => time(field.bytes(name)?, *format)?,
        Type::Formatted(Format::IntOrText) => int_or_text(field.bytes(name)?)?,
        Type::Any | Type::Whole | Type::Open | Type::Scalar(_) | Type::Named(_) => raw(field.bytes(name)?)?,
        Type::Map(_) | Type::List(_) => {
            let mut known = Value::Null;
            add(field, name, shape, &mut known)?;
            known
        }
    })
}

/// Seconds and the rest of one in nanoseconds, since 1970. A time that is not set is empty.
fn time(message: &[u8], format: Format) -> Result<Value, String> {
    if message.is_empty() {
        return Ok(Value::Null);
    }
    let (mut seconds, mut rest) = (0, 0);
    for field in Fields::of(message) {
        let field = field?;
        match field.number {
            1 => seconds = field.number("Seconds")? as i64,
            2 => rest = field.number("Nanos")? as i32,
            _ => {}
        }
    }
    let time = Timestamp::new(seconds, rest).map_err(|_| format!("{seconds} seconds since 1970 are no time"))?;
    Ok(format.time(time).into())
}

/// A number or a text, and which of them is meant.
fn int_or_text(message: &[u8]) -> Result<Value, String> {
    let (mut is_text, mut number, mut said) = (false, 0, String::new());
    for field in Fields::of(message) {
        let field = field?;
        match field.number {
            1 => is_text = field.number("Type")? != 0,
            2 => number = field.number("IntVal")? as i32,
            3 => said = text(field.bytes("StrVal")?),
            _ => {}
        }
    }
    Ok(if is_text { said.into() } else { number.into() })
}

/// JSON in a message of its own.
fn raw(message: &[u8]) -> Result<Value, String> {
    match Fields::of(message).last().transpose()? {
        None => Ok(Value::Null),
        Some(field) => match field.bytes("Raw")? {
            [] => Ok(Value::Null),
            json => serde_json::from_slice(json).map_err(|error| error.to_string()),
        },
    }
}
