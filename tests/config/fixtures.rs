//! Configurations, and what is said of them.

use std::error::Error as _;
use std::time::Duration;

use kube_indexed_store::config::Config;
use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::WatcherSet;
use serde_json::{Value, json};

pub const EXAMPLE: &str = "
watched_resources:
  ingresses:
    api_version: networking.k8s.io/v1
    resources: ingresses
    store: full
    index_by: [metadata.namespace, metadata.name]
    indexes: {by-host: [\"spec.rules[*].host\"]}
    remove_fields: [status]
  gateways: {api_version: gateway.networking.k8s.io/v1, resources: gateways, optional: true}
";

/// One resource with these further lines, which begin in line 5.
pub fn with(lines: &str) -> String {
    let lines = lines.replace('\n', "\n    ");
    format!("watched_resources:\n  a:\n    api_version: v1\n    resources: secrets\n    {lines}\n")
}

/// What reading or checking it says, causes included.
pub fn refused(text: &str) -> String {
    let error = Config::from_yaml(text).and_then(|config| config.indexers()).expect_err(text);
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}

pub fn accepted(text: &str) -> Config {
    let config = Config::from_yaml(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    config.indexers().unwrap();
    config
}

pub fn secret(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"namespace": "default", "name": name},
        "data": {"password": "b25l"},
    })
}

pub async fn started(cluster: &FakeCluster, lines: &str) -> WatcherSet {
    let watchers = accepted(&with(lines)).start(&kube::Client::new(cluster.clone(), "team")).unwrap();
    watchers.wait_until_synced(Duration::from_secs(60)).await.unwrap();
    watchers
}
