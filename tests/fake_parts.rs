//! Parts of objects that have paths of their own: statuses, Scales, and what keeps a namespace.

use http::Request;
use http_body_util::BodyExt;
use kube::{
    Api, Error,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams},
};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};
use tower::Service;

#[path = "store/random.rs"]
mod random;

use random::Random;

const MERGE: &str = "application/merge-patch+json";

/// An object with parts, of any name.
struct Subject {
    cluster: FakeCluster,
    resource: ApiResource,
    name: String,
}

impl Subject {
    /// An object a test made with these fields.
    fn new(group: &str, kind: &str, plural: &str, fields: Value) -> Self {
        let subject = Subject::none(group, kind, plural);
        let mut object = subject.object(fields);
        object["metadata"]["namespace"] = json!("default");
        subject.cluster.create(object).unwrap();
        subject
    }

    fn none(group: &str, kind: &str, plural: &str) -> Self {
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, "v1", kind), plural);
        let subject = Subject { cluster: FakeCluster::new(), resource, name: Random::new().name() };
        if group.ends_with(".example") {
            let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
            let version = |name: &str, parts: Value| {
                json!({
                    "name": name, "served": true, "storage": name == "v1", "subresources": parts,
                    "schema": {"openAPIV3Schema": schema},
                })
            };
            let scale = json!({
                "specReplicasPath": ".spec.crew", "statusReplicasPath": ".status.crew",
                "labelSelectorPath": ".status.selector",
            });
            let versions = [version("v1", json!({"status": {}, "scale": scale})), version("v2", json!({}))];
            let definition = json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": format!("{plural}.{group}")},
                "spec": {
                    "group": group, "scope": "Namespaced", "versions": versions,
                    "names": {"plural": plural, "kind": kind},
                },
            });
            subject.cluster.create(definition).unwrap();
        }
        subject
    }

    fn deployment() -> Self {
        let containers = json!([{"name": "c", "image": "i"}]);
        let template = json!({"metadata": {"labels": {"app": "a", "tier": "x"}}, "spec": {"containers": containers}});
        let selector = json!({
            "matchLabels": {"app": "a"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["y", "x"]}],
        });
        let spec = json!({"replicas": 2, "selector": selector, "template": template});
        let fields = json!({"spec": spec, "status": {"replicas": 1}, "metadata": {"labels": {"of": "main"}}});
        Subject::new("apps", "Deployment", "deployments", fields)
    }

    fn boat(fields: Value) -> Self {
        Subject::new("sea.example", "Boat", "boats", fields)
    }

    fn object(&self, fields: Value) -> Value {
        let ApiResource { api_version, kind, .. } = &self.resource;
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {}});
        object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        object["metadata"]["name"] = json!(self.name);
        object
    }

    fn api(&self) -> Api<DynamicObject> {
        Api::default_namespaced_with(self.cluster.client(), &self.resource)
    }

    fn now(&self) -> Value {
        self.cluster.get(&self.resource.kind, "default", &self.name).unwrap()
    }

    /// The object of before with these fields and the newest version of the cluster.
    fn since(&self, before: &Value, fields: Value) -> Value {
        let mut object = before.clone();
        object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        object["metadata"]["resourceVersion"] = json!(self.cluster.revision().to_string());
        object
    }

    async fn patch(&self, patch: Value) -> Value {
        let patched = self.api().patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
        serde_json::to_value(patched).unwrap()
    }

    async fn patch_status(&self, patch: Value) -> Value {
        let patched = self.api().patch_status(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
        serde_json::to_value(patched).unwrap()
    }

    /// Code and body of the answer to a request about a part of the object.
    async fn raw(&self, method: &str, version: &str, part: &str, body: &Value) -> (u16, Value) {
        let ApiResource { group, plural, .. } = &self.resource;
        let path = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{group}") };
        self.ask(method, &format!("{path}/{version}/namespaces/default/{plural}/{}/{part}", self.name), body).await
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let media_type = if method == "PATCH" { MERGE } else { "application/json" };
        let request = Request::builder().method(method).uri(path).header("Content-Type", media_type);
        let response = self.cluster.clone().call(request.body(body.to_string()).unwrap()).await.unwrap();
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (code, serde_json::from_slice(&bytes).unwrap())
    }

    /// Code and message of a refusal, which changes nothing.
    async fn refused(&self, method: &str, part: &str, body: &Value) -> (u16, String) {
        let before = self.cluster.revision();
        let (code, status) = self.raw(method, "v1", part, body).await;
        assert_eq!(self.cluster.revision(), before);
        (code, status["message"].as_str().unwrap().to_owned())
    }
}

