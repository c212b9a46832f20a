//! What the server does on its own once something was written: the namespace controller, and the cleanup of
//! custom kinds. What they would do later happens in the same breath.
//!
//! Not here: garbage collection, and every other controller.

mod definitions;
mod namespaces;

use std::sync::Arc;

use super::{
    kinds::Kind,
    state::{State, Target},
    storage::Object,
    write::Preconditions,
};

pub(super) use definitions::CLEANUP;

/// What a write did to an object.
pub(super) enum Step<'o> {
    Stored(&'o Object),
    /// Marked for deletion: it goes once nothing holds it any more.
    Terminating(&'o Object),
    /// It had this key.
    Removed(&'o str),
}

/// Whether objects of a kind hold others, which are deleted with them.
pub(super) fn holds_content(kind: &Kind) -> bool {
    kind.is_core("namespaces") || kind.is_definition()
}

/// Does everything that follows from a step.
pub(super) fn settle(state: &mut State, kind: &Kind, step: &Step<'_>) {
    match *step {
        Step::Stored(object) if kind.is_definition() => state.kinds.define(&object.value),
        Step::Stored(_) => {}
        Step::Terminating(object) if kind.is_definition() => definitions::clear(state, object),
        Step::Terminating(object) if kind.is_core("namespaces") => namespaces::clear(state, &object.name),
        Step::Terminating(_) => {}
        Step::Removed(key) => {
            if let Some((namespace, _)) = key.split_once('/') {
                namespaces::finish(state, namespace);
            }
            if kind.custom {
                definitions::finish(state, &kind.resource());
            }
        }
    }
}

/// Deletes the objects of a kind whose keys start with `prefix`, as far as their finalizers let them go.
fn delete_all(state: &mut State, kind: &Arc<Kind>, prefix: &str) {
    let objects: Vec<_> = state.storage.objects(kind.id, prefix).cloned().collect();
    for object in objects {
        let target = Target { kind: kind.clone(), version: kind.stored.clone(), namespace: object.namespace.clone() };
        let _ = state.delete(&target, &object.name, &Preconditions::default(), false);
    }
}
