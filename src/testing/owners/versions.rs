//! A write as it looks to owners that speak another version of the kind.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Writer,
    apply::pruned,
    entry::Entry,
    set::FieldSet,
    typed::{Comparison, compare, remove, set_of, with_parents},
};
use crate::testing::{
    conversion,
    shape::{Shape, Shapes},
};

/// What a write changes, in each version that somebody owns fields of.
pub(super) struct Changes {
    pub(super) written: Comparison,
    others: HashMap<String, Comparison>,
}

impl Changes {
    pub(super) fn new(live: &Value, new: &Value, shape: Shape<'_>, writer: &Writer<'_>, entries: &[Entry]) -> Self {
        let mut others = HashMap::new();
        for version in entries.iter().map(|entry| &entry.api_version) {
            if !others.contains_key(version)
                && let (Some(live), Some(new)) = (writer.converted(live, version), writer.converted(new, version))
                && let Some(shape) = writer.shape(version)
            {
                others.insert(version.clone(), writer.scope.of_comparison(compare(&live, &new, shape)));
            }
        }
        Changes { written: writer.scope.of_comparison(compare(live, new, shape)), others }
    }

    /// What changed of what this entry may own.
    pub(super) fn seen_by(&self, entry: &Entry) -> &Comparison {
        self.others.get(&entry.api_version).unwrap_or(&self.written)
    }

    /// Takes from the entries what the write took from them.
    pub(super) fn take_from(&self, entries: &mut Vec<Entry>) {
        for entry in entries.iter_mut() {
            let change = self.seen_by(entry);
            entry.set = entry.set.difference(&change.taken()).difference(&change.removed);
        }
        entries.retain(|entry| !entry.set.is_empty());
    }
}

impl Writer<'_> {
    /// An object of the version that is written in another one, where the two differ.
    fn converted(&self, object: &Value, version: &str) -> Option<Value> {
        conversion::between(self.kind?, self.api_version, version, object)
    }

    fn shape(&self, version: &str) -> Option<Shape<'static>> {
        Some(Shapes::built_in().kind(version, &self.kind?.kind))
    }

    /// What is left of a merged object without what was applied `before`, in another version, unless somebody owns it.
    /// Nothing where the versions do not differ.
    pub(super) fn pruned_elsewhere(
        &self,
        merged: &Value,
        before: &Entry,
        owners: &[Entry],
        mine: &Entry,
        shape: Shape<'_>,
    ) -> Option<Value> {
        let owned = |version: &str| {
            let mut owned = FieldSet::default();
            let entries = owners.iter().chain([mine]).filter(|entry| entry.api_version == version);
            entries.for_each(|entry| owned.extend(&entry.set));
            owned
        };
        let version = before.api_version.as_str();
        let there = self.converted(merged, version)?;
        let left = pruned(&there, &before.set, &owned(version), self.shape(version)?);
        let left = conversion::between(self.kind?, version, self.api_version, &left)?;
        let fields = |value: &Value| with_parents(&set_of(value, shape), shape);
        let kept = fields(&left).union(&with_parents(&owned(self.api_version), shape));
        Some(remove(merged, &fields(merged).difference(&kept), shape))
    }
}
