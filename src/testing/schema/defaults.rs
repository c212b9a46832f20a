//! Defaults from a schema, for fields that are missing, or null although they must not be.

use serde_json::Value;

use super::{of_field, says};

pub(super) fn fill_in(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, declared) in schema["properties"].as_object().into_iter().flatten() {
                let missing = fields.get(name).is_none_or(|field| is_lacking(field, declared));
                if let (true, Some(default)) = (missing, declared.get("default").filter(|default| !default.is_null())) {
                    fields.insert(name.clone(), default.clone());
                }
            }
            for (name, field) in fields {
                of_field(schema, name).into_iter().for_each(|declared| entry(field, declared));
            }
        }
        Value::Array(items) => {
            let declared = schema.get("items");
            items.iter_mut().for_each(|item| declared.into_iter().for_each(|declared| entry(item, declared)));
        }
        _ => {}
    }
}

fn entry(value: &mut Value, schema: &Value) {
    if let (true, Some(default)) = (is_lacking(value, schema), schema.get("default")) {
        *value = default.clone();
    }
    fill_in(value, schema);
}

fn is_lacking(value: &Value, schema: &Value) -> bool {
    value.is_null() && !says(schema, "nullable")
}
