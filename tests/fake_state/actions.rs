//! Things that may happen to a cluster, at random.

use kube_indexed_store::testing::FakeCluster;
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub enum Action {
    Put(u8, Value),
    Delete(u8),
}

pub fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,20}", "([a-z0: #-]{0,4}\n){0,3}", ".{0,8}"]
}

/// Objects that a server takes: their names come from what the action numbers.
pub fn objects() -> impl Strategy<Value = Value> {
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

pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        3 => (0..6u8, objects()).prop_map(|(number, object)| Action::Put(number, object)),
        1 => (0..6u8).prop_map(Action::Delete),
    ];
    prop::collection::vec(action, 0..20)
}

pub fn act(cluster: &FakeCluster, action: Action) {
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
