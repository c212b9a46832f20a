//! Recording who owns the fields that a write set.
//!
//! Not here: how ownership is computed and stored ([`owners`]).

use serde_json::{Map, Value, json};

use super::{
    super::{
        conversion,
        kinds::{Kind, Part},
        owners::{self, Writer},
        state::Target,
    },
    Author, Write, metadata, part,
};

/// The manager of what tests write through their doors.
const TEST: &str = "fake-cluster";
/// The manager of what the server says of definitions.
const SERVER: &str = "kube-apiserver";

/// Notes in the new object what the write took. What a test creates has no owners, and stays without them until
/// somebody applies something to it.
pub(super) fn update(
    target: &Target,
    live: Option<&Value>,
    mut object: Map<String, Value>,
    write: Write<'_>,
    time: &str,
) -> Map<String, Value> {
    if matches!((write.author, live), (Author::Test, None)) {
        let metadata = metadata(&mut object);
        if metadata.get("managedFields").is_some_and(|owners| *owners == json!([])) {
            metadata.remove("managedFields");
        }
        return object;
    }
    let api_version = target.kind.api_version(&target.version);
    let writer = writer(target, &api_version, write, time);
    let shape = target.kind.shape(&target.version);
    let zero = zero(target);
    let live = conversion::shown(target, live.unwrap_or(&zero));
    // Writers own fields of the version they speak.
    let mut shown = object.clone();
    conversion::show(&target.kind, &target.version, &mut shown);
    let mut shown = Value::Object(shown);
    owners::update(&live, &mut shown, shape, &writer);
    let metadata = metadata(&mut object);
    match shown["metadata"]["managedFields"].take() {
        Value::Null => drop(metadata.remove("managedFields")),
        owners => drop(metadata.insert("managedFields".to_owned(), owners)),
    }
    object
}

/// Notes in a new state of a status what the server took of it.
pub(super) fn by_server(kind: &Kind, live: &Value, object: &mut Value, time: &str) {
    let api_version = kind.api_version(&kind.stored);
    let writer = Writer {
        manager: SERVER,
        api_version: &api_version,
        subresource: Part::Status.name(),
        scope: owners::Scope::All,
        now: time,
        kind: None,
    };
    owners::update(live, object, kind.shape(&kind.stored), &writer);
}

pub(super) fn writer<'w>(target: &'w Target, api_version: &'w str, write: Write<'w>, now: &'w str) -> Writer<'w> {
    let (manager, scope) = match write.author {
        Author::Test => (TEST, owners::Scope::All),
        Author::Client(manager) => (manager, part::scope(target, write.part)),
    };
    Writer {
        manager,
        api_version,
        subresource: write.part.map_or("", Part::name),
        scope,
        now,
        kind: Some(&target.kind),
    }
}

/// A new object of a kind, which belongs to nobody.
pub(super) fn zero(target: &Target) -> Value {
    target.kind.shape(&target.version).zero().into()
}
