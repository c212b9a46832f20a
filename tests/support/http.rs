//! Requests to the fake in this process, without a client between.

use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use kube_indexed_store::testing::{Body, FakeCluster};
use serde_json::Value;
use tower::Service;

pub const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// What was answered, as a whole.
pub struct Answer {
    pub code: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn warnings(&self) -> Vec<String> {
        self.headers.get_all("warning").iter().map(|warning| warning.to_str().unwrap().to_owned()).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}", self.text))
    }
}

/// Asks, and reads the answer to its end.
pub async fn send(cluster: &FakeCluster, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let (head, body) = call(cluster, request.body(body.to_owned()).unwrap()).await.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
    Answer { code: head.status.as_u16(), headers: head.headers, text }
}

/// Code and body of the answer to a request with JSON in it, or with nothing where that is null.
pub async fn ask(cluster: &FakeCluster, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let media_type = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let answer = send(cluster, method, path, &[("content-type", media_type)], &text).await;
    (answer.code, serde_json::from_str(&answer.text).unwrap_or(Value::String(answer.text)))
}

pub async fn get(cluster: &FakeCluster, path: &str) -> (u16, Value) {
    ask(cluster, "GET", path, &Value::Null).await
}

/// The answer of which nothing is read yet.
pub async fn call(cluster: &FakeCluster, request: Request<String>) -> Response<Body> {
    cluster.clone().call(request).await.unwrap()
}

pub async fn open(cluster: &FakeCluster, path: &str) -> Response<Body> {
    call(cluster, Request::get(path).body(String::new()).unwrap()).await
}
