//! Secrets on demand: names and versions in memory, bodies fetched when they are read and cached for a limited time.
//!
//! `cargo run --example cached_secrets`

use std::time::Duration;

use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::{Resource, Watcher};
use kube_indexed_store::{CachedStore, Indexer, Query, Store};
use serde_json::json;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let cluster = FakeCluster::new();
    cluster.namespace("shop");
    for number in 0..1000 {
        cluster.create(secret(&format!("tls-{number:04}"), "one"))?;
    }

    let indexer = Indexer::default();
    let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).indexer(indexer.clone());
    let store = CachedStore::builder(secrets.fetcher())
        .indexer(&indexer)
        .ttl(Duration::from_secs(15 * 60))
        .cache_size(256)
        .build();
    let secrets = secrets.store(store.clone()).start()?;
    secrets.wait_until_synced(Duration::from_secs(30)).await?;
    println!("{store:?}: the names, versions and keys of all Secrets, and no body");

    let requests = || cluster.requests().verb("get").resource("secrets").count();
    for _ in 0..2 {
        let found = store.get(Query::prefix(&["shop", "tls-0042"]))?.await?;
        println!("read {:?}, requests so far: {}", found.at(0), requests());
    }

    // Fifty readers of a Secret that is not cached share one request.
    let read = || async { store.get(Query::prefix(&["shop", "tls-0007"]))?.await };
    futures::future::try_join_all((0..50).map(|_| read())).await?;
    println!("50 readers of another Secret, requests so far: {}", requests());

    // Once the watch has reported a change, the cached body is not used any more.
    let changed = cluster.apply(secret("tls-0042", "two"))?;
    let version = changed["metadata"]["resourceVersion"].as_str().unwrap_or_default().into();
    secrets.wait_for(&version, Duration::from_secs(30)).await?;
    let found = store.get(Query::prefix(&["shop", "tls-0042"]))?.await?;
    let password =
        found.at(0).and_then(|secret| secret.get(&"data.password".parse().ok()?)?.as_str().map(String::from));
    println!("after a change: {password:?}, requests so far: {}", requests());
    println!("{:?}", store.stats());
    Ok(())
}

fn secret(name: &str, password: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"namespace": "shop", "name": name}, "stringData": {"password": password},
    })
}
