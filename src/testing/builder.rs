//! What can be chosen about a cluster before it is made.

use std::time::Duration;

use super::{clock::Clock, cluster::FakeCluster, log::Log, patience::PATIENCE, state::State, watching::Features};

/// How a cluster is to be. What is not said is as in [`FakeCluster::new`].
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use kube_indexed_store::testing::{Clock, FakeCluster};
///
/// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
/// let cluster = FakeCluster::builder().seed(7).clock(Clock::starting_at(then)).build();
/// let namespace = cluster.get("Namespace", "", "default").unwrap();
/// assert_eq!(namespace["metadata"]["creationTimestamp"], "2001-09-09T01:46:40Z");
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    seed: u64,
    clock: Clock,
    window: usize,
    features: Features,
    controllers: bool,
    requests: usize,
    patience: Duration,
}

/// How many changes of a kind are remembered unless more or less are asked for.
const WINDOW: usize = 10_000;
/// How many requests are kept.
const REQUESTS: usize = 10_000;

impl Default for Builder {
    fn default() -> Self {
        Builder {
            seed: 0,
            clock: Clock::default(),
            window: WINDOW,
            features: Features::default(),
            controllers: true,
            requests: REQUESTS,
            patience: PATIENCE,
        }
    }
}

impl Builder {
    /// Other uids and generated names. Clusters with one seed and one history are equal.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The clock that dates what happens in the cluster: a [`Clock`], or a [`ManualClock`](super::ManualClock) by reference.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// How many changes of each kind are remembered: 10,000 unless it is said, at least one; `usize::MAX` keeps all.
    ///
    /// A list at a resourceVersion before the oldest of them, a page token from then and a watch from there are
    /// expired (410). A watch that is open and did not read so far back ends cleanly, as the real server ends those of
    /// slow readers: who goes on from its last version then learns that it is too old, and that a list is needed. So a
    /// program that does right by watches loses nothing, and one that does not is found out.
    pub fn window(mut self, changes: usize) -> Self {
        self.window = changes;
        self
    }

    /// How many changes of its kind an open watch may leave unread, at least one; without a bound but for the
    /// [window](Builder::window) unless it is said. One that leaves more unread is sent that many and ends cleanly, without
    /// an ERROR, as the real server ends those of slow readers.
    pub fn watch_buffer(mut self, changes: usize) -> Self {
        self.features.buffer = changes.max(1);
        self
    }

    /// Whether the server streams lists: watches with `sendInitialEvents`. As in Kubernetes since 1.34 it does, unless
    /// it is said; one that does not refuses such watches with a 422, and clients fall back to lists.
    pub fn watch_list(mut self, streams: bool) -> Self {
        self.features.watch_list = streams;
        self
    }

    /// Whether a watch from too far back gets HTTP 410 as its answer, instead of 200 and an ERROR event; it does not unless
    /// it is said. Kubernetes sends the event; some servers that speak its API send the other.
    pub fn answer_expired_watches_over_http(mut self, over_http: bool) -> Self {
        self.features.gone_as_http = over_http;
        self
    }

    /// How many requests the [log](FakeCluster::requests) keeps with what they wrote: the last 10,000 unless it is said.
    /// `usize::MAX` keeps all, 0 none.
    pub fn requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// How long [`until`](FakeCluster::until) and all others that wait do so before they panic: 60 seconds by default,
    /// on the clock of tokio. `Duration::MAX` is without a bound.
    ///
    /// With paused time that is over as soon as nothing else has anything to do: a test of what comes after an hour says
    /// more, and one that waits for what is not in its runtime, such as a program at a
    /// [server](FakeCluster::serve), does not pause time, or says `Duration::MAX`.
    ///
    /// ```should_panic
    /// # use std::time::Duration;
    /// # use kube_indexed_store::testing::FakeCluster;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let cluster = FakeCluster::builder().patience(Duration::from_secs(3600)).build();
    /// cluster.until(|cluster| cluster.get("Secret", "default", "made").is_ok()).await;
    /// # });
    /// ```
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whether controllers run beside the API server, as in a whole cluster; they do unless this says no. They empty
    /// namespaces that are deleted, and delete what has lost its owners.
    ///
    /// Without them a namespace stays `Terminating`, dependents stay, and an object that is deleted in the foreground keeps
    /// its finalizer: so it is in a test environment that has an API server and no more (envtest).
    ///
    /// ```
    /// use kube_indexed_store::testing::FakeCluster;
    ///
    /// for (controllers, left) in [(true, 0), (false, 1)] {
    ///     let cluster = FakeCluster::builder().controllers(controllers).build();
    ///     cluster.namespace("busy");
    ///     cluster.delete("namespace", "", "busy").unwrap();
    ///     assert_eq!(cluster.get("namespace", "", "busy").iter().count(), left);
    /// }
    /// ```
    pub fn controllers(mut self, controllers: bool) -> Self {
        self.controllers = controllers;
        self
    }

    /// A cluster with the four namespaces every cluster has, and nothing else.
    pub fn build(self) -> FakeCluster {
        let state = State::new(self.seed, self.clock, self.window, self.controllers);
        FakeCluster::of(state, self.features, Log::new(self.requests), self.patience)
    }
}
