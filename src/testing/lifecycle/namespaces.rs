//! Terminating namespaces: their content goes, then they do.

use super::{
    super::{state::State, storage::prefix},
    delete_all,
};

/// Deletes what a namespace holds, and then the namespace.
pub(super) fn clear(state: &mut State, name: &str) {
    let kinds: Vec<_> = state.kinds.iter().filter(|kind| kind.namespaced).cloned().collect();
    for kind in kinds {
        delete_all(state, &kind, &prefix(name));
    }
    finish(state, name);
}

/// Takes a terminating namespace away once nothing is left in it.
pub(super) fn finish(state: &mut State, name: &str) {
    let namespaces = state.kinds.namespaces().id;
    if !state.storage.get(namespaces, name).is_some_and(|object| object.terminating()) {
        return;
    }
    let content = prefix(name);
    let mut kinds = state.kinds.iter().filter(|kind| kind.namespaced);
    if kinds.all(|kind| state.storage.objects(kind.id, &content).next().is_none()) {
        state.storage.remove(namespaces, name);
    }
}
