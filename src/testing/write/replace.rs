//! What is particular to replacements: that they mean the object that is there, and what they leave as it is.

use std::sync::Arc;

use kube::core::Status;
use serde_json::{Map, Value};

use super::{
    super::{
        kinds::{Kind, Rules},
        state::{State, Target},
        status,
        storage::{Object, key},
        validation,
    },
    Draft, Outcome, Write, create, metadata, text,
};

/// Takes over what a replacement does not replace, if it means the object that is there. Where nothing is there
/// and the kind allows that, it is a new object.
pub(super) fn admit(
    state: &mut State,
    target: &Target,
    name: &str,
    mut object: Map<String, Value>,
    write: Write,
) -> Result<Draft, Box<Status>> {
    let kind = &target.kind;
    let given = metadata(&mut object);
    match text(given, "name") {
        None => drop(given.insert("name".to_owned(), name.into())),
        Some(other) if other != name => {
            return Err(status::bad_request(format!(
                "the name of the object ({other}) does not match the name on the URL ({name})"
            )));
        }
        Some(_) => {}
    }
    let version = text(given, "resourceVersion");
    let key = key(&target.namespace, name);
    let Some(live) = state.storage.get(kind.id, &key).cloned() else {
        if kind.rules.contain(Rules::CREATES_ON_REPLACE) && version.is_none() {
            return create::admit(state, target, object);
        }
        return Err(status::not_found(kind, name));
    };
    if !write.force {
        check(kind, &key, &live, given, version.as_deref())?;
    }
    for field in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"] {
        match &live.value["metadata"][field] {
            Value::Null => given.remove(field),
            kept => given.insert(field.to_owned(), kept.clone()),
        };
    }
    given.remove("selfLink");
    given.insert("resourceVersion".to_owned(), live.metadata("resourceVersion").into());
    Ok(Draft { object, live: Some(live), version, time: state.time() })
}

/// Identity first, then the version.
fn check(
    kind: &Kind,
    key: &str,
    live: &Object,
    given: &Map<String, Value>,
    version: Option<&str>,
) -> Result<(), Box<Status>> {
    let name = &live.name;
    let current = live.metadata("resourceVersion");
    match version.map(str::parse::<u64>) {
        Some(Err(_)) => {
            let version = version.unwrap_or_default();
            return Err(status::internal(format!("strconv.ParseUint: parsing {version:?}: invalid syntax")));
        }
        None if kind.rules.contain(Rules::NEEDS_VERSION) => {
            let flaw = status::Flaw::invalid("metadata.resourceVersion", 0, "must be specified for an update");
            return Err(status::invalid_as(&kind.group, &kind.plural, name, vec![flaw]));
        }
        _ => {}
    }
    if let Some(uid) = text(given, "uid").filter(|uid| uid != live.metadata("uid")) {
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}/{key}, ResourceVersion: 0, AdditionalErrorMsg: \
             Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            if kind.custom { format!("{}/{}", kind.group, kind.plural) } else { kind.plural.clone() },
            live.metadata("uid")
        );
        return Err(status::conflict(kind, name, &why));
    }
    match version.map(str::parse::<u64>) {
        Some(Ok(version)) if version != 0 && version.to_string() != current => {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            Err(status::conflict(kind, name, why))
        }
        _ => Ok(()),
    }
}

/// Stores it if it changes anything. An object that is being deleted goes with its last finalizer.
pub(super) fn commit(state: &mut State, target: &Target, live: Arc<Object>, object: Value, write: Write) -> Outcome {
    let kind = &target.kind;
    if object == live.value {
        return Outcome { object: live, created: false };
    }
    let key = key(&live.namespace, &live.name);
    let released = validation::finalizers(&object).is_empty() && object["spec"]["finalizers"].is_null();
    let object = match (live.terminating() && released, write.dry_run) {
        (_, true) => Object::new(object).into(),
        (true, false) => {
            state.remove(kind, &key);
            Object::new(object).into()
        }
        (false, false) => state.put(kind, &key, object),
    };
    Outcome { object, created: false }
}
