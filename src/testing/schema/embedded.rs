//! Embedded resources (`x-kubernetes-embedded-resource`): they need metadata, apiVersion and kind as any object does.

use serde_json::Value;

use super::{
    super::{
        shape::{Shapes, decode::decode},
        status::Flaw,
    },
    child, of_field, says,
};
use crate::selector::is_dns_label;

/// Prunes the metadata of embedded resources; tells the paths of fields it removed, or why it is none.
pub(super) fn coerce(object: &mut Value, schema: &Value) -> Result<Vec<String>, String> {
    let mut unknown = Vec::new();
    let mut refused = None;
    visit(object, schema, "", &mut |resource, path| {
        let mut refuse = |field: &str, value: &Value, why: &str| {
            refused.get_or_insert(format!("{}: Invalid value: {value}: {why}", child(path, field)));
        };
        for field in ["apiVersion", "kind"] {
            if let Some(value) = resource.get(field).filter(|value| !value.is_string()) {
                refuse(field, value, "must be a string");
            }
        }
        let Some(metadata) = resource.get_mut("metadata") else { return };
        let path = child(path, "metadata");
        match decode(&*metadata, Shapes::built_in().named("ObjectMeta"), "ObjectMeta") {
            Ok(read) => {
                *metadata = read.value;
                let names = read.problems.iter().filter_map(|problem| problem.strip_prefix("unknown field \""));
                unknown.extend(names.map(|name| child(&path, name.trim_end_matches('"'))));
            }
            Err(why) => refuse("metadata", metadata, &why.to_string()),
        }
    });
    refused.map_or(Ok(unknown), Err)
}

/// What embedded resources lack.
pub(super) fn flaws(object: &Value, schema: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    visit(&mut object.clone(), schema, "", &mut |resource, path| {
        for field in ["apiVersion", "kind"] {
            let path = child(path, field);
            match resource.get(field) {
                None => flaws.push(Flaw::required(path, "")),
                Some(Value::String(text)) if text.is_empty() => {
                    flaws.push(Flaw::invalid(path, "", "must not be empty"))
                }
                Some(Value::String(text)) if field == "kind" && !is_dns_label(&text.to_lowercase()) => {
                    flaws.push(Flaw::invalid(path, text.as_str(), KIND_RULE));
                }
                Some(Value::String(text)) if field == "apiVersion" && text.matches('/').count() > 1 => {
                    let why = format!("unexpected GroupVersion string: {text}");
                    flaws.push(Flaw::invalid(path, text.as_str(), &why));
                }
                Some(Value::String(_)) => {}
                Some(other) => flaws.push(Flaw::invalid(path, other.clone(), "must be a string")),
            }
        }
    });
    flaws
}

const KIND_RULE: &str = "may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case \
                         alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric \
                         character (e.g. 'my-name',  or 'abc-123', regex used for validation is \
                         '[a-z]([-a-z0-9]*[a-z0-9])?')";

/// Goes to all embedded resources, with their paths.
fn visit(value: &mut Value, schema: &Value, path: &str, found: &mut impl FnMut(&mut Value, &str)) {
    if says(schema, "x-kubernetes-embedded-resource") && value.is_object() {
        found(value, path);
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if let Some(schema) = of_field(schema, name) {
                    visit(field, schema, &child(path, name), found);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for (index, item) in items.iter_mut().enumerate() {
                    visit(item, schema, &format!("{path}[{index}]"), found);
                }
            }
        }
        _ => {}
    }
}
