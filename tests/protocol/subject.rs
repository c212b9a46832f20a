//! One object that a case changes, of a kind that has the fields it needs.
//!
//! Who owns which of its fields is left out everywhere: others look at that.

use kube::{
    Api, Error,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{
    ground::{Ground, Watch, text},
    kinds::{BOATS, CONFIG_MAPS, DEPLOYMENTS, Kind},
    support::{failure, merge},
};

pub const JSON: &str = "application/json-patch+json";
pub const MERGE: &str = "application/merge-patch+json";
pub const STRATEGIC: &str = "application/strategic-merge-patch+json";

pub struct Subject {
    pub ground: Ground,
    pub kind: Kind,
    pub name: String,
}

impl Subject {
    /// An object with these fields.
    pub async fn new(kind: Kind, ground: Ground, fields: &Value) -> Self {
        let name = ground.name();
        let mut object = kind.object(&name, json!({}));
        merge(&mut object, fields);
        let created = ground.post(&ground.all(&kind), &object).await;
        assert_eq!(created.code, 201, "{created:?}");
        Subject { ground, kind, name }
    }

    pub async fn config_map(ground: Ground, fields: &Value) -> Self {
        Subject::new(CONFIG_MAPS, ground, fields).await
    }

    pub async fn custom(ground: Ground, fields: &Value) -> Self {
        Subject::new(BOATS, ground, fields).await
    }

    pub async fn deployment(ground: Ground, pod: &Value) -> Self {
        let template = json!({"metadata": {"labels": {"app": "a"}}, "spec": pod});
        let spec = json!({"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": template});
        Subject::new(DEPLOYMENTS, ground, &json!({"spec": spec})).await
    }

    /// A kind whose objects have `data`, whatever it is.
    pub async fn any(ground: Ground, fields: &Value) -> Self {
        let kind = if ground.below(2) == 0 { CONFIG_MAPS } else { BOATS };
        Subject::new(kind, ground, fields).await
    }

    pub fn api(&self) -> Api<DynamicObject> {
        let Kind { group, version, kind, plural, .. } = self.kind;
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural);
        Api::namespaced_with(self.ground.client.clone(), &self.ground.namespace, &resource)
    }

    pub fn path(&self) -> String {
        self.ground.one(&self.kind, &self.name)
    }

    pub async fn now(&self) -> Value {
        without_owners(self.ground.get(&self.path()).await.body)
    }

    /// The object of before with these fields, its generation counted on where it has one and something did, and the
    /// version it has now.
    pub async fn since(&self, before: &Value, fields: &Value) -> Value {
        let mut object = before.clone();
        merge(&mut object, fields);
        if let (Some(generation), true) = (before["metadata"]["generation"].as_i64(), fields.get("data").is_some()) {
            object["metadata"]["generation"] = (generation + 1).into();
        }
        object["metadata"]["resourceVersion"] = self.now().await["metadata"]["resourceVersion"].clone();
        object
    }

    /// Watches it from now on.
    pub async fn watch(&self) -> Watch {
        let version = text(&self.now().await["metadata"]["resourceVersion"]);
        let query = format!("watch=true&resourceVersion={version}&fieldSelector=metadata.name%3D{}", self.name);
        self.ground.watch(&format!("{}?{query}", self.ground.all(&self.kind))).await
    }

    pub async fn patch(&self, patch: &Patch<Value>) -> Result<Value, Error> {
        let patched = self.api().patch(&self.name, &PatchParams::default(), patch).await?;
        Ok(without_owners(serde_json::to_value(patched).expect("an object")))
    }

    pub async fn refusal(&self, patch: &Patch<Value>) -> Value {
        let Err(Error::Api(status)) = self.patch(patch).await else { panic!("{patch:?} was not refused") };
        serde_json::to_value(*status).expect("a status")
    }

    /// Code, warnings and body of the answer to a PATCH of an object of this name.
    pub async fn raw(&self, name: &str, parameters: &str, media_type: &str, body: &str) -> (u16, Vec<String>, Value) {
        let path = format!("{}{parameters}", self.ground.one(&self.kind, name));
        let answer = self.ground.ask_text("PATCH", &path, &[("Content-Type", media_type)], body).await;
        (answer.code, answer.warnings(), without_owners(answer.body))
    }

    /// Code and body of the refusal of a patch, which changes nothing.
    pub async fn refused(&self, media_type: &str, body: &str) -> (u16, Value) {
        let before = self.now().await;
        let (code, _, status) = self.raw(&self.name, "", media_type, body).await;
        assert_eq!(self.now().await, before);
        (code, status)
    }
}

pub fn without_owners(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}

pub fn operations(operations: Value) -> Patch<Value> {
    Patch::Json(serde_json::from_value(operations).expect("a patch"))
}

pub fn status(code: u16, reason: &str, message: &str, details: Value) -> (u16, Value) {
    (code, failure(code, reason, message, details))
}

/// What the server says of a patch that fails.
pub fn rejected() -> (u16, Value) {
    status(422, "Invalid", "the server rejected our request due to an error in our request", json!({}))
}
