//! Parts of objects that have paths of their own: status and scale.

use serde_json::{Value, json};

use crate::{
    ground::{Ground, text},
    kinds::{DEPLOYMENTS, Kind},
};

/// A Deployment that wants so many pods.
async fn deployment(ground: &Ground, name: &str, replicas: u64) -> Value {
    let mut object = DEPLOYMENTS.object(name, json!({}));
    let pod = json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    object["spec"] = json!({"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod});
    let created = ground.post(&ground.all(&DEPLOYMENTS), &object).await;
    assert_eq!(created.code, 201, "{created:?}");
    created.body
}

pub async fn a_status_is_written_apart(ground: Ground) {
    let name = ground.name();
    let mut object = deployment(&ground, &name, 0).await;
    object["status"] = json!({"replicas": 0, "observedGeneration": 41});
    let path = ground.one(&DEPLOYMENTS, &name);
    object["metadata"].as_object_mut().expect("metadata").remove("resourceVersion");
    let written = ground.put(&path, &object).await;
    assert_ne!(written.body["status"]["observedGeneration"], 41);
    let patch = json!({"status": {"observedGeneration": 42}, "spec": {"replicas": 9}});
    let patched = ground.merge(&format!("{path}/status"), &patch).await;
    assert_eq!((patched.code, &patched.body["status"]["observedGeneration"]), (200, &json!(42)));
    assert_eq!([&patched.body["spec"]["replicas"], &patched.body["metadata"]["generation"]], [0, 1]);
}

pub async fn a_scale_shows_and_sets_how_many_there_are_to_be(ground: Ground) {
    let name = ground.name();
    let replicas = 1 + ground.below(5) as u64;
    let created = deployment(&ground, &name, replicas).await;
    let path = format!("{}/scale", ground.one(&DEPLOYMENTS, &name));
    let scale = ground.get(&path).await.body;
    assert_eq!([text(&scale["kind"]), text(&scale["apiVersion"])], ["Scale", "autoscaling/v1"]);
    assert_eq!(scale["metadata"]["uid"], created["metadata"]["uid"]);
    assert_eq!(scale["spec"], json!({"replicas": replicas}));
    assert_eq!(scale["status"]["selector"], format!("app={name}"));
    let set = ground.merge(&path, &json!({"spec": {"replicas": replicas + 1}})).await;
    assert_eq!((set.code, &set.body["spec"]), (200, &json!({"replicas": replicas + 1})));
    let now = ground.get(&ground.one(&DEPLOYMENTS, &name)).await.body;
    assert_eq!([&now["spec"]["replicas"], &now["metadata"]["generation"]], [&json!(replicas + 1), &json!(2)]);
}

pub async fn generations_count_changes_of_what_is_wanted(ground: Ground) {
    let name = ground.name();
    deployment(&ground, &name, 1).await;
    let path = ground.one(&DEPLOYMENTS, &name);
    let labeled = ground.merge(&path, &json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert_eq!(labeled.body["metadata"]["generation"], 1);
    let wanted = ground.merge(&path, &json!({"spec": {"paused": true}})).await;
    assert_eq!(wanted.body["metadata"]["generation"], 2);
}

pub async fn conditions_and_containers_have_times_that_nobody_said(ground: Ground) {
    const PODS: Kind = Kind::new("", "pods", "Pod");
    let name = ground.name();
    deployment(&ground, &name, 0).await;
    let conditions = json!({"status": {"conditions": [{"type": "Available", "status": "True"}]}});
    let patched = ground.merge(&format!("{}/status", ground.one(&DEPLOYMENTS, &name)), &conditions).await.body;
    let available = json!({"type": "Available", "status": "True", "lastTransitionTime": null, "lastUpdateTime": null});
    assert_eq!(patched["status"]["conditions"], json!([available]));

    let mut pod = PODS.object(&name, json!({}));
    pod["spec"] = json!({"containers": [{"name": "c", "image": "i"}]});
    assert_eq!(ground.post(&ground.all(&PODS), &pod).await.code, 201);
    let path = format!("{}/status", ground.one(&PODS, &name));
    let container = json!({"name": "c", "ready": true, "state": {"running": {}}});
    let status = json!({"conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [container]});
    let ready = ground.merge(&path, &json!({"status": status})).await;
    assert_eq!(ready.code, 200, "{ready:?}");
    let status = &ready.body["status"];
    let condition = json!({"type": "Ready", "status": "True", "lastProbeTime": null, "lastTransitionTime": null});
    assert_eq!(status["conditions"], json!([condition]));
    let container = json!({
        "name": "c", "image": "", "imageID": "", "ready": true, "restartCount": 0, "lastState": {},
        "state": {"running": {"startedAt": null}},
    });
    assert_eq!(status["containerStatuses"], json!([container]));
    let again = ground.merge(&path, &json!({"kind": "Pod"})).await.body;
    assert_eq!(again["metadata"]["resourceVersion"], ready.body["metadata"]["resourceVersion"]);
}

pub async fn a_status_that_says_nothing_counts_zero(ground: Ground) {
    let kind = Kind::new("apps", "replicasets", "ReplicaSet");
    let name = ground.name();
    let mut object = kind.object(&name, json!({}));
    let pod = json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    object["spec"] = json!({"selector": {"matchLabels": {"app": name}}, "template": pod});
    assert_eq!(ground.post(&ground.all(&kind), &object).await.code, 201);
    let path = format!("{}/status", ground.one(&kind, &name));
    let counted = ground.merge(&path, &json!({"status": {"replicas": 3}})).await;
    assert_eq!(counted.body["status"], json!({"replicas": 3}));
    let nothing = ground.merge(&path, &json!({"status": null})).await;
    assert_eq!((nothing.code, &nothing.body["status"]), (200, &json!({"replicas": 0})));
    let owners = nothing.body["metadata"]["managedFields"].as_array().expect("owners");
    let of_status = owners.iter().find(|owner| owner["subresource"] == "status").expect("an owner of the status");
    assert_eq!(of_status["fieldsV1"], json!({"f:status": {"f:replicas": {}}}));
}

pub async fn who_makes_a_daemon_set_owns_the_count_of_its_templates(ground: Ground) {
    let kind = Kind::new("apps", "daemonsets", "DaemonSet");
    let name = ground.name();
    let mut object = kind.object(&name, json!({}));
    let pod = json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    object["spec"] = json!({"selector": {"matchLabels": {"app": name}}, "template": pod});
    let created = ground.post(&ground.all(&kind), &object).await.body;
    let count = "deprecated.daemonset.template.generation";
    assert_eq!(created["metadata"]["annotations"], json!({count: "1"}));
    let owned = json!({"f:annotations": {".": {}, format!("f:{count}"): {}}});
    assert_eq!(created["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"], owned);
    // It belongs to the specification: who writes the status does not change it.
    let status = ground.put(&format!("{}/status", ground.one(&kind, &name)), &object).await.body;
    assert_eq!(status["metadata"]["annotations"], json!({count: "1"}));
    let changed = json!({"spec": {"template": {"metadata": {"labels": {"more": "1"}}}}});
    let changed = ground.merge(&ground.one(&kind, &name), &changed).await.body;
    assert_eq!(changed["metadata"]["annotations"], json!({count: "2"}));
}

pub async fn a_volume_tells_since_when_it_has_been_in_its_phase(ground: Ground) {
    let kind = Kind { cluster: true, ..Kind::new("", "persistentvolumes", "PersistentVolume") };
    let name = ground.name();
    let mut object = kind.object(&name, json!({}));
    let path = json!({"path": "/tmp"});
    object["spec"] = json!({"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": path});
    let created = ground.post(&ground.all(&kind), &object).await.body;
    let since = created["status"]["lastPhaseTransitionTime"].clone();
    assert!(since.is_string(), "{created}");
    let status = format!("{}/status", ground.one(&kind, &name));
    for (phase, reason) in [("Pending", "a"), ("Bound", "b")] {
        object["status"] = json!({"phase": phase, "reason": reason});
        let written = ground.put(&status, &object).await.body["status"].clone();
        assert_eq!((&written["phase"], &written["reason"]), (&json!(phase), &json!(reason)));
        let now = &written["lastPhaseTransitionTime"];
        assert!(if phase == "Bound" { text(now) >= text(&since) } else { *now == since }, "{written}");
    }
    ground.delete(&ground.one(&kind, &name)).await;
    ground.merge(&ground.one(&kind, &name), &json!({"metadata": {"finalizers": null}})).await;
}
