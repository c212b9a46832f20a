//! The objects and their history, under one revision counter.
//!
//! A list at a resourceVersion and a watch from one both read this history, so neither can miss what the other saw. The
//! history of each kind is a window of changes; older ones are forgotten. Deliberately not here: what may be written.

mod object;
mod table;

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

pub(super) use object::Object;
pub(super) use table::{Change, Table};

use super::kinds::KindId;

/// All tables and the counter they share.
pub(super) struct Storage {
    /// By the number of their kind.
    tables: Vec<Table>,
    pub(super) revision: u64,
    /// How many changes of a kind are remembered.
    window: usize,
    /// The oldest revision a list or a watch may start from, as far as compactions are concerned.
    compacted: u64,
    /// The oldest revision a watch may start from, as far as restarts are concerned.
    restarted: u64,
    reached: watch::Sender<u64>,
}

impl Storage {
    pub(super) fn new(window: usize) -> Self {
        let reached = watch::Sender::new(1);
        Storage { tables: Vec::new(), revision: 1, window: window.max(1), compacted: 0, restarted: 0, reached }
    }

    /// The oldest revision a list of this kind may show.
    pub(super) fn oldest(&self, kind: KindId) -> u64 {
        self.compacted.max(self.table(kind).map_or(0, Table::forgotten))
    }

    /// The oldest revision a watch of this kind may start from; a restart forgets what only the server's own memory
    /// held.
    pub(super) fn oldest_watched(&self, kind: KindId, in_memory: bool) -> u64 {
        self.oldest(kind).max(if in_memory { self.restarted } else { 0 })
    }

    /// Nothing may start from before this moment. What is remembered stays, for the watches that are open.
    pub(super) fn compact(&mut self) {
        self.compacted = self.revision;
    }

    /// No watch may start from before this moment.
    pub(super) fn restart(&mut self) {
        self.restarted = self.revision;
    }

    /// Starts over from a revision with nothing but these objects of kinds that changed last in an earlier one. Open
    /// watches are not told.
    pub(super) fn rewind<'o>(
        &mut self,
        revision: u64,
        contents: impl Iterator<Item = (KindId, u64, &'o [Arc<Object>])>,
    ) {
        self.tables.iter_mut().for_each(|table| table.rewind(revision, &[]));
        contents.for_each(|(kind, changed, objects)| self.table_mut(kind).rewind(changed, objects));
        self.revision = revision;
        self.compacted = revision;
        self.restarted = self.restarted.min(revision);
        self.reached.send_replace(revision);
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
        let (revision, window) = (self.revision, self.window);
        self.table_mut(kind).record(revision, key, after, window);
        self.reached.send_replace(revision);
    }

    /// Takes a kind away: its watches end.
    pub(super) fn end(&mut self, kind: KindId) {
        self.table_mut(kind).end();
    }

    /// Wakes the watches of all kinds.
    pub(super) fn wake(&self) {
        self.tables.iter().for_each(Table::wake);
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
