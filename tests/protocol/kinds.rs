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
}

const fn kind(group: &'static str, plural: &'static str, kind: &'static str) -> Kind {
    Kind::new(group, plural, kind)
}

pub const CONFIG_MAPS: Kind = Kind { filled: true, ..kind("", "configmaps", "ConfigMap") };

pub static KINDS: [Kind; 6] = [
    CONFIG_MAPS,
    kind("", "secrets", "Secret"),
    Kind { answers_deleted: true, filled: true, ..kind("", "serviceaccounts", "ServiceAccount") },
    Kind { needs_version: true, ..kind("coordination.k8s.io", "leases", "Lease") },
    kind("rbac.authorization.k8s.io", "roles", "Role"),
    Kind { answers_deleted: true, ..kind("", "resourcequotas", "ResourceQuota") },
];

impl Kind {
    pub const fn new(group: &'static str, plural: &'static str, kind: &'static str) -> Self {
        Kind { group, version: "v1", plural, kind, needs_version: false, answers_deleted: false, filled: false }
    }

    /// The path of its objects in a namespace.
    pub fn path(&self, namespace: &str) -> String {
        let Kind { group, version, plural, .. } = self;
        let prefix = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{group}") };
        format!("{prefix}/{version}/namespaces/{namespace}/{plural}")
    }

    /// What the server calls it in messages: `leases.coordination.k8s.io`.
    pub fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
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
