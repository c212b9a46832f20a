//! What a write changes, as the owners of fields see it.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Writer,
    entry::Entry,
    set::FieldSet,
    typed::{Comparison, compare},
};
use crate::testing::shape::Shape;

/// What a write changes, in each version that somebody owns fields of.
///
/// A write to a part of an object leaves out the rest in all versions. A write to the object itself leaves out parts in
/// the version it is made in, and in no other: who owns fields of another version can lose some to a write that does not
/// change them in the end.
pub(super) struct Changes {
    written: Seen,
    others: HashMap<String, Seen>,
}

struct Seen {
    taken: FieldSet,
    removed: FieldSet,
}

impl From<Comparison> for Seen {
    fn from(comparison: Comparison) -> Self {
        Seen { taken: comparison.taken(), removed: comparison.removed }
    }
}

impl Changes {
    pub(super) fn new(live: &Value, new: &Value, shape: Shape<'_>, writer: &Writer<'_>, entries: &[Entry]) -> Self {
        let whole = compare(live, new, shape);
        let mut others = HashMap::new();
        for version in entries.iter().map(|entry| entry.api_version.as_str()) {
            if version != writer.api_version && !others.contains_key(version) {
                let change = writer.compared_elsewhere(live, new, version).unwrap_or_else(|| whole.clone());
                let change = if writer.subresource.is_empty() { change } else { writer.scope.of_comparison(change) };
                others.insert(version.to_owned(), change.into());
            }
        }
        Changes { written: writer.scope.of_comparison(whole).into(), others }
    }

    /// What the writer takes.
    pub(super) fn taken(&self) -> &FieldSet {
        &self.written.taken
    }

    fn seen_by(&self, owner: &Entry) -> &Seen {
        self.others.get(&owner.api_version).unwrap_or(&self.written)
    }

    /// What the writer takes from an owner.
    pub(super) fn taken_from(&self, owner: &Entry) -> FieldSet {
        owner.set.intersection(&self.seen_by(owner).taken)
    }

    /// Leaves the owners what they still own.
    pub(super) fn leave(&self, owners: &mut Vec<Entry>) {
        for owner in owners.iter_mut() {
            let Seen { taken, removed } = self.seen_by(owner);
            owner.set = owner.set.difference(taken).difference(removed);
        }
        owners.retain(|owner| !owner.set.is_empty());
    }
}
