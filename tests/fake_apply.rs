//! The fake API server notes who owns which fields and applies configurations as a real one does.

use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use kube::{
    Api, Error,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams},
    core::Status,
};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};
use tower::Service;

#[path = "store/random.rs"]
mod random;

use random::Random;

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
/// When a cluster with paused time begins.
const NOON: &str = "2026-01-01T00:00:00Z";

/// A ConfigMap in a namespace, both of any name; it may not be there yet.
struct Subject {
    cluster: FakeCluster,
    namespace: String,
    name: String,
}

impl Subject {
    fn new() -> Self {
        let mut random = Random::new();
        let (cluster, namespace, name) = (FakeCluster::new(), random.name().replace('.', "-"), random.name());
        cluster.namespace(&namespace);
        Subject { cluster, namespace, name }
    }

    fn api(&self) -> Api<DynamicObject> {
        Api::namespaced_with(self.cluster.client(), &self.namespace, &resource("", "ConfigMap", "configmaps"))
    }

    fn configuration(&self, data: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": self.name}, "data": data})
    }

    async fn apply(&self, manager: &str, data: Value) -> Result<Value, Box<Status>> {
        self.applied(&PatchParams::apply(manager), data).await
    }

    async fn applied(&self, parameters: &PatchParams, data: Value) -> Result<Value, Box<Status>> {
        match self.api().patch(&self.name, parameters, &Patch::Apply(self.configuration(data))).await {
            Ok(applied) => Ok(serde_json::to_value(applied).unwrap()),
            Err(Error::Api(status)) => Err(status),
            Err(other) => panic!("{other}"),
        }
    }

    /// A merge patch by a manager.
    async fn patch(&self, manager: &str, patch: Value) -> Value {
        let parameters = PatchParams { field_manager: Some(manager.to_owned()), ..PatchParams::default() };
        let patched = self.api().patch(&self.name, &parameters, &Patch::Merge(patch)).await.unwrap();
        serde_json::to_value(patched).unwrap()
    }

    fn now(&self) -> Value {
        self.cluster.get("ConfigMap", &self.namespace, &self.name).unwrap()
    }

    /// The object with these fields and owners, as far as they are not the server's own to say.
    fn object(&self, data: Value, owners: &[Value]) -> Value {
        let now = self.now();
        let mut object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": data,
            "metadata": {
                "name": self.name, "namespace": self.namespace, "uid": now["metadata"]["uid"],
                "creationTimestamp": NOON, "resourceVersion": self.cluster.revision().to_string(),
            },
        });
        if !owners.is_empty() {
            object["metadata"]["managedFields"] = owners.into();
        }
        object
    }

    /// Code and body of the answer to a request about the object.
    async fn raw(&self, method: &str, parameters: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
        let name = if method == "POST" { String::new() } else { format!("/{}", self.name) };
        let path = format!("/api/v1/namespaces/{}/configmaps{name}?{parameters}", self.namespace);
        let request = headers
            .iter()
            .fold(Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
        let response = self.cluster.clone().call(request.body(body.to_string()).unwrap()).await.unwrap();
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (code, serde_json::from_slice(&bytes).unwrap())
    }

    /// Code and message of the refusal of a configuration, which changes nothing.
    async fn refused(&self, parameters: &str, configuration: &Value) -> (u16, String) {
        let before = self.cluster.revision();
        let (code, status) = self.raw("PATCH", parameters, &[("Content-Type", APPLY)], configuration).await;
        assert_eq!(self.cluster.revision(), before);
        (code, status["message"].as_str().unwrap().to_owned())
    }
}

fn resource(group: &str, kind: &str, plural: &str) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, "v1", kind), plural)
}

/// An entry of managed fields of a core kind.
fn owner(manager: &str, operation: &str, fields: Value) -> Value {
    json!({
        "manager": manager, "operation": operation, "apiVersion": "v1", "time": NOON,
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    })
}

