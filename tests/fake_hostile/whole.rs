//! What must hold of answers and of a cluster at any time.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};
use tower::Service;

use crate::{
    server::{Answer, Kind, get, send},
    texts::ACCEPTS,
};

/// What is told of an answer that says that something went wrong.
pub fn check(answer: &Answer) {
    if answer.code < 400 || answer.head || answer.media_type != "application/json" {
        assert!(answer.code < 400 || answer.body.len() < 100_000, "a short refusal");
        return;
    }
    let status: Value = serde_json::from_slice(&answer.body).expect("a Status");
    assert_eq!((&status["kind"], &status["apiVersion"]), (&json!("Status"), &json!("v1")), "{status}");
    assert_eq!((&status["code"], &status["status"]), (&json!(answer.code), &json!("Failure")), "{status}");
    assert!(answer.code != 500 || status["message"] != "", "{status}");
}

pub fn versionless(cluster: &FakeCluster) -> Vec<Value> {
    let mut objects = cluster.dump();
    objects.iter_mut().for_each(|object| drop(object["metadata"]["resourceVersion"].take()));
    objects
}

/// What must hold of a cluster at any time.
pub async fn invariants(cluster: &FakeCluster, kinds: &[Kind]) {
    let revision = cluster.revision();
    for kind in kinds.iter().filter(|kind| kind.stored) {
        let base = if kind.api_version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{}", kind.api_version) };
        let list = get(cluster, &format!("{base}/{}", kind.plural)).await;
        if list.is_null() {
            continue; // No longer served.
        }
        assert_eq!(list["metadata"]["resourceVersion"], revision.to_string(), "{list}");
        for item in list["items"].as_array().unwrap_or_else(|| panic!("{list}")) {
            let text = |field: &str| item["metadata"][field].as_str().unwrap_or_else(|| panic!("{field} of {item}"));
            assert!(text("resourceVersion").parse::<u64>().unwrap() <= revision);
            let within = if kind.namespaced { format!("/namespaces/{}", text("namespace")) } else { String::new() };
            let name = text("name").replace(' ', "%20");
            let one = get(cluster, &format!("{base}{within}/{}/{name}", kind.plural)).await;
            assert_eq!(&one["metadata"], &item["metadata"], "{}", kind.plural);
        }
        let table =
            Request::get(format!("{base}/{}", kind.plural)).header("accept", ACCEPTS[3]).body(Vec::new()).unwrap();
        let table = send(cluster, table).await;
        let table: Value = serde_json::from_slice(&table.body).unwrap();
        assert_eq!(table["kind"], "Table", "{table}");
        assert_eq!(table["rows"].as_array().map_or(0, Vec::len), list["items"].as_array().unwrap().len());
    }
}

/// What a watch tells since a revision, on top of what was there.
pub async fn replayed(
    cluster: &FakeCluster,
    path: &str,
    since: u64,
    mut state: BTreeMap<String, Value>,
) -> BTreeMap<String, Value> {
    let request = Request::get(format!("{path}?watch=true&resourceVersion={since}&timeoutSeconds=1"))
        .body(Vec::<u8>::new())
        .unwrap();
    let response = cluster.clone().call(request.map(|body| Full::new(Bytes::from(body)))).await.unwrap();
    let told = response.into_body().collect().await.unwrap().to_bytes();
    let mut newest = since;
    for line in told.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let event: Value = serde_json::from_slice(line).unwrap();
        let object = event["object"].clone();
        let version =
            object["metadata"]["resourceVersion"].as_str().unwrap_or_else(|| panic!("{event}")).parse().unwrap();
        assert!(version > newest, "{version} after {newest}");
        newest = version;
        let known = match event["type"].as_str().unwrap() {
            "DELETED" => state.remove(&key(&object)).is_some(),
            "MODIFIED" => state.insert(key(&object), object).is_some(),
            _ => state.insert(key(&object), object).is_none(),
        };
        assert!(known, "{event}");
    }
    state
}

pub fn key(object: &Value) -> String {
    format!("{}/{}", object["metadata"]["namespace"], object["metadata"]["name"])
}

pub async fn listed(cluster: &FakeCluster, path: &str) -> (u64, BTreeMap<String, Value>) {
    let list = get(cluster, path).await;
    let version = list["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
    let items = list["items"].as_array().unwrap().iter().map(|item| {
        let mut item = item.clone();
        item["apiVersion"].take();
        item["kind"].take();
        (key(&item), item)
    });
    (version, items.collect())
}
