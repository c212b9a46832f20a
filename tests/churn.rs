//! What a store shares between its objects is given back, never mixed up, and nobody notices when it is made anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube_indexed_store::fetch::{self, Fetch};
use kube_indexed_store::object::MAX_DEPTH;
use kube_indexed_store::snapshot::ChangeKind;
use kube_indexed_store::store::{Error, Scope};
use kube_indexed_store::{
    CachedStore, Indexed, MemoryStore, Object, ObjectName, Query, ResourceVersion, Snapshot, Store, StoreExt, Write,
};
use serde_json::{Value, json};

#[path = "store/random.rs"]
mod random;

use random::Random;

fn indexed(value: &Value) -> Indexed {
    Indexed::new(Object::from_slice(value.to_string().as_bytes()).unwrap()).unwrap()
}

fn name(at: usize) -> String {
    format!("o-{at:05}")
}

/// A population in which every text, part and shape is shared by a few, and none with another seed.
fn population(random: &mut Random, size: usize) -> Vec<Value> {
    let seed = random.next();
    let word = |random: &mut Random, kind: &str, of: usize| format!("{kind}-{seed:x}-{}", random.below(of));
    let few = size / 5;
    (0..size)
        .map(|at| {
            let labels: BTreeMap<String, String> =
                (0..3).map(|_| (word(random, "label", 20), word(random, "value", few))).collect();
            json!({
                "kind": "Churn",
                "metadata": {"namespace": "shop", "name": name(at), "uid": format!("{seed:x}-{at}"), "labels": labels},
                "spec": {
                    "image": word(random, "registry.example.com/an-image", few),
                    "args": [word(random, "first", few), word(random, "second", few)],
                    "unique": format!("{seed:x}{at}"),
                    word(random, "member", 30): {"a": word(random, "third", few), "b": at % 7},
                },
            })
        })
        .collect()
}

fn seen(snapshot: &Snapshot) -> Vec<Value> {
    snapshot.list().objects().map(Object::to_value).collect()
}

/// Writes three objects in one batch, again and again with another text that they share, so that everything is packed
/// anew: the texts from before are gone then. It ends as it always does.
fn repack(store: &dyn Store) {
    const TEXT: usize = 8_192;
    let before = store.memory();
    let texts = 8 + before.total() / TEXT;
    let text = |at: usize| format!("{at:08x}").repeat(TEXT / 8);
    let churn =
        |name: &str, text: &str| indexed(&json!({"metadata": {"name": name, "namespace": "zzz"}, "text": text}));
    let all = (1..=texts).rev().map(text).chain(["the end".to_owned()]);
    let write = |text: String| ["churn-1", "churn-2", "churn-3"].map(|name| Write::Apply(churn(name, &text)));
    store.write(all.flat_map(write).collect()).unwrap();
    let after = store.memory().shared_bytes;
    assert!(after < before.shared_bytes + texts * TEXT / 2, "nothing was packed anew: {before}, {after} now");
}

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

/// A store in which things are found in all ways, and what must look the same after it was packed anew.
fn looks(snapshot: &Snapshot) -> (Vec<Value>, Vec<String>) {
    let entries = snapshot.list();
    let told = entries.iter().map(|entry| {
        let keys = |index| entry.keys(index).unwrap();
        format!("{} {:?} {:?} {:?} {:?}", entry.name(), entry.uid(), entry.version(), keys("by-note"), keys("by-two"))
    });
    let found = |index: &'static str| {
        snapshot.keys(&Query::index(index)).unwrap().into_iter().map(move |key| {
            let components: Vec<_> = key.components().collect();
            format!("{key} {:?}", snapshot.get(&Query::index(index).with_prefix(&components)).unwrap())
        })
    };
    let problems = ["by-note", "by-two"].into_iter().flat_map(|index| {
        snapshot.unindexed(index).unwrap().map(move |(name, problem)| format!("{index} {name} {problem}"))
    });
    (seen(snapshot), told.chain(found("by-note")).chain(found("by-two")).chain(problems).collect())
}

