//! Indexed stores for Kubernetes objects: composite index keys, snapshots, differences, watching, templates.
//!
//! The API server tells about objects; the [`watcher`] turns that into writes. The [`Indexer`] slims each
//! object while it is decoded and computes its [index keys](IndexKey). A [`Store`] keeps the objects. A
//! [`template`], or any code, asks a [`Snapshot`] by key prefix and gets an ordered, unchanging answer.
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
//! | keep a resource at hand | [`watcher::Watcher`], [`Indexer`], [`Query`] |
//! | describe what to watch in a file | [`config::Config`] |
//! | render templates | [`template::Renderer`] |
//! | react on changes | [`watcher::Notifications`], [`store::Changes`] |
//! | try "what would be if" | [`Snapshot::with`] |
//! | write or wrap a store | [`Store`], [`StoreExt`] |
//! | test without a cluster | `testing::FakeCluster` (feature `testing`) |
//!
//! # It is not
//!
//! - a cache of what *you* write: a store shows what its watch has told;
//! - a transaction over several resources: stores are pinned together but watched independently;
//! - a query language: indexes are declared, a query is a key prefix and optionally a label selector.
//!
//! # Features
//!
//! `client` (default) is everything that needs kube; `template` (default) is minijinja; `testing` is the fake API
//! server; TLS is chosen by kube's own names, `rustls-tls` with `ring` by default. Without `client` the crate does not
//! depend on kube.

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