mod statuses {
    use super::*;

    #[tokio::test]
    async fn are_no_matter_of_the_object_itself() {
        let pod = json!({"spec": {"containers": [{"name": "c", "image": "i"}]}, "status": {"phase": "Running"}});
        for subject in [
            Subject::new("", "Pod", "pods", pod),
            Subject::deployment(),
            Subject::boat(json!({"status": {"afloat": true}})),
        ] {
            let before = subject.now();
            let changed = subject.patch(json!({"status": {"phase": "Failed", "afloat": false}})).await;
            assert_eq!(changed, before);
            let mut object: DynamicObject = serde_json::from_value(before.clone()).unwrap();
            object.data["status"] = json!({"phase": "Failed"});
            let replaced = subject.api().replace(&subject.name, &PostParams::default(), &object).await.unwrap();
            assert_eq!(serde_json::to_value(replaced).unwrap(), before);
        }
    }

    #[tokio::test]
    async fn of_new_objects_are_the_servers_to_say() {
        for (subject, fields, status) in [
            (
                Subject::none("", "Service", "services"),
                json!({"spec": {"ports": [{"port": 80}]}}),
                json!({"loadBalancer": {}}),
            ),
            (Subject::none("sea.example", "Boat", "boats"), json!({}), Value::Null),
            (Subject::none("", "Node", "nodes"), json!({}), json!({"phase": "Running"})),
        ] {
            let mut object = subject.object(fields);
            // Services want a label for a name.
            object["metadata"]["name"] = json!("mine");
            object["status"] = json!({"phase": "Running"});
            let api = if subject.resource.kind == "Node" {
                Api::all_with(subject.cluster.client(), &subject.resource)
            } else {
                subject.api()
            };
            let created: DynamicObject =
                api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
            let mut said = created.data["status"].clone();
            if let (Some(said), "Node") = (said.as_object_mut(), subject.resource.kind.as_str()) {
                said.retain(|field, _| field == "phase");
            }
            assert_eq!(said, status, "{}", subject.resource.kind);
        }
    }

    #[tokio::test]
    async fn are_all_that_a_write_to_them_changes() {
        let subject = Subject::boat(json!({"spec": {"crew": 2}, "metadata": {"labels": {"of": "main"}}}));
        let before = subject.now();
        let patched = subject
            .patch_status(json!({
                "status": {"afloat": true}, "spec": {"crew": 9}, "home": "port",
                "metadata": {"labels": {"of": "status"}, "annotations": {"a": "b"}, "finalizers": ["a.example/b"]},
            }))
            .await;
        assert_eq!(patched, subject.since(&before, json!({"status": {"afloat": true}})));
        let mut object: DynamicObject = serde_json::from_value(patched.clone()).unwrap();
        object.data = json!({"status": {"afloat": false}, "spec": {"crew": 9}});
        let replaced = subject.api().replace_status(&subject.name, &PostParams::default(), &object).await.unwrap();
        let expected = subject.since(&before, json!({"status": {"afloat": false}}));
        assert_eq!(serde_json::to_value(replaced).unwrap(), expected);
        assert_eq!(subject.now(), expected);
    }

    #[tokio::test]
    async fn of_deployments_come_with_annotations_but_not_with_labels() {
        let subject = Subject::deployment();
        let before = subject.now();
        let patch = json!({
            "status": {"replicas": 2}, "metadata": {"labels": {"of": "status"}, "annotations": {"a": "b"}},
        });
        let patched = subject.patch_status(patch).await;
        let mut expected = subject.since(&before, json!({"status": {"replicas": 2}}));
        expected["metadata"]["annotations"] = json!({"a": "b"});
        assert_eq!(patched, expected);
    }

