//! Strategic patches: maps and lists that merge, directives, and what is refused.

use proptest::prelude::{Strategy as _, any, prop_assert_eq, proptest};
use serde_json::json;

use super::*;
use crate::testing::shape::Shapes;

fn patched(document: Value, patch: Value, shape: Shape<'_>) -> Outcome<Value> {
    let Value::Object(document) = document else { panic!("documents are objects") };
    apply(document, patch, shape).map(Value::Object)
}

fn pod(document: Value, patch: Value) -> Outcome<Value> {
    patched(document, patch, Shapes::built_in().kind("v1", "Pod").member("spec").expect("declared").shape)
}

fn service(document: Value, patch: Value) -> Outcome<Value> {
    patched(document, patch, Shapes::built_in().kind("v1", "Service").member("spec").expect("declared").shape)
}

fn metadata(document: Value, patch: Value) -> Outcome<Value> {
    patched(document, patch, Shapes::built_in().named("ObjectMeta"))
}

fn names(document: Outcome<Value>, list: &str) -> Vec<String> {
    let document = document.expect("a good patch");
    let items = document[list].as_array().expect("a list").iter();
    items.map(|item| item.get("name").unwrap_or(item).as_str().expect("a name").to_owned()).collect()
}

#[test]
fn containers_merge_by_name_and_new_ones_come_first() {
    let live = json!({"containers": [{"name": "web", "image": "web:1", "stdin": true}]});
    let patch =
        json!({"containers": [{"name": "log", "image": "log:1"}, {"name": "web", "image": "web:2", "stdin": null}]});
    let expected = json!({"containers": [{"name": "log", "image": "log:1"}, {"name": "web", "image": "web:2"}]});
    assert_eq!(pod(live.clone(), patch), Ok(expected));
    assert_eq!(names(pod(live, json!({"containers": [{"name": "log"}]})), "containers"), ["log", "web"]);
}

