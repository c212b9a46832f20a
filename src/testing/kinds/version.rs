//! Versions of a kind: what each of them serves beside the objects themselves.
//!
//! Not here: what a write to a part may change.

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
        self.parts.iter().find(|part| part.name() == name)
    }
}

/// A part of each object that has a path of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Part {
    Status,
    Scale(ScalePaths),
    Finalize,
}

impl Part {
    /// The last segment of its path.
    pub(in super::super) fn name(&self) -> &'static str {
        match self {
            Part::Status => "status",
            Part::Scale(_) => "scale",
            Part::Finalize => "finalize",
        }
    }

    pub(in super::super) fn verbs(&self) -> &'static [&'static str] {
        match self {
            Part::Status | Part::Scale(_) => &["get", "patch", "update"],
            Part::Finalize => &["update"],
        }
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