    #[tokio::test]
    async fn have_owners_of_their_own() {
        let subject = Subject::none("sea.example", "Boat", "boats");
        let boat = |fields: Value| serde_json::from_value::<DynamicObject>(subject.object(fields)).unwrap();
        subject.api().create(&PostParams::default(), &boat(json!({"spec": {"crew": 2}}))).await.unwrap();
        subject.patch_status(json!({"status": {"afloat": true}})).await;
        let apply = |manager: &'static str, status: Value| {
            let (api, boat) = (subject.api(), boat(json!({"status": status})));
            let name = subject.name.clone();
            async move { api.patch_status(&name, &PatchParams::apply(manager), &Patch::Apply(boat)).await }
        };
        let Err(Error::Api(conflict)) = apply("tide", json!({"afloat": false})).await else { panic!("no conflict") };
        let message = "Apply failed with 1 conflict: conflict with \"unknown\" with subresource \"status\" using \
                       sea.example/v1: .status.afloat";
        assert_eq!((conflict.code, conflict.message.as_str()), (409, message));
        let applied = apply("tide", json!({"height": 3})).await.unwrap();
        let owners = applied.metadata.managed_fields.unwrap();
        let owners =
            owners.into_iter().map(|owner| (owner.manager.unwrap(), owner.subresource, owner.fields_v1.unwrap().0));
        let part = Some("status".to_owned());
        assert_eq!(
            owners.collect::<Vec<_>>(),
            [
                ("tide".to_owned(), part.clone(), json!({"f:status": {".": {}, "f:height": {}}})),
                ("unknown".to_owned(), None, json!({"f:spec": {".": {}, "f:crew": {}}})),
                ("unknown".to_owned(), part, json!({"f:status": {".": {}, "f:afloat": {}}})),
            ]
        );
    }

    #[tokio::test]
    async fn are_part_of_the_object_in_versions_without_them() {
        let subject = Subject::boat(json!({"spec": {"crew": 2}}));
        let missing = format!("boats.sea.example {:?} not found", subject.name);
        for part in ["status", "scale", "sails"] {
            let (code, refusal) = subject.raw("GET", "v2", part, &json!({})).await;
            assert_eq!((code, &refusal["message"]), (404, &json!(missing)), "{part}");
        }
        let path = format!("/apis/sea.example/v2/namespaces/default/boats/{}", subject.name);
        let (code, boat) = subject.ask("PATCH", &path, &json!({"status": {"afloat": true}})).await;
        assert_eq!(
            (code, &boat["status"], &boat["metadata"]["generation"]),
            (200, &json!({"afloat": true}), &json!(2))
        );
    }

    #[tokio::test]
    async fn are_not_where_the_kind_has_none() {
        let subject = Subject::new("", "ConfigMap", "configmaps", json!({}));
        let why = "the server could not find the requested resource";
        for (method, part) in [("GET", "status"), ("PUT", "status"), ("PATCH", "scale"), ("GET", "wings")] {
            assert_eq!(subject.refused(method, part, &json!({})).await, (404, why.to_owned()), "{method} {part}");
        }
        let subject = Subject::deployment();
        let why = "the server does not allow this method on the requested resource";
        for (method, part) in [("DELETE", "status"), ("POST", "scale"), ("DELETE", "scale")] {
            assert_eq!(subject.refused(method, part, &json!({})).await, (405, why.to_owned()), "{method} {part}");
        }
    }

    #[tokio::test]
    async fn of_nothing_are_not_written() {
        let subject = Subject::none("apps", "Deployment", "deployments");
        let whole = subject.object(json!({"status": {"replicas": 1}}));
        let why = format!("deployments.apps {:?} not found", subject.name);
        for method in ["PUT", "PATCH"] {
            assert_eq!(subject.refused(method, "status", &whole).await, (404, why.clone()));
        }
        let parameters = PatchParams::apply("tide");
        let Err(Error::Api(refusal)) =
            subject.api().patch_status(&subject.name, &parameters, &Patch::Apply(&whole)).await
        else {
            panic!("applied to nothing")
        };
        assert_eq!((refusal.code, refusal.message), (404, why));
    }

    #[tokio::test]
    async fn are_set_by_tests_in_one_call_and_stay_where_a_test_says_none() {
        let subject = Subject::deployment();
        assert_eq!(subject.now()["status"], json!({"replicas": 1}));
        let mut changed = subject.now();
        changed["spec"]["replicas"] = json!(5);
        changed["status"] = json!({"replicas": 4});
        assert_eq!(subject.cluster.apply(&changed).unwrap()["status"], json!({"replicas": 4}));
        changed.as_object_mut().unwrap().remove("status");
        changed["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        assert_eq!(subject.cluster.replace(&changed).unwrap()["status"], json!({"replicas": 4}));
        let patch = Patch::Merge(json!({"status": {"replicas": 5}}));
        let patched = subject.cluster.patch("Deployment", "default", &subject.name, &patch).unwrap();
        assert_eq!(patched["status"], json!({"replicas": 5}));
    }
}

