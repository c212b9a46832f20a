//! What is asked of a store.

use crate::indexer::DEFAULT_INDEX;
use crate::selector::LabelSelector;

/// An index, the first components of its keys, and optionally a label selector. Borrows everything; `Copy`.
///
/// All components ask for exact keys, fewer for a partial key, none for everything.
///
/// ```
/// use kube_indexed_store::Query;
///
/// Query::all();
/// Query::prefix(&["shop"]);                              // the default index
/// Query::prefix(&["shop", "web"]);
/// Query::index("by-host").with_prefix(&["a.example"]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    pub(crate) index: &'q str,
    pub(crate) prefix: &'q [&'q str],
    pub(crate) labels: Option<&'q LabelSelector>,
}

impl<'q> Query<'q> {
    /// Every object.
    pub fn all() -> Query<'q> {
        Query::prefix(&[])
    }

    /// The objects under a prefix of the default index.
    pub fn prefix(components: &'q [&'q str]) -> Query<'q> {
        Query { index: DEFAULT_INDEX, prefix: components, labels: None }
    }

    /// An index; without a prefix that is every object, as it always is.
    #[doc(alias = "MatchingFields")]
    pub fn index(name: &'q str) -> Query<'q> {
        Query { index: name, prefix: &[], labels: None }
    }

    /// The prefix to look for.
    pub fn with_prefix(self, components: &'q [&'q str]) -> Query<'q> {
        Query { prefix: components, ..self }
    }

    #[cfg(feature = "client")]
    pub(crate) fn without_labels(self) -> Query<'q> {
        Query { labels: None, ..self }
    }

    /// Only objects whose labels match. Each object under the prefix is looked at, so where the same label is asked for
    /// again and again, an index is cheaper.
    #[doc(alias = "MatchingLabels")]
    pub fn with_labels(self, selector: &'q LabelSelector) -> Query<'q> {
        Query { labels: Some(selector), ..self }
    }
}

impl std::fmt::Display for Query<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "index {:?} {}", self.index, crate::IndexKey::new(self.prefix.iter().copied()))?;
        match self.labels {
            Some(labels) => write!(f, " with labels {labels}"),
            None => Ok(()),
        }
    }
}
