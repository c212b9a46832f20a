//! Values as expressions see them, by their schemas, and how fields are called there.
//!
//! Not here: parts of a value that its schema says nothing of. Expressions cannot see them, but they count where values
//! are compared.

use std::{
    any::Any,
    collections::{BTreeMap, HashMap},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use cel::common::{
    types::{CelBool, CelBytes, CelDouble, CelInt, CelList, CelNull, CelString, Type, UNKNOWN_TYPE},
    value::{StaticVal, Val},
};
use serde_json::Value;

use super::{library, map::Map};

/// Names that mean something else in an expression.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// What stands for letters that no name has in an expression.
const LETTERS: [(&str, &str); 4] = [("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__")];

/// The name of a field in expressions; nothing where they cannot name it.
pub(super) fn escaped(name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    let mut escaped = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        match LETTERS.iter().find(|(letters, _)| rest.starts_with(letters)) {
            Some((letters, instead)) => {
                escaped.push_str(instead);
                rest = &rest[letters.len()..];
            }
            None if first.is_ascii_alphanumeric() || first == '_' => {
                escaped.push(first);
                rest = &rest[1..];
            }
            None => return None,
        }
    }
    Some(escaped)
}

/// Whether a name means something else where it stands alone.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// The schema of a field of an object; `None` in it where all resources have that field.
pub(super) fn field_of<'s>(schema: &'s Value, root: bool, name: &str) -> Option<Option<&'s Value>> {
    if root && ["apiVersion", "kind", "metadata"].contains(&name) {
        return Some(None);
    }
    schema["properties"].get(name).map(Some)
}

/// Whether a schema is that of a resource in another.
pub(super) fn is_resource(schema: &Value) -> bool {
    schema["x-kubernetes-embedded-resource"] == true
}

/// A value as expressions see it. Items of lists that are sets or maps come in the order they have in another value.
pub(super) fn seen<'v>(value: &'v Value, schema: &Value, root: bool, like: Option<&Value>) -> Box<dyn Val + 'v> {
    let either = schema["x-kubernetes-int-or-string"] == true;
    match (value, schema["type"].as_str()) {
        (Value::Null, _) => Box::new(CelNull),
        (Value::String(text), _) if either => Box::new(CelString::from(text.as_str())),
        (Value::Number(number), _) if either => whole(number).unwrap_or_else(|| Box::new(Unknown(value.clone()))),
        (Value::Object(fields), kind) if root || kind == Some("object") => {
            let mut seen_fields: BTreeMap<String, Box<dyn Val + 'v>> = BTreeMap::new();
            let others = others(schema).filter(|_| !root);
            for (name, field) in fields {
                let like = like.and_then(|like| like.get(name));
                if let Some(schema) = others {
                    seen_fields.insert(name.clone(), seen(field, schema, is_resource(schema), like));
                    continue;
                }
                let (Some(escaped), false) = (escaped(name), field.is_null()) else { continue };
                let seen_as = match field_of(schema, root, name) {
                    Some(Some(schema)) => seen(field, schema, is_resource(schema), like),
                    Some(None) => shared(name, field),
                    None => Box::new(Unknown(field.clone())),
                };
                // Reserved names are fine where they follow a dot.
                if is_reserved(name) {
                    seen_fields.insert(name.clone(), seen_as.clone());
                }
                seen_fields.insert(escaped, seen_as);
            }
            Box::new(Map::new(seen_fields))
        }
        (Value::Array(items), Some("array")) => {
            let schema_of_item = &schema["items"];
            let ordered = in_order(items, schema, like);
            let seen_item = |(item, like)| seen(item, schema_of_item, is_resource(schema_of_item), like);
            Box::new(CelList::from(ordered.into_iter().map(seen_item).collect::<Vec<_>>()))
        }
        (Value::String(text), Some("string")) => seen_text(text, schema["format"].as_str()),
        (Value::Number(number), Some("number")) => Box::new(CelDouble::from(number.as_f64().unwrap_or_default())),
        (Value::Number(number), Some("integer")) => whole(number).unwrap_or_else(|| Box::new(Unknown(value.clone()))),
        (Value::Bool(truth), Some("boolean")) => Box::new(CelBool::from(*truth)),
        _ => Box::new(Unknown(value.clone())),
    }
}

/// The schema of all values of a map.
fn others(schema: &Value) -> Option<&Value> {
    schema.get("additionalProperties").filter(|others| others.is_object())
}

/// What all resources have: of the metadata, only the names.
fn shared<'v>(name: &str, field: &'v Value) -> Box<dyn Val + 'v> {
    let text =
        |value: &'v Value| -> Box<dyn Val + 'v> { Box::new(CelString::from(value.as_str().unwrap_or_default())) };
    if name != "metadata" {
        return text(field);
    }
    let named = ["name", "generateName"].into_iter();
    let named = named.filter_map(|name| Some((name.to_owned(), text(field.get(name)?))));
    Box::new(Map::new(named.collect()))
}

fn whole<'v>(number: &serde_json::Number) -> Option<Box<dyn Val + 'v>> {
    super::super::number::whole(number).map(|number| -> Box<dyn Val> { Box::new(CelInt::from(number)) })
}

fn seen_text<'v>(text: &'v str, format: Option<&str>) -> Box<dyn Val + 'v> {
    let read = |by: &str, text: String| library::converted(by, text);
    let converted = match format {
        Some("byte") => {
            BASE64_STANDARD.decode(text).ok().map(|bytes| -> Box<dyn Val> { Box::new(CelBytes::from(bytes)) })
        }
        Some("duration") => read("duration", text.replace(' ', "")),
        Some("date") => read("timestamp", format!("{text}T00:00:00Z")),
        Some("date-time") => read("timestamp", text.replace(' ', "T").to_uppercase()),
        _ => return Box::new(CelString::from(text)),
    };
    converted.unwrap_or_else(|| Box::new(Unknown(text.into())))
}

/// Items, each with the one in another list that it is like: of sets and of lists that are maps in the order of those.
fn in_order<'v, 'l>(
    items: &'v [Value],
    schema: &Value,
    like: Option<&'l Value>,
) -> Vec<(&'v Value, Option<&'l Value>)> {
    let other = like.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut places = HashMap::new();
    for (place, item) in other.iter().enumerate() {
        if let Some(identity) = identity(item, schema) {
            places.entry(identity).or_insert(place);
        }
    }
    let place = |item| identity(item, schema).and_then(|identity| places.get(&identity).copied());
    let mut ordered: Vec<_> = items.iter().map(|item| (place(item), item)).collect();
    ordered.sort_by_key(|(place, _)| place.unwrap_or(usize::MAX));
    ordered.into_iter().map(|(place, item)| (item, place.map(|place| &other[place]))).collect()
}

/// What tells an item of a list from the others; nothing where that is only its place.
pub(super) fn identity<'v>(item: &'v Value, schema: &Value) -> Option<Vec<&'v Value>> {
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Some(vec![item]),
        Some("map") => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array().filter(|keys| !keys.is_empty())?;
            Some(keys.iter().filter_map(Value::as_str).map(|key| &item[key]).collect())
        }
        _ => None,
    }
}

static UNKNOWN: Type = UNKNOWN_TYPE;

/// What an expression can compare and nothing else.
#[derive(Debug, Clone)]
struct Unknown(Value);

impl Val for Unknown {
    fn get_type(&self) -> &Type {
        &UNKNOWN
    }

    fn cel_type() -> &'static Type {
        &UNKNOWN
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Unknown>().is_some_and(|other| self.0 == other.0)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Unknown {}
