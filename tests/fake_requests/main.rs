//! What is asked rather than stored: reviews, tokens, bindings, evictions; and the parts of pods and of requests for
//! certificates that are neither statuses nor Scales.

mod access;
mod approvals;
mod bindings;
mod evictions;
mod fixtures;
mod parts_of_pods;
mod reports;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
