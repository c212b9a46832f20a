//! How often the server is asked, for whom, and what comes of a failure.

use std::time::Duration;

use futures::future::join_all;
use kube_indexed_store::store::Error;
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::{Indexer, ObjectName, Query, Store, fetch};

use crate::fixtures::{World, cluster, passwords, secret};

#[tokio::test(start_paused = true)]
async fn fifty_cold_readers_of_one_secret_cause_one_get() {
    let world = World::new(cluster(&[("tls", "one"), ("other", "two")])).await;
    let gate = world.cluster.fault(Fault::on("get").resource("secrets").gate());
    let readers: Vec<_> = (0..50)
        .map(|_| tokio::spawn(world.store.get(Query::prefix(&["shop", "tls"])).unwrap().into_future()))
        .collect();
    gate.reached(1).await;
    gate.open();
    for answer in join_all(readers).await {
        assert_eq!(passwords(&answer.unwrap().unwrap()), ["one"]);
    }
    assert_eq!(world.gets(), 1);
    assert_eq!(passwords(&world.get("tls").await.unwrap()), ["one"]);
    assert_eq!(world.gets(), 1);
    let stats = world.store.stats();
    assert_eq!((stats.hits, stats.misses, stats.fetches, stats.in_flight, stats.errors), (1, 50, 1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_failed_fetch_fails_the_answer_and_names_the_object_and_the_reason() {
    let world = World::new(cluster(&[("a", "one"), ("b", "two")])).await;
    let refused = [
        (Fault::on("get").name("b").forbidden("system:serviceaccount:shop:proxy"), 403),
        (Fault::on("get").name("b").status(429).retry_after(Duration::from_secs(1)), 429),
        (Fault::on("get").name("b").status(500), 500),
    ];
    for (fault, expected) in refused {
        world.store.clear_cache();
        let fault = world.cluster.fault(fault);
        let Err(Error::Fetch { object, source }) = world.store.get(Query::prefix(&["shop"])).unwrap().await else {
            panic!("{expected} was no error");
        };
        assert_eq!(object, ObjectName::new("shop", "b"));
        assert!(matches!(source, fetch::Error::Refused { code, .. } if code == expected), "{source:?}");
        fault.remove();
        assert_eq!(passwords(&world.get("b").await.unwrap()), ["two"], "an error is not remembered");
    }
    world.store.clear_cache();
    world.cluster.fault(Fault::on("get").name("b").hang());
    let error = world.get("b").await.unwrap_err();
    let source = fetch::Error::Timeout { after: Duration::from_secs(10) };
    assert_eq!(error, Error::Fetch { object: ObjectName::new("shop", "b"), source });
    assert_eq!(world.store.stats().errors, 4);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_away_does_not_take_the_fetch_from_the_others() {
    let world = World::new(cluster(&[("tls", "one")])).await;
    let gate = world.cluster.fault(Fault::on("get").resource("secrets").gate());
    let read = || tokio::spawn(world.store.get(Query::prefix(&["shop", "tls"])).unwrap().into_future());
    let (first, second) = (read(), read());
    gate.reached(1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gate.open();
    assert_eq!(passwords(&second.await.unwrap().unwrap()), ["one"]);
    assert_eq!(world.gets(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_nobody_waits_for_any_more_leaves_nothing_behind() {
    let world = World::new(cluster(&[("tls", "one")])).await;
    let gate = world.cluster.fault(Fault::on("get").resource("secrets").gate());
    let only = tokio::spawn(world.store.get(Query::prefix(&["shop", "tls"])).unwrap().into_future());
    gate.reached(1).await;
    assert_eq!(world.store.stats().in_flight, 1);
    only.abort();
    assert!(only.await.unwrap_err().is_cancelled());
    assert_eq!(world.store.stats().in_flight, 0);
    gate.open();
    assert_eq!(passwords(&world.get("tls").await.unwrap()), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn no_more_fetches_run_at_a_time_than_the_bound() {
    let names: Vec<String> = (0..20).map(|number| format!("secret-{number:02}")).collect();
    let cluster = FakeCluster::new();
    cluster.namespace("shop");
    for name in &names {
        cluster.create(secret(name, "one")).unwrap();
    }
    let world = World::with(cluster, Indexer::default(), |watch| watch, |store| store.concurrency(3)).await;
    let gate = world.cluster.fault(Fault::on("get").resource("secrets").gate());
    let reader = tokio::spawn(world.store.get(Query::prefix(&["shop"])).unwrap().into_future());
    gate.reached(3).await;
    tokio::task::yield_now().await;
    assert_eq!((world.gets(), world.store.stats().in_flight), (3, 3));
    gate.open();
    assert_eq!(reader.await.unwrap().unwrap().len(), 20);
    assert_eq!(world.gets(), 20);
}
