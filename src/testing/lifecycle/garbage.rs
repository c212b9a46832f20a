//! The garbage collector: dependents follow their owners.
//!
//! An object whose owners are all gone is deleted. An owner is gone if no object of its kind and name has its uid, also
//! if there never was one. If its kind is unknown, the object stays. A real collector acts some time later, this one at
//! once.

use std::sync::Arc;

use serde_json::Value;

use super::{
    super::{
        deletion::Policy,
        kinds::{Kind, KindId},
        state::State,
        storage::{Object, key},
        validation,
    },
    Step, Task, delete, release,
};

/// What an object says of one of its owners.
enum Owner {
    /// It is there.
    Present,
    /// It is there as long as this object is.
    Waiting,
    Gone,
    /// It is of a kind nobody knows, or one in a namespace while the object is in none.
    Unknown,
}

/// Notes who is concerned by a step.
pub(super) fn note(state: &mut State, kind: &Kind, object: &Object, step: &Step<'_>) {
    let key = key(&object.namespace, &object.name);
    let tasks = &mut state.lifecycle;
    match step {
        Step::Removed(_) => tasks.dependents.remove(kind.id, object),
        _ => tasks.dependents.add(kind.id, object),
    }
    match step {
        Step::Forced(_) => {}
        Step::Stored(_) | Step::Told(_) if uids(&object.value).next().is_some() && !object.terminating() => {
            tasks.then(Task::Dependent(kind.id, key))
        }
        Step::Stored(_) | Step::Told(_) | Step::Marked(_) if object.terminating() => {
            tasks.then(Task::Owner(kind.id, key))
        }
        Step::Removed(_) => {
            // Those it waited for first, then those who waited for it.
            let uid = object.metadata("uid");
            if tasks.dependents.of(uid).next().is_some() {
                tasks.then(Task::Orphans(uid.to_owned()));
            }
            for owner in references(&object.value).filter(|owner| owner["blockOwnerDeletion"] == true) {
                if let Some((kind, key, _)) = find(state, kind, object, owner) {
                    state.lifecycle.then(Task::Owner(kind, key));
                }
            }
        }
        _ => {}
    }
}

/// See to an object that is marked, and has dependents to be done with first.
pub(super) fn see_to_owner(state: &mut State, kind: KindId, key: &str) {
    let Some((kind, owner)) = object(state, kind, key).filter(|(_, owner)| owner.terminating()) else { return };
    let finalizers = validation::finalizers(&owner.value);
    let (orphans, foreground) = (finalizers.contains(&"orphan"), finalizers.contains(&"foregroundDeletion"));
    if !orphans && !foreground {
        return;
    }
    let dependents = dependents(state, owner.metadata("uid"));
    if orphans {
        for (kind, dependent) in &dependents {
            abandon(state, kind, dependent, |uid| uid == owner.metadata("uid"));
        }
        return release(state, &kind, &owner, "orphan");
    }
    for (kind, dependent) in dependents.iter().filter(|(_, dependent)| !dependent.terminating()) {
        attempt(state, kind, dependent);
    }
    let blocks =
        |reference: &Value| reference["blockOwnerDeletion"] == true && reference["uid"] == owner.metadata("uid");
    let left = self::dependents(state, owner.metadata("uid"));
    if !left.iter().any(|(_, dependent)| references(&dependent.value).any(blocks)) {
        release(state, &kind, &owner, "foregroundDeletion");
    }
}

/// See to an object that names owners.
pub(super) fn see_to_dependent(state: &mut State, kind: KindId, key: &str) {
    if let Some((kind, dependent)) = object(state, kind, key).filter(|(_, dependent)| !dependent.terminating()) {
        attempt(state, &kind, &dependent);
    }
}

/// See to all who name an owner that is gone.
pub(super) fn see_to_orphans(state: &mut State, uid: &str) {
    for (kind, dependent) in dependents(state, uid) {
        if !dependent.terminating() {
            attempt(state, &kind, &dependent);
        }
    }
}

