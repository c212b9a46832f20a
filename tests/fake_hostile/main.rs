//! What nobody should send: requests that chance has made of sensible ones, and what must hold whatever is sent.
//!
//! A few rounds as a test; `FUZZ_SECONDS=600` goes on for so long, `SEED=...` repeats a run, and `FUZZ_LOG=file` writes each
//! request down before it is sent.

mod hostile;
mod many;
mod patches;
mod requests;
mod rounds;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod texts;
mod whole;
