//! Server-side apply.

use serde_json::Value;

use super::{
    Writer,
    changes::Changes,
    check::Problems,
    conflict::{Conflict, Conflicts},
    entry::{Entry, Operation, Unreadable},
    managers::{Managers, UNOWNED},
    merge::merge,
    path::same,
    set::FieldSet,
    typed::{remove, set_of, with_parents},
};
use crate::testing::shape::Shape;

/// Who says what exists already where an object without owners is applied for the first time.
const BEFORE: &str = "before-first-apply";

/// Why a configuration was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::testing) enum Error {
    /// A conflict, with a cause for each field.
    #[error(transparent)]
    Conflicts(#[from] Conflicts),
    /// Code 500, without a reason.
    #[error("failed to create typed patch object ({object}): {problems}")]
    Untyped { object: String, problems: Problems },
    /// Code 500, without a reason.
    #[error("failed to decode managed fields: {0}")]
    Unreadable(#[from] Unreadable),
    /// A bad request.
    #[error("metadata.managedFields must be nil")]
    ManagedFields,
}

/// An object with a configuration applied, and its owners, who are not in it yet.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::testing) struct Applied {
    pub(in crate::testing) object: Value,
    pub(in crate::testing) managers: Managers,
}

impl Managers {
    /// Merges the configuration, takes away what this manager applied before, does not now and nobody else owns, and
    /// makes it the owner of what it says. With `force` it takes what others own, too.
    pub(in crate::testing) fn apply(
        mut self,
        live: &Value,
        config: &Value,
        zero: &Value,
        shape: Shape<'_>,
        writer: &Writer<'_>,
        force: bool,
    ) -> Result<Applied, Conflicts> {
        if self.is_empty() {
            self = self.record(zero, live, shape, &Writer { manager: BEFORE, ..*writer });
        }
        let mut mine = writer.entry(Operation::Apply, writer.scope.of_set(&set_of(config, shape)));
        let identity = mine.identity();
        let before = self.find(&identity).cloned();
        mine.time = before.as_ref().and_then(|before| before.time.clone());
        self.entries.retain(|entry| entry.identity() != identity);

        let mut object = merge(live, config, shape);
        // Who still says all that he said takes nothing away.
        if let Some(before) = before.filter(|before| !before.set.is_within(&mine.set)) {
            let mut owned = mine.set.clone();
            self.entries.iter().for_each(|entry| owned.extend(&entry.set));
            let elsewhere = writer.pruned_elsewhere(&object, &before, &self.entries, &mine, shape);
            object = elsewhere.unwrap_or_else(|| pruned(&object, &before.set, &owned, shape));
        }

        let changes = Changes::new(live, &object, shape, writer, &self.entries);
        if !force {
            let conflicts = self.entries.iter().flat_map(|entry| conflicts(entry, &changes));
            Conflicts::none(conflicts)?;
        }
        changes.leave(&mut self.entries);
        if !same(live, &object) {
            mine.time = Some(writer.now.to_owned());
        }
        mine.set = mine.set.difference(&UNOWNED);
        self.entries.push(mine);
        self.entries.retain(|entry| !entry.set.is_empty());
        Ok(Applied { object, managers: self })
    }
}

fn conflicts(entry: &Entry, changes: &Changes) -> Vec<Conflict> {
    let paths = changes.taken_from(entry).paths();
    paths.into_iter().map(|path| Conflict::new(entry, path)).collect()
}

/// The merged object without what was applied `before` and is not `owned` any more. Items and maps go with all that is
/// in them, unless something in them is owned; what nobody ever applied stays where its parents stay.
pub(super) fn pruned(merged: &Value, before: &FieldSet, owned: &FieldSet, shape: Shape<'_>) -> Value {
    let fields = |value: &Value| with_parents(&set_of(value, shape), shape);
    let before = with_parents(before, shape);
    let all = fields(merged);
    let bare = remove(merged, &before, shape);
    let kept = fields(&bare).union(&with_parents(owned, shape));
    let kept = remove(merged, &all.difference(&kept), shape);
    remove(merged, &all.difference(&fields(&kept)).intersection(&before), shape)
}

/// `NAMESPACE/NAME; GROUP/VERSION, Kind=KIND`: how messages name a configuration.
pub(in crate::testing) fn described(config: &Value) -> String {
    let metadata = &config["metadata"];
    format!("{}/{}; {}", text(&metadata["namespace"]), text(&metadata["name"]), kind_of(config))
}

/// `GROUP/VERSION, Kind=KIND`: how messages name the type of a configuration. One of another type than the object is
/// refused as an `invalid object type`.
pub(in crate::testing) fn kind_of(config: &Value) -> String {
    let api_version = text(&config["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    if version.contains('/') {
        // What has no group and no version has no kind either.
        return "/, Kind=".to_owned();
    }
    format!("{group}/{version}, Kind={}", text(&config["kind"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_named_as_in_go() {
        assert_eq!(kind_of(&json!({"apiVersion": "v1", "kind": "Pod"})), "/v1, Kind=Pod");
        assert_eq!(kind_of(&json!({"apiVersion": "apps/v1", "kind": "Deployment"})), "apps/v1, Kind=Deployment");
        assert_eq!(kind_of(&json!({})), "/, Kind=");
    }
}
