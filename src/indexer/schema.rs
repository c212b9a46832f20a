//! Which indexes there are: names and components. The keys themselves are elsewhere.

use std::sync::Arc;

use crate::FieldPath;

/// The name of the index that is meant where none is named.
pub const DEFAULT_INDEX: &str = "default";

/// The most components that the keys of an index have.
const MAX_COMPONENTS: usize = u16::MAX as usize;

/// The indexes of a store, the default one first. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    indexes: Arc<[IndexSpec]>,
    labels: Labels,
}

/// Where the labels of the objects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Labels {
    /// With the objects.
    Kept,
    /// The indexer drops them, or some of them.
    Dropped,
    /// With the bodies of references.
    #[cfg(feature = "client")]
    Elsewhere,
}

/// One declared index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSpec {
    name: Arc<str>,
    components: usize,
    by_name: bool,
}

impl Schema {
    pub(crate) fn new(indexes: Vec<IndexSpec>, labels: bool) -> Schema {
        Schema { indexes: indexes.into(), labels: if labels { Labels::Kept } else { Labels::Dropped } }
    }

    /// The same indexes over references, whose labels are with their bodies, if anywhere.
    #[cfg(feature = "client")]
    pub(crate) fn of_references(self) -> Schema {
        let labels = if self.keeps_labels() { Labels::Elsewhere } else { self.labels };
        Schema { labels, ..self }
    }

    /// Whether the objects have no labels, wherever they are.
    pub(crate) fn drops_labels(&self) -> bool {
        self.labels == Labels::Dropped
    }

    /// The indexes, the default one first.
    pub fn indexes(&self) -> &[IndexSpec] {
        &self.indexes
    }

    /// The position of the index of that name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.indexes.iter().position(|index| *index.name == *name)
    }

    /// The names of all indexes, for messages.
    pub(crate) fn names(&self) -> String {
        self.indexes.iter().map(|index| &*index.name).collect::<Vec<_>>().join(", ")
    }

    /// Whether the objects keep all their labels, so that label selectors can be evaluated.
    pub fn keeps_labels(&self) -> bool {
        self.labels == Labels::Kept
    }
}

impl Default for Schema {
    /// The default index alone, by namespace and name.
    fn default() -> Schema {
        Schema::new(vec![IndexSpec::by_name()], true)
    }
}

impl IndexSpec {
    /// The default index as it is unless declared otherwise: (`metadata.namespace`, `metadata.name`).
    pub(crate) fn by_name() -> IndexSpec {
        IndexSpec { name: DEFAULT_INDEX.into(), components: 2, by_name: true }
    }

    /// With more components than there may be no key fits.
    pub(crate) fn new(name: &str, components: usize) -> IndexSpec {
        IndexSpec { name: name.into(), components: components.min(MAX_COMPONENTS), by_name: false }
    }

    pub(crate) fn from_paths(name: &str, paths: &[FieldPath]) -> IndexSpec {
        let identity = [FieldPath::of(["metadata", "namespace"]), FieldPath::of(["metadata", "name"])];
        if name == DEFAULT_INDEX && paths == identity {
            return IndexSpec::by_name();
        }
        IndexSpec::new(name, paths.len())
    }

    /// The name of the index.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// How many components its keys have.
    pub fn components(&self) -> usize {
        self.components
    }

    /// Whether this is the index by namespace and name, which needs no keys beside the names.
    pub fn is_by_name(&self) -> bool {
        self.by_name
    }
}
