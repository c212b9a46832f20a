//! The doors of the fake API server: how tests write beside its clients, and what clients see of it. What clients write
//! is in `tests/protocol`.

use kube::{
    Api,
    api::{DynamicObject, Patch, PatchParams},
    core::{ApiResource, GroupVersionKind},
};
use kube_indexed_store::testing::{FakeCluster, objects};
use serde_json::{Value, json};

mod support;

use support::{config_map, random::Random};

/// When a cluster with paused time begins.
const NOON: &str = "2026-01-01T00:00:00Z";

/// A ConfigMap in a namespace, both of any name; it may not be there yet.
struct Subject {
    cluster: FakeCluster,
    namespace: String,
    name: String,
}

impl Subject {
    fn new() -> Self {
        let mut random = Random::new();
        let (cluster, namespace, name) = (FakeCluster::new(), random.name().replace('.', "-"), random.name());
        cluster.namespace(&namespace);
        Subject { cluster, namespace, name }
    }

    fn configuration(&self, data: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": self.name}, "data": data})
    }

    /// A patch of a client.
    async fn patch(&self, parameters: &PatchParams, patch: &Patch<Value>) -> Value {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "ConfigMap"));
        let api: Api<DynamicObject> = Api::namespaced_with(self.cluster.client(), &self.namespace, &resource);
        serde_json::to_value(api.patch(&self.name, parameters, patch).await.unwrap()).unwrap()
    }

    /// A merge patch by a client that calls itself a spade.
    async fn dig(&self, data: Value) -> Value {
        let parameters = PatchParams { field_manager: Some("spade".to_owned()), ..PatchParams::default() };
        self.patch(&parameters, &Patch::Merge(json!({"data": data}))).await
    }

    /// A patch through the door.
    fn door(&self, patch: &Patch<Value>) -> Value {
        self.cluster.patch("ConfigMap", &self.namespace, &self.name, patch).unwrap()
    }

    /// The object with these fields and owners, as far as they are not the server's own to say.
    fn object(&self, data: Value, owners: &[Value]) -> Value {
        let now = self.cluster.get("ConfigMap", &self.namespace, &self.name).unwrap();
        let mut object = self.configuration(data);
        object["metadata"] = json!({
            "name": self.name, "namespace": self.namespace, "uid": now["metadata"]["uid"],
            "creationTimestamp": NOON, "resourceVersion": self.cluster.revision().to_string(),
        });
        if !owners.is_empty() {
            object["metadata"]["managedFields"] = owners.into();
        }
        object
    }
}

fn owner(manager: &str, operation: &str, fields: Value) -> Value {
    json!({
        "manager": manager, "operation": operation, "apiVersion": "v1", "time": NOON,
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    })
}

#[tokio::test(start_paused = true)]
async fn doors_create_objects_without_owners() {
    let subject = Subject::new();
    let mut object = subject.configuration(json!({"soil": "peat"}));
    object["metadata"]["namespace"] = json!(subject.namespace);
    let created = subject.cluster.create(object).unwrap();
    assert_eq!(created, subject.object(json!({"soil": "peat"}), &[]));
    let changed = subject.dig(json!({"soil": "sand"})).await;
    assert_eq!(changed, subject.object(json!({"soil": "sand"}), &[]));
}

#[tokio::test(start_paused = true)]
async fn doors_change_what_clients_own_as_a_manager_of_their_own() {
    let subject = Subject::new();
    let configuration = subject.configuration(json!({"soil": "peat", "pot": "clay"}));
    subject.patch(&PatchParams::apply("rake"), &Patch::Apply(configuration)).await;
    let patched = subject.door(&Patch::Merge(json!({"data": {"pot": "wood"}})));
    let rake = owner("rake", "Apply", json!({"f:data": {"f:soil": {}}}));
    let test = owner("fake-cluster", "Update", json!({"f:data": {"f:pot": {}}}));
    assert_eq!(patched, subject.object(json!({"soil": "peat", "pot": "wood"}), &[rake, test]));
}

#[tokio::test(start_paused = true)]
async fn doors_apply_by_force() {
    let subject = Subject::new();
    let apply = |data: Value| subject.door(&Patch::Apply(subject.configuration(data)));
    let test = || owner("fake-cluster", "Apply", json!({"f:data": {"f:soil": {}}}));
    assert_eq!(apply(json!({"soil": "peat"})), subject.object(json!({"soil": "peat"}), &[test()]));
    subject.dig(json!({"soil": "sand"})).await;
    assert_eq!(apply(json!({"soil": "clay"})), subject.object(json!({"soil": "clay"}), &[test()]));
}

#[tokio::test(start_paused = true)]
async fn the_same_again_is_no_write_however_late() {
    let subject = Subject::new();
    let apply = async || {
        let configuration = subject.configuration(json!({"soil": "peat"}));
        subject.patch(&PatchParams::apply("rake"), &Patch::Apply(configuration)).await
    };
    let first = apply().await;
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    assert_eq!(apply().await, first);
    assert_eq!(subject.dig(json!({"soil": "peat"})).await, first);
    assert_eq!(first, subject.object(json!({"soil": "peat"}), &[first["metadata"]["managedFields"][0].clone()]));
}

#[test]
fn statuses_are_set_by_tests_in_one_call_and_stay_where_a_test_says_none() {
    let (cluster, name) = (FakeCluster::new(), Random::new().name());
    let made = cluster.create(objects::deployment(&name).set("status.replicas", 1)).unwrap();
    assert_eq!(made["status"], json!({"replicas": 1}));
    let mut changed = made;
    changed["spec"]["replicas"] = json!(5);
    changed["status"] = json!({"replicas": 4});
    assert_eq!(cluster.apply(&changed).unwrap()["status"], json!({"replicas": 4}));
    changed.as_object_mut().and_then(|object| object.remove("status"));
    changed["metadata"]["resourceVersion"] = Value::Null;
    assert_eq!(cluster.replace(&changed).unwrap()["status"], json!({"replicas": 4}));
    let patch = Patch::Merge(json!({"status": {"replicas": 5}}));
    let patched = cluster.patch("Deployment", "default", &name, &patch).unwrap();
    assert_eq!(patched["status"], json!({"replicas": 5}));
}

#[tokio::test]
async fn the_door_patches_as_the_server_does() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("x", "1")).unwrap();
    let patch = |name: &str, patch: &Patch<Value>| cluster.patch("ConfigMap", "default", name, patch);
    let now = || cluster.get("ConfigMap", "default", "x").unwrap();
    let remove = Patch::Json(serde_json::from_value(json!([{"op": "remove", "path": "/data/a"}])).unwrap());
    assert_eq!(patch("x", &Patch::Merge(json!({"data": {"b": "2"}}))).unwrap(), now());
    assert_eq!(patch("x", &remove).unwrap(), now());
    assert_eq!(now()["data"], json!({"b": "2"}));
    assert_eq!(patch("x", &remove).unwrap_err().code, 422);
    assert_eq!(patch("none", &Patch::Merge(json!({}))).unwrap_err().code, 404);
}

#[test]
fn one_priority_class_at_most_is_everyones() {
    let cluster = FakeCluster::new();
    let class = |name: &str| {
        json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 7,
            "globalDefault": true,
        })
    };
    cluster.create(class("a")).unwrap();
    cluster.replace(class("a")).unwrap();
    let refused = cluster.create(class("b")).unwrap_err().to_string();
    let why = "PriorityClass a is already marked as default. Only one default can exist";
    assert!(refused.contains(&format!("priorityclasses.scheduling.k8s.io \"b\" is forbidden: {why}")), "{refused}");
}
