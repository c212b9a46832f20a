//! What a store that fetches has done so far.

/// Counts of a [`CachedStore`](super::CachedStore) since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Bodies that were asked for and remembered.
    pub hits: u64,
    /// Bodies that were asked for and had to be fetched, alone or together with others who asked.
    pub misses: u64,
    /// Fetches that were begun.
    pub fetches: u64,
    /// Fetches that failed.
    pub errors: u64,
    /// Fetches that run right now.
    pub in_flight: u64,
    /// Bodies forgotten because their time was over.
    pub expired: u64,
    /// Bodies forgotten because there were too many.
    pub evicted_by_size: u64,
    /// Bodies forgotten because together they were too large.
    pub evicted_by_bytes: u64,
    /// Bodies forgotten because the cache was cleared.
    pub cleared: u64,
    /// The size of the bodies remembered, as JSON text.
    pub bytes: usize,
}

impl Stats {
    pub(super) fn start(&mut self) {
        self.fetches += 1;
        self.in_flight += 1;
    }
}
