//! Objects in few words.

use kube_indexed_store::testing::{FakeCluster, objects};
use serde_json::{Value, json};

use crate::{actions::base64, fixtures::owner};

#[test]
fn what_a_test_adds_takes_the_place_of_what_stood_in_for_it() {
    let service = Value::from(objects::service("a/web").port(80).port(443));
    assert_eq!(service["spec"], json!({"ports": [{"port": 80, "name": "port-80"}, {"port": 443, "name": "port-443"}]}));
    let ingress = objects::ingress("a/web").set("spec.ingressClassName", "c").host("x.io").path("/", "web", 80);
    let paths =
        json!([{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]);
    let rules = json!([{"host": "x.io", "http": {"paths": paths}}]);
    assert_eq!(Value::from(ingress)["spec"], json!({"ingressClassName": "c", "rules": rules}));
    let pod = objects::pod("a/web").container("one", "nginx").container("two", "nginx").port(80);
    let two = json!({"name": "two", "image": "nginx", "ports": [{"containerPort": 80}]});
    assert_eq!(Value::from(pod)["spec"], json!({"containers": [{"name": "one", "image": "nginx"}, two]}));
}

#[test]
fn what_a_test_set_stays_when_it_adds_more() {
    let pod = objects::pod("a/web").set("spec.containers.0.image", "nginx").container("two", "nginx");
    let names = |pod: &Value| {
        pod["spec"]["containers"].as_array().unwrap().iter().map(|c| c["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&pod.into()), ["main", "two"]);
    let pod = objects::pod("a/web").container("main", "registry.k8s.io/pause").container("two", "nginx");
    assert_eq!(names(&pod.into()), ["main", "two"]);
}

#[test]
fn a_field_is_set_whatever_is_on_the_way_to_it() {
    let widget = objects::object("example.org/v1", "Widget", "a/w");
    let widget =
        widget.set("spec.list.0.name", "x").set("spec.list.1", 2).set("spec.map.1", 3).set("spec.list.0.name.y", 4);
    let spec = json!({"list": [{"name": {"y": 4}}, 2], "map": {"1": 3}});
    let expected = json!({
        "apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"namespace": "a", "name": "w"}, "spec": spec,
    });
    assert_eq!(Value::from(widget), expected);
}

#[test]
#[should_panic = "there are 1 items, and no number 2"]
fn an_item_beyond_the_next_one_is_a_mistake() {
    drop(objects::object("example.org/v1", "Widget", "w").set("spec.list", json!([1])).set("spec.list.2", 2));
}

#[test]
#[should_panic = "a ConfigMap has no ports"]
fn what_a_kind_does_not_have_is_a_mistake() {
    drop(objects::config_map("a").port(80));
}

#[test]
fn data_is_encoded_as_its_kind_has_it() {
    let bytes = [0xff, 0];
    let map = Value::from(objects::config_map("a").data("text", "on").data("bytes", bytes));
    assert_eq!((&map["data"], &map["binaryData"]), (&json!({"text": "on"}), &json!({"bytes": base64(&bytes)})));
    let secret = Value::from(objects::secret("a").data("text", "on").data("bytes", bytes));
    assert_eq!(secret["data"], json!({"text": base64(b"on"), "bytes": base64(&bytes)}));
}

#[test]
fn an_owner_is_named_with_its_uid() {
    let cluster = FakeCluster::new();
    let parent = cluster.create(objects::config_map("parent")).unwrap();
    let child = cluster.create(objects::secret("child").owner(&parent)).unwrap();
    assert_eq!(child["metadata"]["ownerReferences"], owner("ConfigMap", &parent));
}
