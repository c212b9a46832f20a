//! x
pub mod manifests;
mod yaml;
