//! Options for a new cluster.

use std::time::Duration;

use super::{clock::Clock, cluster::FakeCluster, log::Log, patience::PATIENCE, state::State, watching::Features};

/// Options for a new cluster. The defaults are those of [`FakeCluster::new`].
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
    /// Changes the generated uids and names. Two clusters with the same seed and the same requests are equal. Default:
    /// 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The clock for all timestamps in the cluster: a [`Clock`], or a reference to a
    /// [`ManualClock`](super::ManualClock). Default: [`Clock::default`].
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// How many changes of each kind the history keeps, at least one. Default: 10,000; `usize::MAX` keeps all.
    ///
    /// Lists and watches that start at an older resourceVersion are expired (410), and so are page tokens from before.
    /// An open watch whose reader falls behind the history ends cleanly, as the real server ends the watches of slow
    /// readers. A client that resumes from its last version then gets 410 and must list again. So a program that
    /// handles watches correctly loses nothing, and one that does not is found out.
    pub fn window(mut self, changes: usize) -> Self {
        self.window = changes;
        self
    }

    /// How many changes of its kind an open watch may leave unread, at least one. By default only the
    /// [window](Builder::window) limits it. A watch that leaves more unread gets that many events and then ends
    /// cleanly, without an ERROR event, as the real server ends the watches of slow readers.
    pub fn watch_buffer(mut self, changes: usize) -> Self {
        self.features.buffer = changes.max(1);
        self
    }

    /// Whether the server supports streaming lists, that is, watches with `sendInitialEvents`. Default: true, as in
    /// Kubernetes since 1.34. With false such watches are refused with 422, and clients fall back to lists.
    pub fn watch_list(mut self, streams: bool) -> Self {
        self.features.watch_list = streams;
        self
    }

    /// Whether a watch that starts at an expired resourceVersion is answered with HTTP 410, instead of 200 and an ERROR
    /// event. Default: false. Kubernetes sends the event; some other servers with its API send the HTTP status.
    pub fn answer_expired_watches_over_http(mut self, over_http: bool) -> Self {
        self.features.gone_as_http = over_http;
        self
    }

    /// How many requests the [log](FakeCluster::requests) keeps, with the bodies of writes. Default: the last 10,000;
    /// `usize::MAX` keeps all, 0 none.
    pub fn requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// How long [`until`](FakeCluster::until) and the other waiting methods wait before they panic, on tokio's clock.
    /// Default: 60 seconds; `Duration::MAX` waits without a limit.
    ///
    /// With paused time this takes no real time: tokio moves its clock as soon as no task has anything to do. So allow
    /// more for a test of what happens an hour later. A test that waits for another program, at a
    /// [server](FakeCluster::serve), must not pause time, or must use `Duration::MAX`.
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

    /// Whether the namespace controller and the garbage collector run. They empty namespaces that are deleted, and
    /// delete objects whose owners are gone. Default: true.
    ///
    /// Without them it is as in envtest, which has an API server and no controllers: a deleted namespace stays
    /// `Terminating`, dependents stay, and an object deleted in the foreground keeps its finalizer.
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

    /// Makes the cluster, with the four namespaces that every new cluster has and nothing else.
    pub fn build(self) -> FakeCluster {
        let state = State::new(self.seed, self.clock, self.window, self.controllers);
        FakeCluster::of(state, self.features, Log::new(self.requests), self.patience)
    }
}
