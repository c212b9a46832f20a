//! How a store of references remembers and fetches, until it is made.

use std::sync::Arc;
use std::time::Duration;

use super::{CachedStore, DEFAULT_CACHE_SIZE, DEFAULT_CACHE_TTL};
use crate::fetch::Fetch;
use crate::indexer::{Indexer, Schema};
use crate::store::bodies::Bodies;
use crate::store::core::{Core, Keeps};
use crate::store::memory;
use crate::ttl_lru::Limits;

/// How a [`CachedStore`] remembers and fetches; see [`CachedStore::builder`].
#[doc(alias = "CachedStoreConfig")]
#[derive(Debug)]
#[must_use]
pub struct CachedStoreBuilder {
    fetch: Arc<dyn Fetch>,
    schema: memory::MemoryStoreBuilder,
    indexer: Option<Schema>,
    limits: Limits,
    concurrency: usize,
    deadline: Duration,
}

impl CachedStoreBuilder {
    pub(super) fn new(fetch: Arc<dyn Fetch>) -> CachedStoreBuilder {
        CachedStoreBuilder {
            fetch,
            schema: memory::MemoryStoreBuilder::default(),
            indexer: None,
            limits: Limits {
                entries: DEFAULT_CACHE_SIZE,
                bytes: usize::MAX,
                ttl: DEFAULT_CACHE_TTL,
                sliding: false,
                keep_expired: false,
            },
            concurrency: 16,
            deadline: Duration::from_secs(10),
        }
    }

    /// The indexes of an indexer; those declared by hand are not used then.
    pub fn indexer(mut self, indexer: &Indexer) -> CachedStoreBuilder {
        self.indexer = Some(indexer.schema().clone());
        self
    }

    /// Gives the default index keys of its own, of so many components, instead of namespace and name.
    pub fn default_index(mut self, components: usize) -> CachedStoreBuilder {
        self.schema = self.schema.default_index(components);
        self
    }

    /// Declares an index for keys made by hand.
    pub fn index(mut self, name: &str, components: usize) -> CachedStoreBuilder {
        self.schema = self.schema.index(name, components);
        self
    }

    /// How long a body is remembered: 2 minutes 10 seconds.
    #[doc(alias = "CacheTTL")]
    pub fn ttl(mut self, ttl: Duration) -> CachedStoreBuilder {
        self.limits.ttl = ttl;
        self
    }

    /// Whether each use of a body lets it be remembered anew. Then what is used often is never fetched again while
    /// its version stays.
    pub fn sliding_ttl(mut self, sliding: bool) -> CachedStoreBuilder {
        self.limits.sliding = sliding;
        self
    }

    /// How many bodies are remembered: [`DEFAULT_CACHE_SIZE`]. With 0 none is.
    #[doc(alias = "MaxCacheSize")]
    pub fn cache_size(mut self, entries: usize) -> CachedStoreBuilder {
        self.limits.entries = entries;
        self
    }

    /// How many bytes of bodies are remembered, counted as JSON text; there is no such limit by default.
    pub fn cache_bytes(mut self, bytes: usize) -> CachedStoreBuilder {
        self.limits.bytes = bytes;
        self
    }

    /// How many fetches run at a time: 16.
    pub fn concurrency(mut self, fetches: usize) -> CachedStoreBuilder {
        self.concurrency = fetches.max(1);
        self
    }

    /// How long one fetch may take: 10 s.
    pub fn deadline(mut self, deadline: Duration) -> CachedStoreBuilder {
        self.deadline = deadline;
        self
    }

    /// Whether a body that cannot be fetched is answered by the last one that could, if that is still remembered.
    /// [`Objects::stale`](crate::store::Objects::stale) names those.
    pub fn serve_stale(mut self, serve: bool) -> CachedStoreBuilder {
        self.limits.keep_expired = serve;
        self
    }

    /// An empty store.
    pub fn build(self) -> CachedStore {
        let schema = self.indexer.unwrap_or_else(|| self.schema.schema());
        let bodies = Bodies::new(self.fetch, self.limits, self.concurrency, self.deadline);
        CachedStore { core: Core::new(schema.of_references(), Keeps::References(bodies.clone())), bodies }
    }
}
