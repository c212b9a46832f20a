//! Ephemeral containers, resizes, and what only a node could answer.

use serde_json::{Value, json};

use crate::{ground::Ground, pod::Pod, subject::STRATEGIC};

pub async fn ephemeral_containers_come_and_stay(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
    let path = pod.part("ephemeralcontainers");
    let spec = json!({"ephemeralContainers": [{"name": "e", "image": "x"}], "activeDeadlineSeconds": 5});
    let patch = json!({"spec": spec, "metadata": {"labels": {"other": "label"}}});
    let patched = pod.ground.ask("PATCH", &path, Some((STRATEGIC, &patch))).await.body;
    assert_eq!(patched["spec"]["ephemeralContainers"][0]["imagePullPolicy"], "Always");
    assert_eq!(patched["spec"].get("activeDeadlineSeconds"), None);
    assert_eq!((&patched["metadata"]["generation"], &patched["metadata"]["labels"]), (&json!(2), &json!({"app": "a"})));
    assert_eq!(pod.ground.get(&path).await.body, patched);
    for (containers, why) in [(Value::Null, "removed"), (json!([{"name": "e", "image": "y"}]), "changed")] {
        let refused = pod.ground.merge(&path, &json!({"spec": {"ephemeralContainers": containers}})).await;
        let start = format!("Pod {:?} is invalid: spec.ephemeralContainers: Forbidden", pod.name);
        let why = format!("{start}: existing ephemeral containers \"e\" may not be {why}");
        // The difference may follow.
        assert_eq!(refused.said().1.lines().next(), Some(why.as_str()));
        assert_eq!(refused.code, 422);
    }
}

pub async fn a_resize_changes_resources_and_nothing_else(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
    let container = json!({"name": "c", "image": "other", "resources": {"requests": {"cpu": "2"}}});
    let patch = json!({"spec": {"containers": [container], "activeDeadlineSeconds": 5}});
    for _ in 0..2 {
        let resized = pod.ground.ask("PATCH", &pod.part("resize"), Some((STRATEGIC, &patch))).await.body;
        let container = &resized["spec"]["containers"][0];
        assert_eq!((&container["image"], &container["resources"]), (&json!("i"), &json!({"requests": {"cpu": "2"}})));
        assert_eq!(
            (resized["spec"].get("activeDeadlineSeconds"), &resized["metadata"]["generation"]),
            (None, &json!(2))
        );
        assert_eq!(pod.now().await.body["metadata"]["resourceVersion"], resized["metadata"]["resourceVersion"]);
    }
}

pub async fn what_is_no_resize_is_refused(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
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
            json!([{"name": "c", "image": "i", "resources": {"requests": {"cpu": null, "memory": "1Gi"}}}]),
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
        let refused = pod.ground.merge(&pod.part("resize"), &json!({"spec": {"containers": containers}})).await;
        assert_eq!(refused.said(), (422, format!("Pod {:?} is invalid: {why}", pod.name)));
    }
}

pub async fn a_pod_on_no_node_has_no_log_and_runs_nothing(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
    assert_eq!(pod.ground.get(&pod.part("log")).await.code, 204);
    let homeless = (400, format!("pod {} does not have a host assigned", pod.name));
    for part in ["exec", "attach", "portforward"] {
        for method in ["GET", "POST"] {
            assert_eq!(pod.ground.ask(method, &pod.part(part), None).await.said(), homeless, "{method} {part}");
        }
    }
    let proxy = pod.ground.get(&pod.part("proxy/a/b")).await;
    assert_eq!(proxy.said(), (400, "address not allowed".to_owned()));
    let unknown = pod.ground.get(&pod.part("log?container=x")).await;
    assert_eq!(unknown.said(), (400, format!("container x is not valid for pod {}", pod.name)));
    assert_eq!(pod.post("log", &json!({})).await.code, 405);
    let missing = pod.ground.get(&format!("/api/v1/namespaces/{}/pods/-/log", pod.ground.namespace)).await;
    assert_eq!(missing.said(), (404, "pods \"-\" not found".to_owned()));
}

pub async fn a_node_that_is_not_there_is_looked_for_as_what_was_asked_for(ground: Ground) {
    let pod = Pod::new(ground, &json!({"spec": {"nodeName": "nowhere"}})).await;
    for part in ["log", "exec", "attach", "portforward"] {
        let answer = pod.ground.get(&pod.part(part)).await;
        assert_eq!(answer.said(), (404, "pods \"nowhere\" not found".to_owned()), "{part}");
    }
    let answer = pod.ground.get("/api/v1/nodes/nowhere/proxy").await;
    assert_eq!(answer.said(), (404, "nodes \"nowhere\" not found".to_owned()));
}
