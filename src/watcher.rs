//! Watching the API server: what it tells becomes writes to a store.
//!
//! A [`Watcher`] owns the tasks that list and watch one resource and feed one store; dropping it stops them. What
//! they do is told in [`Event`]s, so that a store can be fed from elsewhere too ([`Watcher::feed`]). How far they
//! are is a [`Status`]; changes to react on come as debounced [`Notifications`].
//!
//! # What may be stale, and for how long
//!
//! A store shows what its watch has told. While the watch is open that is the server's state but for the time an event
//! travels. When it breaks, the store keeps the last state and [`Status::stale_since`] says since when; it is never
//! emptied because a server is away. Two stores are watched independently: an Ingress may appear before its Service.
//!
//! | what happens | is found out |
//! |---|---|
//! | the connection is refused, reset or cut | at once |
//! | the server answers with an error | at once; 429, 503 and 504, which kube's client tries again by itself, within [`Timeouts::open`] |
//! | a request gets no answer, or a list stops halfway | within [`Timeouts::open`] |
//! | an open watch dies in silence | within [`Timeouts::idle`]; `stale_since` is then when it was last heard of |
//! | the server's data was restored from a backup, and the watch waits for a version that is far off | as one that dies in silence; a second silence leads to a new list |
//! | the server has forgotten the version to go on from (410) | at once; a new list follows |
//! | an object does not decode, or does not fit the store | at once; it is left out, see [`Status::skipped`] |
//! | a server that sends bookmarks has lost an event | not before the object changes again, or the next list |
//!
//! After a failure it is tried again, for ever, with pauses that grow to a bound and longer ones where the server asks
//! for them. So the store is behind for as long as the server is away, for the pause that is running then, and for a
//! list where one is needed. Who must not act on old state asks [`Status::stale_since`], or renders with
//! [`max_stale`](crate::template::Session::max_stale).
//!
//! # Why not kube's own watcher
//!
//! `kube::runtime::watcher()` hides bookmarks, retries a refused version for ever when the server answers the
//! watch request itself with 410, and loses a whole page for one object that does not decode. Its streams can
//! still feed a store: see [`Watcher::feed`] and [`kube_events`](crate::convert::kube_events).

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::task::JoinSet;

mod builder;
pub(crate) mod connection;
mod error;
mod event;
mod feed;
pub(crate) mod list;
mod notify;
pub(crate) mod resource;
mod run;
mod set;
mod split;
mod status;
mod stream;

pub use builder::WatcherBuilder;
pub use error::Error;
pub use event::{Event, Restart};
pub use notify::{Debounce, Notification, Notifications};
pub use resource::Resource;
pub use set::WatcherSet;
pub(crate) use status::Chain;
pub use status::{NotReached, Status};

use crate::ResourceVersion;
use crate::store::{Scope, Store};
use feed::Feed;
use status::Observed;

/// Bounds of time for every phase of a watch. kube's client retries by itself below these.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// How long an answer may take to begin, and a list to go on: 30 s.
    pub open: Duration,
    /// How long an open watch may be silent before it is opened again; a second silence leads to a new list.
    /// Bookmarks come each minute and one may be left out, so the default is 150 s.
    pub idle: Duration,
    /// For how long the server is asked to keep a watch open: 290 s.
    pub watch: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { open: Duration::from_secs(30), idle: Duration::from_secs(150), watch: Duration::from_secs(290) }
    }
}

/// Keeps a store filled with the objects of one resource. Dropping it stops watching; the store stays as it is.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::time::Duration;
/// use kube_indexed_store::testing::FakeCluster;
/// use kube_indexed_store::watcher::{Resource, Watcher};
/// use kube_indexed_store::{Indexer, Query, Store};
///
/// let cluster = FakeCluster::new();
/// cluster.load_yaml("{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: web}, spec: {ports: [{port: 80}]}}").complete()?;
///
/// let services = Watcher::builder(cluster.client(), Resource::new("v1", "services"))
///     .indexer(Indexer::builder().remove_fields(["status"]).build()?)
///     .start()?;
/// services.wait_until_synced(Duration::from_secs(10)).await?;
/// assert_eq!(services.store().get(Query::prefix(&["shop"]))?.await?.len(), 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[doc(alias = "Informer")]
#[doc(alias = "SharedIndexInformer")]
#[doc(alias = "Reflector")]
#[derive(Debug)]
pub struct Watcher {
    name: String,
    store: Arc<dyn Store>,
    watches: Vec<Observed>,
    debounce: Option<Debounce>,
    tasks: JoinSet<()>,
}

