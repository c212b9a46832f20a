//! YAML in both directions, as the library does it that kubectl and the API server are built with.
//!
//! Not here: splitting a file into documents, and anything about Kubernetes.

mod emit;
mod key_order;
mod parse;
mod scalar;
mod timestamp;

pub(super) use emit::emit;
pub(super) use parse::{Parsed, parse, read};
