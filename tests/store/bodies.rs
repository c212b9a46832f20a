//! Bodies that are fetched: what a store of references makes of any fetcher. With an API server behind it is in
//! `tests/cached`.

mod answers;
mod limits;
mod readers;
mod server;
