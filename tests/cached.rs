//! What a store of references promises: few requests, never an older body than the watch has told, no silent error.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use kube_indexed_store::store::{CachedStoreBuilder, Error, Objects, Stats};
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Resource, Watcher, WatcherBuilder};
use kube_indexed_store::{CachedStore, Indexer, Object, ObjectName, Query, Store, StoreExt, fetch};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(600);

struct World {
    cluster: FakeCluster,
    store: CachedStore,
    watcher: Watcher,
}

fn secret(name: &str, password: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"namespace": "shop", "name": name, "labels": {"app": "web", "issuer": "a"}},
        "stringData": {"password": password},
    })
}

impl World {
    async fn new(cluster: FakeCluster) -> World {
        World::with(cluster, Indexer::default(), |watch| watch, |store| store).await
    }

    async fn with(
        cluster: FakeCluster,
        indexer: Indexer,
        watch: impl FnOnce(WatcherBuilder) -> WatcherBuilder,
        store: impl FnOnce(CachedStoreBuilder) -> CachedStoreBuilder,
    ) -> World {
        let watch = watch(Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).indexer(indexer.clone()));
        let store = store(CachedStore::builder(watch.fetcher()).indexer(&indexer)).build();
        let watcher = watch.store(store.clone()).start().unwrap();
        watcher.wait_until_synced(LONG).await.unwrap();
        cluster.watch_established("secrets").await;
        World { cluster, store, watcher }
    }

    /// Waits until the store has seen everything that has happened.
    async fn caught_up(&self) {
        let version = self.cluster.revision().into();
        self.cluster.watches().bookmark();
        self.watcher.wait_for(&version, LONG).await.unwrap();
    }

    fn gets(&self) -> usize {
        self.cluster.requests().verb("get").resource("secrets").count()
    }

    async fn get(&self, name: &str) -> Result<Objects, Error> {
        self.store.get(Query::prefix(&["shop", name]))?.await
    }
}

fn cluster(secrets: &[(&str, &str)]) -> FakeCluster {
    let cluster = FakeCluster::new();
    cluster.namespace("shop");
    for (name, password) in secrets {
        cluster.create(secret(name, password)).unwrap();
    }
    cluster
}

/// The password of each object, decoded.
fn passwords(objects: &Objects) -> Vec<String> {
    objects.iter().map(password).collect()
}

