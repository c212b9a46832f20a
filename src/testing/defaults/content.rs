//! Defaults of ConfigMaps, Secrets, Namespaces, Nodes, LimitRanges, ResourceQuotas, Events and definitions.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{Fields, amounts, child, default, first_of, items, made, text};
use crate::testing::kinds::Definition;

pub(super) fn config_map(object: &mut Fields) {
    canonical_base64(object, "binaryData");
}

pub(super) fn secret(object: &mut Fields) {
    canonical_base64(object, "data");
    if let Some(Value::Object(plain)) = object.remove("stringData")
        && let Some(data) = made(object, "data")
    {
        for (key, value) in plain {
            data.insert(key, STANDARD.encode(value.as_str().unwrap_or_default()).into());
        }
    }
    default(object, "type", "Opaque");
}

/// Base64 loses its line ends, as it does on its way through bytes.
fn canonical_base64(object: &mut Fields, field: &str) {
    for value in object.get_mut(field).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if let Value::String(text) = value {
            text.retain(|c| !matches!(c, '\r' | '\n'));
        }
    }
}

/// A namespace is active, and bears its name as a label.
pub(super) fn namespace(object: &mut Fields) {
    made(object, "spec");
    made(object, "status").into_iter().for_each(|status| default(status, "phase", "Active"));
    bear_name(object);
}

/// Writes the name of a namespace into the label that bears it, if it has a name yet.
pub(in crate::testing) fn bear_name(object: &mut Fields) {
    let Some(metadata) = made(object, "metadata") else { return };
    let name = text(metadata, "name").to_owned();
    if let Some(labels) = (!name.is_empty()).then(|| made(metadata, "labels")).flatten() {
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.into());
    }
}

pub(super) fn node(object: &mut Fields) {
    if let Some(spec) = made(object, "spec") {
        first_of(spec, "podCIDR", "podCIDRs", |range| range.into());
    }
    let Some(status) = made(object, "status") else { return };
    amounts(status, "capacity");
    amounts(status, "allocatable");
    let capacity = status.get("capacity").cloned();
    status.extend(
        (!status.contains_key("allocatable")).then_some(capacity).flatten().map(|c| ("allocatable".to_owned(), c)),
    );
}

pub(super) fn limit_range(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    for limit in items(spec, "limits") {
        for field in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            amounts(limit, field);
        }
        if text(limit, "type") == "Container" {
            for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
                let found = limit.get(from).and_then(Value::as_object).cloned().unwrap_or_default();
                for (name, amount) in found {
                    let to = made(limit, to).filter(|to| !to.contains_key(&name));
                    to.into_iter().for_each(|to| drop(to.insert(name.clone(), amount.clone())));
                }
            }
        }
    }
}

pub(super) fn resource_quota(object: &mut Fields) {
    made(object, "spec").into_iter().for_each(|spec| amounts(spec, "hard"));
    if let Some(status) = made(object, "status") {
        amounts(status, "hard");
        amounts(status, "used");
    }
}

pub(super) fn api_service(object: &mut Fields) {
    if let Some(service) = made(object, "spec").and_then(|spec| child(spec, "service")) {
        default(service, "port", 443);
    }
}

/// A definition derives the names it does not say.
pub(super) fn definition(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "conversion", json!({"strategy": "None"}));
    let Some(Definition { singular, list, .. }) = object.get("spec").and_then(Definition::read) else { return };
    if let Some(names) = made(object, "spec").and_then(|spec| made(spec, "names")) {
        default(names, "singular", singular);
        default(names, "listKind", list);
    }
}
