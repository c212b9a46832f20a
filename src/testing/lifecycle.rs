//! What the server and its controllers do on their own after a write: definitions are established and cleaned up,
//! namespaces are emptied, dependents follow their owners.
//!
//! A real cluster does this a little later; here it happens at once, within the same request. Each step has a revision
//! of its own, in the order in which a watcher could have seen them. Not here: every other controller.

mod definitions;
mod dependents;
mod garbage;
mod namespaces;

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use serde_json::Value;

use super::{
    deletion::{Deletion, Policy},
    kinds::{Kind, KindId},
    state::{State, Target},
    storage::Object,
};

pub(super) use definitions::{CLEANUP, set_condition};
use dependents::Dependents;

/// What is to be done, and by whom.
pub(super) struct Lifecycle {
    /// Whether controllers run that are no part of the API server.
    pub(super) controllers: bool,
    dependents: Dependents,
    todo: Tasks,
    /// Whether someone is at it: what comes up meanwhile waits its turn.
    busy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Task {
    /// See to a definition of this name.
    Definition(String),
    /// See to a namespace of this name.
    Namespace(String),
    /// See to an object that is to go once its dependents did, or left it.
    Owner(KindId, String),
    /// See to an object that names owners.
    Dependent(KindId, String),
    /// See to whoever names this uid as an owner.
    Orphans(String),
}

/// Tasks in their order. What waits to be done once is not to be done twice.
#[derive(Default)]
struct Tasks {
    order: VecDeque<Task>,
    waiting: HashSet<Task>,
}

impl Tasks {
    fn push(&mut self, task: Task) {
        if self.waiting.insert(task.clone()) {
            self.order.push_back(task);
        }
    }

    fn pop(&mut self) -> Option<Task> {
        let task = self.order.pop_front()?;
        self.waiting.remove(&task);
        Some(task)
    }
}

impl Lifecycle {
    pub(super) fn new(controllers: bool) -> Self {
        Lifecycle { controllers, dependents: Dependents::default(), todo: Tasks::default(), busy: false }
    }

    /// Notes the owners of an object that came without a write. Nothing follows from that.
    pub(super) fn heed(&mut self, kind: KindId, object: &Object) {
        self.dependents.add(kind, object);
    }

    /// Puts a task behind all others.
    fn then(&mut self, task: Task) {
        self.todo.push(task);
    }
}

/// What a write did to an object.
pub(super) enum Step<'o> {
    /// It is new or changed.
    Stored(&'o Object),
    /// Its status is changed.
    Told(&'o Object),
    /// It is there as it was brought, with owners that may come later.
    Forced(&'o Object),
    /// It is to go once nothing holds it any more.
    Marked(&'o Object),
    /// It was this.
    Removed(&'o Object),
}

/// Whether objects of a kind hold others, which are deleted with them.
pub(super) fn holds_content(kind: &Kind) -> bool {
    kind.is_core("namespaces") || kind.is_definition()
}

/// Does everything that follows from a step.
pub(super) fn settle(state: &mut State, kind: &Kind, step: &Step<'_>) {
    note(state, kind, step);
    if std::mem::replace(&mut state.lifecycle.busy, true) {
        return;
    }
    while let Some(task) = state.lifecycle.todo.pop() {
        match task {
            Task::Definition(name) => definitions::see_to(state, &name),
            Task::Namespace(name) => namespaces::see_to(state, &name),
            Task::Owner(kind, key) => garbage::see_to_owner(state, kind, &key),
            Task::Dependent(kind, key) => garbage::see_to_dependent(state, kind, &key),
            Task::Orphans(uid) => garbage::see_to_orphans(state, &uid),
        }
    }
    state.lifecycle.busy = false;
}

/// Notes what is to be done after a step.
fn note(state: &mut State, kind: &Kind, step: &Step<'_>) {
    let (Step::Stored(object)
    | Step::Told(object)
    | Step::Forced(object)
    | Step::Marked(object)
    | Step::Removed(object)) = *step;
    let removed = matches!(step, Step::Removed(_));
    let controllers = state.lifecycle.controllers;
    if kind.is_definition() {
        // Nothing else changes the kind, and to read a definition takes its time.
        if matches!(step, Step::Stored(_) | Step::Forced(_) | Step::Marked(_)) {
            Arc::make_mut(&mut state.kinds).define(&object.value);
        }
        state.lifecycle.then(Task::Definition(object.name.clone()));
    } else if controllers && kind.is_core("namespaces") {
        state.lifecycle.then(Task::Namespace(object.name.clone()));
    }
    if removed && kind.custom {
        state.lifecycle.then(Task::Definition(kind.resource()));
    }
    if controllers && removed && kind.namespaced {
        state.lifecycle.then(Task::Namespace(object.namespace.clone()));
    }
    if controllers {
        garbage::note(state, kind, object, step);
    }
}

/// Deletes the objects of a kind whose keys start with `prefix`, as far as nothing holds them.
fn delete_all(state: &mut State, kind: &Arc<Kind>, prefix: &str) {
    let objects = state.storage.objects(kind.id, prefix).filter(|object| !object.terminating());
    for object in objects.cloned().collect::<Vec<_>>() {
        delete(state, kind, &object, Policy::Background);
    }
}

/// Deletes one object. Nobody waits for an answer.
fn delete(state: &mut State, kind: &Arc<Kind>, object: &Object, policy: Policy) {
    let target = Target { kind: kind.clone(), version: kind.stored.clone(), namespace: object.namespace.clone() };
    let _ = state.delete(&target, &object.name, &Deletion::with(policy));
}

/// Takes a finalizer from an object, which goes if it was the last thing that held it.
fn release(state: &mut State, kind: &Kind, object: &Object, finalizer: &str) {
    let mut value = object.value.clone();
    remove_finalizer(&mut value, finalizer);
    state.replace_live(kind, object, value);
}

fn remove_finalizer(object: &mut Value, finalizer: &str) {
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    let Some(finalizers) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) else { return };
    finalizers.retain(|held| held != finalizer);
    if finalizers.is_empty() {
        metadata.remove("finalizers");
    }
}
