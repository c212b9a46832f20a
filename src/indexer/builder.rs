//! Settings of an indexer, and the check that they agree with each other.

use std::sync::Arc;

use super::fields::FieldSelector;
use super::keys::KeyExtractor;
use super::schema::{DEFAULT_INDEX, IndexSpec, Schema};
use super::{Error, Indexer, Settings};
use crate::FieldPath;
use crate::path::{Mask, Step};

/// What is removed unless switched off: nobody renders it, and it can be most of an object.
const DEFAULT_REMOVALS: [&[&str]; 2] =
    [&["metadata", "managedFields"], &["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"]];

/// What every object keeps: without it a store could not tell objects apart.
const IDENTITY: [&[&str]; 6] = [
    &["apiVersion"],
    &["kind"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "uid"],
    &["metadata", "resourceVersion"],
];

/// Builds an [`Indexer`]; everything is checked in [`build`](IndexerBuilder::build).
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct IndexerBuilder {
    index_by: Option<Vec<String>>,
    indexes: Vec<(String, Vec<String>)>,
    remove_fields: Vec<String>,
    keep_fields: Option<Vec<String>>,
    keep_noise: bool,
    field_selector: String,
}

fn strings<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

impl IndexerBuilder {
    /// The paths of the default index, instead of (`metadata.namespace`, `metadata.name`).
    #[doc(alias = "IndexBy")]
    pub fn index_by<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> IndexerBuilder {
        self.index_by = Some(strings(paths));
        self
    }

    /// A further index. Paths that share a `[*]` advance together: the host and a path of the same rule.
    ///
    /// How to choose the paths is in the documentation of the [module](crate::indexer).
    #[doc(alias = "IndexFunc")]
    #[doc(alias = "IndexField")]
    #[doc(alias = "AddIndexers")]
    pub fn index<S: Into<String>>(mut self, name: &str, paths: impl IntoIterator<Item = S>) -> IndexerBuilder {
        self.indexes.push((name.to_owned(), strings(paths)));
        self
    }

    /// Fields to drop while decoding, in addition to the default removals and to what is named already.
    #[doc(alias = "IgnoreFields")]
    #[doc(alias = "SetTransform")]
    pub fn remove_fields<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> IndexerBuilder {
        self.remove_fields.extend(strings(paths));
        self
    }

    /// Keeps only these fields and the identity (apiVersion, kind, name, namespace, uid, resourceVersion).
    ///
    /// Below `[*]` every element stays at its position: what has no such field is `{}`, what cannot have it is null.
    /// The default removals still apply, unless one of them is named.
    pub fn keep_fields<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> IndexerBuilder {
        self.keep_fields.get_or_insert_default().extend(strings(paths));
        self
    }

    /// Whether `metadata.managedFields` and kubectl's last-applied annotation are removed; they are by default.
    pub fn default_removals(mut self, remove: bool) -> IndexerBuilder {
        self.keep_noise = !remove;
        self
    }

    /// A client-side [`FieldSelector`]; objects that do not match are kept out of the store.
    pub fn field_selector(mut self, selector: &str) -> IndexerBuilder {
        selector.clone_into(&mut self.field_selector);
        self
    }

