//! An index of owner references, to find the dependents of an object quickly.

use std::collections::{BTreeSet, HashMap};

use super::{
    super::{
        kinds::KindId,
        storage::{Object, key},
    },
    garbage::uids,
};

/// Where objects are that name an owner, or once did: whoever finds one here has to look at it.
#[derive(Default)]
pub(super) struct Dependents(HashMap<String, BTreeSet<(KindId, String)>>);

impl Dependents {
    pub(super) fn add(&mut self, kind: KindId, object: &Object) {
        for uid in uids(&object.value) {
            let place = (kind, key(&object.namespace, &object.name));
            self.0.entry(uid.to_owned()).or_default().insert(place);
        }
    }

    pub(super) fn remove(&mut self, kind: KindId, object: &Object) {
        for uid in uids(&object.value) {
            let Some(places) = self.0.get_mut(uid) else { continue };
            places.remove(&(kind, key(&object.namespace, &object.name)));
            if places.is_empty() {
                self.0.remove(uid);
            }
        }
    }

    /// Kind by kind, in the order of their keys.
    pub(super) fn of(&self, uid: &str) -> impl Iterator<Item = &(KindId, String)> {
        self.0.get(uid).into_iter().flatten()
    }
}
