//! Indexed stores for Kubernetes objects.

pub mod indexer;
pub mod object;
pub mod path;
pub mod selector;

pub use indexer::{Indexed, Indexer};
pub use object::{IndexKey, Object, ObjectName, ResourceVersion, ValueRef};
pub use path::FieldPath;