mod applies {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_creates_and_owns_what_it_says_but_no_maps_around_it() {
        let subject = Subject::new();
        let configuration = subject.configuration(json!({"soil": "peat", "pot": "clay"}));
        let (code, created) =
            subject.raw("PATCH", "fieldManager=rake", &[("Content-Type", APPLY)], &configuration).await;
        let rake = owner("rake", "Apply", json!({"f:data": {"f:pot": {}, "f:soil": {}}}));
        let expected = subject.object(json!({"soil": "peat", "pot": "clay"}), &[rake]);
        assert_eq!((code, &created), (201, &expected));
        assert_eq!(subject.now(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_again_is_no_write() {
        let subject = Subject::new();
        let first = subject.apply("rake", json!({"soil": "peat"})).await.unwrap();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(subject.apply("rake", json!({"soil": "peat"})).await.unwrap(), first);
        assert_eq!(subject.cluster.revision().to_string(), first["metadata"]["resourceVersion"].as_str().unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_own_is_a_conflict_until_it_is_forced() {
        let subject = Subject::new();
        subject.apply("rake", json!({"soil": "peat", "pot": "clay"})).await.unwrap();
        let data = json!({"soil": "sand", "light": "dim"});
        let headers = [("Content-Type", APPLY)];
        let (code, refusal) =
            subject.raw("PATCH", "fieldManager=hose", &headers, &subject.configuration(data.clone())).await;
        let cause =
            json!({"reason": "FieldManagerConflict", "message": "conflict with \"rake\"", "field": ".data.soil"});
        let expected = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 409, "reason": "Conflict",
            "message": "Apply failed with 1 conflict: conflict with \"rake\": .data.soil",
            "details": {"causes": [cause]},
        });
        assert_eq!((code, refusal), (409, expected));

        let forced = subject.applied(&PatchParams::apply("hose").force(), data).await.unwrap();
        let hose = owner("hose", "Apply", json!({"f:data": {"f:light": {}, "f:soil": {}}}));
        let rake = owner("rake", "Apply", json!({"f:data": {"f:pot": {}}}));
        let data = json!({"soil": "sand", "pot": "clay", "light": "dim"});
        assert_eq!(forced, subject.object(data, &[hose, rake]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_longer_said_goes_unless_others_own_it() {
        let subject = Subject::new();
        subject.apply("rake", json!({"soil": "peat", "pot": "clay"})).await.unwrap();
        subject.apply("hose", json!({"soil": "peat"})).await.unwrap();
        let left = subject.apply("rake", json!({})).await.unwrap();
        assert_eq!(left["data"], json!({"soil": "peat"}));
        assert_eq!(subject.apply("hose", json!({})).await.unwrap()["data"], Value::Null);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dry_run_answers_and_stores_nothing() {
        let subject = Subject::new();
        let before = subject.cluster.revision();
        let parameters = PatchParams::apply("rake").dry_run();
        let tried = subject.applied(&parameters, json!({"soil": "peat"})).await.unwrap();
        let rake = owner("rake", "Apply", json!({"f:data": {"f:soil": {}}}));
        assert_eq!((&tried["data"], &tried["metadata"]["managedFields"]), (&json!({"soil": "peat"}), &json!([rake])));
        assert_eq!(subject.cluster.revision(), before);
        assert_eq!(subject.cluster.get("ConfigMap", &subject.namespace, &subject.name).unwrap_err().code, 404);
    }

    #[tokio::test(start_paused = true)]
    async fn configurations_are_yaml() {
        let subject = Subject::new();
        let text =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {:?}}}\ndata:\n  a: '1'\n", subject.name);
        let path = format!("/api/v1/namespaces/{}/configmaps/{}?fieldManager=rake", subject.namespace, subject.name);
        let request = Request::patch(path).header("Content-Type", APPLY).body(text).unwrap();
        assert_eq!(subject.cluster.clone().call(request).await.unwrap().status().as_u16(), 201);
        assert_eq!(subject.now()["data"], json!({"a": "1"}));
    }

    #[tokio::test(start_paused = true)]
    async fn what_held_an_object_goes_with_it_when_nobody_says_it_any_more() {
        let subject = Subject::new();
        let mut held = subject.configuration(json!({}));
        held["metadata"]["finalizers"] = json!(["garden.example/frost"]);
        let api = subject.api();
        api.patch(&subject.name, &PatchParams::apply("rake"), &Patch::Apply(held)).await.unwrap();
        subject.cluster.delete("ConfigMap", &subject.namespace, &subject.name).unwrap();
        subject.apply("rake", json!({})).await.unwrap();
        assert!(api.get_opt(&subject.name).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn defaults_belong_to_who_creates_and_to_nobody_who_applies() {
        let subject = Subject::new();
        let service = |name: &str| {
            let spec = json!({"ports": [{"port": 80}]});
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
        };
        let api: Api<DynamicObject> =
            Api::namespaced_with(subject.cluster.client(), &subject.namespace, &resource("", "Service", "services"));
        let fields = |object: DynamicObject| {
            let owners = object.metadata.managed_fields.unwrap();
            owners.into_iter().map(|owner| owner.fields_v1.unwrap().0).collect::<Vec<_>>()
        };
        let created =
            api.create(&PostParams::default(), &serde_json::from_value(service("one")).unwrap()).await.unwrap();
        let port = json!({".": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {}});
        let expected = json!({"f:spec": {
            "f:internalTrafficPolicy": {}, "f:sessionAffinity": {}, "f:type": {},
            "f:ports": {".": {}, "k:{\"port\":80,\"protocol\":\"TCP\"}": port},
        }});
        assert_eq!(fields(created), [expected]);
        let applied = api.patch("two", &PatchParams::apply("rake"), &Patch::Apply(service("two"))).await.unwrap();
        let port = json!({".": {}, "f:port": {}});
        let expected = json!({"f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": port}}});
        assert_eq!(fields(applied), [expected]);
    }

    #[tokio::test]
    async fn custom_kinds_merge_as_their_schema_says() {
        let cluster = FakeCluster::new();
        let bed = json!({"type": "object", "required": ["row"], "properties": {
            "row": {"type": "integer"}, "plant": {"type": "string"}, "wet": {"type": "boolean"},
        }});
        let spec = json!({"type": "object", "properties": {
            "beds": {
                "type": "array", "items": bed,
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["row"],
            },
            "tools": {"type": "array", "items": {"type": "string"}},
        }});
        let schema = json!({"type": "object", "properties": {"spec": spec}});
        let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "gardens.sea.example"},
            "spec": {
                "group": "sea.example", "scope": "Namespaced", "versions": [version],
                "names": {"plural": "gardens", "kind": "Garden"},
            },
        });
        cluster.create(definition).unwrap();
        let garden = |spec: Value| json!({"apiVersion": "sea.example/v1", "kind": "Garden", "metadata": {"name": "north"}, "spec": spec});
        let api: Api<DynamicObject> =
            Api::namespaced_with(cluster.client(), "default", &resource("sea.example", "Garden", "gardens"));
        let apply = async |manager: &str, spec: Value| {
            let applied = api.patch("north", &PatchParams::apply(manager), &Patch::Apply(garden(spec))).await;
            applied.map(|garden| garden.data["spec"].clone())
        };
        apply("rake", json!({"beds": [{"row": 1, "plant": "mint"}], "tools": ["rake"]})).await.unwrap();
        let beds = json!([{"row": 1, "plant": "mint", "wet": true}, {"row": 2, "plant": "fern"}]);
        let more = json!({"beds": [{"row": 1, "wet": true}, {"row": 2, "plant": "fern"}]});
        assert_eq!(apply("hose", more).await.unwrap(), json!({"beds": beds, "tools": ["rake"]}));
        let Err(Error::Api(conflict)) = apply("hose", json!({"tools": ["hose"]})).await else { panic!("no conflict") };
        assert_eq!(conflict.message, "Apply failed with 1 conflict: conflict with \"rake\": .spec.tools");
        let Err(Error::Api(unknown)) = apply("rake", json!({"walls": 4})).await else { panic!("not refused") };
        let why = "failed to create typed patch object (/north; sea.example/v1, Kind=Garden): .spec.walls: field not \
                   declared in schema";
        assert_eq!((unknown.code, unknown.message.as_str()), (500, why));
    }
}

mod refusals {
    use super::*;

