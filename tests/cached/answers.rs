//! What is in an answer, and what is absent from it.

use std::sync::Arc;

use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::{Resource, Watcher, WatcherBuilder};
use kube_indexed_store::{CachedStore, Indexer, ObjectName, Query, Store, StoreExt};
use serde_json::json;

use crate::fixtures::{LONG, World, cluster, passwords, secret};

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
