//! What is watched: namespaces, selectors, one name.

use std::time::Duration;

use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Resource, Restart, Watcher, WatcherBuilder};
use kube_indexed_store::{Indexer, MemoryStore, Store};
use serde_json::json;

use crate::fixtures::{
    SOON, config_map, config_maps, current, eventually, failed, labelled, names, restarts, shown, synced, watching,
    within,
};

fn sample() -> FakeCluster {
    let cluster = FakeCluster::new();
    for (namespace, name) in [("blog", "tls"), ("blog", "web"), ("shop", "api"), ("shop", "tls"), ("team", "api")] {
        cluster.namespace(namespace);
        let object = labelled("app", name, within(namespace, config_map(name, "1")));
        cluster.create(object).unwrap();
    }
    cluster
}

fn all(cluster: &FakeCluster) -> WatcherBuilder {
    Watcher::builder(cluster.client(), config_maps())
}

fn paths(cluster: &FakeCluster) -> Vec<String> {
    let mut paths: Vec<_> = cluster.requests().verb("watch").iter().map(|watch| watch.path.clone()).collect();
    paths.sort();
    paths
}

#[tokio::test(start_paused = true)]
async fn all_namespaces_are_one_watch() {
    let cluster = sample();
    let watcher = synced(all(&cluster)).await;
    cluster.watch_established("configmaps").await;
    assert_eq!(names(&watcher), ["blog/tls", "blog/web", "shop/api", "shop/tls", "team/api"]);
    assert_eq!(paths(&cluster), ["/api/v1/configmaps"]);
}

#[tokio::test(start_paused = true)]
async fn several_namespaces_are_a_watch_each_and_a_relist_of_one_leaves_the_other_alone() {
    let cluster = sample();
    let list = cluster.fault(Fault::on("list").namespace("shop").nth(1).gate());
    let watcher = all(&cluster).namespaces(["shop", "blog"]).start().unwrap();
    list.reached(1).await;
    eventually("one filled", || names(&watcher) == ["blog/tls", "blog/web"]).await;
    let error = watcher.wait_until_synced(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "not synced within 1s: configmaps.v1 in shop is syncing (0 objects so far)",);
    list.open();
    watcher.wait_until_synced(SOON).await.unwrap();
    assert_eq!(names(&watcher), ["blog/tls", "blog/web", "shop/api", "shop/tls"]);
    cluster.until(|cluster| cluster.open_watches("configmaps") == 2).await;
    assert_eq!(paths(&cluster), ["/api/v1/namespaces/blog/configmaps", "/api/v1/namespaces/shop/configmaps"]);

    cluster.create(within("blog", config_map("new", "1"))).unwrap();
    cluster.delete("configmaps", "shop", "tls").unwrap();
    cluster.watches().fail(failed(410, "Expired", "too old resource version: 1 (2)"));
    eventually("relisted", || restarts(&watcher) == [(Restart::Expired, 2)]).await;
    current(&watcher, &cluster).await;
    assert_eq!(names(&watcher), ["blog/new", "blog/tls", "blog/web", "shop/api"]);
    let each: Vec<_> = watcher.statuses().into_iter().map(|(name, status)| format!("{name}: {status}")).collect();
    assert_eq!(each, ["configmaps.v1 in blog: synced", "configmaps.v1 in shop: synced"]);
}

#[tokio::test(start_paused = true)]
async fn the_own_namespace_is_the_clients() {
    let cluster = sample();
    let client = kube::Client::new(cluster.clone(), "team");
    let watcher = synced(Watcher::builder(client, config_maps()).own_namespace()).await;
    assert_eq!(names(&watcher), ["team/api"]);
}

