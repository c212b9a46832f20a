//! The bodies of references: remembered ones, and those that are being fetched.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::core::Core;
use super::{Body, BodyGet, Error, Stats};
use crate::fetch::{self, Fetch};
use crate::snapshot::Entry;
use crate::ttl_lru::{Limits, TtlLru};
use crate::{Indexed, ObjectName, ResourceVersion};

/// How often an answer may be older than what is known before it is an error. One can be: a fetch that began before
/// the watch told of the change.
const MAX_OUTDATED: usize = 3;

type Flight = Shared<BoxFuture<'static, Answer>>;

/// What a fetch came to.
#[derive(Clone)]
struct Answer {
    /// The version that was known when it began. An absence is as old as this; a body tells its own age.
    begun_at: Option<ResourceVersion>,
    found: Result<Option<Body>, fetch::Error>,
}

/// A clone is the same.
#[derive(Clone)]
pub(super) struct Bodies {
    inner: Arc<Inner>,
}

struct Inner {
    fetch: Arc<dyn Fetch>,
    running: Semaphore,
    deadline: Duration,
    serve_stale: bool,
    state: Mutex<State>,
}

/// Held for look-ups, never across an await.
struct State {
    cache: TtlLru<ObjectName, Body>,
    /// The fetch that runs for a name, as long as somebody waits for it.
    flights: HashMap<ObjectName, (u64, WeakShared<BoxFuture<'static, Answer>>)>,
    next_flight: u64,
    stats: Stats,
}

impl Bodies {
    pub(super) fn new(fetch: Arc<dyn Fetch>, limits: Limits, concurrency: usize, deadline: Duration) -> Bodies {
        let inner = Inner {
            fetch,
            running: Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS)),
            deadline,
            serve_stale: limits.keep_expired,
            state: Mutex::new(State {
                cache: TtlLru::new(limits),
                flights: HashMap::new(),
                next_flight: 0,
                stats: Stats::default(),
            }),
        };
        Bodies { inner: Arc::new(inner) }
    }

    /// The body of a reference, or the way to it.
    pub(super) fn find(&self, core: &Core, entry: &Entry) -> BodyGet {
        let mut state = self.inner.state.lock();
        let now = Instant::now();
        let (name, version) = (entry.name().to_owned(), entry.version());
        let known = state.cache.get(&name, now).filter(|body| body.is_current(version.as_ref())).cloned();
        match known {
            Some(body) => {
                state.stats.hits += 1;
                BodyGet::Here(body)
            }
            None => {
                state.stats.misses += 1;
                let (bodies, core) = (self.clone(), core.clone());
                BodyGet::Fetching(async move { bodies.fetch(&core, name, version).await }.boxed())
            }
        }
    }

    async fn fetch(
        self,
        core: &Core,
        name: ObjectName,
        version: Option<ResourceVersion>,
    ) -> Result<Option<Body>, Error> {
        let known = version.as_ref();
        let outdated = || Err(fetch::Error::Outdated { known: known.map(ToString::to_string).unwrap_or_default() });
        let mut answer = outdated();
        for _ in 0..MAX_OUTDATED {
            let Answer { begun_at, found } = self.flight(core, &name).await;
            let current = match &found {
                Ok(Some(body)) => body.is_current(known),
                Ok(None) => !begun_at.as_ref().zip(known).is_some_and(|(begun, known)| begun.is_older_than(known)),
                Err(_) => true,
            };
            answer = if current { found } else { outdated() };
            if current {
                break;
            }
        }
        let state = self.inner.state.lock();
        match answer {
            Ok(body) => Ok(body),
            Err(source) => match state.cache.peek(&name).filter(|_| self.inner.serve_stale) {
                Some(last) => Ok(Some(last.clone().into_stale())),
                None => Err(Error::Fetch { object: name, source }),
            },
        }
    }

    /// The fetch that runs for a name, or a new one.
    fn flight(&self, core: &Core, name: &ObjectName) -> Flight {
        let mut state = self.inner.state.lock();
        if let Some(flight) = state.flights.get(name).and_then(|(_, flight)| flight.upgrade()) {
            return flight;
        }
        state.next_flight += 1;
        let id = state.next_flight;
        let (inner, core, fetched) = (Arc::clone(&self.inner), core.clone(), name.clone());
        let flight = async move { inner.run(core, fetched, id).await }.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            state.flights.insert(name.clone(), (id, weak));
        }
        flight
    }

    /// Publishes a state in which these references say nothing about bodies that are older than it: those are forgotten
    /// at once, and so are the fetches that run, which neither later readers nor the cache wait for any more.
    pub(super) fn forget<P>(&self, names: &[ObjectName], publish: impl FnOnce() -> P) -> P {
        let mut state = self.inner.state.lock();
        let published = publish();
        for name in names {
            state.cache.remove(name);
            state.flights.remove(name);
        }
        published
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.inner.state.lock();
        let evicted = state.cache.evicted();
        Stats {
            expired: evicted.expired,
            evicted_by_size: evicted.entries,
            evicted_by_bytes: evicted.bytes,
            bytes: state.cache.bytes(),
            ..state.stats
        }
    }

    pub(super) fn len(&self) -> usize {
        self.inner.state.lock().cache.len()
    }

    /// The bytes asked of the allocator for what is remembered.
    pub(super) fn bytes(&self) -> usize {
        self.inner.state.lock().cache.values().map(|body| body.object.bytes()).sum()
    }

    pub(super) fn clear(&self) {
        let mut state = self.inner.state.lock();
        state.stats.cleared += state.cache.len() as u64;
        state.cache.clear();
    }

    pub(super) fn evict_expired(&self) -> usize {
        self.inner.state.lock().cache.evict_expired(Instant::now())
    }
}