/// Deletes an object that has no owner left, or takes from it the owners that are gone.
fn attempt(state: &mut State, kind: &Arc<Kind>, dependent: &Object) {
    let owners: Vec<_> =
        references(&dependent.value).map(|owner| (uid(owner), look(state, kind, dependent, owner))).collect();
    if owners.is_empty() || owners.iter().any(|(_, owner)| matches!(owner, Owner::Unknown)) {
        return;
    }
    if owners.iter().any(|(_, owner)| matches!(owner, Owner::Present)) {
        let lost: Vec<_> =
            owners.iter().filter(|(_, owner)| !matches!(owner, Owner::Present)).map(|(uid, _)| *uid).collect();
        return abandon(state, kind, dependent, |uid| lost.contains(&uid));
    }
    let finalizers = validation::finalizers(&dependent.value);
    let waited_for = owners.iter().any(|(_, owner)| matches!(owner, Owner::Waiting));
    let policy = if finalizers.contains(&"orphan") {
        Policy::Orphan
    } else if finalizers.contains(&"foregroundDeletion")
        || (waited_for && !dependents(state, dependent.metadata("uid")).is_empty())
    {
        Policy::Foreground
    } else {
        Policy::Background
    };
    delete(state, kind, dependent, policy);
}

/// Takes owners from an object.
fn abandon(state: &mut State, kind: &Kind, dependent: &Object, lost: impl Fn(&str) -> bool) {
    let mut value = dependent.value.clone();
    let Some(metadata) = value["metadata"].as_object_mut() else { return };
    let Some(references) = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut) else { return };
    references.retain(|owner| !lost(uid(owner)));
    if references.is_empty() {
        metadata.remove("ownerReferences");
    }
    state.replace_live(kind, dependent, value);
}

/// What has become of an owner.
fn look(state: &State, kind: &Kind, dependent: &Object, reference: &Value) -> Owner {
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let known = state.kinds.of_object(text("apiVersion"), text("kind"));
    if known.is_none_or(|(owner, _)| owner.namespaced && !kind.namespaced) {
        return Owner::Unknown;
    }
    match find(state, kind, dependent, reference) {
        Some((_, _, owner)) if owner.metadata("uid") == text("uid") => {
            let waits = owner.terminating() && validation::finalizers(&owner.value).contains(&"foregroundDeletion");
            if waits { Owner::Waiting } else { Owner::Present }
        }
        _ => Owner::Gone,
    }
}

/// What has the kind and the name of an owner, in the namespace of its dependent.
fn find(state: &State, kind: &Kind, dependent: &Object, reference: &Value) -> Option<(KindId, String, Arc<Object>)> {
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let (owner, _) = state.kinds.of_object(text("apiVersion"), text("kind"))?;
    let namespace = if owner.namespaced && kind.namespaced { dependent.namespace.as_str() } else { "" };
    let key = key(namespace, text("name"));
    let found = state.storage.get(owner.id, &key)?.clone();
    Some((owner.id, key, found))
}

/// All objects that name an owner, kind by kind.
fn dependents(state: &State, owner: &str) -> Vec<(Arc<Kind>, Arc<Object>)> {
    let found = state.lifecycle.dependents.of(owner).filter_map(|(kind, key)| object(state, *kind, key));
    found.filter(|(_, object)| uids(&object.value).any(|uid| uid == owner)).collect()
}

fn object(state: &State, kind: KindId, key: &str) -> Option<(Arc<Kind>, Arc<Object>)> {
    let found = state.storage.get(kind, key)?.clone();
    let kind = state.kinds.iter().find(|known| known.id == kind)?.clone();
    Some((kind, found))
}

fn references(object: &Value) -> impl Iterator<Item = &Value> {
    object["metadata"]["ownerReferences"].as_array().into_iter().flatten()
}

pub(super) fn uids(object: &Value) -> impl Iterator<Item = &str> {
    references(object).map(uid)
}

fn uid(reference: &Value) -> &str {
    reference["uid"].as_str().unwrap_or_default()
}
