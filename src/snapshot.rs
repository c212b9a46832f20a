//! An immutable view of one store: what every read is answered from, and what two of are compared.
//!
//! Pure: no lock, no clock, no network. How writes become snapshots, and who sees them when, is a store's business.

use std::sync::Arc;

use crate::indexer::{KeyProblem, Schema};
use crate::{IndexKey, NameRef, ObjectName};

mod diff;
mod entry;
mod list;
mod query;
mod state;
mod write;

pub use diff::{Change, ChangeKind, Diff};
pub use entry::Entry;
pub(crate) use entry::NewEntry;
pub use list::{List, ListIter};
pub use query::Query;
pub(crate) use state::{Prepared, Put, State};
pub use write::Write;

/// Counts the visible changes of a store: every publication that changed something anyone can see adds one.
///
/// An object that was written again with nothing changed but its `resourceVersion` does not count.
#[doc(alias = "ModCount")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub(crate) u64);

impl Revision {
    /// The count.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A store at one moment. It never changes, and keeping it blocks nobody; a clone is a reference.
///
/// Snapshots of one store share what did not change between them; keeping one costs the memory of what did. Now and then,
/// at the earliest when half as much has been written as there is, a store packs all of them anew: then it shares no
/// object with the snapshots from before.
///
/// # Examples
///
/// ```
/// use kube_indexed_store::{Indexed, MemoryStore, Object, Query, Store, StoreExt};
///
/// let store = MemoryStore::new();
/// let service = |name: &str| -> Result<_, serde_json::Error> {
///     let json = format!(r#"{{"kind": "Service", "metadata": {{"namespace": "shop", "name": "{name}"}}}}"#);
///     Ok(Indexed::new(serde_json::from_str(&json)?).unwrap())
/// };
/// store.apply(service("web")?)?;
/// let before = store.snapshot();
/// store.apply(service("api")?)?;
/// let after = store.snapshot();
///
/// assert_eq!(before.len(), 1);
/// let shop = after.get(&Query::prefix(&["shop"]))?;
/// assert_eq!(shop.iter().map(|entry| entry.name().name()).collect::<Vec<_>>(), ["api", "web"]);
/// assert_eq!(after.diff(&before).to_string(), "created shop/api");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "Lister")]
#[derive(Clone, Debug)]
pub struct Snapshot {
    state: Arc<State>,
}

/// Why a query or a write does not fit the indexes of a store. The message names the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no index of that name.
    #[error("no index is named {index:?}: this store has {known}")]
    UnknownIndex {
        /// The name asked for.
        index: String,
        /// The names there are.
        known: String,
    },
    /// A query has more components than the index.
    #[error("the query gives {given} components, but index {index:?} has {declared}: leave out the last")]
    TooManyComponents {
        /// The index.
        index: String,
        /// How many were given.
        given: usize,
        /// How many there are.
        declared: usize,
    },
    /// A write has a key of the wrong length.
    #[error("{object} has a key of {given} components, but index {index:?} has {declared}: give exactly as many")]
    WrongComponents {
        /// The object.
        object: ObjectName,
        /// The index.
        index: String,
        /// How many were given.
        given: usize,
        /// How many there are.
        declared: usize,
    },
    /// A write has a key for the index by name, which has no keys of its own.
    #[error("{object} has a key for index {index:?}, which is by namespace and name: leave it out")]
    KeyByName {
        /// The object.
        object: ObjectName,
        /// The index.
        index: String,
    },
    /// A write has an identity or a version that is too long to be one.
    #[error("{field} {start:?}... has {bytes} bytes, and may have {most} at most: give a shorter one")]
    TooLong {
        /// What it is of: `namespace`, `name`, `uid` or `resourceVersion`.
        field: &'static str,
        /// How it begins.
        start: String,
        /// How many bytes it has.
        bytes: usize,
        /// How many it may have: the API server takes 253 for names.
        most: usize,
    },
    /// A label selector was given, but the objects have no labels.
    #[error("the query selects by labels ({selector}), but the indexer drops labels: keep metadata.labels")]
    NoLabels {
        /// The selector.
        selector: String,
    },
    /// A label selector was given, but the labels are with the bodies, which a snapshot of references does not have.
    #[error("the query selects by labels ({selector}), but these are references, which have none: ask the store")]
    LabelsElsewhere {
        /// The selector.
        selector: String,
    },
}

