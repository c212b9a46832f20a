//! What tests say to a cluster without a client.

use kube::api::Patch;
use kube_indexed_store::testing::{FakeCluster, objects};
use serde_json::json;

use crate::support::panic;

#[test]
fn the_doors_take_no_namespace_for_default() {
    let cluster = FakeCluster::new();
    cluster.create(objects::secret("a")).unwrap();
    let patch = Patch::Merge(json!({"metadata": {"labels": {"x": "y"}}}));
    let patched = cluster.patch("secret", "", "a", &patch).unwrap();
    assert_eq!(cluster.get("Secret", "", "a").unwrap(), patched);
    cluster.delete("secrets", "", "a").unwrap();
    assert_eq!(cluster.get("Secret", "default", "a").unwrap_err().code, 404);
}

#[test]
#[should_panic(expected = "the cluster serves no kind that is called \"Widget\"")]
fn a_custom_kind_has_no_objects_to_show_before_it_is_defined() {
    FakeCluster::new().objects("Widget");
}

#[test]
#[should_panic(expected = "Namespace \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\"")]
fn a_namespace_that_cannot_be_is_refused_in_the_words_of_the_server() {
    FakeCluster::new().namespace("Bad_Name");
}

#[test]
fn a_word_for_no_kind_is_a_mistake_at_each_door() {
    let cluster = FakeCluster::new();
    let expected = "the cluster serves no kind that is called \"ConfgMap\"; near it: configmaps";
    assert_eq!(panic(|| cluster.get("ConfgMap", "default", "a")), expected);
    assert_eq!(panic(|| cluster.delete("ConfgMap", "default", "a")), expected);
    assert_eq!(panic(|| cluster.patch("ConfgMap", "default", "a", &Patch::Merge(json!({})))), expected);
    assert_eq!(cluster.get("ConfigMap", "default", "a").unwrap_err().code, 404);
}

#[test]
fn an_object_of_a_kind_that_is_not_served_is_refused_with_its_kind() {
    let cluster = FakeCluster::new();
    let widget = || objects::object("example.org/v1", "Widget", "w");
    let expected = "the server could not find the requested resource: no served kind \"Widget\" in \"example.org/v1\"; is its \
                    CustomResourceDefinition missing?";
    for answer in [cluster.create(widget()), cluster.replace(widget()), cluster.apply(widget())] {
        let refusal = answer.unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (404, expected));
    }
    let refusals = [cluster.create("hi").unwrap_err(), cluster.apply(json!({"kind": "Secret"})).unwrap_err()];
    for refusal in refusals {
        assert_eq!((refusal.code, refusal.message.as_str()), (400, "the object names no kind and apiVersion"));
    }
}
