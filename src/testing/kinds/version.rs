//! The versions of a kind, and the subresources, columns and schema that each of them serves.
//!
//! Not here: what a write to a subresource may change.

use std::{borrow::Cow, sync::Arc};

use serde_json::Value;

use super::super::schema::Schema;

/// A kind as one version serves it.
#[derive(Debug, Clone)]
pub(in super::super) struct Version {
    pub(in super::super) name: String,
    /// In the order discovery lists them.
    pub(in super::super) parts: Vec<Part>,
    /// Fields of a custom kind that field selectors may name.
    pub(in super::super) selectable: Vec<String>,
    /// The schema of a custom kind; nothing else has one here.
    pub(in super::super) schema: Option<Arc<Schema>>,
    /// What a custom kind wants Tables to show, `additionalPrinterColumns`.
    pub(in super::super) columns: Vec<Value>,
    /// What everybody is told who uses it, where it is to go one day.
    pub(in super::super) deprecation: Option<String>,
}

impl Version {
    /// The part under this name.
    pub(in super::super) fn part(&self, name: &str) -> Option<&Part> {
        // What follows it is a path of somebody else.
        let passed_on = |part: &Part| {
            *part == Part::Node(Connection::Proxy)
                && name.strip_prefix("proxy").is_some_and(|rest| rest.starts_with('/'))
        };
        self.parts.iter().find(|part| part.name() == name || passed_on(part))
    }
}

/// A part of each object that has a path of its own, or something that can be done with it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Part {
    Status,
    Scale(ScalePaths),
    Finalize,
    /// Whether a certificate may be signed.
    Approval,
    EphemeralContainers,
    /// The resources of containers.
    Resize,
    /// Nothing to read, but an order or a question.
    Call(NamedCall),
    /// What the node of a pod would answer, or the pod itself.
    Node(Connection),
}

/// What is asked of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum NamedCall {
    Binding,
    Eviction,
    Token,
}

/// What a request is passed on for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Connection {
    Attach,
    Exec,
    Log,
    PortForward,
    Proxy,
}

impl Part {
    /// The last segment of its path.
    pub(in super::super) fn name(&self) -> &'static str {
        match self {
            Part::Status => "status",
            Part::Scale(_) => "scale",
            Part::Finalize => "finalize",
            Part::Approval => "approval",
            Part::EphemeralContainers => "ephemeralcontainers",
            Part::Resize => "resize",
            Part::Call(NamedCall::Binding) => "binding",
            Part::Call(NamedCall::Eviction) => "eviction",
            Part::Call(NamedCall::Token) => "token",
            Part::Node(Connection::Attach) => "attach",
            Part::Node(Connection::Exec) => "exec",
            Part::Node(Connection::Log) => "log",
            Part::Node(Connection::PortForward) => "portforward",
            Part::Node(Connection::Proxy) => "proxy",
        }
    }

    pub(in super::super) fn verbs(&self) -> &'static [&'static str] {
        match self {
            Part::Status | Part::Scale(_) | Part::Approval | Part::EphemeralContainers | Part::Resize => {
                &["get", "patch", "update"]
            }
            Part::Finalize => &["update"],
            Part::Call(_) => &["create"],
            Part::Node(Connection::Log) => &["get"],
            Part::Node(Connection::Proxy) => &["create", "delete", "get", "patch", "update"],
            Part::Node(_) => &["create", "get"],
        }
    }

    /// The group, version and kind of what is read or written there, where it is not that of the object; the first two
    /// are empty where they are those of the object.
    pub(in super::super) fn answered(&self, kind: &str) -> Option<(&'static str, &'static str, String)> {
        Some(match self {
            Part::Scale(_) => ("autoscaling", "v1", "Scale".to_owned()),
            Part::Call(NamedCall::Eviction) => ("policy", "v1", "Eviction".to_owned()),
            Part::Call(NamedCall::Token) => ("authentication.k8s.io", "v1", "TokenRequest".to_owned()),
            Part::Call(NamedCall::Binding) => ("", "", "Binding".to_owned()),
            Part::Node(Connection::Attach) => ("", "", format!("{kind}AttachOptions")),
            Part::Node(Connection::Exec) => ("", "", format!("{kind}ExecOptions")),
            Part::Node(Connection::PortForward) => ("", "", format!("{kind}PortForwardOptions")),
            Part::Node(Connection::Proxy) => ("", "", format!("{kind}ProxyOptions")),
            _ => return None,
        })
    }
}

/// Where an object keeps what its Scale shows, as definitions name it: `.spec.replicas`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ScalePaths {
    pub(in super::super) wanted: Cow<'static, str>,
    pub(in super::super) present: Cow<'static, str>,
    /// A label selector, as text in custom kinds.
    pub(in super::super) selector: Option<Cow<'static, str>>,
}

impl ScalePaths {
    /// Those of all built-in kinds that scale.
    pub(super) const BUILT_IN: ScalePaths = ScalePaths {
        wanted: Cow::Borrowed(".spec.replicas"),
        present: Cow::Borrowed(".status.replicas"),
        selector: Some(Cow::Borrowed(".spec.selector")),
    };

    /// Those a definition declares.
    pub(super) fn declared(scale: &Value) -> Option<Self> {
        let path = |name: &str| scale[name].as_str().map(|path| Cow::Owned(path.to_owned()));
        Some(ScalePaths {
            wanted: path("specReplicasPath")?,
            present: path("statusReplicasPath")?,
            selector: path("labelSelectorPath").filter(|path| !path.is_empty()),
        })
    }
}
