//! What a store promises, rule by rule. The names are the specification.
//!
//! Where an order or a name could matter it is drawn at random; a failure prints the seed, and `SEED=...` runs it again.
//! What an indexer promises is in `tests/indexer`, what an object promises in `tests/object.rs`.

mod ahead;
mod bodies;
mod changes;
mod fixtures;
mod history;
mod keys;
mod late;
mod model;
mod overlays;
mod queries;
mod resets;
#[path = "../support/mod.rs"]
mod support;
mod things;
mod threads;
mod writes;
