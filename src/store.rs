//! Stores: where objects are kept, and how readers and writers meet there.
//!
//! [`Store`] is the trait that feeders write to and readers ask; [`StoreExt`] adds what is convenient.
//! [`MemoryStore`] keeps every object; `CachedStore` keeps references and fetches objects when they are asked for. Where writes come from is the watcher's business.

use std::fmt::Debug;
use std::sync::Arc;

use crate::{Indexed, ObjectName, ResourceVersion, snapshot};

#[cfg(feature = "client")]
mod bodies;
mod body;
#[cfg(feature = "client")]
mod cached;
mod changes;
mod core;
mod ext;
mod get;
mod memory;
#[cfg(feature = "client")]
mod stats;
mod tombstones;
mod usage;

pub use body::{Body, BodyGet};
#[cfg(feature = "client")]
pub use cached::{CachedStore, CachedStoreBuilder, DEFAULT_CACHE_SIZE, DEFAULT_CACHE_TTL};
pub use changes::Changes;
pub use ext::StoreExt;
pub use get::{Get, GetFuture, Objects};
pub use memory::{MemoryStore, MemoryStoreBuilder};
#[cfg(feature = "client")]
pub use stats::Stats;
pub use usage::Memory;

use crate::indexer::Schema;
use crate::snapshot::Entry;
pub use crate::snapshot::{Query, Revision, Snapshot, Write};

/// Why a store could not do what it was asked. Cloning is cheap: many readers can get one failure.
///
/// Absence is never an error: what is not there is an empty answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A query or a write does not fit the indexes; for a batch, nothing of it was applied.
    #[error(transparent)]
    Index(#[from] snapshot::Error),
    /// A store of whole objects was given a reference.
    #[error("{object} was written without its body: this store keeps whole objects")]
    NoBody {
        /// The object.
        object: ObjectName,
    },
    /// An object was pushed to a reset that does not cover it.
    #[error("{object} is outside the reset of {scope}")]
    OutsideReset {
        /// The object.
        object: ObjectName,
        /// What the reset covers.
        scope: Scope,
    },
    /// An object could not be fetched.
    #[cfg(feature = "client")]
    #[error("{object} could not be fetched")]
    Fetch {
        /// The object.
        object: ObjectName,
        /// Why.
        source: crate::fetch::Error,
    },
    /// One object was asked for and there are several.
    #[error("{count} objects under {query} where one was expected, {first} and {second} among them")]
    Several {
        /// What was asked.
        query: String,
        /// How many there are.
        count: usize,
        /// The first of them.
        first: ObjectName,
        /// The second.
        second: ObjectName,
    },
    /// An object does not have the shape it was asked for in.
    #[error("{object} does not parse as asked: {reason}")]
    Parse {
        /// The object.
        object: ObjectName,
        /// What was wrong.
        reason: Arc<str>,
    },
}

/// What a reset replaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The whole store.
    All,
    /// One namespace.
    Namespace(String),
    /// One object.
    Name(ObjectName),
}

impl Scope {
    /// Whether an object is in it.
    pub fn covers(&self, name: &ObjectName) -> bool {
        match self {
            Scope::All => true,
            Scope::Namespace(namespace) => name.namespace() == namespace,
            Scope::Name(only) => name == only,
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scope::All => f.write_str("the whole store"),
            Scope::Namespace(namespace) => write!(f, "namespace {namespace}"),
            Scope::Name(name) => write!(f, "object {name}"),
        }
    }
}

