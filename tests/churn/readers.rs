//! Readers while all is packed anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube_indexed_store::fetch::{self, Fetch};
use kube_indexed_store::snapshot::ChangeKind;
use kube_indexed_store::store::{Error, Scope};
use kube_indexed_store::{
    CachedStore, Indexed, MemoryStore, ObjectName, Query, ResourceVersion, Snapshot, Store, StoreExt, Write,
};
use serde_json::{Value, json};

use crate::{
    fixtures::{generated, indexed, name, population, seen},
    support::{random::Random, repack::repack},
};

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
