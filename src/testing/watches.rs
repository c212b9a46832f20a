//! The open watches: what tests can see of them, do to them and wait for.
//!
//! Not here: which events a watch sends ([`watching`](super::watching)).

mod open;

use std::{fmt, ops::Deref};

use super::{
    cluster::{FakeCluster, Inner},
    fault::Failure,
    patience::Wait,
};

pub use open::OpenWatch;
pub(super) use open::{End, Open};

/// Open watches, oldest first. They can be filtered and counted, read as a slice, printed one per line, and ended.
///
/// This is a snapshot: later watches are not in it. [`cut`](Watches::cut), [`close`](Watches::close) and the others act
/// on those of its watches that are still open.
///
/// ```
/// # use futures::StreamExt;
/// # use k8s_openapi::api::core::v1::Secret;
/// # use kube::{Api, api::WatchParams};
/// # use kube_indexed_store::testing::FakeCluster;
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let cluster = FakeCluster::new();
/// let secrets: Api<Secret> = Api::namespaced(cluster.client(), "default");
/// let watch = secrets.watch(&WatchParams::default().labels("app=web"), "0").await?;
/// let open = cluster.watches().resource("Secret");
/// assert_eq!((open.count(), open[0].label_selector.as_str()), (1, "app=web"));
/// open.cut();
/// assert_eq!(cluster.watches().count(), 0);
/// # drop(watch);
/// # Ok::<(), kube::Error>(())
/// # }).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Watches {
    cluster: FakeCluster,
    open: Vec<OpenWatch>,
}

impl Watches {
    /// Keeps those of this resource, under any name that kubectl takes: `secrets`, `Secret`,
    /// `ingresses.networking.k8s.io`.
    ///
    /// # Panics
    ///
    /// If the cluster does not serve such a kind now: the name is wrong, or its CustomResourceDefinition is missing.
    #[track_caller]
    pub fn resource(self, resource: &str) -> Self {
        self.cluster.kind(resource);
        self.when(|watch| watch.kind.is_called(resource))
    }

    /// Keeps those that started at this resourceVersion or a later one. After an outage, these are the watches of
    /// clients that have come back.
    pub fn since(self, version: u64) -> Self {
        self.when(|watch| watch.since >= version)
    }

    /// Keeps those for which the condition holds.
    pub fn when(mut self, condition: impl FnMut(&OpenWatch) -> bool) -> Self {
        self.open.retain(condition);
        self
    }

    /// How many are left.
    pub fn count(&self) -> usize {
        self.open.len()
    }

    /// Whether all of them have been sent everything up to a resourceVersion, such as
    /// [`revision`](FakeCluster::revision) after a write. True if there are no watches. Use it with
    /// [`until`](FakeCluster::until) to wait for that.
    ///
    /// Sent means that the client's connection has taken the events. A client on the same thread has then also handled
    /// them, unless it had to wait for something else on the way.
    ///
    /// ```
    /// # use kube_indexed_store::testing::FakeCluster;
    /// # use kube_indexed_store::watcher::{Resource, Watcher};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// let watcher = Watcher::builder(cluster.client(), Resource::new("v1", "namespaces")).start()?;
    /// cluster.watch_established("namespaces").await;
    /// cluster.namespace("shop");
    /// cluster.until(|cluster| cluster.watches().resource("namespaces").have_seen(cluster.revision())).await;
    /// # drop(watcher);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn have_seen(&self, version: u64) -> bool {
        self.open.iter().all(|watch| watch.seen >= version)
    }

    /// Sends a bookmark with the newest resourceVersion, to those whose clients allow bookmarks.
    pub fn bookmark(&self) {
        self.cluster.shared.update(|inner| {
            inner.bookmarks += 1;
            for watch in &self.open {
                if let Some(open) = inner.watches.get_mut(&watch.id) {
                    open.bookmarks = inner.bookmarks;
                }
            }
            inner.state.storage.wake();
        });
    }

    /// Cuts their connections: the clients get an error while reading.
    pub fn cut(&self) {
        self.end(&End::Cut);
    }

    /// Ends them cleanly, without an ERROR event, as a server does that shuts down.
    pub fn close(&self) {
        self.end(&End::Clean);
    }

    /// Ends them with an ERROR event. It carries a Status: one for an HTTP code, or a complete one.
    ///
    /// # Panics
    ///
    /// If its code is not that of an error, 400 to 599.
    #[track_caller]
    pub fn fail(&self, failure: impl Into<Failure>) {
        self.end(&End::Error(failure.into().status()));
    }

    fn end(&self, how: &End) {
        self.cluster.shared.update(|inner| {
            let now = inner.state.storage.revision;
            for watch in &self.open {
                if let Some(open) = inner.watches.get_mut(&watch.id) {
                    open.end(how, now);
                }
            }
            inner.state.storage.wake();
        });
    }
}

impl Deref for Watches {
    type Target = [OpenWatch];

    fn deref(&self) -> &[OpenWatch] {
        &self.open
    }
}

impl fmt::Display for Watches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|watch| writeln!(f, "{watch}"))
    }
}

/// Open watches. A watch is open from the answer to its request until it ends, is told to end, or the client drops it.
impl FakeCluster {
    /// The watches that are open now.
    pub fn watches(&self) -> Watches {
        Watches { cluster: self.clone(), open: self.shared.read(|inner| open(inner).cloned().collect()) }
    }

    /// How many watches of a resource are open now. The resource is named as in [`Watches::resource`].
    ///
    /// # Panics
    ///
    /// If the cluster does not serve such a kind now.
    #[track_caller]
    pub fn open_watches(&self, resource: &str) -> usize {
        self.kind(resource);
        self.shared.read(|inner| open(inner).filter(|watch| watch.kind.is_called(resource)).count())
    }

    /// Returns once a watch of this resource is open. The resource is named as in [`Watches::resource`].
    ///
    /// # Panics
    ///
    /// If the cluster does not serve such a kind, or if no watch comes in time: see [`until`](FakeCluster::until).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the cluster.
    #[doc(alias("WaitForCacheSync", "informer"))]
    #[track_caller]
    pub fn watch_established(&self, resource: &str) -> impl Future<Output = ()> {
        let wait = Wait::new(format!("a watch of {}", self.kind(resource).resource()));
        self.patiently(wait, self.holds(|cluster| cluster.open_watches(resource) > 0))
    }

    /// Does to watches what a restart of the API server does. Open watches end cleanly. A new watch can start only at
    /// the newest resourceVersion; older ones are expired (410), also for kinds without recent changes.
    ///
    /// Two things survive, as in the real server: lists at an older resourceVersion and page tokens, which it reads
    /// from etcd, and old resourceVersions for watches of Events, which it does not cache.
    pub fn restart(&self) {
        self.shared.update(|inner| {
            inner.state.storage.restart();
            let now = inner.state.storage.revision;
            inner.watches.values_mut().for_each(|open| open.end(&End::Clean, now));
            inner.state.storage.wake();
        });
    }
}

fn open(inner: &Inner) -> impl Iterator<Item = &OpenWatch> {
    inner.watches.values().filter(|open| open.end.is_none()).map(|open| &open.shown)
}
