//! Objects over time: every state of every kind since the start, under one counter.
//!
//! A list at a resourceVersion and a watch from one both read this history, so neither can miss what the
//! other saw. Deliberately not here: what may be written, and forgetting: compaction only moves the
//! oldest revision that may be asked for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use serde_json::Value;

/// One state of one object.
pub(super) struct Object {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) value: Value,
    /// The whole object in its stored version, once somebody asked for it.
    pub(super) text: OnceLock<Bytes>,
}

impl Object {
    pub(super) fn new(value: Value) -> Self {
        let text = |field: &str| value["metadata"][field].as_str().unwrap_or_default().to_owned();
        Object { namespace: text("namespace"), name: text("name"), text: OnceLock::new(), value }
    }

    /// The same state with a later resourceVersion, as a deletion shows it.
    pub(super) fn at(&self, revision: u64) -> Self {
        let mut value = self.value.clone();
        value["metadata"]["resourceVersion"] = revision.to_string().into();
        Object::new(value)
    }

    pub(super) fn metadata(&self, field: &str) -> &str {
        self.value["metadata"][field].as_str().unwrap_or_default()
    }

    pub(super) fn terminating(&self) -> bool {
        !self.value["metadata"]["deletionTimestamp"].is_null()
    }
}

/// What one revision did to one object: it appeared, changed, or went.
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) before: Option<Arc<Object>>,
    pub(super) after: Option<Arc<Object>>,
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
}

/// All tables and the counter they share.
pub(super) struct Storage {
    tables: HashMap<(String, String), Table>,
    pub(super) revision: u64,
    /// The oldest revision a list or a watch may start from.
    pub(super) oldest: u64,
}

impl Storage {
    pub(super) fn new() -> Self {
        Storage { tables: HashMap::new(), revision: 1, oldest: 0 }
    }

    pub(super) fn table(&mut self, group: &str, plural: &str) -> &mut Table {
        self.tables.entry((group.to_owned(), plural.to_owned())).or_default()
    }

    pub(super) fn existing(&self, group: &str, plural: &str) -> Option<&Table> {
        self.tables.get(&(group.to_owned(), plural.to_owned()))
    }

    pub(super) fn get(&self, group: &str, plural: &str, key: &str) -> Option<&Arc<Object>> {
        self.existing(group, plural)?.get(key)
    }

    /// Puts a state under the next revision, which it gets as its resourceVersion.
    pub(super) fn put(&mut self, group: &str, plural: &str, key: &str, mut value: Value) -> Arc<Object> {
        self.revision += 1;
        value["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let object = Arc::new(Object::new(value));
        self.record(group, plural, key, Some(object.clone()));
        object
    }

    /// Takes an object away under the next revision.
    pub(super) fn remove(&mut self, group: &str, plural: &str, key: &str) {
        if self.get(group, plural, key).is_some() {
            self.revision += 1;
            self.record(group, plural, key, None);
        }
    }

    fn record(&mut self, group: &str, plural: &str, key: &str, after: Option<Arc<Object>>) {
        let revision = self.revision;
        let table = self.table(group, plural);
        let states = table.rows.entry(key.to_owned()).or_default();
        let before = states.last().and_then(|(_, state)| state.clone());
        states.push((revision, after.clone()));
        table.log.push(Change { revision, before, after });
    }
}

/// Where an object is kept: `namespace/name`, or the name alone at cluster scope. Lists are in the order of
/// these texts, in which `a-b/x` comes before `a/x`.
pub(super) fn key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}
