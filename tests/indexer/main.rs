//! What an indexer promises: settings that are checked, fields that are dropped while decoding, keys, and objects
//! that a client-side selector keeps out. What stores do with the results is in `tests/store`.

mod book;
mod by_the_book;
mod fixtures;
mod keys;
mod selectors;
mod settings;
mod trimming;
