//! The cluster itself: a handle on the state that all its handles share, and what tests can make happen and wait for.
//!
//! HTTP requests come in through [`service`](super::service), the direct methods of tests through
//! [`doors`](super::doors). Both end in the same [`State`].

mod shared;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use kube::client::retry::RetryPolicy;
use tower::{BoxError, Layer, retry::RetryLayer, util::MapErr};

use super::{
    builder::Builder,
    fault::{Fault, FaultHandle, Rules},
    log::Log,
    patience::Wait,
    state::State,
    watching::Features,
};

pub(super) use shared::{Inner, Shared};

/// An API server in this process, with the state of a cluster behind it.
///
/// A clone is another handle on the same cluster. [`client`](FakeCluster::client) returns a real `kube::Client` that
/// speaks HTTP to it, and [`serve`](FakeCluster::serve) opens it to other programs. The direct methods
/// [`create`](FakeCluster::create), [`replace`](FakeCluster::replace), [`apply`](FakeCluster::apply),
/// [`patch`](FakeCluster::patch), [`delete`](FakeCluster::delete) and [`get`](FakeCluster::get) do the same without a
/// client, and fail with the same [`Status`](kube::core::Status).
///
/// Writes happen one after the other, in the order of the calls, and each gets the next resourceVersion. A watch misses
/// nothing that happens after its start.
///
/// ```
/// use k8s_openapi::api::core::v1::ConfigMap;
/// use kube::Api;
/// use kube_indexed_store::testing::FakeCluster;
/// use serde_json::json;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let cluster = FakeCluster::new();
/// let metadata = json!({"name": "settings"});
/// cluster.create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}}))?;
///
/// let api: Api<ConfigMap> = Api::namespaced(cluster.client(), "default");
/// let settings = api.get("settings").await?;
/// assert_eq!(settings.data.unwrap()["a"], "1");
/// assert_eq!(cluster.requests().verb("get").resource("configmaps").count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("NewSimpleClientset", "NewClientset", "envtest", "fake client", "ObjectTracker"))]
#[derive(Clone)]
pub struct FakeCluster {
    pub(super) shared: Arc<Shared>,
}

impl fmt::Debug for FakeCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (revision, watches, requests) =
            self.shared.read(|inner| (inner.state.storage.revision, inner.watches.len(), inner.log.len()));
        f.debug_struct("FakeCluster")
            .field("revision", &revision)
            .field("watches", &watches)
            .field("requests", &requests)
            .finish()
    }
}

impl Default for FakeCluster {
    fn default() -> Self {
        FakeCluster::new()
    }
}

impl FakeCluster {
    /// A cluster with the four namespaces every cluster has, and nothing else.
    pub fn new() -> Self {
        FakeCluster::builder().build()
    }

