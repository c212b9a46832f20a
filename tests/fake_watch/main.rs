//! The fake API server watches as a real one does: streamed lists, how far it remembers, and what tests see of it. What a
//! real one can be asked too is in `tests/protocol`.

mod events;
mod fixtures;
mod memory;
mod open_watches;
mod streamed_lists;
#[path = "../support/mod.rs"]
mod support;
