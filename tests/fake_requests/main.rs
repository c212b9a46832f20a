//! What is asked rather than stored, as far as a real server cannot be asked: reviews of what faults forbid, tokens whose
//! time ends, logs, components. What both servers do is in `tests/protocol`.

mod access;
mod fixtures;
mod logs;
mod reports;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