    /// Checks the settings and prepares them.
    ///
    /// # Errors
    ///
    /// The first of: a path or selector that does not parse, an index declared twice or without paths, a removal
    /// that would take the identity, an index that reads a field which the filter drops, a projection to a
    /// single later element.
    pub fn build(self) -> Result<Indexer, Error> {
        let selector: FieldSelector = self.field_selector.parse()?;
        let mut indexes = Vec::new();
        let default = self.index_by.unwrap_or_else(|| strings(["metadata.namespace", "metadata.name"]));
        for (name, paths) in [(DEFAULT_INDEX.to_owned(), default)].into_iter().chain(self.indexes) {
            if indexes.iter().any(|(other, _)| *other == name) {
                return Err(Error::DuplicateIndex { index: name });
            }
            if paths.is_empty() {
                return Err(Error::EmptyIndex { index: name });
            }
            let paths = parse(&format!("index {name:?}"), paths)?;
            indexes.push((name, paths));
        }

        let mut filter = Filter {
            remove: parse("remove_fields", self.remove_fields)?,
            keep: self.keep_fields.map(|paths| parse("keep_fields", paths)).transpose()?,
            defaults: Vec::new(),
        };
        filter.check()?;
        if !self.keep_noise {
            // Who names one of them wants it.
            let named = |removal: &FieldPath| filter.keep.iter().flatten().any(|kept| removal.covers(kept));
            let removals = DEFAULT_REMOVALS.map(|names| FieldPath::of(names.iter().copied()));
            filter.defaults = removals.into_iter().filter(|removal| !named(removal)).collect();
        }
        for (index, paths) in &indexes {
            for path in paths {
                if let Some(dropped_by) = filter.drops(path) {
                    return Err(Error::IndexDropped { index: index.clone(), path: path.to_string(), dropped_by });
                }
            }
        }

        let labels = FieldPath::of(["metadata", "labels"]);
        let schema = Schema::new(
            indexes.iter().map(|(name, paths)| IndexSpec::from_paths(name, paths)).collect(),
            filter.keeps_whole(&labels),
        );
        Ok(Indexer {
            settings: Arc::new(Settings {
                schema,
                extractors: indexes.iter().map(|(_, paths)| KeyExtractor::new(paths)).collect(),
                mask: filter.mask(),
                selector_mask: Mask::new(Some(&with_identity(selector.paths())), []),
                selector,
            }),
        })
    }
}

fn parse(setting: &str, paths: Vec<String>) -> Result<Vec<FieldPath>, Error> {
    let parse = |path: String| path.parse().map_err(|source| Error::Path { setting: setting.to_owned(), source });
    paths.into_iter().map(parse).collect()
}

fn with_identity(paths: impl IntoIterator<Item = FieldPath>) -> Vec<FieldPath> {
    paths.into_iter().chain(IDENTITY.map(|names| FieldPath::of(names.iter().copied()))).collect()
}

/// The fields to drop, while they are still paths.
struct Filter {
    keep: Option<Vec<FieldPath>>,
    remove: Vec<FieldPath>,
    defaults: Vec<FieldPath>,
}

impl Filter {
    fn check(&self) -> Result<(), Error> {
        for path in &self.remove {
            for part in IDENTITY {
                if path.covers(&FieldPath::of(part.iter().copied())) {
                    return Err(Error::RemovesIdentity { path: path.to_string(), part: part[part.len() - 1] });
                }
            }
        }
        let moves = |path: &&FieldPath| path.steps().iter().any(|step| matches!(step, Step::Index(1..)));
        match self.keep.iter().flatten().find(moves) {
            Some(path) => Err(Error::KeepsPosition { path: path.to_string() }),
            None => Ok(()),
        }
    }

    /// What drops the field at `path`, or moves it to another position.
    fn drops(&self, path: &FieldPath) -> Option<String> {
        if let Some(removal) = self.remove.iter().find(|removal| removal.covers(path) || removal.moves(path)) {
            return Some(format!("remove_fields drops with {removal}"));
        }
        if self.defaults.iter().any(|removal| removal.covers(path)) {
            return Some("is removed by default (see default_removals)".to_owned());
        }
        let keep = self.keep.as_ref()?;
        let kept = with_identity(keep.iter().cloned()).iter().any(|kept| kept.keeps(path));
        (!kept).then(|| "keep_fields does not name".to_owned())
    }

    fn keeps_whole(&self, path: &FieldPath) -> bool {
        let kept = self.keep.as_ref().is_none_or(|keep| keep.iter().any(|kept| kept.covers(path)));
        kept && !self.remove.iter().any(|removal| removal.covers(path) || path.covers(removal))
    }

    fn mask(&self) -> Mask {
        let keep = self.keep.as_ref().map(|keep| with_identity(keep.iter().cloned()));
        Mask::new(keep.as_deref(), self.remove.iter().chain(&self.defaults))
    }
}