/// A set of Kubernetes objects of one resource type, found by index keys.
///
/// # Contract
///
/// - **Identity first.** Applying inserts, or replaces the object of that name and moves it between keys, atomically.
///   Applying twice is applying once. Deleting takes a name, never keys.
/// - **One order.** Every answer is ordered by namespace and name.
/// - **Readers never wait for writers.** A snapshot is a reference to what was last published; a batch, and a reset,
///   is one publication.
/// - **Late writes lose.** A write whose version is older than what is held, or than the deletion of that name, is
///   ignored; one whose version is the same, cannot be compared, or is not known applies; only a reset may go back.
///   Deletions are remembered until the next reset, a bounded number of them.
/// - **Revisions mean visible change.** Writing what is there already, with nothing new but its version, moves no
///   revision and wakes nobody; neither does a batch that ends where it began.
///
/// Writers may be many; they take turns. Objects are only ever as fresh as the watch that feeds the store.
pub trait Store: Debug + Send + Sync + 'static {
    /// The indexes.
    fn schema(&self) -> Schema;

    /// Applies a batch in order and publishes it at once; returns the revision after it.
    ///
    /// # Errors
    ///
    /// When a write does not fit the indexes; then nothing of the batch is applied.
    fn write(&self, batch: Vec<Write>) -> Result<Revision, Error>;

    /// Opens a replacement of everything in scope. Nothing shows before it is committed.
    #[doc(alias = "Replace")]
    fn reset(&self, scope: Scope) -> Box<dyn Reset>;

    /// Answers a query from what is published now.
    ///
    /// The result is awaited, or taken with [`Get::now`] where nothing has to be fetched.
    ///
    /// # Errors
    ///
    /// When the query does not fit the indexes. A fetch that fails is an error of the future.
    fn get(&self, query: Query<'_>) -> Result<Get, Error>;

    /// The body of an entry of one of this store's snapshots.
    ///
    /// Where bodies are fetched it may be newer than the entry, but never older.
    fn body(&self, entry: &Entry) -> BodyGet {
        BodyGet::of(entry)
    }

    /// The store as it is now. O(1).
    fn snapshot(&self) -> Snapshot;

    /// The differences from now on.
    fn changes(&self) -> Changes;

    /// What the store takes in memory; a store of one's own may count no more than what its snapshot tells. O(n).
    fn memory(&self) -> Memory {
        let snapshot = self.snapshot();
        let (object_bytes, index_bytes) = snapshot.bytes();
        Memory { objects: snapshot.len(), object_bytes, index_bytes, ..Memory::default() }
    }
}

/// A replacement that is being collected; see [`Store::reset`].
///
/// Dropping it abandons it: the store stays as it is.
pub trait Reset: Debug + Send {
    /// Adds an object to the new state.
    ///
    /// # Errors
    ///
    /// When the object does not fit the indexes or is outside the scope; the reset goes on without it.
    fn push(&mut self, indexed: Indexed) -> Result<(), Error>;

    /// Replaces the old state by what was pushed, in one publication.
    ///
    /// `version` is the version of the list that was pushed. A write that arrived while the reset was open
    /// survives unless its version is known not to be newer than that of the list or of the object pushed. What did
    /// not change keeps its identity.
    fn commit(self: Box<Self>, version: Option<ResourceVersion>) -> Revision;
}

macro_rules! forward {
    ($($pointer:ident),*) => {$(
        #[deny(clippy::missing_trait_methods)]
        impl<S: Store + ?Sized> Store for $pointer<S> {
            fn schema(&self) -> Schema {
                (**self).schema()
            }

            fn write(&self, batch: Vec<Write>) -> Result<Revision, Error> {
                (**self).write(batch)
            }

            fn reset(&self, scope: Scope) -> Box<dyn Reset> {
                (**self).reset(scope)
            }

            fn get(&self, query: Query<'_>) -> Result<Get, Error> {
                (**self).get(query)
            }

            fn body(&self, entry: &Entry) -> BodyGet {
                (**self).body(entry)
            }

            fn snapshot(&self) -> Snapshot {
                (**self).snapshot()
            }

            fn changes(&self) -> Changes {
                (**self).changes()
            }

            fn memory(&self) -> Memory {
                (**self).memory()
            }
        }
    )*};
}
forward!(Arc, Box);
