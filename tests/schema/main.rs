//! What the fake server knows of built-in kinds against what a real server says of them.
//!
//! `src/testing/shape/built_in.txt` is made here, from the server's own documents:
//! `WRITE_SHAPES=1 cargo test --test schema` with `KUBEBUILDER_ASSETS` set. Without `WRITE_SHAPES` they are compared.
//! What the server does not tell, `wire.txt`, comes from the published types of the same version: `GO_MODULES` is the
//! folder with the modules `api`, `apimachinery`, `apiextensions-apiserver` and `kube-aggregator` of `k8s.io`.

use std::collections::BTreeMap;
use std::fs;

use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};
use support::{real::RealCluster, served::served};
use tower::Service;

use answers::{answered, questions, request};
use table::{Writer, reachable};

mod answers;
mod go;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod wire;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/shape");

async fn get(client: &kube::Client, path: &str) -> String {
    let request = http::Request::get(path).body(Vec::new()).expect("a request");
    client.request_text(request).await.unwrap_or_else(|problem| panic!("{path}: {problem}"))
}

/// The documents of all group versions, by path: `apis/apps/v1`.
async fn documents(client: &kube::Client) -> BTreeMap<String, Value> {
    let index: Value = serde_json::from_str(&get(client, "/openapi/v3").await).expect("JSON");
    let mut documents = BTreeMap::new();
    for (path, entry) in index["paths"].as_object().expect("paths") {
        if path == "api/v1" || (path.starts_with("apis/") && path.matches('/').count() == 2) {
            let text = get(client, entry["serverRelativeURL"].as_str().expect("an address")).await;
            documents.insert(path.clone(), serde_json::from_str(&text).expect("JSON"));
        }
    }
    documents
}

/// Where objects are listed that can be created too.
fn lists(documents: &BTreeMap<String, Value>) -> impl Iterator<Item = String> {
    let paths = documents.values().flat_map(|document| document["paths"].as_object().expect("paths"));
    let stored =
        paths.filter(|(_, methods)| methods["get"]["x-kubernetes-action"] == "list" && methods["post"].is_object());
    stored.map(|(path, _)| path.replace("{namespace}", "default"))
}

/// An empty object: the end of the initial events is one, whose metadata tells where it is.
async fn bookmark(client: &kube::Client, path: &str) -> Value {
    let watch = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
    let none = "fieldSelector=metadata.name%3Dnone&timeoutSeconds=1";
    let answer = get(client, &format!("{path}?{watch}&{none}")).await;
    let mut bookmark: Value = serde_json::from_str(answer.lines().next().expect("a bookmark")).expect("JSON");
    assert_eq!(bookmark["type"], "BOOKMARK", "{path}");
    bookmark["object"]["metadata"]["resourceVersion"].take();
    bookmark
}

fn check(file: &str, text: &str) {
    let path = format!("{FOLDER}/{file}");
    if std::env::var_os("WRITE_SHAPES").is_some() {
        fs::write(&path, text).expect("the file is written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).find(|(kept, said)| kept != said);
    assert!(
        kept == text,
        "{file} is not what the server says: {differs:?}; write it anew: WRITE_SHAPES=1 cargo test --test schema"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shapes_of_built_in_kinds_are_those_of_the_server() {
    let Some(cluster) = RealCluster::start().await else { return };
    let documents = documents(cluster.client()).await;
    let writer = Writer::new(reachable(&documents));
    let names = go::names(cluster.client(), &documents, &writer).await;
    check("built_in.txt", &writer.text(&names));
    if let Some(modules) = std::env::var_os("GO_MODULES") {
        check("wire.txt", &wire::text(modules.as_ref(), &writer));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_objects_are_written_as_by_the_server() {
    let Some(cluster) = RealCluster::start().await else { return };
    let fake = FakeCluster::new().client();
    let documents = documents(cluster.client()).await;
    let bookmarks = lists(&documents).map(|path| async {
        let path = path;
        (bookmark(&fake, &path).await, bookmark(cluster.client(), &path).await)
    });
    for (said, real) in futures::future::join_all(bookmarks).await {
        assert_eq!(said, real);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_taken_and_refused_as_by_the_server() {
    let Some(cluster) = RealCluster::start().await else { return };
    let mut fake = FakeCluster::new();
    let definition: Value = serde_json::from_str(include_str!("definition.json")).expect("JSON");
    let things =
        [definition, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "1"}})];
    for mut object in things {
        fake.create(&object).expect("an object");
        if object["kind"] == "ConfigMap" {
            object["metadata"]["namespace"] = "default".into();
        }
        cluster.create(&object).await;
    }
    let orchards = "/apis/garden.example/v1/namespaces/default/orchards";
    served(cluster.client(), "orchards.garden.example", orchards).await;
    let mut differences = Vec::new();
    for question in questions() {
        let response = cluster.client().send(request(&question).map(|body| body.into_bytes().into())).await;
        let real = answered(response.expect("an answer")).await;
        let said = answered(fake.call(request(&question)).await.expect("an answer")).await;
        if real != said {
            differences.push(format!(
                "{} {}\n  real {} {:?} {}\n  fake {} {:?} {}",
                question.1, question.3, real.0, real.1, real.2, said.0, said.1, said.2
            ));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}
