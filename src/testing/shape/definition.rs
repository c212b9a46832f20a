//! The types of custom kinds, read from the schemas of their definitions.
//!
//! Not here: validation, and defaults, except those of list keys.

use serde_json::{Map, Value, json};

use super::{Key, Scalar, Type};

/// The type of a whole object: the schema need not say what all objects have.
pub(super) fn object(schema: &Value) -> Type {
    resource(map(schema, keeps_unknown(schema)))
}

fn read(schema: &Value, keeps: bool) -> Type {
    let keeps = keeps || keeps_unknown(schema);
    match schema["type"].as_str() {
        Some("object") if schema["x-kubernetes-embedded-resource"] == true => resource(map(schema, keeps)),
        Some("object") => map(schema, keeps),
        Some("array") => list(schema, keeps),
        Some(scalar) => Type::Scalar(match (scalar, schema["format"].as_str()) {
            ("string", None | Some("" | "byte")) => Scalar::String,
            ("integer" | "number", _) => Scalar::Number,
            ("boolean", _) => Scalar::Bool,
            _ => Scalar::Any,
        }),
        None if schema["x-kubernetes-int-or-string"] == true => Type::Scalar(Scalar::Any),
        None if schema.get("properties").is_some() => map(schema, keeps),
        None => Type::Any,
    }
}

/// Fields that are not listed are refused, unless the schema or one around it keeps what it does not know.
fn map(schema: &Value, keeps: bool) -> Type {
    let properties = schema["properties"].as_object();
    let fields = properties.into_iter().flatten();
    let structure = fields.fold(Type::structure(), |map, (name, schema)| map.field(name.clone(), read(schema, keeps)));
    let map = match &schema["additionalProperties"] {
        Value::Null if keeps || properties.is_none_or(Map::is_empty) => structure.and_entries(Type::Any),
        Value::Null | Value::Bool(false) => structure,
        Value::Bool(true) => structure.and_entries(Type::Any),
        entry => structure.and_entries(read(entry, keeps)),
    };
    if schema["x-kubernetes-map-type"] == "atomic" { map.atomic() } else { map }
}

fn list(schema: &Value, keeps: bool) -> Type {
    let items = &schema["items"];
    let list = Type::list_of(if items.is_null() { Type::Any } else { read(items, keeps) });
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => list.set(),
        Some("map") => {
            let names = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str);
            list.keyed(names.map(|name| Key {
                name: name.to_owned().into(),
                default: items["properties"][name].get("default").cloned(),
            }))
        }
        _ => list,
    }
}

fn resource(structure: Type) -> Type {
    let structure =
        structure.field("apiVersion", Type::Scalar(Scalar::String)).field("kind", Type::Scalar(Scalar::String));
    structure.field("metadata", Type::Named("ObjectMeta".into()))
}

fn keeps_unknown(schema: &Value) -> bool {
    schema["x-kubernetes-preserve-unknown-fields"] == json!(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shape::{Atom, Shape, Shapes};

    fn orchard(spec: Value) -> Shapes {
        Shapes::custom(
            "Orchard",
            &json!({"type": "object", "properties": {"spec": spec, "metadata": {"type": "object"}}}),
        )
    }

    fn spec(shapes: &Shapes) -> Shape<'_> {
        shapes.named("Orchard").member("spec").expect("declared").shape
    }

    #[test]
    fn all_objects_have_metadata() {
        let shapes = orchard(json!({"type": "object"}));
        let orchard = shapes.named("Orchard");
        let owners = orchard.member("metadata").and_then(|metadata| metadata.shape.member("ownerReferences"));
        let uid = Key { name: "uid".into(), default: Some(json!("")) };
        assert_eq!(owners.expect("declared").shape.atom(&json!([])), Atom::Keyed(&[uid]));
        assert!(orchard.member("kind").is_some());
        assert!(orchard.member("wings").is_none());
    }

    #[test]
    fn lists_and_maps_are_as_their_extensions_say() {
        let tree = json!({"type": "object", "properties": {"row": {"type": "integer"}, "side": {"default": "left"}}});
        let shapes = orchard(json!({"type": "object", "properties": {
            "trees": {
                "type": "array", "items": tree,
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["row", "side"],
            },
            "sorts": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "paths": {"type": "array", "items": {"type": "string"}},
            "fence": {"type": "object", "properties": {"height": {}}, "x-kubernetes-map-type": "atomic"},
            "width": {"x-kubernetes-int-or-string": true},
        }}));
        let atom = |name: &str, value: Value| {
            spec(&shapes).member(name).map(|member| (member.shape.atom(&value), member.declared))
        };
        let side = Key { name: "side".into(), default: Some(json!("left")) };
        assert_eq!(atom("trees", json!([])), Some((Atom::Keyed(&["row".into(), side]), true)));
        assert_eq!(atom("sorts", json!([])), Some((Atom::Set, true)));
        assert_eq!(atom("paths", json!([])), Some((Atom::Leaf, true)));
        assert_eq!(atom("fence", json!({})), Some((Atom::Leaf, true)));
        assert_eq!(atom("width", json!({})), Some((Atom::Leaf, true)));
        assert_eq!(atom("gate", json!(1)), None);
    }

    #[test]
    fn unknown_fields_are_entries_where_the_schema_keeps_them() {
        let shapes = orchard(json!({
            "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            "properties": {"fence": {"type": "object", "properties": {"height": {"type": "integer"}}}},
        }));
        let fence = spec(&shapes).member("fence").expect("declared");
        assert!(fence.declared);
        assert!(!fence.shape.member("gate").expect("kept").declared);
        assert!(!spec(&shapes).member("gate").expect("kept").declared);
        let free =
            orchard(json!({"type": "object", "additionalProperties": {"type": "object", "properties": {"a": {}}}}));
        let entry = spec(&free).member("north").expect("an entry");
        assert!(!entry.declared && entry.shape.member("a").is_some() && entry.shape.member("b").is_none());
    }
}
