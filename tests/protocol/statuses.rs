//! Statuses, which have paths of their own.

use serde_json::{Value, json};

use crate::{
    definition::Definition,
    ground::Ground,
    kinds::{CONFIG_MAPS, DEPLOYMENTS},
    owners::{APPLY, owned},
    subject::{MERGE, Subject, without_owners},
    support::{failure, merge},
};

fn containers() -> Value {
    json!([{"name": "c", "image": "i"}])
}

/// The object of before with these fields and the version of now.
async fn since(ground: &Ground, path: &str, before: &Value, fields: &Value) -> Value {
    let mut object = before.clone();
    merge(&mut object, fields);
    object["metadata"]["resourceVersion"] = ground.get(path).await.body["metadata"]["resourceVersion"].clone();
    object
}

pub async fn they_are_no_matter_of_the_object_itself(ground: Ground) {
    let subject = Subject::deployment(ground, &json!({"containers": containers()})).await;
    let before = subject.now().await;
    let said = json!({"status": {"replicas": 7, "observedGeneration": 9}});
    let patched = subject.ground.merge(&subject.path(), &said).await;
    assert_eq!((patched.code, without_owners(patched.body)), (200, before.clone()));
    let mut object = before.clone();
    merge(&mut object, &said);
    let replaced = subject.ground.put(&subject.path(), &object).await;
    assert_eq!((replaced.code, without_owners(replaced.body)), (200, before));
}

pub async fn of_new_objects_they_are_the_servers_to_say(ground: Ground) {
    let name = ground.name();
    let core = |plural: &str| format!("/api/v1/namespaces/{}/{plural}", ground.namespace);
    for (all, kind, spec, status) in [
        (core("services"), "Service", json!({"ports": [{"port": 80}]}), json!({"loadBalancer": {}})),
        (core("replicationcontrollers"), "ReplicationController", json!({}), json!({"replicas": 0})),
        (
            core("pods"),
            "Pod",
            json!({"containers": containers()}),
            json!({"phase": "Pending", "qosClass": "BestEffort"}),
        ),
        (
            core("persistentvolumeclaims"),
            "PersistentVolumeClaim",
            json!({
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
            }),
            json!({"phase": "Pending"}),
        ),
    ] {
        let metadata = json!({"name": if kind == "Service" { "mine" } else { &name }});
        let status_of_client = json!({"phase": "Running", "replicas": 7});
        let mut object =
            json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec, "status": status_of_client});
        if kind == "ReplicationController" {
            let pod = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers()}});
            object["spec"] = json!({"selector": {"a": "b"}, "template": pod});
        }
        assert_eq!(ground.make(&all, &object).await["status"], status, "{kind}");
    }
}

pub async fn they_are_all_that_a_write_to_them_changes(ground: Ground) {
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definition = Definition::with(&ground, &any, &json!({"subresources": {"status": {}}})).await;
    let name = ground.name();
    let mut object = definition.object(&name, &json!({"crew": 2}));
    object["metadata"]["labels"] = json!({"of": "main"});
    object["status"] = json!({"lost": true});
    let path = format!("{}/{name}", definition.all);
    let before = without_owners(ground.make(&definition.all, &object).await);
    assert_eq!(before.get("status"), None);
    let said = json!({
        "status": {"afloat": true}, "spec": {"crew": 9}, "home": "port",
        "metadata": {"labels": {"of": "status"}, "annotations": {"a": "b"}, "finalizers": ["a.example/b"]},
    });
    let patched = without_owners(ground.merge(&format!("{path}/status"), &said).await.body);
    assert_eq!(patched, since(&ground, &path, &before, &json!({"status": {"afloat": true}})).await);
    let mut again = patched.clone();
    merge(&mut again, &json!({"status": {"afloat": false}, "spec": {"crew": 9}}));
    let replaced = without_owners(ground.put(&format!("{path}/status"), &again).await.body);
    let expected = since(&ground, &path, &before, &json!({"status": {"afloat": false}})).await;
    assert_eq!(replaced, expected);
    assert_eq!(without_owners(ground.get(&path).await.body), expected);
    // The object itself changes all but them.
    let patched = without_owners(ground.merge(&path, &said).await.body);
    let metadata = json!({
        "labels": {"of": "status"}, "annotations": {"a": "b"}, "finalizers": ["a.example/b"], "generation": 2,
    });
    let fields = json!({"spec": {"crew": 9}, "metadata": metadata});
    assert_eq!(patched, since(&ground, &path, &expected, &fields).await);
    ground.merge(&path, &json!({"metadata": {"finalizers": null}})).await;
    definition.forget(&ground).await;
}

pub async fn of_deployments_they_come_with_annotations_but_not_with_labels(ground: Ground) {
    let subject = Subject::deployment(ground, &json!({"containers": containers()})).await;
    let (before, path) = (subject.now().await, subject.path());
    let said = json!({"status": {"replicas": 2}, "metadata": {"labels": {"of": "status"}, "annotations": {"a": "b"}}});
    let patched = without_owners(subject.ground.merge(&format!("{path}/status"), &said).await.body);
    let fields = json!({"status": {"replicas": 2}, "metadata": {"annotations": {"a": "b"}}});
    assert_eq!(patched, since(&subject.ground, &path, &before, &fields).await);
}

