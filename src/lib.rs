//! Indexed stores for Kubernetes objects: composite index keys, snapshots, differences, watching, templates. And a fake
//! Kubernetes API server for tests (`testing`).
//!
//! A [`watcher`] lists and watches a resource of the API server and writes its objects to a store. The [`Indexer`]
//! drops fields while it decodes an object, and computes the object's [index keys](IndexKey). A [`Store`] keeps the
//! objects. A [`template`], or any code, queries a [`Snapshot`] by key prefix and gets an ordered answer that never
//! changes.
//!
//! ```text
//!             list + watch                        write / reset
//!  API server ------------> watcher ---> indexer ---------> store ---> snapshot ---> template / your code
//!                          (deadlines)  (decode, filter,      |                            |
//!                                        keys)                +-- diff of snapshots -------+--> render again?
//! ```
//!
//! # Where to begin
//!
//! | you want to | see |
//! |---|---|
//! | keep a resource in memory | [`watcher::Watcher`], [`Indexer`], [`Query`] |
//! | choose between memory and on demand | [`store`](store#which-store-when) |
//! | know what an operation costs | [`store`](store#what-it-costs) |
//! | choose index keys | [`indexer`](indexer#choosing-index-keys) |
//! | set the cache of an on-demand store | [`CachedStore`](CachedStore#choosing-the-limits) |
//! | know what may be stale, and for how long | [`watcher`](watcher#what-may-be-stale-and-for-how-long) |
//! | describe what to watch in a file | [`config::Config`] |
//! | render templates | [`template::Renderer`] |
//! | react to changes | [`watcher::Notifications`], [`store::Changes`] |
//! | try "what if this were applied?" | [`Snapshot::with`] |
//! | write or wrap a store | [`Store`], [`StoreExt`] |
//! | test without a cluster | `testing::FakeCluster` (feature `testing`) |
//!
//! # It is not
//!
//! - a cache of what *you* write: a store shows what its watch has reported;
//! - a transaction over several resources: stores are pinned together but watched independently;
//! - a query language: indexes are declared, a query is a key prefix and optionally a label selector;
//! - a database: nothing is persisted, after a restart everything is listed again;
//! - a key-value store in ConfigMaps or Secrets: that comes in a later version.
//!
//! # Coming from another library
//!
//! The search of this documentation finds most of these names.
//!
//! | here | client-go, controller-runtime | kube-runtime | haptic, the Go original |
//! |---|---|---|---|
//! | [`Store`], [`StoreExt`] | `cache.Store`, `cache.Indexer` | `reflector::Store`, `Writer` | `types.Store` |
//! | [`Store::get`] of a [`Query`] | `ByIndex`, `List` with `MatchingFields` | `Store::state_filter` | `Get(keys...)` |
//! | [`Query::with_labels`] | `MatchingLabels` | `Store::state_filter_selector` | |
//! | [`Snapshot::entry`] | `GetByKey`, `Get` | `Store::get` | `Get(namespace, name)` |
//! | [`Snapshot::list`], [`StoreExt::list`] | `List`, a `Lister` | `Store::state` | `List()` |
//! | [`Snapshot::keys`] | `ListIndexFuncValues` | | |
//! | [`StoreExt::apply`] | `Add`, `Update` | `Writer::apply_watcher_event` | `Add`, `Update` |
//! | [`StoreExt::delete`], [`delete_matching`](StoreExt::delete_matching) | `Delete` | the same | `Delete`, by name or by key |
//! | [`Store::reset`], [`StoreExt::clear`] | `Replace` | the same | `Clear` |
//! | [`Revision`](store::Revision) | | | `ModCount` |
//! | [`Snapshot::with`] | | | the overlay store |
//! | an empty answer, `None` | `IsNotFound` | `None` | an empty slice |
//! | [`store::Error`] | | | `StoreError` |
//! | [`ObjectName`] | `NamespacedName`, `ObjectKey`, a key of `MetaNamespaceKeyFunc` | `ObjectRef` | namespace and name |
//! | [`index_by`](indexer::IndexerBuilder::index_by), [`index`](indexer::IndexerBuilder::index) | `IndexFunc`, `IndexField` | | `IndexBy` |
//! | [`remove_fields`](indexer::IndexerBuilder::remove_fields), [`keep_fields`](indexer::IndexerBuilder::keep_fields) | `SetTransform` | `WatchStreamExt::modify` | `IgnoreFields` |
//! | [`field_selector`](indexer::IndexerBuilder::field_selector) | | | `FieldSelector` |
//! | [`watcher::Watcher`] | `Reflector`, `SharedIndexInformer` | `watcher()` with `reflector()` | `Watcher` |
//! | [`WatcherBuilder::object`](watcher::WatcherBuilder::object) | | `watch_object()` | `SingleWatcher` |
//! | [`watcher::WatcherSet`] | `SharedInformerFactory`, `cache.Cache` | | |
//! | [`wait_until_synced`](watcher::Watcher::wait_until_synced), [`Status`](watcher::Status) | `WaitForCacheSync`, `HasSynced` | `Store::wait_until_ready` | `OnSyncComplete` |
//! | [`Store::changes`], [`watcher::Notifications`] | `AddEventHandler` | the stream itself | `OnChange`, `ChangeStats` |
//! | [`CachedStore`] | a `Reader` without a cache | `Api::get` | `CachedStore`, `CachedStoreConfig` |
//! | [`config::WatchedResource`], [`config::StoreKind`] | | | `watchedResources`, `StoreType` |
//!
//! - client-go's `Indexer` is a store that has indexes. Here an [`Indexer`] computes keys and keeps nothing.
//! - There is no resync period. A difference of snapshots misses nothing, so nothing has to be sent again.
//! - Objects need no `DeepCopy`: nobody can change what a store returns.
//! - Pepr's `Store` and the `KeyValue` of mapstore keep pairs of key and value in an object of the cluster (`getItem`,
//!   `setItem`; `Get`, `Set`). This crate does not have that yet. What it has of the same kind: [`Store::changes`] for
//!   `subscribe`, [`wait_until_synced`](watcher::Watcher::wait_until_synced) for `onReady`, and
//!   [`wait_for`](watcher::Watcher::wait_for) the version of one's own write for `setItemAndWait`.
//!
//! # Features
//!
//! - `client` (default): everything that needs kube. Without it the crate does not depend on kube.
//! - `template` (default): templates with minijinja.
//! - `testing`: the fake API server. It includes `client`.
//! - `testing-cel`: the same, with rules in CEL of CustomResourceDefinitions.
//! - TLS under kube's own names: `rustls-tls` and `ring` by default, or `openssl-tls`, `aws-lc-rs`, `webpki-roots`.

pub mod config;
#[cfg(feature = "client")]
pub mod convert;
#[cfg(feature = "client")]
pub mod fetch;
mod index;
pub mod indexer;
pub mod object;
pub mod path;
pub mod selector;
pub mod snapshot;
pub mod store;
mod table;
#[cfg(feature = "template")]
pub mod template;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "client")]
mod ttl_lru;
#[cfg(feature = "client")]
pub mod watcher;

#[cfg(feature = "client")]
pub use kube;

pub use indexer::{Indexed, Indexer};
pub use object::{IndexKey, NameRef, Object, ObjectName, ResourceVersion, ValueRef};
pub use path::FieldPath;
pub use snapshot::{Query, Snapshot};
#[cfg(feature = "client")]
pub use store::CachedStore;
pub use store::{MemoryStore, Store, StoreExt, Write};

#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
