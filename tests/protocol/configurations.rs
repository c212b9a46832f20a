//! Configurations that are applied: what they make of an object, and which are refused.

use serde_json::{Value, json};

use crate::{
    ground::{Ground, text},
    kinds::DEPLOYMENTS,
    owners::{APPLY, Map, owned, owner},
    support::failure,
};

pub async fn the_first_creates_and_owns_what_it_says_but_no_maps_around_it(ground: Ground) {
    let map = Map::new(ground);
    let created = map.apply("fieldManager=rake", json!({"soil": "peat", "pot": "clay"})).await;
    let rake = owner("rake", "Apply", json!({"f:data": {"f:pot": {}, "f:soil": {}}}));
    let expected = map.object(json!({"soil": "peat", "pot": "clay"}), &[rake]).await;
    assert_eq!((created.code, owned(created.body)), (201, expected.clone()));
    assert_eq!(owned(map.now().await), expected);
}

pub async fn who_forces_owns_alone_what_it_says(ground: Ground) {
    let map = Map::new(ground);
    map.apply("fieldManager=rake", json!({"soil": "peat", "pot": "clay", "shared": "yes"})).await;
    let data = json!({"soil": "sand", "light": "dim", "shared": "yes"});
    let refused = map.apply("fieldManager=hose", data.clone()).await;
    let why = "conflict with \"rake\"";
    let cause = json!({"reason": "FieldManagerConflict", "message": why, "field": ".data.soil"});
    let message = format!("Apply failed with 1 conflict: {why}: .data.soil");
    assert_eq!(refused.body, failure(409, "Conflict", &message, json!({"causes": [cause]})));
    let forced = map.apply("fieldManager=hose&force=true", data).await;
    let hose = owner("hose", "Apply", json!({"f:data": {"f:light": {}, "f:shared": {}, "f:soil": {}}}));
    let rake = owner("rake", "Apply", json!({"f:data": {"f:pot": {}, "f:shared": {}}}));
    let data = json!({"soil": "sand", "pot": "clay", "light": "dim", "shared": "yes"});
    assert_eq!((forced.code, owned(forced.body)), (200, map.object(data, &[hose, rake]).await));
}

pub async fn a_dry_run_answers_and_stores_nothing(ground: Ground) {
    let map = Map::new(ground);
    let tried = map.apply("fieldManager=rake&dryRun=All", json!({"soil": "peat"})).await;
    let rake = owner("rake", "Apply", json!({"f:data": {"f:soil": {}}}));
    let mut tried = (tried.code, owned(tried.body));
    let metadata = tried.1["metadata"].as_object_mut().expect("metadata");
    assert!(metadata.remove("uid").is_some() && metadata.remove("creationTimestamp").is_some());
    let mut expected = map.configuration(json!({"soil": "peat"}));
    expected["metadata"]["namespace"] = map.ground.namespace.as_str().into();
    expected["metadata"]["managedFields"] = json!([rake]);
    assert_eq!(tried, (201, expected));
    assert_eq!(map.now().await["code"], 404);
}

pub async fn they_are_yaml(ground: Ground) {
    let map = Map::new(ground);
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {:?}}}\ndata:\n  a: '1'\n", map.name);
    let path = format!("{}?fieldManager=rake", map.path());
    let applied = map.ground.ask_text("PATCH", &path, &[("Content-Type", APPLY)], &text).await;
    assert_eq!((applied.code, &applied.body["data"]), (201, &json!({"a": "1"})));
}

pub async fn what_held_an_object_goes_with_it_when_nobody_says_it_any_more(ground: Ground) {
    let map = Map::new(ground);
    let mut held = map.configuration(json!({}));
    held["metadata"]["finalizers"] = json!(["garden.example/frost"]);
    map.ask("PATCH", "fieldManager=rake", &[("Content-Type", APPLY)], &held).await;
    let marked = map.ground.delete(&map.path()).await;
    assert!(marked.body["metadata"]["deletionTimestamp"].is_string(), "{marked:?}");
    assert_eq!(map.apply("fieldManager=rake", json!({})).await.code, 200);
    assert_eq!(map.now().await["code"], 404);
}

