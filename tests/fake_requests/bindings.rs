//! Pods that come to nodes.

use serde_json::{Value, json};

use crate::{
    fixtures::{refused, with_pod},
    support::http::ask,
};

fn done() -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})
}

#[tokio::test]
async fn a_pod_comes_to_a_node_with_what_the_binding_says() {
    let (cluster, name, path) = with_pod(json!({}));
    let labels = json!({"topology.kubernetes.io/zone": "z", "x": "y"});
    cluster.create(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": labels}})).unwrap();
    let metadata = json!({"name": name, "annotations": {"a": "b"}, "labels": {"l": "m"}});
    let binding = json!({"metadata": metadata, "target": {"kind": "Node", "name": "n"}});
    assert_eq!(ask(&cluster, "POST", &format!("{path}/binding"), &binding).await, (201, done()));
    let pod = cluster.get("Pod", "default", &name).unwrap();
    assert_eq!(pod["spec"]["nodeName"], "n");
    assert_eq!(pod["metadata"]["annotations"], json!({"a": "b"}));
    assert_eq!(pod["metadata"]["labels"], json!({"app": "a", "l": "m", "topology.kubernetes.io/zone": "z"}));
    assert_eq!(pod["metadata"]["generation"], 1);
    let mut condition = pod["status"]["conditions"][0].clone();
    condition.as_object_mut().unwrap().remove("lastTransitionTime");
    assert_eq!(condition, json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null}));
}

#[tokio::test]
async fn a_binding_that_is_only_tried_changes_nothing() {
    let (cluster, name, path) = with_pod(json!({}));
    let before = cluster.revision();
    let binding = json!({"metadata": {"name": name}, "target": {"name": "n"}});
    assert_eq!(ask(&cluster, "POST", &format!("{path}/binding?dryRun=All"), &binding).await, (201, done()));
    assert_eq!(cluster.revision(), before);
}

#[tokio::test]
async fn a_pod_stays_where_it_is() {
    let (cluster, name, path) = with_pod(json!({}));
    let binding = |node: &str| json!({"metadata": {"name": name}, "target": {"name": node}});
    let all = "/api/v1/namespaces/default/bindings";
    assert_eq!(ask(&cluster, "POST", all, &binding("n")).await, (201, done()));
    let why =
        format!("Operation cannot be fulfilled on pods/binding {name:?}: pod {name} is already assigned to node \"n\"");
    assert_eq!(refused(&cluster, "POST", &format!("{path}/binding"), &binding("m")).await, (409, why.clone()));
    assert_eq!(refused(&cluster, "POST", all, &binding("m")).await, (409, why));
}

#[tokio::test]
async fn a_pod_with_gates_comes_to_no_node() {
    let (cluster, name, path) = with_pod(json!({"spec": {"schedulingGates": [{"name": "g.x/y"}]}}));
    let binding = json!({"metadata": {"name": name}, "target": {"name": "n"}});
    let why = format!(
        "Operation cannot be fulfilled on pods/binding {name:?}: pod {name} has non-empty .spec.schedulingGates"
    );
    assert_eq!(refused(&cluster, "POST", &format!("{path}/binding"), &binding).await, (409, why));
}

#[tokio::test]
async fn a_binding_that_means_nothing_is_refused() {
    let (cluster, name, path) = with_pod(json!({}));
    let path = format!("{path}/binding");
    let uid = cluster.get("Pod", "default", &name).unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    let unnamed = (400, "name in URL does not match name in Binding object".to_owned());
    assert_eq!(refused(&cluster, "POST", &path, &json!({})).await, unnamed);
    let nowhere = json!({"metadata": {"name": name}, "target": {"kind": "X"}});
    let why = "[target.kind: Unsupported value: \"X\": supported values: \"Node\", \"<empty>\", target.name: Required \
               value]";
    assert_eq!(refused(&cluster, "POST", &path, &nowhere).await, (500, why.to_owned()));
    let other = json!({"metadata": {"name": name, "uid": "u"}, "target": {"name": "n"}});
    let why = format!(
        "Operation cannot be fulfilled on pods {name:?}: StorageError: invalid object, Code: 4, Key: \
         /registry/pods/default/{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in \
         precondition: u, UID in object meta: {uid}"
    );
    assert_eq!(refused(&cluster, "POST", &path, &other).await, (409, why));
    let nameless = (400, "Name parameter required.".to_owned());
    let all = "/api/v1/namespaces/default/bindings";
    assert_eq!(refused(&cluster, "POST", all, &json!({"target": {"name": "n"}})).await, nameless);
}