pub async fn they_have_owners_of_their_own(ground: Ground) {
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definition = Definition::with(&ground, &any, &json!({"subresources": {"status": {}}})).await;
    let name = ground.name();
    ground.make(&format!("{}?fieldManager=helm", definition.all), &definition.object(&name, &json!({"crew": 2}))).await;
    let path = format!("{}/{name}/status", definition.all);
    ground.merge(&format!("{path}?fieldManager=wave"), &json!({"status": {"afloat": true}})).await;
    let apply = async |status: Value| {
        let mut configuration = definition.object(&name, &json!({}));
        configuration["status"] = status;
        ground.ask("PATCH", &format!("{path}?fieldManager=tide"), Some((APPLY, &configuration))).await
    };
    let message = format!(
        "Apply failed with 1 conflict: conflict with \"wave\" with subresource \"status\" using {}/v1: .status.afloat",
        definition.group
    );
    assert_eq!(apply(json!({"afloat": false})).await.said(), (409, message));
    let applied = owned(apply(json!({"height": 3})).await.body);
    let owner = |manager: &str, operation: &str, part: Option<&str>, fields: Value| {
        let mut owner = json!({
            "manager": manager, "operation": operation, "apiVersion": format!("{}/v1", definition.group),
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        });
        owner.as_object_mut().expect("a map").extend(part.map(|part| ("subresource".to_owned(), part.into())));
        owner
    };
    let expected = json!([
        owner("tide", "Apply", Some("status"), json!({"f:status": {"f:height": {}}})),
        owner("helm", "Update", None, json!({"f:spec": {".": {}, "f:crew": {}}})),
        owner("wave", "Update", Some("status"), json!({"f:status": {".": {}, "f:afloat": {}}})),
    ]);
    assert_eq!(applied["metadata"]["managedFields"], expected);
    assert_eq!(applied["status"], json!({"afloat": true, "height": 3}));
    definition.forget(&ground).await;
}

pub async fn they_are_not_where_the_kind_has_none(ground: Ground) {
    let (maps, deployments) = (ground.name(), ground.name());
    ground.create(&CONFIG_MAPS, &maps, json!({})).await;
    let subject = Subject::deployment(ground, &json!({"containers": containers()})).await;
    let ground = &subject.ground;
    let nowhere = failure(404, "NotFound", "the server could not find the requested resource", json!({}));
    for (method, part) in [("GET", "status"), ("PUT", "status"), ("PATCH", "scale"), ("GET", "wings")] {
        let path = format!("{}/{part}", ground.one(&CONFIG_MAPS, &maps));
        assert_eq!(ground.ask(method, &path, Some((MERGE, &json!({})))).await.body, nowhere, "{method} {part}");
    }
    let message = "the server does not allow this method on the requested resource";
    let never = failure(405, "MethodNotAllowed", message, json!({}));
    for (method, part) in [("DELETE", "status"), ("POST", "scale"), ("DELETE", "scale")] {
        let path = format!("{}/{part}", subject.path());
        assert_eq!(ground.ask(method, &path, Some((MERGE, &json!({})))).await.body, never, "{method} {part}");
    }
    let path = ground.one(&DEPLOYMENTS, &deployments);
    let message = format!("deployments.apps {deployments:?} not found");
    let missing = failure(404, "NotFound", &message, DEPLOYMENTS.details(&deployments));
    let mut object = subject.now().await;
    object["metadata"] = json!({"name": deployments});
    for (method, media_type) in [("PUT", "application/json"), ("PATCH", MERGE), ("PATCH", APPLY)] {
        let path = format!("{path}/status?fieldManager=tide");
        assert_eq!(ground.ask(method, &path, Some((media_type, &object))).await.body, missing, "{method}");
    }
}

pub async fn they_are_part_of_the_object_in_versions_without_them(ground: Ground) {
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definition = Definition::new(&ground, &any).await;
    let name = ground.name();
    let mut object = definition.object(&name, &json!({"crew": 2}));
    object["status"] = json!({"afloat": false});
    let created = ground.make(&definition.all, &object).await;
    assert_eq!(created["status"], json!({"afloat": false}));
    let path = format!("{}/{name}", definition.all);
    let message = format!("gadgets.{} {name:?} not found", definition.group);
    for part in ["status", "scale", "sails"] {
        assert_eq!(ground.get(&format!("{path}/{part}")).await.said(), (404, message.clone()), "{part}");
    }
    let changed = ground.merge(&path, &json!({"status": {"afloat": true}})).await.body;
    assert_eq!((&changed["status"], &changed["metadata"]["generation"]), (&json!({"afloat": true}), &json!(2)));
    definition.forget(&ground).await;
}

pub async fn of_pods_they_keep_their_class_and_their_owners(ground: Ground) {
    let all = format!("/api/v1/namespaces/{}/pods", ground.namespace);
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers()}});
    ground.make(&all, &pod).await;
    let path = format!("{all}/p");
    let before = without_owners(ground.get(&path).await.body);
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "5d0e"});
    let said = json!({
        "metadata": {"name": "p", "labels": {"a": "b"}, "ownerReferences": [owner]},
        "spec": before["spec"], "status": {"phase": "Running"},
    });
    let replaced = ground.put(&format!("{path}/status"), &said).await;
    let fields = json!({"metadata": {"labels": {"a": "b"}}, "status": {"phase": "Running"}});
    let mut expected = since(&ground, &path, &before, &fields).await;
    expected["status"] = json!({"phase": "Running", "qosClass": "BestEffort"});
    assert_eq!((replaced.code, without_owners(replaced.body)), (200, expected));
}