pub async fn they_say_what_they_are_about(ground: Ground) {
    let map = Map::new(ground);
    let (name, whole) = (&map.name, map.configuration(json!({"a": "1"})));
    let with = |field: &str, value: Value| {
        let mut object = whole.clone();
        object[field] = value;
        object
    };
    let about = |field: &str, value: Value| {
        let mut metadata = json!({"name": name});
        metadata[field] = value;
        with("metadata", metadata)
    };
    let typed = |why: &str| format!("failed to create typed patch object (/{name}; /v1, Kind=ConfigMap): {why}");
    let no_map = "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into \
                  Go value of type map[string]interface {}";
    let uid = format!(
        "Operation cannot be fulfilled on configmaps {name:?}: uid mismatch: the provided object specified uid 7d0, and \
         no existing object was found"
    );
    let elsewhere = "the namespace of the provided object does not match the namespace sent on the request";
    let renamed = format!("the name of the object (other) does not match the name on the URL ({name})");
    let nameless = format!("the name of the object ({name} based on URL) was undeterminable: name must be provided");
    for (configuration, code, message) in [
        (json!({}), 400, "invalid object type: /, Kind=".to_owned()),
        (json!([1]), 400, no_map.to_owned()),
        (with("apiVersion", json!("apps/v1")), 400, "invalid object type: apps/v1, Kind=ConfigMap".to_owned()),
        (with("kind", json!("Secret")), 400, "invalid object type: /v1, Kind=Secret".to_owned()),
        (about("managedFields", json!([{"manager": "x"}])), 400, "metadata.managedFields must be nil".to_owned()),
        (about("name", json!("other")), 400, renamed),
        (about("name", json!(null)), 400, nameless),
        (about("namespace", json!("other")), 400, elsewhere.to_owned()),
        (about("uid", json!("7d0")), 409, uid),
        (with("wings", json!(2)), 500, typed(".wings: field not declared in schema")),
        (with("data", json!({"a": 1})), 500, typed(".data.a: expected string, got &value.valueUnstructured{Value:1}")),
    ] {
        let refused = map.refused("fieldManager=rake", &configuration).await;
        assert_eq!(refused, (code, message), "{configuration}");
    }
}

pub async fn versions_and_uids_must_be_those_of_the_object(ground: Ground) {
    let map = Map::new(ground);
    map.apply("fieldManager=rake", json!({"a": "1"})).await;
    let name = &map.name;
    let mut stale = map.configuration(json!({"a": "2"}));
    stale["metadata"]["resourceVersion"] = json!("1");
    let why = format!(
        "Operation cannot be fulfilled on configmaps {name:?}: the object has been modified; please apply your changes to \
         the latest version and try again"
    );
    assert_eq!(map.refused("fieldManager=rake", &stale).await, (409, why));
    let mut other = map.configuration(json!({"a": "2"}));
    other["metadata"]["uid"] = json!("7d0");
    let refused = map.ask("PATCH", "fieldManager=rake", &[("Content-Type", APPLY)], &other).await;
    // The server looks twice, and says it once.
    let flaw = "Invalid value: \"7d0\": field is immutable";
    let cause = json!({"reason": "FieldValueInvalid", "message": flaw, "field": "metadata.uid"});
    let message = format!("ConfigMap {name:?} is invalid: metadata.uid: {flaw}");
    let details = json!({"name": name, "kind": "ConfigMap", "causes": [cause, cause]});
    assert_eq!(refused.body, failure(422, "Invalid", &message, details));
}

pub async fn they_need_a_manager_and_are_no_cbor(ground: Ground) {
    let map = Map::new(ground);
    map.apply("fieldManager=rake", json!({"a": "1"})).await;
    let whole = map.configuration(json!({}));
    let invalid = |why: &str| (422, format!("PatchOptions.meta.k8s.io \"\" is invalid: {why}"));
    let nobody = "fieldManager: Required value: is required for apply patch";
    assert_eq!(map.refused("", &whole).await, invalid(nobody));
    let several = "[fieldManager: Required value: is required for apply patch, dryRun: Unsupported value: [\"x\"]: \
                   supported values: \"All\", fieldValidation: Unsupported value: \"y\": supported values: \"\", \
                   \"Ignore\", \"Strict\", \"Warn\"]";
    assert_eq!(map.refused("dryRun=x&fieldValidation=y", &whole).await, invalid(several));
    let headers = [("Content-Type", "application/apply-patch+cbor")];
    assert_eq!(map.ask("PATCH", "fieldManager=rake", &headers, &whole).await.code, 415);
}

pub async fn items_come_in_the_order_of_who_applied_last(ground: Ground) {
    let name = ground.name();
    let apply = async |manager: &str, names: &[&str]| {
        let containers: Vec<_> = names.iter().map(|name| json!({"name": name, "image": "i"})).collect();
        let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}});
        let mut object = DEPLOYMENTS.object(&name, json!({}));
        object["spec"] = json!({"selector": {"matchLabels": {"a": "b"}}, "template": template});
        let path = format!("{}?fieldManager={manager}", ground.one(&DEPLOYMENTS, &name));
        let applied = ground.ask("PATCH", &path, Some((APPLY, &object))).await.body;
        let containers = applied["spec"]["template"]["spec"]["containers"].as_array().expect("containers").clone();
        containers.iter().map(|container| text(&container["name"])).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(apply("rake", &["a", "b", "c"]).await, "a b c");
    assert_eq!(apply("hose", &["x", "c", "y", "a"]).await, "b x c y a");
    assert_eq!(apply("rake", &["b", "a", "c"]).await, "b x y a c");
    assert_eq!(apply("rake", &["c", "b"]).await, "x y a c b");
}
