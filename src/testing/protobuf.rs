//! Request bodies in protobuf, in which Go's clients send objects of built-in kinds: an envelope that names the type,
//! and a message of that type. Messages number their fields; [`Shapes`](super::shape::Shapes) knows the numbers.
//!
//! Unknown fields are skipped, as clients may be newer than the server. Not here: answers, which are JSON for all
//! clients that accept it; custom kinds, which have no messages; CustomResourceDefinitions, whose schemas have some of
//! their own.

mod wire;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use super::shape::{Format, Numbered, Shape, Type};
use wire::{Field, Fields, Wire};

/// What all messages begin with.
const MAGIC: &[u8] = b"k8s\0";

/// What is said around a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Envelope {
    pub(super) api_version: String,
    pub(super) kind: String,
    message: Vec<u8>,
}

impl Envelope {
    pub(super) fn read(body: &Bytes) -> Result<Self, String> {
        if body.is_empty() {
            return Err("empty data".to_owned());
        }
        let Some(rest) = body.strip_prefix(MAGIC) else {
            let message = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";
            return Err(message.to_owned());
        };
        if rest.is_empty() {
            return Err("empty body".to_owned());
        }
        let mut envelope = Envelope::default();
        for field in Fields::of(rest) {
            let field = field?;
            match field.number {
                1 => {
                    for field in Fields::of(field.bytes("TypeMeta")?) {
                        let field = field?;
                        match field.number {
                            1 => envelope.api_version = text(field.bytes("APIVersion")?),
                            2 => envelope.kind = text(field.bytes("Kind")?),
                            _ => {}
                        }
                    }
                }
                2 => envelope.message = field.bytes("Raw")?.to_vec(),
                _ => {}
            }
        }
        Ok(envelope)
    }

    /// What the message says, as JSON has it: with the empty fields that Go's clients write.
    pub(super) fn value(&self, shape: Shape<'_>) -> Result<Value, String> {
        let mut object = Map::new();
        structure(&self.message, shape, &[], &mut object)?;
        Ok(object.into())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Adds the fields of a message to an object. `above` are the numbers of the structures it stands in within its own.
fn structure(message: &[u8], shape: Shape<'_>, above: &[u32], object: &mut Map<String, Value>) -> Result<(), String> {
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

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::*;
    use crate::testing::shape::Shapes;

    /// A field whose content is bytes.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8], content].concat()
    }

    fn number(number: u8, value: u8) -> Vec<u8> {
        vec![number << 3, value]
    }

    fn said(kind: &str, message: &[u8]) -> Result<Value, String> {
        let envelope = Envelope { message: message.to_vec(), ..Envelope::default() };
        envelope.value(Shapes::built_in().kind("v1", kind))
    }

    #[test]
    fn an_envelope_says_what_is_in_it_or_why_not() {
        let about = [field(1, b"v1"), field(2, b"Secret")].concat();
        let body = [b"k8s\0".to_vec(), field(1, &about), field(2, b"x"), field(3, b""), field(9, b"new")].concat();
        let expected = Envelope { api_version: "v1".to_owned(), kind: "Secret".to_owned(), message: b"x".to_vec() };
        assert_eq!(Envelope::read(&body.into()), Ok(expected));
        assert_eq!(Envelope::read(&Bytes::new()), Err("empty data".to_owned()));
        assert_eq!(Envelope::read(&Bytes::from_static(b"k8s\0")), Err("empty body".to_owned()));
        assert_eq!(Envelope::read(&Bytes::from_static(b"k8s\0\x0a\x09")), Err("unexpected EOF".to_owned()));
        let no_prefix = Envelope::read(&Bytes::from_static(b"{}")).expect_err("no protobuf");
        assert!(no_prefix.starts_with("provided data does not appear to be a protobuf message"), "{no_prefix}");
    }

    #[test]
    fn fields_have_the_names_and_forms_of_json() {
        let time = field(8, &[number(1, 60), number(2, 5)].concat());
        let labels = [field(11, &[field(1, b"a"), field(2, b"b")].concat()), field(11, &field(1, b"c"))].concat();
        let metadata = [field(1, b"s"), time, labels.iter().copied().chain(number(7, 3)).collect()].concat();
        let secret = [field(1, &metadata), field(2, &[field(1, b"k"), field(2, b"\0\xff")].concat()), number(5, 1)];
        assert_eq!(
            said("Secret", &secret.concat()),
            Ok(json!({
                "metadata": {
                    "name": "s", "creationTimestamp": "1970-01-01T00:01:00Z", "labels": {"a": "b", "c": ""}, "generation": 3,
                },
                "data": {"k": "AP8="}, "immutable": true,
            }))
        );
    }

    #[test]
    fn structures_within_their_own_do_not_show() {
        let volume = [field(1, b"v"), field(2, &field(6, &field(1, b"s")))].concat();
        let groups = [number(4, 1), number(4, 2), field(4, &[3, 4])].concat();
        let spec = [field(1, &volume), field(14, &groups), number(4, 30)].concat();
        assert_eq!(
            said("Pod", &field(2, &spec)),
            Ok(json!({"spec": {
                "volumes": [{"name": "v", "secret": {"secretName": "s"}}],
                "securityContext": {"supplementalGroups": [1, 2, 3, 4]},
                "terminationGracePeriodSeconds": 30,
            }}))
        );
    }

    #[test]
    fn ports_are_numbers_or_names_and_quantities_texts() {
        let port = |target: &[u8]| field(1, &[number(3, 80), field(4, target)].concat());
        let named = [number(1, 1), number(2, 0), field(3, b"web")].concat();
        let ports = [port(&number(2, 90)), port(&named)].concat();
        assert_eq!(
            said("Service", &field(2, &ports)),
            Ok(json!({"spec": {"ports": [{"port": 80, "targetPort": 90}, {"port": 80, "targetPort": "web"}]}}))
        );
        let hard = [field(1, b"cpu"), field(2, &field(1, b"2"))].concat();
        let quota = field(2, &[field(1, &hard), field(1, &field(1, b"pods"))].concat());
        assert_eq!(said("ResourceQuota", &quota), Ok(json!({"spec": {"hard": {"cpu": "2", "pods": "0"}}})));
    }

    proptest! {
        // Half of them are nearly messages: fields in each other, with anything in between.
        #[test]
        fn whatever_is_sent_is_read_or_refused(
            parts in vec((1_u8..20, vec(any::<u8>(), 0..12)), 0..12), nested in any::<bool>(), kind in 0_usize..4,
        ) {
            let kind = ["Pod", "Service", "ResourceQuota", "ControllerRevision"][kind];
            let mut message: Vec<u8> = parts.iter().flat_map(|(number, content)| match nested {
                true => field(*number % 16, content),
                false => content.clone(),
            }).collect();
            for number in [2, 1].into_iter().filter(|_| nested) {
                message = if message.len() < 128 { field(number, &message) } else { message };
            }
            if let Ok(value) = said(kind, &message) {
                prop_assert!(value.is_object());
            }
            if let Ok(envelope) = Envelope::read(&[MAGIC, &message].concat().into()) {
                prop_assert!(envelope.message.len() <= message.len());
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(said("Secret", &number(1, 5)), Err("proto: wrong wireType = 0 for field metadata".to_owned()));
        assert_eq!(said("Secret", b"\x0a\x05ab"), Err("unexpected EOF".to_owned()));
        let time = field(1, &field(8, &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]));
        assert_eq!(said("Secret", &time), Err("562949953421311 seconds since 1970 are no time".to_owned()));
        assert_eq!(said("Secret", &field(9, b"from the future")), Ok(json!({})));
    }
}
