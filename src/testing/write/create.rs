//! The special parts of a create: where a new object may go, its name and uid, and that it does not exist yet.

use std::sync::Arc;

use kube::core::Status;
use serde_json::{Map, Value};

use super::{
    super::{
        state::{State, Target},
        status,
        storage::{Object, key},
    },
    Draft, Outcome, Write, metadata, text,
};

/// Gives an object its identity, if something new may come into the namespace and the kind. Only by force it may bring
/// its own uid.
pub(super) fn admit(
    state: &mut State,
    target: &Target,
    mut object: Map<String, Value>,
    write: Write<'_>,
) -> Result<Draft, Box<Status>> {
    open(state, target, &object)?;
    let time = state.time();
    let uid = state.random.uid();
    let metadata = metadata(&mut object);
    for field in ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        metadata.remove(field);
    }
    if !write.force || text(metadata, "uid").is_none() {
        metadata.insert("uid".to_owned(), uid.into());
    }
    metadata.insert("creationTimestamp".to_owned(), time.clone().into());
    let version = metadata.remove("resourceVersion").and_then(|version| version.as_str().map(str::to_owned));
    Ok(Draft { object, live: None, version, time, owned: false })
}

/// Gives an object without a name one that begins as it asks. Defaults and owners know nothing of that.
pub(super) fn name(state: &mut State, object: &mut Map<String, Value>) {
    let suffix = state.random.suffix();
    let metadata = metadata(object);
    if let (None, Some(prefix)) = (text(metadata, "name"), text(metadata, "generateName")) {
        let name = format!("{}{suffix}", prefix.chars().take(58).collect::<String>());
        metadata.insert("name".to_owned(), name.into());
    }
}

/// Refuses what is new where the namespace is missing or going, or the definition is.
fn open(state: &State, target: &Target, object: &Map<String, Value>) -> Result<(), Box<Status>> {
    let kind = &target.kind;
    let metadata = object.get("metadata").and_then(Value::as_object);
    let said = |field: &str| metadata.and_then(|metadata| text(metadata, field));
    let name = said("name").or_else(|| said("generateName")).unwrap_or_else(|| "Unknown".to_owned());
    if kind.namespaced {
        let namespaces = state.kinds.namespaces();
        if state.find(namespaces, "", &target.namespace)?.terminating() {
            return Err(status::namespace_terminating(kind, &name, &target.namespace));
        }
    }
    let definition = kind.custom.then(|| state.storage.get(state.kinds.definitions().id, &kind.resource())).flatten();
    if definition.is_some_and(|definition| definition.terminating()) {
        let why = "create not allowed while custom resource definition is terminating";
        return Err(status::refused(&kind.resource(), &kind.group, &name, why));
    }
    Ok(())
}

/// What was not stored has the version that it brought.
fn tried(mut object: Value, version: Option<&str>) -> Arc<Object> {
    if let Some(version) = version.filter(|version| !version.is_empty()) {
        object["metadata"]["resourceVersion"] = version.into();
    }
    Object::new(object).into()
}

/// Stores it unless there is one of that name.
pub(super) fn commit(
    state: &mut State,
    target: &Target,
    version: Option<&str>,
    object: Value,
    write: Write<'_>,
) -> Result<Outcome, Box<Status>> {
    let kind = &target.kind;
    if !write.dry_run && version.and_then(|version| version.parse().ok()).is_some_and(|version: u64| version != 0) {
        return Err(status::internal("resourceVersion should not be set on objects to be created"));
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let key = key(&target.namespace, name);
    if let Some(existing) = state.storage.get(kind.id, &key) {
        return Err(status::already_exists(kind, name, existing.terminating()));
    }
    let object = match write.dry_run {
        true => tried(object, version),
        false => state.put(kind, &key, object, write),
    };
    Ok(Outcome { object, created: true })
}
