//! Render sessions: pinned inputs, few requests, nothing rendered in part, nothing rendered for nothing.

mod currency;
mod failures;
mod fetches;
mod surroundings;
mod world;