    #[tokio::test]
    async fn a_configuration_says_what_it_is_about() {
        let subject = Subject::new();
        let whole = subject.configuration(json!({"a": "1"}));
        let with = |field: &str, value: Value| {
            let mut object = whole.clone();
            object[field] = value;
            object
        };
        let about = |field: &str, value: Value| {
            let mut metadata = json!({"name": subject.name});
            metadata[field] = value;
            with("metadata", metadata)
        };
        let name = &subject.name;
        let typed = |why: &str| format!("failed to create typed patch object (/{name}; /v1, Kind=ConfigMap): {why}");
        for (configuration, code, message) in [
            (json!({}), 400, "invalid object type: /, Kind=".to_owned()),
            (json!([1]), 400, "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}".to_owned()),
            (with("apiVersion", json!("apps/v1")), 400, "invalid object type: apps/v1, Kind=ConfigMap".to_owned()),
            (with("kind", json!("Secret")), 400, "invalid object type: /v1, Kind=Secret".to_owned()),
            (about("managedFields", json!([{"manager": "x"}])), 400, "metadata.managedFields must be nil".to_owned()),
            (about("name", json!("other")), 400, format!("the name of the object (other) does not match the name on the URL ({name})")),
            (about("name", json!(null)), 400, format!("the name of the object ({name} based on URL) was undeterminable: name must be provided")),
            (about("namespace", json!("other")), 400, "the namespace of the provided object does not match the namespace sent on the request".to_owned()),
            (about("uid", json!("7d0")), 409, format!("Operation cannot be fulfilled on configmaps {name:?}: uid mismatch: the provided object specified uid 7d0, and no existing object was found")),
            (with("wings", json!(2)), 500, typed(".wings: field not declared in schema")),
            (with("data", json!({"a": 1})), 500, typed(".data.a: expected string, got &value.valueUnstructured{Value:1}")),
        ] {
            let refusal = subject.refused("fieldManager=rake", &configuration).await;
            assert_eq!(refusal, (code, message), "{configuration}");
        }
    }

