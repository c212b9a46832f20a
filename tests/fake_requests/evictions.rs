//! Evictions, and the budgets that guard pods.

use http::{Request, header};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{EvictParams, PostParams},
};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};

use crate::{
    fixtures::{refused, send, with_pod},
    support::http::ask,
};

const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

/// A pod that runs, and a budget for it with this status.
fn guarded(budget: Value) -> (FakeCluster, String, String) {
    let ready = json!([{"type": "Ready", "status": "True"}]);
    let (cluster, name, path) = with_pod(json!({"status": {"phase": "Running", "conditions": ready}}));
    with_budget(&cluster, "b", budget);
    (cluster, name, path)
}

fn with_budget(cluster: &FakeCluster, name: &str, status: Value) {
    let selector = json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]});
    cluster
        .create(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
            "spec": {"minAvailable": 1, "selector": selector}, "status": status,
        }))
        .unwrap();
}

/// Code, `Retry-After`, message and cause of the answer to an eviction.
async fn evict(cluster: &FakeCluster, name: &str, path: &str) -> (u16, Option<String>, String, String) {
    let body = json!({"metadata": {"name": name}}).to_string();
    let request = Request::post(format!("{path}/eviction")).header(header::CONTENT_TYPE, "application/json");
    let (code, wait, answer) = send(cluster, request, body).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (code, wait, text(&answer["message"]), text(&answer["details"]["causes"][0]["message"]))
}

fn gone(cluster: &FakeCluster, name: &str) -> bool {
    cluster.get("Pod", "default", name).is_err()
}

#[tokio::test]
async fn a_pod_without_a_budget_is_deleted() {
    let (cluster, name, _) = with_pod(json!({}));
    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    let tried = EvictParams { post_options: PostParams { dry_run: true, ..Default::default() }, ..Default::default() };
    assert!(pods.evict(&name, &tried).await.unwrap().is_success());
    assert!(!gone(&cluster, &name));
    assert!(pods.evict(&name, &EvictParams::default()).await.unwrap().is_success());
    assert!(gone(&cluster, &name));
}

#[tokio::test]
async fn a_pod_on_a_node_is_told_why_it_has_to_go() {
    let (cluster, name, path) = with_pod(json!({"spec": {"nodeName": "n", "terminationGracePeriodSeconds": 9}}));
    assert_eq!(evict(&cluster, &name, &path).await.0, 201);
    let pod = cluster.get("Pod", "default", &name).unwrap();
    assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 9);
    let mut condition = pod["status"]["conditions"][0].clone();
    condition.as_object_mut().unwrap().remove("lastTransitionTime");
    let told = json!({
        "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting", "lastProbeTime": null,
    });
    assert_eq!(condition, told);
    let before = cluster.revision();
    assert_eq!(evict(&cluster, &name, &path).await.0, 201);
    assert_eq!(cluster.revision(), before);
}

