//! The stores that every rule is held against, and the server behind those that fetch.
//!
//! A rule is a function generic over a [`Fixture`]; `conformance!` runs it for each. Where it is another one for stores of
//! references, the function says so.

use std::collections::HashMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube_indexed_store::fetch::{self, Fetch};
use kube_indexed_store::indexer::Schema;
use kube_indexed_store::snapshot::{Entry, Revision};
use kube_indexed_store::store::{BodyGet, CachedStoreBuilder, Changes, Error, Get, Reset, Scope};
use kube_indexed_store::{
    CachedStore, Indexed, Indexer, MemoryStore, ObjectName, Query, ResourceVersion, Snapshot, Store, Write,
};
use parking_lot::Mutex;

/// A kind of store.
pub trait Fixture: 'static {
    type Store: Store;

    /// Whether the store keeps references. Then
    ///
    /// - the version stands for the body: a new one is a visible change, and a body that is different under the
    ///   same version, or under none, is not;
    /// - snapshots have no bodies, and label selectors are for the store to answer;
    /// - a write needs no body.
    const REFERENCES: bool;

    /// With the indexes of an indexer.
    fn for_indexer(indexer: &Indexer) -> Self::Store;

    /// With indexes for keys made by hand, by names and components.
    fn declared(indexes: &[(&str, usize)]) -> Self::Store;
}

pub struct Memory;
pub struct Cached;
pub struct Shared<F>(PhantomData<F>);
pub struct Boxed<F>(PhantomData<F>);

pub type MemoryShared = Shared<Memory>;
pub type MemoryBoxed = Boxed<Memory>;
pub type CachedShared = Shared<Cached>;
pub type CachedBoxed = Boxed<Cached>;

/// Runs rules against every kind of store, each in a module of its own.
macro_rules! conformance {
    ($($rule:ident),+ $(,)?) => {
        conformance!(memory Memory: $($rule)+);
        conformance!(memory_shared MemoryShared: $($rule)+);
        conformance!(memory_boxed MemoryBoxed: $($rule)+);
        conformance!(cached Cached: $($rule)+);
        conformance!(cached_shared CachedShared: $($rule)+);
        conformance!(cached_boxed CachedBoxed: $($rule)+);
    };
    ($module:ident $fixture:ident: $($rule:ident)+) => {
        mod $module {
            $(
                #[test]
                fn $rule() {
                    super::$rule::<crate::fixtures::$fixture>();
                }
            )+
        }
    };
}
pub(crate) use conformance;

impl Fixture for Memory {
    type Store = MemoryStore;
    const REFERENCES: bool = false;

    fn for_indexer(indexer: &Indexer) -> MemoryStore {
        MemoryStore::for_indexer(indexer)
    }

    fn declared(indexes: &[(&str, usize)]) -> MemoryStore {
        indexes
            .iter()
            .fold(MemoryStore::builder(), |builder, (name, components)| builder.index(name, *components))
            .build()
    }
}

impl Fixture for Cached {
    type Store = Served;
    const REFERENCES: bool = true;

    fn for_indexer(indexer: &Indexer) -> Served {
        Served::new(|builder| builder.indexer(indexer))
    }

    fn declared(indexes: &[(&str, usize)]) -> Served {
        Served::new(|builder| {
            indexes.iter().fold(builder, |builder, (name, components)| builder.index(name, *components))
        })
    }
}

impl<F: Fixture> Fixture for Shared<F> {
    type Store = Arc<dyn Store>;
    const REFERENCES: bool = F::REFERENCES;

    fn for_indexer(indexer: &Indexer) -> Arc<dyn Store> {
        Arc::new(F::for_indexer(indexer))
    }

    fn declared(indexes: &[(&str, usize)]) -> Arc<dyn Store> {
        Arc::new(F::declared(indexes))
    }
}

