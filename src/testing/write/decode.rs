//! The first stage of a write: what the body holds, as an object of the kind the request is about.

use kube::core::Status;
use serde_json::{Map, Value};

use super::{
    super::{
        kinds::{Kind, Kinds},
        state::Target,
        status, validation,
    },
    metadata, text,
};

/// The object a body holds, with kind, stored apiVersion and the namespace of the request.
pub(super) fn decode(kinds: &Kinds, target: &Target, object: Value) -> Result<Map<String, Value>, Box<Status>> {
    let kind = &target.kind;
    if let Some(Unreadable { said, why }) = unreadable(kinds, target, &object) {
        return Err(status::bad_request(format!("{said} cannot be handled as a {}: {why}", kind.kind)));
    }
    let Value::Object(mut object) = object else { unreachable!("it is readable") };
    same_kind(target, &object)?;
    object.insert("kind".to_owned(), kind.kind.clone().into());
    object.insert("apiVersion".to_owned(), kind.api_version(&kind.stored).into());
    for field in ["data", "binaryData", "stringData"].into_iter().filter(|_| !kind.custom) {
        nulls_are_empty(object.get_mut(field));
    }
    let metadata = metadata(&mut object);
    for field in ["labels", "annotations"] {
        nulls_are_empty(metadata.get_mut(field));
    }
    metadata.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty()));
    match text(metadata, "namespace") {
        _ if !kind.namespaced => drop(metadata.remove("namespace")),
        Some(other) if other != target.namespace => {
            return Err(status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        _ => drop(metadata.insert("namespace".to_owned(), target.namespace.clone().into())),
    }
    Ok(object)
}

/// Maps of texts hold no null.
fn nulls_are_empty(map: Option<&mut Value>) {
    for value in map.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if value.is_null() {
            *value = "".into();
        }
    }
}

/// Why something cannot be read as an object of a kind.
pub(super) struct Unreadable {
    /// What it says it is: `Secret in version "v1"`.
    said: String,
    pub(super) why: String,
}

/// Why the object cannot be read as what the request is about, if so.
pub(super) fn unreadable(kinds: &Kinds, target: &Target, object: &Value) -> Option<Unreadable> {
    let kind = &target.kind;
    let unusable = |why: &str| {
        Some(Unreadable { said: format!("{} in version {:?}", kind.kind, target.version), why: why.to_owned() })
    };
    let Value::Object(fields) = object else {
        return unusable("json: cannot unmarshal a value that is not an object");
    };
    let other = other_kind(kinds, target, object, fields);
    if other.is_some() {
        return other;
    }
    if !fields.get("metadata").is_none_or(|metadata| metadata.is_object() || metadata.is_null()) {
        return unusable("json: cannot unmarshal a value that is not an object into Go struct field .metadata");
    }
    unusable(&validation::unreadable(kind, object)?)
}

/// Refuses a custom object that says it is of another kind or version than the request is about.
fn same_kind(target: &Target, object: &Map<String, Value>) -> Result<(), Box<Status>> {
    let Kind { kind, group, custom, .. } = &*target.kind;
    if !custom {
        return Ok(());
    }
    let expected = target.kind.api_version(&target.version);
    if let Some(said) = text(object, "apiVersion").filter(|said| *said != expected) {
        return Err(status::bad_request(format!(
            "the API version in the data ({said}) does not match the expected API version ({expected})"
        )));
    }
    match text(object, "kind") {
        Some(said) if said != *kind => {
            let name = object.get("metadata").and_then(|metadata| metadata["name"].as_str()).unwrap_or_default();
            let flaw = status::Flaw::invalid("kind", said.as_str(), &format!("must be {kind}"));
            Err(status::invalid_as(group, &said, name, vec![flaw]))
        }
        _ => Ok(()),
    }
}

/// Why an object that says it is of another built-in kind or version cannot be read, if it does.
fn other_kind(kinds: &Kinds, target: &Target, object: &Value, fields: &Map<String, Value>) -> Option<Unreadable> {
    let Kind { kind, group, custom, .. } = &*target.kind;
    let expected = target.kind.api_version(&target.version);
    let said_kind = text(fields, "kind").unwrap_or_else(|| kind.clone());
    let said_version = text(fields, "apiVersion").unwrap_or_else(|| expected.clone());
    if *custom || (said_kind == *kind && said_version == expected) {
        return None;
    }
    let group_version = said_version.rsplit('/').next().unwrap_or_default();
    let why = match kinds.of_object(&said_version, &said_kind) {
        Some((other, _)) => validation::unreadable(other, object).unwrap_or_else(|| {
            let package = group.split('.').next().filter(|group| !group.is_empty()).unwrap_or("core");
            format!("converting ({group_version}.{said_kind}) to ({package}.{kind}): unknown conversion")
        }),
        None => format!(
            "no kind {said_kind:?} is registered for version {said_version:?} in scheme \"pkg/runtime/scheme.go:111\""
        ),
    };
    Some(Unreadable { said: format!("{said_kind} in version {group_version:?}"), why })
}
