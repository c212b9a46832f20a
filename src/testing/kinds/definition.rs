//! Custom kinds: what a CustomResourceDefinition says of the kind it defines.
//!
//! Not here: what schemas and printer columns mean, and conversion.

use serde_json::Value;

use super::super::schema::Schema;
use super::{Kind, KindId, Names, Part, Rules, ScalePaths, Version};

/// A CustomResourceDefinition, as far as the server acts on it. To read one is cheap: what its versions say is read
/// where a kind is made of it.
#[derive(Debug)]
pub(in super::super) struct Definition<'d> {
    pub(in super::super) group: String,
    pub(in super::super) plural: String,
    pub(in super::super) singular: String,
    pub(in super::super) kind: String,
    pub(in super::super) list: String,
    /// The version objects are kept in.
    pub(in super::super) stored: String,
    /// The served versions, the preferred one first.
    versions: Vec<(&'d str, &'d Value)>,
    short: Vec<String>,
    categories: Vec<String>,
    namespaced: bool,
}

impl<'d> Definition<'d> {
    /// Reads its specification; nothing where that does not name a group, a plural, a kind and a version.
    pub(in super::super) fn read(spec: &'d Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let names = &spec["names"];
        let (plural, kind) = (text(&names["plural"])?, text(&names["kind"])?);
        let declared = spec["versions"].as_array()?;
        let flagged = |flag: &'static str| declared.iter().filter(move |version| version[flag] == true);
        let named = |version: &'d Value| Some((version["name"].as_str()?, version));
        let mut versions: Vec<_> = flagged("served").filter_map(named).collect();
        versions.sort_by_key(|(name, _)| std::cmp::Reverse(priority(name)));
        let stored = flagged("storage").find_map(|version| text(&version["name"]));
        let texts = |value: &Value| value.as_array().into_iter().flatten().filter_map(text).collect();
        Some(Definition {
            group: text(&spec["group"])?,
            stored: stored.or_else(|| Some(versions.first()?.0.to_owned()))?,
            singular: text(&names["singular"]).unwrap_or_else(|| kind.to_lowercase()),
            list: text(&names["listKind"]).unwrap_or_else(|| format!("{kind}List")),
            short: texts(&names["shortNames"]),
            categories: texts(&names["categories"]),
            namespaced: spec["scope"] != "Cluster",
            versions,
            plural,
            kind,
        })
    }

    /// The kind it defines, under its number.
    pub(super) fn kind(self, id: KindId) -> Kind {
        let deprecations = self.deprecations();
        let versions = self.versions.into_iter().zip(deprecations);
        Kind {
            id,
            group: self.group,
            versions: versions
                .map(|((name, declared), deprecation)| Version { deprecation, ..version(name, declared) })
                .collect(),
            stored: self.stored,
            plural: self.plural,
            singular: self.singular,
            kind: self.kind,
            list: self.list,
            short: self.short,
            categories: self.categories,
            namespaced: self.namespaced,
            custom: true,
            rules: Rules::COUNTS_GENERATIONS.and(Rules::NEEDS_VERSION),
            names: Names::Subdomain,
            fields: None,
        }
    }

    /// What is said of versions that are deprecated: what the definition says, or which later one is not.
    fn deprecations(&self) -> Vec<Option<String>> {
        let Definition { group, kind, .. } = self;
        let mut latest: Option<&str> = None;
        let said = |(name, declared): &(&'d str, &Value)| {
            if declared["deprecated"] != true {
                latest.get_or_insert(name);
                return None;
            }
            let better = latest.map(|better| format!("; use {group}/{better} {kind}")).unwrap_or_default();
            let own = declared["deprecationWarning"].as_str().map(str::to_owned);
            Some(own.unwrap_or_else(|| format!("{group}/{name} {kind} is deprecated{better}")))
        };
        self.versions.iter().map(said).collect()
    }
}

/// A version as a definition declares it.
fn version(name: &str, declared: &Value) -> Version {
    let parts = &declared["subresources"];
    let status = parts["status"].is_object().then_some(Part::Status);
    let scale = ScalePaths::declared(&parts["scale"]).map(Part::Scale);
    let items = |name: &str| declared[name].as_array().into_iter().flatten();
    let paths = items("selectableFields").filter_map(|field| field["jsonPath"].as_str());
    Version {
        name: name.to_owned(),
        parts: status.into_iter().chain(scale).collect(),
        selectable: paths.map(|path| path.trim_start_matches('.').to_owned()).collect(),
        schema: Some(Schema::new(declared.pointer("/schema/openAPIV3Schema")).into()),
        columns: items("additionalPrinterColumns").cloned().collect(),
        deprecation: None,
    }
}

/// Stable before beta before alpha, then by number: `v2`, `v1`, `v1beta2`, `v1beta1`, `v1alpha1`.
pub(in super::super) fn priority(version: &str) -> (u8, u32, u32) {
    let Some(rest) = version.strip_prefix('v') else {
        return (0, 0, 0);
    };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let Ok(major) = rest[..digits].parse() else {
        return (0, 0, 0);
    };
    let stage = &rest[digits..];
    if stage.is_empty() {
        (3, major, 0)
    } else if let Some(Ok(minor)) = stage.strip_prefix("beta").map(str::parse) {
        (2, major, minor)
    } else if let Some(Ok(minor)) = stage.strip_prefix("alpha").map(str::parse) {
        (1, major, minor)
    } else {
        (0, 0, 0)
    }
}