    /// Options for a new cluster: seed, clock, history, controllers.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn of(state: State, features: Features, log: Log, patience: Duration) -> Self {
        let inner = Inner {
            state,
            rules: Rules::default(),
            log,
            watches: BTreeMap::new(),
            next_watch: 0,
            bookmarks: 0,
            features,
        };
        FakeCluster { shared: Arc::new(Shared::new(inner, patience)) }
    }

    /// A client of this cluster, without retries. Its default namespace is `default`; for another one, call
    /// `kube::Client::new(cluster.clone(), "shop")`.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as `kube::Client::new` does. The client belongs to the runtime it was created in.
    #[track_caller]
    pub fn client(&self) -> kube::Client {
        in_a_runtime();
        kube::Client::new(self.clone(), "default")
    }

    /// A client that retries as kube's own does by default: up to 15 times after 429, 503 and 504, with growing delays,
    /// and never before the answer's Retry-After.
    ///
    /// This is what a program has in production, where such errors become delays. To test how a program handles the
    /// errors themselves, use [`client`](FakeCluster::client). Each attempt is a request of its own, both in
    /// [`requests`](FakeCluster::requests) and for [`Fault::times`]. The delays use tokio's clock: with paused time
    /// they take no real time, otherwise all 15 together take some minutes.
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::Secret;
    /// # use kube::{Api, api::ListParams};
    /// # use kube_indexed_store::testing::{FakeCluster, Fault};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// cluster.fault(Fault::on("list").times(2).status(503));
    /// let secrets: Api<Secret> = Api::default_namespaced(cluster.client_with_retries());
    /// secrets.list(&ListParams::default()).await?;
    /// assert_eq!(cluster.requests().verb("list").count(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as [`client`](FakeCluster::client) does.
    #[track_caller]
    pub fn client_with_retries(&self) -> kube::Client {
        in_a_runtime();
        let service = MapErr::new(self.clone(), BoxError::from);
        kube::Client::new(RetryLayer::new(RetryPolicy::server_retry()).layer(service), "default")
    }

    /// The newest resourceVersion of the cluster.
    pub fn revision(&self) -> u64 {
        self.shared.read(|inner| inner.state.storage.revision)
    }

    /// Forgets all history, as a compaction of etcd does. From now on, lists and watches that start at an older
    /// resourceVersion are expired (410), and so are page tokens from before. Open watches continue. How much history
    /// is kept otherwise is set by [`Builder::window`].
    ///
    /// The newest resourceVersion is still there, and so is a page token of the newest state: change something before,
    /// if they are to expire.
    pub fn compact(&self) {
        self.shared.update(|inner| inner.state.storage.compact());
    }

    /// Adds a fault. It acts on requests from now on, until it is used up, disabled or removed. The direct methods,
    /// such as [`create`](FakeCluster::create), are not requests: faults do not act on them.
    ///
    /// # Panics
    ///
    /// If the fault could never do anything: it has no effect, it damages events of requests that are not watches, or
    /// its resource is neither served now nor in the log of requests.
    #[doc(alias("PrependReactor", "AddReactor"))]
    #[track_caller]
    pub fn fault(&self, fault: Fault) -> FaultHandle {
        let nonsense = self.shared.read(|inner| fault.nonsense(|word| inner.log.unknown(word, &inner.state.kinds)));
        if let Some(why) = nonsense {
            panic!("{why}");
        }
        let id = self.shared.update(|inner| inner.rules.add(fault));
        FaultHandle { cluster: self.clone(), id }
    }

    /// Returns once a condition holds. The condition is checked now and after anything has changed in the cluster.
    ///
    /// Not each state is seen: a program can do several things before the test has a turn. So ask for what stays true,
    /// such as `count() >= 2` and not `count() == 2`.
    ///
    /// ```
    /// # use kube_indexed_store::testing::{FakeCluster, objects::secret};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
    /// # let cluster = FakeCluster::new();
    /// # cluster.create(secret("made"))?;
    /// cluster.until(|cluster| cluster.get("Secret", "default", "made").is_ok()).await;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// This and the other waiting methods panic if nothing comes within 60 seconds, or the time of
    /// [`Builder::patience`]. The message has the place in the test, the last requests with the reasons of refusals, and
    /// the open watches. They need a runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the cluster.
    #[doc(alias = "Eventually")]
    #[track_caller]
    pub fn until(&self, condition: impl FnMut(&FakeCluster) -> bool) -> impl Future<Output = ()> {
        self.patiently(Wait::new("a condition"), self.holds(condition))
    }

    /// Returns what is found, once there is something to find. Like [`until`](FakeCluster::until), for tests that need
    /// what they waited for:
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::Pod;
    /// # use kube_indexed_store::testing::{FakeCluster, objects::pod};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
    /// # let cluster = FakeCluster::new();
    /// # cluster.create(pod("web").ready())?;
    /// let status = cluster.until_some(|cluster| cluster.get_as::<Pod>("default", "web").ok()?.status).await;
    /// assert_eq!(status.phase.as_deref(), Some("Running"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If nothing is found in time: see [`until`](FakeCluster::until).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the cluster.
    #[track_caller]
    pub fn until_some<T>(&self, find: impl FnMut(&FakeCluster) -> Option<T>) -> impl Future<Output = T> {
        self.patiently(Wait::new("something to find"), self.finds(find))
    }

    /// Returns once a condition holds, however long that takes.
    pub(super) async fn holds(&self, mut condition: impl FnMut(&FakeCluster) -> bool) {
        self.finds(|cluster| condition(cluster).then_some(())).await;
    }

    /// Returns what is found, however long that takes.
    pub(super) async fn finds<T>(&self, mut find: impl FnMut(&FakeCluster) -> Option<T>) -> T {
        let mut changed = self.shared.changed.subscribe();
        loop {
            changed.borrow_and_update();
            if let Some(found) = find(self) {
                return found;
            }
            let _ = changed.changed().await;
        }
    }
}

#[track_caller]
pub(super) fn in_a_runtime() {
    assert!(
        tokio::runtime::Handle::try_current().is_ok(),
        "a client needs a tokio runtime; make it inside of #[tokio::test]"
    );
}

#[cfg(test)]
mod tests {
    use tower::Service;

    use super::*;

    #[tokio::test]
    async fn a_request_wakes_nobody_who_waits_for_something_else() {
        let cluster = FakeCluster::new();
        let kind = cluster.shared.read(|inner| inner.state.kinds.served("", "v1", "secrets").unwrap().id);
        let (mut table, mut reached, mut faults) = cluster.shared.update(|inner| {
            let storage = &mut inner.state.storage;
            (storage.table_mut(kind).changed(), storage.reached(), inner.rules.changed())
        });
        let mut woken = || {
            let woken = [table.has_changed(), reached.has_changed(), faults.has_changed()].map(Result::unwrap);
            table.mark_unchanged();
            reached.mark_unchanged();
            faults.mark_unchanged();
            woken
        };
        let request = http::Request::get("/api/v1/secrets").body(String::new()).unwrap();
        cluster.clone().call(request).await.unwrap();
        assert_eq!((woken(), cluster.requests().count()), ([false, false, false], 1));
        cluster.namespace("other");
        assert_eq!(woken(), [false, true, false]);
        cluster.create(serde_json::json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}})).unwrap();
        assert_eq!(woken(), [true, true, false]);
        cluster.watches().close();
        assert_eq!(woken(), [true, false, false]);
        cluster.fault(Fault::on("*").gate()).open();
        assert_eq!(woken(), [false, false, true]);
    }
}
