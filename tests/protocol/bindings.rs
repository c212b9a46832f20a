//! Pods that come to nodes.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground},
    pod::Pod,
};

fn done(answer: &Answer) {
    let done = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    assert_eq!((answer.code, &answer.body), (201, &done));
}

fn binding(pod: &Pod, node: &str) -> Value {
    json!({"metadata": {"name": pod.name}, "target": {"name": node}})
}

pub async fn a_pod_comes_to_a_node_with_what_the_binding_says(ground: Ground) {
    let node = ground.name();
    let labels = json!({"topology.kubernetes.io/zone": "z", "x": "y"});
    let object = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node, "labels": labels}});
    ground.make("/api/v1/nodes", &object).await;
    let mut pod = Pod::new(ground, &json!({})).await;
    let mut bound = to_node(&pod, &node).await;
    // The part of the server that looks at nodes hears of a new one a moment later.
    for _ in 0..100 {
        if bound["metadata"]["labels"].get("topology.kubernetes.io/zone").is_none() {
            pod = Pod::new(pod.ground, &json!({})).await;
            bound = to_node(&pod, &node).await;
        }
    }
    pod.ground.delete(&format!("/api/v1/nodes/{node}")).await;
    assert_eq!(bound["spec"]["nodeName"], node);
    assert_eq!(bound["metadata"]["annotations"], json!({"a": "b"}));
    assert_eq!(bound["metadata"]["labels"], json!({"app": "a", "l": "m", "topology.kubernetes.io/zone": "z"}));
    assert_eq!(bound["metadata"]["generation"], 1);
    let mut condition = bound["status"]["conditions"][0].clone();
    condition.as_object_mut().expect("a condition").remove("lastTransitionTime");
    assert_eq!(condition, json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null}));
}

/// Binds a pod with all that a binding can say, and shows what it is then.
async fn to_node(pod: &Pod, node: &str) -> Value {
    let metadata = json!({"name": pod.name, "annotations": {"a": "b"}, "labels": {"l": "m"}});
    let binding = json!({"metadata": metadata, "target": {"kind": "Node", "name": node}});
    done(&pod.post("binding", &binding).await);
    pod.now().await.body
}

pub async fn one_that_is_only_tried_changes_nothing(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
    let before = pod.now().await.body;
    done(&pod.post("binding?dryRun=All", &binding(&pod, "n")).await);
    assert_eq!(pod.now().await.body, before);
}

pub async fn a_pod_stays_where_it_is(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
    let all = format!("/api/v1/namespaces/{}/bindings", pod.ground.namespace);
    done(&pod.ground.post(&all, &binding(&pod, "n")).await);
    let name = &pod.name;
    let why =
        format!("Operation cannot be fulfilled on pods/binding {name:?}: pod {name} is already assigned to node \"n\"");
    assert_eq!(pod.post("binding", &binding(&pod, "m")).await.said(), (409, why.clone()));
    assert_eq!(pod.ground.post(&all, &binding(&pod, "m")).await.said(), (409, why));
}

pub async fn a_pod_with_gates_comes_to_no_node(ground: Ground) {
    let pod = Pod::new(ground, &json!({"spec": {"schedulingGates": [{"name": "g.x/y"}]}})).await;
    let name = &pod.name;
    let why = format!(
        "Operation cannot be fulfilled on pods/binding {name:?}: pod {name} has non-empty .spec.schedulingGates"
    );
    assert_eq!(pod.post("binding", &binding(&pod, "n")).await.said(), (409, why));
}

pub async fn one_that_means_nothing_is_refused(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
    let (namespace, name, uid) = (&pod.ground.namespace, &pod.name, &pod.uid);
    let unnamed = (400, "name in URL does not match name in Binding object".to_owned());
    assert_eq!(pod.post("binding", &json!({})).await.said(), unnamed);
    let nowhere = json!({"metadata": {"name": name}, "target": {"kind": "X"}});
    let why = "[target.kind: Unsupported value: \"X\": supported values: \"Node\", \"<empty>\", target.name: Required \
               value]";
    assert_eq!(pod.post("binding", &nowhere).await.said(), (500, why.to_owned()));
    let other = json!({"metadata": {"name": name, "uid": "u"}, "target": {"name": "n"}});
    let why = format!(
        "Operation cannot be fulfilled on pods {name:?}: StorageError: invalid object, Code: 4, Key: \
         /registry/pods/{namespace}/{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in \
         precondition: u, UID in object meta: {uid}"
    );
    assert_eq!(pod.post("binding", &other).await.said(), (409, why));
    let nameless = (400, "Name parameter required.".to_owned());
    let all = format!("/api/v1/namespaces/{namespace}/bindings");
    assert_eq!(pod.ground.post(&all, &json!({"target": {"name": "n"}})).await.said(), nameless);
}
