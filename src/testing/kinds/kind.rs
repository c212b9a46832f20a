//! One kind: its names, where it is served, and how the server treats it differently from others.

use std::fmt;

use super::{CRD_GROUP, CRDS, Fields, NamedCall, Part, Version, built_in};
use crate::testing::{
    schema::Schema,
    shape::{Shape, Shapes},
};

/// One kind: where it is served and the rules that differ from kind to kind.
#[derive(Clone)]
pub(in crate::testing) struct Kind {
    pub(in crate::testing) id: KindId,
    pub(in crate::testing) group: String,
    /// The served versions, the preferred one first.
    pub(in crate::testing) versions: Vec<Version>,
    /// The version objects are kept in; it need not be served.
    pub(in crate::testing) stored: String,
    pub(in crate::testing) plural: String,
    pub(in crate::testing) singular: String,
    pub(in crate::testing) kind: String,
    pub(in crate::testing) list: String,
    pub(in crate::testing) short: Vec<String>,
    /// Groups of kinds it is in, as `kubectl get all` asks for them.
    pub(in crate::testing) categories: Vec<String>,
    pub(in crate::testing) namespaced: bool,
    pub(in crate::testing) custom: bool,
    pub(in crate::testing) rules: Rules,
    pub(in crate::testing) names: Names,
    /// Fields beyond name and namespace that field selectors may name, where the server lists them for a kind.
    pub(in crate::testing) fields: Option<Fields>,
}

/// Two states of one kind are that kind.
impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.id == other.id
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.resource())
    }
}

impl Kind {
    /// `configmaps`, `ingresses.networking.k8s.io`: what most messages call a kind.
    pub(in crate::testing) fn resource(&self) -> String {
        dotted(&self.plural, &self.group)
    }

    /// `ConfigMap`, `Ingress.networking.k8s.io`.
    pub(in crate::testing) fn qualified(&self) -> String {
        dotted(&self.kind, &self.group)
    }

    /// The group of the kind as the server has it inside, where both kinds of Events are one.
    pub(in crate::testing) fn inner_group(&self) -> &str {
        if self.is_event() { "" } else { &self.group }
    }

    pub(in crate::testing) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// The apiVersion of its objects as they are kept.
    pub(in crate::testing) fn stored_api_version(&self) -> String {
        if self.is_younger_event() { "v1".to_owned() } else { self.api_version(&self.stored) }
    }

    /// Whether its objects are kept as this version shows them.
    pub(in crate::testing) fn keeps(&self, version: &str) -> bool {
        version == self.stored && !self.is_younger_event()
    }

    pub(in crate::testing) fn serves(&self, version: &str) -> bool {
        self.version(version).is_some()
    }

    pub(in crate::testing) fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// Whether its status is written apart in this version.
    pub(in crate::testing) fn has_status(&self, version: &str) -> bool {
        self.version(version).is_some_and(|version| version.parts.contains(&Part::Status))
    }

    /// What its objects look like in this version to those who merge them.
    pub(in crate::testing) fn shape(&self, version: &str) -> Shape<'_> {
        match self.schema(version) {
            _ if !self.custom => Shapes::built_in().kind(&self.api_version(version), &self.kind),
            Some(schema) => schema.shape(),
            None => Shape::deduced(),
        }
    }

    /// What objects of a built-in kind look like as they are kept.
    pub(in crate::testing) fn stored_shape(&self) -> Shape<'_> {
        Shapes::built_in().kind(&self.stored_api_version(), &self.kind)
    }

    /// The schema of a version of a custom kind.
    pub(in crate::testing) fn schema(&self, version: &str) -> Option<&Schema> {
        self.version(version).and_then(|version| version.schema.as_deref())
    }

    /// The kind of the Scales of its objects.
    pub(in crate::testing) fn scale(&self) -> Kind {
        built_in::scale(self.namespaced)
    }

    /// The kind of what is asked of an object.
    pub(in crate::testing) fn of_call(call: NamedCall) -> Kind {
        built_in::call(call)
    }

    /// What may be done with its objects, in the order discovery lists it.
    pub(in crate::testing) fn verbs(&self) -> &'static [&'static str] {
        if self.rules.contain(Rules::IS_CALL) {
            &["create"]
        } else if self.rules.contain(Rules::IS_REPORT) {
            &["get", "list"]
        } else if self.rules.contain(Rules::IS_GOING) {
            &["delete", "deletecollection", "get", "list", "watch"]
        } else if self.custom {
            &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
        } else if self.rules.contain(Rules::GOES_ALONE) {
            &["create", "delete", "get", "list", "patch", "update", "watch"]
        } else {
            &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        }
    }

    /// Whether objects of it are kept.
    pub(in crate::testing) fn is_stored(&self) -> bool {
        !self.rules.contain(Rules::IS_CALL) && !self.rules.contain(Rules::IS_REPORT)
    }

    pub(in crate::testing) fn is_core(&self, plural: &str) -> bool {
        self.is("", plural)
    }

    pub(in crate::testing) fn is(&self, group: &str, plural: &str) -> bool {
        self.group == group && self.plural == plural
    }

    /// Events, the one kind the server does not keep in its memory.
    pub(in crate::testing) fn is_event(&self) -> bool {
        self.plural == "events" && ["", "events.k8s.io"].contains(&self.group.as_str())
    }

    /// Events as the younger of their groups has them: under other names, and kept as those of the older one.
    pub(in crate::testing) fn is_younger_event(&self) -> bool {
        self.is_event() && !self.group.is_empty()
    }

    pub(in crate::testing) fn is_definition(&self) -> bool {
        self.group == CRD_GROUP && self.plural == CRDS
    }
}

/// The number of a kind, by which its objects are kept. A kind that is taken away and comes back keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::testing) struct KindId(pub(super) usize);

impl KindId {
    /// Numbers start at 0 and leave nothing out.
    pub(in crate::testing) fn index(self) -> usize {
        self.0
    }
}

/// What the server does for some kinds and not for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing) struct Rules(u8);

impl Rules {
    pub(in crate::testing) const NONE: Rules = Rules(0);
    /// Changes of the specification count in `metadata.generation`.
    pub(in crate::testing) const COUNTS_GENERATIONS: Rules = Rules(1);
    /// Its definition is being deleted, and its objects go.
    pub(in crate::testing) const IS_GOING: Rules = Rules(1 << 1);
    /// A replacement must name the resourceVersion it replaces.
    pub(in crate::testing) const NEEDS_VERSION: Rules = Rules(1 << 2);
    /// A replacement of nothing creates.
    pub(in crate::testing) const CREATES_ON_REPLACE: Rules = Rules(1 << 3);
    /// A deletion answers the object rather than a Status.
    pub(in crate::testing) const ANSWERS_DELETED: Rules = Rules(1 << 4);
    /// Its objects are deleted one by one only.
    pub(in crate::testing) const GOES_ALONE: Rules = Rules(1 << 5);
    /// It is asked and answered, and nothing of it is stored.
    pub(in crate::testing) const IS_CALL: Rules = Rules(1 << 6);
    /// What there is of it the server finds out whenever it is asked.
    pub(in crate::testing) const IS_REPORT: Rules = Rules(1 << 7);

    pub(in crate::testing) const fn and(self, more: Rules) -> Rules {
        Rules(self.0 | more.0)
    }

    pub(in crate::testing) const fn contain(self, rule: Rules) -> bool {
        self.0 & rule.0 == rule.0
    }
}

/// How a name may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing) enum Names {
    Subdomain,
    Label,
    PathSegment,
    /// An IP address.
    Address,
}

fn dotted(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}
