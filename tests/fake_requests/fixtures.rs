//! Requests in few words.

use k8s_openapi::api::authorization::v1::ResourceAttributes;
use kube::{Error, core::Status};
use kube_indexed_store::testing::FakeCluster;
use serde_json::Value;

use crate::support::http::ask;

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
