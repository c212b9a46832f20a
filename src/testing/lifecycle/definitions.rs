//! Definitions: their names are accepted and their kinds are served. Those that terminate lose their objects first,
//! then they and their kinds are removed.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    super::{
        kinds::{Definition, Part},
        state::{State, Target},
        storage::Object,
        validation,
        write::{Author, Change, Write},
    },
    delete_all, remove_finalizer,
};

/// The finalizer a definition keeps while there are objects of its kind.
pub(in super::super) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Does the next that is due for a definition, which may be gone.
pub(super) fn see_to(state: &mut State, name: &str) {
    let definitions = state.kinds.definitions().clone();
    let Some(definition) = state.storage.get(definitions.id, name).cloned() else {
        return forget(state, name);
    };
    if definition.terminating() { empty(state, &definition) } else { accept(state, &definition) }
}

/// Accepts the names of a definition, then serves its kind: two steps.
fn accept(state: &mut State, definition: &Object) {
    let Some(defined) = Definition::read(&definition.value["spec"]) else { return };
    let time = state.time();
    let mut names = definition.value["spec"]["names"].clone();
    names["singular"] = defined.singular.into();
    names["listKind"] = defined.list.into();
    let established = conditions(&definition.value).iter().find(|c| c["type"] == "Established");
    let accepted = definition.value["status"]["acceptedNames"] == names;
    if accepted && established.is_none_or(|established| established["status"] == "True") {
        return;
    }
    let mut value = definition.value.clone();
    if !accepted {
        value["status"]["acceptedNames"] = names;
        set_condition(&mut value, condition("NamesAccepted", "True", "NoConflicts", "no conflicts found", &time));
        if established.is_none() {
            let message = "the initial names have been accepted";
            set_condition(&mut value, condition("Established", "False", "Installing", message, &time));
        }
    } else if let Some(installing) = established {
        let message = installing["message"].as_str().unwrap_or_default().to_owned();
        set_condition(&mut value, condition("Established", "True", "InitialNamesAccepted", &message, &time));
    }
    // The next step follows from this one.
    write_status(state, definition, value);
}

/// Writes as the server itself does, by the path of the status.
fn write_status(state: &mut State, definition: &Object, value: Value) {
    let kind = state.kinds.definitions().clone();
    let target = Target { version: kind.stored.clone(), namespace: String::new(), kind };
    let write = Write { author: Author::Client("kube-apiserver"), part: Some(&Part::Status), ..Write::default() };
    let _ = state.change(&target, &definition.name, Change::Replace(value.into()), write);
}

/// Deletes the objects of the kind a definition defines, and then the definition.
fn empty(state: &mut State, definition: &Object) {
    let mut held = validation::finalizers(&definition.value).into_iter();
    if !held.any(|finalizer| finalizer == CLEANUP) {
        return;
    }
    let time = state.time();
    let mut value = definition.value.clone();
    let message = "CustomResource deletion is in progress";
    set_condition(&mut value, condition("Terminating", "True", "InstanceDeletionInProgress", message, &time));
    if value != definition.value {
        // This is seen to again: as a change of its own.
        return write_status(state, definition, value);
    }
    let kind = state.kinds.defined(&definition.value).cloned();
    if let Some(kind) = &kind {
        delete_all(state, kind, "");
    }
    if kind.is_none_or(|kind| state.storage.objects(kind.id, "").next().is_none()) {
        let completed = condition("Terminating", "False", "InstanceDeletionCompleted", "removed all instances", &time);
        set_condition(&mut value, completed);
        remove_finalizer(&mut value, CLEANUP);
        write_status(state, definition, value);
    }
}

/// Serves a kind no longer whose definition is gone.
fn forget(state: &mut State, name: &str) {
    let gone = state.kinds.iter().find(|kind| kind.custom && kind.resource() == name).map(|kind| kind.id);
    if let Some(kind) = gone {
        Arc::make_mut(&mut state.kinds).forget(kind);
        state.storage.end(kind);
    }
}

fn condition(name: &str, status: &str, reason: &str, message: &str, time: &str) -> Value {
    json!({"type": name, "status": status, "lastTransitionTime": time, "reason": reason, "message": message})
}

fn conditions(value: &Value) -> &[Value] {
    value["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Sets a condition in the status of an object. One that stays as it is keeps its time.
pub(in super::super) fn set_condition(value: &mut Value, mut condition: Value) {
    let mut conditions = conditions(value).to_vec();
    match conditions.iter_mut().find(|known| known["type"] == condition["type"]) {
        Some(known) => {
            if known["status"] == condition["status"] {
                condition["lastTransitionTime"] = known["lastTransitionTime"].clone();
            }
            *known = condition;
        }
        None => conditions.push(condition),
    }
    if !value["status"].is_object() {
        value["status"] = json!({});
    }
    value["status"]["conditions"] = conditions.into();
}
