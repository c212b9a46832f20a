//! What the fake API server says of itself, as far as it says less than a real one: its paths, its OpenAPI, and what it
//! does not write. What both say is in `tests/protocol`.

use std::collections::BTreeSet;

use kube::discovery::{Discovery, Scope};
use kube_indexed_store::testing::{FakeCluster, objects};
use serde_json::{Value, json};

mod support;

use support::http::{Answer, CONFIG_MAPS, send};

async fn get(cluster: &FakeCluster, path: &str, accept: &str) -> Answer {
    send(cluster, "GET", path, &[("accept", accept)], "").await
}

async fn read(cluster: &FakeCluster, path: &str) -> Value {
    get(cluster, path, "application/json").await.json()
}

fn with_things() -> FakeCluster {
    let cluster = FakeCluster::new();
    cluster.create(objects::definition("example.com", "Thing", "things")).unwrap();
    cluster
}

#[tokio::test]
async fn kubes_discovery_finds_the_same_in_two_requests_as_group_by_group() {
    let cluster = with_things();
    let all = |discovery: &Discovery| -> BTreeSet<String> {
        let groups = discovery.groups();
        let kinds = groups.flat_map(|group| {
            group.versions().flat_map(|version| group.versioned_resources(version)).collect::<Vec<_>>()
        });
        kinds
            .map(|(resource, capabilities)| {
                let parts: BTreeSet<_> = capabilities.subresources.iter().map(|(part, _)| &part.plural).collect();
                let verbs: BTreeSet<_> = capabilities.operations.iter().collect();
                let namespaced = capabilities.scope == Scope::Namespaced;
                format!("{} {} {namespaced} {verbs:?} {parts:?}", resource.api_version, resource.plural)
            })
            .collect()
    };
    let plain = all(&Discovery::new(cluster.client()).run().await.unwrap());
    let before = cluster.requests().count();
    let aggregated = all(&Discovery::new(cluster.client()).run_aggregated().await.unwrap());
    assert_eq!(cluster.requests().count() - before, 2);
    assert!(plain.iter().any(|line| line.starts_with("example.com/v1 things true")));
    assert_eq!(aggregated, plain);
}

#[tokio::test]
async fn every_path_of_the_list_leads_somewhere() {
    let cluster = with_things();
    let list = read(&cluster, "/").await;
    let paths = list["paths"].as_array().unwrap();
    assert!(paths.contains(&json!("/apis/example.com/v1")), "{list}");
    for path in paths {
        let path = path.as_str().unwrap();
        assert_eq!(get(&cluster, path, "*/*").await.code, 200, "{path}");
    }
}

#[tokio::test]
async fn all_checks_there_are_are_told_when_asked_for() {
    let verbose = get(&FakeCluster::new(), "/livez?verbose&exclude=etcd", "*/*").await;
    assert_eq!(verbose.text, "[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\nlivez check passed\n");
}

#[tokio::test]
async fn every_group_version_has_a_document() {
    let cluster = with_things();
    let index = get(&cluster, "/openapi/v3", "application/json, */*").await;
    assert_eq!(index.header("content-type"), "text/plain; charset=utf-8");
    let paths = index.json()["paths"].as_object().unwrap().clone();
    let list = read(&cluster, "/").await;
    let listed = list["paths"].as_array().unwrap().iter().filter_map(|path| path.as_str().unwrap().strip_prefix('/'));
    let expected: BTreeSet<_> = listed
        .filter(|path| *path == "api/v1" || (path.starts_with("apis/") && path.matches('/').count() == 2))
        .collect();
    assert_eq!(paths.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    for (path, entry) in &paths {
        let address = entry["serverRelativeURL"].as_str().unwrap();
        let answer = get(&cluster, address, "application/json").await;
        assert_eq!((answer.code, answer.header("cache-control")), (200, "public, immutable"), "{path}");
        let document = answer.json();
        assert_eq!(document["openapi"], "3.0.0");
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut named = Vec::new();
        references(&document, &mut named);
        for name in named {
            assert!(schemas.contains_key(&name), "{name} in {path}");
        }
    }
}

/// All schemas that are named somewhere.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str);
            found.extend(name.map(|name| name.strip_prefix("#/components/schemas/").unwrap().to_owned()));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn no_protobuf_is_written() {
    let answer = get(&FakeCluster::new(), CONFIG_MAPS, "application/vnd.kubernetes.protobuf").await;
    let message = "this fake cluster writes no protobuf: accept application/json or application/yaml";
    assert_eq!((answer.code, answer.json()["message"].as_str()), (406, Some(message)));
    let either = get(&FakeCluster::new(), CONFIG_MAPS, "application/vnd.kubernetes.protobuf, application/json").await;
    assert_eq!((either.code, either.header("content-type")), (200, "application/json"));
}