impl Snapshot {
    pub(crate) fn new(state: Arc<State>) -> Snapshot {
        Snapshot { state }
    }

    /// The store's count of visible changes at that moment.
    pub fn revision(&self) -> Revision {
        self.state.revision
    }

    /// The indexes of the store.
    pub fn schema(&self) -> &Schema {
        &self.state.schema
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.state.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every object, ordered by namespace and name. O(1); nothing is copied.
    #[doc(alias = "state")]
    pub fn list(&self) -> List {
        self.state.list()
    }

    /// The objects under a key prefix, ordered by namespace and name, each once.
    ///
    /// # Errors
    ///
    /// When the index does not exist, has fewer components, or a label selector meets objects without labels.
    ///
    /// # Complexity
    ///
    /// O(log n), whatever the number of matches; with a label selector O(log n + matches of the prefix).
    #[doc(alias = "ByIndex")]
    pub fn get(&self, query: &Query<'_>) -> Result<List, Error> {
        self.state.get(query)
    }

    /// The object of that identity. O(log n).
    #[doc(alias = "GetByKey")]
    pub fn entry(&self, namespace: &str, name: &str) -> Option<&Entry> {
        self.state.entry(NameRef::new(namespace, name))
    }

    /// The keys that exist under a prefix, ordered by component, each once.
    ///
    /// A label selector in the query has no effect: keys are of the index, not of single objects.
    ///
    /// # Errors
    ///
    /// As [`get`](Snapshot::get).
    ///
    /// # Complexity
    ///
    /// O(log n) for each key.
    #[doc(alias = "ListIndexFuncValues")]
    pub fn keys(&self, query: &Query<'_>) -> Result<Vec<IndexKey>, Error> {
        self.state.keys(query)
    }

    /// The objects that an index does not find, with the reason. They are in [`list`](Snapshot::list). O(n).
    ///
    /// # Errors
    ///
    /// When the index does not exist.
    pub fn unindexed(&self, index: &str) -> Result<impl Iterator<Item = (NameRef<'_>, KeyProblem)>, Error> {
        self.state.unindexed(index)
    }

    /// What happened from `older` to this snapshot of the same store, ordered by namespace and name.
    ///
    /// Complete and coalesced: an object created and deleted in between does not show. Between snapshots of different
    /// stores the answer is right and slow.
    ///
    /// # Complexity
    ///
    /// O(w · log w) for the w objects written in between, also where it does not show; O(n) if the store has packed all
    /// objects anew meanwhile.
    pub fn diff(&self, older: &Snapshot) -> Diff {
        Diff::new(&older.state, &self.state)
    }

    /// The bytes of the objects, without what they share, and of the indexes.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        self.state.bytes()
    }

    /// A snapshot of the same store before anything was in it.
    #[cfg(feature = "client")]
    pub(crate) fn emptied(&self) -> Snapshot {
        Snapshot::new(Arc::new(State::new(self.state.schema.clone())))
    }

    /// The snapshot as it would be after these writes: an overlay for dry runs and admission checks.
    ///
    /// It is a snapshot like any other, equal to writing and reading by construction; the store is not touched.
    /// Versions are not compared: what is proposed is taken.
    ///
    /// # Errors
    ///
    /// When a write does not fit the indexes; then nothing is applied.
    ///
    /// # Complexity
    ///
    /// O(writes · log n), each as often as it has index entries.
    #[doc(alias = "overlay")]
    pub fn with(&self, writes: impl IntoIterator<Item = Write>) -> Result<Snapshot, Error> {
        let mut state = State::clone(&self.state);
        let writes = writes.into_iter().map(|write| state.prepare(write)).collect::<Result<Vec<_>, _>>()?;
        let mut packer = state.packer();
        let mut visible = false;
        for write in writes {
            visible |= match write {
                Prepared::Apply(entry) => state.write(&entry, &mut packer).is_visible(),
                Prepared::Delete { name, .. } => state.take(name.as_name_ref()).is_some(),
            };
        }
        if visible && state.differs(&self.state) {
            state.revision.0 += 1;
        }
        Ok(Snapshot::new(Arc::new(state)))
    }
}