    #[tokio::test]
    async fn versions_and_uids_must_be_those_of_the_object() {
        let subject = Subject::new();
        subject.apply("rake", json!({"a": "1"})).await.unwrap();
        let name = &subject.name;
        let mut stale = subject.configuration(json!({"a": "2"}));
        stale["metadata"]["resourceVersion"] = json!("1");
        let why = format!(
            "Operation cannot be fulfilled on configmaps {name:?}: the object has been modified; please apply your \
             changes to the latest version and try again"
        );
        assert_eq!(subject.refused("fieldManager=rake", &stale).await, (409, why));
        let mut other = subject.configuration(json!({"a": "2"}));
        other["metadata"]["uid"] = json!("7d0");
        let (code, refusal) = subject.raw("PATCH", "fieldManager=rake", &[("Content-Type", APPLY)], &other).await;
        // The server looks twice, and says it once.
        let flaw = "Invalid value: \"7d0\": field is immutable";
        let cause = json!({"reason": "FieldValueInvalid", "message": flaw, "field": "metadata.uid"});
        let message = format!("ConfigMap {name:?} is invalid: metadata.uid: {flaw}");
        assert_eq!((code, &refusal["message"]), (422, &json!(message)));
        assert_eq!(refusal["details"]["causes"], json!([cause, cause]));
    }

