//! Readers of snapshots, of overlays, and many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use super::server::{World, web};
use futures::FutureExt;
use kube_indexed_store::{Query, Store, StoreExt, Write};

use crate::support::random::Random;
use crate::things::*;

#[tokio::test(start_paused = true)]
async fn what_an_overlay_proposes_is_not_fetched() {
    let world = World::of(&[web().at(1).note("held")]);
    let overlay = world.store.snapshot().with([thing("b", "new").note("proposed").apply()]).unwrap();
    let mut seen = Vec::new();
    for entry in &overlay.list() {
        seen.push(world.store.body(entry).get().await.unwrap().unwrap().object().to_value()["note"].clone());
    }
    assert_eq!((seen, world.asked()), (vec!["held".into(), "proposed".into()], 1));
}

#[tokio::test(start_paused = true)]
async fn a_body_of_an_old_snapshot_is_never_older_than_the_snapshot() {
    let world = World::of(&[web().at(1).note("one")]);
    let snapshot = world.store.snapshot();
    let body = async || {
        let body = world.store.body(snapshot.entry("a", "web").unwrap()).get().await.unwrap();
        body.map(|body| (body.object().to_value()["note"].clone(), body.is_stale()))
    };
    assert_eq!(body().await, Some(("one".into(), false)));
    world.write(&web().at(2).note("two"));
    // What is remembered from the time of the snapshot is as good as it was.
    assert_eq!((body().await, world.asked()), (Some(("one".into(), false)), 1));
    world.notes().await;
    assert_eq!((body().await, world.asked()), (Some(("two".into(), false)), 2));
    world.gone(&web());
    world.store.delete(&web().identity()).unwrap();
    assert_eq!(body().await, None);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_content_shows_where_it_should_not() {
    let world = World::of(&[web().at(1).note("hunter2")]);
    let body = world.store.body(world.store.snapshot().entry("a", "web").unwrap()).get().await.unwrap().unwrap();
    let all = world.read(Query::all()).await.unwrap();
    let shown = format!("{body:?} {all:?} {:?} {:?}", world.store, world.store.get(Query::all()).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(format!("{:?}", world.store), "CachedStore(1 objects, revision 1, 1 bodies)");
}

#[test]
fn readers_writers_and_deletions_at_once_see_nothing_older_than_what_was_told_before_they_asked() {
    const NAMES: usize = 12;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    let world = Arc::new(World::new(|store| store.cache_size(8).concurrency(3)));
    let things: Vec<_> = (0..NAMES).map(|at| thing("a", &format!("{at:02}"))).collect();
    // The first half stays, the second comes and goes; each is under the service of its version's parity.
    let clock = Arc::new(AtomicU64::new(0));
    let at_now = |thing: &Thing, clock: &AtomicU64| {
        let version = clock.fetch_add(1, SeqCst) + 1;
        thing.clone().at(version).service(if version.is_multiple_of(2) { "even" } else { "odd" }).note(version)
    };
    things.iter().for_each(|thing| world.write(&at_now(thing, &clock)));
    let done = Arc::new(AtomicBool::new(false));
    let seeds: Vec<Random> = (0..4).map(|_| Random::new()).collect();
    runtime.block_on(async {
        let readers: Vec<_> = seeds
            .into_iter()
            .map(|mut random| {
                let (world, done) = (Arc::clone(&world), Arc::clone(&done));
                tokio::spawn(async move {
                    let mut rounds = 0;
                    while !done.load(SeqCst) || rounds < 20 {
                        rounds += 1;
                        let parity = random.pick(&["even", "odd"]);
                        let prefix = ["a", parity];
                        let by_service = random.percent(50);
                        let query = match by_service {
                            true => Query::index("by-service").with_prefix(&prefix),
                            false => Query::all(),
                        };
                        let told = world.store.snapshot();
                        let get = world.store.get(query).unwrap();
                        if random.percent(10) {
                            // One that goes away.
                            drop(get.into_future().now_or_never());
                            continue;
                        }
                        let objects = get.await.unwrap();
                        assert!(objects.iter().map(|object| object.name().unwrap()).is_sorted_by(|a, b| a < b));
                        for object in objects.iter() {
                            let (name, version) = (object.name().unwrap(), object.resource_version().unwrap());
                            assert_eq!(object.to_value()["note"].to_string(), version.to_string());
                            if let Some(entry) = told.entry(name.namespace(), name.name()) {
                                assert!(version >= entry.version().unwrap(), "{name} at {version}");
                            }
                            assert!(!by_service || object.label(SERVICE).as_deref() == Some(parity));
                        }
                        if !by_service {
                            let stayed = objects.iter().filter(|object| object.name().unwrap().name() < "06");
                            assert_eq!(stayed.count(), NAMES / 2);
                        }
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let mut random = Random::new();
        for _ in 0..600 {
            let thing = &things[random.below(NAMES)];
            if random.percent(30) && thing.name.as_str() >= "06" {
                let version = clock.fetch_add(1, SeqCst) + 1;
                world.gone(thing);
                world
                    .store
                    .write(vec![Write::Delete { name: thing.identity(), version: Some(version.into()) }])
                    .unwrap();
            } else {
                world.write(&at_now(thing, &clock));
            }
            tokio::task::yield_now().await;
        }
        done.store(true, SeqCst);
        for reader in readers {
            reader.await.unwrap();
        }
        let expected: Vec<_> =
            world.server.state.lock().things.values().map(|thing| thing.note.clone().unwrap()).collect();
        assert_eq!(world.notes().await, expected);
        let stats = world.store.stats();
        assert_eq!((stats.in_flight, stats.errors, world.held()), (0, 0, 0), "{stats:?}");
    });
}
