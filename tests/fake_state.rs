//! The state of a `testing::FakeCluster` as a whole: as manifests, and as something to come back to.

use kube_indexed_store::testing::FakeCluster;
use proptest::prelude::*;
use serde_json::{Value, json};

fn config_map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

fn owner(kind: &str, object: &Value) -> Value {
    json!([{"apiVersion": object["apiVersion"], "kind": kind, "name": object["metadata"]["name"], "uid": object["metadata"]["uid"]}])
}

fn definition(group: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("widgets.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
}

/// The documents of a dump by kind and name.
fn documents(cluster: &FakeCluster) -> Vec<String> {
    let documents = kube_indexed_store::testing::manifests::read(cluster.dump_yaml().as_bytes());
    let objects = documents.into_iter().flat_map(|document| document.content.unwrap());
    objects.map(|object| format!("{} {}", object["kind"], object["metadata"]["name"]).replace('"', "")).collect()
}

#[test]
fn a_dump_names_definitions_then_namespaces_then_the_rest_owners_first() {
    let cluster = FakeCluster::new();
    cluster.create(definition("example.org")).unwrap();
    cluster.namespace("a");
    let parent = cluster.create(config_map("parent", json!({}))).unwrap();
    let mut child = config_map("child", json!({}));
    child["metadata"]["ownerReferences"] = owner("ConfigMap", &parent);
    cluster.create(child).unwrap();
    let widget = json!({"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w"}});
    let widget = cluster.create(widget).unwrap();
    let mut pod = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}});
    pod["metadata"]["ownerReferences"] = owner("Widget", &widget);
    cluster.create(pod).unwrap();
    let expected = [
        "CustomResourceDefinition widgets.example.org",
        "Namespace a",
        "Namespace default",
        "Namespace kube-node-lease",
        "Namespace kube-public",
        "Namespace kube-system",
        "ConfigMap parent",
        "Widget w",
        "ConfigMap child",
        "Secret s",
    ];
    assert_eq!(documents(&cluster), expected);
}

#[test]
fn a_dump_leaves_out_what_each_server_sets_anew() {
    let cluster = FakeCluster::new();
    let mut object = config_map("held", json!({"a": "1"}));
    object["metadata"]["finalizers"] = json!(["example.org/hold"]);
    object["metadata"]["labels"] = json!({"a": "b"});
    cluster.create(object).unwrap();
    cluster.delete("ConfigMap", "default", "held").unwrap();
    let text = cluster.dump_yaml();
    let document = text.rsplit("---\n").next().unwrap();
    let expected = "\
apiVersion: v1
data:
  a: \"1\"
kind: ConfigMap
metadata:
  finalizers:
  - example.org/hold
  labels:
    a: b
  name: held
  namespace: default
";
    assert_eq!(document, expected);
}

#[test]
fn a_dump_does_not_tell_in_which_order_things_came() {
    let (one, other) = (FakeCluster::with_seed(1), FakeCluster::with_seed(2));
    for name in ["a", "b"] {
        one.create(config_map(name, json!({"k": "v"}))).unwrap();
    }
    for name in ["b", "c", "a"] {
        other.create(config_map(name, json!({"k": "other"}))).unwrap();
        other.apply(config_map(name, json!({"k": "v"}))).unwrap();
    }
    other.delete("ConfigMap", "default", "c").unwrap();
    assert_eq!(one.dump_yaml(), other.dump_yaml());
}

#[test]
fn owners_are_known_again_after_a_dump_is_loaded() {
    let cluster = FakeCluster::with_seed(1);
    let parent = cluster.create(config_map("parent", json!({}))).unwrap();
    let mut child = config_map("child", json!({}));
    child["metadata"]["ownerReferences"] = owner("ConfigMap", &parent);
    cluster.create(child).unwrap();
    let other = FakeCluster::with_seed(2);
    other.load_yaml(&cluster.dump_yaml()).complete().unwrap();
    let parent = other.get("ConfigMap", "default", "parent").unwrap();
    let child = other.get("ConfigMap", "default", "child").unwrap();
    assert_eq!(child["metadata"]["ownerReferences"], owner("ConfigMap", &parent));
}

#[derive(Debug, Clone)]
enum Action {
    Put(u8, Value),
    Delete(u8),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,20}", "([a-z0: #-]{0,4}\n){0,3}", ".{0,8}"]
}

/// Objects that a server takes: their names come from what the action numbers.
fn objects() -> impl Strategy<Value = Value> {
    let namespace = prop::sample::select(vec!["default", "kube-public", "other"]);
    let annotations = prop::collection::btree_map("[a-z]{1,5}", text(), 0..3);
    let data = prop::collection::btree_map("[a-z0-9._-]{2,5}", text(), 0..4)
        .prop_filter("`..` is no key", |data| data.keys().all(|key| !key.starts_with("..")));
    let spec = prop::collection::btree_map(
        "[a-z]{1,5}",
        prop_oneof![text().prop_map(Value::from), any::<i32>().prop_map(Value::from)],
        0..4,
    );
    (namespace, annotations, data, spec, 0..4).prop_map(|(namespace, annotations, data, spec, kind)| {
        let metadata = json!({"namespace": namespace, "annotations": annotations});
        let encoded = |text: &String| base64(text.as_bytes());
        match kind {
            0 => json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}),
            1 => {
                let data: serde_json::Map<_, _> =
                    data.iter().map(|(key, text)| (key.clone(), encoded(text).into())).collect();
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
            }
            2 => json!({"apiVersion": "example.org/v1", "kind": "Widget", "metadata": metadata, "spec": spec}),
            _ => json!({
                "apiVersion": "v1", "kind": "Service", "metadata": metadata,
                "spec": {"selector": {"app": "a"}, "ports": [{"port": 80, "targetPort": "web"}]},
            }),
        }
    })
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        3 => (0..6u8, objects()).prop_map(|(number, object)| Action::Put(number, object)),
        1 => (0..6u8).prop_map(Action::Delete),
    ];
    prop::collection::vec(action, 0..20)
}

fn act(cluster: &FakeCluster, action: Action) {
    match action {
        Action::Put(number, mut object) => {
            object["metadata"]["name"] = format!("n{number}").into();
            cluster.apply(object).unwrap();
        }
        Action::Delete(number) => {
            for kind in ["ConfigMap", "Secret", "Widget", "Service"] {
                let _ = cluster.delete(kind, "default", &format!("n{number}"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_dump_that_is_loaded_gives_the_same_dump(actions in actions(), seed in any::<u64>()) {
        let cluster = FakeCluster::with_seed(seed);
        cluster.create(definition("example.org")).unwrap();
        cluster.namespace("other");
        actions.into_iter().for_each(|action| act(&cluster, action));
        let text = cluster.dump_yaml();
        let other = FakeCluster::new();
        other.load_yaml(&text).complete().unwrap();
        prop_assert_eq!(other.dump_yaml(), text);
        let shape = |cluster: &FakeCluster| -> Vec<_> { cluster.dump().into_iter().map(|mut object| {
            for field in ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"] {
                object["metadata"].as_object_mut().unwrap().remove(field);
            }
            object
        }).collect() };
        prop_assert_eq!(shape(&other), shape(&cluster));
    }
}
