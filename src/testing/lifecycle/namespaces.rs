//! Terminating namespaces: their objects are deleted, then they are.

use super::{
    super::{state::State, storage::prefix, validation},
    delete_all,
};

/// What stands in a namespace's specification as long as it may have content.
const CONTENT: &str = "kubernetes";

/// Deletes what a terminating namespace holds, and takes it away once nothing is left in it.
pub(super) fn see_to(state: &mut State, name: &str) {
    let namespaces = state.kinds.namespaces().clone();
    let terminating = |state: &State| {
        let namespace = state.storage.get(namespaces.id, name).filter(|object| object.terminating());
        namespace.cloned()
    };
    if terminating(state).is_none() {
        return;
    }
    let content = prefix(name);
    let kinds: Vec<_> = state.kinds.iter().filter(|kind| kind.namespaced).cloned().collect();
    for kind in &kinds {
        delete_all(state, kind, &content);
    }
    if kinds.iter().any(|kind| state.storage.objects(kind.id, &content).next().is_some()) {
        return;
    }
    let Some(namespace) = terminating(state) else { return };
    let mut value = namespace.value.clone();
    let finalizers = value["spec"]["finalizers"].as_array().cloned().unwrap_or_default();
    let left: Vec<_> = finalizers.iter().filter(|held| **held != CONTENT).cloned().collect();
    if left.len() < finalizers.len() || (left.is_empty() && validation::finalizers(&value).is_empty()) {
        if let Some(spec) = value["spec"].as_object_mut() {
            spec.remove("finalizers");
            spec.extend((!left.is_empty()).then(|| ("finalizers".to_owned(), left.into())));
        }
        state.replace_live(&namespaces, &namespace, value);
    }
}
