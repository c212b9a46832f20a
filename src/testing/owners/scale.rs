//! Ownership through the scale subresource: of the one field that it shows.

use super::{entry::Entry, managers::Managers, path::Step, set::FieldSet};

const SCALE: &str = "autoscaling/v1";

fn replicas() -> FieldSet {
    FieldSet::of_fields([&["spec", "replicas"][..]])
}

impl Managers {
    /// The owners of an object's replicas, as owners of `spec.replicas` in its Scale.
    pub(in crate::testing) fn to_scale(&self, path: &[Step]) -> Managers {
        let entries = self.entries.iter().filter(|entry| entry.set.contains(path));
        let shown = |entry: &Entry| Entry { api_version: SCALE.into(), set: replicas(), ..entry.clone() };
        Managers { entries: entries.map(shown).collect() }
    }

    /// The owners of the object after a write to its Scale left `scale` as the owners there. Whoever took the
    /// replicas has an entry without a time.
    ///
    /// To the server an update's entry here and its entry there are two, since they name different versions: even an
    /// owner that keeps the replicas gets an entry of its own for them.
    pub(in crate::testing) fn after_scale(&self, scale: Managers, path: &[Step], api_version: &str) -> Managers {
        let mut field = FieldSet::default();
        field.insert(path);
        let mut takers = scale.entries;
        takers.retain(|taker| !taker.set.intersection(&replicas()).is_empty());
        let mut entries = self.entries.clone();
        for entry in entries.iter_mut().filter(|entry| entry.set.contains(path)) {
            match takers.iter().position(|taker| taker.identity() == entry.identity()) {
                Some(kept) => drop(takers.remove(kept)),
                None => entry.set = entry.set.difference(&field),
            }
        }
        entries.retain(|entry| !entry.set.is_empty());
        entries.extend(takers.into_iter().map(|taker| Entry {
            api_version: api_version.to_owned(),
            time: None,
            set: field.clone(),
            ..taker
        }));
        Managers { entries }
    }
}