    #[tokio::test]
    async fn only_an_apply_is_forced_and_it_needs_a_manager() {
        let subject = Subject::new();
        subject.apply("rake", json!({"a": "1"})).await.unwrap();
        let whole = subject.configuration(json!({}));
        let invalid = |why: &str| (422, format!("PatchOptions.meta.k8s.io \"\" is invalid: {why}"));
        let nobody = "fieldManager: Required value: is required for apply patch";
        assert_eq!(subject.refused("", &whole).await, invalid(nobody));
        let several = "[fieldManager: Required value: is required for apply patch, dryRun: Unsupported value: \
                       [\"x\"]: supported values: \"All\", fieldValidation: Unsupported value: \"y\": supported \
                       values: \"\", \"Ignore\", \"Strict\", \"Warn\"]";
        assert_eq!(subject.refused("dryRun=x&fieldValidation=y", &whole).await, invalid(several));
        let (code, status) = subject.raw("PATCH", "force=true", &[("Content-Type", MERGE)], &json!({})).await;
        let forced = "force: Forbidden: may not be specified for non-apply patch";
        assert_eq!((code, status["message"].as_str().unwrap().to_owned()), invalid(forced));
    }

    #[tokio::test]
    async fn cbor_is_not_read() {
        let subject = Subject::new();
        let whole = subject.configuration(json!({}));
        let headers = [("Content-Type", "application/apply-patch+cbor")];
        assert_eq!(subject.raw("PATCH", "fieldManager=rake", &headers, &whole).await.0, 415);
    }
}

mod managers {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn are_named_by_a_parameter_or_by_how_the_client_calls_itself() {
        for (parameters, agent, expected) in [
            ("fieldManager=spade", Some("garden/1.2 (linux)"), "spade"),
            ("", Some("garden/1.2 (linux)"), "garden"),
            ("", Some("garden"), "garden"),
            ("", Some("/1.2"), "unknown"),
            ("", None, "unknown"),
        ] {
            let subject = Subject::new();
            let headers: Vec<_> = agent.into_iter().map(|agent| ("User-Agent", agent)).collect();
            let object = subject.configuration(json!({"a": "1"}));
            let (code, created) = subject.raw("POST", parameters, &headers, &object).await;
            let creator = owner(expected, "Update", json!({"f:data": {".": {}, "f:a": {}}}));
            let expected = subject.object(json!({"a": "1"}), &[creator]);
            assert_eq!((code, created), (201, expected), "{parameters} {agent:?}");
        }
    }

    #[tokio::test]
    async fn have_names_of_at_most_128_bytes_that_can_be_printed() {
        let subject = Subject::new();
        let object = subject.configuration(json!({"a": "1"}));
        let long = format!("fieldManager={}", "x".repeat(129));
        let bell = "fieldManager=a%07%C3%A9";
        for (parameters, why) in [
            (long.as_str(), "fieldManager: Too long: may not be more than 128 bytes"),
            (bell, "invalid character U+0007 (at position 1)"),
        ] {
            let (code, status) = subject.raw("POST", parameters, &[], &object).await;
            let message = status["message"].as_str().unwrap();
            assert_eq!(code, 422, "{message}");
            assert!(message.starts_with("CreateOptions.meta.k8s.io \"\" is invalid: ") && message.ends_with(why));
        }
        let longest = format!("fieldManager={}", "%C3%A9".repeat(64));
        assert_eq!(subject.raw("POST", &longest, &[], &object).await.0, 201);
    }

    #[tokio::test(start_paused = true)]
    async fn take_what_they_change_and_nothing_else() {
        let subject = Subject::new();
        subject.apply("rake", json!({"soil": "peat", "pot": "clay"})).await.unwrap();
        let changed = subject.patch("spade", json!({"data": {"pot": "wood", "soil": "peat"}})).await;
        let rake = owner("rake", "Apply", json!({"f:data": {"f:soil": {}}}));
        let spade = owner("spade", "Update", json!({"f:data": {"f:pot": {}}}));
        assert_eq!(changed, subject.object(json!({"soil": "peat", "pot": "wood"}), &[rake, spade]));
        let refusal = subject.apply("rake", json!({"soil": "peat", "pot": "clay"})).await.unwrap_err();
        assert_eq!(refusal.message, "Apply failed with 1 conflict: conflict with \"spade\" using v1: .data.pot");
    }

