//! A cluster whose Secrets are kept on demand.

use std::time::Duration;

use kube_indexed_store::template::Renderer;
use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::{Resource, Watcher, WatcherSet};
use kube_indexed_store::{CachedStore, Indexer};
use serde_json::{Value, json};

pub const LONG: Duration = Duration::from_secs(600);

/// A cluster whose Secrets are kept on demand and whose Services are kept whole.
pub struct World {
    pub cluster: FakeCluster,
    pub watchers: WatcherSet,
    pub renderer: Renderer,
}

pub fn secret(name: &str, password: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"namespace": "shop", "name": name, "labels": {"issuer": "a"}},
        "stringData": {"password": password},
    })
}

pub fn service(namespace: &str, name: &str, secret: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"namespace": namespace, "name": name, "annotations": {"secret": secret}, "labels": {"app": name}},
        "spec": {"ports": [{"port": 80}]},
    })
}

impl World {
    pub async fn new(objects: impl IntoIterator<Item = Value>, template: &str) -> World {
        let cluster = FakeCluster::new();
        for object in objects {
            cluster.namespace(object["metadata"]["namespace"].as_str().unwrap());
            cluster.create(object).unwrap();
        }
        let world = World::unsynced(cluster, template);
        world.watchers.wait_until_synced(LONG).await.unwrap();
        world.cluster.watch_established("secrets").await;
        world.cluster.watch_established("services").await;
        world
    }

    pub fn unsynced(cluster: FakeCluster, template: &str) -> World {
        let indexer = Indexer::builder().index("by-issuer", ["metadata.labels.issuer"]).build().unwrap();
        let mut watchers = WatcherSet::default();
        let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).indexer(indexer.clone());
        let store = CachedStore::builder(secrets.fetcher()).indexer(&indexer).build();
        watchers.insert("secrets", secrets.store(store).start().unwrap());
        let services = Watcher::builder(cluster.client(), Resource::new("v1", "services"));
        watchers.insert("services", services.start().unwrap());
        let mut renderer = Renderer::new();
        renderer.add_template("test", template).unwrap();
        World { cluster, watchers, renderer }
    }

    pub async fn caught_up(&self) {
        let version = self.cluster.revision().into();
        self.cluster.watches().bookmark();
        for (_, watcher) in self.watchers.iter() {
            watcher.wait_for(&version, LONG).await.unwrap();
        }
    }

    pub async fn render(&self) -> String {
        self.renderer.watched_session(&self.watchers).render("test").await.unwrap().into_text()
    }

    pub async fn failure(&self) -> String {
        self.renderer.watched_session(&self.watchers).render("test").await.unwrap_err().to_string()
    }

    /// The names of the Secrets that were fetched, sorted.
    pub fn fetched(&self) -> Vec<String> {
        let requests = self.cluster.requests().verb("get").resource("secrets");
        let mut names: Vec<String> = requests.iter().filter_map(|request| request.name.clone()).collect();
        names.sort();
        names
    }
}

pub const READ_ALL: &str =
    "{% for s in resources.secrets.get('shop') %}{{ s.metadata.name }}={{ s.data.password }};{% endfor %}";

pub const READ_NAMED: &str = "{% for s in resources.services %}{{ s.metadata.name }}:\
    {{ resources.secrets.fetch('shop', s | annotation('secret')).data.password }};{% endfor %}";
