//! Custom kinds: they come with their definition, and with its schema.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    support::{failure, real::random_word, served::served},
};

/// A custom kind of which nobody has heard.
pub struct Custom {
    pub group: String,
    pub all: String,
}

impl Custom {
    pub async fn define(ground: &Ground) -> Self {
        let group = format!("{}.example.com", random_word(8));
        let properties = json!({
            "size": {"type": "integer", "format": "int32", "minimum": 1, "default": 3},
            "name": {"type": "string"}
        });
        let spec = json!({"type": "object", "properties": properties, "required": ["name"]});
        let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}});
        let selectable = json!([{"jsonPath": ".spec.name"}, {"jsonPath": ".spec.size"}]);
        let version = json!({
            "name": "v1", "served": true, "storage": true, "schema": schema, "selectableFields": selectable,
            "subresources": {"status": {}},
        });
        let any = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        let old = json!({
            "name": "v1beta1", "served": true, "storage": false, "schema": any, "deprecated": true,
            "deprecationWarning": "gadgets are old",
        });
        let names = json!({"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"});
        let spec = json!({"group": group, "scope": "Namespaced", "names": names, "versions": [old, version]});
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("gadgets.{group}")}, "spec": spec
        });
        let created = ground.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition).await;
        assert_eq!(created.code, 201, "{created:?}");
        let all = format!("/apis/{group}/v1/namespaces/{}/gadgets", ground.namespace);
        served(&ground.client, &format!("gadgets.{group}"), &all).await;
        Custom { group, all }
    }

    pub fn object(&self, name: &str, spec: Value) -> Value {
        let api_version = format!("{}/v1", self.group);
        json!({"apiVersion": api_version, "kind": "Gadget", "metadata": {"name": name}, "spec": spec})
    }

    /// Takes the definition back, as all of the cluster sees it.
    pub async fn forget(self, ground: &Ground) {
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.{}", self.group);
        assert_eq!(ground.delete(&path).await.code, 200);
    }
}

pub async fn schemas_prune_and_fill_in(ground: Ground) {
    let custom = Custom::define(&ground).await;
    let name = ground.name();
    let object = custom.object(&name, json!({"name": "x", "unknown": true}));
    let created = ground.post(&custom.all, &object).await;
    assert_eq!((created.code, &created.body["spec"]), (201, &json!({"name": "x", "size": 3})));
    assert_eq!(created.headers["warning"], "299 - \"unknown field \\\"spec.unknown\\\"\"");
    assert_eq!(created.body["metadata"]["generation"], 1);
    custom.forget(&ground).await;
}

pub async fn schemas_refuse_what_they_do_not_allow(ground: Ground) {
    let custom = Custom::define(&ground).await;
    let name = ground.name();
    let below = "Invalid value: 0: spec.size in body should be greater than or equal to 1";
    for (spec, field, reason, why) in [
        (json!({"size": 1}), "spec.name", "FieldValueRequired", "Required value"),
        (json!({"name": "x", "size": 0}), "spec.size", "FieldValueInvalid", below),
    ] {
        let refused = ground.post(&custom.all, &custom.object(&name, spec)).await;
        let kind = format!("Gadget.{}", custom.group);
        let cause = json!({"reason": reason, "message": why, "field": field});
        let details = json!({"name": name, "group": custom.group, "kind": "Gadget", "causes": [cause]});
        let message = format!("{kind} {name:?} is invalid: {field}: {why}");
        assert_eq!(refused.body, failure(422, "Invalid", &message, details));
    }
    custom.forget(&ground).await;
}

pub async fn fields_that_the_definition_names_can_be_selected(ground: Ground) {
    let custom = Custom::define(&ground).await;
    let (red, blue) = (ground.name(), ground.name());
    for (name, spec) in [(&red, json!({"name": "red"})), (&blue, json!({"name": "blue", "size": 5}))] {
        assert_eq!(ground.post(&custom.all, &custom.object(name, spec)).await.code, 201);
    }
    for (selector, expected) in [
        ("spec.name%3Dred", vec![&red]),
        ("spec.name%21%3Dred", vec![&blue]),
        // What the schema filled in counts too.
        ("spec.size%3D3", vec![&red]),
        ("spec.name%3Dblue,spec.size%3D5", vec![&blue]),
        ("spec.name%3Dblue,spec.size%3D3", vec![]),
    ] {
        let list = ground.get(&format!("{}?fieldSelector={selector}", custom.all)).await;
        let items = list.body["items"].as_array().expect("items");
        let names: Vec<_> = items.iter().map(|item| item["metadata"]["name"].as_str().expect("a name")).collect();
        assert_eq!((list.code, names), (200, expected.into_iter().map(String::as_str).collect()), "{selector}");
    }
    let refused = ground.get(&format!("{}?fieldSelector=spec.other%3D1", custom.all)).await;
    assert_eq!(refused.body, failure(400, "BadRequest", "field label not supported: spec.other", Value::Null));
    custom.forget(&ground).await;
}

pub async fn nulls_that_are_applied_are_meant(ground: Ground) {
    let custom = Custom::define(&ground).await;
    let name = ground.name();
    let (path, kind) = (format!("{}/{name}", custom.all), format!("Gadget.{}", custom.group));
    let nothing = custom.object(&name, json!({"name": "x", "size": null}));
    let apply = async |object: &Value| {
        ground.ask("PATCH", &format!("{path}?fieldManager=a"), Some(("application/apply-patch+yaml", object))).await
    };
    // There is a default that takes the place of this one ...
    let created = apply(&nothing).await;
    assert_eq!((created.code, &created.body["spec"]), (201, &json!({"name": "x", "size": 3})));
    // ... and none for that.
    let refused = apply(&custom.object(&name, json!({"name": null}))).await;
    let why = "Invalid value: \"null\": spec.name in body must be of type string: \"null\"";
    let cause = json!({"reason": "FieldValueTypeInvalid", "message": why, "field": "spec.name"});
    let details = json!({"name": name, "group": custom.group, "kind": "Gadget", "causes": [cause]});
    let message = format!("{kind} {name:?} is invalid: spec.name: {why}");
    assert_eq!(refused.body, failure(422, "Invalid", &message, details));
    custom.forget(&ground).await;
}

pub async fn an_old_version_says_so_and_no_patch_makes_another_of_it(ground: Ground) {
    let custom = Custom::define(&ground).await;
    let name = ground.name();
    assert_eq!(ground.post(&custom.all, &custom.object(&name, json!({"name": "x"}))).await.code, 201);
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
    let custom = Custom::define(&ground).await;
    let name = ground.name();
    for (size, said, wanted) in
        [(json!(1.5), "float64", "int32"), (json!(true), "", "int32"), (json!("1"), "string", "integer")]
    {
        let refused = ground.post(&custom.all, &custom.object(&name, json!({"name": "x", "size": size}))).await;
        let why = format!("Invalid value: {said:?}: spec.size in body must be of type {wanted}: {said:?}");
        let cause = json!({"reason": "FieldValueTypeInvalid", "message": why, "field": "spec.size"});
        let causes = refused.body["details"]["causes"].as_array().cloned().unwrap_or_default();
        assert!(refused.code == 422 && causes.contains(&cause), "{}", refused.body);
    }
    custom.forget(&ground).await;
}
