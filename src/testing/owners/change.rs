//! What a write changes, as the owners of fields see it.

use super::{Writer, entry::Entry, set::FieldSet, typed::Comparison};

/// A write to a part of an object leaves out the rest in all versions. A write to the object itself leaves out parts in
/// the version it is made in, and in no other: who owns fields of another version can lose some to a write that does not
/// change them in the end.
pub(super) struct Change<'w> {
    /// As far as the write can change anything at all.
    own: Seen,
    whole: Seen,
    writer: Writer<'w>,
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

impl<'w> Change<'w> {
    pub(super) fn new(whole: Comparison, writer: &Writer<'w>) -> Self {
        let own = writer.scope.of_comparison(whole.clone());
        Change { own: own.into(), whole: whole.into(), writer: *writer }
    }

    /// What the writer takes.
    pub(super) fn taken(&self) -> &FieldSet {
        &self.own.taken
    }

    fn seen_by(&self, owner: &Entry) -> &Seen {
        let Writer { api_version, subresource, .. } = self.writer;
        if owner.api_version == api_version || !subresource.is_empty() { &self.own } else { &self.whole }
    }

    /// What the writer takes from an owner.
    pub(super) fn taken_from(&self, owner: &Entry) -> FieldSet {
        owner.set.intersection(&self.seen_by(owner).taken)
    }

    /// Leaves an owner what he still owns.
    pub(super) fn leave(&self, owner: &mut Entry) {
        let Seen { taken, removed } = self.seen_by(owner);
        owner.set = owner.set.difference(taken).difference(removed);
    }
}
