//! The cluster as a client sees it: what it serves, and what it answers.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use tower::Service;

/// One served kind: where it is, and the schema of its objects.
#[derive(Clone)]
pub struct Kind {
    pub api_version: String,
    pub kind: String,
    pub plural: String,
    pub namespaced: bool,
    pub stored: bool,
}

pub struct Answer {
    /// Whether it is one to a HEAD, which has no body.
    pub head: bool,
    pub code: u16,
    pub body: Vec<u8>,
    pub media_type: String,
}

pub async fn send(cluster: &FakeCluster, request: Request<Vec<u8>>) -> Answer {
    let head = request.method() == Method::HEAD;
    let watches = request.uri().query().is_some_and(|query| query.contains("watch="));
    let response = cluster.clone().call(request.map(|body| Full::new(Bytes::from(body)))).await.expect("an answer");
    let code = response.status().as_u16();
    let media_type = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    assert!(
        response.headers().get_all("warning").iter().count() < 100,
        "a client reads no more than a hundred headers"
    );
    let mut body = Vec::new();
    let mut frames = response.into_body();
    let mut most = 20;
    while let Ok(Some(frame)) = timeout(Duration::from_secs(1), frames.frame()).await {
        body.extend(frame.expect("no fault").into_data().expect("data"));
        most -= usize::from(watches);
        if most == 0 {
            break;
        }
    }
    Answer { head, code, body, media_type: media_type.unwrap_or_default() }
}

pub async fn get(cluster: &FakeCluster, path: &str) -> Value {
    let answer = send(cluster, Request::get(path).body(Vec::new()).unwrap()).await;
    if answer.code == 404 {
        return Value::Null;
    }
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{path}: {} {error}", answer.code))
}

/// Everything that is served, and the schemas of it by API version and kind.
pub async fn served(cluster: &FakeCluster) -> (Vec<Kind>, BTreeMap<(String, String), Value>, Map<String, Value>) {
    let mut kinds = Vec::new();
    let (mut schemas, mut components) = (BTreeMap::new(), Map::new());
    let mut versions = vec!["v1".to_owned()];
    for group in get(cluster, "/apis").await["groups"].as_array().unwrap() {
        let served = group["versions"].as_array().unwrap();
        versions.extend(served.iter().map(|version| version["groupVersion"].as_str().unwrap().to_owned()));
    }
    for version in versions {
        let base = if version == "v1" { "api/v1".to_owned() } else { format!("apis/{version}") };
        for resource in get(cluster, &format!("/{base}")).await["resources"].as_array().unwrap() {
            let text = |field: &str| resource[field].as_str().unwrap().to_owned();
            if !text("name").contains('/') {
                let namespaced = resource["namespaced"] == true;
                // What cannot be watched is not stored.
                let stored = resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&json!("watch")));
                let (kind, plural) = (text("kind"), text("name"));
                kinds.push(Kind { api_version: version.clone(), kind, plural, namespaced, stored });
            }
        }
        let document = get(cluster, &format!("/openapi/v3/{base}")).await;
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            for known in schema["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
                let key = (version.clone(), known["kind"].as_str().unwrap().to_owned());
                schemas.insert(key, schema.clone());
            }
            components.insert(name.clone(), schema.clone());
        }
    }
    (kinds, schemas, components)
}
