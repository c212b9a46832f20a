//! A store of references to the Secrets of a cluster.

use std::time::Duration;

use kube_indexed_store::store::{CachedStoreBuilder, Error, Objects};
use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::{Resource, Watcher, WatcherBuilder};
use kube_indexed_store::{CachedStore, Indexer, Object, Query, Store};
use serde_json::{Value, json};

pub const LONG: Duration = Duration::from_secs(600);

pub struct World {
    pub cluster: FakeCluster,
    pub store: CachedStore,
    pub watcher: Watcher,
}

pub fn secret(name: &str, password: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"namespace": "shop", "name": name, "labels": {"app": "web", "issuer": "a"}},
        "stringData": {"password": password},
    })
}

impl World {
    pub async fn new(cluster: FakeCluster) -> World {
        World::with(cluster, Indexer::default(), |watch| watch, |store| store).await
    }

    pub async fn with(
        cluster: FakeCluster,
        indexer: Indexer,
        watch: impl FnOnce(WatcherBuilder) -> WatcherBuilder,
        store: impl FnOnce(CachedStoreBuilder) -> CachedStoreBuilder,
    ) -> World {
        let watch = watch(Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).indexer(indexer.clone()));
        let store = store(CachedStore::builder(watch.fetcher()).indexer(&indexer)).build();
        let watcher = watch.store(store.clone()).start().unwrap();
        watcher.wait_until_synced(LONG).await.unwrap();
        cluster.watch_established("secrets").await;
        World { cluster, store, watcher }
    }

    /// Waits until the store has seen everything that has happened.
    pub async fn caught_up(&self) {
        let version = self.cluster.revision().into();
        self.cluster.watches().bookmark();
        self.watcher.wait_for(&version, LONG).await.unwrap();
    }

    pub fn gets(&self) -> usize {
        self.cluster.requests().verb("get").resource("secrets").count()
    }

    pub async fn get(&self, name: &str) -> Result<Objects, Error> {
        self.store.get(Query::prefix(&["shop", name]))?.await
    }
}

pub fn cluster(secrets: &[(&str, &str)]) -> FakeCluster {
    let cluster = FakeCluster::new();
    cluster.namespace("shop");
    for (name, password) in secrets {
        cluster.create(secret(name, password)).unwrap();
    }
    cluster
}

/// The password of each object, decoded.
pub fn passwords(objects: &Objects) -> Vec<String> {
    objects.iter().map(password).collect()
}

pub fn password(object: &Object) -> String {
    let encoded = object.to_value()["data"]["password"].as_str().unwrap().to_owned();
    let known = [("one", "b25l"), ("two", "dHdv"), ("three", "dGhyZWU="), ("four", "Zm91cg==")];
    known.iter().find(|(_, code)| *code == encoded).map_or(encoded.clone(), |(word, _)| (*word).to_owned())
}
