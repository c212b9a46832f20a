//! Merge patches.

use kube::api::Patch;
use serde_json::{Value, json};

use crate::{
    ground::Ground,
    subject::{JSON, MERGE, Subject, status},
};

pub async fn members_are_set_nulls_remove_and_the_rest_stays(ground: Ground) {
    let subject = Subject::any(ground, &json!({"data": {"a": "1", "b": "2"}})).await;
    let before = subject.now().await;
    let patch =
        Patch::Merge(json!({"data": {"a": null, "c": "3"}, "metadata": {"labels": {"new": "yes", "no": null}}}));
    let patched = subject.patch(&patch).await.unwrap();
    let expected = json!({"data": {"a": null, "b": "2", "c": "3"}, "metadata": {"labels": {"new": "yes"}}});
    assert_eq!(patched, subject.now().await);
    assert_eq!(patched, subject.since(&before, &expected).await);
    assert_eq!(subject.now().await["data"], json!({"b": "2", "c": "3"}));
}

pub async fn lists_are_replaced_and_new_maps_come_without_nulls(ground: Ground) {
    let spec = json!({"spec": {"crew": ["ann", "bob"], "hold": {"deep": {"x": 1, "y": 2}}}});
    let subject = Subject::custom(ground, &spec).await;
    let patch = json!({"spec": {"crew": ["cid"], "hold": {"deep": {"x": null}, "wide": {"z": null, "w": 0}}}});
    let patched = subject.patch(&Patch::Merge(patch)).await.unwrap();
    assert_eq!(patched["spec"], json!({"crew": ["cid"], "hold": {"deep": {"y": 2}, "wide": {"w": 0}}}));
    assert_eq!(patched, subject.now().await);
}

pub async fn what_is_not_an_object_is_refused(ground: Ground) {
    let subject = Subject::any(ground, &json!({"data": {"a": "1"}})).await;
    let text = "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}";
    assert_eq!(subject.refused(MERGE, "[1]").await, status(400, "BadRequest", text, Value::Null));
    let text = "error decoding patch: unexpected end of JSON input";
    assert_eq!(subject.refused(MERGE, "{").await, status(400, "BadRequest", text, Value::Null));
}

pub async fn unknown_fields_are_warned_of_and_change_nothing(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "1"}})).await;
    let before = subject.now().await;
    let warned = vec![r#"299 - "unknown field \"bogus\"""#.to_owned()];
    let patch = r#"{"bogus": 1}"#;
    assert_eq!(subject.raw(&subject.name, "", MERGE, patch).await, (200, warned.clone(), before.clone()));
    assert_eq!(
        subject.raw(&subject.name, "?fieldValidation=Ignore", MERGE, patch).await,
        (200, Vec::new(), before.clone())
    );
    let slashless = r#"[{"op": "add", "path": "data/bogus", "value": "1"}]"#;
    assert_eq!(subject.raw(&subject.name, "", JSON, slashless).await, (200, warned, before.clone()));
    assert_eq!(subject.now().await, before);
}

pub async fn an_object_keeps_its_name_its_namespace_and_its_uid(ground: Ground) {
    let subject = Subject::any(ground, &json!({})).await;
    let message = format!("the name of the object (other) does not match the name on the URL ({})", subject.name);
    let renamed = subject.refused(MERGE, r#"{"metadata": {"name": "other"}}"#).await;
    assert_eq!(renamed, status(400, "BadRequest", &message, Value::Null));
    let message = "the namespace of the provided object does not match the namespace sent on the request";
    let moved = subject.refused(MERGE, r#"{"metadata": {"namespace": "other"}}"#).await;
    assert_eq!(moved, status(400, "BadRequest", message, Value::Null));
    let flaw = "Invalid value: \"x\": field is immutable";
    let cause = json!({"reason": "FieldValueInvalid", "message": flaw, "field": "metadata.uid"});
    let mut details = subject.kind.details(&subject.name);
    details["kind"] = subject.kind.kind.into();
    details["causes"] = json!([cause, cause]);
    let message = format!("{} {:?} is invalid: metadata.uid: {flaw}", subject.kind.one(), subject.name);
    let swapped = subject.refused(MERGE, r#"{"metadata": {"uid": "x"}}"#).await;
    assert_eq!(swapped, status(422, "Invalid", &message, details));
    let before = subject.now().await;
    let ignored = json!({"metadata": {"uid": null, "creationTimestamp": "2001-01-01T00:00:00Z", "generation": 9}});
    assert_eq!(subject.patch(&Patch::Merge(ignored)).await.unwrap(), before);
}

pub async fn nobody_sets_a_time_of_deletion(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({})).await;
    let patch = r#"{"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z", "deletionGracePeriodSeconds": 5}}"#;
    let (code, refusal) = subject.refused(MERGE, patch).await;
    let message = format!(
        "ConfigMap {:?} is invalid: [metadata.deletionTimestamp: Invalid value: \"2001-01-01T00:00:00Z\": field is \
         immutable, metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable]",
        subject.name
    );
    assert_eq!((code, &refusal["message"]), (422, &json!(message)));
}
