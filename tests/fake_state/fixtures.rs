//! Objects and requests in few words.

use kube_indexed_store::testing::{FakeCluster, objects};
use serde_json::{Value, json};
use tower::ServiceExt;

pub fn config_map(name: &str, data: Value) -> Value {
    objects::config_map(name).set("data", data).into()
}

pub fn owner(kind: &str, object: &Value) -> Value {
    json!([{"apiVersion": object["apiVersion"], "kind": kind, "name": object["metadata"]["name"], "uid": object["metadata"]["uid"]}])
}

pub async fn call(cluster: &FakeCluster, request: http::request::Builder, body: impl Into<String>) -> u16 {
    let request = request.body(body.into()).unwrap();
    cluster.clone().oneshot(request).await.unwrap().status().as_u16()
}

pub const SECRETS: &str = "/api/v1/namespaces/default/secrets";
