//! A row of the table of built-in kinds: what differs from kind to kind. The rest follows rules.

use crate::testing::kinds::{Fields, Kind, KindId, Names, Part, Rules, Version};

pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) versions: &'static [&'static str],
    pub(super) kinds: &'static [Row],
}

/// A kind within its group.
#[derive(Clone, Copy)]
pub(super) struct Row {
    plural: &'static str,
    kind: &'static str,
    /// The kind in lower case unless it is said.
    singular: Option<&'static str>,
    /// Short names with spaces between them.
    short: &'static str,
    category: Option<&'static str>,
    parts: &'static [Part],
    namespaced: bool,
    rules: Rules,
    names: Names,
    fields: Option<Fields>,
}

pub(super) const fn namespaced(plural: &'static str, kind: &'static str) -> Row {
    Row {
        plural,
        kind,
        singular: None,
        short: "",
        category: None,
        parts: &[],
        namespaced: true,
        rules: Rules::NONE,
        names: Names::Subdomain,
        fields: None,
    }
}

pub(super) const fn cluster(plural: &'static str, kind: &'static str) -> Row {
    Row { namespaced: false, ..namespaced(plural, kind) }
}

impl Row {
    pub(super) const fn singular(self, singular: &'static str) -> Self {
        Row { singular: Some(singular), ..self }
    }

    pub(super) const fn short(self, short: &'static str) -> Self {
        Row { short, ..self }
    }

    pub(super) const fn category(self, category: &'static str) -> Self {
        Row { category: Some(category), ..self }
    }

    pub(super) const fn parts(self, parts: &'static [Part]) -> Self {
        Row { parts, ..self }
    }

    pub(super) const fn names(self, names: Names) -> Self {
        Row { names, ..self }
    }

    pub(super) const fn fields(self, fields: Fields) -> Self {
        Row { fields: Some(fields), ..self }
    }

    pub(super) const fn with(self, rule: Rules) -> Self {
        Row { rules: self.rules.and(rule), ..self }
    }

    pub(super) fn within(&self, group: &Group, id: KindId) -> Kind {
        Kind {
            id,
            group: group.name.to_owned(),
            versions: group.versions.iter().map(|version| self.version(version)).collect(),
            stored: group.versions[0].to_owned(),
            plural: self.plural.to_owned(),
            singular: self.singular.map_or_else(|| self.kind.to_lowercase(), str::to_owned),
            kind: self.kind.to_owned(),
            list: format!("{}List", self.kind),
            short: self.short.split_terminator(' ').map(str::to_owned).collect(),
            categories: self.category.into_iter().map(str::to_owned).collect(),
            namespaced: self.namespaced,
            custom: false,
            rules: self.rules,
            names: self.names,
            fields: self.fields,
        }
    }

    fn version(&self, name: &str) -> Version {
        Version {
            name: name.to_owned(),
            parts: self.parts.to_vec(),
            selectable: Vec::new(),
            schema: None,
            columns: Vec::new(),
            deprecation: DEPRECATED.iter().find(|(kind, _)| *kind == self.kind).map(|(_, why)| (*why).to_owned()),
        }
    }
}

/// The deprecated kinds among the built-in ones.
const DEPRECATED: [(&str, &str); 2] = [
    ("ComponentStatus", "v1 ComponentStatus is deprecated in v1.19+"),
    ("Endpoints", "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"),
];
