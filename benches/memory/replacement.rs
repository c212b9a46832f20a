//! What the dictionary of a store comes to when all objects are replaced by fresh ones, again and again.
//!
//! What is shared is never given back one by one; the dictionary is made anew when enough has been written.

use kube_indexed_store::store::Scope;
use kube_indexed_store::{Indexer, MemoryStore, ObjectName, Store, StoreExt};

use crate::corpus::Corpus;
use crate::list::{decode, fill};

/// How often it is looked at while objects are replaced one by one.
const LOOKS: usize = 8;

/// The bytes of the dictionary, and of what is needed to recognise what is in it.
#[derive(Clone, Copy, Debug)]
pub struct Replacement {
    pub objects: usize,
    pub first: usize,
    /// After all replacements, by a new list each.
    pub reset: usize,
    /// After all replacements, by a new object and a deletion each, and the most on the way.
    pub applied: usize,
    pub largest: usize,
}

impl Replacement {
    /// Replaces all objects so many times; `None` if there are not enough objects to divide them.
    pub fn measure(corpus: &Corpus, kind: &str, rounds: usize) -> Option<Replacement> {
        let objects = corpus.generation_len(kind);
        let lines = |generation| (0..objects).map(move |position| corpus.of_generation(generation, kind, position));
        let indexer = Indexer::default();
        let [listed, watched] = [(); 2].map(|()| {
            let store = MemoryStore::for_indexer(&indexer);
            fill(&store, &indexer, lines(0));
            store
        });
        let shared = |store: &MemoryStore| store.memory().shared_bytes;
        let first = shared(&listed);
        let mut names: Vec<ObjectName> = lines(0).map(|line| decode(&indexer, &line).name().clone()).collect();
        let mut largest = first;
        for generation in 1..=rounds {
            let mut reset = listed.reset(Scope::All);
            for (position, line) in lines(generation).enumerate() {
                let fresh = decode(&indexer, &line);
                let gone = std::mem::replace(&mut names[position], fresh.name().clone());
                reset.push(fresh.clone()).expect("its keys fit");
                watched.apply(fresh).expect("its keys fit");
                watched.delete(&gone).expect("it has a name");
                if position % objects.div_ceil(LOOKS) == 0 {
                    largest = largest.max(shared(&watched));
                }
            }
            reset.commit(None);
        }
        assert_eq!((listed.len(), watched.len()), (objects, objects), "all {kind} objects were replaced");
        let applied = shared(&watched);
        let enough = objects > 0;
        enough.then(|| Replacement { objects, first, reset: shared(&listed), applied, largest: largest.max(applied) })
    }

    /// The larger of both ways as a multiple of what it was first.
    pub fn growth(&self) -> f64 {
        self.applied.max(self.reset) as f64 / self.first as f64
    }
}
