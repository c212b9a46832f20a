//! What objects cost in memory is told exactly.

use std::sync::{Mutex, MutexGuard};

use kube_indexed_store::indexer::Decoded;
use kube_indexed_store::store::Scope;
use kube_indexed_store::{Indexed, Indexer, MemoryStore, ObjectName, Store, StoreExt};
use peak_alloc::PeakAlloc;

#[path = "../benches/corpus/mod.rs"]
#[allow(dead_code, reason = "the benches use the rest")]
mod corpus;

use corpus::Corpus;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What is allocated is counted for the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn indexed(indexer: &Indexer, line: &[u8]) -> Indexed {
    match indexer.decode(line).unwrap() {
        Decoded::Matching(indexed) => indexed,
        Decoded::Unmatched { name, .. } => panic!("{name} does not match"),
    }
}

fn filled(corpus: &Corpus, kind: &str, indexer: &Indexer) -> MemoryStore {
    let store = MemoryStore::for_indexer(indexer);
    let mut reset = store.reset(Scope::All);
    corpus.lines(kind).for_each(|line| reset.push(indexed(indexer, &line)).unwrap());
    reset.commit(None);
    store
}

#[test]
fn memory_is_told_to_the_byte_that_the_allocator_was_asked_for() {
    let _alone = alone();
    let indexer = Indexer::builder()
        .index("by-app", ["metadata.labels.app"])
        .index("by-host", ["spec.rules[*].host", "spec.rules[*].http.paths[*].path"])
        .build()
        .unwrap();
    for (kind, objects) in [("Ingress", 300), ("Service", 3_000), ("EndpointSlice", 200), ("Secret", 1_100)] {
        let corpus = Corpus::new(objects);
        // Whatever is made once is made before.
        drop(filled(&corpus, kind, &indexer));
        let before = ALLOCATOR.current_usage();
        let empty = MemoryStore::for_indexer(&indexer);
        let fixed = ALLOCATOR.current_usage() - before - empty.memory().total();
        drop(empty);
        let store = filled(&corpus, kind, &indexer);
        let told = store.memory();
        assert_eq!(told.objects, corpus.len(kind));
        assert_eq!(ALLOCATOR.current_usage() - before - fixed, told.total(), "{kind}: {told}");

        for line in corpus.lines(kind).take(objects / 3) {
            let mut changed: serde_json::Value = serde_json::from_slice(&line).unwrap();
            changed["metadata"]["annotations"]["changed"] = "yes".into();
            store.apply(indexed(&indexer, changed.to_string().as_bytes())).unwrap();
        }
        let told = store.memory();
        assert_eq!(ALLOCATOR.current_usage() - before - fixed, told.total(), "{kind}, changed: {told}");
    }
}

#[test]
fn what_a_reset_was_told_before_all_was_packed_anew_is_told_to_the_byte_as_well() {
    let _alone = alone();
    let indexer = Indexer::builder().build().unwrap();
    let corpus = Corpus::new(2_000);
    let lines: Vec<_> = corpus.lines("Service").collect();
    drop(filled(&corpus, "Service", &indexer));
    let before = ALLOCATOR.current_usage();
    let empty = MemoryStore::for_indexer(&indexer);
    let fixed = ALLOCATOR.current_usage() - before - empty.memory().total();
    drop(empty);
    let store = MemoryStore::for_indexer(&indexer);
    let mut reset = store.reset(Scope::All);
    lines.iter().for_each(|line| reset.push(indexed(&indexer, line)).unwrap());
    // So much that everything is packed anew while the reset is open.
    for _ in 0..2 {
        lines[..1_100].iter().for_each(|line| _ = store.apply(indexed(&indexer, line)).unwrap());
        store.clear();
    }
    reset.commit(None);
    let told = store.memory();
    assert_eq!(told.objects, lines.len());
    assert_eq!(ALLOCATOR.current_usage() - before - fixed, told.total(), "{told}");
}

#[test]
fn what_is_deleted_is_given_back() {
    let _alone = alone();
    let corpus = Corpus::new(2_000);
    let indexer = Indexer::builder().build().unwrap();
    let store = filled(&corpus, "Service", &indexer);
    let names: Vec<ObjectName> = store.snapshot().list().iter().map(|entry| entry.name().to_owned()).collect();
    for name in &names {
        store.delete(name).unwrap();
    }
    let memory = store.memory();
    assert_eq!((memory.objects, memory.object_bytes), (0, 0), "{memory}");
}
