//! Events of a watch that are wrong, twice, out of order, or missing.

use std::{pin::pin, time::Duration};

use futures::StreamExt;
use kube::{Error, api::WatchParams};
use kube_indexed_store::testing::Fault;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    fixtures::{api, cluster, list, minute, start, stored, streamed, told, watch, write},
    support::soon,
};

#[tokio::test(start_paused = true)]
async fn events_may_be_called_something_wrong_or_something_nobody_knows() {
    let cluster = cluster(&["a"]);
    cluster.fault(Fault::on("watch").event_type("ADDED", "DELETED").event_type("MODIFIED", "WEI\"RD"));
    let events = watch(&cluster).await;
    cluster
        .apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "y"}}))
        .unwrap();
    cluster.delete("cm", "default", "a").unwrap();
    assert_eq!(minute(events).await, ["deleted a", "undecodable", "deleted a"]);
}

#[tokio::test(start_paused = true)]
async fn events_come_twice_and_a_store_does_not_mind() {
    let cluster = cluster(&["a"]);
    cluster.fault(Fault::on("watch").duplicate_events());
    let events = watch(&cluster).await;
    cluster.delete("cm", "default", "a").unwrap();
    assert_eq!(minute(events).await, ["added a", "added a", "deleted a", "deleted a"]);
    let watcher = start(&cluster);
    soon(cluster.watch_established("configmaps")).await;
    write(&cluster, "b");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(stored(&watcher).await, ["b"]);
}

#[tokio::test(start_paused = true)]
async fn events_change_places_by_pairs_but_not_with_bookmarks() {
    let cluster = cluster(&["a", "b", "c"]);
    cluster.fault(Fault::on("watch").reorder_events());
    let parameters = WatchParams::default().timeout(120);
    let events = api(&cluster).watch(&parameters, "0").await.unwrap();
    let mut events = pin!(events.map(told));
    for expected in ["added b", "added a", "added c", "bookmark"] {
        assert_eq!(soon(events.next()).await.unwrap(), expected);
    }
    write(&cluster, "d");
    assert!(timeout(Duration::from_secs(30), events.next()).await.is_err());
    write(&cluster, "e");
    write(&cluster, "f");
    cluster.watches().close();
    assert_eq!(events.collect::<Vec<_>>().await, ["added e", "added d", "added f"]);
}

#[tokio::test(start_paused = true)]
async fn without_the_mark_of_its_end_a_streamed_list_is_never_done() {
    let cluster = cluster(&["a"]);
    assert_eq!(streamed(&cluster).await, ["a", "synced"]);
    let fault = cluster.fault(Fault::on("watch").without_end_bookmark());
    assert_eq!(streamed(&cluster).await, ["a"]);
    fault.remove();
    assert_eq!(streamed(&cluster).await, ["a", "synced"]);
}

#[tokio::test(start_paused = true)]
async fn a_streamed_list_is_refused_and_other_watches_are_not() {
    let cluster = cluster(&["a"]);
    let fault = cluster.fault(Fault::on("watch").without_watch_list().times(1));
    assert_eq!(minute(watch(&cluster).await).await, ["added a"]);
    assert_eq!((list(&cluster).await.unwrap(), fault.hits()), (vec!["a".to_owned()], 0));
    let streaming = api(&cluster).watch(&WatchParams::default().initial_events(), "0").await;
    let refused = streaming.map(drop).unwrap_err();
    let Error::Api(status) = refused else { panic!("{refused}") };
    assert!(status.code == 422 && status.message.ends_with("unless the WatchList feature gate is enabled"));
    assert_eq!((fault.hits(), streamed(&cluster).await), (1, vec!["a".to_owned(), "synced".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_found_out_by_a_store_that_expects_bookmarks() {
    let cluster = cluster(&["a"]);
    let fault = cluster.fault(Fault::on("watch").silent());
    let watcher = start(&cluster);
    soon(cluster.watch_established("configmaps")).await;
    write(&cluster, "b");
    sleep(Duration::from_secs(140)).await;
    assert_eq!(stored(&watcher).await, ["a"]);
    fault.disable();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(stored(&watcher).await, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_ends_when_it_would() {
    let cluster = cluster(&["a"]);
    cluster.fault(Fault::on("watch").silent());
    let started = Instant::now();
    let events = api(&cluster).watch(&WatchParams::default().timeout(30), "0").await.unwrap();
    assert_eq!(events.map(told).collect::<Vec<_>>().await, Vec::<String>::new());
    assert_eq!(started.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn credentials_expire_in_the_middle_of_a_watch() {
    let cluster = cluster(&["a", "b", "c"]);
    let fault = cluster.fault(Fault::on("watch").fail_after(2, 401).frames_of(7));
    assert_eq!(minute(watch(&cluster).await).await, ["added a", "added b", "error 401"]);
    let watcher = start(&cluster);
    soon(cluster.watch_established("configmaps")).await;
    for name in ["d", "e", "f"] {
        write(&cluster, name);
    }
    sleep(Duration::from_secs(120)).await;
    assert!(fault.hits() > 2 && stored(&watcher).await.len() == 6);
}
