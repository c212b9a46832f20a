//! A custom kind that has an old version beside the one that counts.

use serde_json::{Value, json};

use crate::{
    definition::{DEFINITIONS, Definition},
    ground::{Ground, text},
    owners::owners,
    support::{failure, real::random_word, served::served},
};

/// A kind with a required name and a size that is filled in; its old version has neither, and is deprecated.
async fn define(ground: &Ground) -> Definition {
    let properties = json!({
        "size": {"type": "integer", "format": "int32", "minimum": 1, "default": 3},
        "name": {"type": "string"}
    });
    let schema = json!({"type": "object", "properties": properties, "required": ["name"]});
    let (definition, mut object) = Definition::of(ground, &schema, &json!({"subresources": {"status": {}}}));
    let any = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let old = json!({
        "name": "v1beta1", "served": true, "storage": false, "schema": any, "deprecated": true,
        "deprecationWarning": "gadgets are old",
    });
    object["spec"]["versions"].as_array_mut().expect("versions").insert(0, old);
    ground.make(DEFINITIONS, &object).await;
    served(&ground.client, &definition.name(), &definition.all).await;
    definition
}

pub async fn nulls_that_are_applied_are_meant(ground: Ground) {
    let custom = define(&ground).await;
    let name = ground.name();
    let (path, kind) = (format!("{}/{name}", custom.all), format!("Gadget.{}", custom.group));
    let nothing = custom.object(&name, &json!({"name": "x", "size": null}));
    let apply = async |object: &Value| {
        ground.ask("PATCH", &format!("{path}?fieldManager=a"), Some(("application/apply-patch+yaml", object))).await
    };
    // There is a default that takes the place of this one ...
    let created = apply(&nothing).await;
    assert_eq!((created.code, &created.body["spec"]), (201, &json!({"name": "x", "size": 3})));
    // ... and none for that.
    let refused = apply(&custom.object(&name, &json!({"name": null}))).await;
    let why = "Invalid value: \"null\": spec.name in body must be of type string: \"null\"";
    let cause = json!({"reason": "FieldValueTypeInvalid", "message": why, "field": "spec.name"});
    let details = json!({"name": name, "group": custom.group, "kind": "Gadget", "causes": [cause]});
    let message = format!("{kind} {name:?} is invalid: spec.name: {why}");
    assert_eq!(refused.body, failure(422, "Invalid", &message, details));
    custom.forget(&ground).await;
}

pub async fn an_old_version_says_so_and_no_patch_makes_another_of_it(ground: Ground) {
    let custom = define(&ground).await;
    let name = ground.name();
    assert_eq!(ground.post(&custom.all, &custom.object(&name, &json!({"name": "x"}))).await.code, 201);
    let old = format!("{}/{name}", custom.all.replace("/v1/", "/v1beta1/"));
    let shown = ground.get(&old).await;
    assert_eq!(shown.body["apiVersion"], format!("{}/v1beta1", custom.group));
    let patched = ground.merge(&old, &json!({"apiVersion": format!("{}/v1", custom.group)})).await;
    let why = format!("Invalid value: \"{0}/v1\": must be {0}/v1beta1", custom.group);
    let cause = json!({"reason": "FieldValueInvalid", "message": why, "field": "apiVersion"});
    let details = json!({"name": name, "group": custom.group, "kind": "Gadget", "causes": [cause]});
    let message = format!("Gadget.{} {name:?} is invalid: apiVersion: {why}", custom.group);
    assert_eq!(patched.body, failure(422, "Invalid", &message, details));
    // It has no status, and says that it is old all the same.
    let nowhere = ground.get(&format!("{old}/status")).await;
    assert_eq!(nowhere.code, 404);
    for answer in [shown, patched, nowhere] {
        assert_eq!(answer.warnings(), ["299 - \"gadgets are old\""]);
    }
    let group = ground.get(&format!("/apis/{}", custom.group)).await;
    assert_eq!(group.body["preferredVersion"]["version"], "v1");
    custom.forget(&ground).await;
}