    #[tokio::test(start_paused = true)]
    async fn that_change_nothing_write_nothing() {
        let subject = Subject::new();
        let created = subject.apply("rake", json!({"soil": "peat"})).await.unwrap();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(subject.patch("spade", json!({"data": {"soil": "peat"}})).await, created);
        let object: DynamicObject = serde_json::from_value(created.clone()).unwrap();
        let replaced = subject.api().replace(&subject.name, &PostParams::default(), &object).await.unwrap();
        assert_eq!(serde_json::to_value(replaced).unwrap(), created);
    }

    #[tokio::test(start_paused = true)]
    async fn go_when_a_write_clears_them_and_come_back_with_an_apply() {
        let subject = Subject::new();
        subject.apply("rake", json!({"soil": "peat"})).await.unwrap();
        let cleared = subject.patch("spade", json!({"metadata": {"managedFields": [{}]}})).await;
        assert_eq!(cleared, subject.object(json!({"soil": "peat"}), &[]));
        let changed = subject.patch("spade", json!({"data": {"soil": "sand"}})).await;
        assert_eq!(changed, subject.object(json!({"soil": "sand"}), &[]));
        let applied = subject.apply("rake", json!({"pot": "clay"})).await.unwrap();
        let rake = owner("rake", "Apply", json!({"f:data": {"f:pot": {}}}));
        let before = owner("before-first-apply", "Update", json!({"f:data": {".": {}, "f:soil": {}}}));
        assert_eq!(applied, subject.object(json!({"soil": "sand", "pot": "clay"}), &[rake, before]));
    }
}

mod doors {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn create_objects_without_owners() {
        let subject = Subject::new();
        let mut object = subject.configuration(json!({"soil": "peat"}));
        object["metadata"]["namespace"] = json!(subject.namespace);
        let created = subject.cluster.create(object).unwrap();
        assert_eq!(created, subject.object(json!({"soil": "peat"}), &[]));
        let changed = subject.patch("spade", json!({"data": {"soil": "sand"}})).await;
        assert_eq!(changed, subject.object(json!({"soil": "sand"}), &[]));
    }

    #[tokio::test(start_paused = true)]
    async fn change_what_clients_own_as_a_manager_of_their_own() {
        let subject = Subject::new();
        subject.apply("rake", json!({"soil": "peat", "pot": "clay"})).await.unwrap();
        let patch = Patch::Merge(json!({"data": {"pot": "wood"}}));
        let patched = subject.cluster.patch("ConfigMap", &subject.namespace, &subject.name, &patch).unwrap();
        let rake = owner("rake", "Apply", json!({"f:data": {"f:soil": {}}}));
        let test = owner("fake-cluster", "Update", json!({"f:data": {"f:pot": {}}}));
        assert_eq!(patched, subject.object(json!({"soil": "peat", "pot": "wood"}), &[rake, test]));
    }

    #[tokio::test(start_paused = true)]
    async fn apply_by_force() {
        let subject = Subject::new();
        let apply = |data: Value| {
            let patch = Patch::Apply(subject.configuration(data));
            subject.cluster.patch("configmaps", &subject.namespace, &subject.name, &patch).unwrap()
        };
        let test = |fields: Value| owner("fake-cluster", "Apply", fields);
        let created = apply(json!({"soil": "peat"}));
        let fields = json!({"f:data": {"f:soil": {}}});
        assert_eq!(created, subject.object(json!({"soil": "peat"}), &[test(fields)]));
        subject.patch("spade", json!({"data": {"soil": "sand"}})).await;
        let forced = apply(json!({"soil": "clay"}));
        let fields = json!({"f:data": {"f:soil": {}}});
        assert_eq!(forced, subject.object(json!({"soil": "clay"}), &[test(fields)]));
    }
}