mod scales {
    use super::*;

    /// What an object shows as its Scale.
    fn scale(object: &Value, replicas: u32, status: Value) -> Value {
        let mut metadata = object["metadata"].clone();
        const SHOWN: [&str; 5] = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"];
        metadata.as_object_mut().unwrap().retain(|field, _| SHOWN.contains(&field.as_str()));
        json!({
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
            "spec": {"replicas": replicas}, "status": status,
        })
    }

    #[tokio::test]
    async fn show_and_change_the_replicas() {
        let subject = Subject::deployment();
        let before = subject.now();
        let status = json!({"replicas": 1, "selector": "app=a,tier in (x,y)"});
        assert_eq!(subject.raw("GET", "v1", "scale", &json!({})).await, (200, scale(&before, 2, status.clone())));

        let (code, patched) = subject.raw("PATCH", "v1", "scale", &json!({"spec": {"replicas": 3}})).await;
        let mut expected = subject.since(&before, json!({}));
        expected["spec"]["replicas"] = json!(3);
        expected["metadata"]["generation"] = json!(2);
        assert_eq!(subject.now(), expected);
        assert_eq!((code, patched), (200, scale(&expected, 3, status.clone())));

        let whole = json!({"metadata": {"name": subject.name}, "spec": {"replicas": 4}});
        let (code, replaced) = subject.raw("PUT", "v1", "scale", &whole).await;
        assert_eq!((code, replaced), (200, scale(&subject.now(), 4, status)));
        assert_eq!(subject.now()["metadata"]["generation"], json!(3));
        let typed = subject.api().get_scale(&subject.name).await.unwrap();
        assert_eq!((typed.spec.unwrap().replicas, typed.status.unwrap().replicas), (Some(4), 1));
    }

