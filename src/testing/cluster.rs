//! The cluster itself: shared state, the doors for tests, and what tests can make happen.
//!
//! HTTP comes in through [`service`](super::service); both end in the same [`State`].

use std::{collections::BTreeMap, fmt, sync::Arc};

use kube::core::Status;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    fault::{Fault, FaultHandle, Rules},
    kinds::Kind,
    requests::{Request, Requests},
    state::{Preconditions, State, Target, Write},
    status, text,
    watching::{End, Open},
};

/// An API server in this process, with the state of a cluster behind it.
///
/// A clone is another handle on the same cluster. [`client`](FakeCluster::client) speaks HTTP to it through a real
/// `kube::Client`; the doors [`create`](FakeCluster::create), [`replace`](FakeCluster::replace),
/// [`apply`](FakeCluster::apply), [`delete`](FakeCluster::delete) and [`get`](FakeCluster::get) do the same
/// without one and fail with the same [`Status`]. Everything happens in the order of the calls, under one
/// counter; a watch misses nothing that happened after its start.
///
/// ```
/// use k8s_openapi::api::core::v1::ConfigMap;
/// use kube::Api;
/// use kube_indexed_store::testing::FakeCluster;
/// use serde_json::json;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let cluster = FakeCluster::new();
/// cluster.create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "1"}}))?;
///
/// let api: Api<ConfigMap> = Api::namespaced(cluster.client(), "default");
/// let settings = api.get("settings").await?;
/// assert_eq!(settings.data.unwrap()["a"], "1");
/// assert_eq!(cluster.requests().verb("get").resource("configmaps").count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FakeCluster {
    pub(super) shared: Arc<Shared>,
}

/// What every handle shares. Holds the one lock of the cluster, which is never held across an `.await`.
pub(super) struct Shared {
    inner: Mutex<Inner>,
    changed: watch::Sender<()>,
}