pub async fn fields_can_be_selected_beside_a_schema_of_their_own(ground: Ground) {
    let group = format!("{}.example.com", random_word(8));
    let properties = json!({"name": {"type": "string"}});
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": properties}});
    let version = |name: &str| json!({"name": name, "served": true, "storage": name == "v1", "schema": schema});
    let mut first = version("v1");
    first["selectableFields"] = json!([{"jsonPath": ".name"}]);
    let names = json!({"plural": "gadgets", "kind": "Gadget"});
    let spec = json!({"group": group, "scope": "Cluster", "names": names, "versions": [first, version("v2")]});
    let definition = json!({"metadata": {"name": format!("gadgets.{group}")}, "spec": spec});
    let refused = ground.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition).await;
    let why = "Invalid value: \"\": may only be set when `version.schema.openAPIV3Schema` is not included";
    let cause = json!({"reason": "FieldValueInvalid", "message": why, "field": "spec.versions[0].selectableFields"});
    assert_eq!((refused.code, &refused.body["details"]["causes"]), (422, &json!([cause])));
}

pub async fn what_has_a_format_is_compared_with_that(ground: Ground) {
    let custom = define(&ground).await;
    let name = ground.name();
    for (size, said, wanted) in
        [(json!(1.5), "float64", "int32"), (json!(true), "", "int32"), (json!("1"), "string", "integer")]
    {
        let refused = ground.post(&custom.all, &custom.object(&name, &json!({"name": "x", "size": size}))).await;
        let why = format!("Invalid value: {said:?}: spec.size in body must be of type {wanted}: {said:?}");
        let cause = json!({"reason": "FieldValueTypeInvalid", "message": why, "field": "spec.size"});
        let causes = refused.body["details"]["causes"].as_array().cloned().unwrap_or_default();
        assert!(refused.code == 422 && causes.contains(&cause), "{}", refused.body);
    }
    custom.forget(&ground).await;
}

pub async fn a_status_stays_with_its_owners_only_where_they_speak_the_version_of_who_writes(ground: Ground) {
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let (custom, mut object) = Definition::of(&ground, &any, &json!({"subresources": {"status": {}}}));
    let mut other = object["spec"]["versions"][0].clone();
    (other["name"], other["storage"]) = ("v2".into(), false.into());
    object["spec"]["versions"].as_array_mut().expect("versions").push(other);
    ground.make(DEFINITIONS, &object).await;
    served(&ground.client, &custom.name(), &custom.all).await;
    let name = ground.name();
    ground.make(&custom.all, &custom.object(&name, &json!({}))).await;
    let apply = async |version: &str, part: &str, size: u32, query: &str| {
        let mut object = custom.object(&name, &json!({"size": size}));
        (object["apiVersion"], object["status"]) =
            (format!("{}/{version}", custom.group).into(), json!({"size": size}));
        let path = format!("{}/{name}{part}?{query}", custom.all.replace("/v1/", &format!("/{version}/")));
        ground.ask("PATCH", &path, Some(("application/apply-patch+yaml", &object))).await
    };
    assert_eq!(apply("v1", "/status", 1, "fieldManager=spade").await.code, 200);
    assert_eq!(apply("v1", "", 2, "fieldManager=rake").await.code, 200);
    let refused = apply("v2", "", 3, "fieldManager=rake").await;
    let message = "Apply failed with 1 conflict: conflict with \"spade\" with subresource \"status\": .status.size";
    assert_eq!((refused.code, text(&refused.body["message"])), (409, message.to_owned()));
    let forced = apply("v2", "", 3, "fieldManager=rake&force=true").await;
    let sizes = json!([forced.body["spec"]["size"], forced.body["status"]["size"]]);
    let managers = owners(&forced.body).iter().map(|owner| text(&owner["manager"])).collect::<Vec<_>>();
    assert_eq!((forced.code, sizes, managers), (200, json!([3, 1]), ["rake", "unknown"].map(str::to_owned).to_vec()));
    custom.forget(&ground).await;
}