#[tokio::test]
async fn a_budget_is_spent() {
    let status = json!({"observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1});
    let (cluster, name, path) = guarded(status);
    assert_eq!(evict(&cluster, &name, &path).await.0, 201);
    assert!(gone(&cluster, &name));
    let budget = cluster.get("PodDisruptionBudget", "default", "b").unwrap();
    assert_eq!(budget["status"]["disruptionsAllowed"], 0);
    assert!(budget["status"]["disruptedPods"][&name].is_string());
    let condition = &budget["status"]["conditions"][0];
    assert_eq!((&condition["status"], &condition["reason"]), (&json!("False"), &json!("InsufficientPods")));
}

#[tokio::test]
async fn an_eviction_that_is_only_tried_spends_nothing() {
    let status = json!({"observedGeneration": 1, "disruptionsAllowed": 1});
    let (cluster, name, path) = guarded(status);
    let before = cluster.revision();
    let body = json!({"metadata": {"name": name}, "deleteOptions": {"dryRun": ["All"]}});
    assert_eq!(ask(&cluster, "POST", &format!("{path}/eviction"), &body).await.0, 201);
    assert_eq!(cluster.revision(), before);
}

#[tokio::test]
async fn a_budget_that_is_used_up_says_what_it_needs() {
    let spent = |more: Value| {
        let mut status = json!({"observedGeneration": 1, "disruptionsAllowed": 0});
        status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        status
    };
    let condition = |reason: &str| {
        let condition = json!({
            "type": "DisruptionAllowed", "status": "False", "reason": reason, "message": "m",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        json!({"conditions": [condition], "currentHealthy": 3, "desiredHealthy": 2})
    };
    for (status, wait, cause) in [
        (json!({}), Some("10"), "is still being processed by the server."),
        (spent(json!({"currentHealthy": 1, "desiredHealthy": 2})), None, "needs 2 healthy pods and has 1 currently"),
        (spent(condition("R")), None, "does not allow evicting pods currently (R): m"),
        (spent(condition("SyncFailed")), None, "does not allow evicting pods currently because it failed sync: m"),
        (spent(json!({"currentHealthy": 3, "desiredHealthy": 2})), None, "does not allow evicting pods currently"),
    ] {
        let (cluster, name, path) = guarded(status);
        let cause = format!("The disruption budget b {cause}");
        let wait = wait.map(str::to_owned);
        assert_eq!(evict(&cluster, &name, &path).await, (429, wait, REFUSED.to_owned(), cause));
        assert!(!gone(&cluster, &name));
    }
}

#[tokio::test]
async fn a_pod_that_does_no_work_may_go_while_there_are_enough_others() {
    let enough = json!({"observedGeneration": 1, "currentHealthy": 2, "desiredHealthy": 2});
    let (cluster, name, path) = with_pod(json!({"status": {"phase": "Running"}}));
    with_budget(&cluster, "b", json!({"observedGeneration": 1, "currentHealthy": 1, "desiredHealthy": 2}));
    assert_eq!(evict(&cluster, &name, &path).await.0, 429);
    let mut budget = cluster.get("PodDisruptionBudget", "default", "b").unwrap();
    budget["status"] = enough;
    cluster.replace(budget).unwrap();
    assert_eq!(evict(&cluster, &name, &path).await.0, 201);
}

#[tokio::test]
async fn a_pod_that_never_ran_needs_no_budget() {
    let (cluster, name, path) = with_pod(json!({}));
    with_budget(&cluster, "b", json!({}));
    assert_eq!(evict(&cluster, &name, &path).await.0, 201);
}

#[tokio::test]
async fn a_pod_with_two_budgets_is_too_much() {
    let (cluster, name, path) = guarded(json!({"observedGeneration": 1, "disruptionsAllowed": 1}));
    with_budget(&cluster, "c", json!({"observedGeneration": 1, "disruptionsAllowed": 1}));
    let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    assert_eq!(evict(&cluster, &name, &path).await, (500, None, why.to_owned(), String::new()));
}

#[tokio::test]
async fn an_eviction_of_something_else_is_refused() {
    let (cluster, name, path) = with_pod(json!({}));
    let path = format!("{path}/eviction");
    let uid = cluster.get("Pod", "default", &name).unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    let unnamed = (400, "name in URL does not match name in Eviction object".to_owned());
    assert_eq!(refused(&cluster, "POST", &path, &json!({})).await, unnamed);
    let options = json!({"preconditions": {"uid": "u"}});
    let why = format!(
        "Operation cannot be fulfilled on Pod {name:?}: the UID in the precondition (u) does not match the UID in \
         record ({uid}). The object might have been deleted and then recreated"
    );
    let body = json!({"metadata": {"name": name}, "deleteOptions": options});
    assert_eq!(refused(&cluster, "POST", &path, &body).await, (409, why));
    let missing = json!({"metadata": {"name": "-"}});
    let path = "/api/v1/namespaces/default/pods/-/eviction";
    assert_eq!(refused(&cluster, "POST", path, &missing).await, (404, "pods \"-\" not found".to_owned()));
}
