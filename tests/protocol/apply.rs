//! Server-side apply.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground},
    kinds::{CONFIG_MAPS, Kind},
    support::failure,
};

async fn apply(ground: &Ground, kind: &Kind, name: &str, query: &str, metadata: Value) -> Answer {
    let path = format!("{}?{query}", ground.one(kind, name));
    ground.ask("PATCH", &path, Some(("application/apply-patch+yaml", &kind.object(name, metadata)))).await
}

pub async fn what_is_applied_again_changes_nothing(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let labels = json!({"labels": {"a": "1"}});
    let first = apply(&ground, kind, &name, "fieldManager=one", labels.clone()).await;
    assert_eq!((first.code, &first.body["metadata"]["labels"]), (201, &labels["labels"]));
    let again = apply(&ground, kind, &name, "fieldManager=one", labels).await;
    assert_eq!((again.code, again.body), (200, first.body));
}

pub async fn what_is_no_longer_applied_is_removed(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    apply(&ground, kind, &name, "fieldManager=one", json!({"labels": {"a": "1", "b": "1"}})).await;
    apply(&ground, kind, &name, "fieldManager=two", json!({"labels": {"b": "1", "c": "1"}})).await;
    let left = apply(&ground, kind, &name, "fieldManager=one", json!({"labels": {}})).await;
    assert_eq!(left.body["metadata"]["labels"], json!({"b": "1", "c": "1"}));
}

pub async fn another_owner_is_asked_by_force_only(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    apply(&ground, kind, &name, "fieldManager=one", json!({"labels": {"a": "1"}})).await;
    let refused = apply(&ground, kind, &name, "fieldManager=two", json!({"labels": {"a": "2"}})).await;
    let (owner, field) = ("conflict with \"one\"", ".metadata.labels.a");
    let cause = json!({"reason": "FieldManagerConflict", "message": owner, "field": field});
    let message = format!("Apply failed with 1 conflict: {owner}: {field}");
    assert_eq!(refused.body, failure(409, "Conflict", &message, json!({"causes": [cause]})));
    let forced = apply(&ground, kind, &name, "fieldManager=two&force=true", json!({"labels": {"a": "2"}})).await;
    assert_eq!((forced.code, &forced.body["metadata"]["labels"]), (200, &json!({"a": "2"})));
    let owners: Vec<&Value> = forced.body["metadata"]["managedFields"]
        .as_array()
        .expect("owners")
        .iter()
        .map(|entry| &entry["manager"])
        .collect();
    assert_eq!(owners, ["two"]);
}

pub async fn updates_take_fields_from_who_applied_them(ground: Ground) {
    let name = ground.name();
    let kind = &CONFIG_MAPS;
    apply(&ground, kind, &name, "fieldManager=one", json!({"labels": {"a": "1"}, "annotations": {"b": "1"}})).await;
    let path = format!("{}?fieldManager=two", ground.one(kind, &name));
    let updated = ground.merge(&path, &json!({"metadata": {"labels": {"a": "2"}}})).await;
    let owned: Vec<(&Value, &Value, &Value)> = updated.body["metadata"]["managedFields"]
        .as_array()
        .expect("owners")
        .iter()
        .map(|entry| (&entry["manager"], &entry["operation"], &entry["fieldsV1"]))
        .collect();
    let expected = [
        ("one", "Apply", json!({"f:metadata": {"f:annotations": {"f:b": {}}}})),
        ("two", "Update", json!({"f:metadata": {"f:labels": {"f:a": {}}}})),
    ];
    let expected = expected.map(|(manager, operation, fields)| (json!(manager), json!(operation), fields));
    assert_eq!(owned, expected.each_ref().map(|(manager, operation, fields)| (manager, operation, fields)));
}
