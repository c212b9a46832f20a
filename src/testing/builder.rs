//! What can be chosen about a cluster before it is made.

use super::{clock::Clock, cluster::FakeCluster, state::State};

/// How a cluster is to be. What is not said is as in [`FakeCluster::new`].
///
/// ```
/// use jiff::Timestamp;
/// use kube_indexed_store::testing::{Clock, FakeCluster};
///
/// let then: Timestamp = "2030-06-01T12:00:00Z".parse()?;
/// let cluster = FakeCluster::builder().seed(7).clock(Clock::starting_at(then)).build();
/// let made = &cluster.get("Namespace", "", "default").unwrap()["metadata"]["creationTimestamp"];
/// assert_eq!(made, "2030-06-01T12:00:00Z");
/// # Ok::<(), jiff::Error>(())
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
