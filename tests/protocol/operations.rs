//! JSON patches: operations, one after the other.

use kube::{Error, api::Patch};
use serde_json::{Value, json};

use crate::{
    ground::Ground,
    subject::{JSON, Subject, operations, rejected, status},
};

pub async fn operations_happen_one_after_the_other(ground: Ground) {
    let subject = Subject::any(ground, &json!({"data": {"a": "1", "b": "2"}})).await;
    let before = subject.now().await;
    let patch = operations(json!([
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "add", "path": "/data/c", "value": "3"},
        {"op": "replace", "path": "/data/b", "value": "9"},
        {"op": "move", "from": "/data/a", "path": "/data/z"},
        {"op": "copy", "from": "/data/c", "path": "/data/d~1e"},
        {"op": "remove", "path": "/data/d~1e"},
        {"op": "copy", "from": "/data/c", "path": "/data/d"},
    ]));
    let patched = subject.patch(&patch).await.unwrap();
    assert_eq!(patched["data"], json!({"b": "9", "c": "3", "d": "3", "z": "1"}));
    assert_eq!(patched, subject.now().await);
    assert_eq!(
        patched,
        subject.since(&before, &json!({"data": {"a": null, "b": "9", "c": "3", "d": "3", "z": "1"}})).await
    );
}

pub async fn what_fails_is_rejected_without_a_word_and_changes_nothing(ground: Ground) {
    let subject = Subject::any(ground, &json!({"data": {"a": "1"}})).await;
    for patch in [
        json!([{"op": "replace", "path": "/data/a", "value": "9"}, {"op": "test", "path": "/data/a", "value": "2"}]),
        json!([{"op": "test", "path": "/data/z", "value": "2"}]),
        json!([{"op": "remove", "path": "/data/z"}]),
        json!([{"op": "add", "path": "/none/z", "value": "1"}]),
        json!([{"op": "frob", "path": "/data/z", "value": "1"}]),
        json!([{"op": "move", "from": "/data/z", "path": "/data/y"}]),
        json!([{"op": "add", "value": "1"}]),
        json!([{"op": "test", "path": "/metadata/resourceVersion", "value": "0"}]),
    ] {
        assert_eq!(subject.refused(JSON, &patch.to_string()).await, rejected(), "{patch}");
    }
    let Err(Error::Api(refusal)) = subject.patch(&operations(json!([{"op": "remove", "path": "/none"}]))).await else {
        panic!("there is nothing to remove");
    };
    assert_eq!((refusal.code, &*refusal.reason), (422, "Invalid"));
    assert_eq!(subject.now().await["data"], json!({"a": "1"}));
}

pub async fn the_ways_of_the_server_differ_from_the_standard(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "1"}})).await;
    let body = json!([
        {"op": "test", "path": "/data/none", "value": null},
        {"op": "test", "path": "/data/none"},
        {"op": "replace", "path": "/data/new", "value": "2"},
        {"op": "copy", "from": "/data/none", "path": "/data/empty"},
        {"op": "add", "path": "/data/nothing"},
        {"op": "add", "path": "/metadata/finalizers", "value": ["sea.example/a", "sea.example/b"]},
        {"op": "remove", "path": "/metadata/finalizers/-1"},
    ]);
    let (code, warnings, patched) = subject.raw(&subject.name, "", JSON, &body.to_string()).await;
    assert_eq!((code, warnings), (200, Vec::new()));
    assert_eq!(patched["data"], json!({"a": "1", "empty": "", "new": "2", "nothing": ""}));
    assert_eq!(patched["metadata"]["finalizers"], json!(["sea.example/a"]));
    assert_eq!(patched, subject.now().await);
}

pub async fn what_is_no_list_and_what_is_too_long_is_refused(ground: Ground) {
    let subject = Subject::any(ground, &json!({"data": {"a": "1"}})).await;
    let text = "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp";
    assert_eq!(subject.refused(JSON, r#"{"op": "add"}"#).await, status(400, "BadRequest", text, Value::Null));
    let operation = json!({"op": "add", "path": "/data/a", "value": "1"});
    let text = "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001";
    let patch = Value::from(vec![operation; 10_001]).to_string();
    assert_eq!(subject.refused(JSON, &patch).await, status(413, "RequestEntityTooLarge", text, Value::Null));
}

pub async fn an_empty_map_vanishes_and_nothing_can_be_added_below(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "1"}})).await;
    let before = subject.now().await;
    let patched = subject.patch(&operations(json!([{"op": "remove", "path": "/data/a"}]))).await.unwrap();
    assert_eq!(patched, subject.since(&before, &json!({"data": null})).await);
    let add = json!([{"op": "add", "path": "/data/a", "value": "1"}]).to_string();
    assert_eq!(subject.refused(JSON, &add).await, rejected());
    let whole = operations(json!([{"op": "add", "path": "/data", "value": {"a": "1"}}]));
    assert_eq!(subject.patch(&whole).await.unwrap(), subject.since(&before, &json!({"data": {"a": "1"}})).await);
    assert_eq!(subject.now().await["data"], json!({"a": "1"}));
    subject.patch(&Patch::Merge(json!({"data": null}))).await.unwrap();
    assert_eq!(subject.now().await["data"], Value::Null);
}

pub async fn what_comes_out_is_validated(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "1"}})).await;
    let patch = operations(json!([{"op": "copy", "from": "/data/a", "path": "/data/c~1d"}]));
    let refusal = subject.refusal(&patch).await;
    assert_eq!((&refusal["code"], &refusal["details"]["causes"][0]["field"]), (&json!(422), &json!("data[c/d]")));
    assert_eq!(subject.now().await["data"], json!({"a": "1"}));
}
