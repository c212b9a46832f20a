//! What the fake fills in where a manifest leaves it open is what a real server fills in.
//!
//! Without a real server (see `tests/real`) the fake alone is looked at.

use http_body_util::BodyExt;
use kube::{
    Api, Client,
    api::{DynamicObject, PostParams},
    core::GroupVersionKind,
    discovery::{self, Scope},
};
use kube_indexed_store::testing::{FakeCluster, manifests};
use serde_json::{Value, json};

mod support;

use support::real::RealCluster;

/// What every server says on its own.
const OF_A_SERVER: [&str; 4] = ["uid", "creationTimestamp", "resourceVersion", "managedFields"];
const MANIFESTS: &str = include_str!("defaults/manifests.yaml");

/// The manifests, each under a name of its own unless its name means something.
fn objects() -> Vec<Value> {
    let documents = manifests::read(MANIFESTS.as_bytes());
    let objects = documents.into_iter().flat_map(|document| document.content.expect("a manifest"));
    let named = objects.enumerate().map(|(number, mut object)| {
        if object["metadata"]["name"].is_null() {
            object["metadata"]["name"] = format!("object-{number}").into();
        }
        object
    });
    named.collect()
}

/// The resource of an object's kind, with the namespace of all objects here.
async fn api(client: &Client, object: &Value) -> Api<DynamicObject> {
    let text = |field: &str| object[field].as_str().expect("a text");
    let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
    let kind = GroupVersionKind::gvk(group, version, text("kind"));
    let (resource, capabilities) = discovery::pinned_kind(client, &kind).await.expect("a kind");
    match capabilities.scope {
        Scope::Namespaced => Api::namespaced_with(client.clone(), "default", &resource),
        Scope::Cluster => Api::all_with(client.clone(), &resource),
    }
}

/// What a server makes of an object, or what it says against it.
async fn created(client: &Client, object: &Value) -> Value {
    let api = api(client, object).await;
    let object = serde_json::from_value(object.clone()).expect("an object");
    match api.create(&PostParams::default(), &object).await {
        Ok(created) => general(serde_json::to_value(created).expect("an object")),
        Err(kube::Error::Api(status)) => json!(status.message),
        Err(error) => panic!("{error}"),
    }
}

/// An object without what differs from server to server.
fn general(mut object: Value) -> Value {
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|field, _| !OF_A_SERVER.contains(&field.as_str()));
    }
    generalize(&mut object, &uid);
    object
}

fn generalize(value: &mut Value, uid: &str) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match name.as_str() {
                    "nodePort" | "healthCheckNodePort" => *field = "a port".into(),
                    _ => generalize(field, uid),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| generalize(item, uid)),
        Value::String(text) if text == uid => *value = "the uid".into(),
        Value::String(text) if text.starts_with("10.0.") => *value = "an address".into(),
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => *value = "a time".into(),
        _ => {}
    }
}

#[tokio::test]
async fn objects_are_filled_in_as_by_a_real_server() {
    let Some(real) = RealCluster::start().await else { return };
    let fake = FakeCluster::builder().controllers(false).build().client();
    for object in objects() {
        assert_eq!(created(&fake, &object).await, created(real.client(), &object).await, "{object}");
    }
}

/// What a server answers that is to create an object without keeping it.
async fn tried(client: &Client, path: &str, body: Vec<u8>, sent: &str, accepted: &str) -> Vec<u8> {
    let request = http::Request::post(format!("{path}?dryRun=All")).header("content-type", sent);
    let request = request.header("accept", accepted).body(body.into()).expect("a request");
    let answer = client.send(request).await.expect("an answer").into_body();
    answer.collect().await.expect("a body").to_bytes().to_vec()
}

#[tokio::test]
async fn objects_in_protobuf_are_filled_in_as_by_a_real_server() {
    const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
    const JSON: &str = "application/json";
    let Some(real) = RealCluster::start().await else { return };
    let (fake, real) = (FakeCluster::builder().controllers(false).build().client(), real.client());
    for object in objects() {
        let kind = object["kind"].as_str().expect("a kind");
        // Schemas are not read in protobuf, and a Job that has its selector already is refused.
        if ["CustomResourceDefinition", "Job"].contains(&kind) {
            continue;
        }
        let path = api(real, &object).await.resource_url().to_owned();
        // A real server writes what both read then: all fields, empty or not.
        let sent = tried(real, &path, object.to_string().into_bytes(), JSON, PROTOBUF).await;
        let mut answers = Vec::new();
        for client in [&fake, real] {
            let answer = tried(client, &path, sent.clone(), PROTOBUF, JSON).await;
            let mut answer: Value = serde_json::from_slice(&answer).expect("JSON");
            // An address that was promised may be none that can be asked for.
            assert!(answer["kind"] == kind || kind == "Service", "{answer}");
            let owned = answer["metadata"]["managedFields"].take();
            answers.push((general(answer), owned[0]["fieldsV1"].clone()));
        }
        assert_eq!(answers[0], answers[1], "{object}");
    }
}

#[tokio::test]
async fn every_manifest_is_accepted() {
    let fake = FakeCluster::builder().controllers(false).build().client();
    for object in objects() {
        let created = created(&fake, &object).await;
        assert!(created.is_object(), "{object}: {created}");
    }
}

#[tokio::test]
async fn a_pod_that_says_least_is_given_all_it_needs() {
    let fake = FakeCluster::new().client();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let container = json!({
        "name": "c", "image": "i", "imagePullPolicy": "Always", "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
    });
    let toleration =
        |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    let spec = json!({
        "containers": [container], "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "priority": 0,
        "preemptionPolicy": "PreemptLowerPriority", "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "securityContext": {}, "terminationGracePeriodSeconds": 30,
        "tolerations": [toleration("node.kubernetes.io/not-ready"), toleration("node.kubernetes.io/unreachable")],
    });
    let expected = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default", "generation": 1},
        "spec": spec, "status": {"phase": "Pending", "qosClass": "BestEffort"},
    });
    assert_eq!(created(&fake, &pod).await, expected);
}
