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
