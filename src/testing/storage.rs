//! Objects over time: every state of every kind since the start, under one counter.
//!
//! A list at a resourceVersion and a watch from one both read this history, so neither can miss what the
//! other saw. Deliberately not here: what may be written, and forgetting: compaction only moves the
//! oldest revision that may be asked for.

mod object;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use serde_json::Value;
use tokio::sync::watch;

pub(super) use object::Object;

use super::kinds::KindId;

/// What one revision did to one object: it appeared, changed, or went.
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) before: Option<Arc<Object>>,
    pub(super) after: Option<Arc<Object>>,
    gone: OnceLock<Arc<Object>>,
}

impl Change {
    /// The object as it was before, at the revision that took it away.
    pub(super) fn gone(&self) -> Option<&Arc<Object>> {
        let before = self.before.as_ref()?;
        Some(self.gone.get_or_init(|| before.at(self.revision)))
    }
}

/// Since when an object was as it is here, or absent.
type State = (u64, Option<Arc<Object>>);

/// The history of one kind.
#[derive(Default)]
pub(super) struct Table {
    /// States by key, in their order.
    rows: BTreeMap<String, Vec<State>>,
    pub(super) log: Vec<Change>,
    /// How often the kind was taken away: watches opened before end.
    pub(super) removals: usize,
    changed: watch::Sender<()>,
}

impl Table {
    pub(super) fn get(&self, key: &str) -> Option<&Arc<Object>> {
        self.rows.get(key)?.last()?.1.as_ref()
    }

    /// The objects as of a revision whose keys start with `prefix` and come after `after`, in key order.
    pub(super) fn at<'t>(
        &'t self,
        revision: u64,
        prefix: &'t str,
        after: &str,
    ) -> impl Iterator<Item = (&'t str, &'t Arc<Object>)> {
        let from = if after.is_empty() { prefix.to_owned() } else { after.to_owned() };
        let rows = self.rows.range(from..).take_while(move |(key, _)| key.starts_with(prefix));
        rows.filter_map(move |(key, states)| {
            let known = states.partition_point(|(since, _)| *since <= revision);
            let state = states[..known].last()?;
            Some((key.as_str(), state.1.as_ref()?))
        })
    }

    /// Where in the log the changes after a revision start.
    pub(super) fn after(&self, revision: u64) -> usize {
        self.log.partition_point(|change| change.revision <= revision)
    }

    /// Tells of everything from now on that a watch of this kind may have to tell.
    pub(super) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}

/// All tables and the counter they share.
pub(super) struct Storage {
    /// By the number of their kind.
    tables: Vec<Table>,
    pub(super) revision: u64,
    /// The oldest revision a list or a watch may start from.
    pub(super) oldest: u64,
    reached: watch::Sender<u64>,
}

impl Storage {
    pub(super) fn new() -> Self {
        Storage { tables: Vec::new(), revision: 1, oldest: 0, reached: watch::Sender::new(1) }
    }

    /// The table of a kind, nothing while it never held an object.
    pub(super) fn table(&self, kind: KindId) -> Option<&Table> {
        self.tables.get(kind.index())
    }

    pub(super) fn table_mut(&mut self, kind: KindId) -> &mut Table {
        let least = kind.index() + 1;
        if self.tables.len() < least {
            self.tables.resize_with(least, Table::default);
        }
        &mut self.tables[kind.index()]
    }

    pub(super) fn get(&self, kind: KindId, key: &str) -> Option<&Arc<Object>> {
        self.table(kind)?.get(key)
    }

    /// The objects of a kind as of now whose keys start with `prefix`, in key order.
    pub(super) fn objects<'s>(&'s self, kind: KindId, prefix: &'s str) -> impl Iterator<Item = &'s Arc<Object>> {
        let table = self.table(kind).into_iter();
        table.flat_map(move |table| table.at(self.revision, prefix, "")).map(|(_, object)| object)
    }

    /// Puts a state under the next revision, which it gets as its resourceVersion.
    pub(super) fn put(&mut self, kind: KindId, key: &str, mut value: Value) -> Arc<Object> {
        self.revision += 1;
        value["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let object = Arc::new(Object::new(value));
        self.record(kind, key, Some(object.clone()));
        object
    }

    /// Takes an object away under the next revision.
    pub(super) fn remove(&mut self, kind: KindId, key: &str) {
        if self.get(kind, key).is_some() {
            self.revision += 1;
            self.record(kind, key, None);
        }
    }

    fn record(&mut self, kind: KindId, key: &str, after: Option<Arc<Object>>) {
        let revision = self.revision;
        let table = self.table_mut(kind);
        let states = table.rows.entry(key.to_owned()).or_default();
        let before = states.last().and_then(|(_, state)| state.clone());
        states.push((revision, after.clone()));
        table.log.push(Change { revision, before, after, gone: OnceLock::new() });
        table.changed.send_replace(());
        self.reached.send_replace(revision);
    }

    /// Takes a kind away: its watches end.
    pub(super) fn end(&mut self, kind: KindId) {
        let table = self.table_mut(kind);
        table.removals += 1;
        table.changed.send_replace(());
    }

    /// Wakes the watches of all kinds.
    pub(super) fn wake(&self) {
        for table in &self.tables {
            table.changed.send_replace(());
        }
    }

    /// Tells of each new revision.
    pub(super) fn reached(&self) -> watch::Receiver<u64> {
        self.reached.subscribe()
    }
}

/// Where an object is kept: `namespace/name`, or the name alone at cluster scope. Lists are in the order of
/// these texts, in which `a-b/x` comes before `a/x`.
pub(super) fn key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

/// What the keys of a namespace start with; all keys where it is empty.
pub(super) fn prefix(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!("{namespace}/") }
}
