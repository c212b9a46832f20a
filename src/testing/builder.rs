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
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    seed: u64,
    clock: Clock,
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

    /// A cluster with the four namespaces every cluster has, and nothing else.
    pub fn build(self) -> FakeCluster {
        FakeCluster::of(State::new(self.seed, self.clock))
    }
}
