//! Patches of any kind.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
    runtime::{
        controller::Action,
        finalizer::{self, finalizer},
    },
};
use serde_json::{Value, json};

use crate::{
    ground::{Ground, text},
    kinds::{LEASES, SECRETS},
    subject::{MERGE, STRATEGIC, Subject, operations, status, without_owners},
    support::merge,
};

fn immutable(subject: &Subject, field: &str) -> (u16, Value) {
    let flaw = "Forbidden: field is immutable when `immutable` is set";
    let cause = json!({"reason": "FieldValueForbidden", "message": flaw, "field": field});
    let message = format!("ConfigMap {:?} is invalid: {field}: {flaw}", subject.name);
    status(422, "Invalid", &message, json!({"name": subject.name, "kind": "ConfigMap", "causes": [cause]}))
}

fn unknown_format(accepted: &str) -> (u16, Value) {
    let message =
        format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
    status(415, "UnsupportedMediaType", &message, Value::Null)
}

pub async fn built_in_kinds_refuse_what_is_no_patch(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({})).await;
    let bare = status(415, "UnsupportedMediaType", "415: Unsupported Media Type", json!({}));
    for media_type in ["application/json", "text/plain", ""] {
        assert_eq!(subject.refused(media_type, "{}").await, bare, "{media_type}");
    }
    let (code, _, _) = subject.raw(&subject.name, "", "application/merge-patch+json; charset=utf-8", "{}").await;
    assert_eq!(code, 200);
}

