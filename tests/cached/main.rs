//! What a store of references promises: few requests, never an older body than the watch has told, no silent error.

mod answers;
mod fetches;
mod fixtures;
mod freshness;
