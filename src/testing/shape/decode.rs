//! Decoding: a body becomes a value of its shape, as Go's decoder would have it. What it has no field for is left out,
//! and told; so are fields that are there twice, of which the last counts.
//!
//! Not here: finding out of which kind a body is, and custom kinds' own schemas.

use std::{collections::HashSet, fmt};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use super::super::status::json_type;
use super::{Format, Shape, Type, format::NO_QUANTITY};

/// How many problems of one body are told at most.
const MOST: usize = 100;

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
    Notes { structure: name.to_owned(), ..Notes::default() }.read(source, shape)
}

/// The same for what was never a text: the server converts it then, and has other words for what does not fit.
pub(in crate::testing) fn convert(source: &Value, shape: Shape<'_>) -> Result<Decoded, Failure> {
    Notes { converts: true, ..Notes::default() }.read(source, shape)
}

/// Where the reader is, and what it met on the way.
#[derive(Default)]
struct Notes {
    path: Vec<Step>,
    problems: Vec<String>,
    /// The first value of a wrong type; reading goes on, for the text may be broken further down.
    mistyped: Option<String>,
    /// The first value that a type which reads itself does not want: with that Go stops, whatever was wrong before.
    refused: Option<String>,
    /// The structure the last field of the path is in.
    structure: String,
    /// Whether it converts values rather than to read text.
    converts: bool,
}

enum Step {
    /// A field, and the structure it stands in within its own.
    Field(String, Option<&'static str>),
    Entry(String),
    Item(usize),
}

impl Notes {
    fn read<'d, D>(mut self, source: D, shape: Shape<'_>) -> Result<Decoded, Failure>
    where
        D: Deserializer<'d, Error = serde_json::Error>,
    {
        let value = Reader { shape, go: None, notes: &mut self }.deserialize(source)?;
        match self.refused.or(self.mistyped) {
            Some(why) => Err(Failure::Mistyped(why)),
            None => Ok(Decoded { value, problems: self.problems }),
        }
    }

