//! The first stage of a write: what the body holds, as an object of the kind the request is about.

use kube::core::Status;
use serde_json::{Map, Value, json};

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
    let unusable = |why: &str| {
        status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {why}",
            kind.kind, target.version, kind.kind
        ))
    };
    let Value::Object(mut object) = object else {
        return Err(unusable("json: cannot unmarshal a value that is not an object"));
    };
    check_kind(kinds, target, &object)?;
    if !object.get("metadata").is_none_or(|metadata| metadata.is_object() || metadata.is_null()) {
        return Err(unusable("json: cannot unmarshal a value that is not an object into Go struct field .metadata"));
    }
    if !object.get("metadata").is_some_and(Value::is_object) {
        object.insert("metadata".to_owned(), json!({}));
    }
    let object = Value::Object(object);
    if let Some(problem) = validation::unreadable(kind, &object) {
        return Err(unusable(&problem));
    }
    let Value::Object(mut object) = object else { unreachable!("it was just made one") };
    object.insert("kind".to_owned(), kind.kind.clone().into());
    object.insert("apiVersion".to_owned(), kind.api_version(&kind.stored).into());
    let metadata = metadata(&mut object);
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

/// Refuses an object that says it is of another kind or version than the request is about.
fn check_kind(kinds: &Kinds, target: &Target, object: &Map<String, Value>) -> Result<(), Box<Status>> {
    let Kind { kind, group, custom, .. } = &*target.kind;
    let (api_version, said_kind) = (text(object, "apiVersion"), text(object, "kind"));
    let expected = target.kind.api_version(&target.version);
    if let Some(said) = api_version.as_ref().filter(|said| *custom && **said != expected) {
        return Err(status::bad_request(format!(
            "the API version in the data ({said}) does not match the expected API version ({expected})"
        )));
    }
    let said_kind = said_kind.as_deref().unwrap_or(kind);
    if said_kind != kind && *custom {
        let name = object.get("metadata").and_then(|metadata| metadata["name"].as_str()).unwrap_or_default();
        let flaw = status::Flaw::invalid("kind", said_kind, &format!("must be {kind}"));
        return Err(status::invalid_as(group, said_kind, name, vec![flaw]));
    }
    let said_version = api_version.as_deref().unwrap_or(&expected);
    if said_kind == kind && said_version == expected {
        return Ok(());
    }
    let group_version = said_version.rsplit('/').next().unwrap_or_default();
    let why = match kinds.of_object(said_version, said_kind) {
        Some(_) => format!("converting ({group_version}.{said_kind}) to (core.{kind}): unknown conversion"),
        None => format!(
            "no kind {said_kind:?} is registered for version {said_version:?} in scheme \"pkg/runtime/scheme.go:111\""
        ),
    };
    Err(status::bad_request(format!("{said_kind} in version {group_version:?} cannot be handled as a {kind}: {why}")))
}
