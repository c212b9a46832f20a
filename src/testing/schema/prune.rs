//! Pruning: removes fields that a schema does not have, and nulls that mean nothing.

use serde_json::Value;

use super::{child, of_field, says};

/// What all resources have.
const OF_RESOURCES: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Removes the fields of a resource that its schema does not have; tells their paths in order.
pub(super) fn unknown_fields(object: &mut Value, schema: &Value) -> Vec<String> {
    let mut unknown = Vec::new();
    prune(object, Some(schema), true, "", &mut unknown);
    unknown.sort();
    unknown
}

fn prune(value: &mut Value, schema: Option<&Value>, root: bool, path: &str, unknown: &mut Vec<String>) {
    let keeps = schema.is_some_and(|schema| says(schema, "x-kubernetes-preserve-unknown-fields"));
    let resource = root || schema.is_some_and(|schema| says(schema, "x-kubernetes-embedded-resource"));
    match value {
        Value::Object(fields) => fields.retain(|name, field| {
            if resource && OF_RESOURCES.contains(&name.as_str()) {
                return true;
            }
            let declared = schema.and_then(|schema| of_field(schema, name));
            let allowed = schema.is_some_and(|schema| schema["additionalProperties"] == true);
            match (declared, keeps) {
                (None, _) if allowed => prune(field, None, false, &child(path, name), unknown),
                (None, true) => {}
                (None, false) => {
                    unknown.push(child(path, name));
                    return false;
                }
                (declared, _) => prune(field, declared, false, &child(path, name), unknown),
            }
            true
        }),
        Value::Array(items) => {
            let declared = schema.and_then(|schema| schema.get("items"));
            if declared.is_some() || !keeps {
                for (index, item) in items.iter_mut().enumerate() {
                    prune(item, declared, false, &format!("{path}[{index}]"), unknown);
                }
            }
        }
        _ => {}
    }
}

/// Removes null fields that may not be null and have no default to take instead.
pub(super) fn nulls(value: &mut Value, schema: Option<&Value>) {
    match value {
        Value::Object(fields) => fields.retain(|name, field| {
            let declared = schema.and_then(|schema| of_field(schema, name));
            let stays = |schema: &Value| says(schema, "nullable") || schema.get("default").is_some();
            if field.is_null() && !declared.is_none_or(stays) {
                return false;
            }
            nulls(field, declared);
            true
        }),
        Value::Array(items) => {
            let declared = schema.and_then(|schema| schema.get("items"));
            items.iter_mut().for_each(|item| nulls(item, declared));
        }
        _ => {}
    }
}