impl Inner {
    /// One fetch. What comes back is remembered only if the reference is still the one it was before: a late answer
    /// never takes the place of a newer one, nor brings back what is deleted.
    async fn run(self: Arc<Self>, core: Core, name: ObjectName, id: u64) -> Answer {
        let landing = Landing { inner: Arc::clone(&self), name: name.clone(), id };
        // The semaphore is never closed.
        let permit = self.running.acquire().await;
        self.state.lock().stats.start();
        let before = core.reference(&name);
        let begun_at = before.as_ref().and_then(Entry::version);
        let started = Started(&self);
        // Whoever wrote the fetcher: if it panics, each of those who wait gets an error, and none a panic.
        let fetching = AssertUnwindSafe(async { self.fetch.fetch(&name).await }).catch_unwind();
        let fetched = timeout(self.deadline, fetching).await;
        drop(started);
        drop(permit);
        let found = match fetched {
            Ok(Ok(Ok(Some(indexed)))) => Body::new(indexed, &name, begun_at.as_ref()).map(Some),
            Ok(Ok(Ok(None))) => Ok(None),
            Ok(Ok(Err(error))) => Err(error),
            Ok(Err(_)) => Err(fetch::Error::Failed("the fetcher panicked".into())),
            Err(_) => Err(fetch::Error::Timeout { after: self.deadline }),
        };
        let mut state = self.state.lock();
        match &found {
            Ok(Some(body)) => {
                let same = match (&before, core.reference(&name)) {
                    (Some(before), Some(after)) => before.is(&after),
                    _ => false,
                };
                if same && state.is_running(&name, id) && body.is_current(begun_at.as_ref()) {
                    state.cache.insert(name, body.clone(), json_size(&body.object), Instant::now());
                }
            }
            Ok(None) => {
                state.cache.remove(&name);
            }
            Err(_) => state.stats.errors += 1,
        }
        drop(state);
        drop(landing);
        Answer { begun_at, found }
    }
}

impl State {
    /// Whether a flight is the one that readers of the name wait for.
    fn is_running(&self, name: &ObjectName, id: u64) -> bool {
        self.flights.get(name).is_some_and(|(running, _)| *running == id)
    }
}

/// Takes a flight out of the list when it has landed or nobody waits for it any more.
struct Landing {
    inner: Arc<Inner>,
    name: ObjectName,
    id: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut state = self.inner.state.lock();
        if state.is_running(&self.name, self.id) {
            state.flights.remove(&self.name);
        }
    }
}

/// Counts a fetch as running until it is dropped.
struct Started<'i>(&'i Inner);

impl Drop for Started<'_> {
    fn drop(&mut self) {
        self.0.state.lock().stats.in_flight -= 1;
    }
}

impl fmt::Debug for Bodies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bodies({})", self.len())
    }
}

impl Body {
    /// What was fetched for a name, when this version of it was known.
    fn new(indexed: Indexed, asked: &ObjectName, known: Option<&ResourceVersion>) -> Result<Body, fetch::Error> {
        let Indexed { name, version, keys, body, .. } = indexed;
        let Some(object) = body.filter(|_| name == *asked) else {
            let answer = if name == *asked { "a reference without a body".into() } else { format!("object {name}") };
            return Err(fetch::Error::Failed(format!("the fetcher answered with {answer}").into()));
        };
        Ok(Body { object, keys: keys.into(), version: version.or_else(|| known.cloned()), stale: false })
    }

    fn into_stale(self) -> Body {
        Body { stale: true, ..self }
    }

    /// Whether the body is not older than the version a watch has told.
    fn is_current(&self, known: Option<&ResourceVersion>) -> bool {
        self.version.as_ref().zip(known).is_none_or(|(own, known)| own >= known)
    }
}

/// The length of an object as JSON text.
fn json_size(object: &crate::Object) -> usize {
    struct Counter(usize);
    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Counting does not fail.
    let _ = serde_json::to_writer(&mut counter, object);
    counter.0
}
