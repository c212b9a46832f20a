//! Logs, which only a node could answer.

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube_indexed_store::testing::{FakeCluster, Fault, objects};
use serde_json::{Value, json};

use crate::{fixtures::refused, support::random::Random};

#[tokio::test]
async fn nobody_answers_on_a_node() {
    let cluster = FakeCluster::new();
    let name = Random::new().name();
    cluster.create(objects::pod(&name).set("spec.nodeName", "n")).unwrap();
    let log = format!("/api/v1/namespaces/default/pods/{name}/log");
    let mut node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}});
    cluster.create(&node).unwrap();
    let nowhere = "no preferred addresses found; known addresses: [] (this fake cluster runs no pods; answer logs with Fault::text)".to_owned();
    assert_eq!(refused(&cluster, "GET", &log, &Value::Null).await, (500, nowhere));
    node["status"] = json!({"addresses": [{"type": "InternalIP", "address": "10.1.2.3"}]});
    cluster.apply(node).unwrap();
    assert_eq!(refused(&cluster, "GET", &log, &Value::Null).await.0, 503);
    cluster.fault(Fault::on("get").resource("pods").subresource("log").text(200, "it works"));
    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    assert_eq!(pods.logs(&name, &Default::default()).await.unwrap(), "it works");
}
