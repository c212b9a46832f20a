//! Failures, and how much, how long and how often.

use std::time::Duration;

use super::server::{Fate, World, failed, notes, web};
use futures::future::join_all;
use kube_indexed_store::fetch::{self};
use kube_indexed_store::store::{Error, Stats};
use kube_indexed_store::{ObjectName, Query, Store, StoreExt};
use tokio::time::advance;

use crate::support::random::Random;
use crate::things::*;

#[tokio::test(start_paused = true)]
async fn a_fetcher_that_panics_is_an_error_of_each_who_waits_and_of_nobody_later() {
    let world = World::new(|store| store.concurrency(1));
    world.write(&web().at(1).note("one"));
    for fate in [Fate::PanicAtOnce, Fate::PanicLater] {
        world.store.clear_cache();
        let fetched = world.store.stats().fetches;
        world.close();
        world.fate(fate);
        let readers = [world.reader().await, world.reader().await];
        world.open();
        for reader in readers {
            assert_eq!(reader.await.unwrap().unwrap_err(), failed("the fetcher panicked"));
        }
        world.fate(Fate::Served);
        assert_eq!(world.notes().await, ["one"]);
        let stats = world.store.stats();
        assert_eq!((stats.in_flight, world.held()), (0, 0));
        assert!(stats.fetches > fetched);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_is_not_remembered() {
    let world = World::of(&[web().at(1).note("one")]);
    world.fate(Fate::Answer(Err(fetch::Error::Failed("out of order".into()))));
    for errors in [1, 2] {
        assert_eq!(world.read(Query::all()).await.unwrap_err(), failed("out of order"));
        assert_eq!((world.store.stats().errors, world.store.stats().in_flight), (errors, 0));
    }
    world.fate(Fate::Served);
    assert_eq!((world.notes().await, world.asked()), (vec!["one".into()], 3));
    assert_eq!(world.store.stats().errors, 2);
}

#[tokio::test(start_paused = true)]
async fn fifty_readers_ask_once_even_where_nothing_is_remembered() {
    let world = World::new(|store| store.cache_size(0));
    world.write(&web().at(1).note("one"));
    world.close();
    let mut readers = Vec::new();
    for _ in 0..50 {
        readers.push(world.reader().await);
    }
    assert_eq!((world.asked(), world.store.stats().in_flight), (1, 1));
    world.open();
    for answer in join_all(readers).await {
        assert_eq!(notes(&answer.unwrap().unwrap()), ["one"]);
    }
    assert_eq!((world.asked(), world.store.cache_len(), world.store.stats().bytes), (1, 0, 0));
    assert_eq!((world.notes().await, world.asked()), (vec!["one".into()], 2));
}

#[tokio::test(start_paused = true)]
async fn bytes_are_counted_as_text_and_stay_within_the_budget() {
    let sized = |name: &str| thing("a", name).at(1).note("x".repeat(100));
    let size = sized("1").indexed().object().unwrap().to_value().to_string().len();
    let world = World::new(|store| store.cache_bytes(2 * size));
    for name in ["1", "2", "3"] {
        world.write(&sized(name));
        world.read(Query::prefix(&["a", name])).await.unwrap();
    }
    let Stats { bytes, evicted_by_bytes, evicted_by_size, .. } = world.store.stats();
    assert_eq!((bytes, evicted_by_bytes, evicted_by_size, world.store.cache_len()), (2 * size, 1, 0, 2));
    world.write(&thing("a", "4").at(1).note("x".repeat(3 * size)));
    let huge = world.read(Query::prefix(&["a", "4"])).await.unwrap();
    assert_eq!((huge.len(), world.store.cache_len(), world.store.stats().bytes), (1, 2, 2 * size));
    world.store.clear_cache();
    assert_eq!((world.store.stats().bytes, world.store.stats().cleared), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn the_time_to_live_begins_with_the_fetch_or_with_each_use() {
    for (sliding, asked) in [(false, 2), (true, 1)] {
        let world = World::new(|store| store.ttl(Duration::from_secs(10)).sliding_ttl(sliding));
        world.write(&web().at(1));
        for _ in 0..2 {
            world.notes().await;
            advance(Duration::from_secs(6)).await;
        }
        world.notes().await;
        assert_eq!(world.asked(), asked, "sliding {sliding}");
        advance(Duration::from_secs(10)).await;
        assert_eq!((world.store.evict_expired(), world.store.cache_len()), (1, 0));
        assert_eq!(world.store.stats().expired, asked as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn limits_without_end_are_none() {
    let world = World::new(|store| {
        let store = store.ttl(Duration::MAX).deadline(Duration::MAX).sliding_ttl(true);
        store.cache_size(usize::MAX).cache_bytes(usize::MAX).concurrency(usize::MAX)
    });
    world.write(&web().at(1).note("one"));
    for _ in 0..2 {
        assert_eq!((world.notes().await, world.asked()), (vec!["one".into()], 1));
        advance(Duration::from_secs(100_000_000)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_of_the_fetch_and_does_not_count_the_wait_for_a_slot() {
    let world = World::new(|store| store.concurrency(1).deadline(Duration::from_secs(10)));
    (0..5).for_each(|at| world.write(&thing("a", &at.to_string()).at(1).note(at)));
    world.fate(Fate::Slow(Duration::from_secs(9)));
    let begin = tokio::time::Instant::now();
    assert_eq!(world.notes().await, [0, 1, 2, 3, 4]);
    assert_eq!(begin.elapsed(), Duration::from_secs(45));
    world.store.clear_cache();
    world.fate(Fate::Slow(Duration::from_secs(11)));
    let begin = tokio::time::Instant::now();
    let error = world.read(Query::all()).await.unwrap_err();
    let source = fetch::Error::Timeout { after: Duration::from_secs(10) };
    assert_eq!(error, Error::Fetch { object: ObjectName::new("a", "0"), source });
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
    assert_eq!((world.store.stats().in_flight, world.store.stats().errors), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_bound_of_no_fetches_at_all_is_one_of_one() {
    let world = World::new(|store| store.concurrency(0));
    world.write(&web().at(1).note("one"));
    assert_eq!(world.notes().await, ["one"]);
}

#[tokio::test(start_paused = true)]
async fn readers_that_go_away_in_any_order_leave_nothing_behind() {
    let mut random = Random::new();
    let world = World::new(|store| store.concurrency(4));
    (0..20).for_each(|at| world.write(&thing("a", &format!("{at:02}")).at(1).note(at)));
    for round in 0..20 {
        world.store.clear_cache();
        world.close();
        let mut readers = Vec::new();
        for _ in 0..40 {
            let name = format!("{:02}", random.below(20));
            let prefix = ["a", name.as_str()];
            let query = if random.percent(20) { Query::all() } else { Query::prefix(&prefix) };
            readers.push(tokio::spawn(world.store.get(query).unwrap().into_future()));
            if random.percent(50) {
                tokio::task::yield_now().await;
            }
        }
        let stays = random.percent(50).then(|| readers.swap_remove(random.below(readers.len())));
        for reader in random.shuffled(readers) {
            reader.abort();
            if random.percent(10) {
                world.server.gate.add_permits(1);
                tokio::task::yield_now().await;
            }
            // It had its answer before, or has none.
            assert!(reader.await.is_ok_and(|answer| answer.is_ok()) || world.store.stats().in_flight <= 4);
        }
        if let Some(stays) = stays {
            world.open();
            assert!(!stays.await.unwrap().unwrap().is_empty(), "round {round}");
        }
        let stats = world.store.stats();
        assert_eq!((stats.in_flight, world.held()), (0, 0), "round {round}");
    }
    world.open();
    assert_eq!(world.notes().await, (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn the_last_good_body_is_served_and_marked_stale_where_nothing_newer_can_be_had() {
    let world = World::new(|store| store.serve_stale(true).ttl(Duration::from_secs(10)));
    world.write(&web().at(1).service("s").note("one"));
    assert_eq!(world.notes().await, ["one"]);
    // Told of a newer version that nobody serves, later of an error, later when its time is over.
    world.store.apply(web().at(2).service("s").indexed()).unwrap();
    for error in [None, Some(fetch::Error::Failed("out of order".into()))] {
        world.fate(error.map_or(Fate::Served, |error| Fate::Answer(Err(error))));
        let answer = world.read(Query::all()).await.unwrap();
        assert_eq!(notes(&answer), ["one"]);
        assert_eq!(answer.stale().count(), 1);
        advance(Duration::from_secs(11)).await;
    }
    // Not under a key that it does not have.
    world.store.apply(web().at(3).service("t").indexed()).unwrap();
    let moved = world.read(Query::index("by-service").with_prefix(&["a", "t"])).await.unwrap();
    assert_eq!(moved.len(), 0);
    // A good one takes its place.
    world.fate(Fate::Served);
    world.write(&web().at(4).note("four"));
    let answer = world.read(Query::all()).await.unwrap();
    assert_eq!((notes(&answer), answer.stale().count()), (vec!["four".into()], 0));
    // An older one does not.
    world.put(&web().at(2).note("two"));
    advance(Duration::from_secs(11)).await;
    let answer = world.read(Query::all()).await.unwrap();
    assert_eq!((notes(&answer), answer.stale().count()), (vec!["four".into()], 1));
    // It is not one of an object that is gone, nor of the one before it.
    world.gone(&web());
    assert_eq!(world.notes().await, [""; 0]);
    world.put(&web().at(5).note("five"));
    assert_eq!(world.notes().await, ["five"]);
    world.store.delete(&web().identity()).unwrap();
    world.store.apply(web().at(9).indexed()).unwrap();
    world.fate(Fate::Answer(Err(fetch::Error::Failed("out of order".into()))));
    assert_eq!(world.read(Query::all()).await.unwrap_err(), failed("out of order"));
}
