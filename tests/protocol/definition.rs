//! A definition of a custom kind that only one case uses.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    support::{real::random_word, served::served},
};

pub const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// The kind `Gadget` in a group of which nobody has heard.
pub struct Definition {
    pub group: String,
    pub all: String,
}

impl Definition {
    /// A kind in namespaces with a schema of `spec`.
    pub async fn new(ground: &Ground, schema: &Value) -> Self {
        Definition::with(ground, schema, &json!({})).await
    }

    /// One of which more is said, about its first version.
    pub async fn with(ground: &Ground, schema: &Value, more: &Value) -> Self {
        let (definition, object) = Definition::of(ground, schema, more);
        ground.make(DEFINITIONS, &object).await;
        served(&ground.client, &definition.name(), &definition.all).await;
        definition
    }

    /// One that is not there yet, and the object that defines it.
    pub fn of(ground: &Ground, schema: &Value, more: &Value) -> (Self, Value) {
        let group = format!("{}.example.com", random_word(8));
        let definition = Definition { all: format!("/apis/{group}/v1/namespaces/{}/gadgets", ground.namespace), group };
        let schema = json!({"type": "object", "properties": {"spec": schema, "status": {
            "type": "object", "x-kubernetes-preserve-unknown-fields": true,
        }}});
        let mut version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
        version.as_object_mut().expect("a version").extend(more.as_object().expect("fields").clone());
        let names = json!({"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"});
        let spec = json!({"group": definition.group, "scope": "Namespaced", "names": names, "versions": [version]});
        let object = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": definition.name()}, "spec": spec,
        });
        (definition, object)
    }

    pub fn name(&self) -> String {
        format!("gadgets.{}", self.group)
    }

    /// The path of the definition.
    pub fn path(&self) -> String {
        format!("{DEFINITIONS}/{}", self.name())
    }

    pub fn object(&self, name: &str, spec: &Value) -> Value {
        let api_version = format!("{}/v1", self.group);
        json!({"apiVersion": api_version, "kind": "Gadget", "metadata": {"name": name}, "spec": spec})
    }

    /// Takes the definition back, as all of the cluster sees it.
    pub async fn forget(self, ground: &Ground) {
        assert_eq!(ground.delete(&self.path()).await.code, 200);
    }
}
