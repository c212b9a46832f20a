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

    /// Declares an index, or changes the number of components of one. There is at least one component, and at most
    /// 65,535.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Indexed, Object, StoreExt};

    fn indexed() -> Indexed {
        Indexed::new(Object::from_slice(br#"{"metadata":{"name":"a"}}"#).unwrap()).unwrap()
    }

    #[test]
    fn a_store_has_as_many_indexes_as_it_is_told() {
        const COUNT: usize = (1 << 16) + 2;
        let indexes = (0..COUNT).map(|at| IndexSpec::new(&format!("by-{at}"), 1));
        let store =
            MemoryStore::with_schema(Schema::new([IndexSpec::by_name()].into_iter().chain(indexes).collect(), true));
        // By their positions, as many bits apart as are easily lost.
        let (one, other) = ("by-0", format!("by-{}", 1 << 16));
        store.apply(indexed().key(one, ["one"]).key(&other, ["other"])).unwrap();
        let snapshot = store.snapshot();
        let found = |index: &str, key| snapshot.get(&Query::index(index).with_prefix(&[key])).unwrap().len();
        assert_eq!(
            [found(one, "one"), found(one, "other"), found(&other, "one"), found(&other, "other")],
            [1, 0, 0, 1]
        );
        assert_eq!(snapshot.keys(&Query::index(&other)).unwrap().len(), 1);
    }

    #[test]
    fn an_index_of_very_many_components_finds_by_all_of_them_or_tells_that_there_are_too_many() {
        for given in [1 << 16, (1 << 16) - 1] {
            let store = MemoryStore::builder().index("by", given).build();
            let key: Vec<String> = (0..given).map(|at| at.to_string()).collect();
            let applied = store.apply(indexed().key("by", key.iter().map(String::as_str)));
            if given == 1 << 16 {
                assert_eq!(
                    applied.unwrap_err().to_string(),
                    r#"a has a key of 65536 components, but index "by" has 65535: give exactly as many"#,
                );
                continue;
            }
            let components: Vec<&str> = key.iter().map(String::as_str).collect();
            for length in [1, 255, 256, given] {
                let query = Query::index("by").with_prefix(&components[..length]);
                assert_eq!(store.snapshot().get(&query).unwrap().len(), 1);
            }
        }
    }
}
