//! Kinds with an object or several of each, which sessions begin from.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Client, Resource,
    core::GroupVersionKind,
    discovery::{Scope, pinned_kind},
};
use kube_indexed_store::testing::manifests;
use serde_json::{Value, json};

const MANIFESTS: &str = include_str!("../defaults/manifests.yaml");
const CUSTOM: &str = include_str!("definition.yaml");

/// Kinds that act on other requests, or on which the server itself writes at a time of its own.
const LEFT_OUT: [&str; 12] = [
    "ResourceQuota",
    "LimitRange",
    "FlowSchema",
    "PriorityLevelConfiguration",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "IPAddress",
    "ServiceCIDR",
    "APIService",
    "CustomResourceDefinition",
];

/// A kind.
#[derive(Debug, Clone)]
pub struct Kind {
    /// `/api/v1` or `/apis/apps/v1`.
    pub version: String,
    pub plural: String,
    pub namespaced: bool,
    pub objects: Vec<Value>,
}

impl Kind {
    /// Where its objects are.
    pub fn path(&self, namespace: &str) -> String {
        let Kind { version, plural, namespaced, .. } = self;
        if *namespaced { format!("{version}/namespaces/{namespace}/{plural}") } else { format!("{version}/{plural}") }
    }
}

fn documents(text: &str) -> Vec<Value> {
    manifests::read(text.as_bytes()).into_iter().flat_map(|document| document.content.expect("a manifest")).collect()
}

/// The built-in kinds.
pub async fn built_in(client: &Client) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for object in documents(MANIFESTS) {
        let text = |field: &str| object[field].as_str().expect("a text");
        if LEFT_OUT.contains(&text("kind")) {
            continue;
        }
        let (group, number) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
        let kind = GroupVersionKind::gvk(group, number, text("kind"));
        let (resource, capabilities) = pinned_kind(client, &kind).await.expect("a kind");
        let version = if group.is_empty() { format!("/api/{number}") } else { format!("/apis/{group}/{number}") };
        let namespaced = capabilities.scope == Scope::Namespaced;
        match kinds.iter_mut().find(|kind| kind.version == version && kind.plural == resource.plural) {
            Some(kind) => kind.objects.push(object),
            None => kinds.push(Kind { version, plural: resource.plural, namespaced, objects: vec![object] }),
        }
    }
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": {"a": "b"}}});
    let (version, plural) = ("/api/v1".to_owned(), "namespaces".to_owned());
    kinds.push(Kind { version, plural, namespaced: false, objects: vec![namespace] });
    kinds
}

/// A custom kind of a group of its own: its definition, and its versions.
pub fn custom(group: &str) -> (Value, Vec<Kind>) {
    let mut documents = documents(&CUSTOM.replace("GROUP", group));
    let definition = documents.remove(0);
    let versions = ["v1", "v1beta1"].map(|version| {
        let api_version = format!("{group}/{version}");
        let objects = documents.iter().filter(|object| object["apiVersion"] == api_version).cloned().collect();
        Kind { version: format!("/apis/{api_version}"), plural: "things".to_owned(), namespaced: true, objects }
    });
    (definition, versions.into())
}

/// The kind of definitions themselves.
pub fn definitions() -> String {
    let (group, version) = (CustomResourceDefinition::group(&()), CustomResourceDefinition::version(&()));
    format!("/apis/{group}/{version}/customresourcedefinitions")
}
