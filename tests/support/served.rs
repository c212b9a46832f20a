//! Waiting until a new kind is served.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client,
    runtime::wait::{await_condition, conditions::is_crd_established},
};
use tokio::time::{sleep, timeout};

/// Longer than it takes, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a definition is established, and until the objects at this path are served.
pub async fn served(client: &Client, definition: &str, path: &str) {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let waited = timeout(PATIENCE, async {
        await_condition(definitions, definition, is_crd_established()).await.expect("a watch");
        // The server's own memory of the definition is filled a moment later, which nothing tells of.
        let list = || http::Request::get(path).body(Vec::new()).expect("a request");
        while client.request_text(list()).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("{definition} is not served"));
}
