//! A cluster in few words, and what its clients say of it.

use std::{future::Future, time::Duration};

use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error,
    api::{ListParams, WatchParams},
    core::WatchEvent,
    runtime::watcher,
};
use kube_indexed_store::{
    Query,
    testing::FakeCluster,
    watcher::{Resource, Watcher},
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::failure;

pub fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"a": "1"}})).unwrap()
}

/// A cluster with these ConfigMaps.
pub fn cluster(names: &[&str]) -> FakeCluster {
    let cluster = FakeCluster::new();
    for name in names {
        write(&cluster, name);
    }
    cluster
}

pub fn write(cluster: &FakeCluster, name: &str) {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    cluster.apply(object).unwrap();
}

pub fn api(cluster: &FakeCluster) -> Api<ConfigMap> {
    Api::namespaced(cluster.client(), "default")
}

pub async fn list(cluster: &FakeCluster) -> Result<Vec<String>, Error> {
    let listed = api(cluster).list(&ListParams::default()).await?;
    Ok(listed.into_iter().map(|object| object.metadata.name.unwrap()).collect())
}

/// The code of the Status a request was refused with.
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, Error>) -> u16 {
    match answer {
        Err(Error::Api(status)) => status.code,
        other => panic!("{other:?}"),
    }
}

pub async fn watch(cluster: &FakeCluster) -> impl Stream<Item = Result<WatchEvent<ConfigMap>, Error>> + use<> {
    api(cluster).watch(&WatchParams::default().disable_bookmarks(), "0").await.unwrap()
}

/// An event as a reader notes it down.
pub fn told(event: Result<WatchEvent<ConfigMap>, Error>) -> String {
    let name = |object: ConfigMap| object.metadata.name.unwrap();
    match event {
        Ok(WatchEvent::Added(object)) => format!("added {}", name(object)),
        Ok(WatchEvent::Modified(object)) => format!("modified {}", name(object)),
        Ok(WatchEvent::Deleted(object)) => format!("deleted {}", name(object)),
        Ok(WatchEvent::Bookmark(_)) => "bookmark".to_owned(),
        Ok(WatchEvent::Error(status)) => format!("error {}", status.code),
        // A line that is no event may still pass for a Status without a code.
        Err(Error::SerdeError(_)) => "undecodable".to_owned(),
        Err(Error::Api(status)) if status.code == 0 => "undecodable".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

/// What is told within a minute.
pub async fn minute(events: impl Stream<Item = Result<WatchEvent<ConfigMap>, Error>>) -> Vec<String> {
    let events = events.map(told).take_until(sleep(Duration::from_secs(50)));
    events.collect().await
}

/// What a watcher of kube's says to what there is, within a minute: what it was told at first, `synced`, and errors.
pub async fn streamed(cluster: &FakeCluster) -> Vec<String> {
    let events = watcher(api(cluster), watcher::Config::default().streaming_lists());
    let said = events.filter_map(async |event| match event {
        Ok(watcher::Event::InitApply(object)) => object.metadata.name,
        Ok(watcher::Event::InitDone) => Some("synced".to_owned()),
        Ok(_) => None,
        Err(_) => Some("error".to_owned()),
    });
    said.take_until(sleep(Duration::from_secs(1))).collect().await
}

pub fn start(cluster: &FakeCluster) -> Watcher {
    Watcher::builder(cluster.client(), Resource::new("v1", "configmaps")).start().unwrap()
}

pub async fn stored(watcher: &Watcher) -> Vec<String> {
    let objects = watcher.store().get(Query::all()).unwrap().await.unwrap();
    objects.iter().map(|object| object.name().unwrap().name().to_owned()).collect()
}

/// Whether nothing comes of it in an hour.
pub async fn hangs(future: impl Future) -> bool {
    timeout(Duration::from_secs(3600), future).await.is_err()
}

pub fn status(code: u16, reason: &str, message: &str, details: Value) -> (u16, Value) {
    (code, failure(code, reason, message, details))
}
