//! A watcher in few words, and what its readers see.

use std::time::Duration;

use futures::FutureExt;
use kube_indexed_store::snapshot::Snapshot;
use kube_indexed_store::store::Changes;
use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::{Resource, Restart, Status, Watcher, WatcherBuilder};
use kube_indexed_store::{Indexed, Indexer, Query, ResourceVersion, Store};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

pub const SOON: Duration = Duration::from_secs(60);

pub fn config_map(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value}})
}

pub fn within(namespace: &str, mut object: Value) -> Value {
    object["metadata"]["namespace"] = namespace.into();
    object
}

pub fn labelled(key: &str, value: &str, mut object: Value) -> Value {
    object["metadata"]["labels"][key] = value.into();
    object
}

pub fn config_maps() -> Resource {
    Resource::new("v1", "configmaps")
}

/// In the namespace `default` and by the value in them, as most tests have it.
pub fn watching(client: kube::Client) -> WatcherBuilder {
    let indexer = Indexer::builder().index("by-value", ["data.value"]).build().unwrap();
    Watcher::builder(client, config_maps()).namespace("default").indexer(indexer)
}

pub async fn synced(builder: WatcherBuilder) -> Watcher {
    let watcher = builder.start().unwrap();
    watcher.wait_until_synced(SOON).await.unwrap();
    watcher
}

/// Returns once the condition holds; gives up after a virtual day, saying what it waited for.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < Duration::from_secs(86_400), "never {what}");
        sleep(Duration::from_millis(1).max(since.elapsed() / 100)).await;
    }
}

/// The watch follows everything that the cluster has been told.
pub async fn current(watcher: &Watcher, cluster: &FakeCluster) {
    let revision = ResourceVersion::from(cluster.revision());
    eventually("current", || watcher.status().connected).await;
    cluster.watches().bookmark();
    watcher.wait_for(&revision, SOON * 10).await.unwrap();
}

/// `name=value` of every object, as a reader sees them.
pub fn shown(snapshot: &Snapshot) -> Vec<String> {
    let path = "data.value".parse().unwrap();
    let value = |object: &kube_indexed_store::Object| {
        object.get(&path).and_then(|value| value.as_str().map(|text| text.into_owned())).unwrap_or_default()
    };
    let entry = |entry: &kube_indexed_store::snapshot::Entry| {
        format!("{}={}", entry.name().name(), value(entry.object().unwrap()))
    };
    snapshot.list().iter().map(entry).collect()
}

pub fn found(watcher: &Watcher, value: &str) -> usize {
    watcher.store().snapshot().get(&Query::index("by-value").with_prefix(&[value])).unwrap().len()
}

pub fn names(watcher: &Watcher) -> Vec<String> {
    watcher.store().snapshot().list().iter().map(|entry| entry.name().to_string()).collect()
}

/// The differences told so far.
pub fn told(changes: &mut Changes) -> Vec<String> {
    std::iter::from_fn(|| changes.next().now_or_never().flatten()).map(|diff| diff.to_string()).collect()
}

pub fn failure(status: &Status) -> String {
    status.failure.as_ref().map(ToString::to_string).unwrap_or_default()
}

pub fn restarts(watcher: &Watcher) -> Vec<(Restart, u64)> {
    watcher.status().restarts.into_iter().collect()
}

pub fn failed(code: u16, reason: &str, message: &str) -> kube::core::Status {
    kube::core::Status::failure(message, reason).with_code(code)
}

pub fn indexed(name: &str, value: &str, version: u64) -> Indexed {
    let mut object = within("default", config_map(name, value));
    object["metadata"]["resourceVersion"] = version.to_string().into();
    object["metadata"]["uid"] = name.into();
    Indexed::new(kube_indexed_store::Object::try_from(object).unwrap()).unwrap()
}
