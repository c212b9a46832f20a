//! What a write changes, as the owners of fields see it.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Scope, Writer,
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
pub(super) struct Changes<'w> {
    version: &'w str,
    /// For those who own fields of the version that is written.
    written: Seen,
    /// For those who own fields of other versions, where it is not the same for them.
    elsewhere: Option<Seen>,
    /// For those of versions that say it in another way.
    converted: HashMap<String, Seen>,
}

struct Seen {
    taken: FieldSet,
    removed: FieldSet,
}

impl From<&Comparison> for Seen {
    fn from(comparison: &Comparison) -> Self {
        Seen { taken: comparison.taken(), removed: comparison.removed.clone() }
    }
}

impl<'w> Changes<'w> {
    pub(super) fn new(live: &Value, new: &Value, shape: Shape<'_>, writer: &Writer<'w>, entries: &[Entry]) -> Self {
        let whole = compare(live, new, shape);
        let to_all = writer.subresource.is_empty();
        let mut converted = HashMap::new();
        for version in entries.iter().map(|entry| entry.api_version.as_str()) {
            if version != writer.api_version
                && !converted.contains_key(version)
                && let Some(change) = writer.compared_elsewhere(live, new, version)
            {
                let change = if to_all { change } else { writer.scope.of_comparison(change) };
                converted.insert(version.to_owned(), Seen::from(&change));
            }
        }
        let elsewhere = (to_all && matches!(writer.scope, Scope::Without(_))).then(|| Seen::from(&whole));
        Changes {
            version: writer.api_version,
            written: Seen::from(&writer.scope.of_comparison(whole)),
            elsewhere,
            converted,
        }
    }

    /// What the writer takes.
    pub(super) fn taken(&self) -> &FieldSet {
        &self.written.taken
    }

    fn seen_by(&self, owner: &Entry) -> &Seen {
        let version = Some(&owner.api_version).filter(|version| *version != self.version);
        let elsewhere = version.and_then(|version| self.converted.get(version).or(self.elsewhere.as_ref()));
        elsewhere.unwrap_or(&self.written)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{
        kinds::Kinds,
        owners::{FieldSet, entry::Operation},
        shape::Shapes,
    };

    #[test]
    fn versions_that_there_are_not_see_a_write_as_its_own_version_does() {
        let kinds = Kinds::new();
        let kind = kinds.find("autoscaling", "horizontalpodautoscalers").expect("built in");
        let writer = Writer {
            manager: "m",
            api_version: "autoscaling/v1",
            subresource: "",
            scope: Scope::All,
            now: "2026-05-01T12:00:00Z",
            kind: Some(kind),
        };
        let entries: Vec<_> = ["autoscaling/v1", "autoscaling/v2", "autoscaling/v3", "x"]
            .map(|api_version| Writer { api_version, ..writer }.entry(Operation::Update, FieldSet::default()))
            .into();
        let autoscaler = |share: u8| json!({"spec": {"targetCPUUtilizationPercentage": share}});
        let shape = Shapes::built_in().kind("autoscaling/v1", "HorizontalPodAutoscaler");
        let changes = Changes::new(&autoscaler(1), &autoscaler(2), shape, &writer, &entries);
        assert_eq!(changes.converted.keys().collect::<Vec<_>>(), ["autoscaling/v2"]);
    }
}
