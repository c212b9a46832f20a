//! What is given back.

use kube_indexed_store::store::Scope;
use kube_indexed_store::{MemoryStore, Store, StoreExt};
use serde_json::json;

use crate::{
    fixtures::{indexed, name, population, seen},
    support::{random::Random, repack::repack},
};

#[test]
fn what_was_shared_is_given_back_when_everything_is_replaced_again_and_again() {
    const SIZE: usize = 1_200;
    let mut random = Random::new();
    let store = MemoryStore::new();
    let mut shared = Vec::new();
    let (mut kept, mut expected) = (Vec::new(), Vec::new());
    for round in 0..=10 {
        let population = population(&mut random, SIZE);
        match round % 3 {
            0 => population.iter().for_each(|value| _ = store.apply(indexed(value)).unwrap()),
            1 => _ = store.write(population.iter().map(|value| indexed(value).into()).collect()).unwrap(),
            _ => {
                let mut reset = store.reset(Scope::All);
                population.iter().for_each(|value| reset.push(indexed(value)).unwrap());
                reset.commit(None);
            }
        }
        shared.push(store.memory().shared_bytes);
        if round % 4 == 1 {
            kept.push(store.snapshot());
            expected.push(population);
        }
    }
    // The first one replaced nothing yet. With so few objects the steps in which tables grow weigh more than what is in
    // them.
    assert!(shared[1..].iter().all(|bytes| bytes * 10 <= shared[1] * 16), "{shared:?}");
    // What outlived its dictionary in the store still has it.
    drop(store);
    assert!(kept.iter().map(seen).eq(expected));
}

#[test]
fn what_nobody_has_in_common_takes_no_more_than_the_objects_themselves() {
    let mut random = Random::new();
    const SIZE: usize = 1_200;
    let unique = |random: &mut Random, at: usize| {
        let [a, b, c] = [(); 3].map(|()| format!("{:x}", random.next()));
        json!({"metadata": {"name": name(at), "labels": {a.clone(): b}, "annotations": {c.clone(): a, "note": c}}})
    };
    // Every two have a text and a member's name in common, which nobody else has.
    let pairs = |random: &mut Random, at: usize| {
        let common = format!("a-text-that-two-have-{}", random.next());
        [at, at + 1].map(
            |at| json!({"metadata": {"name": name(at), "labels": {"of": common}}, "spec": {common.clone(): [common]}}),
        )
    };
    let huge = |random: &mut Random, at: usize| {
        let seed = random.next();
        let members: serde_json::Map<_, _> =
            (0..100).map(|member| (format!("{seed:x}-{member}"), json!(member))).collect();
        [at, at + 1].map(|at| json!({"metadata": {"name": name(at)}, "spec": members}))
    };
    for (what, size) in [("unique", SIZE), ("pairs", SIZE), ("huge", SIZE / 5)] {
        let store = MemoryStore::new();
        let mut text_bytes = 0;
        for round in 0..2 {
            text_bytes = 0;
            for at in (0..size).step_by(2) {
                let two = match what {
                    "unique" => [unique(&mut random, at), unique(&mut random, at + 1)],
                    "pairs" => pairs(&mut random, at),
                    _ => huge(&mut random, at),
                };
                for value in two {
                    text_bytes += value.to_string().len();
                    store.apply(indexed(&value)).unwrap();
                }
            }
            let memory = store.memory();
            // Between two packings there may be a dead entry for each that lives, and tables that were made for them.
            assert!(
                memory.object_bytes + memory.shared_bytes < 4 * text_bytes + (1 << 16),
                "{what} {round}: {memory}, {text_bytes}"
            );
        }
        repack(&store);
        let memory = store.memory();
        assert!(
            memory.object_bytes + memory.shared_bytes < 2 * text_bytes + (1 << 15),
            "{what}: {memory}, {text_bytes}"
        );
    }
}

#[test]
fn one_object_rewritten_a_hundred_thousand_times_with_new_texts_leaves_nothing_behind() {
    let mut random = Random::new();
    let store = MemoryStore::new();
    let mut most = 0;
    for _ in 0..100 {
        let write = |at: usize| {
            let text = format!("{:x}-{:x}", random.next(), random.next());
            // Two that take turns, so that the other one has the same text.
            let value = json!({"metadata": {"name": name(at % 2), "annotations": {"time": text}}, "spec": [text]});
            indexed(&value).into()
        };
        let rounds = if cfg!(debug_assertions) { 200 } else { 1_000 };
        store.write((0..rounds).map(write).collect()).unwrap();
        most = most.max(store.memory().shared_bytes);
    }
    assert!(most < 1 << 18, "{most}");
}
