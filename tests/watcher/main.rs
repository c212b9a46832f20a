//! What watching promises, against an API server in the process that misbehaves on demand.
//!
//! Time is virtual: a test that waits for an hour takes no time, and none of them sleeps for real.

mod ends;
mod events;
mod everything;
mod feeds;
mod first_list;
mod first_notices;
mod fixtures;
mod notices;
mod proxy;
mod quiet;
mod refusals;
mod relists;
mod scope;
mod silence;
#[path = "../support/mod.rs"]
mod support;
mod unknown;
mod unreadable;
mod waiting;
