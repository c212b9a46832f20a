//! Indexes by any field: several components, several keys for one object, and objects that an index does not find.
//!
//! `cargo run --example custom_index`

use std::time::Duration;

use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::{Resource, Watcher};
use kube_indexed_store::{Indexer, Query, Store};

const INGRESSES: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {namespace: shop, name: web, labels: {team: storefront}}
spec:
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
  - host: api.example.com
    http: {paths: [{path: /v1, pathType: Prefix, backend: {service: {name: api, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {namespace: blog, name: blog, labels: {team: content}}
spec:
  rules:
  - host: shop.example.com
    http: {paths: [{path: /blog, pathType: Prefix, backend: {service: {name: blog, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {namespace: blog, name: fallback}
spec: {defaultBackend: {service: {name: blog, port: {number: 80}}}}
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = FakeCluster::new();
    cluster.load_yaml(INGRESSES).complete()?;

    let indexer = Indexer::builder()
        // Host and path of one rule belong together: the two paths share the `[*]` of the rules.
        .index("by-route", ["spec.rules[*].host", "spec.rules[*].http.paths[*].path"])
        .index("by-team", ["metadata.labels.team"])
        .remove_fields(["status"])
        .build()?;
    let ingresses = Watcher::builder(cluster.client(), Resource::new("networking.k8s.io/v1", "ingresses"));
    let ingresses = ingresses.indexer(indexer).start()?;
    ingresses.wait_until_synced(Duration::from_secs(30)).await?;
    let snapshot = ingresses.store().snapshot();

    println!("all routes:");
    snapshot.keys(&Query::index("by-route"))?.iter().for_each(|key| println!("  {key}"));
    for prefix in [&["shop.example.com"][..], &["shop.example.com", "/blog"], &["shop.example.com", "/v1"]] {
        println!("under {prefix:?}: {:?}", snapshot.get(&Query::index("by-route").with_prefix(prefix))?);
    }

    println!("objects that an index does not find, and why:");
    for index in ["by-route", "by-team"] {
        for (name, problem) in snapshot.unindexed(index)? {
            println!("  {index}: {name}: {problem}");
        }
    }

    let labels = "team in (content, storefront)".parse()?;
    println!("by labels: {:?}", snapshot.get(&Query::prefix(&["blog"]).with_labels(&labels))?);
    for wrong in [Query::index("by-rout"), Query::index("by-team").with_prefix(&["a", "b"])] {
        if let Err(error) = snapshot.get(&wrong) {
            println!("refused: {error}");
        }
    }

    println!("mistakes are found when the indexer is built:");
    for paths in [["spec.rules[*.host"], ["status.loadBalancer.ingress[*].ip"]] {
        if let Err(error) = Indexer::builder().index("wrong", paths).remove_fields(["status"]).build() {
            let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
            println!("{error}{cause}");
        }
    }
    Ok(())
}
