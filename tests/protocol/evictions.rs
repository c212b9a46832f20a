//! Evictions, and the budgets that guard pods.

use serde_json::{Value, json};

use crate::{
    ground::{Ground, text},
    pod::Pod,
    support::merge,
};

const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

fn budgets(pod: &Pod) -> String {
    format!("/apis/policy/v1/namespaces/{}/poddisruptionbudgets", pod.ground.namespace)
}

/// A pod that runs.
async fn running(ground: Ground, ready: bool) -> Pod {
    let pod = Pod::new(ground, &json!({})).await;
    let conditions = if ready { json!([{"type": "Ready", "status": "True"}]) } else { json!([]) };
    let status = json!({"status": {"phase": "Running", "conditions": conditions}});
    assert_eq!(pod.ground.merge(&pod.part("status"), &status).await.code, 200);
    pod
}

/// Guards a pod by a budget with this status.
async fn guard(pod: &Pod, name: &str, status: &Value) {
    let selector = json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]});
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
        "spec": {"minAvailable": 1, "selector": selector},
    });
    pod.ground.make(&budgets(pod), &budget).await;
    tell(pod, name, status).await;
}

async fn tell(pod: &Pod, name: &str, status: &Value) {
    let path = format!("{}/{name}/status", budgets(pod));
    assert_eq!(pod.ground.merge(&path, &json!({"status": status})).await.code, 200);
}

/// Code, `Retry-After`, message and cause of the answer to an eviction.
async fn evict(pod: &Pod) -> (u16, String, String, String) {
    let answer = pod.post("eviction", &json!({"metadata": {"name": pod.name}})).await;
    let cause = text(&answer.body["details"]["causes"][0]["message"]);
    (answer.code, answer.header("retry-after").to_owned(), text(&answer.body["message"]), cause)
}

pub async fn a_pod_without_a_budget_is_deleted(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
    let eviction = json!({"metadata": {"name": pod.name}});
    for path in ["eviction?dryRun=All", "eviction"] {
        assert_eq!(pod.now().await.code, 200);
        let answer = pod.post(path, &eviction).await;
        assert_eq!((answer.code, &answer.body["status"]), (201, &json!("Success")), "{path}");
    }
    assert_eq!(pod.now().await.code, 404);
}

pub async fn a_pod_on_a_node_is_told_why_it_has_to_go(ground: Ground) {
    let pod = Pod::new(ground, &json!({"spec": {"nodeName": "n", "terminationGracePeriodSeconds": 9}})).await;
    assert_eq!(evict(&pod).await.0, 201);
    let told = pod.now().await.body;
    assert_eq!(told["metadata"]["deletionGracePeriodSeconds"], 9);
    let mut condition = told["status"]["conditions"][0].clone();
    condition.as_object_mut().expect("a condition").remove("lastTransitionTime");
    let expected = json!({
        "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting", "lastProbeTime": null,
    });
    assert_eq!(condition, expected);
    assert_eq!(evict(&pod).await.0, 201);
    assert_eq!(pod.now().await.body, told);
}

