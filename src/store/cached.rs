//! The store that keeps references, and fetches objects when they are asked for.
//!
//! Beside the writers' lock of every store there is one for the bodies; it is held for look-ups only, never while
//! something is fetched.

mod builder;
mod condition;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;

use super::bodies::Bodies;
use super::core::Core;
use super::{BodyGet, Changes, Error, Get, Memory, Query, Reset, Revision, Scope, Snapshot, Stats, Store, Write};
use crate::fetch::Fetch;
use crate::indexer::Schema;
use crate::snapshot::{self, Entry};
pub use builder::CachedStoreBuilder;
use condition::Condition;

/// How many bodies are remembered, unless told otherwise.
#[doc(alias = "DefaultMaxCacheSize")]
pub const DEFAULT_CACHE_SIZE: usize = 256;
/// How long a body is remembered, unless told otherwise.
pub const DEFAULT_CACHE_TTL: Duration = Duration::from_secs(130);

/// A [`Store`] that keeps names, versions and keys, and fetches bodies on demand. A clone is the same store.
///
/// It is for objects that are many and large and of which few are read, such as Secrets. It is written to like any
/// other store; the bodies of what is written are dropped. A body that was fetched is remembered for a while.
///
/// # Freshness
///
/// A remembered body is used only while it is not older than the version that the watch has told. The time to live and
/// the limits bound memory, not correctness: a longer time to live makes nothing staler than the watch. Where versions
/// do not tell, as after a write without one, a deletion or a reset that goes back, the bodies from before are
/// forgotten.
///
/// While the watch is down it tells of no newer version: what is remembered is then answered until its time is over, as
/// stale as the watch is.
///
/// # Fetching
///
/// However many ask for one object, it is fetched once at a time; the fetches of all readers together run a bounded
/// number at a time, and each has a deadline. Readers that are dropped stop only what nobody else waits for. An object
/// that is not there any more, or does not match the query or the watch's selectors any more, is missing in the answer;
/// any other failure fails the answer, naming the object.
///
/// [`snapshot`](Store::snapshot) pins names, versions and keys, not bodies: read later, a body may be newer than the
/// snapshot, or gone. A [render session](crate::template::Session) pins the bodies it has seen until it ends.
///
/// # Choosing the limits
///
/// They trade memory for requests. Only `serve_stale` lets an answer be older than what the watch has told, and says so.
///
/// | setting | default | choose |
/// |---|---|---|
/// | [`cache_size`](CachedStoreBuilder::cache_size) | 256 | as many different bodies as one render reads, and room for those that come and go from one render to the next |
/// | [`cache_bytes`](CachedStoreBuilder::cache_bytes) | no limit | what the process can spare, where bodies differ much in size; one that exceeds it alone is not remembered |
/// | [`ttl`](CachedStoreBuilder::ttl) | 2 min 10 s | a little more than twice the time between two renders, so that one that fails costs nothing; longer, to live through a longer absence of the API server |
/// | [`sliding_ttl`](CachedStoreBuilder::sliding_ttl) | off | on, where a body is read again before its time is over: it is then fetched again only for a new version |
/// | [`concurrency`](CachedStoreBuilder::concurrency) | 16 | how many requests of all readers together the API server should have to bear at a time |
/// | [`deadline`](CachedStoreBuilder::deadline) | 10 s | how long one fetch may take from the moment it has its turn; the wait for the turn is not counted |
/// | [`serve_stale`](CachedStoreBuilder::serve_stale) | off | on, where an old body is better than none |
///
/// A cache that is too small shows in [`stats`](CachedStore::stats): `evicted_by_size` and `misses` grow with every
/// render.
///
/// A body whose time is over leaves memory when it is asked for, when room is needed, or with
/// [`evict_expired`](CachedStore::evict_expired). The store does not call that by itself: call it from time to time where
/// a Secret should not stay in memory for longer than the time to live.
///
/// A [configuration file](crate::config::WatchedResource) knows `cache_ttl` and `cache_size`; the others are set in
/// code.
///
/// ```
/// use std::time::Duration;
/// use kube_indexed_store::store::{CachedStore, DEFAULT_CACHE_SIZE, DEFAULT_CACHE_TTL};
/// # use futures::future::{BoxFuture, FutureExt};
/// # use kube_indexed_store::{Indexed, ObjectName, fetch::{Error, Fetch}};
/// # #[derive(Debug)]
/// # struct Nowhere;
/// # impl Fetch for Nowhere {
/// #     fn fetch(&self, _: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, Error>> {
/// #         async { Ok(None) }.boxed()
/// #     }
/// # }
///
/// assert_eq!((DEFAULT_CACHE_SIZE, DEFAULT_CACHE_TTL), (256, Duration::from_secs(130)));
/// # // The others have no names of their own; this holds the table.
/// # let defaults = format!("{:?}", CachedStore::builder(Nowhere));
/// # assert!(defaults.contains("concurrency: 16, deadline: 10s"), "{defaults}");
/// # assert!(defaults.contains("sliding: false, keep_expired: false"), "{defaults}");
/// # assert!(defaults.contains(&format!("bytes: {}", usize::MAX)), "{defaults}");
/// ```
///
/// # Examples
///
/// References made by hand, and a fetcher of one's own:
///
/// ```
/// use futures::future::{BoxFuture, FutureExt};
/// use kube_indexed_store::fetch::{self, Fetch};
/// use kube_indexed_store::store::CachedStore;
/// use kube_indexed_store::{Indexed, ObjectName, Query, Store, StoreExt};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// impl Fetch for Vault {
///     fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, fetch::Error>> {
///         let json = format!(r#"{{"metadata": {{"namespace": "{}", "name": "{}"}}}}"#, name.namespace(), name.name());
///         async move { Ok(Indexed::new(serde_json::from_str(&json).unwrap())) }.boxed()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), kube_indexed_store::store::Error> {
/// let store = CachedStore::builder(Vault).index("by-issuer", 1).build();
/// store.apply(Indexed::reference(ObjectName::new("shop", "tls"), None).key("by-issuer", ["letsencrypt"]))?;
///
/// let found = store.get(Query::index("by-issuer").with_prefix(&["letsencrypt"]))?.await?;
/// assert_eq!(found.at(0).unwrap().name(), Some(ObjectName::new("shop", "tls")));
/// assert_eq!((store.stats().fetches, store.cache_len()), (1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CachedStore {
    core: Core,
    bodies: Bodies,
}

