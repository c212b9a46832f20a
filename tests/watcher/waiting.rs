//! Waiting and ending.

use std::sync::Arc;
use std::time::Duration;

use futures::stream;
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Resource, Watcher, WatcherSet};
use kube_indexed_store::{MemoryStore, Store};
use tokio::time::sleep;

use crate::fixtures::{SOON, config_map, shown, synced, watching};

#[tokio::test(start_paused = true)]
async fn any_number_of_tasks_can_wait() {
    let cluster = FakeCluster::new();
    let list = cluster.fault(Fault::on("list").nth(1).gate());
    let watcher = Arc::new(watching(cluster.client()).start().unwrap());
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let watcher = Arc::clone(&watcher);
            tokio::spawn(async move { watcher.wait_until_synced(SOON).await })
        })
        .collect();
    list.reached(1).await;
    list.open();
    for waiter in waiting {
        waiter.await.unwrap().unwrap();
    }
    watcher.wait_until_synced(Duration::ZERO).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn progress_of_the_first_list_is_told() {
    let cluster = FakeCluster::new();
    for number in 0..700 {
        cluster.create(config_map(&format!("n{number}"), "1")).unwrap();
    }
    let page = cluster.fault(Fault::on("list").nth(2).gate());
    let watcher = watching(cluster.client()).start().unwrap();
    page.reached(1).await;
    assert_eq!(watcher.status().to_string(), "syncing (500 objects so far)");
    let error = watcher.wait_for(&7.into(), Duration::from_secs(2)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "not at version 7 within 2s: configmaps.v1 in default is syncing (500 objects so far)",
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_watcher_asks_nothing_more_and_leaves_the_store_as_it_is() {
    for stage in ["listing", "watching", "waiting"] {
        let cluster = FakeCluster::new();
        cluster.create(config_map("a", "1")).unwrap();
        let watcher = watching(cluster.client());
        let watcher = match stage {
            "listing" => {
                let list = cluster.fault(Fault::on("list").gate());
                let watcher = watcher.start().unwrap();
                list.reached(1).await;
                watcher
            }
            "watching" => {
                let watcher = synced(watcher).await;
                cluster.watch_established("configmaps").await;
                watcher
            }
            _ => {
                let refused = cluster.fault(Fault::on("watch").status(500));
                let watcher = synced(watcher).await;
                cluster.until(|_| refused.hits() > 2).await;
                watcher
            }
        };
        let (asked, store) = (cluster.requests().count(), Arc::clone(watcher.store()));
        let kept = shown(&store.snapshot());
        drop(watcher);
        sleep(Duration::from_secs(3600)).await;
        cluster.create(config_map("b", "1")).unwrap();
        sleep(Duration::from_secs(3600)).await;
        assert_eq!((cluster.requests().count(), cluster.open_watches("configmaps")), (asked, 0), "{stage}");
        assert_eq!(shown(&store.snapshot()), kept);
        assert_eq!(Arc::strong_count(&store), 1, "nothing else holds the store");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_is_over_when_nothing_is_open_any_more() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    let store = Arc::clone(watcher.store());
    watcher.shutdown().await;
    assert_eq!((cluster.open_watches("configmaps"), Arc::strong_count(&store)), (0, 1));
}

/// ConfigMaps and Secrets, known by other names.
fn pair(cluster: &FakeCluster) -> WatcherSet {
    let mut set = WatcherSet::default();
    set.insert("maps", watching(cluster.client()).name("maps").start().unwrap());
    let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).name("secrets");
    set.insert("secrets", secrets.start().unwrap());
    set
}

#[tokio::test(start_paused = true)]
async fn a_set_is_synced_when_all_are_and_tells_how_far_each_is() {
    let cluster = FakeCluster::new();
    let list = cluster.fault(Fault::on("list").resource("secrets").nth(1).gate());
    let set = pair(&cluster);
    let statuses = || set.statuses().into_iter().map(|(name, status)| format!("{name}: {status}")).collect::<Vec<_>>();
    let error = set.wait_until_synced(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "not synced within 1s: secrets is syncing (0 objects so far)");
    assert_eq!(statuses(), ["maps in default: synced", "secrets: syncing (0 objects so far)"]);
    list.open();
    set.wait_until_synced(SOON).await.unwrap();
    assert_eq!(statuses(), ["maps in default: synced", "secrets: synced"]);
}

#[tokio::test(start_paused = true)]
async fn the_shutdown_of_a_set_is_over_when_nothing_of_any_is_open_any_more() {
    let cluster = FakeCluster::new();
    let set = pair(&cluster);
    cluster.watch_established("configmaps").await;
    cluster.watch_established("secrets").await;
    let stores = set.stores().clone();
    set.shutdown().await;
    let open = ["configmaps", "secrets"].map(|resource| cluster.open_watches(resource));
    assert_eq!((open, stores.values().map(Arc::strong_count).collect::<Vec<_>>()), ([0, 0], vec![1, 1]));
}

#[test]
fn a_watcher_outside_of_a_runtime_is_an_error_and_no_panic() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let error = Watcher::feed("replay", store, stream::empty()).unwrap_err();
    assert_eq!(error.to_string(), "a watcher is started inside a tokio runtime: call it from async code");
}
