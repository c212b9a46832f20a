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

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::task::JoinSet;

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

pub use error::Error;
pub use event::{Event, Restart};
pub use notify::{Debounce, Notification, Notifications};
pub use resource::Resource;
pub use set::WatcherSet;
pub(crate) use status::Chain;
pub use status::{NotReached, Status};

use crate::ResourceVersion;
use crate::fetch::ApiFetcher;
use crate::indexer::Indexer;
use crate::selector::LabelSelector;
use crate::store::{MemoryStore, Scope, Store};
use feed::Feed;
use resource::Selection;
use run::Target;
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

/// What to watch, and how; see [`Watcher::builder`].
#[doc(alias = "WatcherConfig")]
#[derive(Clone)]
#[must_use]
pub struct WatcherBuilder {
    client: kube::Client,
    resource: Resource,
    name: Option<String>,
    indexer: Indexer,
    store: Option<Arc<dyn Store>>,
    namespaces: BTreeSet<String>,
    selection: Selection,
    optional: bool,
    debounce: Option<Debounce>,
    timeouts: Timeouts,
}

impl Watcher {
    /// Watches a resource in all namespaces, into a [`MemoryStore`], unless told otherwise.
    pub fn builder(client: kube::Client, resource: Resource) -> WatcherBuilder {
        WatcherBuilder {
            client,
            resource,
            name: None,
            indexer: Indexer::default(),
            store: None,
            namespaces: BTreeSet::new(),
            selection: Selection::default(),
            optional: false,
            debounce: None,
            timeouts: Timeouts::default(),
        }
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

impl WatcherBuilder {
    /// What is kept of the objects, and what they are found by.
    pub fn indexer(mut self, indexer: Indexer) -> WatcherBuilder {
        self.indexer = indexer;
        self
    }

    /// The store to feed, instead of a [`MemoryStore`] of the indexer's indexes.
    pub fn store(mut self, store: impl Store) -> WatcherBuilder {
        self.store = Some(Arc::new(store));
        self
    }

    /// A name for messages, instead of the resource's.
    pub fn name(mut self, name: &str) -> WatcherBuilder {
        self.name = Some(name.to_owned());
        self
    }

    /// Only this namespace; called again, this one too.
    pub fn namespace(mut self, namespace: &str) -> WatcherBuilder {
        self.namespaces.insert(namespace.to_owned());
        self
    }

    /// Only these namespaces, each with a watch of its own; none means all.
    pub fn namespaces<'n>(mut self, namespaces: impl IntoIterator<Item = &'n str>) -> WatcherBuilder {
        self.namespaces.extend(namespaces.into_iter().map(str::to_owned));
        self
    }

    /// Only the client's default namespace: the pod's own in a cluster, the context's outside.
    pub fn own_namespace(self) -> WatcherBuilder {
        let own = self.client.default_namespace().to_owned();
        self.namespace(&own)
    }

    /// Only objects with matching labels; the server selects.
    pub fn labels(mut self, labels: LabelSelector) -> WatcherBuilder {
        self.selection.labels = labels;
        self
    }

    /// Only objects that match a field selector of the server, such as `type=kubernetes.io/tls`.
    ///
    /// A server knows few fields; the indexer's own [selector](crate::indexer::IndexerBuilder::field_selector)
    /// knows all.
    pub fn fields(mut self, fields: &str) -> WatcherBuilder {
        fields.clone_into(&mut self.selection.fields);
        self
    }

    /// Only the object of this name.
    #[doc(alias = "SingleWatcher")]
    pub fn object(mut self, name: &str) -> WatcherBuilder {
        self.selection.name = Some(name.to_owned());
        self
    }

    /// Whether a server that does not know the resource counts as one that has no such objects. It is looked for
    /// again and again, so that a CustomResourceDefinition may come later.
    pub fn optional(mut self, optional: bool) -> WatcherBuilder {
        self.optional = optional;
        self
    }

    /// How long changes are held back before they are told.
    pub fn debounce(mut self, debounce: Debounce) -> WatcherBuilder {
        self.debounce = Some(debounce);
        self
    }

    /// Other bounds of time.
    pub fn timeouts(mut self, timeouts: Timeouts) -> WatcherBuilder {
        self.timeouts = timeouts;
        self
    }

    /// Fetches single objects of what is watched, for a [`CachedStore`](crate::store::CachedStore) that this watcher is
    /// to feed.
    ///
    /// ```
    /// # use kube_indexed_store::{CachedStore, Indexer, watcher::{Error, Resource, Watcher}};
    /// # fn start(client: kube::Client) -> Result<Watcher, Error> {
    /// let indexer = Indexer::default();
    /// let secrets = Watcher::builder(client, Resource::new("v1", "secrets")).indexer(indexer.clone());
    /// let store = CachedStore::builder(secrets.fetcher()).indexer(&indexer).build();
    /// secrets.store(store).start()
    /// # }
    /// ```
    pub fn fetcher(&self) -> ApiFetcher {
        let selection = Selection { namespace: None, name: None, ..self.selection.clone() };
        ApiFetcher::new(
            self.client.clone(),
            self.resource.clone(),
            selection,
            self.indexer.clone(),
            self.timeouts.clone(),
        )
    }

    /// Begins to watch, in tasks of the current tokio runtime, which has to be the client's.
    ///
    /// # Errors
    ///
    /// When a name cannot be one, the store lacks indexes of the indexer, or there is no runtime. A server that
    /// cannot be reached is no error: the watcher tries for ever, and [`Watcher::status`] tells.
    pub fn start(self) -> Result<Watcher, Error> {
        self.check()?;
        let store = self.store.unwrap_or_else(|| Arc::new(MemoryStore::for_indexer(&self.indexer)));
        if store.schema().indexes() != self.indexer.schema().indexes() {
            let message = format!(
                "the store has other indexes ({}) than the indexer ({}): make the store for the indexer",
                store.schema().names(),
                self.indexer.schema().names()
            );
            return Err(Error::Settings(message));
        }
        let name = self.name.unwrap_or_else(|| self.resource.to_string());
        let mut watcher = Watcher::new(name.clone(), store)?;
        watcher.debounce = self.debounce;
        let namespaces: Vec<_> = match self.namespaces.len() {
            0 => vec![None],
            _ => self.namespaces.into_iter().map(Some).collect(),
        };
        for namespace in namespaces {
            let name = match &namespace {
                Some(namespace) => format!("{name} in {namespace}"),
                None => name.clone(),
            };
            let selection = Selection { namespace, ..self.selection.clone() };
            let scope = selection.scope();
            let target = Target {
                client: self.client.clone(),
                resource: self.resource.clone(),
                selection,
                indexer: self.indexer.clone(),
                timeouts: self.timeouts.clone(),
                optional: self.optional,
            };
            watcher.spawn(name, scope, |mut feed| run::run(target, move |events| feed.apply(events)));
        }
        Ok(watcher)
    }

    /// Names go into the paths of requests, so they have to be names.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let plain = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        };
        let bad = |what: &str, text: &str| Err(Error::Settings(format!("{text:?} is no {what}")));
        let api_version = self.resource.api_version();
        if !api_version.split('/').all(plain) || api_version.split('/').count() > 2 {
            return bad("apiVersion: write v1 or group/v1", api_version);
        }
        if !plain(self.resource.plural()) {
            return bad("resource: write the plural in lower case, such as ingresses", self.resource.plural());
        }
        // Some names have colons, those of roles for example; what a selector is made of they do not have.
        let special = |c: char| c.is_whitespace() || c.is_control() || ",=!\\/".contains(c);
        if let Some(name) = self.selection.name.as_deref().filter(|name| name.is_empty() || name.contains(special)) {
            return bad("name of an object", name);
        }
        match self.namespaces.iter().find(|namespace| !plain(namespace)) {
            Some(namespace) => bad("namespace", namespace),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for WatcherBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatcherBuilder")
            .field("resource", &self.resource)
            .field("namespaces", &self.namespaces)
            .field("selection", &self.selection)
            .finish_non_exhaustive()
    }
}
