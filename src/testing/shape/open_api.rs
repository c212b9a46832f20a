//! Types as OpenAPI schemas, from which clients learn fields, their types and how they merge.
//!
//! Not here: descriptions, which the table of types does not have, and custom kinds, which come with schemas.

use std::collections::BTreeMap;

use serde_json::{Map as Object, Value, json};

use super::{Format, List, ListKind, Map, Scalar, Shapes, Strategy, Type};

/// Where documents keep their schemas.
const SCHEMAS: &str = "#/components/schemas/";

impl Shapes {
    /// The schemas of these types and of all they name, by name.
    pub(in crate::testing) fn open_api(&self, roots: impl IntoIterator<Item = String>) -> BTreeMap<String, Value> {
        let (mut schemas, mut open) = (BTreeMap::new(), roots.into_iter().collect::<Vec<_>>());
        while let Some(name) = open.pop() {
            if schemas.contains_key(&name) {
                continue;
            }
            let schema = match shared(&name) {
                Some(schema) => schema,
                None => self.types.get(name.as_str()).map_or_else(|| json!({}), |ty| schema(ty, &mut open)),
            };
            schemas.insert(name, schema);
        }
        schemas
    }

    /// The name of a built-in kind's type.
    pub(in crate::testing) fn name_of(&self, api_version: &str, kind: &str) -> String {
        let (group, version) = api_version.split_once('/').unwrap_or(("core", api_version));
        let long = format!("{}.{version}.{kind}", group.split('.').next().unwrap_or_default());
        if self.types.contains_key(long.as_str()) { long } else { kind.to_owned() }
    }
}

/// A reference to a type.
pub(in crate::testing) fn reference(name: &str) -> Value {
    json!({"$ref": format!("{SCHEMAS}{name}")})
}

/// Types that are scalars of their own, which clients know by name.
fn shared(name: &str) -> Option<Value> {
    Some(match name {
        "IntOrString" => json!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]}),
        "Quantity" => json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        "Time" | "MicroTime" => json!({"type": "string", "format": "date-time"}),
        "ListMeta" => json!({
            "type": "object",
            "properties": {
                "continue": {"type": "string"},
                "remainingItemCount": {"type": "integer", "format": "int64"},
                "resourceVersion": {"type": "string"},
                "selfLink": {"type": "string"},
            },
        }),
        _ => return None,
    })
}

/// The schema of a type. Names it needs are put aside to be looked at.
fn schema(ty: &Type, open: &mut Vec<String>) -> Value {
    let mut named = |name: &str| {
        open.push(name.to_owned());
        reference(name)
    };
    match ty {
        Type::Named(name) => named(name),
        Type::Formatted(Format::Quantity) => named("Quantity"),
        Type::Formatted(Format::IntOrText) => named("IntOrString"),
        Type::Formatted(Format::Time) => named("Time"),
        Type::Formatted(Format::MicroTime) => named("MicroTime"),
        Type::Formatted(Format::Text) | Type::Scalar(Scalar::String) => json!({"type": "string"}),
        Type::Formatted(Format::Bytes) => json!({"type": "string", "format": "byte"}),
        Type::Formatted(Format::Bool) | Type::Scalar(Scalar::Bool) => json!({"type": "boolean"}),
        Type::Formatted(Format::Int32) => json!({"type": "integer", "format": "int32"}),
        Type::Formatted(Format::Int64) => json!({"type": "integer", "format": "int64"}),
        Type::Formatted(Format::Number) | Type::Scalar(Scalar::Number) => json!({"type": "number"}),
        Type::Any | Type::Open | Type::Whole => json!({"type": "object"}),
        Type::Scalar(Scalar::Any) => json!({}),
        Type::Map(map) => structure(map, open),
        Type::List(list) => sequence(list, open),
    }
}

fn structure(map: &Map, open: &mut Vec<String>) -> Value {
    let mut properties = Object::new();
    for (name, field) in &map.fields {
        let schema = schema(&field.ty, open);
        // What else is said of a field must not stand beside a reference.
        let mut schema = if schema.get("$ref").is_some() { json!({"allOf": [schema]}) } else { schema };
        let strategy = match (&field.strategy, field.retains_keys) {
            (Strategy::Usual, false) => None,
            (Strategy::Usual, true) => Some("retainKeys"),
            (Strategy::Replace, _) => Some("replace"),
            (Strategy::Merge(_), false) => Some("merge"),
            (Strategy::Merge(_), true) => Some("merge,retainKeys"),
        };
        if let Some(strategy) = strategy {
            schema["x-kubernetes-patch-strategy"] = strategy.into();
        }
        if let Strategy::Merge(Some(key)) = &field.strategy {
            schema["x-kubernetes-patch-merge-key"] = key.as_ref().into();
        }
        properties.insert(name.clone().into_owned(), schema);
    }
    let required: Vec<_> = map.fields.iter().filter(|(_, field)| field.required).map(|(name, _)| &**name).collect();
    let mut structure = json!({"type": "object"});
    if !properties.is_empty() {
        structure["properties"] = properties.into();
    }
    if !required.is_empty() {
        structure["required"] = required.into();
    }
    if let Some(entry) = &map.entries {
        structure["additionalProperties"] = schema(entry, open);
    }
    if map.atomic {
        structure["x-kubernetes-map-type"] = "atomic".into();
    }
    structure
}

fn sequence(list: &List, open: &mut Vec<String>) -> Value {
    let items = schema(&list.item, open);
    let items = if items.get("$ref").is_some() { json!({"allOf": [items]}) } else { items };
    let mut sequence = json!({"type": "array", "items": items});
    let kind = match &list.kind {
        ListKind::Atomic => "atomic",
        ListKind::Set => "set",
        ListKind::Keyed(keys) => {
            sequence["x-kubernetes-list-map-keys"] = keys.iter().map(|key| &*key.name).collect();
            "map"
        }
    };
    sequence["x-kubernetes-list-type"] = kind.into();
    sequence
}