#[test]
fn items_of_the_server_keep_their_place_before_items_they_preceded() {
    let live = json!({"containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}]});
    let patch = json!({"containers": [{"name": "c"}, {"name": "x"}]});
    assert_eq!(names(pod(live, patch), "containers"), ["a", "b", "c", "x", "d"]);
}

#[test]
fn lists_without_a_strategy_are_replaced() {
    let live = json!({"tolerations": [{"key": "night"}], "nodeSelector": {"zone": "a"}});
    let patch = json!({"tolerations": [{"key": "noise"}], "nodeSelector": {"disk": "ssd"}});
    let expected = json!({"tolerations": [{"key": "noise"}], "nodeSelector": {"zone": "a", "disk": "ssd"}});
    assert_eq!(pod(live, patch), Ok(expected));
}

#[test]
fn ports_of_a_service_merge_by_port_alone() {
    let live = json!({"ports": [{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]});
    let patch = json!({"ports": [{"port": 53, "protocol": "TCP"}]});
    let expected = json!({"ports": [{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "TCP"}]});
    assert_eq!(service(live, patch), Ok(expected));
}

#[test]
fn items_can_be_deleted_and_lists_replaced_by_directive() {
    let live = json!({"containers": [{"name": "web", "stdin": true}, {"name": "log"}]});
    let patch = json!({"containers": [{"name": "log", "$patch": "delete"}]});
    assert_eq!(names(pod(live.clone(), patch), "containers"), ["web"]);
    let patch = json!({"containers": [{"$patch": "replace"}, {"name": "web"}]});
    assert_eq!(pod(live, patch), Ok(json!({"containers": [{"name": "web"}]})));
}

#[test]
fn maps_can_be_deleted_and_replaced_by_directive() {
    let live = json!({"labels": {"rig": "sloop", "mast": "1"}});
    let patch = json!({"labels": {"rig": "yawl", "$patch": "replace"}});
    assert_eq!(metadata(live.clone(), patch), Ok(json!({"labels": {"rig": "yawl"}})));
    assert_eq!(metadata(live, json!({"labels": {"$patch": "delete"}})), Ok(json!({"labels": {}})));
    assert_eq!(
        metadata(json!({"labels": {"a": "b"}}), json!({"labels": {"$patch": "paint"}})),
        Err(Error::Unforeseen("unknown patch type: paint in map: map[$patch:paint]".into()))
    );
}

#[test]
fn only_retained_keys_stay() {
    let volume = |source: Value| json!({"volumes": [source]});
    let live = volume(json!({"name": "data", "emptyDir": {"medium": "Memory"}}));
    let patch = volume(json!({"name": "data", "hostPath": {"path": "/srv"}, "$retainKeys": ["name", "hostPath"]}));
    assert_eq!(pod(live.clone(), patch), Ok(volume(json!({"name": "data", "hostPath": {"path": "/srv"}}))));
    let patch = volume(json!({"name": "data", "hostPath": {}, "$retainKeys": ["name"]}));
    assert_eq!(pod(live, patch), Err(Error::Malformed("invalid patch format of retainKeys".into())));
}

#[test]
fn scalars_merge_as_a_set_and_leave_by_a_list_of_their_own() {
    let live = json!({"finalizers": ["ship.example/a", "ship.example/b"]});
    let patch = json!({"finalizers": ["ship.example/c"]});
    assert_eq!(
        names(metadata(live.clone(), patch), "finalizers"),
        ["ship.example/c", "ship.example/a", "ship.example/b"]
    );
    let patch = json!({"$deleteFromPrimitiveList/finalizers": ["ship.example/a"]});
    assert_eq!(names(metadata(live, patch), "finalizers"), ["ship.example/b"]);
}

#[test]
fn the_order_of_items_can_be_set() {
    let live = json!({"containers": [{"name": "a"}, {"name": "b"}, {"name": "sidecar"}]});
    let patch = json!({
        "$setElementOrder/containers": [{"name": "b"}, {"name": "c"}, {"name": "a"}],
        "containers": [{"name": "c", "image": "c:1"}],
    });
    assert_eq!(names(pod(live.clone(), patch), "containers"), ["b", "c", "a", "sidecar"]);
    let alone = json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]});
    assert_eq!(names(pod(live.clone(), alone), "containers"), ["b", "a", "sidecar"]);
    let missing = json!({"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "c"}]});
    assert!(matches!(pod(live, missing), Err(Error::Unforeseen(why)) if why.starts_with("The order in patch list:")));
}

#[test]
fn an_ordered_list_deletes_too() {
    let live = json!({"finalizers": ["ship.example/a", "ship.example/b"]});
    let patch = json!({
        "$setElementOrder/finalizers": ["ship.example/c", "ship.example/b"],
        "$deleteFromPrimitiveList/finalizers": ["ship.example/a"],
        "finalizers": ["ship.example/c"],
    });
    assert_eq!(names(metadata(live, patch), "finalizers"), ["ship.example/c", "ship.example/b"]);
}

#[test]
fn what_is_new_comes_without_nulls_and_directives() {
    let patch = json!({"containers": [{"name": "web", "image": null}, {"name": "log", "$patch": "delete"}]});
    assert_eq!(pod(json!({}), patch), Ok(json!({"containers": [{"name": "web"}]})));
    assert_eq!(pod(json!({}), json!({"affinity": {"$patch": "delete"}})), Ok(json!({})));
}

#[test]
fn null_removes() {
    assert_eq!(
        metadata(json!({"labels": {"a": "b", "c": "d"}}), json!({"labels": {"a": null}})),
        Ok(json!({"labels": {"c": "d"}}))
    );
    assert_eq!(metadata(json!({"labels": {"a": "b"}}), json!({"labels": null, "annotations": null})), Ok(json!({})));
}

#[test]
fn a_selector_that_is_replaced_does_not_merge() {
    let budget = Shapes::built_in().kind("policy/v1", "PodDisruptionBudget");
    let live = json!({"spec": {"selector": {"matchLabels": {"a": "b"}}}});
    let patch = json!({"spec": {"selector": {"matchLabels": {"c": "d"}}}});
    assert_eq!(patched(live, patch.clone(), budget), Ok(patch));
}

#[test]
fn items_without_their_key_are_refused() {
    assert_eq!(
        pod(json!({"containers": [{"name": "web"}]}), json!({"containers": [{"image": "web:1"}]})),
        Err(Error::Unforeseen("map: map[image:web:1] does not contain declared merge key: name".into()))
    );
}

#[test]
fn only_objects_are_patches() {
    assert_eq!(
        metadata(json!({}), json!([1])),
        Err(Error::Malformed("json: cannot unmarshal array into Go value of type map[string]interface {}".into()))
    );
    assert_eq!(
        metadata(json!({"finalizers": ["a"]}), json!({"finalizers": [["a"]]})),
        Err(Error::Unforeseen("list element types are not identical: [[a] [[a]]]".into()))
    );
    assert_eq!(metadata(json!({"finalizers": [["a"]]}), json!({"finalizers": [["a"]]})), Err(Error::ListOfLists));
}

/// Containers with few names in any order.
fn containers() -> impl proptest::strategy::Strategy<Value = Value> {
    let container = proptest::option::of(any::<bool>());
    proptest::collection::btree_map("[a-f]", container, 1..5)
        .prop_map(|containers| {
            let container = |(name, tty): (String, Option<bool>)| match tty {
                Some(tty) => json!({"name": name, "tty": tty}),
                None => json!({"name": name}),
            };
            containers.into_iter().map(container).collect::<Vec<_>>()
        })
        .prop_shuffle()
        .prop_map(|containers| json!({"containers": containers}))
}

proptest! {
    #[test]
    fn patching_twice_is_patching_once(live in containers(), patch in containers()) {
        let once = pod(live, patch.clone());
        let twice = once.clone().and_then(|once| pod(once, patch));
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn both_sides_keep_their_order(live in containers(), patch in containers()) {
        let (mine, theirs) = (names(Ok(live.clone()), "containers"), names(Ok(patch.clone()), "containers"));
        let (said, kept): (Vec<_>, Vec<_>) =
            names(pod(live, patch), "containers").into_iter().partition(|name| theirs.contains(name));
        prop_assert_eq!(&said, &theirs);
        prop_assert_eq!(kept, mine.into_iter().filter(|name| !theirs.contains(name)).collect::<Vec<_>>());
    }
}