impl Watcher {
    /// Watches a resource in all namespaces, into a [`MemoryStore`](crate::MemoryStore), unless told otherwise.
    pub fn builder(client: kube::Client, resource: Resource) -> WatcherBuilder {
        WatcherBuilder::new(client, resource)
    }

    /// Feeds a store from events that come from elsewhere: another watch, a test, a replay. The name is for messages.
    ///
    /// # Errors
    ///
    /// Outside a tokio runtime.
    pub fn feed(
        name: &str,
        store: Arc<dyn Store>,
        events: impl Stream<Item = Event> + Send + 'static,
    ) -> Result<Watcher, Error> {
        let mut watcher = Watcher::new(name.to_owned(), store)?;
        watcher.spawn(name.to_owned(), Scope::All, |mut feed| async move {
            let mut events = std::pin::pin!(events.ready_chunks(256));
            while let Some(events) = events.next().await {
                feed.apply(events);
            }
        });
        Ok(watcher)
    }

    fn new(name: String, store: Arc<dyn Store>) -> Result<Watcher, Error> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::Settings("a watcher is started inside a tokio runtime: call it from async code".into()));
        }
        Ok(Watcher { name, store, watches: Vec::new(), debounce: None, tasks: JoinSet::new() })
    }

    fn spawn<F>(&mut self, name: String, scope: Scope, work: impl FnOnce(Feed) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (feed, status) = Feed::new(name.clone(), Arc::clone(&self.store), scope);
        self.watches.push(Observed { name, status });
        self.tasks.spawn(work(feed));
    }

    /// The name for messages: the resource, unless set otherwise.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The store that is fed.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// How far the watch is. Of several namespaces: what holds for all of them together.
    pub fn status(&self) -> Status {
        Status::of_all(self.watches.iter().map(|watch| watch.status.borrow().clone()))
    }

    /// How far each of the watches is, by name: one, or one for each namespace.
    pub fn statuses(&self) -> Vec<(String, Status)> {
        self.watches.iter().map(|watch| (watch.name.clone(), watch.status.borrow().clone())).collect()
    }

    /// Waits until the store has been filled once. Any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// When that takes longer; the error names what is missing and why.
    #[doc(alias = "WaitForCacheSync")]
    #[doc(alias = "wait_until_ready")]
    #[doc(alias = "OnSyncComplete")]
    pub async fn wait_until_synced(&self, timeout: Duration) -> Result<(), NotReached> {
        status::wait_until(self.watches.iter(), timeout, "synced", |status| status.synced).await
    }

    /// Waits until the store shows everything up to a version, for example that of one's own write.
    ///
    /// In a resource that nothing else happens to, other versions than those of its own objects are reached by
    /// bookmarks, which come about once a minute. Of several namespaces, each has to reach it.
    ///
    /// # Errors
    ///
    /// When that takes longer.
    pub async fn wait_for(&self, version: &ResourceVersion, timeout: Duration) -> Result<(), NotReached> {
        let wanted = format!("at version {version}");
        let reached = |status: &Status| {
            status.version.as_ref().is_some_and(|now| now.partial_cmp(version).is_some_and(|order| order.is_ge()))
        };
        status::wait_until(self.watches.iter(), timeout, &wanted, reached).await
    }

    /// Debounced notices of changes to the store, held back as the watcher was told to, or as by default.
    #[doc(alias = "OnChange")]
    #[doc(alias = "AddEventHandler")]
    pub fn notifications(&self) -> Notifications {
        Notifications::new([self])
    }

    /// The same, held back in another way: each reader may have its own.
    pub fn notifications_with(&self, debounce: Debounce) -> Notifications {
        Notifications::new([self]).debounced(&debounce)
    }

    /// Stops watching and waits until it has stopped.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }
}
