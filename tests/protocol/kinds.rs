//! Kinds that differ in nothing but what is said here of them, so that a case can take any.

use serde_json::{Value, json};

pub struct Kind {
    pub group: &'static str,
    pub version: &'static str,
    pub plural: &'static str,
    pub kind: &'static str,
    /// A replacement must name the version it replaces.
    pub needs_version: bool,
    /// A deletion answers the object, not a Status.
    pub answers_deleted: bool,
    /// Where controllers run, they put objects of it into each namespace.
    pub filled: bool,
    /// Its objects are in no namespace, and those of all cases lie together.
    pub cluster: bool,
}

const fn kind(group: &'static str, plural: &'static str, kind: &'static str) -> Kind {
    Kind::new(group, plural, kind)
}

pub const CONFIG_MAPS: Kind = Kind { filled: true, ..kind("", "configmaps", "ConfigMap") };
pub const SECRETS: Kind = kind("", "secrets", "Secret");
pub const LEASES: Kind = Kind { needs_version: true, ..kind("coordination.k8s.io", "leases", "Lease") };
pub const DEPLOYMENTS: Kind = kind("apps", "deployments", "Deployment");

const CUSTOM: &str = "protocol.example.com";
/// Custom kinds with any fields, in namespaces and outside.
pub const BOATS: Kind = Kind { needs_version: true, ..kind(CUSTOM, "boats", "Boat") };
pub const HARBORS: Kind = Kind { needs_version: true, cluster: true, ..kind(CUSTOM, "harbors", "Harbor") };

pub static KINDS: [Kind; 9] = [
    CONFIG_MAPS,
    SECRETS,
    Kind { answers_deleted: true, filled: true, ..kind("", "serviceaccounts", "ServiceAccount") },
    LEASES,
    kind("rbac.authorization.k8s.io", "roles", "Role"),
    Kind { answers_deleted: true, ..kind("", "resourcequotas", "ResourceQuota") },
    Kind { cluster: true, ..kind("rbac.authorization.k8s.io", "clusterroles", "ClusterRole") },
    BOATS,
    HARBORS,
];

impl Kind {
    pub const fn new(group: &'static str, plural: &'static str, kind: &'static str) -> Self {
        let (needs_version, answers_deleted) = (false, false);
        Kind { group, version: "v1", plural, kind, needs_version, answers_deleted, filled: false, cluster: false }
    }

    /// The path of its objects, in a namespace where they are in one.
    pub fn path(&self, namespace: &str) -> String {
        let Kind { group, version, plural, .. } = self;
        let prefix = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{group}") };
        match self.cluster {
            true => format!("{prefix}/{version}/{plural}"),
            false => format!("{prefix}/{version}/namespaces/{namespace}/{plural}"),
        }
    }

    pub fn is_custom(&self) -> bool {
        self.group == CUSTOM
    }

    /// What makes it a custom kind.
    pub fn definition(&self) -> Value {
        let scope = if self.cluster { "Cluster" } else { "Namespaced" };
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        let version = json!({"name": self.version, "served": true, "storage": true, "schema": schema});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": self.resource()},
            "spec": {
                "group": self.group, "scope": scope, "versions": [version],
                "names": {"plural": self.plural, "kind": self.kind},
            },
        })
    }

    /// What the server calls it in messages: `leases.coordination.k8s.io`.
    pub fn resource(&self) -> String {
        self.qualified(self.plural)
    }

    /// What the server calls one of its objects in messages: `Lease.coordination.k8s.io`.
    pub fn one(&self) -> String {
        self.qualified(self.kind)
    }

    fn qualified(&self, word: &str) -> String {
        if self.group.is_empty() { word.to_owned() } else { format!("{word}.{}", self.group) }
    }

    /// An object with nothing but metadata.
    pub fn object(&self, name: &str, mut metadata: Value) -> Value {
        let Kind { group, version, kind, .. } = self;
        let api_version = if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") };
        metadata["name"] = name.into();
        json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
    }

    /// What a Status says about an object.
    pub fn details(&self, name: &str) -> Value {
        let mut details = json!({"name": name, "kind": self.plural});
        if !self.group.is_empty() {
            details["group"] = self.group.into();
        }
        details
    }
}
