//! The reader of a value of a shape.

use std::{collections::HashSet, fmt};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use super::{
    super::{Empty, Format, Shape, Type, format::NO_QUANTITY},
    notes::{Notes, Step},
    words::{go_type, unconvertible},
};
use crate::testing::status::json_type;

/// Reads one value.
pub(super) struct Reader<'r> {
    pub(super) shape: Shape<'r>,
    /// What Go calls its type, where that does not follow from the shape.
    pub(super) go: Option<&'static str>,
    pub(super) notes: &'r mut Notes,
}

impl Reader<'_> {
    fn ty(&self) -> &Type {
        self.shape.resolved().ty
    }

    fn wrong(self, why: String) {
        self.notes.wrong(self.shape.resolved().ty, why);
    }

    /// A scalar that is not of the type.
    fn refuse<E>(self, found: &str) -> Result<Value, E> {
        let why = match self.ty() {
            Type::Formatted(Format::Quantity) => NO_QUANTITY.to_owned(),
            _ if self.notes.converts => unconvertible(found, self.shape, self.go),
            _ => self.notes.mistyped(found, &self.go.map_or_else(|| go_type(self.shape), str::to_owned)),
        };
        self.wrong(why);
        Ok(Value::Null)
    }

    fn number<E>(self, number: Option<Number>) -> Result<Value, E> {
        let Some(number) = number else { return self.refuse("number") };
        match self.ty() {
            Type::Formatted(Format::Quantity) => Ok(number.to_string().into()),
            Type::Formatted(format @ (Format::Int32 | Format::Int64 | Format::IntOrText)) => {
                match format.refuses(&number) {
                    true => self.refuse(&format!("number {number}")),
                    false => Ok(number.into()),
                }
            }
            Type::Formatted(Format::Number) | Type::Any | Type::Open | Type::Whole | Type::Scalar(_) => {
                Ok(number.into())
            }
            _ if self.notes.converts && number.is_f64() => self.refuse(&format!("number {number}")),
            _ => self.refuse("number"),
        }
    }
}

impl Reader<'_> {
    /// Bytes one by one, where nearly everybody has them in a text.
    fn bytes<'d, A: SeqAccess<'d>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut bytes = Vec::new();
        while let Some(item) = items.next_element::<Value>()? {
            let found = match &item {
                Value::Null => Ok(0),
                Value::Number(number) => {
                    let byte = number.as_u64().and_then(|number| u8::try_from(number).ok());
                    byte.ok_or_else(|| format!("number {number}"))
                }
                other => Err(json_type(other).to_owned()),
            };
            match found {
                Ok(byte) => bytes.push(byte),
                Err(found) => {
                    let why = self.notes.mistyped(&found, "uint8");
                    self.notes.wrong(self.shape.resolved().ty, why);
                }
            }
        }
        Ok(BASE64.encode(bytes).into())
    }
}

