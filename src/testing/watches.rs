//! The watches that are open: what tests see of them, do to them and wait for.
//!
//! Not here: what a watch tells ([`watching`](super::watching)).

use kube::core::Status;

use super::{
    cluster::{FakeCluster, Inner},
    options::Options,
    state::Target,
};

/// What a cluster knows of an open watch, and what it wants of it.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) shown: OpenWatch,
    pub(super) bookmarks: usize,
    /// How it is to end, and the version it was at when that was decided: it tells nothing that came later.
    pub(super) end: Option<(End, u64)>,
}

#[derive(Debug, Clone)]
pub(super) enum End {
    Clean,
    Cut,
    Error(Box<Status>),
}

/// A watch that is open: what it is about, and how far its reader is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenWatch {
    /// The API group, empty for the core group.
    pub group: String,
    /// The plural name of the resource.
    pub resource: String,
    /// The namespace, nothing for a watch of all or of a resource without.
    pub namespace: Option<String>,
    /// The label selector as it was sent, empty where there is none.
    pub label_selector: String,
    /// The field selector as it was sent, empty where there is none.
    pub field_selector: String,
    /// The resourceVersion it started from: the one the client named, or the newest at that time.
    pub since: u64,
    /// Everything up to this resourceVersion has been sent; 0 while initial events are on their way.
    pub seen: u64,
    /// Whether all initial events have been sent, and the bookmark after them to clients that allow bookmarks; true
    /// from the start for a watch without.
    pub initial_events_sent: bool,
    /// Who watches, as far as the client says.
    pub user_agent: Option<String>,
}

impl OpenWatch {
    pub(super) fn new(
        target: &Target,
        options: &Options,
        since: u64,
        has_initial_events: bool,
        user_agent: Option<&str>,
    ) -> Self {
        OpenWatch {
            group: target.kind.group.clone(),
            resource: target.kind.plural.clone(),
            namespace: Some(target.namespace.clone()).filter(|namespace| !namespace.is_empty()),
            label_selector: options.labels.clone(),
            field_selector: options.fields.clone(),
            since,
            seen: if has_initial_events { 0 } else { since },
            initial_events_sent: !has_initial_events,
            user_agent: user_agent.map(str::to_owned),
        }
    }
}

/// Open watches. A watch is open from the answer to its request until it ends, is told to end, or its reader lets go
/// of it.
impl FakeCluster {
    /// The watches that are open at this moment, oldest first.
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
    /// let open = cluster.watches();
    /// assert_eq!((open[0].resource.as_str(), open[0].label_selector.as_str()), ("secrets", "app=web"));
    /// drop(watch);
    /// assert_eq!(cluster.watches(), []);
    /// # Ok::<(), kube::Error>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn watches(&self) -> Vec<OpenWatch> {
        self.shared.read(|inner| {
            let open = inner.watches.values().filter(|open| open.end.is_none());
            open.map(|open| open.shown.clone()).collect()
        })
    }

    /// How many watches of a resource (by its plural name) are open at this moment.
    pub fn open_watches(&self, resource: &str) -> usize {
        self.count_watches(|watch| watch.resource == resource)
    }

    fn count_watches(&self, condition: impl Fn(&OpenWatch) -> bool) -> usize {
        self.shared.read(|inner| {
            let open = inner.watches.values().filter(|open| open.end.is_none());
            open.filter(|open| condition(&open.shown)).count()
        })
    }

    /// Returns once a watch of this resource is open. With paused time it does not wait longer than it takes.
    ///
    /// # Cancel safety
    ///
    /// Dropping it changes nothing, as with all that wait for watches.
    pub async fn watch_established(&self, resource: &str) {
        self.watch_established_at(resource, 0).await;
    }

    /// Returns once a watch of this resource is open that started from this resourceVersion or a later one: a client
    /// has come back after what happened up to there.
    pub async fn watch_established_at(&self, resource: &str, version: u64) {
        let there = |watch: &OpenWatch| watch.resource == resource && watch.since >= version;
        self.until(|cluster| cluster.count_watches(there) > 0).await;
    }

    /// Returns once all open watches have been sent everything up to a resourceVersion, such as
    /// [`revision`](FakeCluster::revision) after a write. Where none is open that is at once, so wait for them
    /// first; a reader that stopped reading is waited for.
    ///
    /// Sent means that the client's connection took it. A client in the same thread has then seen it as well, as far as
    /// it does so without waiting for anything else.
    ///
    /// ```
    /// # use kube_indexed_store::testing::FakeCluster;
    /// # use kube_indexed_store::watcher::{Resource, Watcher};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// let watcher = Watcher::builder(cluster.client(), Resource::new("v1", "namespaces")).start()?;
    /// cluster.watch_established("namespaces").await;
    /// cluster.namespace("shop");
    /// cluster.watches_have_seen(cluster.revision()).await;
    /// assert!(cluster.watches().iter().all(|watch| watch.seen == cluster.revision()));
    /// # drop(watcher);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn watches_have_seen(&self, version: u64) {
        self.until(|cluster| cluster.count_watches(|watch| watch.seen < version) == 0).await;
    }

    /// The same for the open watches of one resource.
    pub async fn watches_of_have_seen(&self, resource: &str, version: u64) {
        let behind = |watch: &OpenWatch| watch.resource == resource && watch.seen < version;
        self.until(|cluster| cluster.count_watches(behind) == 0).await;
    }

    /// Sends a bookmark with the newest resourceVersion to every open watch that allows them.
    pub fn bookmark(&self) {
        self.shared.update(|inner| {
            inner.bookmarks += 1;
            for open in inner.watches.values_mut() {
                open.bookmarks = inner.bookmarks;
            }
            inner.state.storage.wake();
        });
    }

    /// Breaks the connections of all open watches: their bodies fail.
    pub fn cut_watches(&self) {
        self.end_watches(&End::Cut);
    }

    /// Ends all open watches as a server does that shuts down: cleanly, without a word.
    pub fn close_watches(&self) {
        self.end_watches(&End::Clean);
    }

    /// Ends all open watches with an ERROR event.
    pub fn fail_watches(&self, status: Status) {
        self.end_watches(&End::Error(Box::new(status)));
    }

    /// What a restart of the API server does to watches: those that are open end cleanly, and every resourceVersion
    /// before the newest is too old for a new one, of kinds to which nothing happened as well. Lists at a version and
    /// page tokens, which the server has from etcd, go on; so do watches of Events, which it does not keep in memory.
    pub fn restart(&self) {
        self.shared.update(|inner| {
            inner.state.storage.restart();
            end(inner, &End::Clean);
        });
    }

    fn end_watches(&self, how: &End) {
        self.shared.update(|inner| end(inner, how));
    }
}

fn end(inner: &mut Inner, how: &End) {
    let now = inner.state.storage.revision;
    for open in inner.watches.values_mut() {
        open.end = Some((how.clone(), now));
    }
    inner.state.storage.wake();
}
