//! Definitions of custom kinds: which are refused, how they come to be served, and how they go.

use serde_json::{Value, json};

use crate::{
    definition::{DEFINITIONS, Definition},
    ground::{Ground, text},
    support::{failure, served::served, soon},
};

pub async fn they_are_checked(ground: Ground) {
    let (_, whole) = Definition::of(&ground, &json!({"type": "object"}), &json!({}));
    let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";
    let at = "spec.validation.openAPIV3Schema.properties[spec]";
    for (pointer, value, why) in [
        (
            "/spec/scope",
            json!("Everywhere"),
            r#"spec.scope: Unsupported value: "Everywhere": supported values: "Cluster", "Namespaced""#.to_owned(),
        ),
        (
            "/metadata/name",
            json!("pears.hill.example"),
            r#"metadata.name: Invalid value: "pears.hill.example": must be spec.names.plural+"."+spec.group"#
                .to_owned(),
        ),
        (
            "/spec/names/listKind",
            json!("Gadget"),
            r#"spec.names.listKind: Invalid value: "Gadget": kind and listKind may not be the same"#.to_owned(),
        ),
        ("/spec/versions/0/schema", json!({}), "spec.versions[0].schema.openAPIV3Schema: Required value".to_owned()),
        (
            "/spec/versions/0/schema/openAPIV3Schema/type",
            json!("string"),
            r#"spec.validation.openAPIV3Schema.type: Invalid value: "string": must be object at the root"#.to_owned(),
        ),
        (spec, json!({}), format!("{at}.type: Required value: must not be empty for specified object fields")),
        (spec, json!({"type": "array"}), format!("{at}.items: Required value: must be specified")),
        (
            spec,
            json!({"type": "string", "default": 5}),
            format!(r#"{at}.default: Invalid value: "integer":  in body must be of type string: "integer""#),
        ),
        (
            spec,
            json!({"type": "string", "pattern": "("}),
            format!(
                r#"{at}.pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`"#
            ),
        ),
    ] {
        let mut object = whole.clone();
        *object.pointer_mut(pointer).expect(pointer) = value;
        let name = text(&object["metadata"]["name"]);
        let head = format!("CustomResourceDefinition.apiextensions.k8s.io {name:?} is invalid: ");
        let (code, message) = ground.post(DEFINITIONS, &object).await.said();
        assert_eq!((code, message), (422, format!("{head}{why}")), "{pointer}");
    }
    for (pointer, value, part) in [
        ("/spec/versions/0/storage", json!(false), "must have exactly one version marked as storage version"),
        ("/spec/versions/0/name", json!(""), "spec.versions[0].name: Invalid value: \"\": a DNS-1035 label must"),
    ] {
        let mut object = whole.clone();
        *object.pointer_mut(pointer).expect(pointer) = value;
        let (code, message) = ground.post(DEFINITIONS, &object).await.said();
        assert!(code == 422 && message.contains(part), "{message}");
    }
}

fn conditions(definition: &Value) -> Vec<[String; 3]> {
    let conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
    conditions.map(|condition| ["type", "status", "reason"].map(|field| text(&condition[field]))).collect()
}

pub async fn they_are_established_in_steps(ground: Ground) {
    let (definition, mut object) = Definition::of(&ground, &json!({"type": "object"}), &json!({}));
    object["spec"]["names"] = json!({"plural": "gadgets", "kind": "Gadget"});
    let version = text(&ground.get(DEFINITIONS).await.body["metadata"]["resourceVersion"]);
    let query = format!("watch=true&resourceVersion={version}&fieldSelector=metadata.name%3D{}", definition.name());
    let mut watch = ground.watch(&format!("{DEFINITIONS}?{query}")).await;
    let created = ground.make(DEFINITIONS, &object).await;
    let nothing = json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": ["v1"]});
    assert_eq!(created["status"], nothing);
    let names = json!({"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"});
    assert_eq!(created["spec"]["names"], names);
    assert_eq!(created["spec"]["conversion"], json!({"strategy": "None"}));
    let mut steps = Vec::new();
    for _ in 0..3 {
        let event = watch.next().await.expect("an event");
        steps.push((
            text(&event["type"]),
            conditions(&event["object"]),
            event["object"]["status"]["acceptedNames"].clone(),
        ));
    }
    let condition = |name: &str, status: &str, reason: &str| [name, status, reason].map(str::to_owned);
    let accepted = condition("NamesAccepted", "True", "NoConflicts");
    let installing = condition("Established", "False", "Installing");
    let established = condition("Established", "True", "InitialNamesAccepted");
    let expected = [
        ("ADDED".to_owned(), vec![], nothing["acceptedNames"].clone()),
        ("MODIFIED".to_owned(), vec![accepted.clone(), installing], names.clone()),
        ("MODIFIED".to_owned(), vec![accepted, established], names),
    ];
    assert_eq!(steps, expected);
    definition.forget(&ground).await;
}

pub async fn objects_are_served_in_every_version(ground: Ground) {
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let (definition, mut object) = Definition::of(&ground, &any, &json!({}));
    let mut beta = object["spec"]["versions"][0].clone();
    for (field, value) in [("name", json!("v1beta1")), ("storage", json!(false)), ("deprecated", json!(true))] {
        beta[field] = value;
    }
    let mut alpha = beta.clone();
    for (field, value) in [("name", json!("v1alpha1")), ("deprecationWarning", json!("plant something else"))] {
        alpha[field] = value;
    }
    let mut hidden = beta.clone();
    for (field, value) in [("name", json!("v1alpha0")), ("served", json!(false))] {
        hidden[field] = value;
    }
    object["spec"]["versions"].as_array_mut().expect("versions").extend([beta, alpha, hidden]);
    ground.make(DEFINITIONS, &object).await;
    served(&ground.client, &definition.name(), &definition.all).await;
    let in_version = |version: &str| definition.all.replace("/v1/", &format!("/{version}/"));
    let [first, second] = ground.names(2).try_into().expect("two names");
    ground.make(&definition.all, &definition.object(&first, &json!({"a": 1}))).await;
    let mut beta = definition.object(&second, &json!({"a": 2}));
    beta["apiVersion"] = format!("{}/v1beta1", definition.group).into();
    assert_eq!(ground.make(&in_version("v1beta1"), &beta).await["apiVersion"], beta["apiVersion"]);
    let group = &definition.group;
    let deprecated = format!("299 - \"{group}/v1beta1 Gadget is deprecated; use {group}/v1 Gadget\"");
    for (version, warnings) in
        [("v1", vec![]), ("v1beta1", vec![deprecated]), ("v1alpha1", vec!["299 - \"plant something else\"".to_owned()])]
    {
        let list = ground.get(&in_version(version)).await;
        let versions: Vec<_> =
            list.body["items"].as_array().expect("items").iter().map(|item| text(&item["apiVersion"])).collect();
        let api_version = format!("{}/{version}", definition.group);
        assert_eq!((list.warnings(), versions), (warnings.clone(), vec![api_version; 2]));
        let one = ground.get(&format!("{}/none", in_version(version))).await;
        assert_eq!((one.code, one.warnings()), (404, warnings));
    }
    let hidden = ground.get(&in_version("v1alpha0")).await;
    assert_eq!((hidden.code, hidden.body), (404, json!("404 page not found\n")));
    let mut other = definition.object("z", &json!({}));
    other["kind"] = "Other".into();
    let refused = ground.post(&definition.all, &other).await;
    let why = "kind: Invalid value: \"Other\": must be Gadget";
    let message = format!("Other.{} \"z\" is invalid: {why}", definition.group);
    let cause =
        json!({"reason": "FieldValueInvalid", "message": "Invalid value: \"Other\": must be Gadget", "field": "kind"});
    let details = json!({"name": "z", "group": definition.group, "kind": "Other", "causes": [cause]});
    assert_eq!(refused.body, failure(422, "Invalid", &message, details));
    definition.forget(&ground).await;
}

pub async fn with_a_definition_go_its_objects_their_watches_and_their_path(ground: Ground) {
    let (definition, object) = Definition::of(&ground, &json!({"type": "object"}), &json!({}));
    ground.make(DEFINITIONS, &object).await;
    served(&ground.client, &definition.name(), &definition.all).await;
    let name = ground.name();
    let created = ground.make(&definition.all, &definition.object(&name, &json!({}))).await;
    let version = text(&created["metadata"]["resourceVersion"]);
    let mut watch = ground.watch(&format!("{}?watch=true&resourceVersion={version}", definition.all)).await;
    let marked = ground.delete(&definition.path()).await;
    let finalizers = json!(["customresourcecleanup.apiextensions.k8s.io"]);
    assert_eq!((marked.code, &marked.body["metadata"]["finalizers"]), (200, &finalizers));
    assert_eq!(watch.told(1).await, [("DELETED".to_owned(), name.clone())]);
    assert_eq!(watch.next().await, None);
    // A real server takes its time.
    soon(async {
        while ground.get(&definition.path()).await.code != 404 || ground.get(&definition.all).await.code != 404 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!(ground.get(&definition.all).await.body, json!("404 page not found\n"));
    // It comes back without its objects.
    ground.make(DEFINITIONS, &object).await;
    served(&ground.client, &definition.name(), &definition.all).await;
    let list = ground.get(&definition.all).await.body;
    assert_eq!(list["items"], json!([]));
    let version = text(&list["metadata"]["resourceVersion"]);
    let mut watch = ground.watch(&format!("{}?watch=true&resourceVersion={version}", definition.all)).await;
    ground.make(&definition.all, &definition.object(&name, &json!({}))).await;
    assert_eq!(watch.told(1).await, [("ADDED".to_owned(), name)]);
    definition.forget(&ground).await;
}

pub async fn nothing_new_comes_into_a_kind_that_goes(ground: Ground) {
    let definition = Definition::new(&ground, &json!({"type": "object"})).await;
    let [held, late] = ground.names(2).try_into().expect("two names");
    let mut object = definition.object(&held, &json!({}));
    object["metadata"]["finalizers"] = json!(["example.com/x"]);
    ground.make(&definition.all, &object).await;
    let marked = ground.delete(&definition.path()).await;
    assert!(marked.body["metadata"]["deletionTimestamp"].is_string(), "{marked:?}");
    let group = &definition.group;
    let message = format!(
        "gadgets.{group} {late:?} is forbidden: create not allowed while custom resource definition is terminating"
    );
    // The server reads the definition a moment later, which nothing tells of.
    let probe = format!("{}?dryRun=All", definition.all);
    soon(async {
        while ground.post(&probe, &definition.object(&late, &json!({}))).await.code == 201 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    let refused = ground.post(&definition.all, &definition.object(&late, &json!({}))).await;
    let details = json!({"name": late, "group": group, "kind": "gadgets"});
    assert_eq!(refused.body, failure(403, "Forbidden", &message, details));
    let less = json!(["delete", "deletecollection", "get", "list", "watch"]);
    soon(async {
        while ground.get(&format!("/apis/{group}/v1")).await.body["resources"][0]["verbs"] != less {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    ground.merge(&format!("{}/{held}", definition.all), &json!({"metadata": {"finalizers": null}})).await;
}

pub async fn a_version_in_which_there_may_be_objects_stays(ground: Ground) {
    let (definition, mut object) = Definition::of(&ground, &json!({"type": "object"}), &json!({}));
    let mut second = object["spec"]["versions"][0].clone();
    (second["name"], second["storage"]) = ("v2".into(), false.into());
    object["spec"]["versions"].as_array_mut().expect("versions").push(second);
    ground.make(DEFINITIONS, &object).await;
    served(&ground.client, &definition.name(), &definition.all).await;
    let name = ground.name();
    ground.make(&definition.all, &definition.object(&name, &json!({}))).await;
    let (path, status) = (definition.path(), format!("{}/status", definition.path()));
    let moved = json!([
        {"op": "replace", "path": "/spec/versions/0/storage", "value": false},
        {"op": "replace", "path": "/spec/versions/1/storage", "value": true},
    ]);
    let patch = ("application/json-patch+json", &moved);
    let moved = ground.ask("PATCH", &path, Some(patch)).await;
    assert_eq!((moved.code, &moved.body["status"]["storedVersions"]), (200, &json!(["v1", "v2"])));
    // In which version it is kept is no content of an object.
    let marked = json!({"metadata": {"annotations": {"moved": "yes"}}});
    let object = ground.merge(&format!("{}/{name}", definition.all), &marked).await;
    assert_eq!((object.code, &object.body["metadata"]["generation"]), (200, &json!(1)));
    let gone = json!([{"op": "remove", "path": "/spec/versions/0"}]);
    let patch = ("application/json-patch+json", &gone);
    let why = "status.storedVersions[0]: Invalid value: \"v1\": missing from spec.versions; v1 was previously a storage \
               version, and must remain in spec.versions until a storage migration ensures no data remains persisted in \
               v1 and removes v1 from status.storedVersions";
    let head = format!("CustomResourceDefinition.apiextensions.k8s.io {:?} is invalid: ", definition.name());
    assert_eq!(ground.ask("PATCH", &path, Some(patch)).await.said(), (422, head + why));
    let told = ground.merge(&status, &json!({"status": {"storedVersions": ["v2"]}})).await;
    assert_eq!((told.code, &told.body["status"]["storedVersions"]), (200, &json!(["v2"])));
    let gone = ground.ask("PATCH", &path, Some(patch)).await;
    assert_eq!((gone.code, &gone.body["spec"]["versions"][0]["name"]), (200, &json!("v2")));
    definition.forget(&ground).await;
}
