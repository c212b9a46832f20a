//! What a store shares between its objects is given back, never mixed up, and nobody notices when it is made anew.

mod fixtures;
mod memory;
mod readers;
mod shrinking;
#[path = "../support/mod.rs"]
mod support;
