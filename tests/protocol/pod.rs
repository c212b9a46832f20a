//! One pod that a case is about.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground, text},
    support::merge,
};

/// A pod on no node, with a label and a container that asks for a CPU.
pub struct Pod {
    pub ground: Ground,
    pub name: String,
    pub uid: String,
}

impl Pod {
    /// One with these fields beside.
    pub async fn new(ground: Ground, fields: &Value) -> Self {
        let name = ground.name();
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "a"}},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}]},
        });
        merge(&mut pod, fields);
        let made = ground.make(&format!("/api/v1/namespaces/{}/pods", ground.namespace), &pod).await;
        Pod { name, uid: text(&made["metadata"]["uid"]), ground }
    }

    /// The path of a part of it.
    pub fn part(&self, part: &str) -> String {
        format!("{}/{part}", self.path())
    }

    pub fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/pods/{}", self.ground.namespace, self.name)
    }

    /// What is known of it now, or why nothing is.
    pub async fn now(&self) -> Answer {
        self.ground.get(&self.path()).await
    }

    /// Sends something to a part of it.
    pub async fn post(&self, part: &str, body: &Value) -> Answer {
        self.ground.post(&self.part(part), body).await
    }
}
