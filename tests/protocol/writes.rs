//! Creating and replacing.

use serde_json::json;

use crate::{
    ground::{Ground, text},
    kinds::{CONFIG_MAPS, LEASES},
    support::failure,
};

pub async fn a_new_object_has_an_identity(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let created = ground.create(kind, &name, json!({"labels": {"a": "b"}})).await;
    let metadata = &created["metadata"];
    let namespace = if kind.cluster { json!(null) } else { json!(ground.namespace) };
    assert_eq!([&metadata["name"], &metadata["namespace"]], [&json!(name), &namespace]);
    assert_eq!(metadata["labels"], json!({"a": "b"}));
    assert_eq!(text(&metadata["uid"]).len(), 36);
    assert!(text(&metadata["resourceVersion"]).parse::<u64>().is_ok(), "{metadata}");
    assert!(text(&metadata["creationTimestamp"]).parse::<jiff::Timestamp>().is_ok(), "{metadata}");
    assert_eq!(ground.get(&ground.one(kind, &name)).await.body, created);
}

pub async fn what_exists_cannot_be_created(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    ground.create(kind, &name, json!({})).await;
    let again = ground.post(&ground.all(kind), &kind.object(&name, json!({}))).await;
    let message = format!("{} {name:?} already exists", kind.resource());
    assert_eq!(again.body, failure(409, "AlreadyExists", &message, kind.details(&name)));
}

pub async fn a_generated_name_begins_with_what_was_asked(ground: Ground) {
    let (kind, prefix) = (ground.kind(), format!("{}-", ground.name()));
    let mut object = kind.object("", json!({"generateName": prefix}));
    object["metadata"].as_object_mut().expect("metadata").remove("name");
    let [first, second] =
        [ground.post(&ground.all(kind), &object).await, ground.post(&ground.all(kind), &object).await];
    let [first, second] = [first, second].map(|created| text(&created.body["metadata"]["name"]));
    assert!(first != second && first.starts_with(&prefix) && second.starts_with(&prefix), "{first} {second}");
    assert_eq!([first.len(), second.len()], [prefix.len() + 5; 2]);
}

pub async fn a_prefix_may_end_with_a_dash_after_anything(ground: Ground) {
    let (kind, all) = (&CONFIG_MAPS, ground.all(&CONFIG_MAPS));
    let fields = async |prefix: &str| {
        let mut object = kind.object("", json!({"generateName": prefix}));
        object["metadata"].as_object_mut().expect("metadata").remove("name");
        let refused = ground.post(&all, &object).await;
        let causes = refused.body["details"]["causes"].as_array().expect("causes").iter();
        causes.map(|cause| text(&cause["field"])).collect::<Vec<_>>()
    };
    assert_eq!(fields("bird_-").await, ["metadata.name"]);
    assert_eq!(fields("bird_").await, ["metadata.generateName", "metadata.name"]);
}

pub async fn a_namespace_must_exist(ground: Ground) {
    let (kind, name) = (ground.namespaced_kind(), ground.name());
    let missing = format!("{}-missing", ground.namespace);
    let answer = ground.post(&kind.path(&missing), &kind.object(&name, json!({}))).await;
    let details = json!({"name": missing, "kind": "namespaces"});
    assert_eq!(answer.body, failure(404, "NotFound", &format!("namespaces {missing:?} not found"), details));
}

pub async fn a_replacement_of_another_version_conflicts(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let mut object = ground.create(kind, &name, json!({})).await;
    object["metadata"]["labels"] = json!({"a": "1"});
    let replaced = ground.put(&ground.one(kind, &name), &object).await;
    assert_eq!((replaced.code, &replaced.body["metadata"]["labels"]), (200, &json!({"a": "1"})));
    object["metadata"]["labels"] = json!({"a": "2"});
    let message = format!(
        "Operation cannot be fulfilled on {} {name:?}: the object has been modified; please apply your changes to the \
         latest version and try again",
        kind.resource()
    );
    let late = ground.put(&ground.one(kind, &name), &object).await;
    assert_eq!(late.body, failure(409, "Conflict", &message, kind.details(&name)));
    assert_eq!(ground.get(&ground.one(kind, &name)).await.body, replaced.body);
}