pub async fn custom_kinds_know_no_strategic_merge_patch(ground: Ground) {
    let subject = Subject::custom(ground, &json!({"spec": {"n": 1}})).await;
    let accepted = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
    for media_type in [STRATEGIC, "application/json", "text/plain"] {
        assert_eq!(subject.refused(media_type, r#"{"spec": {"n": 3}}"#).await, unknown_format(accepted));
    }
}

pub async fn a_stale_version_conflicts_the_current_one_and_none_do_not(ground: Ground) {
    let subject = Subject::any(ground, &json!({"data": {"a": "1"}})).await;
    let stale = subject.now().await["metadata"]["resourceVersion"].clone();
    subject.patch(&Patch::Merge(json!({"data": {"a": "2"}}))).await.unwrap();
    let old = json!({"metadata": {"resourceVersion": stale}, "data": {"a": "3"}}).to_string();
    let resource = subject.kind.resource();
    let message = format!(
        "Operation cannot be fulfilled on {resource} {:?}: the object has been modified; please apply your changes \
         to the latest version and try again",
        subject.name
    );
    let details = subject.kind.details(&subject.name);
    assert_eq!(subject.refused(MERGE, &old).await, status(409, "Conflict", &message, details));
    let before = subject.now().await;
    let current = before["metadata"]["resourceVersion"].clone();
    let new = json!({"metadata": {"resourceVersion": current}, "data": {"a": "4"}});
    let patched = subject.patch(&Patch::Merge(new)).await.unwrap();
    assert_eq!(patched, subject.since(&before, &json!({"data": {"a": "4"}})).await);
}

pub async fn what_is_not_there_is_not_found_whatever_the_patch(ground: Ground) {
    let subject = Subject::any(ground, &json!({})).await;
    let (code, _, refusal) = subject.raw("none", "", MERGE, "[1]").await;
    let resource = subject.kind.resource();
    assert_eq!((code, &refusal["message"]), (404, &json!(format!("{resource} \"none\" not found"))));
    let leases = Subject::new(LEASES, subject.ground, &json!({"spec": {"holderIdentity": "a"}})).await;
    assert_eq!(leases.raw("none", "", MERGE, "{}").await.0, 404);
    let before = leases.now().await;
    let renewed = leases.patch(&Patch::Merge(json!({"spec": {"holderIdentity": "b"}}))).await.unwrap();
    assert_eq!(renewed, leases.since(&before, &json!({"spec": {"holderIdentity": "b"}})).await);
}

pub async fn no_change_no_event_and_one_event_for_a_change(ground: Ground) {
    let subject = Subject::any(ground, &json!({"data": {"a": "1"}})).await;
    let before = subject.now().await;
    let mut watch = subject.watch().await;
    for patch in [
        operations(json!([])),
        operations(json!([{"op": "replace", "path": "/data/a", "value": "1"}])),
        Patch::Merge(json!({})),
        Patch::Merge(json!({"data": {"a": "1", "none": null}})),
    ] {
        assert_eq!(subject.patch(&patch).await.unwrap(), before);
    }
    let patched = subject.patch(&Patch::Merge(json!({"data": {"a": "2"}}))).await.unwrap();
    subject.ground.delete(&subject.path()).await;
    let [first, second] = [watch.next().await.expect("a change"), watch.next().await.expect("a deletion")];
    assert_eq!([text(&first["type"]), text(&second["type"])], ["MODIFIED", "DELETED"]);
    assert_eq!(without_owners(first["object"].clone()), patched);
}

pub async fn a_dry_run_answers_and_stores_nothing(ground: Ground) {
    let subject = Subject::any(ground, &json!({"data": {"a": "1"}})).await;
    let before = subject.now().await;
    let parameters = PatchParams { dry_run: true, ..PatchParams::default() };
    let patch = Patch::Merge(json!({"data": {"a": "2"}}));
    let tried = subject.api().patch(&subject.name, &parameters, &patch).await.unwrap();
    let expected = subject.since(&before, &json!({"data": {"a": "2"}})).await;
    assert_eq!(without_owners(serde_json::to_value(tried).unwrap()), expected);
    assert_eq!(subject.now().await, before);
}

pub async fn options_are_checked(ground: Ground) {
    let subject = Subject::any(ground, &json!({})).await;
    for (parameters, why) in [
        ("?force=true", "force: Forbidden: may not be specified for non-apply patch"),
        ("?dryRun=Some", "dryRun: Unsupported value: [\"Some\"]: supported values: \"All\""),
        (
            "?fieldValidation=Loud",
            "fieldValidation: Unsupported value: \"Loud\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
        ),
    ] {
        let (code, _, refusal) = subject.raw(&subject.name, parameters, MERGE, "{}").await;
        let message = format!("PatchOptions.meta.k8s.io \"\" is invalid: {why}");
        assert_eq!((code, &refusal["message"]), (422, &json!(message)));
    }
}

pub async fn what_is_immutable_keeps_its_data_but_not_its_labels(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "1"}, "immutable": true})).await;
    assert_eq!(subject.refused(MERGE, r#"{"data": {"a": "2"}}"#).await, immutable(&subject, "data"));
    assert_eq!(subject.refused(MERGE, r#"{"immutable": false}"#).await, immutable(&subject, "immutable"));
    let before = subject.now().await;
    let labels = json!({"metadata": {"labels": {"a": "b"}}});
    assert_eq!(subject.patch(&Patch::Merge(labels.clone())).await.unwrap(), subject.since(&before, &labels).await);
    assert_eq!(subject.now().await["metadata"]["labels"], json!({"a": "b"}));
}

pub async fn secrets_take_plain_text_and_refuse_what_is_not_base64(ground: Ground) {
    let subject = Subject::new(SECRETS, ground, &json!({"data": {"p": "dw=="}})).await;
    let before = subject.now().await;
    let patched = subject.patch(&Patch::Merge(json!({"stringData": {"q": "z"}}))).await.unwrap();
    assert_eq!(patched, subject.since(&before, &json!({"data": {"p": "dw==", "q": "eg=="}})).await);
    let refusal = subject.refusal(&Patch::Merge(json!({"data": {"q": "not base64!"}}))).await;
    assert_eq!((&refusal["code"], &refusal["details"]["causes"][0]["field"]), (&json!(422), &json!("patch")));
    let (_, refusal) = subject.refused(MERGE, r#"{"type": "x/y"}"#).await;
    let message = format!("Secret {:?} is invalid: type: Invalid value: \"x/y\": field is immutable", subject.name);
    assert_eq!(refusal["message"], message.as_str());
}

async fn held(ground: Ground) -> Subject {
    Subject::any(ground, &json!({"metadata": {"finalizers": ["sea.example/x"]}, "data": {"a": "1"}})).await
}

pub async fn the_patch_that_removes_the_last_finalizer_ends_the_object(ground: Ground) {
    let subject = held(ground).await;
    subject.api().delete(&subject.name, &DeleteParams::default()).await.unwrap();
    let before = subject.now().await;
    let changed = subject.patch(&Patch::Merge(json!({"data": {"a": "2"}}))).await.unwrap();
    assert_eq!(changed, subject.since(&before, &json!({"data": {"a": "2"}})).await);
    let last = subject.now().await;
    let mut watch = subject.watch().await;
    let answer = subject.patch(&Patch::Merge(json!({"metadata": {"finalizers": null}}))).await.unwrap();
    let mut expected = last.clone();
    merge(&mut expected, &json!({"metadata": {"finalizers": null}}));
    assert_eq!(answer, expected);
    let seen = watch.next().await.expect("a deletion");
    let mut expected = last;
    // It is that of the deletion.
    expected["metadata"]["resourceVersion"] = seen["object"]["metadata"]["resourceVersion"].clone();
    assert_eq!((text(&seen["type"]), without_owners(seen["object"].clone())), ("DELETED".to_owned(), expected));
    assert_eq!(subject.api().get_opt(&subject.name).await.unwrap(), None);
}

pub async fn a_terminating_object_takes_no_new_finalizers(ground: Ground) {
    let subject = held(ground).await;
    subject.api().delete(&subject.name, &DeleteParams::default()).await.unwrap();
    let patch = Patch::Merge(json!({"metadata": {"finalizers": ["sea.example/x", "sea.example/y"]}}));
    let refusal = subject.refusal(&patch).await;
    let why = "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found \
               new finalizers []string{\"sea.example/y\"}";
    assert_eq!(refusal["code"], 422);
    assert!(refusal["message"].as_str().unwrap().ends_with(&format!("is invalid: {why}")), "{refusal}");
}

pub async fn the_finalizer_of_kube_comes_and_goes(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "1"}})).await;
    let api: Api<ConfigMap> = Api::namespaced(subject.ground.client.clone(), &subject.ground.namespace);
    let reconcile = async || {
        let object = Arc::new(api.get(&subject.name).await.unwrap());
        let seen = std::sync::Mutex::new(None);
        let note = |event: finalizer::Event<ConfigMap>| {
            *seen.lock().unwrap() = Some(matches!(event, finalizer::Event::Cleanup(_)));
            async { Ok::<_, std::convert::Infallible>(Action::await_change()) }
        };
        finalizer(&api, "sea.example/anchor", object, note).await.unwrap();
        seen.into_inner().unwrap()
    };
    assert_eq!(reconcile().await, None);
    assert_eq!(subject.now().await["metadata"]["finalizers"], json!(["sea.example/anchor"]));
    assert_eq!(reconcile().await, Some(false));
    api.delete(&subject.name, &DeleteParams::default()).await.unwrap();
    assert_eq!(reconcile().await, Some(true));
    assert_eq!(api.get_opt(&subject.name).await.unwrap(), None);
}

pub async fn what_a_patch_says_twice_is_told_or_refused(ground: Ground) {
    let subject = Subject::any(ground, &json!({})).await;
    let patch = r#"{"metadata": {"labels": {"a": "1", "a": "2"}}}"#;
    let twice = "duplicate field \"metadata.labels.a\"";
    let (code, _, status) = subject.raw(&subject.name, "?fieldValidation=Strict", MERGE, patch).await;
    assert_eq!(code, 422);
    let message = text(&status["message"]);
    assert!(message.ends_with(&format!(": strict decoding error: {twice}")), "{message}");
    let (code, warnings, patched) = subject.raw(&subject.name, "", MERGE, patch).await;
    assert_eq!((code, &patched["metadata"]["labels"]), (200, &json!({"a": "2"})));
    assert_eq!(warnings, ["299 - \"duplicate field \\\"metadata.labels.a\\\"\""]);
    assert_eq!(subject.raw(&subject.name, "?fieldValidation=Ignore", MERGE, patch).await.1, [""; 0]);
}