#[test]
fn nobody_notices_that_all_is_packed_anew() {
    let mut random = Random::new();
    let store = MemoryStore::builder().index("by-note", 1).index("by-two", 2).build();
    let mut written = Vec::new();
    for (at, mut value) in population(&mut random, 1_100).into_iter().enumerate() {
        if at % 3 > 0 {
            value["metadata"]["resourceVersion"] = [json!("12"), json!("a-version"), json!(7)][at % 3].clone();
        }
        let mut indexed = indexed(&value);
        for key in 0..at % 4 {
            indexed = indexed.key("by-two", [format!("k{}", key * at % 5), String::new()]);
        }
        if at % 5 > 0 {
            indexed = indexed.key("by-note", [value["spec"]["image"].as_str().unwrap()]);
        }
        store.apply(indexed).unwrap();
        written.push(value);
    }
    // Once, so that the object that is churned is there.
    repack(&store);
    let before = store.snapshot();
    let looked = looks(&before);
    assert_eq!(looked.0[..1_100], written);
    for (at, entry) in before.list().iter().enumerate().take(1_100) {
        let count = |index| entry.keys(index).unwrap().len();
        assert_eq!(
            (count("by-note"), count("by-two")),
            (usize::from(at % 5 > 0), (at % 4).min(if at % 5 == 0 { 1 } else { 5 }))
        );
    }
    let shared: Vec<_> =
        before.list().objects().map(|object| object.root().member("spec").unwrap_or(object.root()).share()).collect();
    let mut changes = store.changes();
    let waiting = changes.next().now_or_never();
    assert!(waiting.is_none());

    for round in 0..3 {
        repack(&store);
        let after = store.snapshot();
        assert_eq!(after.revision(), before.revision(), "round {round}");
        assert!(after.diff(&before).is_empty() && before.diff(&after).is_empty());
        assert!(changes.next().now_or_never().is_none(), "nothing changed, so nobody is woken");
        for (old, new) in before.list().objects().zip(after.list().objects()).take(1_100) {
            assert!(old.ptr_eq(new), "{old:?}");
        }
        assert_eq!(looks(&after), looked);
        assert_eq!(looks(&before), looked);
        for (value, object) in shared.iter().zip(after.list().objects()) {
            assert_eq!(value.value(), object.root().member("spec").unwrap_or(object.root()));
        }
    }

    // A new version alone is no change either, and a change is one.
    let mut silent = indexed(&{
        let mut value = seen(&before)[0].clone();
        value["metadata"]["resourceVersion"] = "99".into();
        value
    });
    for key in before.list().at(0).unwrap().keys("by-note").unwrap() {
        silent = silent.key("by-note", key.components());
    }
    for key in before.list().at(0).unwrap().keys("by-two").unwrap() {
        silent = silent.key("by-two", key.components());
    }
    store.apply(silent).unwrap();
    repack(&store);
    assert_eq!(store.revision(), before.revision());
    assert_eq!(store.snapshot().list().at(0).unwrap().version(), Some(ResourceVersion::new("99")));
    assert_eq!(before.list().at(0).unwrap().version(), None);

    let mut value = seen(&before)[7].clone();
    value["spec"]["unique"] = "changed".into();
    store.apply(indexed(&value)).unwrap();
    repack(&store);
    store.delete(&ObjectName::new("shop", &name(8))).unwrap();
    repack(&store);
    let after = store.snapshot();
    let diff = after.diff(&before);
    assert_eq!(diff.to_string(), format!("modified shop/{}, deleted shop/{}", name(7), name(8)));
    assert_eq!(diff.count(ChangeKind::Modified), 1);
    let told = changes.next().now_or_never().unwrap().unwrap();
    assert_eq!(told.to_string(), diff.to_string());
    assert_eq!(diff.changes()[0].new().unwrap().object().unwrap().to_value(), value);
    assert_eq!(diff.changes()[0].old().unwrap().object().unwrap().to_value(), looked.0[7]);
}

#[test]
fn what_an_open_reset_was_told_before_all_was_packed_anew_is_not_lost_or_mixed_up() {
    let mut random = Random::new();
    let store = MemoryStore::new();
    let (first, second) = (population(&mut random, 1_100), population(&mut random, 1_100));
    store.write(first.iter().map(|value| indexed(value).into()).collect()).unwrap();
    let mut reset = store.reset(Scope::Namespace("shop".into()));
    // Some of what there is, some of what comes, and everything is packed anew twice in between.
    let expected: Vec<Value> =
        first.iter().zip(&second).enumerate().map(|(at, (a, b))| if at % 2 == 0 { a } else { b }.clone()).collect();
    let mut parts = expected.chunks(400);
    for part in parts.by_ref().take(2) {
        part.iter().for_each(|value| reset.push(indexed(value)).unwrap());
        repack(&store);
        assert_eq!(seen(&store.snapshot())[..1_100], first);
    }
    parts.flatten().for_each(|value| reset.push(indexed(value)).unwrap());
    let before = store.snapshot();
    reset.commit(None);
    let after = store.snapshot();
    assert_eq!(seen(&after)[..1_100], expected);
    assert_eq!(after.diff(&before).count(ChangeKind::Replaced), 550);
    for (at, (old, new)) in before.list().objects().zip(after.list().objects()).take(1_100).enumerate() {
        assert_eq!(old.ptr_eq(new), at % 2 == 0);
    }
    repack(&store);
    assert!(store.snapshot().diff(&after).is_empty());
    assert_eq!(seen(&store.snapshot())[..1_100], expected);
}

/// An object that says in all places of which generation it is.
fn generated(at: usize, generation: u64) -> Value {
    let text = format!("this-is-generation-{generation}-of-all");
    json!({
        "kind": "Generated",
        "metadata": {
            "namespace": "shop", "name": name(at), "uid": format!("{generation}"),
            "labels": {"generation": text, format!("g-{generation}"): "here"},
        },
        "spec": {"list": [{"of": text, "at": at % 3}, generation], format!("member-{generation}"): text, "time": [text, at]},
    })
}

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

