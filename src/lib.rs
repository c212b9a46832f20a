//! Indexed stores for Kubernetes objects.

pub mod config;
#[cfg(feature = "client")]
pub mod convert;
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
pub mod watcher;

pub use indexer::{Indexed, Indexer};
pub use object::{IndexKey, Object, ObjectName, ResourceVersion, ValueRef};
pub use path::FieldPath;
pub use snapshot::{Query, Snapshot};
pub use store::{MemoryStore, Store, StoreExt, Write};
