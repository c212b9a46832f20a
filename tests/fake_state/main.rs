//! What tests say to a `testing::FakeCluster` and ask of it: objects in few words, its state as a whole, and the log of the
//! requests it got.

mod actions;
mod builders;
mod doors;
mod dumps;
mod fixtures;
mod log;
mod patience;
mod snapshots;
#[path = "../support/mod.rs"]
mod support;
