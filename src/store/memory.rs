//! The store that keeps every object.
//!
//! The one lock is the writers'; readers take the published state through an [`ArcSwap`] and never wait.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::tombstones::Tombstones;
use super::{Changes, Error, Get, Query, Reset, Revision, Scope, Snapshot, Store, Write};
use crate::indexer::{DEFAULT_INDEX, IndexSpec, Indexer, Schema};
use crate::snapshot::{Entry, Prepared, Put, State};
use crate::{Indexed, ObjectName, ResourceVersion};

/// A [`Store`] that keeps every object in memory. A clone is the same store.
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
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    published: Arc<ArcSwap<State>>,
    revision: watch::Sender<Revision>,
    writer: Mutex<Writer>,
}

/// The state that writes are made to, before it is published.
struct Writer {
    state: State,
    deleted: Tombstones,
    /// Counts writes, to tell what came while a reset was open.
    sequence: u64,
    /// Whether the state is not what is published.
    dirty: bool,
    /// Whether readers may see something new.
    visible: bool,
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
        let default = match self.default {
            Some(components) => IndexSpec::new(DEFAULT_INDEX, components),
            None => IndexSpec::by_name(),
        };
        let further = self.indexes.iter().map(|(name, components)| IndexSpec::new(name, *components));
        MemoryStore::with_schema(Schema::new([default].into_iter().chain(further).collect(), true))
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
        let state = State::new(schema);
        MemoryStore {
            shared: Arc::new(Shared {
                published: Arc::new(ArcSwap::from_pointee(state.clone())),
                revision: watch::Sender::new(state.revision),
                writer: Mutex::new(Writer {
                    state,
                    deleted: Tombstones::default(),
                    sequence: 0,
                    dirty: false,
                    visible: false,
                }),
            }),
        }
    }
}

impl Store for MemoryStore {
    fn schema(&self) -> Schema {
        self.shared.published.load().schema.clone()
    }

    fn write(&self, batch: Vec<Write>) -> Result<Revision, Error> {
        let mut writer = self.shared.writer.lock();
        let whole = |write: Write| match &write {
            Write::Apply(indexed) if indexed.object().is_none() => {
                Err(Error::NoBody { object: indexed.name().clone() })
            }
            _ => Ok(writer.state.prepare(write)?),
        };
        let batch = batch.into_iter().map(whole).collect::<Result<Vec<_>, _>>()?;
        batch.into_iter().for_each(|write| writer.write(write));
        Ok(self.shared.publish(&mut writer))
    }

    fn reset(&self, scope: Scope) -> Box<dyn Reset> {
        let opened = self.shared.writer.lock().sequence;
        Box::new(MemoryReset { shared: Arc::clone(&self.shared), scope, opened, pushed: BTreeMap::new() })
    }

    fn get(&self, query: Query<'_>) -> Result<Get, Error> {
        Ok(Get::ready(self.snapshot().get(&query)?.into()))
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.shared.published.load_full())
    }

    fn changes(&self) -> Changes {
        let published = Arc::clone(&self.shared.published);
        Changes::new(self.shared.revision.subscribe(), move || Snapshot::new(published.load_full()))
    }
}

impl Shared {
    fn publish(&self, writer: &mut Writer) -> Revision {
        // Each write was visible by itself, but a batch may end where it began.
        if std::mem::take(&mut writer.visible) && writer.state.differs(&self.published.load()) {
            writer.state.revision.0 += 1;
        }
        if std::mem::take(&mut writer.dirty) {
            self.published.store(Arc::new(writer.state.clone()));
            self.revision.send_if_modified(|revision| {
                std::mem::replace(revision, writer.state.revision) != writer.state.revision
            });
        }
        writer.state.revision
    }
}

impl Writer {
    fn write(&mut self, write: Prepared) {
        self.sequence += 1;
        match write {
            Prepared::Apply(entry) => {
                let held = self.state.entry(entry.name().parts()).and_then(|held| held.version());
                let newest = held.or_else(|| self.deleted.newest(entry.name()));
                if !late(entry.version(), newest) {
                    self.put(entry);
                }
            }
            Prepared::Delete { name, version } => {
                let held = self.state.entry(name.parts()).and_then(|held| held.version()).cloned();
                let newest = held.as_ref().or_else(|| self.deleted.newest(&name));
                if !late(version.as_ref(), newest) {
                    self.deleted.insert(name.clone(), version, held, self.sequence);
                    self.take(&name);
                }
            }
        }
    }