fn password(object: &Object) -> String {
    let encoded = object.to_value()["data"]["password"].as_str().unwrap().to_owned();
    let known = [("one", "b25l"), ("two", "dHdv"), ("three", "dGhyZWU="), ("four", "Zm91cg==")];
    known.iter().find(|(_, code)| *code == encoded).map_or(encoded.clone(), |(word, _)| (*word).to_owned())
}

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
async fn references_alone_are_kept_and_a_snapshot_pins_names_versions_and_keys() {
    let world = World::new(cluster(&[("tls", "one")])).await;
    let snapshot = world.store.snapshot();
    let entry = snapshot.entry("shop", "tls").unwrap();
    assert!(entry.object().is_none());
    assert_eq!(entry.version(), Some(world.cluster.revision().into()));
    assert_eq!(world.gets(), 0);
    assert_eq!(world.store.cache_len(), 0);
}

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
async fn an_object_that_is_gone_shortens_the_answer() {
    let world = World::new(cluster(&[("a", "one"), ("b", "two"), ("c", "three")])).await;
    let get = world.store.get(Query::prefix(&["shop"])).unwrap();
    world.cluster.delete("Secret", "shop", "b").unwrap();
    assert_eq!(passwords(&get.await.unwrap()), ["one", "three"]);
    assert_eq!(world.store.stats().errors, 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_has_another_key_by_now_is_absent() {
    let indexer = Indexer::builder().index("by-issuer", ["metadata.labels.issuer"]).build().unwrap();
    let world = World::with(cluster(&[("tls", "one")]), indexer, |watch| watch, |store| store).await;
    let by_issuer = |issuer: &'static [&'static str]| world.store.get(Query::index("by-issuer").with_prefix(issuer));
    let get = by_issuer(&["a"]).unwrap();
    let mut moved = secret("tls", "two");
    moved["metadata"]["labels"]["issuer"] = json!("b");
    world.cluster.apply(moved).unwrap();
    assert_eq!(get.await.unwrap().len(), 0);
    world.caught_up().await;
    assert_eq!(by_issuer(&["a"]).unwrap().await.unwrap().len(), 0);
    assert_eq!(by_issuer(&["b"]).unwrap().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_match_the_selectors_of_the_watch_any_more_is_absent() {
    let labels = |watch: WatcherBuilder| watch.labels("app=web".parse().unwrap());
    let client_side = Indexer::builder().field_selector("metadata.labels.app=web").build().unwrap();
    let server_side = |watch: WatcherBuilder| watch.fields("type=Opaque");
    for case in 0..3 {
        let cluster = cluster(&[("tls", "one"), ("stays", "two")]);
        let world = match case {
            0 => World::with(cluster, Indexer::default(), labels, |store| store).await,
            1 => World::with(cluster, client_side.clone(), |watch| watch, |store| store).await,
            _ => World::with(cluster, Indexer::default(), server_side, |store| store).await,
        };
        let get = world.store.get(Query::prefix(&["shop"])).unwrap();
        let mut other = secret("tls", "one");
        other["metadata"]["labels"]["app"] = json!("mail");
        other["type"] = json!("example.com/other");
        world.cluster.delete("Secret", "shop", "tls").unwrap();
        world.cluster.create(other).unwrap();
        assert_eq!(passwords(&get.await.unwrap()), ["two"], "case {case}");
    }
}

#[tokio::test(start_paused = true)]
async fn labels_narrow_a_query_by_the_bodies() {
    let cluster = cluster(&[("a", "one"), ("b", "two")]);
    let mut other = secret("c", "three");
    other["metadata"]["labels"]["app"] = json!("mail");
    cluster.create(other).unwrap();
    let world = World::new(cluster).await;
    let mail = "app=mail".parse().unwrap();
    let get = world.store.get(Query::prefix(&["shop"]).with_labels(&mail)).unwrap();
    assert_eq!(passwords(&get.await.unwrap()), ["three"]);
    let error = world.store.snapshot().get(&Query::all().with_labels(&mail)).unwrap_err();
    assert!(error.to_string().contains("ask the store"), "{error}");
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

#[tokio::test(start_paused = true)]
async fn objects_of_cluster_scope_are_found() {
    let cluster = FakeCluster::new();
    let class = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": {"name": "haproxy"}, "spec": {"controller": "haproxy.org/ingress"},
    });
    cluster.create(class).unwrap();
    let indexer = Indexer::default();
    let resource = Resource::new("networking.k8s.io/v1", "ingressclasses");
    let watch = Watcher::builder(cluster.client(), resource).indexer(indexer.clone());
    let store = Arc::new(CachedStore::builder(watch.fetcher()).indexer(&indexer).build());
    let watcher = watch.store(Arc::clone(&store)).start().unwrap();
    watcher.wait_until_synced(LONG).await.unwrap();
    let found = store.single(Query::prefix(&["", "haproxy"])).await.unwrap().unwrap();
    assert_eq!(found.name(), Some(ObjectName::new("", "haproxy")));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_no_name_finds_nothing_else() {
    let world = World::new(cluster(&[("tls", "one")])).await;
    for odd in ["../secrets/tls", "tls?x=y", "tls#", "a b", "%74ls"] {
        let reference = kube_indexed_store::Indexed::reference(ObjectName::new("shop", odd), None);
        world.store.apply(reference).unwrap();
        assert!(world.get(odd).await.unwrap().is_empty(), "{odd}");
    }
}

#[tokio::test(start_paused = true)]
async fn fields_that_the_indexer_drops_are_dropped_from_fetched_bodies_too() {
    let indexer = Indexer::builder().remove_fields(["data", "metadata.labels"]).build().unwrap();
    let world = World::with(cluster(&[("tls", "one")]), indexer, |watch| watch, |store| store).await;
    let value = world.get("tls").await.unwrap().at(0).unwrap().to_value();
    assert_eq!(value.get("data"), None);
    assert_eq!(value["metadata"].get("labels"), None);
    assert_eq!(value["metadata"]["name"], json!("tls"));
}
