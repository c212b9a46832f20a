//! Silence and deadlines.

use std::time::Duration;

use kube_indexed_store::Store;
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Restart, Timeouts};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    fixtures::{SOON, config_map, current, eventually, failure, names, restarts, synced, told, watching, within},
    proxy::{Close, Proxy, Reply, lines, silence, text},
};

#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_opened_again_and_a_second_silence_is_a_list() {
    let proxy = Proxy::default();
    proxy.script("watch", [silence(), silence()]);
    let watcher = synced(watching(proxy.client())).await;
    let start = Instant::now();
    eventually("open for a second time", || proxy.watched_from().len() == 2).await;
    let bound = start.elapsed().as_secs_f64();
    assert!((150.0..155.0).contains(&bound), "{bound}");
    eventually("open", || proxy.watched_from().len() == 3).await;
    assert_eq!((restarts(&watcher), proxy.lists()), (vec![(Restart::Silent, 1)], 2));
    let list = proxy.asked.lock().iter().rev().find(|(_, uri)| !uri.contains("watch=true")).unwrap().1.clone();
    assert!(list.contains("resourceVersionMatch=NotOlderThan"), "{list}");
    eventually("synced", || watcher.status().to_string() == "synced").await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_the_server_keeps_waiting_is_followed_by_one_of_whatever_it_has() {
    let proxy = Proxy::default();
    proxy.script("watch", [silence(), silence()]);
    let watcher = synced(watching(proxy.client())).await;
    proxy.script("list", [silence()]);
    eventually("listed again", || proxy.lists() == 3).await;
    let asked = proxy.asked.lock().clone();
    let lists = asked.iter().filter(|(_, uri)| !uri.contains("watch=true"));
    let versions: Vec<bool> = lists.map(|(_, uri)| uri.contains("resourceVersion=")).collect();
    assert_eq!(versions, [false, true, false]);
    eventually("synced", || watcher.status().to_string() == "synced").await;
}

#[tokio::test(start_paused = true)]
async fn silence_is_stale_since_the_last_word() {
    let proxy = Proxy::default();
    proxy.script("watch", [silence(), silence()]);
    let watcher = synced(watching(proxy.client())).await;
    let heard = Instant::now();
    // A failure shows only until the next attempt, which comes after 400 ms at the earliest.
    let failed = async {
        while watcher.status().failure.is_none() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(600), failed).await.unwrap();
    assert_eq!(failure(&watcher.status()), "no answer to the watch within 150s");
    assert!(watcher.status().stale_since.unwrap() - heard < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn watches_that_end_as_agreed_are_silent_only_if_they_did_not_say_a_word() {
    let mut timeouts = Timeouts::default();
    timeouts.watch = Duration::from_secs(30);
    // The server says a word before the end of each.
    let proxy = Proxy::default();
    let watcher = synced(watching(proxy.client()).timeouts(timeouts.clone())).await;
    sleep(Duration::from_secs(600)).await;
    assert_eq!((restarts(&watcher), proxy.lists()), (vec![], 1));

    let proxy = Proxy::default();
    let quiet = lines(&[], Close::After(timeouts.watch));
    proxy.script("watch", [quiet.clone(), quiet]);
    let watcher = synced(watching(proxy.client()).timeouts(timeouts)).await;
    eventually("relisted", || restarts(&watcher) == [(Restart::Silent, 1)]).await;
    let asked: Vec<_> = proxy.asked.lock().iter().take(4).map(|(_, uri)| uri.contains("watch=true")).collect();
    assert_eq!(asked, [false, true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn versions_that_fall_are_told_as_a_rewind_and_the_older_state_is_shown() {
    let proxy = Proxy::default();
    let list = |version: &str, name: &str| {
        let mut object = within("default", config_map(name, "1"));
        object["metadata"]["resourceVersion"] = version.into();
        let list = json!({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"resourceVersion": version}, "items": [object]});
        text(200, &list.to_string())
    };
    let too_large = json!({
        "kind": "Status", "status": "Failure", "code": 504, "reason": "Timeout",
        "message": "Timeout: Too large resource version: 900, current: 500", "details": {"retryAfterSeconds": 1},
    });
    proxy.script("list", [list("900", "newer"), text(504, &too_large.to_string()), list("500", "older")]);
    proxy.script("watch", [silence(), silence(), silence()]);
    let watcher = synced(watching(proxy.client())).await;
    assert_eq!(names(&watcher), ["default/newer"]);
    let mut changes = watcher.store().changes();
    eventually("rewound", || restarts(&watcher).contains(&(Restart::Rewound, 1))).await;
    assert_eq!(names(&watcher), ["default/older"]);
    assert_eq!(told(&mut changes), ["deleted default/newer, created default/older"]);
    assert_eq!(watcher.status().version, Some(500.into()));
    assert_eq!(restarts(&watcher), [(Restart::Silent, 1), (Restart::Rewound, 1)]);
    eventually("watching", || proxy.watched_from().len() == 3).await;
    assert_eq!(proxy.watched_from(), ["900", "900", "500"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_begin_is_given_up_and_tried_again() {
    let cluster = FakeCluster::new();
    cluster.fault(Fault::on("list").nth(1).hang());
    cluster.fault(Fault::on("watch").times(5).hang());
    let watcher = watching(cluster.client()).start().unwrap();
    let start = Instant::now();
    eventually("failed", || failure(&watcher.status()) == "no answer to the list within 30s").await;
    assert!((30.0..31.0).contains(&start.elapsed().as_secs_f64()));
    watcher.wait_until_synced(SOON).await.unwrap();
    eventually("failed", || failure(&watcher.status()) == "no answer to the watch within 30s").await;
    cluster.create(config_map("a", "1")).unwrap();
    current(&watcher, &cluster).await;
    // A server that does not answer is not asked for everything on top.
    assert_eq!((restarts(&watcher), cluster.requests().verb("list").count()), (vec![], 2));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_stops_in_the_middle_is_given_up_and_tried_again() {
    let proxy = Proxy::default();
    proxy.cluster.create(config_map("a", "1")).unwrap();
    proxy.script("list", [Reply::Body(200, vec!["{\"kind\":\"ConfigMapList\",".into()], Close::Silent)]);
    let watcher = synced(watching(proxy.client())).await;
    assert_eq!((names(&watcher), proxy.lists()), (vec!["default/a".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_tried_again() {
    let cluster = FakeCluster::new();
    cluster.fault(Fault::on("*").times(3).refuse_connection());
    let watcher = watching(cluster.client()).start().unwrap();
    eventually("failed", || failure(&watcher.status()) == "the connection failed").await;
    assert!(watcher.status().to_string().contains("refused by a fault"), "{}", watcher.status());
    watcher.wait_until_synced(SOON).await.unwrap();
}
