//! The fake API server on a socket: what clients of other programs see, and what connections do when it fails.

mod clients;
mod fixtures;
mod lifetime;
mod mishaps;
#[path = "../support/mod.rs"]
mod support;
