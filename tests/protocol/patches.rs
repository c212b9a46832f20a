//! Patches.

use serde_json::json;

use crate::{
    ground::Ground,
    kinds::CONFIG_MAPS,
    support::failure,
};

pub async fn a_merge_patch_takes_nulls_away(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    ground.create(kind, &name, json!({"labels": {"a": "1", "b": "1", "c": "1"}})).await;
    let patch = json!({"metadata": {"labels": {"a": null, "b": "2", "d": "2", "e": null}}});
    let patched = ground.merge(&ground.one(kind, &name), &patch).await;
    assert_eq!((patched.code, &patched.body["metadata"]["labels"]), (200, &json!({"b": "2", "c": "1", "d": "2"})));
}

pub async fn a_json_patch_does_all_or_nothing(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let created = ground.create(kind, &name, json!({"labels": {"a": "1"}})).await;
    let path = ground.one(kind, &name);
    let patch = json!([
        {"op": "replace", "path": "/metadata/labels/a", "value": "2"},
        {"op": "test", "path": "/metadata/labels/a", "value": "3"},
    ]);
    let refused = ground.ask("PATCH", &path, Some(("application/json-patch+json", &patch))).await;
    let message = "the server rejected our request due to an error in our request";
    assert_eq!(refused.body, failure(422, "Invalid", message, json!({})));
    assert_eq!(ground.get(&path).await.body, created);
    let patch = json!([
        {"op": "test", "path": "/metadata/labels/a", "value": "1"},
        {"op": "move", "from": "/metadata/labels/a", "path": "/metadata/labels/b"},
    ]);
    let patched = ground.ask("PATCH", &path, Some(("application/json-patch+json", &patch))).await;
    assert_eq!((patched.code, &patched.body["metadata"]["labels"]), (200, &json!({"b": "1"})));
}

pub async fn a_strategic_patch_merges_maps(ground: Ground) {
    let name = ground.name();
    let mut object = CONFIG_MAPS.object(&name, json!({}));
    object["data"] = json!({"a": "1", "b": "1"});
    ground.post(&ground.all(&CONFIG_MAPS), &object).await;
    let patch = json!({"data": {"$patch": "replace", "c": "1"}, "metadata": {"labels": {"d": "1"}}});
    let path = ground.one(&CONFIG_MAPS, &name);
    let patched = ground.ask("PATCH", &path, Some(("application/strategic-merge-patch+json", &patch))).await;
    assert_eq!((patched.code, &patched.body["data"]), (200, &json!({"c": "1"})));
    assert_eq!(patched.body["metadata"]["labels"], json!({"d": "1"}));
}

pub async fn a_patch_of_another_version_conflicts(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let created = ground.create(kind, &name, json!({})).await;
    let path = ground.one(kind, &name);
    let version = &created["metadata"]["resourceVersion"];
    let patch = |value: &str| json!({"metadata": {"resourceVersion": version, "labels": {"a": value}}});
    assert_eq!(ground.merge(&path, &patch("1")).await.code, 200);
    let message = format!(
        "Operation cannot be fulfilled on {} {name:?}: the object has been modified; please apply your changes to the \
         latest version and try again",
        kind.resource()
    );
    assert_eq!(ground.merge(&path, &patch("2")).await.body, failure(409, "Conflict", &message, kind.details(&name)));
}
