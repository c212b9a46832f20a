//! Stores that shrink, and objects as deep as can be.

use kube_indexed_store::object::MAX_DEPTH;
use kube_indexed_store::snapshot::ChangeKind;
use kube_indexed_store::{MemoryStore, Query, Snapshot, Store, StoreExt};
use serde_json::{Value, json};

use crate::{
    fixtures::{indexed, population, seen},
    support::random::Random,
};

#[test]
fn a_store_that_shrinks_is_numbered_anew_and_answers_as_one_that_was_small_from_the_start() {
    let mut random = Random::new();
    let new = || MemoryStore::builder().index("by-image", 1).build();
    let (store, small) = (new(), new());
    let indexed = |value: &Value| indexed(value).key("by-image", [value["spec"]["image"].as_str().unwrap()]);
    let population = population(&mut random, 4_000);
    store.write(population.iter().map(|value| indexed(value).into()).collect()).unwrap();
    let before = store.snapshot();
    let stay = |at: usize| at % 8 == 3;
    for (at, value) in population.iter().enumerate() {
        match stay(at) {
            true => _ = small.apply(indexed(value)).unwrap(),
            false => _ = store.delete(indexed(value).name()).unwrap(),
        }
    }
    let same = |store: &MemoryStore| {
        let (one, other) = (store.snapshot(), small.snapshot());
        assert_eq!(seen(&one), seen(&other));
        let query = Query::index("by-image");
        let keys = one.keys(&query).unwrap();
        assert_eq!(keys, other.keys(&query).unwrap());
        for key in keys {
            let prefix: Vec<&str> = key.components().collect();
            let names = |snapshot: &Snapshot| {
                let found = snapshot.get(&query.with_prefix(&prefix)).unwrap();
                found.iter().map(|entry| entry.name().to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(names(&one), names(&other));
        }
        assert!(other.list().iter().all(|entry| one.entry(entry.name().namespace(), entry.name().name()).is_some()));
    };
    same(&store);
    assert!(store.memory().index_bytes < 2 * small.memory().index_bytes, "{} {}", store.memory(), small.memory());
    let diff = store.snapshot().diff(&before);
    assert_eq!(diff.count(ChangeKind::Deleted), diff.changes().len());
    let gone: Vec<_> = diff.changes().iter().map(|change| change.name().to_owned()).collect();
    let all: Vec<_> = population.iter().enumerate().filter(|(at, _)| !stay(*at)).collect();
    assert!(gone.is_sorted() && gone.len() == all.len());
    assert_eq!(seen(&before), population);
    // Its numbers are given to others now.
    for value in &population[..64] {
        store.apply(indexed(value)).unwrap();
        small.apply(indexed(value)).unwrap();
        same(&store);
    }
}

/// A map in a map, as deep as it may be.
fn nested(innermost: usize) -> Value {
    let mut value = json!(innermost);
    for level in 1..MAX_DEPTH {
        value = json!({ format!("level-{level}"): value });
    }
    json!({"metadata": {"name": "deep"}, "deep": value})
}

#[test]
fn an_object_as_deep_as_it_may_be_is_replaced_with_little_stack() {
    let replaced = || {
        let store = MemoryStore::new();
        for round in 0..4 {
            store.apply(indexed(&nested(round))).unwrap();
            assert_eq!(seen(&store.snapshot()), [nested(round)]);
        }
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(replaced).unwrap().join().unwrap();
}
