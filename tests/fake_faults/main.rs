//! Each fault of the fake API server, as a client sees it: kube's client, kube's watcher, or this crate's.

mod bodies;
mod events;
mod fixtures;
mod on_a_socket;
mod requests;
mod rules;
mod selection;
#[path = "../support/mod.rs"]
mod support;
mod together;
