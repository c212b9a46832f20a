//! What templates can say, and how they are told what is wrong.

mod fixtures;
mod hostile;
mod mistakes;
mod stores;
#[path = "../support/mod.rs"]
mod support;
mod values;
