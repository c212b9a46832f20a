//! A cluster as YAML, and back.

use kube_indexed_store::testing::{FakeCluster, objects};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    actions::{act, actions},
    fixtures::{config_map, owner},
};

/// The documents of a dump by kind and name.
fn documents(cluster: &FakeCluster) -> Vec<String> {
    let documents = kube_indexed_store::testing::manifests::read(cluster.dump_yaml().as_bytes());
    let objects = documents.into_iter().flat_map(|document| document.content.unwrap());
    objects.map(|object| format!("{} {}", object["kind"], object["metadata"]["name"]).replace('"', "")).collect()
}

#[test]
fn a_dump_names_definitions_then_namespaces_then_the_rest() {
    let cluster = FakeCluster::new();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    cluster.namespace("a");
    let widget = cluster.create(objects::object("example.org/v1", "Widget", "w")).unwrap();
    cluster.create(objects::secret("s").owner(&widget)).unwrap();
    cluster.create(objects::config_map("m")).unwrap();
    let expected = [
        "CustomResourceDefinition widgets.example.org",
        "Namespace a",
        "Namespace default",
        "Namespace kube-node-lease",
        "Namespace kube-public",
        "Namespace kube-system",
        "ConfigMap m",
        "Secret s",
        "Widget w",
    ];
    assert_eq!(documents(&cluster), expected);
}

#[test]
fn the_manifests_of_a_kind_are_those_of_the_dump() {
    let cluster = FakeCluster::new();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    let widget = cluster.create(objects::object("example.org/v1", "Widget", "w")).unwrap();
    cluster.create(objects::object("example.org/v1", "Widget", "x")).unwrap();
    cluster.create(objects::secret("s").owner(&widget)).unwrap();
    let kinds = ["CustomResourceDefinition", "ns", "secrets", "Widget"];
    let texts = kinds.map(|kind| cluster.objects_yaml(kind));
    assert_eq!(texts.join("---\n"), cluster.dump_yaml());
    assert_eq!(cluster.objects_yaml("ConfigMap"), "");
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
fn a_node_that_is_ready_is_so_after_a_dump_is_loaded() {
    let cluster = FakeCluster::new();
    let node = cluster.create(objects::node("n")).unwrap();
    let taints = json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]);
    assert_eq!(node["spec"]["taints"], taints);
    let nothing = json!({"spec": {"taints": null}});
    cluster.patch("Node", "", "n", &kube::api::Patch::Merge(nothing)).unwrap();
    let other = FakeCluster::new();
    other.load_yaml(&cluster.dump_yaml()).complete().unwrap();
    assert_eq!(other.dump_yaml(), cluster.dump_yaml());
    assert_eq!(other.get("Node", "", "n").unwrap()["spec"]["taints"], Value::Null);
}

#[test]
fn a_dump_leaves_out_what_nobody_serves() {
    let cluster = FakeCluster::new();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    cluster.create(objects::object("example.org/v1", "Widget", "w")).unwrap();
    let unserved = objects::definition("example.org", "Widget", "widgets").set("spec.versions.0.served", false);
    cluster.apply(unserved).unwrap();
    assert!(!documents(&cluster).contains(&"Widget w".to_owned()));
    FakeCluster::new().load_yaml(&cluster.dump_yaml()).complete().unwrap();
}

#[test]
fn a_dump_does_not_tell_in_which_order_things_came() {
    let (one, other) = (FakeCluster::builder().seed(1).build(), FakeCluster::builder().seed(2).build());
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
fn what_is_owned_follows_its_owner_also_after_a_dump_a_restoration_and_a_rewind() {
    let cluster = FakeCluster::builder().seed(1).build();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    let widget = cluster.create(objects::object("example.org/v1", "Widget", "w")).unwrap();
    cluster.create(objects::secret("s").owner(&widget)).unwrap();
    let comes_back: [&dyn Fn(&FakeCluster); 3] = [
        &|other| other.load_yaml(&cluster.dump_yaml()).complete().unwrap(),
        &|other| other.restore(&cluster.snapshot()),
        &|other| other.rewind(&cluster.snapshot()),
    ];
    for come_back in comes_back {
        let other = FakeCluster::builder().seed(2).build();
        come_back(&other);
        let secret = other.get("Secret", "default", "s").unwrap();
        assert_eq!(secret["metadata"]["ownerReferences"], owner("Widget", &widget));
        other.delete("Widget", "default", "w").unwrap();
        assert_eq!(other.get("Secret", "default", "s").unwrap_err().code, 404);
    }
}

#[test]
fn objects_of_many_kinds_are_the_same_after_a_dump_is_loaded() {
    use objects::*;
    let cluster = FakeCluster::new();
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}});
    let volume =
        json!({"capacity": {"storage": "1024Mi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}});
    let claim = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let made = [
        namespace("a").label("team", "b").finalizer("example.org/hold"),
        definition("example.org", "Widget", "widgets").set("spec.versions.0.subresources.status", json!({})),
        service("a/ports").set("spec.type", "NodePort").set("spec.selector.app", "web").port(80).port(443),
        service("a/headless").set("spec.clusterIP", "None"),
        ingress("a/web").host("x.io").path("/", "web", 80),
        endpoint_slice("a/web-1").address("10.1.0.1").port(80),
        pod("a/web-1").port(80).ready(),
        deployment("a/web").set("spec.replicas", 3).ready(),
        node("one").ready(),
        object("batch/v1", "Job", "a/j").set("spec.template", &template),
        object("batch/v1", "CronJob", "a/c")
            .set("spec", json!({"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}})),
        object("v1", "PersistentVolume", "v").set("spec", volume),
        object("v1", "PersistentVolumeClaim", "a/v").set("spec", claim),
        object("v1", "ServiceAccount", "a/s"),
        object("rbac.authorization.k8s.io/v1", "Role", "a/r").set("rules", rules),
        object("coordination.k8s.io/v1", "Lease", "a/l").set("spec.holderIdentity", "me"),
        object("example.org/v1", "Widget", "a/w").set("spec.a", 1).set("status.b", [1.5, 1e30]),
    ];
    for object in made {
        cluster.apply(&object).unwrap_or_else(|status| panic!("{object:?}: {}", status.message));
    }
    cluster.delete("PersistentVolumeClaim", "a", "v").unwrap();
    let text = cluster.dump_yaml();
    let other = FakeCluster::builder().seed(7).build();
    other.load_yaml(&text).complete().unwrap();
    assert_eq!(other.dump_yaml(), text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_dump_that_is_loaded_gives_the_same_dump(actions in actions(), seed in any::<u64>()) {
        let cluster = FakeCluster::builder().seed(seed).build();
        cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
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
