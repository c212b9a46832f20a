//! The fake API server patches as a real one does: what changes, what is refused, and in which words.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use http::Request;
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, WatchEvent, WatchParams},
    runtime::{
        controller::Action,
        finalizer::{self, finalizer},
    },
};
use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::Service;

#[path = "store/random.rs"]
mod random;

use random::Random;

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

/// One object of some kind in a namespace of some name.
struct Subject {
    cluster: FakeCluster,
    resource: ApiResource,
    namespace: String,
    name: String,
}

impl Subject {
    /// An object with these fields.
    fn new(resource: ApiResource, random: &mut Random, fields: &Value) -> Self {
        let cluster = FakeCluster::new();
        let (namespace, name) = (random.name().replace('.', "-"), random.name());
        cluster.namespace(&namespace);
        if resource.group.ends_with(".example") {
            let (group, plural) = (&resource.group, &resource.plural);
            let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
            let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
            let definition = json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": format!("{plural}.{group}")},
                "spec": {
                    "group": group, "scope": "Namespaced", "versions": [version],
                    "names": {"plural": plural, "kind": resource.kind},
                },
            });
            cluster.create(definition).unwrap();
        }
        let mut object = json!({
            "apiVersion": resource.api_version, "kind": resource.kind,
            "metadata": {"name": name, "namespace": namespace},
        });
        merge(&mut object, fields);
        cluster.create(object).unwrap();
        Subject { cluster, resource, namespace, name }
    }

    fn config_map(random: &mut Random, fields: &Value) -> Self {
        Subject::new(resource("", "v1", "ConfigMap", "configmaps"), random, fields)
    }

    fn deployment(random: &mut Random, pod: &Value) -> Self {
        let template = json!({"metadata": {"labels": {"app": "a"}}, "spec": pod});
        let spec = json!({"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": template});
        Subject::new(resource("apps", "v1", "Deployment", "deployments"), random, &json!({"spec": spec}))
    }

    fn custom(random: &mut Random, fields: &Value) -> Self {
        let kind = random.pick(&["Boat", "Crane", "Gull"]);
        let group = format!("{}.example", random.pick(&["port", "sea"]));
        Subject::new(resource(&group, "v1", kind, &format!("{}s", kind.to_lowercase())), random, fields)
    }

    /// A kind whose objects have `data`, whatever it is.
    fn any(random: &mut Random, fields: &Value) -> Self {
        if random.percent(50) { Subject::config_map(random, fields) } else { Subject::custom(random, fields) }
    }

    fn api(&self) -> Api<DynamicObject> {
        Api::namespaced_with(self.cluster.client(), &self.namespace, &self.resource)
    }

    fn now(&self) -> Value {
        self.cluster.get(&self.resource.kind, &self.namespace, &self.name).unwrap()
    }

    /// The object of before with these fields, its generation counted on where it has one and something did, and the
    /// newest version of the cluster.
    fn since(&self, before: &Value, fields: &Value) -> Value {
        let mut object = before.clone();
        merge(&mut object, fields);
        if let (Some(generation), true) = (before["metadata"]["generation"].as_i64(), fields.get("data").is_some()) {
            object["metadata"]["generation"] = (generation + 1).into();
        }
        object["metadata"]["resourceVersion"] = self.cluster.revision().to_string().into();
        object
    }

    async fn patch(&self, patch: &Patch<Value>) -> Result<Value, Error> {
        let patched = self.api().patch(&self.name, &PatchParams::default(), patch).await?;
        Ok(serde_json::to_value(patched).unwrap())
    }

    async fn refusal(&self, patch: &Patch<Value>) -> Value {
        let Err(Error::Api(status)) = self.patch(patch).await else { panic!("{patch:?} was not refused") };
        serde_json::to_value(*status).unwrap()
    }

    /// Code, warnings and body of the answer to a PATCH of an object of this name.
    async fn raw(&self, name: &str, parameters: &str, media_type: &str, body: &str) -> (u16, Vec<String>, Value) {
        let ApiResource { api_version, plural, .. } = &self.resource;
        let root = if self.resource.group.is_empty() { "api" } else { "apis" };
        let path = format!("/{root}/{api_version}/namespaces/{}/{plural}/{name}{parameters}", self.namespace);
        let request = Request::patch(path).header("Content-Type", media_type).body(body.to_owned()).unwrap();
        let response = self.cluster.clone().call(request).await.unwrap();
        let code = response.status().as_u16();
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings.map(|warning| warning.to_str().unwrap().to_owned()).collect();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (code, warnings, serde_json::from_slice(&bytes).unwrap())
    }

    async fn refused(&self, media_type: &str, body: &str) -> (u16, Value) {
        let before = self.cluster.revision();
        let (code, _, status) = self.raw(&self.name, "", media_type, body).await;
        assert_eq!(self.cluster.revision(), before);
        (code, status)
    }
}

fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

/// Sets the members of a value, all the way down; null removes.
fn merge(value: &mut Value, fields: &Value) {
    let Value::Object(fields) = fields else {
        *value = fields.clone();
        return;
    };
    for (name, field) in fields {
        match field {
            Value::Null => drop(value.as_object_mut().map(|object| object.remove(name))),
            field => merge(&mut value[name], field),
        }
    }
}

fn operations(operations: Value) -> Patch<Value> {
    Patch::Json(serde_json::from_value(operations).unwrap())
}

fn status(code: u16, reason: &str, message: &str, details: Value) -> (u16, Value) {
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    if !details.is_null() {
        status["details"] = details;
    }
    (code, status)
}

fn rejected() -> (u16, Value) {
    status(422, "Invalid", "the server rejected our request due to an error in our request", json!({}))
}

fn not_fitting(patched: &str, why: &str) -> (u16, Value) {
    let flaw = format!("Invalid value: {patched:?}: {why}");
    let cause = json!({"reason": "FieldValueInvalid", "message": flaw, "field": "patch"});
    status(422, "Invalid", &format!(" \"\" is invalid: patch: {flaw}"), json!({"causes": [cause]}))
}

fn immutable(subject: &Subject, field: &str) -> (u16, Value) {
    let flaw = "Forbidden: field is immutable when `immutable` is set";
    let cause = json!({"reason": "FieldValueForbidden", "message": flaw, "field": field});
    let message = format!("ConfigMap {:?} is invalid: {field}: {flaw}", subject.name);
    status(422, "Invalid", &message, json!({"name": subject.name, "kind": "ConfigMap", "causes": [cause]}))
}

mod merge_patches {
    use super::*;

    #[tokio::test]
    async fn members_are_set_nulls_remove_and_the_rest_stays() {
        let subject = Subject::any(&mut Random::new(), &json!({"data": {"a": "1", "b": "2"}}));
        let before = subject.now();
        let patch =
            Patch::Merge(json!({"data": {"a": null, "c": "3"}, "metadata": {"labels": {"new": "yes", "no": null}}}));
        let patched = subject.patch(&patch).await.unwrap();
        let expected = json!({"data": {"a": null, "b": "2", "c": "3"}, "metadata": {"labels": {"new": "yes"}}});
        assert_eq!(patched, subject.now());
        assert_eq!(patched, subject.since(&before, &expected));
        assert_eq!(subject.now()["data"], json!({"b": "2", "c": "3"}));
    }

    #[tokio::test]
    async fn lists_are_replaced_and_new_maps_come_without_nulls() {
        let spec = json!({"spec": {"crew": ["ann", "bob"], "hold": {"deep": {"x": 1, "y": 2}}}});
        let subject = Subject::custom(&mut Random::new(), &spec);
        let patch = json!({"spec": {"crew": ["cid"], "hold": {"deep": {"x": null}, "wide": {"z": null, "w": 0}}}});
        let patched = subject.patch(&Patch::Merge(patch)).await.unwrap();
        assert_eq!(patched["spec"], json!({"crew": ["cid"], "hold": {"deep": {"y": 2}, "wide": {"w": 0}}}));
        assert_eq!(patched, subject.now());
    }

