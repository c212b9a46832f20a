//! The store that keeps every object.

use std::fmt;

use super::core::{Core, Keeps};
use super::{Changes, Error, Get, Memory, Query, Reset, Revision, Scope, Snapshot, Store, Write};
use crate::indexer::{DEFAULT_INDEX, IndexSpec, Indexer, Schema};

/// A [`Store`] that keeps every object in memory. A clone is the same store.
///
/// When it is the right one, and what its operations cost, is in the documentation of the [module](crate::store).
///
/// # Examples
///
/// With keys made by hand:
///
/// ```
/// use kube_indexed_store::{Indexed, MemoryStore, ObjectName, Query, Store, StoreExt};
///
/// let store = MemoryStore::builder().index("by-issuer", 2).build();
/// let object = serde_json::from_str(r#"{"kind": "Secret", "metadata": {"namespace": "shop", "name": "tls"}}"#)?;
/// store.apply(Indexed::new(object).unwrap().key("by-issuer", ["letsencrypt", "prod"]))?;
///
/// let issued = store.get(Query::index("by-issuer").with_prefix(&["letsencrypt"]))?.now().unwrap();
/// assert_eq!(issued.at(0).unwrap().name(), Some(ObjectName::new("shop", "tls")));
///
/// let error = store.get(Query::index("by-issuer").with_prefix(&["a", "b", "c"])).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the query gives 3 components, but index \"by-issuer\" has 2: leave out the last",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "ThreadSafeStore")]
#[derive(Clone)]
pub struct MemoryStore {
    core: Core,
}

/// Declares the indexes of a [`MemoryStore`] whose keys are made by hand.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct MemoryStoreBuilder {
    default: Option<usize>,
    indexes: Vec<(String, usize)>,
}

impl MemoryStoreBuilder {
    /// Gives the default index keys of its own, of so many components, instead of namespace and name.
    #[doc(alias = "NewMemoryStore")]
    pub fn default_index(mut self, components: usize) -> MemoryStoreBuilder {
        self.default = Some(components.max(1));
        self
    }

    /// Declares an index, or changes the number of components of one. There is at least one component.
    pub fn index(mut self, name: &str, components: usize) -> MemoryStoreBuilder {
        if name == DEFAULT_INDEX {
            return self.default_index(components);
        }
        self.indexes.retain(|(other, _)| other != name);
        self.indexes.push((name.to_owned(), components.max(1)));
        self
    }

    /// An empty store.
    pub fn build(self) -> MemoryStore {
        MemoryStore::with_schema(self.schema())
    }

    pub(super) fn schema(self) -> Schema {
        let default = match self.default {
            Some(components) => IndexSpec::new(DEFAULT_INDEX, components),
            None => IndexSpec::by_name(),
        };
        let further = self.indexes.iter().map(|(name, components)| IndexSpec::new(name, *components));
        Schema::new([default].into_iter().chain(further).collect(), true)
    }
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore::new()
    }
}

impl MemoryStore {
    /// An empty store with the default index alone, by namespace and name.
    pub fn new() -> MemoryStore {
        MemoryStore::with_schema(Schema::default())
    }

    /// An empty store with the indexes of an indexer.
    pub fn for_indexer(indexer: &Indexer) -> MemoryStore {
        MemoryStore::with_schema(indexer.schema().clone())
    }

    /// Declares indexes for keys made by hand.
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder::default()
    }

    fn with_schema(schema: Schema) -> MemoryStore {
        MemoryStore { core: Core::new(schema, Keeps::Objects) }
    }
}

impl Store for MemoryStore {
    fn schema(&self) -> Schema {
        self.core.schema()
    }

    fn write(&self, batch: Vec<Write>) -> Result<Revision, Error> {
        self.core.write(batch)
    }

    fn reset(&self, scope: Scope) -> Box<dyn Reset> {
        self.core.reset(scope)
    }

    fn get(&self, query: Query<'_>) -> Result<Get, Error> {
        Ok(Get::ready(self.snapshot().get(&query)?.into()))
    }

    fn snapshot(&self) -> Snapshot {
        self.core.snapshot()
    }

    fn changes(&self) -> Changes {
        self.core.changes()
    }

    fn memory(&self) -> Memory {
        self.core.memory()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({})", self.core)
    }
}
