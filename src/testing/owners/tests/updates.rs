//! What an update owns and takes from others.

use serde_json::json;

use super::*;

#[test]
fn a_create_owns_maps_and_their_entries() {
    let object = created("potter", fern(json!({"soil": "peat"})));
    let fields = json!({"f:data": {".": {}, "f:soil": {}}});
    assert_eq!(owners(&object), &json!([entry("potter", "Update", fields)]));
}

#[test]
fn an_update_takes_what_it_changes_and_conflicts_name_its_version() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat", "pot": "clay"}), false).expect("no conflict"));
    let live = changed("spade", &live, |object| object["data"]["pot"] = json!("wood"));
    let rake = entry("rake", "Apply", json!({"f:data": {"f:soil": {}}}));
    let spade = entry("spade", "Update", json!({"f:data": {"f:pot": {}}}));
    assert_eq!(owners(&live), &json!([rake, spade]));
    let refusal = applied("rake", &live, json!({"soil": "peat", "pot": "clay"}), false).expect_err("a conflict");
    assert_eq!(refusal.to_string(), "Apply failed with 1 conflict: conflict with \"spade\" using v1: .data.pot");
}

#[test]
fn a_replacement_takes_what_it_brings_and_removes_what_it_leaves_out() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat"}), false).expect("no conflict"));
    let live = changed("spade", &live, |object| object["data"] = json!({"pot": "clay"}));
    assert_eq!(owners(&live), &json!([entry("spade", "Update", json!({"f:data": {"f:pot": {}}}))]));
}

#[test]
fn an_update_that_takes_nothing_keeps_its_time() {
    let live = created("potter", fern(json!({"soil": "peat", "pot": "clay"})));
    let mut new = live.clone();
    new["data"] = json!({"soil": "peat"});
    update(&live, &mut new, config_map(), &Writer { now: LATER, ..writer("potter") });
    assert_eq!(owners(&new), &json!([entry("potter", "Update", json!({"f:data": {".": {}, "f:soil": {}}}))]));
}

#[test]
fn fields_of_the_server_belong_to_nobody() {
    let object = changed("spade", &created("potter", fern(json!({}))), |object| {
        object["metadata"]["generation"] = json!(2);
        object["metadata"]["labels"] = json!({"shade": "full"});
        object["metadata"]["generateName"] = json!("fe");
    });
    let fields = json!({"f:metadata": {"f:generateName": {}, "f:labels": {".": {}, "f:shade": {}}}});
    let potter = entry("potter", "Update", json!({"f:data": {}}));
    assert_eq!(owners(&object), &json!([potter, entry("spade", "Update", fields)]));
}

#[test]
fn entries_in_a_write_replace_those_of_the_object_if_they_can_be_read() {
    let live = created("potter", fern(json!({"soil": "peat"})));
    let ours = json!([entry("rake", "Apply", json!({"f:data": {"f:soil": {}}}))]);
    let replaced = changed("spade", &live, |object| object["metadata"]["managedFields"] = ours.clone());
    assert_eq!(owners(&replaced), &ours);
    let kept = changed("spade", &live, |object| object["metadata"]["managedFields"] = json!([{"operation": "Dig"}]));
    assert_eq!(owners(&kept), owners(&live));
    let mut scaled = live.clone();
    scaled["metadata"]["managedFields"] = json!([]);
    update(&live, &mut scaled, config_map(), &Writer { subresource: "status", ..writer("spade") });
    assert_eq!(owners(&scaled), owners(&live));
}

#[test]
fn a_write_owns_nothing_outside_its_scope() {
    let shape = Shape::deduced();
    let (status, rest) = (FieldSet::of_fields([&["status"][..]]), FieldSet::of_fields([&["metadata"][..], &["spec"]]));
    let main = Writer { scope: Scope::Without(&status), ..writer("potter") };
    let mut moss = json!({"metadata": {"name": "moss"}, "spec": {"wet": true}, "status": {"grown": 1}});
    update(&json!({}), &mut moss, shape, &main);
    let potter = entry("potter", "Update", json!({"f:spec": {".": {}, "f:wet": {}}}));
    assert_eq!(owners(&moss), &json!([potter]));

    let live = stored(moss);
    let mut new = live.clone();
    new["status"] = json!({"grown": 2});
    new["spec"]["wet"] = json!(false);
    let part = Writer { subresource: "status", scope: Scope::Without(&rest), ..writer("spade") };
    update(&live, &mut new, shape, &part);
    let mut spade = entry("spade", "Update", json!({"f:status": {"f:grown": {}}}));
    spade["subresource"] = json!("status");
    assert_eq!(owners(&new), &json!([potter, spade]));
}

#[test]
fn a_nameless_writer_is_unknown() {
    assert_eq!(owners(&created("", fern(json!({}))))[0]["manager"], json!("unknown"));
}

#[test]
fn scaling_takes_the_replicas() {
    let replicas = [Step::field("spec"), Step::field("replicas")];
    let mut tree = json!({"metadata": {"name": "oak"}, "spec": {"replicas": 1, "paused": true}});
    let apps = Writer { api_version: "apps/v1", ..writer("potter") };
    update(&json!({"metadata": {}, "spec": {}}), &mut tree, Shape::deduced(), &apps);
    let managers = Managers::read(&tree).expect("readable");

    let scale = |replicas: u8| json!({"metadata": {"name": "oak", "uid": "7d0"}, "spec": {"replicas": replicas}});
    let scaling = Writer { api_version: "autoscaling/v1", subresource: "scale", ..writer("spade") };
    let shown = managers.to_scale(&replicas);
    let mut potter = entry("potter", "Update", json!({"f:spec": {"f:paused": {}}}));
    potter["apiVersion"] = json!("apps/v1");
    let mut kept = potter.clone();
    kept["fieldsV1"] = json!({"f:spec": {"f:replicas": {}}});
    kept.as_object_mut().expect("an entry").remove("time");
    let same = shown.clone().update(&scale(1), &scale(1), Shape::deduced(), &scaling);
    managers.after_scale(same, &replicas, "apps/v1").write(&mut tree);
    assert_eq!(owners(&tree), &json!([kept, potter]));

    let taken = shown.update(&scale(1), &scale(2), Shape::deduced(), &scaling);
    managers.after_scale(taken, &replicas, "apps/v1").write(&mut tree);
    let spade = json!({
        "manager": "spade", "operation": "Update", "apiVersion": "apps/v1", "subresource": "scale",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
    });
    assert_eq!(owners(&tree), &json!([spade, potter]));
}

#[test]
fn more_than_ten_updates_merge_the_oldest() {
    let mut live = created("hand-0", fern(json!({"key-0": "0"})));
    for hand in 1..12 {
        let mut new = live.clone();
        new["data"][format!("key-{hand}")] = json!("0");
        let (manager, now) = (format!("hand-{hand}"), format!("2026-05-01T12:{hand:02}:00Z"));
        update(&live, &mut new, config_map(), &Writer { now: &now, ..writer(&manager) });
        live = new;
    }
    let entries = owners(&live).as_array().expect("entries");
    assert_eq!(entries.len(), 10);
    let mut ancient =
        entry("ancient-changes", "Update", json!({"f:data": {".": {}, "f:key-0": {}, "f:key-1": {}, "f:key-2": {}}}));
    ancient["time"] = json!("2026-05-01T12:02:00Z");
    assert_eq!(entries[0], ancient);
    assert_eq!(entries[1]["manager"], json!("hand-3"));
}