pub(super) struct Inner {
    pub(super) state: State,
    pub(super) rules: Rules,
    pub(super) log: Vec<Request>,
    pub(super) watches: BTreeMap<u64, Open>,
    pub(super) next_watch: u64,
    /// How many bookmarks were asked for on demand.
    pub(super) bookmarks: usize,
    /// Whether a watch from too far back is refused over HTTP rather than by an event.
    pub(super) gone_as_http: bool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
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

impl Shared {
    pub(super) fn read<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock())
    }

    /// Changes the cluster and wakes whoever waits for a change.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let result = change(&mut self.inner.lock());
        self.changed.send_replace(());
        result
    }

    pub(super) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) async fn until(&self, mut condition: impl FnMut(&mut Inner) -> bool) {
        let mut changed = self.changed();
        loop {
            changed.borrow_and_update();
            if self.read(&mut condition) {
                return;
            }
            // The sender lives as long as `self`.
            let _ = changed.changed().await;
        }
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
        FakeCluster::with_seed(0)
    }

    /// The same with other uids and generated names. Clusters with one seed and one history are equal.
    pub fn with_seed(seed: u64) -> Self {
        let inner = Inner {
            state: State::new(seed),
            rules: Rules::default(),
            log: Vec::new(),
            watches: BTreeMap::new(),
            next_watch: 0,
            bookmarks: 0,
            gone_as_http: false,
        };
        FakeCluster { shared: Arc::new(Shared { inner: Mutex::new(inner), changed: watch::Sender::new(()) }) }
    }

    /// A client of this cluster, without retries, for the namespace `default`.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as `kube::Client::new` does; the client belongs to that runtime.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.clone(), "default")
    }

    /// Creates an object, in the namespace `default` where a namespaced one names none.
    ///
    /// # Errors
    ///
    /// The Status the server would answer: the object is invalid, exists, or its kind or namespace does not.
    pub fn create(&self, object: impl Serialize) -> Result<Value, Box<Status>> {
        self.write(object, |state, target, object| {
            let object = state.create(target, object, Write::default())?;
            Ok(text::in_version(&target.kind, &target.version, &object))
        })
    }

    /// Replaces an object, if its resourceVersion (or none) and its frozen fields allow it.
    ///
    /// # Errors
    ///
    /// The Status the server would answer to a PUT.
    pub fn replace(&self, object: impl Serialize) -> Result<Value, Box<Status>> {
        self.write(object, |state, target, object| replace(state, target, object, Write::default()))
    }

    /// Creates an object or replaces the one of that name, whatever its version and frozen fields.
    ///
    /// # Errors
    ///
    /// The Status the server would answer to an invalid object.
    pub fn apply(&self, object: impl Serialize) -> Result<Value, Box<Status>> {
        self.write(object, |state, target, object| apply(state, target, object).map(|(value, _)| value))
    }

    /// Deletes an object; the kind is named as people do (`Secret`, `secrets`, `gateways.gateway.networking.k8s.io`),
    /// the namespace is empty at cluster scope. Answers what the server answers: a Status, or the object.
    ///
    /// # Errors
    ///
    /// The Status the server would answer: there is no such object or kind.
    pub fn delete(&self, kind: &str, namespace: &str, name: &str) -> Result<Value, Box<Status>> {
        self.shared.update(|inner| {
            let target = target(&inner.state, kind, namespace)?;
            inner.state.delete(&target, name, &Preconditions::default(), false)
        })
    }

    /// The object as it is now, in its kind's stored version.
    ///
    /// # Errors
    ///
    /// The Status the server would answer: there is no such object or kind.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Result<Value, Box<Status>> {
        self.shared.read(|inner| {
            let target = target(&inner.state, kind, namespace)?;
            Ok(inner.state.find(&target.kind, &target.namespace, name)?.value.clone())
        })
    }

    /// All objects of a kind in the order of a list; none where there is no such kind.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        self.shared.read(|inner| {
            let kind = inner.state.kinds.named(kind);
            kind.map(|kind| objects(&inner.state, &kind)).unwrap_or_default()
        })
    }

    /// All objects of all kinds: built-in kinds in a fixed order, then custom ones as they were defined.
    pub fn dump(&self) -> Vec<Value> {
        self.shared.read(|inner| {
            let kinds: Vec<_> = inner.state.kinds.iter().cloned().collect();
            kinds.iter().flat_map(|kind| objects(&inner.state, kind)).collect()
        })
    }

    /// Creates a namespace unless it is there.
    pub fn namespace(&self, name: &str) {
        self.shared.update(|inner| inner.state.ensure_namespace(name));
    }

    /// The newest resourceVersion of the cluster.
    pub fn revision(&self) -> u64 {
        self.shared.read(|inner| inner.state.storage.revision)
    }

    /// Forgets all history: lists and watches from an older resourceVersion, and page tokens, are expired.
    /// Watches that are open go on.
    pub fn compact(&self) {
        self.shared.update(|inner| inner.state.storage.oldest = inner.state.storage.revision);
    }

    /// Whether a watch from too far back gets HTTP 410 as its answer, instead of 200 and an ERROR event.
    /// Kubernetes sends the event; some servers that speak its API send the other.
    pub fn answer_expired_watches_over_http(&self, over_http: bool) {
        self.shared.update(|inner| inner.gone_as_http = over_http);
    }

    /// Sends a bookmark with the newest resourceVersion to every open watch that allows them.
    pub fn bookmark(&self) {
        self.shared.update(|inner| {
            inner.bookmarks += 1;
            for open in inner.watches.values_mut() {
                open.bookmarks = inner.bookmarks;
            }
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

    fn end_watches(&self, end: &End) {
        self.shared.update(|inner| {
            let now = inner.state.storage.revision;
            for open in inner.watches.values_mut() {
                open.end = Some((end.clone(), now));
            }
        });
    }

    /// Adds a fault; it acts from now on.
    pub fn fault(&self, fault: Fault) -> FaultHandle {
        let id = self.shared.update(|inner| inner.rules.add(fault));
        FaultHandle { shared: self.shared.clone(), id }
    }

    /// All requests so far, in the order they came.
    pub fn requests(&self) -> Requests {
        self.shared.read(|inner| Requests(inner.log.clone()))
    }

    /// How many watches of a resource (by its plural name) are open at this moment.
    pub fn open_watches(&self, resource: &str) -> usize {
        self.shared.read(|inner| inner.watches.values().filter(|open| open.resource == resource).count())
    }

    /// Returns once a watch of this resource is open. With paused time it does not wait longer than it takes.
    pub async fn watch_established(&self, resource: &str) {
        self.until(|cluster| cluster.open_watches(resource) > 0).await;
    }

    /// Returns once a condition holds, which is looked at whenever anything happens in the cluster.
    ///
    /// # Cancel safety
    ///
    /// Dropping it changes nothing.
    pub async fn until(&self, mut condition: impl FnMut(&FakeCluster) -> bool) {
        let mut changed = self.shared.changed();
        loop {
            changed.borrow_and_update();
            if condition(self) {
                return;
            }
            let _ = changed.changed().await;
        }
    }

    fn write(
        &self,
        object: impl Serialize,
        change: impl FnOnce(&mut State, &Target, Value) -> Result<Value, Box<Status>>,
    ) -> Result<Value, Box<Status>> {
        let object = serde_json::to_value(object).map_err(|_| status::bad_request("the object is not JSON"))?;
        self.shared.update(|inner| {
            let target = target_of(&inner.state, &object)?;
            change(&mut inner.state, &target, object)
        })
    }
}

fn objects(state: &State, kind: &Kind) -> Vec<Value> {
    let table = state.storage.existing(&kind.group, &kind.plural);
    let objects = table.into_iter().flat_map(|table| table.at(state.storage.revision, "", ""));
    objects.map(|(_, object)| object.value.clone()).collect()
}

fn target(state: &State, kind: &str, namespace: &str) -> Result<Target, Box<Status>> {
    let kind = state.kinds.named(kind).ok_or_else(status::unknown_resource)?;
    let namespace = if kind.namespaced { namespace.to_owned() } else { String::new() };
    Ok(Target { version: kind.stored.clone(), namespace, kind })
}

/// Where an object belongs by what it says of itself.
pub(super) fn target_of(state: &State, object: &Value) -> Result<Target, Box<Status>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = state.kinds.of_object(&text(&object["apiVersion"]), &text(&object["kind"]));
    let (kind, version) = found.ok_or_else(status::unknown_resource)?;
    let namespace = match text(&object["metadata"]["namespace"]) {
        _ if !kind.namespaced => String::new(),
        namespace if namespace.is_empty() => "default".to_owned(),
        namespace => namespace,
    };
    Ok(Target { kind, version, namespace })
}

/// Creates or overwrites; true where something was replaced.
pub(super) fn apply(state: &mut State, target: &Target, mut object: Value) -> Result<(Value, bool), Box<Status>> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let force = Write { force: true, dry_run: false };
    let exists = state.find(&target.kind, &target.namespace, &name).is_ok();
    if exists {
        return Ok((replace(state, target, object, force)?, true));
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
    }
    let object = state.create(target, object, force)?;
    Ok((text::in_version(&target.kind, &target.version, &object), false))
}

fn replace(state: &mut State, target: &Target, object: Value, write: Write) -> Result<Value, Box<Status>> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let (object, _) = state.replace(target, &name, object, write)?;
    Ok(text::in_version(&target.kind, &target.version, &object))
}
