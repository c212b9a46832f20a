//! Requests in few words.

use http::header;
use http_body_util::BodyExt;
use k8s_openapi::api::authorization::v1::ResourceAttributes;
use kube::{Error, core::Status};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};
use tower::Service;

use crate::support::{http::ask, random::Random};

/// Code, `Retry-After` and body of an answer.
pub async fn send(
    cluster: &FakeCluster,
    request: http::request::Builder,
    body: String,
) -> (u16, Option<String>, Value) {
    let response = cluster.clone().call(request.body(body).unwrap()).await.unwrap();
    let code = response.status().as_u16();
    let wait = response.headers().get(header::RETRY_AFTER).map(|wait| wait.to_str().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (code, wait, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// Code and message of a refusal.
pub async fn refused(cluster: &FakeCluster, method: &str, path: &str, body: &Value) -> (u16, String) {
    let (code, status) = ask(cluster, method, path, body).await;
    (code, status["message"].as_str().unwrap_or_default().to_owned())
}

pub fn refusal<T: std::fmt::Debug>(result: kube::Result<T>) -> Box<Status> {
    match result {
        Err(Error::Api(status)) => status,
        other => panic!("no refusal: {other:?}"),
    }
}

pub fn resource(verb: &str, resource: &str) -> ResourceAttributes {
    ResourceAttributes { verb: Some(verb.into()), resource: Some(resource.into()), ..Default::default() }
}

/// A pod of any name, with a label and these fields beside.
pub fn with_pod(fields: Value) -> (FakeCluster, String, String) {
    let cluster = FakeCluster::new();
    let name = Random::new().name();
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "a"}},
        "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}]},
    });
    for (field, value) in fields.as_object().unwrap() {
        match pod[field].as_object_mut() {
            Some(known) => known.extend(value.as_object().unwrap().clone()),
            None => pod[field] = value.clone(),
        }
    }
    cluster.create(pod).unwrap();
    let path = format!("/api/v1/namespaces/default/pods/{name}");
    (cluster, name, path)
}
