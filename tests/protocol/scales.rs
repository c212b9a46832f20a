//! Scales: how many there are of something, and how many there should be.

use serde_json::{Value, json};

use crate::{
    definition::Definition,
    ground::Ground,
    owners::{APPLY, owners},
    subject::{MERGE, Subject, without_owners},
    support::{failure, merge},
};

/// What an object shows as its Scale.
fn scale(object: &Value, replicas: u32, status: &Value) -> Value {
    let mut metadata = object["metadata"].clone();
    const SHOWN: [&str; 5] = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"];
    metadata.as_object_mut().expect("metadata").retain(|field, _| SHOWN.contains(&field.as_str()));
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": {"replicas": replicas}, "status": status,
    })
}

/// A Deployment with a selector of every form.
async fn deployment(ground: Ground) -> Subject {
    let subject = Subject::new(crate::kinds::DEPLOYMENTS, ground, &{
        let pod = json!({"containers": [{"name": "c", "image": "i"}]});
        let template = json!({"metadata": {"labels": {"app": "a", "tier": "x"}}, "spec": pod});
        let among = json!([{"key": "tier", "operator": "In", "values": ["y", "x"]}]);
        let selector = json!({"matchLabels": {"app": "a"}, "matchExpressions": among});
        json!({"spec": {"replicas": 2, "selector": selector, "template": template}})
    })
    .await;
    let status = format!("{}/status?fieldManager=controller", subject.path());
    assert_eq!(subject.ground.merge(&status, &json!({"status": {"replicas": 1}})).await.code, 200);
    subject
}

pub async fn they_show_and_change_the_replicas(ground: Ground) {
    let subject = deployment(ground).await;
    let (before, path) = (subject.now().await, format!("{}/scale", subject.path()));
    let status = json!({"replicas": 1, "selector": "app=a,tier in (x,y)"});
    assert_eq!(subject.ground.get(&path).await.body, scale(&before, 2, &status));

    let patched = subject.ground.merge(&path, &json!({"spec": {"replicas": 3}})).await;
    let mut expected = before.clone();
    let version = &subject.now().await["metadata"]["resourceVersion"];
    let changed = json!({"spec": {"replicas": 3}, "metadata": {"generation": 2, "resourceVersion": version}});
    merge(&mut expected, &changed);
    assert_eq!(subject.now().await, expected);
    assert_eq!((patched.code, patched.body), (200, scale(&expected, 3, &status)));

    let whole = json!({"metadata": {"name": subject.name}, "spec": {"replicas": 4}});
    let replaced = subject.ground.put(&path, &whole).await;
    let now = subject.now().await;
    assert_eq!((replaced.code, replaced.body), (200, scale(&now, 4, &status)));
    assert_eq!(now["metadata"]["generation"], 3);
    let typed = subject.api().get_scale(&subject.name).await.expect("a Scale");
    assert_eq!((typed.spec.unwrap().replicas, typed.status.unwrap().replicas), (Some(4), 1));
}

