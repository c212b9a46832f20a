//! Differences of two snapshots: what a subscriber is told.

use std::fmt;

use super::entry::Entry;
use super::{Revision, State};
use crate::NameRef;

/// What changed from one snapshot to a later one, ordered by namespace and name.
#[derive(Clone, Debug)]
pub struct Diff {
    from: Revision,
    to: Revision,
    changes: Vec<Change>,
}

/// One object that is not as it was.
#[derive(Clone, Debug)]
pub struct Change {
    old: Option<Entry>,
    new: Option<Entry>,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is there and was not.
    Created,
    /// Its content or its keys are different.
    Modified,
    /// It was there and is not.
    Deleted,
    /// It has the same name and another uid: deleted and created again.
    Replaced,
}

impl Diff {
    pub(super) fn new(older: &State, newer: &State) -> Diff {
        let changes = newer.diff(older).into_iter();
        Diff {
            from: older.revision,
            to: newer.revision,
            changes: changes.map(|(old, new)| Change { old: old.cloned(), new: new.cloned() }).collect(),
        }
    }

    /// The revision of the older snapshot.
    pub fn from(&self) -> Revision {
        self.from
    }

    /// The revision of the newer snapshot.
    pub fn to(&self) -> Revision {
        self.to
    }

    /// The changes, ordered by namespace and name.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many changes are of that kind.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind() == kind).count()
    }
}

impl<'d> IntoIterator for &'d Diff {
    type Item = &'d Change;
    type IntoIter = std::slice::Iter<'d, Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.changes.iter()
    }
}

/// The changes by name, comma separated.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, change) in self.changes.iter().enumerate() {
            write!(f, "{}{change}", if position > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

impl Change {
    /// The identity.
    pub fn name(&self) -> NameRef<'_> {
        match (&self.new, &self.old) {
            (Some(entry), _) | (None, Some(entry)) => entry.name(),
            (None, None) => unreachable!("a change has a side"),
        }
    }

    /// What happened.
    pub fn kind(&self) -> ChangeKind {
        match (&self.old, &self.new) {
            (None, _) => ChangeKind::Created,
            (_, None) => ChangeKind::Deleted,
            (Some(old), Some(new)) => match (old.uid(), new.uid()) {
                (Some(old), Some(new)) if old != new => ChangeKind::Replaced,
                _ => ChangeKind::Modified,
            },
        }
    }

    /// The object before, with its keys.
    pub fn old(&self) -> Option<&Entry> {
        self.old.as_ref()
    }

    /// The object now, with its keys.
    #[expect(clippy::new_ret_no_self, reason = "the counterpart of old")]
    pub fn new(&self) -> Option<&Entry> {
        self.new.as_ref()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ChangeKind::Created => "created",
            ChangeKind::Modified => "modified",
            ChangeKind::Deleted => "deleted",
            ChangeKind::Replaced => "replaced",
        })
    }
}

impl PartialEq for Change {
    fn eq(&self, other: &Change) -> bool {
        let same = |a: &Option<Entry>, b: &Option<Entry>| match (a, b) {
            (Some(a), Some(b)) => a.name() == b.name() && a.unchanged(b),
            (None, None) => true,
            _ => false,
        };
        same(&self.old, &other.old) && same(&self.new, &other.new)
    }
}