    fn put(&mut self, entry: Entry) {
        let name = entry.name().clone();
        self.deleted.remove(&name);
        let outcome = self.state.put(entry);
        // Also where nothing changed: it was written now, and an open reset asks when.
        if let Some(held) = self.state.entry(name.parts()) {
            held.sequence.store(self.sequence, Relaxed);
        }
        self.visible |= outcome.is_visible();
        self.dirty |= outcome != Put::Unchanged;
    }

    fn take(&mut self, name: &ObjectName) {
        let gone = self.state.take(name).is_some();
        self.visible |= gone;
        self.dirty |= gone;
    }

    fn replace(
        &mut self,
        scope: &Scope,
        opened: u64,
        pushed: BTreeMap<ObjectName, Entry>,
        version: Option<&ResourceVersion>,
    ) {
        self.sequence += 1;
        // What came while the reset was open is newer than the list, unless its version says that it is not.
        let survives = |sequence: u64, written: Option<&ResourceVersion>| sequence > opened && !stale(written, version);
        let range = match scope {
            Scope::All => 0..self.state.names.len(),
            Scope::Namespace(namespace) => self.state.namespace(namespace),
            Scope::Name(name) => self.state.names.equal_range(|entry| entry.name().cmp(name)),
        };
        let gone: Vec<ObjectName> = self
            .state
            .names
            .range(range)
            .filter(|held| !pushed.contains_key(held.name()) && !survives(held.sequence.load(Relaxed), held.version()))
            .map(|held| held.name().clone())
            .collect();
        gone.iter().for_each(|name| self.take(name));
        self.deleted.retain(|name, deleted, sequence| !scope.covers(name) || survives(sequence, deleted));
        for (name, entry) in pushed {
            // The version of the object tells as well, and alone where that of the list is not known.
            let survives = match (self.state.entry(name.parts()), self.deleted.version(&name)) {
                (Some(held), _) => {
                    survives(held.sequence.load(Relaxed), held.version()) && !stale(held.version(), entry.version())
                }
                (None, Some(deleted)) => !stale(deleted, entry.version()),
                (None, None) => false,
            };
            if !survives {
                self.put(entry);
            }
        }
    }
}

/// Whether a write comes too late: it is known to be older than what it meets.
fn late(written: Option<&ResourceVersion>, met: Option<&ResourceVersion>) -> bool {
    written.zip(met).is_some_and(|(written, met)| written.is_older_than(met))
}

/// Whether a write is known not to be newer than what was listed.
fn stale(written: Option<&ResourceVersion>, listed: Option<&ResourceVersion>) -> bool {
    written.zip(listed).is_some_and(|(written, listed)| written.is_older_than(listed) || written == listed)
}

struct MemoryReset {
    shared: Arc<Shared>,
    scope: Scope,
    opened: u64,
    pushed: BTreeMap<ObjectName, Entry>,
}

impl Reset for MemoryReset {
    fn push(&mut self, indexed: Indexed) -> Result<(), Error> {
        let object = indexed.name().clone();
        if !self.scope.covers(&object) {
            return Err(Error::OutsideReset { object, scope: self.scope.clone() });
        }
        if indexed.object().is_none() {
            return Err(Error::NoBody { object });
        }
        let entry = self.shared.published.load().entry_of(indexed)?;
        self.pushed.insert(object, entry);
        Ok(())
    }

    fn commit(self: Box<Self>, version: Option<ResourceVersion>) -> Revision {
        let MemoryReset { shared, scope, opened, pushed } = *self;
        let mut writer = shared.writer.lock();
        writer.replace(&scope, opened, pushed, version.as_ref());
        shared.publish(&mut writer)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.published.load();
        write!(f, "MemoryStore({} objects, revision {})", state.names.len(), state.revision)
    }
}

impl fmt::Debug for MemoryReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryReset({}, {} objects)", self.scope, self.pushed.len())
    }
}
