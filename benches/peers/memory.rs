//! This crate's [`MemoryStore`], asked through the store itself, which pins a snapshot for each answer.

use std::hint::black_box;

use kube_indexed_store::store::Scope;
use kube_indexed_store::{Indexed, Indexer, MemoryStore, Query, Store, StoreExt};

use super::Peer;

pub struct Memory {
    indexer: Indexer,
    pub store: MemoryStore,
}

impl Memory {
    fn read(&self, prefix: &[&str]) -> usize {
        let found = self.store.get(Query::prefix(prefix)).expect("the query fits").now().expect("nothing is fetched");
        found.iter().map(black_box).count()
    }
}

impl Peer for Memory {
    const NAME: &'static str = "this crate";
    type Decoded = Indexed;

    fn new(_: &str) -> Memory {
        let indexer = Indexer::default();
        Memory { store: MemoryStore::for_indexer(&indexer), indexer }
    }

    fn decode(&self, json: &[u8]) -> Indexed {
        self.indexer.decode(json).ok().and_then(|decoded| decoded.matching()).expect("an object that has a name")
    }

    fn apply(&mut self, object: Indexed) {
        self.store.apply(object).expect("its keys fit");
    }

    /// As the watcher does with a list.
    fn filled<T: AsRef<[u8]>>(kind: &str, lines: impl IntoIterator<Item = T>) -> Memory {
        let memory = Memory::new(kind);
        let mut reset = memory.store.reset(Scope::All);
        for line in lines {
            reset.push(memory.decode(line.as_ref())).expect("its keys fit");
        }
        reset.commit(None);
        memory
    }

    fn exact(&self, namespace: &str, name: &str) -> bool {
        self.read(&[namespace, name]) == 1
    }

    fn prefix(&self, namespace: &str) -> usize {
        self.read(&[namespace])
    }

    fn list(&self) -> usize {
        self.read(&[])
    }
}
