//! Resources that the server does not know.

use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Resource, Watcher};
use serde_json::{Value, json};

use crate::fixtures::{SOON, eventually, failure, names, synced};

fn definition(plural: &str, kind: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.example.org")},
        "spec": {
            "group": "example.org", "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    })
}

fn gateway(name: &str) -> Value {
    json!({"apiVersion": "example.org/v1", "kind": "Gateway", "metadata": {"name": name, "namespace": "default"}})
}

#[tokio::test(start_paused = true)]
async fn an_unknown_resource_is_told_with_its_way_out_and_found_when_it_is_installed() {
    let cluster = FakeCluster::new();
    let gateways = Resource::new("example.org/v1", "gateways");
    let watcher = Watcher::builder(cluster.client(), gateways).start().unwrap();
    assert_eq!(
        watcher.wait_until_synced(SOON).await.unwrap_err().to_string(),
        "not synced within 60s: gateways.v1.example.org is failing: the server does not know gateways.v1.example.org: \
         install its CustomResourceDefinition, correct the name, or mark it optional"
    );
    cluster.create(definition("gateways", "Gateway")).unwrap();
    cluster.create(gateway("a")).unwrap();
    watcher.wait_until_synced(SOON).await.unwrap();
    assert_eq!(names(&watcher), ["default/a"]);
}

#[tokio::test(start_paused = true)]
async fn an_optional_resource_is_empty_and_synced_until_it_is_installed_and_after_it_is_removed() {
    let cluster = FakeCluster::new();
    let gateways = Resource::new("example.org/v1", "gateways");
    let watcher = synced(Watcher::builder(cluster.client(), gateways).optional(true)).await;
    let absent = |watcher: &Watcher| (names(watcher), watcher.status().to_string(), watcher.status().stale_since);
    assert_eq!(absent(&watcher), (vec![], "synced".to_owned(), None));

    // A failure in between is told, and over when the server answers again that it does not know.
    let outage = cluster.fault(Fault::on("list").status(503));
    eventually("failed", || failure(&watcher.status()).contains("503")).await;
    outage.remove();
    eventually("absent again", || watcher.status().failure.is_none()).await;
    assert_eq!(absent(&watcher), (vec![], "synced".to_owned(), None));

    for name in ["a", "b"] {
        cluster.create(definition("gateways", "Gateway")).unwrap();
        cluster.create(gateway(name)).unwrap();
        eventually("found", || names(&watcher) == [format!("default/{name}")]).await;
        cluster.watch_established("gateways").await;
        cluster.delete("customresourcedefinitions", "", "gateways.example.org").unwrap();
        eventually("gone", || watcher.status().version.is_none()).await;
        assert_eq!(absent(&watcher), (vec![], "synced".to_owned(), None));
    }
}
