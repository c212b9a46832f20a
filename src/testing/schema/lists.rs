//! Lists whose items must differ: `x-kubernetes-list-type` set and map.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{super::status::Flaw, child, of_field};

/// The items that are there twice.
pub(super) fn flaws(object: &Value, schema: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    look(object, schema, "", &mut flaws);
    flaws
}

fn look(value: &Value, schema: &Value, path: &str, flaws: &mut Vec<Flaw>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if let Some(schema) = of_field(schema, name) {
                    look(field, schema, &child(path, name), flaws);
                }
            }
        }
        Value::Array(items) => {
            match schema["x-kubernetes-list-type"].as_str() {
                Some("set") => doubled(items.iter().cloned(), path, flaws),
                Some("map") => match items.iter().position(|item| !item.is_object() && !item.is_null()) {
                    Some(index) => {
                        let why = "must be an object for an array of list-type map";
                        flaws.push(Flaw::invalid(format!("{path}[{index}]"), items[index].clone(), why));
                    }
                    None => doubled(items.iter().map(|item| keys(item, schema)), path, flaws),
                },
                _ => {}
            }
            if let Some(schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    look(item, schema, &format!("{path}[{index}]"), flaws);
                }
            }
        }
        _ => {}
    }
}

/// What tells an item apart from the others of its list.
fn keys(item: &Value, schema: &Value) -> Value {
    let names = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let keys = names.filter_map(|name| Some((name.to_owned(), item.get(name)?.clone())));
    keys.collect::<Map<_, _>>().into()
}

/// Tells of what is there again, once each.
fn doubled(items: impl Iterator<Item = Value>, path: &str, flaws: &mut Vec<Flaw>) {
    let mut seen: HashMap<Value, bool> = HashMap::new();
    for (index, item) in items.enumerate() {
        match seen.get_mut(&item) {
            Some(true) => {}
            Some(told) => {
                *told = true;
                flaws.push(Flaw::duplicate(format!("{path}[{index}]"), item));
            }
            None => drop(seen.insert(item, false)),
        }
    }
}