pub async fn a_replacement_without_a_version_overwrites_where_the_kind_allows_it(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    ground.create(kind, &name, json!({})).await;
    let replaced = ground.put(&ground.one(kind, &name), &kind.object(&name, json!({"labels": {"a": "1"}}))).await;
    if !kind.needs_version {
        assert_eq!((replaced.code, &replaced.body["metadata"]["labels"]), (200, &json!({"a": "1"})));
        return;
    }
    let why = "Invalid value: 0: must be specified for an update";
    let message = format!("{} {name:?} is invalid: metadata.resourceVersion: {why}", kind.resource());
    let mut details = kind.details(&name);
    details["causes"] = json!([{"reason": "FieldValueInvalid", "message": why, "field": "metadata.resourceVersion"}]);
    assert_eq!(replaced.body, failure(422, "Invalid", &message, details));
}

pub async fn a_lease_is_created_by_a_replacement(ground: Ground) {
    let name = ground.name();
    let created = ground.put(&ground.one(&LEASES, &name), &LEASES.object(&name, json!({}))).await;
    assert_eq!(created.code, 201, "{created:?}");
    assert_eq!(ground.get(&ground.one(&LEASES, &name)).await.body, created.body);
}

pub async fn a_replacement_that_changes_nothing_keeps_its_version(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let created = ground.create(kind, &name, json!({"annotations": {"a": "b"}})).await;
    let replaced = ground.put(&ground.one(kind, &name), &created).await;
    assert_eq!((replaced.code, replaced.body), (200, created));
}

pub async fn a_dry_run_changes_nothing(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let object = kind.object(&name, json!({}));
    let tried = ground.post(&format!("{}?dryRun=All", ground.all(kind)), &object).await;
    assert_eq!((tried.code, &tried.body["metadata"]["resourceVersion"]), (201, &json!(null)));
    assert_eq!(ground.get(&ground.one(kind, &name)).await.code, 404);
    let created = ground.create(kind, &name, json!({})).await;
    let tried = ground.delete(&format!("{}?dryRun=All", ground.one(kind, &name))).await;
    assert_eq!(tried.code, 200);
    assert_eq!(ground.get(&ground.one(kind, &name)).await.body, created);
}

pub async fn an_empty_list_that_is_always_shown_is_null_and_owned_by_who_said_it(ground: Ground) {
    let group = "storage.k8s.io";
    let (nodes, name) = (format!("/apis/{group}/v1/csinodes"), ground.name());
    let node = json!({
        "apiVersion": format!("{group}/v1"), "kind": "CSINode", "metadata": {"name": name}, "spec": {"drivers": []},
    });
    let group = "discovery.k8s.io";
    let slices = format!("/apis/{group}/v1/namespaces/{}/endpointslices", ground.namespace);
    let slice = json!({
        "apiVersion": format!("{group}/v1"), "kind": "EndpointSlice", "metadata": {"generateName": ground.name()},
        "addressType": "IPv4", "endpoints": [], "ports": null,
    });
    let created = [ground.post(&nodes, &node).await, ground.post(&slices, &slice).await];
    assert_eq!(created.each_ref().map(|answer| answer.code), [201, 201], "{created:?}");
    let [node, slice] = created.map(|answer| answer.body);
    assert_eq!(node["spec"], json!({"drivers": null}));
    assert_eq!([slice.get("endpoints"), slice.get("ports")], [Some(&json!(null)); 2]);
    let owned = [&node, &slice].map(|object| object["metadata"]["managedFields"][0]["fieldsV1"].clone());
    assert_eq!(owned[0]["f:spec"], json!({"f:drivers": {}}));
    assert_eq!([owned[1].get("f:endpoints"), owned[1].get("f:ports")], [Some(&json!({})), None], "{owned:?}");
    let (one, mut again) = (format!("{slices}/{}", slice["metadata"]["name"].as_str().expect("a name")), slice.clone());
    again["endpoints"] = json!([]);
    assert_eq!(ground.put(&one, &again).await.body, slice, "nothing changes");
    assert_eq!(ground.delete(&format!("{nodes}/{name}")).await.code, 200);
}

