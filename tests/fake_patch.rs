//! Patches of the fake API server, as far as only the fake can be asked: its log, its faults, its door, and the words
//! about an object that nobody owns. What a real server does too is in `tests/protocol`.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error,
    api::{Patch, PatchParams},
};
use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::{Value, json};

mod support;

use support::{
    config_map, failure,
    http::{CONFIG_MAPS, send},
};

const MERGE: &str = "application/merge-patch+json";

#[tokio::test]
async fn what_cannot_be_decoded_is_shown_as_a_whole() {
    let cluster = FakeCluster::new();
    let created = cluster.create(config_map("x", "1")).unwrap();
    let metadata = &created["metadata"];
    let shown = |head: &str, tail: &str| {
        format!(
            r#"{{"apiVersion":"v1",{head},"kind":"{tail}","metadata":{{"name":"x","namespace":"default","uid":{},"resourceVersion":{},"creationTimestamp":{}}}}}"#,
            metadata["uid"], metadata["resourceVersion"], metadata["creationTimestamp"],
        )
    };
    let number = "json: cannot unmarshal number into Go struct field ConfigMap.data of type string";
    let base64 = "illegal base64 data at input byte 0";
    let strict = "strict decoding error: unknown field \"bogus\"";
    for (parameters, patch, patched, why) in [
        ("", r#"{"data": {"a": 5}}"#, shown(r#""data":{"a":5}"#, "ConfigMap"), number),
        ("", r#"{"kind": "Secret"}"#, shown(r#""data":{"a":"1"}"#, "Secret"), base64),
        ("?fieldValidation=Strict", r#"{"bogus": 1}"#, shown(r#""bogus":1,"data":{"a":"1"}"#, "ConfigMap"), strict),
    ] {
        let path = format!("{CONFIG_MAPS}/x{parameters}");
        let answer = send(&cluster, "PATCH", &path, &[("content-type", MERGE)], patch).await;
        let flaw = format!("Invalid value: {patched:?}: {why}");
        let cause = json!({"reason": "FieldValueInvalid", "message": flaw, "field": "patch"});
        let message = format!(" \"\" is invalid: patch: {flaw}");
        assert_eq!(answer.json(), failure(422, "Invalid", &message, json!({"causes": [cause]})));
    }
    assert_eq!(cluster.get("ConfigMap", "default", "x").unwrap(), created);
}

#[tokio::test]
async fn the_log_and_faults_know_patches() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("x", "1")).unwrap();
    let api: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    cluster.fault(Fault::on("patch").resource("configmaps").name("x").times(1).status(503));
    let patch = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
    let Err(Error::Api(refusal)) = api.patch("x", &PatchParams::default(), &patch).await else { panic!("a refusal") };
    assert_eq!(refusal.code, 503);
    api.patch("x", &PatchParams::default(), &patch).await.unwrap();
    let log = cluster.requests().verb("patch").resource("configmaps").name("x");
    let told: Vec<_> = log.iter().map(|request| (request.content_type.as_deref(), request.answered)).collect();
    assert_eq!(told, [(Some(MERGE), Some(503)), (Some(MERGE), Some(200))]);
}

#[tokio::test]
async fn the_door_patches_as_the_server_does() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("x", "1")).unwrap();
    let patch = |name: &str, patch: &Patch<Value>| cluster.patch("ConfigMap", "default", name, patch);
    let now = || cluster.get("ConfigMap", "default", "x").unwrap();
    let remove = Patch::Json(serde_json::from_value(json!([{"op": "remove", "path": "/data/a"}])).unwrap());
    assert_eq!(patch("x", &Patch::Merge(json!({"data": {"b": "2"}}))).unwrap(), now());
    assert_eq!(patch("x", &remove).unwrap(), now());
    assert_eq!(now()["data"], json!({"b": "2"}));
    assert_eq!(patch("x", &remove).unwrap_err().code, 422);
    assert_eq!(patch("none", &Patch::Merge(json!({}))).unwrap_err().code, 404);
}
