//! A write as it looks to owners that speak another version of the kind.

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

impl Writer<'_> {
    /// An object of the version that is written in another one, where the two differ.
    fn converted(&self, object: &Value, version: &str) -> Option<Value> {
        conversion::between(self.kind?, self.api_version, version, object)
    }

    /// What a write changes of the object in another version. Nothing where the versions do not differ.
    pub(super) fn compared_elsewhere(&self, live: &Value, new: &Value, version: &str) -> Option<Comparison> {
        Some(compare(&self.converted(live, version)?, &self.converted(new, version)?, self.shape(version)?))
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