pub async fn changes_of_a_priority_class_are_not_counted(ground: Ground) {
    let (all, name) = ("/apis/scheduling.k8s.io/v1/priorityclasses", ground.name());
    let one = format!("{all}/{name}");
    let class = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 7,
    });
    assert_eq!(ground.post(all, &class).await.body["metadata"]["generation"], 1);
    let changed = ground.merge(&one, &json!({"description": "less than others"})).await;
    assert_eq!((changed.code, &changed.body["metadata"]["generation"]), (200, &json!(1)), "{changed:?}");
    assert_eq!(ground.delete(&one).await.code, 200);
}

pub async fn one_owner_is_in_control_and_events_own_nothing(ground: Ground) {
    let (kind, name) = (ground.built_in_kind(), ground.name());
    let owner = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "name": name, "uid": name});
    let controller = |name: &str| {
        let mut owner = owner("Node", name);
        owner["controller"] = true.into();
        owner
    };
    let shown =
        |name: &str| format!(r#"{{"apiVersion":"v1","kind":"Node","name":"{name}","uid":"{name}","controller":true}}"#);
    let two = format!(
        "Invalid value: [{},{}]: Only one reference can have Controller set to true. Found \"true\" in references for \
         Node/a and Node/b",
        shown("a"),
        shown("b")
    );
    let event = r#"Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"a"}: /v1, Kind=Event is disallowed from being an owner"#;
    for (owners, why) in
        [(json!([controller("a"), controller("b")]), two.as_str()), (json!([owner("Event", "a")]), event)]
    {
        let object = kind.object(&name, json!({"ownerReferences": owners}));
        let refused = ground.post(&ground.all(kind), &object).await;
        let cause = json!({"reason": "FieldValueInvalid", "message": why, "field": "metadata.ownerReferences"});
        assert_eq!((refused.code, &refused.body["details"]["causes"]), (422, &json!([cause])));
    }
    let object = kind.object(&name, json!({"ownerReferences": [controller("a"), owner("Node", "b")]}));
    assert_eq!(ground.post(&ground.all(kind), &object).await.code, 201);
}

pub async fn finalizers_do_not_want_both_ways(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let object = kind.object(&name, json!({"finalizers": ["orphan", "foregroundDeletion"]}));
    let refused = ground.post(&ground.all(kind), &object).await;
    let why =
        r#"Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set"#;
    let cause = json!({"reason": "FieldValueInvalid", "message": why, "field": "metadata.finalizers"});
    assert_eq!((refused.code, &refused.body["details"]["causes"]), (422, &json!([cause])));
}

pub async fn a_replacement_without_owners_of_fields_leaves_none(ground: Ground) {
    let kind = ground.kind();
    // An empty list says nothing of custom objects: their metadata is written without it before anybody looks.
    let cases = [(json!([{}]), false), (json!([]), kind.is_custom()), (json!(null), true)];
    for (said, kept) in cases {
        let name = ground.name();
        let mut object = ground.create(kind, &name, json!({"labels": {"a": "1"}})).await;
        let owners = object["metadata"]["managedFields"].take();
        assert!(owners.is_array(), "{object}");
        let version = object["metadata"]["resourceVersion"].clone();
        object["metadata"]["managedFields"] = said;
        let replaced = &ground.put(&ground.one(kind, &name), &object).await.body["metadata"];
        assert_eq!(replaced.get("managedFields"), Some(&owners).filter(|_| kept), "{object}");
        assert_eq!(replaced["resourceVersion"] == version, kept, "what changes nothing keeps its version: {object}");
    }
}

pub async fn a_replacement_of_an_object_that_is_not_there_creates_no_other(ground: Ground) {
    let (kind, name) = (&LEASES, ground.name());
    let refused = ground.put(&ground.one(kind, &name), &kind.object(&name, json!({"uid": "nope"}))).await;
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/leases/{}/{name}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: UID in precondition: nope, UID in object meta: ",
        ground.namespace
    );
    let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.resource());
    assert_eq!(refused.body, failure(409, "Conflict", &message, kind.details(&name)));
    ground.create(kind, &name, json!({})).await;
    let unclear = ground.put(&ground.one(kind, &name), &kind.object(&name, json!({"resourceVersion": "0"}))).await;
    assert_eq!((unclear.code, text(&unclear.body["reason"])), (422, "Invalid".to_owned()));
}
