//! The history of one kind: the rows that lists read, and the log of changes that watches read.
//!
//! Both go back equally far: when the oldest change of the log is dropped, so is the state that it replaced.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, OnceLock},
};

use tokio::sync::watch;

use super::{Object, key};

/// What one revision did to one object: it appeared, changed, or went.
pub(in super::super) struct Change {
    pub(in super::super) revision: u64,
    pub(in super::super) before: Option<Arc<Object>>,
    pub(in super::super) after: Option<Arc<Object>>,
    gone: OnceLock<Arc<Object>>,
}

impl Change {
    /// The object as it was before, at the revision that took it away.
    pub(in super::super) fn gone(&self) -> Option<&Arc<Object>> {
        let before = self.before.as_ref()?;
        Some(self.gone.get_or_init(|| before.at(self.revision)))
    }

    fn key(&self) -> Option<String> {
        let object = self.after.as_ref().or(self.before.as_ref())?;
        Some(key(&object.namespace, &object.name))
    }
}

/// Since when an object was as it is here, or absent.
type State = (u64, Option<Arc<Object>>);

/// The states of one object, in their order.
struct Row {
    past: VecDeque<State>,
    now: State,
}

impl Row {
    fn at(&self, revision: u64) -> Option<&Arc<Object>> {
        if self.now.0 <= revision {
            return self.now.1.as_ref();
        }
        let known = self.past.partition_point(|(since, _)| *since <= revision);
        self.past.get(known.checked_sub(1)?)?.1.as_ref()
    }

    /// Puts another state in the place of the one it has, which it answers.
    fn put(&mut self, state: State) -> Option<Arc<Object>> {
        let before = std::mem::replace(&mut self.now, state);
        let object = before.1.clone();
        self.past.push_back(before);
        object
    }

    /// Forgets what was over by a revision.
    fn forget(&mut self, revision: u64) {
        let over = self.past.iter().skip(1).chain([&self.now]).take_while(|(since, _)| *since <= revision).count();
        self.past.drain(..over.min(self.past.len()));
    }

    /// Whether there is no object, nor a memory of one.
    fn is_nothing(&self) -> bool {
        self.past.is_empty() && self.now.1.is_none()
    }
}

/// The history of one kind.
#[derive(Default)]
pub(in super::super) struct Table {
    /// States by key, in their order.
    rows: BTreeMap<String, Row>,
    /// Changes in their order.
    log: VecDeque<Change>,
    /// The revision of the last change that is no longer in the log.
    forgotten: u64,
    /// How often the kind was taken away: watches opened before end.
    removals: usize,
    changed: watch::Sender<()>,
}

impl Table {
    pub(in super::super) fn get(&self, key: &str) -> Option<&Arc<Object>> {
        self.rows.get(key)?.now.1.as_ref()
    }

    /// The objects as of a revision whose keys start with `prefix` and come after `after`, in key order.
    pub(in super::super) fn at<'t>(
        &'t self,
        revision: u64,
        prefix: &'t str,
        after: &str,
    ) -> impl Iterator<Item = (&'t str, &'t Arc<Object>)> {
        let from = if after.is_empty() { prefix.to_owned() } else { after.to_owned() };
        let rows = self.rows.range(from..).take_while(move |(key, _)| key.starts_with(prefix));
        rows.filter_map(move |(key, row)| Some((key.as_str(), row.at(revision)?)))
    }

    /// The changes after a revision, as far as they are remembered.
    pub(in super::super) fn after(&self, revision: u64) -> impl ExactSizeIterator<Item = &Change> {
        self.log.range(self.log.partition_point(|change| change.revision <= revision)..)
    }

    /// Nothing is known of how it was before this revision.
    pub(in super::super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The revision of the last change.
    pub(in super::super) fn last(&self) -> u64 {
        self.log.back().map_or(self.forgotten, |change| change.revision)
    }

    pub(in super::super) fn removals(&self) -> usize {
        self.removals
    }

    /// Tells of everything from now on that a watch of this kind may have to tell.
    pub(in super::super) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) fn wake(&self) {
        self.changed.send_replace(());
    }

    pub(super) fn end(&mut self) {
        self.removals += 1;
        self.wake();
    }

    /// Puts an object, or its absence, under a new revision, and forgets what that moves out of the window.
    pub(super) fn record(&mut self, revision: u64, key: &str, after: Option<Arc<Object>>, window: usize) {
        let state = (revision, after.clone());
        let before = match self.rows.get_mut(key) {
            Some(row) => row.put(state),
            None => {
                self.rows.insert(key.to_owned(), Row { past: VecDeque::new(), now: state });
                None
            }
        };
        self.log.push_back(Change { revision, before, after, gone: OnceLock::new() });
        if self.log.len() > window {
            self.forget();
        }
        self.wake();
    }

    /// Starts over with nothing but these objects, the last of which changed in this revision.
    pub(super) fn rewind(&mut self, changed: u64, objects: &[Arc<Object>]) {
        let row = |object: &Arc<Object>| Row { past: VecDeque::new(), now: (changed, Some(object.clone())) };
        self.rows = objects.iter().map(|object| (key(&object.namespace, &object.name), row(object))).collect();
        self.log.clear();
        self.forgotten = changed;
    }

    /// Forgets the oldest change, and what it put an end to.
    fn forget(&mut self) {
        let Some(change) = self.log.pop_front() else { return };
        self.forgotten = change.revision;
        let Some(key) = change.key() else { return };
        if let Some(row) = self.rows.get_mut(&key) {
            row.forget(change.revision);
            if row.is_nothing() {
                self.rows.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// How many rows, states and changes a table keeps.
    fn sizes(table: &Table) -> (usize, usize, usize) {
        let states = table.rows.values().map(|row| row.past.len() + 1).sum();
        (table.rows.len(), states, table.log.len())
    }

    #[test]
    fn no_more_is_kept_than_what_is_there_and_the_window() {
        let mut table = Table::default();
        for revision in 1..30_000_u64 {
            let name = format!("o{}", revision % 100);
            let gone = revision % 100 >= 10 && revision % 200 >= 100;
            let object = Object::new(json!({"metadata": {"name": name, "resourceVersion": revision.to_string()}}));
            table.record(revision, &name, (!gone).then(|| Arc::new(object)), 50);
        }
        // The last fifty changes, deletions all of them, and what they deleted; and the ten that stay.
        assert_eq!(sizes(&table), (60, 110, 50));
        assert_eq!((table.forgotten(), table.after(0).len(), table.after(29_989).len()), (29_949, 50, 10));
        assert_eq!(table.at(29_949, "", "").count(), 60);
        assert_eq!(table.at(30_000, "", "").count(), 10);
    }
}
