//! Who owns which fields: `metadata.managedFields` and server-side apply.
//!
//! All functions are pure. [`update`] records who wrote what in a create, a replace or a patch. [`apply`] merges a
//! configuration, removes what its manager no longer mentions, and refuses to change fields that others own.
//!
//! Not here: defaults, which belong to the writer of an update (so they come before [`update`]) and to nobody after an
//! apply (so they come after [`apply`]); field sets that were recorded under another schema.

mod apply;
mod changes;
mod check;
mod conflict;
mod entry;
mod last_applied;
mod managers;
mod merge;
mod path;
mod scale;
mod set;
mod typed;
mod versions;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub(super) use apply::{Applied, Error, described, kind_of};
pub(super) use conflict::{Conflict, Conflicts};
pub(super) use managers::Managers;
pub(super) use path::Step;
pub(super) use set::FieldSet;

use super::{kinds::Kind, shape::Shape};
use check::check;
use typed::Comparison;

/// Who writes, when, and what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'w> {
    /// The field manager; `unknown` where it is empty.
    pub(super) manager: &'w str,
    pub(super) api_version: &'w str,
    /// Empty for a write to the object itself.
    pub(super) subresource: &'w str,
    pub(super) scope: Scope<'w>,
    /// RFC 3339, in seconds.
    pub(super) now: &'w str,
    /// What is written, where others may own it in another version of its kind.
    pub(super) kind: Option<&'w Kind>,
}

/// Which fields a write can change at all; the others stay with their owners whatever it says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'w> {
    All,
    /// All but these and what is below them.
    Without(&'w FieldSet),
}

impl Scope<'_> {
    fn of_set(self, set: &FieldSet) -> FieldSet {
        match self {
            Scope::All => set.clone(),
            Scope::Without(fields) => set.without(fields),
        }
    }

    fn of_comparison(self, comparison: Comparison) -> Comparison {
        match self {
            Scope::All => comparison,
            Scope::Without(fields) => comparison.without(fields),
        }
    }
}

/// Notes in the new object what this write took. For a create, `live` is the kind's zero value, without a uid.
///
/// What the new object says about managed fields counts, unless the write is to a subresource: no entries or ones
/// that cannot be read leave those of the live object, an empty list or one with an empty entry clears them. Objects
/// without entries get none from updates, only from creates.
pub(super) fn update(live: &Value, new: &mut Value, shape: Shape<'_>, writer: &Writer<'_>) {
    let managers = Managers::of_write(live, new, writer.subresource);
    Managers::default().write(new);
    managers.update(live, new, shape, writer).write(new);
}

/// The live object with the configuration applied, its managed fields included. Defaults are not in it yet.
///
/// `zero` is the kind's zero value, and `live` the same where the object does not exist yet. Applying what is there
/// already changes nothing, times included.
pub(super) fn apply(
    live: &Value,
    config: &Value,
    zero: &Value,
    shape: Shape<'_>,
    writer: &Writer<'_>,
    force: bool,
) -> Result<Value, Error> {
    let managers = Managers::read(live)?;
    if config["metadata"]["managedFields"].is_array() {
        return Err(Error::ManagedFields);
    }
    check(config, shape).map_err(|problems| Error::Untyped { object: apply::described(config), problems })?;
    let again = |force| managers.clone().apply(live, config, zero, shape, writer, force);
    let applied = match again(force) {
        Err(conflicts) if writer.manager == last_applied::MANAGER => {
            last_applied::forgiven(conflicts, live, shape, writer).and_then(|()| again(true))?
        }
        outcome => outcome?,
    };
    let Applied { mut object, managers } = applied;
    managers.write(&mut object);
    if writer.manager == last_applied::MANAGER {
        last_applied::refresh(&mut object, config);
    }
    Ok(object)
}

/// Whether two objects are the same but for the times in their managed fields.
pub(super) fn same_but_times(a: &Value, b: &Value) -> bool {
    fn others<'v>(value: &'v Value, name: &'static str) -> impl Iterator<Item = (&'v String, &'v Value)> {
        value.as_object().into_iter().flatten().filter(move |(member, _)| *member != name)
    }
    fn entries(object: &Value) -> &[Value] {
        object["metadata"]["managedFields"].as_array().map_or(&[], Vec::as_slice)
    }
    others(a, "metadata").eq(others(b, "metadata"))
        && others(&a["metadata"], "managedFields").eq(others(&b["metadata"], "managedFields"))
        && entries(a).len() == entries(b).len()
        && entries(a).iter().zip(entries(b)).all(|(a, b)| others(a, "time").eq(others(b, "time")))
}
