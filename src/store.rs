//! Stores: where objects are kept, and how readers and writers meet there.
//!
//! [`Store`] is the trait that feeders write to and readers ask; [`StoreExt`] adds what is convenient. [`MemoryStore`] keeps
//! every object; [`CachedStore`] keeps references and fetches objects when they are asked for. Where writes come from
//! is the watcher's business.
//!
//! # Which store when
//!
//! | | [`MemoryStore`], `store: full` | [`CachedStore`], `store: on-demand` |
//! |---|---|---|
//! | keeps | every object, less the fields that the indexer drops | name, uid, version and keys of every object, and the bodies that were read last |
//! | `get` | from memory | what is remembered from memory, the rest with one request for each object |
//! | iterates | at the speed of memory | after fetching every body that is not remembered |
//! | counts, keys, whether a name is there | from memory | from memory; nothing is fetched |
//! | a snapshot pins | everything | names, versions and keys; bodies are pinned by a [render session](crate::template::Session) |
//! | a label selector | looks at each object under the prefix | fetches each object under the prefix, and a snapshot refuses it: labels are in the bodies |
//! | a change is | other content or other keys | every new version, whatever is in it |
//! | while the API server is away | answers as before | answers what is remembered; the rest fails, or is stale where `serve_stale` allows it |
//! | access rights | `list`, `watch` | `list`, `watch`, `get` |
//! | is for | Ingresses, routes, Services, EndpointSlices | Secrets, large ConfigMaps |
//!
//! **The rule.** What a render iterates as a whole belongs in memory. What is large, and read by name, and only a small
//! part of it, belongs on demand.
//!
//! **The reasoning.** On demand saves the bodies that nobody reads. It costs one request for each body that is read,
//! again for each new version of it, and again when it has been forgotten. So it pays where bodies are large, few of
//! them are read, and those seldom change. It does not pay for what changes often: the watch brings a new EndpointSlice
//! to a `MemoryStore` for nothing. It never saves traffic of the watch, which still sends whole objects; their bodies
//! are dropped on arrival.
//!
//! Before that, drop fields: `remove_fields` and `keep_fields` of the [indexer](crate::indexer) often save more, and
//! cost no request.
//!
//! # What it costs
//!
//! For a store of n objects, and an object of k index entries: one for each of its keys and each length of prefix, over
//! all indexes but the one by name.
//!
//! | operation | cost |
//! |---|---|
//! | [`apply`](StoreExt::apply) | the size of the object, O(log n), and O(log n) for each index entry that is new or gone |
//! | [`delete`](StoreExt::delete) | O((1 + k) · log n) |
//! | [`write`](Store::write) of a batch | that of its writes, and one publication |
//! | [`snapshot`](Store::snapshot), [`list`](Snapshot::list) | O(1) |
//! | [`entry`](Snapshot::entry) | O(log n) |
//! | [`get`](Snapshot::get), by a complete key or a prefix | O(log n), whatever the number of matches |
//! | `get` with a label selector | O(log n + m) for the m objects under the prefix |
//! | of a [`List`](crate::snapshot::List): `len`; `at`; iteration | O(1); O(log n); O(1) for each entry after O(log n) |
//! | [`keys`](Snapshot::keys) | O(log n) for each key |
//! | [`unindexed`](Snapshot::unindexed) | O(n) |
//! | [`with`](Snapshot::with), an overlay | that of its writes; the store is not touched |
//! | [`diff`](Snapshot::diff), and each difference of [`changes`](Store::changes) | O(w · log w) for the w objects written in between |
//! | [`reset`](Store::reset) of r objects, old ones and new ones | O(r · log n), and (1 + k) times that for those that changed |
//! | `get` from a [`CachedStore`] | as above, O(1) for each match, and the requests |
//!
//! Now and then a write packs all objects of the store anew, so that what they have in common is kept once. It happens
//! at the earliest when half as much has been written as there is, so that each write pays for a bounded number of
//! them. But that one write, and a difference of snapshots from before and after it, are O(n).
//!
//! Readers take no lock and wait for no writer. Writers take turns, also while a reset is committed.
//!
//! # Memory
//!
//! An object is one allocation: name, version, keys and body. What repeats in several objects of a store is kept once.
//! Indexes keep numbers of objects: that by namespace and name takes about 25 bytes for each object, any other about 10
//! for each key and length of prefix (`cargo bench --bench memory`). A key in an object takes little where its text is
//! in the body as well or in other objects too, else the length of the text. An empty store takes a few kilobytes.
//! A snapshot that is kept keeps what was replaced since; from the next packing on, that is every object. Deletions are
//! remembered until the next reset, a bounded number of them.
//!
//! # Limits
//!
//! - A store is as fresh as its watch; [`watcher`](crate::watcher) says what may be stale, and for how long.
//! - Stores are pinned together but watched independently: an Ingress may appear before its Service.
//! - Nothing is persisted. After a restart a store is empty until its watcher has listed.
//! - A write to a store changes nothing in the cluster.
//! - [`Store::get`] of a [`CachedStore`] may answer with a body that is newer than the snapshot, never with an older
//!   one.
#![cfg_attr(
    not(feature = "client"),
    doc = "
[`CachedStore`]: https://docs.rs/kube-indexed-store/latest/kube_indexed_store/store/struct.CachedStore.html"
)]

use std::fmt::Debug;
use std::sync::Arc;

use crate::{Indexed, ResourceVersion};

#[cfg(feature = "client")]
mod bodies;
mod body;
#[cfg(feature = "client")]
mod cached;
mod changes;
mod core;
mod error;
mod ext;
mod get;
mod memory;
mod scope;
#[cfg(feature = "client")]
mod stats;
mod tombstones;
mod usage;

pub use body::{Body, BodyGet};
#[cfg(feature = "client")]
pub use cached::{CachedStore, CachedStoreBuilder, DEFAULT_CACHE_SIZE, DEFAULT_CACHE_TTL};
pub use changes::Changes;
pub use error::Error;
pub use ext::StoreExt;
pub use get::{Get, GetFuture, Objects};
pub use memory::{MemoryStore, MemoryStoreBuilder};
pub use scope::Scope;
#[cfg(feature = "client")]
pub use stats::Stats;
pub use usage::Memory;

use crate::indexer::Schema;
use crate::snapshot::Entry;
pub use crate::snapshot::{Query, Revision, Snapshot, Write};

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
/// What each operation costs is in the documentation of the [module](self).
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
    #[doc(alias = "AddEventHandler")]
    #[doc(alias = "subscribe")]
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
