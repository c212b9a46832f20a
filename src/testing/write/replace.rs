//! What is particular to replacements: that they mean the object that is there, and what they leave as it is.

use std::sync::Arc;

use kube::core::Status;
use serde_json::{Map, Value};

use super::{
    super::{
        kinds::{Kind, Rules},
        owners,
        quoted::quoted,
        state::{State, Target},
        status,
        storage::{Object, key},
    },
    Draft, Outcome, Write, create, delete, limits, metadata, text,
};

/// What a replacement must not change.
const IDENTITY: [&str; 3] = ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"];

/// Takes over what a replacement does not replace, if it means the object that is there. Where nothing is there
/// and the kind allows that, it is a new object.
pub(super) fn admit(
    state: &mut State,
    target: &Target,
    name: &str,
    mut object: Map<String, Value>,
    write: Write<'_>,
) -> Result<Draft, Box<Status>> {
    let kind = &target.kind;
    let given = metadata(&mut object);
    named(given, name)?;
    let version = text(given, "resourceVersion");
    let key = key(&target.namespace, name);
    let Some(live) = state.storage.get(kind.id, &key).cloned() else {
        if kind.rules.contain(Rules::CREATES_ON_REPLACE) {
            if let Some(uid) = text(given, "uid").filter(|_| !write.force) {
                return Err(other(kind, name, &key, "UID", &uid, ""));
            }
            parsed(version.as_deref())?;
            given.remove("resourceVersion");
            return create::admit(state, target, object, write);
        }
        return Err(status::not_found(kind, name));
    };
    if !write.force {
        same_object(kind, &key, &live, given)?;
        current(kind, &live, number(kind, name, version.as_deref())?)?;
    }
    if write.force {
        IDENTITY.iter().for_each(|field| drop(given.remove(*field)));
    }
    Ok(Draft { object, live: Some(live), version, time: state.time(), owned: false })
}

/// The same for what a patch makes of the object that is there. That it is another object is a flaw of its uid here.
pub(super) fn admit_patched(
    state: &State,
    target: &Target,
    name: &str,
    mut object: Map<String, Value>,
) -> Result<Draft, Box<Status>> {
    let kind = &target.kind;
    let given = metadata(&mut object);
    named(given, name)?;
    let version = text(given, "resourceVersion");
    let live = state.find(kind, &target.namespace, name)?.clone();
    current(kind, &live, number(kind, name, version.as_deref())?)?;
    Ok(Draft { object, live: Some(live), version, time: state.time(), owned: false })
}

/// Whether the object says the name of the request.
pub(super) fn named(given: &Map<String, Value>, name: &str) -> Result<(), Box<Status>> {
    match text(given, "name") {
        None => Err(status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        ))),
        Some(other) if other != name => Err(status::bad_request(format!(
            "the name of the object ({other}) does not match the name on the URL ({name})"
        ))),
        Some(_) => Ok(()),
    }
}

/// Sets what a replacement leaves as it is. What it must not change stays as given, to be refused.
pub(super) fn keep(object: &mut Map<String, Value>, live: &Object) {
    let given = metadata(object);
    let live_metadata = &live.value["metadata"];
    for field in ["uid", "deletionGracePeriodSeconds"] {
        if given.get(field).is_none_or(|said| *said == "") {
            given.remove(field);
            given.extend(live_metadata.get(field).map(|kept| (field.to_owned(), kept.clone())));
        }
    }
    if let Some(kept) = live_metadata.get("deletionTimestamp") {
        given.insert("deletionTimestamp".to_owned(), kept.clone());
    }
    for field in ["creationTimestamp", "generation", "resourceVersion"] {
        match &live_metadata[field] {
            Value::Null => given.remove(field),
            kept => given.insert(field.to_owned(), kept.clone()),
        };
    }
    given.remove("selfLink");
}

/// The version as a number, if it is one.
pub(super) fn parsed(version: Option<&str>) -> Result<Option<u64>, Box<Status>> {
    let unreadable = |version: &str| format!("strconv.ParseUint: parsing {}: invalid syntax", quoted(version));
    version.map(|version| version.parse().map_err(|_| status::internal(unreadable(version)))).transpose()
}

/// The same, and some kinds want one.
fn number(kind: &Kind, name: &str, version: Option<&str>) -> Result<Option<u64>, Box<Status>> {
    match parsed(version)? {
        Some(number) if number != 0 => Ok(Some(number)),
        _ if kind.rules.contain(Rules::NEEDS_VERSION) => {
            let flaw = status::Flaw::invalid("metadata.resourceVersion", 0, "must be specified for an update");
            Err(status::invalid_as(&kind.group, &kind.plural, name, vec![flaw]))
        }
        other => Ok(other),
    }
}

pub(super) fn same_object(
    kind: &Kind,
    key: &str,
    live: &Object,
    given: &Map<String, Value>,
) -> Result<(), Box<Status>> {
    let Some(uid) = text(given, "uid").filter(|uid| uid != live.metadata("uid")) else { return Ok(()) };
    Err(other(kind, &live.name, key, "UID", &uid, live.metadata("uid")))
}

/// What is there is another object, or another version of it, than is meant; or nothing is.
pub(in super::super) fn other(
    kind: &Kind,
    name: &str,
    key: &str,
    what: &str,
    wanted: &str,
    found: &str,
) -> Box<Status> {
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: \
         {what} in precondition: {wanted}, {what} in object meta: {found}",
        limits::path(kind, key),
    );
    status::conflict(kind, name, &why)
}

fn current(kind: &Kind, live: &Object, version: Option<u64>) -> Result<(), Box<Status>> {
    match version {
        Some(version) if version != 0 && version.to_string() != live.metadata("resourceVersion") => {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            Err(status::conflict(kind, &live.name, why))
        }
        _ => Ok(()),
    }
}

/// Stores it if it changes anything but the times at which its owners took their fields. An object that is being deleted goes with its last finalizer.
pub(super) fn commit(
    state: &mut State,
    target: &Target,
    live: Arc<Object>,
    object: Value,
    write: Write<'_>,
) -> Outcome {
    let kind = &target.kind;
    if owners::same_but_times(&object, &live.value) {
        return Outcome { object: live, created: false };
    }
    let key = key(&live.namespace, &live.name);
    let object = match (delete::released(kind, &live, &object), write.dry_run) {
        (_, true) => Object::new(object).into(),
        (true, false) => {
            state.remove(kind, &key);
            Object::new(object).into()
        }
        (false, false) => state.put(kind, &key, object, write),
    };
    Outcome { object, created: false }
}
