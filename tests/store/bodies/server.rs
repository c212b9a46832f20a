//! A server that does what it is told, and a store of references to what it has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube_indexed_store::fetch::{self, Fetch};
use kube_indexed_store::store::{CachedStoreBuilder, Error, Objects};
use kube_indexed_store::{CachedStore, Indexed, ObjectName, Query, Store, StoreExt};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::things::*;

/// A server of things that does what it is told.
#[derive(Clone, Debug)]
pub struct Server {
    pub state: Arc<Mutex<State>>,
    /// Answers leave one by one as it is opened, as they were when they were asked for.
    pub gate: Arc<Semaphore>,
    /// How many fetches are held by somebody: the clones of it.
    pub held: Arc<()>,
}

#[derive(Debug, Default)]
pub struct State {
    pub things: BTreeMap<ObjectName, Thing>,
    pub fate: Fate,
    pub asked: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub enum Fate {
    #[default]
    Served,
    Answer(Result<Option<Indexed>, fetch::Error>),
    Slow(Duration),
    PanicAtOnce,
    PanicLater,
}

impl Fetch for Server {
    fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, fetch::Error>> {
        let mut state = self.state.lock();
        state.asked.push(name.to_string());
        let found = state.things.get(name).map(Thing::indexed);
        let fate = state.fate.clone();
        drop(state);
        if matches!(fate, Fate::PanicAtOnce) {
            std::panic::resume_unwind(Box::new("at once"));
        }
        let (gate, held) = (Arc::clone(&self.gate), Arc::clone(&self.held));
        async move {
            let _held = held;
            gate.acquire().await.unwrap().forget();
            match fate {
                Fate::Served => return Ok(found),
                Fate::Answer(answer) => return answer,
                Fate::Slow(time) => sleep(time).await,
                Fate::PanicAtOnce | Fate::PanicLater => std::panic::resume_unwind(Box::new("later")),
            }
            Ok(found)
        }
        .boxed()
    }
}

pub struct World {
    pub server: Server,
    pub store: CachedStore,
}

impl World {
    pub fn new(settings: impl FnOnce(CachedStoreBuilder) -> CachedStoreBuilder) -> World {
        let open = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS / 2));
        let server = Server { state: Arc::default(), gate: open, held: Arc::default() };
        let store = settings(CachedStore::builder(server.clone()).indexer(indexer())).build();
        World { server, store }
    }

    pub fn of(things: &[Thing]) -> World {
        let world = World::new(|store| store);
        things.iter().for_each(|thing| world.write(thing));
        world
    }

    /// Puts it on the server and tells the store.
    pub fn write(&self, thing: &Thing) {
        self.put(thing);
        self.store.apply(thing.indexed()).unwrap();
    }

    pub fn put(&self, thing: &Thing) {
        self.server.state.lock().things.insert(thing.identity(), thing.clone());
    }

    pub fn gone(&self, thing: &Thing) {
        self.server.state.lock().things.remove(&thing.identity());
    }

    pub fn fate(&self, fate: Fate) {
        self.server.state.lock().fate = fate;
    }

    pub fn close(&self) {
        self.server.gate.forget_permits(usize::MAX);
    }

    pub fn open(&self) {
        self.server.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    pub fn asked(&self) -> usize {
        self.server.state.lock().asked.len()
    }

    /// How many fetches somebody holds.
    pub fn held(&self) -> usize {
        // The server itself is held by the store and by the world.
        Arc::strong_count(&self.server.held) - 2
    }

    pub async fn read(&self, query: Query<'_>) -> Result<Objects, Error> {
        self.store.get(query)?.await
    }

    /// The notes of all objects.
    pub async fn notes(&self) -> Vec<Value> {
        notes(&self.read(Query::all()).await.unwrap())
    }

    /// A reader that asks now and runs until it has to wait.
    pub async fn reader(&self) -> tokio::task::JoinHandle<Result<Objects, Error>> {
        let reader = tokio::spawn(self.store.get(Query::all()).unwrap().into_future());
        tokio::task::yield_now().await;
        reader
    }
}

pub fn notes(objects: &Objects) -> Vec<Value> {
    objects.iter().map(|object| object.to_value()["note"].clone()).collect()
}

pub fn web() -> Thing {
    thing("a", "web")
}

pub fn failed(text: &str) -> Error {
    Error::Fetch { object: web().identity(), source: fetch::Error::Failed(text.into()) }
}

pub fn outdated(known: &str) -> Error {
    Error::Fetch { object: web().identity(), source: fetch::Error::Outdated { known: known.into() } }
}
