//! YAML as kubectl and the API server understand and write it: the library both are built with, in both directions.
//!
//! Not here: splitting a file into documents, and anything about Kubernetes.

mod emit;
mod key_order;
mod parse;
mod scalar;
mod timestamp;

pub(super) use emit::emit;
pub(super) use parse::parse;
