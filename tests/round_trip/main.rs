//! What goes into an object or a store comes out of it: whatever the JSON, and however it is kept inside.
//!
//! `serde_json::Value` is the judge of what a text says.

mod anything;
mod extremes;
mod fixtures;
mod json;
#[path = "../support/mod.rs"]
mod support;
mod texts;