#[tokio::test(start_paused = true)]
async fn label_selectors_are_the_servers_and_objects_come_and_go_with_their_labels() {
    let cluster = sample();
    let watcher = synced(all(&cluster).labels("app in (api,web),!gone".parse().unwrap())).await;
    assert_eq!(names(&watcher), ["blog/web", "shop/api", "team/api"]);
    cluster.watch_established("configmaps").await;
    cluster.apply(labelled("gone", "", labelled("app", "web", within("blog", config_map("web", "1"))))).unwrap();
    cluster.apply(labelled("app", "api", within("blog", config_map("tls", "1")))).unwrap();
    current(&watcher, &cluster).await;
    assert_eq!(names(&watcher), ["blog/tls", "shop/api", "team/api"]);
    let requests = cluster.requests().when(|request| request.param("labelSelector").is_none());
    assert_eq!(requests.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn field_selectors_of_the_server_are_sent_to_it() {
    let cluster = FakeCluster::new();
    for (name, kind) in [("a", "kubernetes.io/basic-auth"), ("b", "Opaque")] {
        let data = json!({"username": "eA==", "password": "eA=="});
        let secret =
            json!({"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": {"name": name}, "data": data});
        cluster.create(secret).unwrap();
    }
    let secrets =
        Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).fields("type=kubernetes.io/basic-auth");
    assert_eq!(names(&synced(secrets).await), ["default/a"]);
}

#[tokio::test(start_paused = true)]
async fn client_side_selectors_see_any_field_and_objects_come_and_go_with_it() {
    let cluster = FakeCluster::new();
    for (name, value) in [("a", "in"), ("b", "out"), ("c", "in")] {
        cluster.create(config_map(name, value)).unwrap();
    }
    let indexer = Indexer::builder().field_selector("data.value=in").remove_fields(["data"]).build().unwrap();
    let watcher = synced(all(&cluster).namespace("default").indexer(indexer)).await;
    assert_eq!(names(&watcher), ["default/a", "default/c"]);
    cluster.watch_established("configmaps").await;
    cluster.apply(config_map("a", "out")).unwrap();
    cluster.apply(config_map("b", "in")).unwrap();
    cluster.delete("configmaps", "default", "c").unwrap();
    current(&watcher, &cluster).await;
    assert_eq!(names(&watcher), ["default/b"]);
    let request = cluster.requests().when(|request| request.param("fieldSelector").is_some());
    assert_eq!(request.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_named_object_is_watched_alone_and_its_edits_are_seen() {
    let cluster = sample();
    let watcher = synced(all(&cluster).namespace("shop").object("tls")).await;
    assert_eq!(names(&watcher), ["shop/tls"]);
    cluster.watch_established("configmaps").await;
    cluster.apply(within("shop", config_map("tls", "2"))).unwrap();
    cluster.apply(within("shop", config_map("api", "2"))).unwrap();
    current(&watcher, &cluster).await;
    assert_eq!(shown(&watcher.store().snapshot()), ["tls=2"]);
    cluster.delete("configmaps", "shop", "tls").unwrap();
    eventually("gone", || names(&watcher).is_empty()).await;
    let anywhere = synced(all(&cluster).object("tls")).await;
    assert_eq!(names(&anywhere), ["blog/tls"]);
}

#[tokio::test(start_paused = true)]
async fn names_that_cannot_be_names_are_refused_at_the_start() {
    let client = FakeCluster::new().client();
    let builder = |resource: Resource| Watcher::builder(client.clone(), resource);
    let refused = |builder: WatcherBuilder| builder.start().unwrap_err().to_string();
    for namespace in ["", "..", "a/b", "a?b", "a b", "-"] {
        let message = format!("{namespace:?} is no namespace");
        assert_eq!(refused(builder(config_maps()).namespace(namespace)), message);
    }
    for name in ["", "a,metadata.namespace=b", "a/b", "a b"] {
        assert_eq!(refused(builder(config_maps()).object(name)), format!("{name:?} is no name of an object"));
    }
    builder(Resource::new("rbac.authorization.k8s.io/v1", "clusterroles")).object("system:node").start().unwrap();
    for version in ["", "v1/", "/v1", "a/b/c", "../v1"] {
        let message = format!("{version:?} is no apiVersion: write v1 or group/v1");
        assert_eq!(refused(builder(Resource::new(version, "pods"))), message);
    }
    for plural in ["", "pods/log", "pods?watch=1", ".."] {
        let message = format!("{plural:?} is no resource: write the plural in lower case, such as ingresses");
        assert_eq!(refused(builder(Resource::new("v1", plural))), message);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_of_other_indexes_is_refused_at_the_start() {
    let cluster = FakeCluster::new();
    assert_eq!(
        watching(cluster.client()).store(MemoryStore::new()).start().unwrap_err().to_string(),
        "the store has other indexes (default) than the indexer (default, by-value): make the store for the indexer",
    );
}
