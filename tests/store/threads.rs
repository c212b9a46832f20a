//! Readers and writers at once: nobody sees half a batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use kube_indexed_store::store::Scope;
use kube_indexed_store::{IndexKey, Query, Snapshot, Store, StoreExt, Write};

use crate::fixtures::*;
use crate::model::replay;
use crate::support::random::Random;
use crate::things::*;

/// The objects of a group change together, so that every whole state has each of them under one service.
fn generation(snapshot: &Snapshot, group: &str, size: usize) -> u64 {
    let keys = snapshot.keys(&Query::index("by-service").with_prefix(&[group])).unwrap();
    let [key] = &keys[..] else { panic!("{group} is in {} states at once: {keys:?}", keys.len()) };
    let generation = key.component(1).unwrap();
    let found = snapshot.get(&Query::index("by-service").with_prefix(&[group, generation])).unwrap();
    assert_eq!(found.len(), size);
    let all = snapshot.get(&Query::prefix(&[group])).unwrap();
    assert_eq!(names(&all), names(&found));
    assert!(all.iter().all(|entry| entry.keys("by-service").unwrap() == [IndexKey::new([group, generation])]));
    generation.parse().unwrap()
}

/// Counts down when a writer is through, also by a panic: nobody waits for it then.
struct Writing<'w>(&'w AtomicUsize);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

fn readers_see_whole_batches_and_whole_resets_in_their_order<F: Fixture>() {
    const SIZE: usize = 80;
    const GENERATIONS: u64 = 60;
    let random = Random::new().next();
    let group = |group: &str, generation: u64| -> Vec<Thing> {
        (0..SIZE).map(|at| thing(group, &format!("{at:03}")).service(&generation.to_string())).collect()
    };
    let store = filled::<F>(group("a", 0).iter().chain(&group("b", 0)));
    let writers = AtomicUsize::new(2);
    std::thread::scope(|scope| {
        let (store, writers) = (&store, &writers);
        for name in ["a", "b"] {
            scope.spawn(move || {
                let _writing = Writing(writers);
                for generation in 1..=GENERATIONS {
                    let things = group(name, generation);
                    // One of three is a reset of the namespace, while the other group is written to.
                    if (generation ^ random).is_multiple_of(3) {
                        let mut reset = store.reset(Scope::Namespace(name.into()));
                        things.iter().for_each(|thing| reset.push(thing.indexed()).unwrap());
                        reset.commit(None);
                    } else {
                        store.write(things.iter().map(Thing::apply).collect()).unwrap();
                    }
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(move || {
                let mut last = (0, 0, store.revision());
                loop {
                    let done = writers.load(SeqCst) == 0;
                    let snapshot = store.snapshot();
                    let now = (generation(&snapshot, "a", SIZE), generation(&snapshot, "b", SIZE), snapshot.revision());
                    assert!(now.0 >= last.0 && now.1 >= last.1 && now.2 >= last.2, "{last:?} then {now:?}");
                    assert_eq!(now.2.get(), now.0 + now.1 + 1, "every revision is one whole state");
                    last = now;
                    if done {
                        assert_eq!((now.0, now.1), (GENERATIONS, GENERATIONS));
                        return;
                    }
                }
            });
        }
    });
}

fn differences_taken_while_writers_write_add_up_to_what_is_there<F: Fixture>() {
    let store = Arc::new(store::<F>());
    let (mut replayed, mut changes) = (store.snapshot(), store.changes());
    let seeds = [Random::new(), Random::new()];
    let end = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let mut at = replayed.revision();
            while let Some(diff) = runtime.block_on(changes.next()) {
                assert!(diff.from() >= at && diff.to() > diff.from() && !diff.is_empty());
                at = diff.to();
                replayed = replay(&replayed, &diff);
            }
        });
        let writers = seeds.map(|mut random| {
            let store = Arc::clone(&store);
            scope.spawn(move || {
                for round in 0..400 {
                    let thing = thing(random.pick(&["a", "b"]), &format!("{}", random.below(20)));
                    let write = match random.below(3) {
                        0 => Write::delete(thing.identity()),
                        _ => thing.service(&random.name()).note(round % 2).apply(),
                    };
                    store.write(vec![write]).unwrap();
                }
            })
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        let end = store.snapshot();
        drop(store);
        reader.join().unwrap();
        end
    });
    assert_eq!(seen(&replayed).comparable(), seen(&end).comparable());
}

conformance! {
    readers_see_whole_batches_and_whole_resets_in_their_order,
    differences_taken_while_writers_write_add_up_to_what_is_there,
}
