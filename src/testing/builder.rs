//! What can be chosen about a cluster before it is made.

use super::{clock::Clock, cluster::FakeCluster, state::State};

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
    controllers: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Builder { seed: 0, clock: Clock::default(), controllers: true }
    }
}

impl Builder {
    /// Other uids and generated names. Clusters with one seed and one history are equal.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The clock that dates what happens in the cluster.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
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
        FakeCluster::of(State::new(self.seed, self.clock, self.controllers))
    }
}