impl CachedStore {
    /// A store that gets its objects from `fetch`.
    pub fn builder(fetch: impl Fetch) -> CachedStoreBuilder {
        CachedStoreBuilder::new(Arc::new(fetch))
    }

    /// What has been fetched, remembered and forgotten so far.
    pub fn stats(&self) -> Stats {
        self.bodies.stats()
    }

    /// How many bodies are remembered.
    pub fn cache_len(&self) -> usize {
        self.bodies.len()
    }

    /// Forgets all bodies.
    pub fn clear_cache(&self) {
        self.bodies.clear();
    }

    /// Forgets the bodies whose time is over, which otherwise go when they are asked for or make room; returns how many
    /// that were.
    pub fn evict_expired(&self) -> usize {
        self.bodies.evict_expired()
    }
}

impl Store for CachedStore {
    fn schema(&self) -> Schema {
        self.core.schema()
    }

    fn write(&self, batch: Vec<Write>) -> Result<Revision, Error> {
        self.core.write(batch)
    }

    fn reset(&self, scope: Scope) -> Box<dyn Reset> {
        self.core.reset(scope)
    }

    fn get(&self, query: Query<'_>) -> Result<Get, Error> {
        let snapshot = self.snapshot();
        if let Some(labels) = query.labels.filter(|labels| !labels.is_empty() && snapshot.schema().drops_labels()) {
            return Err(snapshot::Error::NoLabels { selector: labels.to_string() }.into());
        }
        let references = snapshot.get(&query.without_labels())?;
        let condition = Condition::of(&query);
        let found: Vec<BodyGet> = references.iter().map(|entry| self.body(entry)).collect();
        if found.iter().all(|found| matches!(found, BodyGet::Here(_))) {
            let here = found.into_iter().filter_map(|found| match found {
                BodyGet::Here(body) => Some(body),
                BodyGet::Fetching(_) => None,
            });
            return Ok(Get::ready(here.filter(|body| condition.fits(body)).collect()));
        }
        Ok(Get::fetching(async move {
            // How many run at a time is bounded by the store, over all its readers.
            let bodies = try_join_all(found.into_iter().map(BodyGet::get)).await?;
            Ok(bodies.into_iter().flatten().filter(|body| condition.fits(body)).collect())
        }))
    }

    fn body(&self, entry: &Entry) -> BodyGet {
        match entry.object() {
            // Of an overlay: what is proposed carries its body.
            Some(_) => BodyGet::of(entry),
            None => self.bodies.find(&self.core, entry),
        }
    }

    fn snapshot(&self) -> Snapshot {
        self.core.snapshot()
    }

    fn changes(&self) -> Changes {
        self.core.changes()
    }

    fn memory(&self) -> Memory {
        Memory { body_bytes: self.bodies.bytes(), ..self.core.memory() }
    }
}

impl fmt::Debug for CachedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CachedStore({}, {} bodies)", self.core, self.cache_len())
    }
}