impl<F: Fixture> Fixture for Boxed<F> {
    type Store = Box<dyn Store>;
    const REFERENCES: bool = F::REFERENCES;

    fn for_indexer(indexer: &Indexer) -> Box<dyn Store> {
        Box::new(F::for_indexer(indexer))
    }

    fn declared(indexes: &[(&str, usize)]) -> Box<dyn Store> {
        Box::new(F::declared(indexes))
    }
}

/// A store of references whose server has what was written to it.
#[derive(Clone, Debug)]
pub struct Served {
    pub store: CachedStore,
    server: Server,
}

/// Answers with the body that was written last under the version that is held.
#[derive(Clone, Debug, Default)]
struct Server(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    written: HashMap<(ObjectName, Option<ResourceVersion>), Indexed>,
    held: Option<Snapshot>,
}

impl Served {
    fn new(settings: impl FnOnce(CachedStoreBuilder) -> CachedStoreBuilder) -> Served {
        let server = Server::default();
        let store = settings(CachedStore::builder(server.clone()).cache_size(usize::MAX)).build();
        Served { store, server }
    }
}

impl Known {
    fn keep(&mut self, written: impl IntoIterator<Item = Indexed>, held: Snapshot) {
        let keyed = |indexed: Indexed| ((indexed.name().clone(), indexed.version().cloned()), indexed);
        self.written.extend(written.into_iter().map(keyed));
        self.held = Some(held);
    }
}

impl Fetch for Server {
    fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, fetch::Error>> {
        let known = self.0.lock();
        let version = known.held.as_ref().and_then(|held| held.entry(name.namespace(), name.name())?.version());
        let found = known.written.get(&(name.clone(), version)).cloned();
        async move { Ok(found) }.boxed()
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for Served {
    fn schema(&self) -> Schema {
        self.store.schema()
    }

    fn write(&self, batch: Vec<Write>) -> Result<Revision, Error> {
        let mut known = self.server.0.lock();
        let revision = self.store.write(batch.clone())?;
        let written = batch.into_iter().filter_map(|write| match write {
            Write::Apply(indexed) => Some(indexed),
            Write::Delete { .. } => None,
        });
        known.keep(written, self.store.snapshot());
        Ok(revision)
    }

    fn reset(&self, scope: Scope) -> Box<dyn Reset> {
        Box::new(ServedReset { served: self.clone(), reset: self.store.reset(scope), pushed: Vec::new() })
    }

    fn get(&self, query: Query<'_>) -> Result<Get, Error> {
        self.store.get(query)
    }

    fn body(&self, entry: &Entry) -> BodyGet {
        self.store.body(entry)
    }

    fn snapshot(&self) -> Snapshot {
        self.store.snapshot()
    }

    fn changes(&self) -> Changes {
        self.store.changes()
    }

    fn memory(&self) -> kube_indexed_store::store::Memory {
        self.store.memory()
    }
}

#[derive(Debug)]
struct ServedReset {
    served: Served,
    reset: Box<dyn Reset>,
    pushed: Vec<Indexed>,
}

impl Reset for ServedReset {
    fn push(&mut self, indexed: Indexed) -> Result<(), Error> {
        self.reset.push(indexed.clone())?;
        self.pushed.push(indexed);
        Ok(())
    }

    fn commit(self: Box<Self>, version: Option<ResourceVersion>) -> Revision {
        let mut known = self.served.server.0.lock();
        let revision = self.reset.commit(version);
        known.keep(self.pushed, self.served.store.snapshot());
        revision
    }
}

/// What a future comes to, under a clock that stands still while anything else can be done: what never comes is
/// found out at once.
pub fn wait<O>(future: impl IntoFuture<Output = O>) -> O {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    }
    let bounded = async { tokio::time::timeout(Duration::from_secs(1_000_000), future.into_future()).await };
    RUNTIME.with(|runtime| runtime.block_on(bounded)).expect("something comes of what is waited for")
}