    #[tokio::test]
    async fn of_custom_kinds_are_where_the_definition_says() {
        let subject = Subject::boat(json!({"spec": {}, "status": {"crew": 1, "selector": "a=b"}}));
        let why = "the spec replicas field \".spec.crew\"";
        let (code, refusal) = subject.raw("GET", "v1", "scale", &json!({})).await;
        let missing = format!("{why} does not exist");
        let expected = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 500,
            "reason": "InternalError", "message": format!("Internal error occurred: {missing}"),
            "details": {"causes": [{"message": missing}]},
        });
        assert_eq!((code, refusal), (500, expected));
        let nothing = json!({"metadata": {"labels": {"a": "b"}}});
        assert_eq!(subject.refused("PATCH", "scale", &nothing).await, (400, format!("{why} cannot be empty")));
        let (code, scaled) = subject.raw("PATCH", "v1", "scale", &json!({"spec": {"replicas": 3}})).await;
        assert_eq!((code, scaled), (200, scale(&subject.now(), 3, json!({"replicas": 1, "selector": "a=b"}))));
        assert_eq!(subject.now()["spec"], json!({"crew": 3}));
        let negative = subject.refused("PATCH", "scale", &json!({"spec": {"replicas": -3}})).await;
        let flaw = ".spec.crew: Invalid value: -3: should be a non-negative integer";
        assert_eq!(negative, (422, format!("Boat.sea.example {:?} is invalid: {flaw}", subject.name)));
    }

    #[tokio::test]
    async fn are_refused_where_they_are_not_of_the_object() {
        let subject = Subject::deployment();
        let name = &subject.name;
        let about = |field: &str, value: Value| {
            let mut scale = json!({"metadata": {"name": name}, "spec": {"replicas": 9}});
            scale["metadata"][field] = value;
            scale
        };
        let conflict = format!(
            "Operation cannot be fulfilled on deployments.apps {name:?}: the object has been modified; please apply your changes to the latest version and try again"
        );
        let other = "the name of the object (other) does not match the name on the URL";
        let negative = "spec.replicas: Invalid value: -9: must be greater than or equal to 0";
        for (scale, code, message) in [
            (about("resourceVersion", json!("1")), 409, conflict),
            (about("name", json!("other")), 400, format!("{other} ({name})")),
            (about("namespace", json!("other")), 400, "the namespace of the provided object does not match the namespace sent on the request".to_owned()),
            (json!({"metadata": {"name": name}, "spec": {"replicas": -9}}), 422, format!("Scale.autoscaling {name:?} is invalid: {negative}")),
            (json!({"kind": "Pod", "apiVersion": "v1"}), 400, "Pod in version \"v1\" cannot be handled as a Scale: converting (v1.Pod) to (autoscaling.Scale): unknown conversion".to_owned()),
        ] {
            assert_eq!(subject.refused("PUT", "scale", &scale).await, (code, message), "{scale}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn give_the_replicas_to_who_changed_them() {
        let subject = Subject::none("apps", "Deployment", "deployments");
        let template =
            json!({"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
        let spec = json!({"replicas": 2, "selector": {"matchLabels": {"app": "a"}}, "template": template});
        let object = serde_json::from_value(subject.object(json!({"spec": spec}))).unwrap();
        subject
            .api()
            .create(&PostParams { field_manager: Some("potter".to_owned()), ..PostParams::default() }, &object)
            .await
            .unwrap();
        let parameters = PatchParams { field_manager: Some("spade".to_owned()), ..PatchParams::default() };
        let change = Patch::Merge(json!({"spec": {"replicas": 3}}));
        subject.api().patch_scale(&subject.name, &parameters, &change).await.unwrap();
        let owners = subject.now()["metadata"]["managedFields"].clone();
        let spade = json!({
            "manager": "spade", "operation": "Update", "apiVersion": "apps/v1", "subresource": "scale",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
        });
        assert_eq!(owners[0], spade);
        let left = &owners[1]["fieldsV1"]["f:spec"];
        assert_eq!((&owners[1]["manager"], left.get("f:replicas")), (&json!("potter"), None));
        let configuration = json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": subject.name}, "spec": {"replicas": 4},
        });
        let apply = Patch::Apply(configuration);
        let parameters = PatchParams::apply("rake");
        let Err(Error::Api(conflict)) = subject.api().patch_scale(&subject.name, &parameters, &apply).await else {
            panic!("no conflict")
        };
        let message = "Apply failed with 1 conflict: conflict with \"spade\" with subresource \"scale\" using \
                       autoscaling/v1: .spec.replicas";
        assert_eq!((conflict.code, conflict.message.as_str()), (409, message));
        let forced = subject.api().patch_scale(&subject.name, &parameters.force(), &apply).await.unwrap();
        assert_eq!(forced.spec.unwrap().replicas, Some(4));
        assert_eq!(subject.now()["metadata"]["managedFields"][0]["manager"], json!("rake"));
    }
}

mod namespaces {
    use super::*;

    #[tokio::test]
    async fn go_with_what_keeps_them() {
        let cluster = FakeCluster::builder().controllers(false).build();
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("", "v1", "Namespace"), "namespaces");
        let subject = Subject { cluster, resource, name: Random::new().name().replace('.', "-") };
        subject.cluster.namespace(&subject.name);
        subject.cluster.delete("Namespace", "", &subject.name).unwrap();
        let before = subject.cluster.get("Namespace", "", &subject.name).unwrap();
        assert_eq!(
            (&before["spec"], &before["status"]["phase"]),
            (&json!({"finalizers": ["kubernetes"]}), &json!("Terminating"))
        );

        let path = format!("/api/v1/namespaces/{}/finalize", subject.name);
        let with = |finalizers: Value| {
            subject.object(json!({"spec": {"finalizers": finalizers}, "status": {"phase": "Active"}}))
        };
        let (code, refusal) = subject.ask("PUT", &path, &with(json!(["alone"]))).await;
        let flaw = "spec.finalizers[0]: Invalid value: \"alone\": name is neither a standard finalizer name nor is it fully qualified";
        assert_eq!(
            (code, &refusal["message"]),
            (422, &json!(format!("Namespace {:?} is invalid: {flaw}", subject.name)))
        );
        let (code, gone) = subject.ask("PUT", &path, &with(json!([]))).await;
        let mut expected = before.clone();
        expected["spec"] = json!({});
        // The answer is about the last state there was.
        assert_eq!((code, gone), (200, expected));
        assert_eq!(subject.cluster.get("Namespace", "", &subject.name).unwrap_err().code, 404);
    }

    #[tokio::test]
    async fn have_what_keeps_them_by_a_path_that_is_only_put_to() {
        let subject = Subject::none("", "Namespace", "namespaces");
        for method in ["GET", "PATCH", "DELETE"] {
            let (code, _) = subject.ask(method, "/api/v1/namespaces/default/finalize", &json!({})).await;
            assert_eq!(code, 405, "{method}");
        }
    }
}