pub async fn a_budget_is_spent(ground: Ground) {
    let pod = running(ground, true).await;
    let status = json!({"observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1});
    guard(&pod, "b", &status).await;
    assert_eq!(evict(&pod).await.0, 201);
    assert_eq!(pod.now().await.code, 404);
    let budget = pod.ground.get(&format!("{}/b", budgets(&pod))).await.body;
    assert_eq!(budget["status"]["disruptionsAllowed"], 0);
    assert!(budget["status"]["disruptedPods"][&pod.name].is_string());
    let condition = &budget["status"]["conditions"][0];
    assert_eq!((&condition["status"], &condition["reason"]), (&json!("False"), &json!("InsufficientPods")));
}

pub async fn one_that_is_only_tried_spends_nothing(ground: Ground) {
    let pod = running(ground, true).await;
    guard(&pod, "b", &json!({"observedGeneration": 1, "disruptionsAllowed": 1})).await;
    let budget = format!("{}/b", budgets(&pod));
    let before = (pod.now().await.body, pod.ground.get(&budget).await.body);
    let eviction = json!({"metadata": {"name": pod.name}, "deleteOptions": {"dryRun": ["All"]}});
    assert_eq!(pod.post("eviction", &eviction).await.code, 201);
    assert_eq!((pod.now().await.body, pod.ground.get(&budget).await.body), before);
}

pub async fn a_budget_that_is_used_up_says_what_it_needs(ground: Ground) {
    let pod = running(ground, true).await;
    let condition = |reason: &str| {
        let condition = json!({
            "type": "DisruptionAllowed", "status": "False", "reason": reason, "message": "m",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        json!({"conditions": [condition]})
    };
    guard(&pod, "b", &json!({})).await;
    let processed = "The disruption budget b is still being processed by the server.".to_owned();
    assert_eq!(evict(&pod).await, (429, "10".to_owned(), REFUSED.to_owned(), processed));
    for (more, cause) in [
        (json!({"currentHealthy": 1}), "needs 2 healthy pods and has 1 currently"),
        (condition("R"), "does not allow evicting pods currently (R): m"),
        (condition("SyncFailed"), "does not allow evicting pods currently because it failed sync: m"),
        (json!({"conditions": []}), "does not allow evicting pods currently"),
    ] {
        let mut status =
            json!({"observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 3, "desiredHealthy": 2});
        merge(&mut status, &more);
        tell(&pod, "b", &status).await;
        let cause = format!("The disruption budget b {cause}");
        assert_eq!(evict(&pod).await, (429, String::new(), REFUSED.to_owned(), cause));
        assert_eq!(pod.now().await.code, 200);
    }
}

pub async fn a_pod_that_does_no_work_may_go_while_there_are_enough_others(ground: Ground) {
    let pod = running(ground, false).await;
    guard(&pod, "b", &json!({"observedGeneration": 1, "currentHealthy": 1, "desiredHealthy": 2})).await;
    assert_eq!(evict(&pod).await.0, 429);
    tell(&pod, "b", &json!({"currentHealthy": 2})).await;
    assert_eq!(evict(&pod).await.0, 201);
}

pub async fn a_pod_that_never_ran_needs_no_budget(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
    guard(&pod, "b", &json!({})).await;
    assert_eq!(evict(&pod).await.0, 201);
}

pub async fn a_pod_with_two_budgets_is_too_much(ground: Ground) {
    let pod = running(ground, true).await;
    for name in ["b", "c"] {
        guard(&pod, name, &json!({"observedGeneration": 1, "disruptionsAllowed": 1})).await;
    }
    let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    assert_eq!(evict(&pod).await, (500, String::new(), why.to_owned(), String::new()));
}

pub async fn one_of_something_else_is_refused(ground: Ground) {
    let pod = Pod::new(ground, &json!({})).await;
    let unnamed = (400, "name in URL does not match name in Eviction object".to_owned());
    assert_eq!(pod.post("eviction", &json!({})).await.said(), unnamed);
    let why = format!(
        "Operation cannot be fulfilled on Pod {:?}: the UID in the precondition (u) does not match the UID in record \
         ({}). The object might have been deleted and then recreated",
        pod.name, pod.uid
    );
    let other = json!({"metadata": {"name": pod.name}, "deleteOptions": {"preconditions": {"uid": "u"}}});
    assert_eq!(pod.post("eviction", &other).await.said(), (409, why));
    let missing = format!("/api/v1/namespaces/{}/pods/-/eviction", pod.ground.namespace);
    let answer = pod.ground.post(&missing, &json!({"metadata": {"name": "-"}})).await;
    assert_eq!(answer.said(), (404, "pods \"-\" not found".to_owned()));
}
