//! What was deleted, remembered for a while so that late writes do not bring it back.

use std::collections::{HashMap, VecDeque};

use crate::{ObjectName, ResourceVersion};

/// How many deletions are remembered; the oldest are forgotten first.
const MAX: usize = 16_384;

#[derive(Debug, Default)]
pub(super) struct Tombstones {
    deletions: HashMap<ObjectName, Deletion>,
    /// The names in the order of their deletions; a name that was deleted again stands there twice.
    order: VecDeque<(ObjectName, u64)>,
}

#[derive(Debug)]
struct Deletion {
    /// Unknown for what was deleted by hand; then no write is late.
    version: Option<ResourceVersion>,
    sequence: u64,
}

impl Tombstones {
    pub(super) fn insert(&mut self, name: ObjectName, version: Option<ResourceVersion>, sequence: u64) {
        if self.version(&name).zip(version.as_ref()).is_some_and(|(known, version)| version.is_older_than(known)) {
            return;
        }
        self.order.push_back((name.clone(), sequence));
        self.deletions.insert(name, Deletion { version, sequence });
        while self.order.len() > MAX {
            if let Some((oldest, sequence)) = self.order.pop_front()
                && self.deletions.get(&oldest).is_some_and(|deletion| deletion.sequence == sequence)
            {
                self.deletions.remove(&oldest);
            }
        }
    }

    /// The version at which an object was deleted.
    pub(super) fn version(&self, name: &ObjectName) -> Option<&ResourceVersion> {
        self.deletions.get(name)?.version.as_ref()
    }

    pub(super) fn contains(&self, name: &ObjectName) -> bool {
        self.deletions.contains_key(name)
    }

    pub(super) fn remove(&mut self, name: &ObjectName) {
        self.deletions.remove(name);
    }

    /// Keeps the deletions for which `keep` holds, told their name, version and sequence.
    pub(super) fn retain(&mut self, keep: impl Fn(&ObjectName, Option<&ResourceVersion>, u64) -> bool) {
        self.deletions.retain(|name, deletion| keep(name, deletion.version.as_ref(), deletion.sequence));
        let deletions = &self.deletions;
        self.order.retain(|(name, sequence)| deletions.get(name).is_some_and(|kept| kept.sequence == *sequence));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_of_deletions_is_remembered_the_newest_ones() {
        let mut tombstones = Tombstones::default();
        let name = |number: usize| ObjectName::new("ns", &format!("object-{number}"));
        for number in 0..MAX + 10 {
            tombstones.insert(name(number), Some(ResourceVersion::from(number as u64 + 1)), number as u64);
        }
        assert_eq!(tombstones.version(&name(9)), None);
        assert_eq!(tombstones.version(&name(10)), Some(&ResourceVersion::from(11)));
        assert_eq!((tombstones.deletions.len(), tombstones.order.len()), (MAX, MAX));
    }

    #[test]
    fn an_older_deletion_does_not_replace_a_newer_one() {
        let mut tombstones = Tombstones::default();
        let name = ObjectName::new("ns", "a");
        tombstones.insert(name.clone(), Some(9.into()), 1);
        tombstones.insert(name.clone(), Some(3.into()), 2);
        assert_eq!(tombstones.version(&name), Some(&9.into()));
    }
}