    #[tokio::test]
    async fn what_is_not_an_object_is_refused() {
        let subject = Subject::any(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let text = "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}";
        assert_eq!(subject.refused(MERGE, "[1]").await, status(400, "BadRequest", text, Value::Null));
        let text = "error decoding patch: unexpected end of JSON input";
        assert_eq!(subject.refused(MERGE, "{").await, status(400, "BadRequest", text, Value::Null));
    }

    #[tokio::test]
    async fn what_cannot_be_decoded_is_shown_as_a_whole() {
        let subject = Subject::config_map(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let metadata = subject.now()["metadata"].clone();
        let shown = |head: &str, tail: &str| {
            let text = |field: &str| metadata[field].as_str().unwrap().to_owned();
            format!(
                r#"{{"apiVersion":"v1",{head},"kind":"{tail}","metadata":{{"name":"{}","namespace":"{}","uid":"{}","resourceVersion":"{}","creationTimestamp":"{}"}}}}"#,
                text("name"),
                text("namespace"),
                text("uid"),
                text("resourceVersion"),
                text("creationTimestamp"),
            )
        };
        let why = "json: cannot unmarshal number into Go struct field ConfigMap.data of type string";
        let expected = not_fitting(&shown(r#""data":{"a":5}"#, "ConfigMap"), why);
        assert_eq!(subject.refused(MERGE, r#"{"data": {"a": 5}}"#).await, expected);
        let expected = not_fitting(&shown(r#""data":{"a":"1"}"#, "Secret"), "illegal base64 data at input byte 0");
        assert_eq!(subject.refused(MERGE, r#"{"kind": "Secret"}"#).await, expected);
        let why = "strict decoding error: unknown field \"bogus\"";
        let expected = not_fitting(&shown(r#""bogus":1,"data":{"a":"1"}"#, "ConfigMap"), why);
        let (code, _, body) = subject.raw(&subject.name, "?fieldValidation=Strict", MERGE, r#"{"bogus": 1}"#).await;
        assert_eq!((code, body), expected);
    }

    #[tokio::test]
    async fn unknown_fields_are_warned_of_and_change_nothing() {
        let subject = Subject::config_map(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let before = subject.now();
        let warned = vec![r#"299 - "unknown field \"bogus\"""#.to_owned()];
        let patch = r#"{"bogus": 1}"#;
        assert_eq!(subject.raw(&subject.name, "", MERGE, patch).await, (200, warned.clone(), before.clone()));
        assert_eq!(
            subject.raw(&subject.name, "?fieldValidation=Ignore", MERGE, patch).await,
            (200, Vec::new(), before.clone())
        );
        let slashless = r#"[{"op": "add", "path": "data/bogus", "value": "1"}]"#;
        assert_eq!(subject.raw(&subject.name, "", JSON, slashless).await, (200, warned, before.clone()));
        assert_eq!(subject.now(), before);
    }

    #[tokio::test]
    async fn an_object_keeps_its_name_its_namespace_and_its_uid() {
        let subject = Subject::any(&mut Random::new(), &json!({}));
        let message = format!("the name of the object (other) does not match the name on the URL ({})", subject.name);
        let renamed = subject.refused(MERGE, r#"{"metadata": {"name": "other"}}"#).await;
        assert_eq!(renamed, status(400, "BadRequest", &message, Value::Null));
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        let moved = subject.refused(MERGE, r#"{"metadata": {"namespace": "other"}}"#).await;
        assert_eq!(moved, status(400, "BadRequest", message, Value::Null));
        let ApiResource { kind, group, .. } = &subject.resource;
        let qualified = if group.is_empty() { kind.clone() } else { format!("{kind}.{group}") };
        let flaw = "Invalid value: \"x\": field is immutable";
        let cause = json!({"reason": "FieldValueInvalid", "message": flaw, "field": "metadata.uid"});
        let mut details = json!({"name": subject.name, "kind": kind, "causes": [cause, cause]});
        if !group.is_empty() {
            details["group"] = group.as_str().into();
        }
        let message = format!("{qualified} {:?} is invalid: metadata.uid: {flaw}", subject.name);
        let swapped = subject.refused(MERGE, r#"{"metadata": {"uid": "x"}}"#).await;
        assert_eq!(swapped, status(422, "Invalid", &message, details));
        let before = subject.now();
        let ignored = json!({"metadata": {"uid": null, "creationTimestamp": "2001-01-01T00:00:00Z", "generation": 9}});
        assert_eq!(subject.patch(&Patch::Merge(ignored)).await.unwrap(), before);
    }

    #[tokio::test]
    async fn nobody_sets_a_time_of_deletion() {
        let subject = Subject::config_map(&mut Random::new(), &json!({}));
        let patch = r#"{"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z", "deletionGracePeriodSeconds": 5}}"#;
        let (code, refusal) = subject.refused(MERGE, patch).await;
        let message = format!(
            "ConfigMap {:?} is invalid: [metadata.deletionTimestamp: Invalid value: \"2001-01-01T00:00:00Z\": field is \
             immutable, metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable]",
            subject.name
        );
        assert_eq!((code, &refusal["message"]), (422, &json!(message)));
    }
}

mod json_patches {
    use super::*;

    #[tokio::test]
    async fn operations_happen_one_after_the_other() {
        let subject = Subject::any(&mut Random::new(), &json!({"data": {"a": "1", "b": "2"}}));
        let before = subject.now();
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
        assert_eq!(patched, subject.now());
        assert_eq!(
            patched,
            subject.since(&before, &json!({"data": {"a": null, "b": "9", "c": "3", "d": "3", "z": "1"}}))
        );
    }

    #[tokio::test]
    async fn what_fails_is_rejected_without_a_word_and_changes_nothing() {
        let subject = Subject::any(&mut Random::new(), &json!({"data": {"a": "1"}}));
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
        let Err(Error::Api(refusal)) = subject.patch(&operations(json!([{"op": "remove", "path": "/none"}]))).await
        else {
            panic!("there is nothing to remove");
        };
        assert_eq!((refusal.code, &*refusal.reason), (422, "Invalid"));
        assert_eq!(subject.now()["data"], json!({"a": "1"}));
    }

    #[tokio::test]
    async fn the_ways_of_the_server_differ_from_the_standard() {
        let subject = Subject::config_map(&mut Random::new(), &json!({"data": {"a": "1"}}));
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
        assert_eq!(patched, subject.now());
    }

    #[tokio::test]
    async fn what_is_no_list_and_what_is_too_long_is_refused() {
        let subject = Subject::any(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let text = "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp";
        assert_eq!(subject.refused(JSON, r#"{"op": "add"}"#).await, status(400, "BadRequest", text, Value::Null));
        let operation = json!({"op": "add", "path": "/data/a", "value": "1"});
        let text = "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001";
        let patch = Value::from(vec![operation; 10_001]).to_string();
        assert_eq!(subject.refused(JSON, &patch).await, status(413, "RequestEntityTooLarge", text, Value::Null));
    }

    #[tokio::test]
    async fn an_empty_map_vanishes_and_nothing_can_be_added_below() {
        let subject = Subject::config_map(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let before = subject.now();
        let patched = subject.patch(&operations(json!([{"op": "remove", "path": "/data/a"}]))).await.unwrap();
        assert_eq!(patched, subject.since(&before, &json!({"data": null})));
        let add = json!([{"op": "add", "path": "/data/a", "value": "1"}]).to_string();
        assert_eq!(subject.refused(JSON, &add).await, rejected());
        let whole = operations(json!([{"op": "add", "path": "/data", "value": {"a": "1"}}]));
        assert_eq!(subject.patch(&whole).await.unwrap(), subject.since(&before, &json!({"data": {"a": "1"}})));
        assert_eq!(subject.now()["data"], json!({"a": "1"}));
        subject.patch(&Patch::Merge(json!({"data": null}))).await.unwrap();
        assert_eq!(subject.now()["data"], Value::Null);
    }

    #[tokio::test]
    async fn what_comes_out_is_validated() {
        let subject = Subject::config_map(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let patch = operations(json!([{"op": "copy", "from": "/data/a", "path": "/data/c~1d"}]));
        let refusal = subject.refusal(&patch).await;
        assert_eq!((&refusal["code"], &refusal["details"]["causes"][0]["field"]), (&json!(422), &json!("data[c/d]")));
        assert_eq!(subject.now()["data"], json!({"a": "1"}));
    }
}

mod strategic_merge_patches {
    use super::*;

    fn containers(subject: &Subject) -> Value {
        said(subject)["containers"].take()
    }

    /// What a client said about the pods, without what the server fills in.
    fn said(subject: &Subject) -> Value {
        let mut pod = subject.now()["spec"]["template"]["spec"].take();
        let of_pods =
            ["dnsPolicy", "restartPolicy", "schedulerName", "securityContext", "terminationGracePeriodSeconds"];
        let of_containers = ["imagePullPolicy", "resources", "terminationMessagePath", "terminationMessagePolicy"];
        of_pods.iter().for_each(|field| drop(pod.as_object_mut().unwrap().remove(*field).unwrap()));
        for container in pod["containers"].as_array_mut().unwrap() {
            of_containers.iter().for_each(|field| drop(container.as_object_mut().unwrap().remove(*field).unwrap()));
        }
        pod
    }

    fn to_pod(pod: Value) -> Patch<Value> {
        Patch::Strategic(json!({"spec": {"template": {"spec": pod}}}))
    }

    #[tokio::test]
    async fn containers_merge_by_name() {
        let mut random = Random::new();
        let (one, two) = (random.name().replace('.', "-"), random.name().replace('.', "-") + "-2");
        let pod = json!({"containers": [{"name": one, "image": "a", "env": [{"name": "X", "value": "1"}]}]});
        let subject = Subject::deployment(&mut random, &pod);
        let env = json!([{"name": "Y", "value": "2"}]);
        let change = json!({"containers": [{"name": two, "image": "b"}, {"name": one, "env": env}]});
        let patched = subject.patch(&to_pod(change)).await.unwrap();
        let env = json!([{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}]);
        assert_eq!(containers(&subject), json!([{"name": two, "image": "b"}, {"name": one, "image": "a", "env": env}]));
        assert_eq!(patched, subject.now());
        assert_eq!(patched["metadata"]["generation"], 2);
        subject.patch(&to_pod(json!({"containers": [{"name": two, "$patch": "delete"}]}))).await.unwrap();
        assert_eq!(containers(&subject), json!([{"name": one, "image": "a", "env": env}]));
    }

    #[tokio::test]
    async fn directives_order_keep_delete_and_replace() {
        let pod = json!({
            "containers": [{"name": "a", "image": "h"}, {"name": "b", "image": "j"}],
            "volumes": [{"name": "v", "emptyDir": {}}],
            "nodeSelector": {"zone": "x"},
        });
        let subject = Subject::deployment(&mut Random::new(), &pod);
        let change = json!({
            "$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
            "containers": [{"name": "a", "image": "i"}],
            "volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/", "type": ""}}],
            "nodeSelector": {"$patch": "replace", "disk": "ssd"},
        });
        subject.patch(&to_pod(change)).await.unwrap();
        let expected = json!({
            "containers": [{"name": "b", "image": "j"}, {"name": "a", "image": "i"}],
            "volumes": [{"name": "v", "hostPath": {"path": "/", "type": ""}}],
            "nodeSelector": {"disk": "ssd"},
        });
        assert_eq!(said(&subject), expected);
        let finalizers = json!({"metadata": {"finalizers": ["sea.example/a", "sea.example/b"]}});
        subject.patch(&Patch::Strategic(finalizers)).await.unwrap();
        let change = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["sea.example/a"]}});
        subject.patch(&Patch::Strategic(change)).await.unwrap();
        assert_eq!(subject.now()["metadata"]["finalizers"], json!(["sea.example/b"]));
    }

    #[tokio::test]
    async fn maps_merge_and_what_is_not_an_object_is_refused() {
        let subject = Subject::config_map(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let before = subject.now();
        let patch = json!({"data": {"s": "2"}, "metadata": {"labels": {"x": "y"}}});
        let patched = subject.patch(&Patch::Strategic(patch.clone())).await.unwrap();
        assert_eq!(patched, subject.since(&before, &patch));
        assert_eq!(subject.now()["data"], json!({"a": "1", "s": "2"}));
        let text = "json: cannot unmarshal array into Go value of type map[string]interface {}";
        assert_eq!(subject.refused(STRATEGIC, "[1]").await, status(400, "BadRequest", text, Value::Null));
    }
}

mod media_types {
    use super::*;

    fn unknown_format(accepted: &str) -> (u16, Value) {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        status(415, "UnsupportedMediaType", &message, Value::Null)
    }

    #[tokio::test]
    async fn built_in_kinds_refuse_what_is_no_patch() {
        let subject = Subject::config_map(&mut Random::new(), &json!({}));
        let bare = status(415, "UnsupportedMediaType", "415: Unsupported Media Type", json!({}));
        for media_type in ["application/json", "text/plain", ""] {
            assert_eq!(subject.refused(media_type, "{}").await, bare, "{media_type}");
        }
        let (code, _, _) = subject.raw(&subject.name, "", "application/merge-patch+json; charset=utf-8", "{}").await;
        assert_eq!(code, 200);
    }

    #[tokio::test]
    async fn custom_kinds_know_no_strategic_merge_patch() {
        let subject = Subject::custom(&mut Random::new(), &json!({"spec": {"n": 1}}));
        let accepted = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
        for media_type in [STRATEGIC, "application/json", "text/plain"] {
            assert_eq!(subject.refused(media_type, r#"{"spec": {"n": 3}}"#).await, unknown_format(accepted));
        }
    }
}

mod writes {
    use super::*;

    #[tokio::test]
    async fn a_stale_version_conflicts_the_current_one_and_none_do_not() {
        let subject = Subject::any(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let stale = subject.now()["metadata"]["resourceVersion"].clone();
        subject.patch(&Patch::Merge(json!({"data": {"a": "2"}}))).await.unwrap();
        let old = json!({"metadata": {"resourceVersion": stale}, "data": {"a": "3"}}).to_string();
        let ApiResource { plural, group, .. } = &subject.resource;
        let resource = if group.is_empty() { plural.clone() } else { format!("{plural}.{group}") };
        let message = format!(
            "Operation cannot be fulfilled on {resource} {:?}: the object has been modified; please apply your changes \
             to the latest version and try again",
            subject.name
        );
        let mut details = json!({"name": subject.name, "kind": plural});
        if !group.is_empty() {
            details["group"] = group.as_str().into();
        }
        assert_eq!(subject.refused(MERGE, &old).await, status(409, "Conflict", &message, details));
        let before = subject.now();
        let current = before["metadata"]["resourceVersion"].clone();
        let new = json!({"metadata": {"resourceVersion": current}, "data": {"a": "4"}});
        let patched = subject.patch(&Patch::Merge(new)).await.unwrap();
        assert_eq!(patched, subject.since(&before, &json!({"data": {"a": "4"}})));
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found_whatever_the_patch() {
        let subject = Subject::any(&mut Random::new(), &json!({}));
        let (code, _, refusal) = subject.raw("none", "", MERGE, "[1]").await;
        let ApiResource { plural, group, .. } = &subject.resource;
        let resource = if group.is_empty() { plural.clone() } else { format!("{plural}.{group}") };
        assert_eq!((code, &refusal["message"]), (404, &json!(format!("{resource} \"none\" not found"))));
        let leases = Subject::new(resource_of_leases(), &mut Random::new(), &json!({"spec": {"holderIdentity": "a"}}));
        assert_eq!(leases.raw("none", "", MERGE, "{}").await.0, 404);
        let before = leases.now();
        let renewed = leases.patch(&Patch::Merge(json!({"spec": {"holderIdentity": "b"}}))).await.unwrap();
        assert_eq!(renewed, leases.since(&before, &json!({"spec": {"holderIdentity": "b"}})));
    }

    fn resource_of_leases() -> ApiResource {
        resource("coordination.k8s.io", "v1", "Lease", "leases")
    }

    #[tokio::test]
    async fn no_change_no_event_and_one_event_for_a_change() {
        let subject = Subject::any(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let before = subject.now();
        let mut events = Box::pin(
            subject.api().watch(&WatchParams::default(), &subject.cluster.revision().to_string()).await.unwrap(),
        );
        for patch in [
            operations(json!([])),
            operations(json!([{"op": "replace", "path": "/data/a", "value": "1"}])),
            Patch::Merge(json!({})),
            Patch::Merge(json!({"data": {"a": "1", "none": null}})),
        ] {
            assert_eq!(subject.patch(&patch).await.unwrap(), before);
        }
        let patched = subject.patch(&Patch::Merge(json!({"data": {"a": "2"}}))).await.unwrap();
        let Some(Ok(WatchEvent::Modified(seen))) = events.next().await else { panic!("a change is seen") };
        assert_eq!(serde_json::to_value(seen).unwrap(), patched);
        assert!(timeout(Duration::from_millis(20), events.next()).await.is_err());
    }

    #[tokio::test]
    async fn a_dry_run_answers_and_stores_nothing() {
        let subject = Subject::any(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let before = subject.now();
        let parameters = PatchParams { dry_run: true, ..PatchParams::default() };
        let patch = Patch::Merge(json!({"data": {"a": "2"}}));
        let tried = subject.api().patch(&subject.name, &parameters, &patch).await.unwrap();
        let expected = subject.since(&before, &json!({"data": {"a": "2"}}));
        assert_eq!(serde_json::to_value(tried).unwrap(), expected);
        assert_eq!(subject.now(), before);
    }

    #[tokio::test]
    async fn options_are_checked() {
        let subject = Subject::any(&mut Random::new(), &json!({}));
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

    #[tokio::test]
    async fn what_is_immutable_keeps_its_data_but_not_its_labels() {
        let subject = Subject::config_map(&mut Random::new(), &json!({"data": {"a": "1"}, "immutable": true}));
        assert_eq!(subject.refused(MERGE, r#"{"data": {"a": "2"}}"#).await, immutable(&subject, "data"));
        assert_eq!(subject.refused(MERGE, r#"{"immutable": false}"#).await, immutable(&subject, "immutable"));
        let before = subject.now();
        let labels = json!({"metadata": {"labels": {"a": "b"}}});
        assert_eq!(subject.patch(&Patch::Merge(labels.clone())).await.unwrap(), subject.since(&before, &labels));
        assert_eq!(subject.now()["metadata"]["labels"], json!({"a": "b"}));
    }

    #[tokio::test]
    async fn secrets_take_plain_text_and_refuse_what_is_not_base64() {
        let secrets = resource("", "v1", "Secret", "secrets");
        let subject = Subject::new(secrets, &mut Random::new(), &json!({"data": {"p": "dw=="}}));
        let before = subject.now();
        let patched = subject.patch(&Patch::Merge(json!({"stringData": {"q": "z"}}))).await.unwrap();
        assert_eq!(patched, subject.since(&before, &json!({"data": {"p": "dw==", "q": "eg=="}})));
        let refusal = subject.refusal(&Patch::Merge(json!({"data": {"q": "not base64!"}}))).await;
        assert_eq!((&refusal["code"], &refusal["details"]["causes"][0]["field"]), (&json!(422), &json!("patch")));
        let (_, refusal) = subject.refused(MERGE, r#"{"type": "x/y"}"#).await;
        let message = format!("Secret {:?} is invalid: type: Invalid value: \"x/y\": field is immutable", subject.name);
        assert_eq!(refusal["message"], message.as_str());
    }

    #[tokio::test]
    async fn the_log_and_faults_know_patches() {
        let subject = Subject::any(&mut Random::new(), &json!({}));
        let plural = subject.resource.plural.clone();
        let fault =
            subject.cluster.fault(Fault::on("patch").resource(&plural).name(&subject.name).times(1).status(503));
        let patch = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
        assert_eq!(subject.refusal(&patch).await["code"], 503);
        subject.patch(&patch).await.unwrap();
        drop(fault);
        let log = subject.cluster.requests().verb("patch").resource(&plural).name(&subject.name);
        let told: Vec<_> = log.iter().map(|request| (request.content_type.as_deref(), request.answered)).collect();
        assert_eq!(told, [(Some(MERGE), Some(503)), (Some(MERGE), Some(200))]);
    }

    #[tokio::test]
    async fn the_door_patches_as_the_server_does() {
        let subject = Subject::any(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let Subject { cluster, resource, namespace, name } = &subject;
        let patch = |patch: &Patch<Value>| cluster.patch(&resource.kind, namespace, name, patch);
        assert_eq!(patch(&Patch::Merge(json!({"data": {"b": "2"}}))).unwrap(), subject.now());
        assert_eq!(patch(&operations(json!([{"op": "remove", "path": "/data/a"}]))).unwrap(), subject.now());
        assert_eq!(subject.now()["data"], json!({"b": "2"}));
        assert_eq!(patch(&operations(json!([{"op": "remove", "path": "/data/a"}]))).unwrap_err().code, 422);
        let missing = cluster.patch(&resource.kind, namespace, "none", &Patch::Merge(json!({})));
        assert_eq!(missing.unwrap_err().code, 404);
    }
}

mod deletions {
    use super::*;

    fn held(random: &mut Random) -> Subject {
        Subject::any(random, &json!({"metadata": {"finalizers": ["sea.example/x"]}, "data": {"a": "1"}}))
    }

    #[tokio::test]
    async fn the_patch_that_removes_the_last_finalizer_ends_the_object() {
        let subject = held(&mut Random::new());
        subject.api().delete(&subject.name, &DeleteParams::default()).await.unwrap();
        let before = subject.now();
        let changed = subject.patch(&Patch::Merge(json!({"data": {"a": "2"}}))).await.unwrap();
        assert_eq!(changed, subject.since(&before, &json!({"data": {"a": "2"}})));
        let last = subject.now();
        let version = subject.cluster.revision().to_string();
        let mut events = Box::pin(subject.api().watch(&WatchParams::default(), &version).await.unwrap());
        let answer = subject.patch(&Patch::Merge(json!({"metadata": {"finalizers": null}}))).await.unwrap();
        let mut expected = last.clone();
        merge(&mut expected, &json!({"metadata": {"finalizers": null}}));
        assert_eq!(answer, expected);
        let Some(Ok(WatchEvent::Deleted(seen))) = events.next().await else { panic!("a deletion is seen") };
        let mut expected = last;
        expected["metadata"]["resourceVersion"] = subject.cluster.revision().to_string().into();
        assert_eq!(serde_json::to_value(seen).unwrap(), expected);
        assert_eq!(subject.api().get_opt(&subject.name).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_terminating_object_takes_no_new_finalizers() {
        let subject = held(&mut Random::new());
        subject.api().delete(&subject.name, &DeleteParams::default()).await.unwrap();
        let patch = Patch::Merge(json!({"metadata": {"finalizers": ["sea.example/x", "sea.example/y"]}}));
        let refusal = subject.refusal(&patch).await;
        let why = "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found \
                   new finalizers []string{\"sea.example/y\"}";
        assert_eq!(refusal["code"], 422);
        assert!(refusal["message"].as_str().unwrap().ends_with(&format!("is invalid: {why}")), "{refusal}");
    }

    #[tokio::test]
    async fn the_finalizer_of_kube_comes_and_goes() {
        let subject = Subject::config_map(&mut Random::new(), &json!({"data": {"a": "1"}}));
        let api: Api<ConfigMap> = Api::namespaced(subject.cluster.client(), &subject.namespace);
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
        assert_eq!(subject.now()["metadata"]["finalizers"], json!(["sea.example/anchor"]));
        assert_eq!(reconcile().await, Some(false));
        api.delete(&subject.name, &DeleteParams::default()).await.unwrap();
        assert_eq!(reconcile().await, Some(true));
        assert_eq!(api.get_opt(&subject.name).await.unwrap(), None);
    }
}
