//! Ephemeral containers, resizes, and what only a node could answer.

use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use kube_indexed_store::testing::Fault;
use serde_json::{Value, json};

use crate::{
    fixtures::{refusal, refused, with_pod},
    support::http::ask,
};

fn strategic(patch: Value) -> (PatchParams, Patch<Value>) {
    (PatchParams::default(), Patch::Strategic(patch))
}

#[tokio::test]
async fn ephemeral_containers_come_and_stay() {
    let (cluster, name, _) = with_pod(json!({}));
    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    let spec = json!({"ephemeralContainers": [{"name": "e", "image": "x"}], "activeDeadlineSeconds": 5});
    let (params, patch) = strategic(json!({"spec": spec, "metadata": {"labels": {"other": "label"}}}));
    let pod = pods.patch_ephemeral_containers(&name, &params, &patch).await.unwrap();
    let spec = pod.spec.unwrap();
    assert_eq!(spec.ephemeral_containers.unwrap()[0].image_pull_policy.as_deref(), Some("Always"));
    assert_eq!((spec.active_deadline_seconds, pod.metadata.generation), (None, Some(2)));
    assert_eq!(pod.metadata.labels.unwrap().len(), 1);
    assert_eq!(pods.get_ephemeral_containers(&name).await.unwrap().metadata.generation, Some(2));
    for (containers, why) in [(Value::Null, "removed"), (json!([{"name": "e", "image": "y"}]), "changed")] {
        let patch = Patch::Merge(json!({"spec": {"ephemeralContainers": containers}}));
        let refused = refusal(pods.patch_ephemeral_containers(&name, &params, &patch).await);
        let start =
            format!("Pod {name:?} is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers");
        assert_eq!(refused.message, format!("{start} \"e\" may not be {why}\n"));
    }
}

#[tokio::test]
async fn a_resize_changes_resources_and_nothing_else() {
    let (cluster, name, _) = with_pod(json!({}));
    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    let container = json!({"name": "c", "image": "other", "resources": {"requests": {"cpu": "2"}}});
    let (params, patch) = strategic(json!({"spec": {"containers": [container], "activeDeadlineSeconds": 5}}));
    pods.patch_resize(&name, &params, &patch).await.unwrap();
    let pod = cluster.get("Pod", "default", &name).unwrap();
    let container = &pod["spec"]["containers"][0];
    assert_eq!((&container["image"], &container["resources"]), (&json!("i"), &json!({"requests": {"cpu": "2"}})));
    assert_eq!((&pod["spec"]["activeDeadlineSeconds"], &pod["metadata"]["generation"]), (&Value::Null, &json!(2)));
    let again = pods.patch_resize(&name, &params, &patch).await.unwrap();
    assert_eq!(again.metadata.generation, Some(2));
    assert_eq!(again.metadata.resource_version.as_deref(), pod["metadata"]["resourceVersion"].as_str());
}

#[tokio::test]
async fn what_is_no_resize_is_refused() {
    let (cluster, name, _) = with_pod(json!({}));
    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    let requests = |requests: Value| json!([{"name": "c", "image": "i", "resources": {"requests": requests}}]);
    let [other, added] = [
        json!({"name": "d", "image": "i"}),
        json!({"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}),
    ];
    for (containers, why) in [
        (
            requests(json!({"cpu": "1", "ephemeral-storage": "2"})),
            "spec: Forbidden: only cpu and memory resources are mutable",
        ),
        (
            requests(json!({"memory": "1Gi"})),
            "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
        ),
        (json!([added, other]), "spec.containers: Forbidden: containers may not be added or removed on resize"),
        (
            json!([{"name": "d", "image": "i", "resources": {"requests": {"cpu": "1"}}}]),
            "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize",
        ),
        (
            requests(json!({"cpu": "0"})),
            "spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing",
        ),
    ] {
        let patch = Patch::Merge(json!({"spec": {"containers": containers}}));
        let refused = refusal(pods.patch_resize(&name, &PatchParams::default(), &patch).await);
        assert_eq!(refused.message, format!("Pod {name:?} is invalid: {why}"));
    }
}

#[tokio::test]
async fn a_pod_on_no_node_has_no_log_and_runs_nothing() {
    let (cluster, name, path) = with_pod(json!({}));
    assert_eq!(ask(&cluster, "GET", &format!("{path}/log"), &Value::Null).await.0, 204);
    let homeless = (400, format!("pod {name} does not have a host assigned"));
    for part in ["exec", "attach", "portforward"] {
        for method in ["GET", "POST"] {
            assert_eq!(refused(&cluster, method, &format!("{path}/{part}"), &Value::Null).await, homeless);
        }
    }
    let proxy = (400, "address not allowed".to_owned());
    assert_eq!(refused(&cluster, "GET", &format!("{path}/proxy/a/b"), &Value::Null).await, proxy);
    let unknown = (400, format!("container x is not valid for pod {name}"));
    assert_eq!(refused(&cluster, "GET", &format!("{path}/log?container=x"), &Value::Null).await, unknown);
    assert_eq!(refused(&cluster, "POST", &format!("{path}/log"), &Value::Null).await.0, 405);
    let missing = (404, "pods \"-\" not found".to_owned());
    assert_eq!(refused(&cluster, "GET", "/api/v1/namespaces/default/pods/-/log", &Value::Null).await, missing);
}

#[tokio::test]
async fn nobody_answers_on_a_node() {
    let (cluster, _, path) = with_pod(json!({"spec": {"nodeName": "n"}}));
    let log = format!("{path}/log");
    assert_eq!(refused(&cluster, "GET", &log, &Value::Null).await, (404, "nodes \"n\" not found".to_owned()));
    let mut node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}});
    cluster.create(&node).unwrap();
    let nowhere = "no preferred addresses found; known addresses: [] (this fake cluster runs no pods; answer logs with Fault::text)".to_owned();
    assert_eq!(refused(&cluster, "GET", &log, &Value::Null).await, (500, nowhere));
    node["status"] = json!({"addresses": [{"type": "InternalIP", "address": "10.1.2.3"}]});
    cluster.apply(node).unwrap();
    assert_eq!(refused(&cluster, "GET", &log, &Value::Null).await.0, 503);
    cluster.fault(Fault::on("get").resource("pods").subresource("log").text(200, "it works"));
    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    let name = log.split('/').nth(6).unwrap();
    assert_eq!(pods.logs(name, &Default::default()).await.unwrap(), "it works");
}
