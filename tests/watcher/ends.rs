//! Ends of watches.

use std::time::Duration;

use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::json;

use crate::{
    fixtures::{config_map, current, eventually, failure, names, restarts, synced, watching, within},
    proxy::{Close, Proxy, lines},
};

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_goes_on_where_it_ended_without_a_list() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    cluster.create(config_map("a", "1")).unwrap();
    current(&watcher, &cluster).await;
    let version = cluster.revision().to_string();
    let again = cluster.fault(Fault::on("watch").nth(1).gate());
    cluster.watches().close();
    again.reached(1).await;
    cluster.create(config_map("b", "1")).unwrap();
    again.open();
    current(&watcher, &cluster).await;
    assert_eq!(names(&watcher), ["default/a", "default/b"]);
    let requests = cluster.requests();
    assert_eq!(requests.clone().verb("list").count(), 1);
    assert_eq!(requests.verb("watch").last().unwrap().param("resourceVersion"), Some(&*version));
    assert_eq!((restarts(&watcher), failure(&watcher.status())), (vec![], String::new()));
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_is_where_the_next_watch_begins() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    cluster.create(within("kube-system", config_map("elsewhere", "1"))).unwrap();
    current(&watcher, &cluster).await;
    let version = cluster.revision().to_string();
    cluster.watches().close();
    cluster.until(|cluster| cluster.requests().verb("watch").count() == 2).await;
    assert_eq!(cluster.requests().verb("watch")[1].param("resourceVersion"), Some(&*version));
    assert_eq!(watcher.status().version, Some(cluster.revision().into()));
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_goes_on_where_it_broke_without_a_list() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    // The second event of the next watch breaks off in the middle.
    cluster.fault(Fault::on("watch").nth(1).cut_after_bytes(500));
    cluster.watches().cut();
    cluster.create(config_map("a", "1")).unwrap();
    cluster.create(config_map("b", "1")).unwrap();
    eventually("synced again", || names(&watcher) == ["default/a", "default/b"]).await;
    assert_eq!(cluster.requests().verb("list").count(), 1);
    assert_eq!(restarts(&watcher), []);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_every_watch_at_once_is_asked_less_and_less() {
    let proxy = Proxy::default();
    proxy.script("watch", std::iter::repeat_n(lines(&[], Close::Clean), 8));
    let _watcher = synced(watching(proxy.client())).await;
    eventually("asked nine times", || proxy.watched_from().len() == 9).await;
    let times: Vec<Duration> = proxy.asked.lock().iter().skip(1).map(|(at, _)| *at).collect();
    let waits: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits[0] >= Duration::from_millis(400), "{waits:?}");
    assert!(waits[7] > waits[0] * 8, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_a_bookmark_and_closes_is_asked_less_and_less() {
    let proxy = Proxy::default();
    let version = proxy.cluster.revision().to_string();
    let bookmark = json!({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": version}}});
    proxy.script("watch", std::iter::repeat_n(lines(&[bookmark], Close::Clean), 8));
    let _watcher = synced(watching(proxy.client())).await;
    eventually("asked nine times", || proxy.watched_from().len() == 9).await;
    let times: Vec<Duration> = proxy.asked.lock().iter().skip(1).map(|(at, _)| *at).collect();
    assert!(times[8] - times[7] > Duration::from_secs(10), "{times:?}");
}