    fn problem(&mut self, what: &str, name: &str) {
        if self.problems.len() < MOST {
            let mut path = String::new();
            for step in &self.path {
                match step {
                    Step::Field(name, _) | Step::Entry(name) if path.is_empty() => path.push_str(name),
                    Step::Field(name, _) | Step::Entry(name) => path.extend([".", name]),
                    Step::Item(index) => path.push_str(&format!("[{index}]")),
                }
            }
            let dot = if path.is_empty() { "" } else { "." };
            let problem = format!("{what} field \"{path}{dot}{name}\"");
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    /// A value that is there although something else should be.
    fn mistyped(&self, found: &str, wanted: &str) -> String {
        let fields = self.path.iter().flat_map(|step| match step {
            Step::Field(name, within) => [*within, Some(name.as_str())],
            Step::Entry(_) | Step::Item(_) => [None, None],
        });
        let path = fields.flatten().collect::<Vec<_>>().join(".");
        match (path.is_empty(), self.structure.is_empty()) {
            (false, _) => {
                format!(
                    "json: cannot unmarshal {found} into Go struct field {}.{path} of type {wanted}",
                    self.structure
                )
            }
            (true, false) => format!("json: cannot unmarshal {found} into Go value of type v1.{}", self.structure),
            (true, true) => format!("json: cannot unmarshal {found} into Go value of type {HEAD}"),
        }
    }

    fn wrong(&mut self, ty: &Type, why: String) {
        let reads_itself =
            |format: &Format| matches!(format, Format::Time | Format::MicroTime | Format::Quantity | Format::IntOrText);
        match ty {
            Type::Formatted(format) if reads_itself(format) && !self.converts => self.refused.get_or_insert(why),
            _ => self.mistyped.get_or_insert(why),
        };
    }
}

/// Reads one value.
struct Reader<'r> {
    shape: Shape<'r>,
    /// What Go calls its type, where that does not follow from the shape.
    go: Option<&'static str>,
    notes: &'r mut Notes,
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
        self.number(Some(value.into()))
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
            let absent = match member.shape.resolved().ty {
                _ if !member.declared || member.stays => value.is_null() && !keeps_nulls,
                // Go omits lists and maps with nothing in them, but an empty list of owners takes away all there are.
                Type::List(_) if name == "managedFields" => value.is_null(),
                Type::List(_) => value.is_null() || value.as_array().is_some_and(Vec::is_empty),
                Type::Map(map) if map.entries.is_some() => {
                    value.is_null() || value.as_object().is_some_and(Map::is_empty)
                }
                _ => value.is_null(),
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

/// Why a value of a JSON type does not become one of a shape, where there was no text.
fn unconvertible(found: &str, shape: Shape<'_>, go: Option<&str>) -> String {
    let source = match found {
        "number" => "int64",
        "array" => "slice",
        "object" => "map",
        fraction if fraction.starts_with("number ") => "float64",
        other => other,
    };
    match shape.resolved().ty {
        Type::Formatted(format @ (Format::Time | Format::MicroTime | Format::IntOrText)) => {
            format!("json: cannot unmarshal {found} into Go value of type {}", format.go_type())
        }
        Type::List(_) | Type::Formatted(Format::Bytes) => format!("cannot restore slice from {source}"),
        Type::Map(map) if map.entries.is_some() => format!("cannot restore map from {source}"),
        Type::Map(_) => format!("cannot restore struct from: {source}"),
        Type::Formatted(format) => match (source, format) {
            ("int64", Format::Text) | ("float64", Format::Int32 | Format::Int64) => {
                format!("cannot convert {source} to {}", go.unwrap_or(format.go_type()))
            }
            _ => format!("unrecognized type: {}", format.go_type()),
        },
        _ => format!("unrecognized type: {source}"),
    }
}

/// The one structure without a name.
const HEAD: &str =
    "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

/// What Go calls a type: `v1.PodSpec`, `map[string]string`.
fn go_type(shape: Shape<'_>) -> String {
    if let Type::Named(name) = shape.ty {
        let mut parts = name.rsplit('.');
        let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("v1"));
        return format!("{version}.{name}");
    }
    match shape.ty {
        Type::Formatted(format) => format.go_type().to_owned(),
        Type::List(_) => format!("[]{}", go_type(shape.item())),
        Type::Map(map) => {
            let entry = map.entries.as_ref().map(|ty| go_type(Shape { ty, ..shape }));
            format!("map[string]{}", entry.unwrap_or_default())
        }
        _ => "interface {}".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::Shapes, *};

    fn read(text: &str, kind: &str) -> Result<Decoded, String> {
        let mut source = serde_json::Deserializer::from_str(text);
        decode(&mut source, Shapes::built_in().kind("v1", kind), kind).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_is_there_twice_counts_twice_where_it_has_fields() {
        let decoded = read(r#"{"data": {"a": "1", "b": "1", "b": "2"}, "data": {"b": "3"}}"#, "ConfigMap");
        let problems = ["duplicate field \"data.b\"", "duplicate field \"data\""].map(str::to_owned).to_vec();
        assert_eq!(decoded, Ok(Decoded { value: json!({"data": {"a": "1", "b": "3"}}), problems }));
    }

    #[test]
    fn the_first_value_of_a_wrong_type_is_told_unless_the_text_is_broken() {
        let why = "json: cannot unmarshal number into Go struct field ConfigMap.data of type string";
        assert_eq!(read(r#"{"data": {"a": 1}, "immutable": "x"}"#, "ConfigMap"), Err(why.to_owned()));
        assert!(read(r#"{"data": {"a": 1}"#, "ConfigMap").is_err_and(|told| told.starts_with("EOF")));
    }

    #[test]
    fn what_was_never_a_text_is_told_of_in_other_words() {
        let told = |value: Value| {
            let shape = Shapes::built_in().kind("v1", "Pod");
            convert(&value, shape).map_err(|failure| failure.to_string()).expect_err("a refusal")
        };
        for (spec, why) in [
            (json!(5), "cannot restore struct from: int64"),
            (json!({"containers": {}}), "cannot restore slice from map"),
            (json!({"nodeSelector": []}), "cannot restore map from slice"),
            (json!({"restartPolicy": 5}), "cannot convert int64 to v1.RestartPolicy"),
            (json!({"priority": "x"}), "unrecognized type: int32"),
            (json!({"priority": 1.5}), "cannot convert float64 to int32"),
        ] {
            assert_eq!(told(json!({"spec": spec})), why);
        }
    }

    #[test]
    fn lists_and_maps_with_nothing_in_them_are_not_there() {
        let spec = r#"{"spec": {"containers": [], "volumes": [], "nodeSelector": {}, "securityContext": {}}}"#;
        let value = json!({"spec": {"containers": [], "securityContext": {}}});
        assert_eq!(read(spec, "Pod"), Ok(Decoded { value, problems: vec![] }));
    }

    #[test]
    fn null_is_an_empty_value_where_there_has_to_be_one() {
        let spec = r#"{"spec": {"containers": [null], "nodeName": null}, "metadata": {"finalizers": [null]}}"#;
        let value = json!({"spec": {"containers": [{}]}, "metadata": {"finalizers": [""]}});
        assert_eq!(read(spec, "Pod"), Ok(Decoded { value, problems: vec![] }));
    }

    #[test]
    fn no_more_than_a_hundred_problems_are_told() {
        let many: Vec<String> = (0..200).map(|number| format!("\"wing{number}\": 1")).collect();
        let decoded = read(&format!("{{{}}}", many.join(",")), "ConfigMap").expect("a value");
        assert_eq!(decoded.problems.len(), 100);
    }
}
