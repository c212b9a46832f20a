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
    newest: Option<ResourceVersion>,
    version: Option<ResourceVersion>,
    sequence: u64,
}

impl Tombstones {
    /// Remembers a deletion: its own version, which one by hand does not have, and, from what was `held` or is
    /// known of an earlier deletion, the version before which writes are late.
    pub(super) fn insert(
        &mut self,
        name: ObjectName,
        version: Option<ResourceVersion>,
        held: Option<ResourceVersion>,
        sequence: u64,
    ) {
        let newest = version.clone().or(held).or_else(|| self.newest(&name).cloned());
        self.order.push_back((name.clone(), sequence));
        self.deletions.insert(name, Deletion { newest, version, sequence });
        while self.order.len() > MAX {
            if let Some((oldest, sequence)) = self.order.pop_front()
                && self.deletions.get(&oldest).is_some_and(|deletion| deletion.sequence == sequence)
            {
                self.deletions.remove(&oldest);
            }
        }
    }

    /// The newest version known of what is deleted: older writes are late. `None` where all are welcome.
    pub(super) fn newest(&self, name: &ObjectName) -> Option<&ResourceVersion> {
        self.deletions.get(name)?.newest.as_ref()
    }

    /// The version of a deletion itself; `Some(None)` where it has none.
    pub(super) fn version(&self, name: &ObjectName) -> Option<Option<&ResourceVersion>> {
        Some(self.deletions.get(name)?.version.as_ref())
    }

    pub(super) fn remove(&mut self, name: &ObjectName) {
        self.deletions.remove(name);
    }

    /// Keeps the deletions for which `keep` holds, told their name, own version and sequence.
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
            tombstones.insert(name(number), Some(ResourceVersion::from(number as u64 + 1)), None, number as u64);
        }
        assert_eq!(tombstones.newest(&name(9)), None);
        assert_eq!(tombstones.newest(&name(10)), Some(&ResourceVersion::from(11)));
        assert_eq!((tombstones.deletions.len(), tombstones.order.len()), (MAX, MAX));
    }

    #[test]
    fn deletions_that_a_reset_has_left_are_forgotten_in_their_order_too() {
        let mut tombstones = Tombstones::default();
        let name = |number: u64| ObjectName::new("ns", &format!("object-{number}"));
        let insert = |tombstones: &mut Tombstones, numbers: std::ops::Range<u64>| {
            numbers.for_each(|number| tombstones.insert(name(number), Some((number + 1).into()), None, number));
        };
        insert(&mut tombstones, 0..10);
        tombstones.retain(|_, _, sequence| sequence % 2 == 0);
        assert_eq!((tombstones.deletions.len(), tombstones.order.len()), (5, 5));
        insert(&mut tombstones, 10..10 + MAX as u64);
        assert_eq!((tombstones.newest(&name(8)), tombstones.newest(&name(10))), (None, Some(&11.into())));
        assert_eq!((tombstones.deletions.len(), tombstones.order.len()), (MAX, MAX));
    }

    #[test]
    fn a_deletion_without_a_version_keeps_what_is_known_of_the_one_before() {
        let mut tombstones = Tombstones::default();
        let name = ObjectName::new("ns", "a");
        tombstones.insert(name.clone(), Some(9.into()), None, 1);
        tombstones.insert(name.clone(), None, None, 2);
        assert_eq!((tombstones.newest(&name), tombstones.version(&name)), (Some(&9.into()), Some(None)));
    }
}
