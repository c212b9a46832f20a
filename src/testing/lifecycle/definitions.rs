//! Terminating definitions: the objects of the custom kind go, then the definition and the kind do.

use super::{
    super::{state::State, storage::Object, validation},
    delete_all,
};

/// The finalizer a definition keeps while there are objects of its kind.
pub(in super::super) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Deletes the objects of the kind a definition defines, and then the definition.
pub(super) fn clear(state: &mut State, definition: &Object) {
    if let Some(kind) = state.kinds.defined(&definition.value).cloned() {
        delete_all(state, &kind, "");
    }
    finish(state, &definition.name);
}

/// Takes a terminating definition and its kind away once no object is left, and no finalizer of others.
pub(super) fn finish(state: &mut State, name: &str) {
    let definitions = state.kinds.definitions().id;
    let Some(definition) = state.storage.get(definitions, name).filter(|object| object.terminating()) else {
        return;
    };
    let defined = state.kinds.defined(&definition.value).map(|kind| kind.id);
    let held = validation::finalizers(&definition.value).into_iter().any(|finalizer| finalizer != CLEANUP);
    if held || defined.is_some_and(|kind| state.storage.objects(kind, "").next().is_some()) {
        return;
    }
    state.storage.remove(definitions, name);
    if let Some(kind) = defined {
        state.kinds.forget(kind);
        state.storage.end(kind);
    }
}
