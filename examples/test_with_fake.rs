//! Three ways to test code that reads a store: fill the store by hand, watch a fake API server, and make that one fail.
//!
//! `cargo run --example test_with_fake` runs three functions that would be tests in your crate. How to test a controller
//! is in the documentation of `testing` and its `recipes`.

use std::time::Duration;

use kube_indexed_store::testing::objects::{self, ObjectBuilder};
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Resource, Watcher};
use kube_indexed_store::{Indexed, MemoryStore, Query, Store, StoreExt, store};

const SOON: Duration = Duration::from_secs(30);

/// The code under test: the number of a Service's port with this name.
async fn port(services: &dyn Store, namespace: &str, service: &str, name: &str) -> Result<Option<u64>, store::Error> {
    let service = services.single(Query::prefix(&[namespace, service])).await?;
    Ok(service.and_then(|service| {
        let ports = service.root().member("spec")?.member("ports")?;
        let named =
            ports.items().find(|port| port.member("name").and_then(|found| found.as_str()).as_deref() == Some(name));
        named?.member("port")?.as_u64()
    }))
}

// In a test, use `#[tokio::test(start_paused = true)]`: then no wait below takes real time.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    a_store_filled_by_hand().await?;
    a_watched_fake_cluster().await?;
    a_cluster_that_fails().await?;
    println!("all passed");
    Ok(())
}

fn service(port: u16) -> ObjectBuilder {
    objects::service("shop/web").port(port).set("spec.ports.0.name", "http")
}

/// The simplest way: no server at all.
async fn a_store_filled_by_hand() -> Result<(), Box<dyn std::error::Error>> {
    let services = MemoryStore::new();
    services.apply(Indexed::new(serde_json::Value::from(service(80)).try_into()?).ok_or("a Service has a name")?)?;
    assert_eq!(port(&services, "shop", "web", "http").await?, Some(80));
    assert_eq!(port(&services, "shop", "web", "https").await?, None);
    assert_eq!(port(&services, "shop", "absent", "http").await?, None);
    println!("a store filled by hand: passed");
    Ok(())
}

/// With everything in between: list, watch, index.
async fn a_watched_fake_cluster() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = FakeCluster::new();
    cluster.namespace("shop");
    cluster.create(service(80))?;
    let services = Watcher::builder(cluster.client(), Resource::new("v1", "services")).start()?;
    services.wait_until_synced(SOON).await?;

    cluster.apply(service(8080))?;
    services.wait_for(&cluster.revision().into(), SOON).await?;
    assert_eq!(port(services.store(), "shop", "web", "http").await?, Some(8080));
    assert_eq!(cluster.requests().verb("list").resource("services").count(), 1);
    println!("a watched fake cluster: passed");
    Ok(())
}

/// When the version we have seen expires, the store keeps its state until the new list is complete.
async fn a_cluster_that_fails() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = FakeCluster::new();
    cluster.namespace("shop");
    cluster.create(service(80))?;
    let services = Watcher::builder(cluster.client(), Resource::new("v1", "services")).start()?;
    services.wait_until_synced(SOON).await?;
    cluster.watch_established("services").await;

    // The connection breaks, the Service changes, the version we have seen expires, and the next list has to wait.
    let gate = cluster.fault(Fault::on("list").resource("services").gate());
    cluster.watches().cut();
    cluster.apply(service(8080))?;
    cluster.compact();
    gate.reached(1).await;
    assert_eq!(port(services.store(), "shop", "web", "http").await?, Some(80));
    assert!(services.status().stale_since.is_some());

    gate.open();
    services.wait_for(&cluster.revision().into(), SOON).await?;
    assert_eq!(port(services.store(), "shop", "web", "http").await?, Some(8080));
    println!("a cluster that fails: passed");
    Ok(())
}