pub async fn of_custom_kinds_they_are_where_the_definition_says(ground: Ground) {
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let paths = json!({
        "specReplicasPath": ".spec.crew", "statusReplicasPath": ".status.crew", "labelSelectorPath": ".status.selector",
    });
    let parts = json!({"subresources": {"status": {}, "scale": paths}});
    let definition = Definition::with(&ground, &any, &parts).await;
    let name = ground.name();
    let one = format!("{}/{name}", definition.all);
    ground.make(&definition.all, &definition.object(&name, &json!({}))).await;
    let status = json!({"status": {"crew": 1, "selector": "a=b"}});
    ground.merge(&format!("{one}/status"), &status).await;
    let path = format!("{one}/scale");
    let why = "the spec replicas field \".spec.crew\"";
    let missing = format!("{why} does not exist");
    let message = format!("Internal error occurred: {missing}");
    let nothing = failure(500, "InternalError", &message, json!({"causes": [{"message": missing}]}));
    assert_eq!(ground.get(&path).await.body, nothing);
    let empty = ground.merge(&path, &json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert_eq!(empty.said(), (400, format!("{why} cannot be empty")));
    let scaled = ground.merge(&path, &json!({"spec": {"replicas": 3}})).await;
    let now = ground.get(&one).await.body;
    let expected = scale(&now, 3, &json!({"replicas": 1, "selector": "a=b"}));
    assert_eq!((scaled.code, scaled.body), (200, expected.clone()));
    assert_eq!((&now["spec"], ground.get(&path).await.body), (&json!({"crew": 3}), expected));
    let negative = ground.merge(&path, &json!({"spec": {"replicas": -3}})).await;
    let flaw = ".spec.crew: Invalid value: -3: should be a non-negative integer";
    assert_eq!(negative.said(), (422, format!("Gadget.{} {name:?} is invalid: {flaw}", definition.group)));
    definition.forget(&ground).await;
}

pub async fn they_are_refused_where_they_are_not_of_the_object(ground: Ground) {
    let subject = deployment(ground).await;
    let (before, name) = (subject.now().await, &subject.name);
    let about = |field: &str, value: Value| {
        let mut scale = json!({"metadata": {"name": name}, "spec": {"replicas": 9}});
        scale["metadata"][field] = value;
        scale
    };
    let conflict = format!(
        "Operation cannot be fulfilled on deployments.apps {name:?}: the object has been modified; please apply your \
         changes to the latest version and try again"
    );
    let other = format!("the name of the object (other) does not match the name on the URL ({name})");
    let elsewhere = "the namespace of the provided object does not match the namespace sent on the request";
    let below = "spec.replicas: Invalid value: -9: must be greater than or equal to 0";
    let below = format!("Scale.autoscaling {name:?} is invalid: {below}");
    let negative = json!({"metadata": {"name": name}, "spec": {"replicas": -9}});
    let pod = "converting (v1.Pod) to (autoscaling.Scale): unknown conversion";
    let pod = format!("Pod in version \"v1\" cannot be handled as a Scale: {pod}");
    for (scale, code, message) in [
        (about("resourceVersion", json!("1")), 409, conflict),
        (about("name", json!("other")), 400, other),
        (about("namespace", json!("other")), 400, elsewhere.to_owned()),
        (negative, 422, below),
        (json!({"kind": "Pod", "apiVersion": "v1"}), 400, pod),
    ] {
        let refused = subject.ground.put(&format!("{}/scale", subject.path()), &scale).await;
        assert_eq!(refused.said(), (code, message), "{scale}");
    }
    assert_eq!(subject.now().await, before);
}

pub async fn they_give_the_replicas_to_who_changed_them(ground: Ground) {
    let subject = deployment(ground).await;
    let path = format!("{}/scale", subject.path());
    subject.ground.merge(&format!("{path}?fieldManager=spade"), &json!({"spec": {"replicas": 3}})).await;
    let replicas = async || {
        let now = subject.ground.get(&subject.path()).await.body;
        let owners = owners(&now);
        let own = |owner: &&Value| owner["fieldsV1"]["f:spec"].get("f:replicas").is_some();
        owners.iter().filter(own).cloned().collect::<Vec<_>>()
    };
    let owner = |manager: &str, operation: &str| {
        json!({
            "manager": manager, "operation": operation, "apiVersion": "apps/v1", "subresource": "scale",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
        })
    };
    assert_eq!(replicas().await, [owner("spade", "Update")]);
    let configuration = json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": subject.name}, "spec": {"replicas": 4},
    });
    let apply = async |parameters: &str| {
        let path = format!("{path}?fieldManager=rake{parameters}");
        subject.ground.ask("PATCH", &path, Some((APPLY, &configuration))).await
    };
    let message = "Apply failed with 1 conflict: conflict with \"spade\" with subresource \"scale\" using \
                   autoscaling/v1: .spec.replicas";
    assert_eq!(apply("").await.said(), (409, message.to_owned()));
    let forced = apply("&force=true").await;
    assert_eq!((forced.code, &forced.body["spec"]), (200, &json!({"replicas": 4})));
    assert_eq!(replicas().await, [owner("rake", "Apply")]);
    let unknown = subject.ground.ask("PATCH", &path, Some((MERGE, &json!({"spec": {"wings": 2}})))).await;
    assert_eq!(
        (unknown.code, unknown.warnings()),
        (200, vec!["299 - \"unknown field \\\"spec.wings\\\"\"".to_owned()])
    );
    assert_eq!(without_owners(unknown.body)["spec"], json!({"replicas": 4}));
}

pub async fn of_custom_kinds_they_are_applied_only_as_they_are(ground: Ground) {
    let schema = json!({"type": "object", "properties": {"crew": {"type": "integer"}}});
    let paths = json!({"specReplicasPath": ".spec.crew", "statusReplicasPath": ".status.crew"});
    let definition = Definition::with(&ground, &schema, &json!({"subresources": {"scale": paths}})).await;
    let name = ground.name();
    let created = ground.make(&definition.all, &definition.object(&name, &json!({"crew": 3}))).await;
    let one = format!("{}/{name}", definition.all);
    let apply = async |replicas: u32| {
        let spec = json!({"replicas": replicas});
        let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": name}, "spec": spec});
        ground.ask("PATCH", &format!("{one}/scale?fieldManager=rake&force=true"), Some((APPLY, &scale))).await
    };
    let why = "to proper version: request to convert CR to an invalid group/version: autoscaling/v1";
    let message = format!("failed to convert new object (/{name}; autoscaling/v1, Kind=Scale) {why}");
    assert_eq!(apply(4).await.said(), (500, message));
    assert_eq!(ground.get(&one).await.body, created);
    assert_eq!(apply(3).await.code, 200);
    let owners = ground.get(&one).await.body["metadata"]["managedFields"].clone();
    let owners: Vec<_> = owners.as_array().expect("owners").iter().map(|o| (&o["manager"], &o["fieldsV1"])).collect();
    let crew = json!({"f:spec": {"f:crew": {}}});
    let rest = json!({"f:spec": {}});
    assert_eq!(owners, [(&json!("rake"), &crew), (&json!("unknown"), &crew), (&json!("unknown"), &rest)]);
    definition.forget(&ground).await;
}
