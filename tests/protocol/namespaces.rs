//! Namespaces, and what keeps them.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::CONFIG_MAPS,
    support::{failure, merge},
};

fn path(name: &str) -> String {
    format!("/api/v1/namespaces/{name}")
}

async fn create(ground: &Ground, metadata: Value) -> (String, Value) {
    let name = format!("{}-b", ground.namespace);
    let mut object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    merge(&mut object["metadata"], &metadata);
    let created = ground.make("/api/v1/namespaces", &object).await;
    (name, created)
}

pub async fn they_say_what_they_are_called_and_what_keeps_them(ground: Ground) {
    let (name, created) = create(&ground, json!({"labels": {"a": "b"}})).await;
    assert_eq!(created["metadata"]["labels"], json!({"a": "b", "kubernetes.io/metadata.name": name}));
    assert_eq!(
        [&created["spec"], &created["status"]],
        [&json!({"finalizers": ["kubernetes"]}), &json!({"phase": "Active"})]
    );
    let path = path(&name);
    let taken = ground.merge(&path, &json!({"metadata": {"labels": null}, "spec": {"finalizers": null}})).await.body;
    assert_eq!(taken["metadata"]["labels"], json!({"kubernetes.io/metadata.name": name}));
    assert_eq!(taken["spec"], created["spec"]);
    ground.delete(&path).await;
}

pub async fn they_go_with_what_keeps_them(ground: Ground) {
    let (name, _) = create(&ground, json!({})).await;
    let path = path(&name);
    // It is held by what is in it, also where somebody cleans up.
    let inside = format!("{}/{}", CONFIG_MAPS.path(&name), "held");
    ground.make(&CONFIG_MAPS.path(&name), &CONFIG_MAPS.object("held", json!({"finalizers": ["example.com/x"]}))).await;
    let deleted = ground.delete(&path).await;
    assert_eq!((deleted.code, &deleted.body["status"]["phase"]), (200, &json!("Terminating")));
    assert_eq!(deleted.body["spec"], json!({"finalizers": ["kubernetes"]}));
    assert!(deleted.body["metadata"]["deletionTimestamp"].is_string(), "{deleted:?}");
    assert_eq!(deleted.body["metadata"].get("deletionGracePeriodSeconds"), None);
    let with = |finalizers: Value| {
        json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name},
            "spec": {"finalizers": finalizers}, "status": {"phase": "Active"},
        })
    };
    let finalize = format!("{path}/finalize");
    let flaw = "spec.finalizers[0]: Invalid value: \"alone\": name is neither a standard finalizer name nor is it fully \
                qualified";
    let refused = ground.put(&finalize, &with(json!(["alone"]))).await;
    assert_eq!(refused.said(), (422, format!("Namespace {name:?} is invalid: {flaw}")));
    ground.merge(&inside, &json!({"metadata": {"finalizers": null}})).await;
    let before = ground.get(&path).await;
    if before.code == 404 {
        assert!(!ground.bare, "somebody cleaned up");
        return;
    }
    let gone = ground.put(&finalize, &with(json!([]))).await;
    // The answer is about the last state there was.
    let mut expected = before.body;
    expected["spec"] = json!({});
    assert_eq!((gone.code, gone.body), (200, expected));
    assert_eq!(ground.get(&path).await.code, 404);
}

pub async fn what_keeps_them_is_only_put_and_all_of_them_are_not_deleted(ground: Ground) {
    for method in ["GET", "PATCH", "DELETE"] {
        let answer = ground.ask_text(method, &format!("{}/finalize", path(&ground.namespace)), &[], "").await;
        assert_eq!(answer.code, 405, "{method}");
    }
    assert_eq!(ground.delete("/api/v1/namespaces").await.code, 405);
}

pub async fn those_of_the_system_are_not_deleted(ground: Ground) {
    let name = ground.pick(&["default", "kube-system", "kube-public"]);
    let refused = ground.delete(&path(name)).await;
    let message = format!("namespaces {name:?} is forbidden: this namespace may not be deleted");
    let details = json!({"name": name, "kind": "namespaces"});
    assert_eq!(refused.body, failure(403, "Forbidden", &message, details));
    assert_eq!(ground.get(&path(name)).await.body["status"], json!({"phase": "Active"}));
}

pub async fn a_status_does_not_come_with_what_keeps_them(ground: Ground) {
    let finalize = format!("{}/finalize", path(&ground.namespace));
    let object = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ground.namespace},
        "spec": {"finalizers": ["kubernetes", "example.com/x"]}, "status": {"phase": "Terminating"},
    });
    let kept = ground.put(&finalize, &object).await;
    assert_eq!((kept.code, &kept.body["status"]), (200, &json!({"phase": "Active"})));
    assert_eq!(kept.body["spec"], json!({"finalizers": ["kubernetes", "example.com/x"]}));
    let mut object = kept.body;
    object["spec"]["finalizers"] = json!(["kubernetes"]);
    assert_eq!(ground.put(&finalize, &object).await.body["spec"], object["spec"]);
}

pub async fn their_phase_is_what_it_has_to_be(ground: Ground) {
    let (name, _) = create(&ground, json!({"finalizers": ["example.com/x"]})).await;
    let status = format!("{}/status", path(&name));
    for (phase, other, when) in [("Active", "Terminating", "is empty"), ("Terminating", "Active", "is not empty")] {
        let refused = ground.merge(&status, &json!({"status": {"phase": other}})).await;
        let why =
            format!("status.Phase: Invalid value: {other:?}: may only be '{phase}' if `deletionTimestamp` {when}");
        assert_eq!(refused.said(), (422, format!("Namespace {name:?} is invalid: {why}")));
        let condition = json!({"type": "Swept", "status": "True", "reason": "Broom", "message": ""});
        let told = ground.merge(&status, &json!({"status": {"conditions": [condition]}})).await;
        assert_eq!((told.code, &told.body["status"]["phase"]), (200, &json!(phase)));
        ground.delete(&path(&name)).await;
    }
    ground.merge(&path(&name), &json!({"metadata": {"finalizers": null}})).await;
}
