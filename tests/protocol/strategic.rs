//! Strategic merge patches.

use kube::api::Patch;
use serde_json::{Value, json};

use crate::{
    ground::Ground,
    subject::{STRATEGIC, Subject, status},
};

async fn containers(subject: &Subject) -> Value {
    said(subject).await["containers"].take()
}

/// What a client said about the pods, without what the server fills in.
async fn said(subject: &Subject) -> Value {
    let mut pod = subject.now().await["spec"]["template"]["spec"].take();
    let of_pods = ["dnsPolicy", "restartPolicy", "schedulerName", "securityContext", "terminationGracePeriodSeconds"];
    let of_containers = ["imagePullPolicy", "resources", "terminationMessagePath", "terminationMessagePolicy"];
    of_pods.iter().for_each(|field| drop(pod.as_object_mut().unwrap().remove(*field).unwrap()));
    for container in pod["containers"].as_array_mut().unwrap() {
        of_containers.iter().for_each(|field| drop(container.as_object_mut().unwrap().remove(*field).unwrap()));
    }
    pod
}

fn to_pod(pod: Value) -> Patch<Value> {
    Patch::Strategic(json!({"spec": {"template": {"spec": pod}}}))
}

pub async fn containers_merge_by_name(ground: Ground) {
    let [one, two] = ground.names(2).try_into().expect("two names");
    let [one, two] = [one.replace('.', "-"), two.replace('.', "-") + "-2"];
    let pod = json!({"containers": [{"name": one, "image": "a", "env": [{"name": "X", "value": "1"}]}]});
    let subject = Subject::deployment(ground, &pod).await;
    let env = json!([{"name": "Y", "value": "2"}]);
    let change = json!({"containers": [{"name": two, "image": "b"}, {"name": one, "env": env}]});
    let patched = subject.patch(&to_pod(change)).await.unwrap();
    let env = json!([{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}]);
    assert_eq!(
        containers(&subject).await,
        json!([{"name": two, "image": "b"}, {"name": one, "image": "a", "env": env}])
    );
    assert_eq!(patched, subject.now().await);
    assert_eq!(patched["metadata"]["generation"], 2);
    subject.patch(&to_pod(json!({"containers": [{"name": two, "$patch": "delete"}]}))).await.unwrap();
    assert_eq!(containers(&subject).await, json!([{"name": one, "image": "a", "env": env}]));
}

pub async fn directives_order_keep_delete_and_replace(ground: Ground) {
    let pod = json!({
        "containers": [{"name": "a", "image": "h"}, {"name": "b", "image": "j"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "nodeSelector": {"zone": "x"},
    });
    let subject = Subject::deployment(ground, &pod).await;
    let change = json!({
        "$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
        "containers": [{"name": "a", "image": "i"}],
        "volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/", "type": ""}}],
        "nodeSelector": {"$patch": "replace", "disk": "ssd"},
    });
    subject.patch(&to_pod(change)).await.unwrap();
    let expected = json!({
        "containers": [{"name": "b", "image": "j"}, {"name": "a", "image": "i"}],
        "volumes": [{"name": "v", "hostPath": {"path": "/", "type": ""}}],
        "nodeSelector": {"disk": "ssd"},
    });
    assert_eq!(said(&subject).await, expected);
    let finalizers = json!({"metadata": {"finalizers": ["sea.example/a", "sea.example/b"]}});
    subject.patch(&Patch::Strategic(finalizers)).await.unwrap();
    let change = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["sea.example/a"]}});
    subject.patch(&Patch::Strategic(change)).await.unwrap();
    assert_eq!(subject.now().await["metadata"]["finalizers"], json!(["sea.example/b"]));
}

pub async fn maps_merge_and_what_is_not_an_object_is_refused(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "1"}})).await;
    let before = subject.now().await;
    let patch = json!({"data": {"s": "2"}, "metadata": {"labels": {"x": "y"}}});
    let patched = subject.patch(&Patch::Strategic(patch.clone())).await.unwrap();
    assert_eq!(patched, subject.since(&before, &patch).await);
    assert_eq!(subject.now().await["data"], json!({"a": "1", "s": "2"}));
    let text = "json: cannot unmarshal array into Go value of type map[string]interface {}";
    assert_eq!(subject.refused(STRATEGIC, "[1]").await, status(400, "BadRequest", text, Value::Null));
}
