//! A watch and the fetches know of an object at different times: the newest wins.

use std::time::Duration;

use kube_indexed_store::store::{CachedStoreBuilder, Stats};
use kube_indexed_store::testing::Fault;
use kube_indexed_store::{Indexer, Query, Store};

use crate::fixtures::{World, cluster, password, passwords, secret};

#[tokio::test(start_paused = true)]
async fn a_change_that_the_watch_tells_outdates_the_body_at_once() {
    let world = World::new(cluster(&[("tls", "one")])).await;
    assert_eq!(passwords(&world.get("tls").await.unwrap()), ["one"]);
    world.cluster.apply(secret("tls", "two")).unwrap();
    world.caught_up().await;
    assert_eq!(passwords(&world.get("tls").await.unwrap()), ["two"]);
    assert_eq!(world.gets(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_not_remembered_over_a_newer_version() {
    let world = World::new(cluster(&[("tls", "one")])).await;
    // The answer shows the first version and is held back until the watch has told of the second.
    let gate = world.cluster.fault(Fault::on("get").resource("secrets").gate_answer());
    let reader = tokio::spawn(world.store.get(Query::prefix(&["shop", "tls"])).unwrap().into_future());
    gate.reached(1).await;
    world.cluster.apply(secret("tls", "two")).unwrap();
    world.caught_up().await;
    gate.open();
    assert_eq!(passwords(&reader.await.unwrap().unwrap()), ["one"], "it asked before the change");
    assert_eq!(world.store.cache_len(), 0);
    assert_eq!(passwords(&world.get("tls").await.unwrap()), ["two"]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_knows_the_newer_version_is_not_content_with_a_fetch_begun_before_it() {
    let world = World::new(cluster(&[("tls", "one")])).await;
    let gate = world.cluster.fault(Fault::on("get").resource("secrets").gate_answer());
    let first = tokio::spawn(world.store.get(Query::prefix(&["shop", "tls"])).unwrap().into_future());
    gate.reached(1).await;
    world.cluster.apply(secret("tls", "two")).unwrap();
    world.caught_up().await;
    let second = tokio::spawn(world.store.get(Query::prefix(&["shop", "tls"])).unwrap().into_future());
    tokio::task::yield_now().await;
    gate.open();
    assert_eq!(passwords(&first.await.unwrap().unwrap()), ["one"]);
    assert_eq!(passwords(&second.await.unwrap().unwrap()), ["two"]);
    assert_eq!(world.gets(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_does_not_bring_back_a_deleted_object() {
    let world = World::new(cluster(&[("tls", "one")])).await;
    let gate = world.cluster.fault(Fault::on("get").resource("secrets").gate_answer());
    let reader = tokio::spawn(world.store.get(Query::prefix(&["shop", "tls"])).unwrap().into_future());
    gate.reached(1).await;
    world.cluster.delete("Secret", "shop", "tls").unwrap();
    world.caught_up().await;
    gate.open();
    reader.await.unwrap().unwrap();
    assert_eq!(world.store.cache_len(), 0);
    assert!(world.get("tls").await.unwrap().is_empty());
    assert_eq!(world.gets(), 1, "there is no reference to fetch by");
}

#[tokio::test(start_paused = true)]
async fn a_body_newer_than_a_lagging_watch_is_used_and_stays_good_when_the_watch_catches_up() {
    let world = World::new(cluster(&[("tls", "one")])).await;
    let reference = world.store.snapshot();
    world.cluster.apply(secret("tls", "two")).unwrap();
    // The watch has not been polled since.
    assert_eq!(world.store.snapshot().revision(), reference.revision());
    let get = world.store.get(Query::prefix(&["shop", "tls"])).unwrap();
    assert_eq!(passwords(&get.await.unwrap()), ["two"]);
    world.caught_up().await;
    assert_eq!(passwords(&world.get("tls").await.unwrap()), ["two"]);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_fetched_again_when_its_time_is_over_and_forgotten_when_there_are_too_many() {
    let cluster = cluster(&[("a", "one"), ("b", "two"), ("c", "three")]);
    let small = |store: CachedStoreBuilder| store.ttl(Duration::from_secs(60)).cache_size(2);
    let world = World::with(cluster, Indexer::default(), |watch| watch, small).await;
    for name in ["a", "b", "c", "c"] {
        world.get(name).await.unwrap();
    }
    assert_eq!((world.gets(), world.store.cache_len()), (3, 2));
    world.get("a").await.unwrap();
    assert_eq!(world.gets(), 4, "a made room for c");
    tokio::time::advance(Duration::from_secs(60)).await;
    world.get("a").await.unwrap();
    assert_eq!(world.gets(), 5);
    assert_eq!(world.store.evict_expired(), 1);
    let Stats { expired, evicted_by_size, evicted_by_bytes, .. } = world.store.stats();
    assert_eq!((expired, evicted_by_size, evicted_by_bytes), (2, 2, 0));
    world.store.clear_cache();
    assert_eq!((world.store.cache_len(), world.store.stats().cleared, world.store.stats().bytes), (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_last_good_body_is_served_when_asked_to_and_marked_stale() {
    let serve = |store: CachedStoreBuilder| store.serve_stale(true).ttl(Duration::from_secs(60));
    let world = World::with(cluster(&[("a", "one"), ("b", "two")]), Indexer::default(), |watch| watch, serve).await;
    world.get("a").await.unwrap();
    world.cluster.fault(Fault::on("get").resource("secrets").status(503));
    tokio::time::advance(Duration::from_secs(61)).await;
    let answer = world.get("a").await.unwrap();
    assert_eq!(passwords(&answer), ["one"]);
    assert_eq!(answer.stale().map(password).collect::<Vec<_>>(), ["one"]);
    assert!(world.get("b").await.is_err(), "there never was a good one");
}