impl<'d> DeserializeSeed<'d> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'d>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'d> Visitor<'d> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        match self.ty() {
            Type::Formatted(Format::Bool) | Type::Any | Type::Open | Type::Whole | Type::Scalar(_) => Ok(value.into()),
            _ => self.refuse("bool"),
        }
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        self.number(Some(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        match self.ty() {
            // Where nothing is known of a number, what is too large for Go's integers is none.
            Type::Any | Type::Whole if i64::try_from(value).is_err() => self.number(Number::from_f64(value as f64)),
            _ => self.number(Some(value.into())),
        }
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        let whole = value.fract() == 0.0 && value.abs() < 9.0e15;
        match self.ty() {
            // Where nothing is known of a number it is not told from an integer.
            Type::Any | Type::Whole if whole => self.number(Some((value as i64).into())),
            _ => self.number(Number::from_f64(value)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        match self.ty() {
            Type::Any | Type::Open | Type::Whole | Type::Scalar(_) | Type::Formatted(Format::IntOrText) => {
                Ok(text.into())
            }
            Type::Formatted(Format::Bool | Format::Int32 | Format::Int64 | Format::Number) => self.refuse("string"),
            Type::Formatted(format) => match format.text(text) {
                Ok(text) => Ok(text.into()),
                Err(why) => {
                    let bytes = self.notes.converts && format == &Format::Bytes;
                    self.wrong(if bytes { format!("error decoding from json: {why}") } else { why });
                    Ok(Value::Null)
                }
            },
            _ => self.refuse("string"),
        }
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut items: A) -> Result<Value, A::Error> {
        let shape = match self.ty() {
            Type::List(_) | Type::Any | Type::Open | Type::Whole => self.shape.item(),
            Type::Formatted(Format::Bytes) if !self.notes.converts => return self.bytes(items),
            _ => {
                self.refuse::<A::Error>("array")?;
                while items.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Value::Null);
            }
        };
        let go = self.go.and_then(|list| list.strip_prefix("[]"));
        let mut array = Vec::new();
        loop {
            self.notes.path.push(Step::Item(array.len()));
            let item = items.next_element_seed(Reader { shape, go, notes: self.notes })?;
            self.notes.path.pop();
            match item {
                Some(item) => array.push(present(item, shape)),
                None => return Ok(array.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'d>>(self, mut fields: A) -> Result<Value, A::Error> {
        let Reader { shape, go, notes } = self;
        if !matches!(shape.resolved().ty, Type::Map(_) | Type::Any | Type::Open | Type::Whole) {
            Reader { shape, go, notes }.refuse::<A::Error>("object")?;
            while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let keeps_nulls = matches!(shape.resolved().ty, Type::Any | Type::Open | Type::Whole);
        let mut object = Map::new();
        // Names that are there and yet not in the object.
        let mut left_out = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            let Some(member) = shape.member(&name) else {
                notes.problem("unknown", &name);
                fields.next_value::<IgnoredAny>()?;
                continue;
            };
            let again = object.contains_key(&name) || left_out.contains(&name);
            if again {
                notes.problem("duplicate", &name);
            }
            notes.path.push(match member.declared {
                true => Step::Field(name.clone(), member.go.within),
                false => Step::Entry(name.clone()),
            });
            // The structure is the one the last field is in; entries of maps do not count.
            let named = shape.name().filter(|_| member.declared).map(str::to_owned);
            let outer = named.map(|name| std::mem::replace(&mut notes.structure, name));
            let value = fields.next_value_seed(Reader { shape: member.shape, go: member.go.ty, notes })?;
            if let Some(outer) = outer {
                notes.structure = outer;
            }
            notes.path.pop();
            let value = if member.declared || keeps_nulls { value } else { present(value, member.shape) };
            let absent = match member.declared {
                // An empty list of owners takes away all there are.
                true if name == "managedFields" => value.is_null(),
                true => value.is_null() || (member.empty == Empty::Absent && is_empty(&value, member.shape)),
                false => value.is_null() && !keeps_nulls,
            };
            let earlier = if again { object.remove(&name) } else { None };
            match (absent, earlier) {
                (true, _) => drop(left_out.insert(name)),
                (false, Some(earlier)) if !keeps_nulls => drop(object.insert(name, over(earlier, value))),
                (false, _) => drop(object.insert(name, value)),
            }
        }
        Ok(object.into())
    }
}

/// Whether this is what Go leaves out where it may. A structure is not.
fn is_empty(value: &Value, shape: Shape<'_>) -> bool {
    match (value, shape.resolved().ty) {
        (Value::Array(items), Type::List(_)) => items.is_empty(),
        (Value::Object(entries), Type::Map(map)) => map.entries.is_some() && entries.is_empty(),
        (Value::String(text), Type::Formatted(Format::Text | Format::Bytes)) => text.is_empty(),
        (Value::Bool(said), Type::Formatted(_)) => !said,
        (Value::Number(number), Type::Formatted(Format::Int32 | Format::Int64 | Format::Number)) => {
            number.as_f64() == Some(0.0)
        }
        _ => false,
    }
}

/// What is read again comes on top of what was there.
fn over(earlier: Value, value: Value) -> Value {
    match (earlier, value) {
        (Value::Object(mut earlier), Value::Object(fields)) => {
            for (name, field) in fields {
                let merged = match earlier.remove(&name) {
                    Some(earlier) => over(earlier, field),
                    None => field,
                };
                earlier.insert(name, merged);
            }
            earlier.into()
        }
        (_, value) => value,
    }
}

/// What null is where there has to be a value: an item of a list, an entry of a map.
fn present(value: Value, shape: Shape<'_>) -> Value {
    match (value, shape.resolved().ty) {
        (Value::Null, Type::Formatted(format)) => format.zero(),
        (Value::Null, Type::Map(map)) if map.entries.is_none() => Value::Object(Map::new()),
        (value, _) => value,
    }
}