#[test]
fn readers_see_one_generation_in_all_places_while_everything_is_replaced_and_packed_anew() {
    const SIZE: usize = 300;
    const GENERATIONS: u64 = 10;
    let mut random = Random::new();
    let store = MemoryStore::builder().index("by-generation", 1).build();
    let objects = |generation: u64| {
        (0..SIZE).map(move |at| {
            indexed(&generated(at, generation)).key("by-generation", [format!("generation-{generation}")])
        })
    };
    store.write(objects(0).map(Write::Apply).collect()).unwrap();
    let done = AtomicBool::new(false);
    let looked = AtomicUsize::new(0);
    struct Done<'d>(&'d AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    std::thread::scope(|scope| {
        let (store, done, looked) = (&store, &done, &looked);
        for reader in 0..3 {
            scope.spawn(move || {
                let mut kept: Vec<(u64, Snapshot)> = Vec::new();
                let mut last = 0;
                loop {
                    let end = done.load(SeqCst);
                    let snapshot = store.snapshot();
                    let first = snapshot.list().at(0).unwrap().uid().unwrap().parse::<u64>().unwrap();
                    assert!(first >= last, "{last}, then {first}");
                    last = first;
                    if kept.last().is_none_or(|(generation, _)| *generation < first) {
                        kept.push((first, snapshot));
                    }
                    // The newest, and an old one, whose dictionary is gone from the store.
                    for (generation, snapshot) in
                        [kept.last().unwrap(), &kept[(reader * 7 + last as usize) % kept.len()]]
                    {
                        let list = snapshot.list();
                        assert_eq!(list.len(), SIZE);
                        // Each reader looks at others as a whole.
                        for (at, entry) in list.iter().enumerate().skip(reader).step_by(5) {
                            assert_eq!(entry.object().unwrap().to_value(), generated(at, *generation));
                        }
                        let key = format!("generation-{generation}");
                        assert_eq!(
                            snapshot.get(&Query::index("by-generation").with_prefix(&[&key])).unwrap().len(),
                            SIZE
                        );
                        assert_eq!(snapshot.keys(&Query::index("by-generation")).unwrap().len(), 1);
                    }
                    looked.fetch_add(1, SeqCst);
                    if end {
                        assert_eq!(last, GENERATIONS);
                        return;
                    }
                }
            });
        }
        let _done = Done(done);
        for generation in 1..=GENERATIONS {
            if random.percent(50) {
                let mut reset = store.reset(Scope::All);
                objects(generation).for_each(|indexed| reset.push(indexed).unwrap());
                reset.commit(None);
            } else {
                // Twice: what is written again within the batch is packed as well, and seen by nobody.
                let between = objects(generation + 1_000).chain(objects(generation));
                store.write(between.map(Write::Apply).collect()).unwrap();
            }
        }
    });
    println!("{} whole states looked at", looked.load(SeqCst));
}

/// Serves what is asked for, and counts.
#[derive(Clone, Debug, Default)]
struct Counting(Arc<AtomicUsize>);

impl Fetch for Counting {
    fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, fetch::Error>> {
        let value = json!({"metadata": {"name": name.name(), "namespace": name.namespace(), "resourceVersion": "5"}});
        self.0.fetch_add(1, SeqCst);
        async move { Ok(Some(indexed(&value))) }.boxed()
    }
}

#[tokio::test]
async fn references_and_remembered_bodies_stay_when_all_is_packed_anew() -> Result<(), Error> {
    let server = Counting::default();
    let store = CachedStore::builder(server.clone()).ttl(Duration::from_secs(1_000)).build();
    let reference = |at: usize, version: u64| {
        Indexed::reference(ObjectName::new("shop", &name(at)), Some(version.into())).with_uid(&format!("uid-{at}"))
    };
    store.write((0..1_100).map(|at| reference(at, 5).into()).collect())?;
    let before = store.snapshot();
    let name = name(3);
    let read = || store.get(Query::prefix(&["shop", &name]));
    assert_eq!(read()?.await?.len(), 1);
    // References are visible by their versions, so these end with another one.
    store.write((5..1_500).map(|version| reference(1_099, version).into()).collect())?;
    let after = store.snapshot();
    assert_eq!(after.diff(&before).to_string(), "modified shop/o-01099");
    let told = |snapshot: &Snapshot| {
        let list = snapshot.list();
        list.iter().take(1_099).map(|entry| format!("{entry:?} {:?}", entry.uid())).collect::<Vec<_>>()
    };
    let expected = (0..1_099).map(|at| format!("Entry(shop/o-{at:05} @5) {:?}", Some(format!("uid-{at}"))));
    assert_eq!(told(&before), expected.collect::<Vec<_>>());
    assert_eq!(told(&before), told(&after));
    assert_eq!(read()?.await?.len(), 1);
    assert_eq!(server.0.load(SeqCst), 1, "the body was not forgotten");
    Ok(())
}
