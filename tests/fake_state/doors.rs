//! What tests say to a cluster without a client.

use kube_indexed_store::testing::{FakeCluster, objects};
use serde_json::json;

#[test]
fn the_doors_take_no_namespace_for_default() {
    let cluster = FakeCluster::new();
    cluster.create(objects::secret("a")).unwrap();
    let patch = kube::api::Patch::Merge(json!({"metadata": {"labels": {"x": "y"}}}));
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
