//! Lists that come as a watch.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures::TryStreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::runtime::watcher;
use kube_indexed_store::testing::FakeCluster;
use serde_json::json;
use tokio::time::Instant;

use crate::fixtures::{FROM_NOW, STREAM, event};
use crate::support::http::{CONFIG_MAPS, get};
use crate::support::random::Random;
use crate::support::watch::Watch;
use crate::support::{config_map, soon};

#[tokio::test(start_paused = true)]
async fn a_version_that_does_not_come_is_an_error_event_after_three_seconds_and_the_end() {
    let cluster = FakeCluster::new();
    let (now, ahead) = (cluster.revision(), cluster.revision() + 1);
    let started = Instant::now();
    let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?{STREAM}&resourceVersion={ahead}")).await;
    let error = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Timeout", "code": 504,
        "message": format!("Timeout: Too large resource version: {ahead}, current: {now}"),
        "details": {
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        },
    });
    assert_eq!(watch.next().await, Some(json!({"type": "ERROR", "object": error})));
    assert_eq!((watch.next().await, started.elapsed()), (None, Duration::from_secs(3)));
}

#[tokio::test(start_paused = true)]
async fn no_window_is_too_small_for_a_streamed_list() {
    let cluster = FakeCluster::builder().window(1).build();
    let old = cluster.revision();
    let objects = ["a", "b", "c"].map(|name| cluster.create(config_map(name, "1")).unwrap());
    let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?{STREAM}&resourceVersion={old}")).await;
    for object in &objects {
        assert_eq!(watch.short().await, event("ADDED", object));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_stream_lists_says_so_and_watches_otherwise() {
    let cluster = FakeCluster::builder().watch_list(false).build();
    cluster.create(config_map("a", "1")).unwrap();
    let off = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
    let unmatched =
        "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    for (query, problems) in [
        (STREAM, off.to_owned()),
        (FROM_NOW, off.to_owned()),
        ("watch=true&sendInitialEvents=true", format!("[{unmatched}, {off}]")),
    ] {
        let (code, status) = get(&cluster, &format!("{CONFIG_MAPS}?{query}")).await;
        let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {problems}");
        assert_eq!((code, status["message"].as_str().unwrap()), (422, message.as_str()), "{query}");
    }
    let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
    assert_eq!(watch.short().await.1, "a");
}

#[tokio::test(start_paused = true)]
async fn kubes_watcher_syncs_with_both_ways_to_list() {
    for (config, lists) in [(watcher::Config::default(), 1), (watcher::Config::default().streaming_lists(), 0)] {
        let cluster = FakeCluster::new();
        let mut random = Random::new();
        let names: [String; 5] = std::array::from_fn(|_| random.word());
        for name in &names[..4] {
            cluster.create(config_map(name, "1")).unwrap();
        }
        let api: Api<ConfigMap> = Api::namespaced(cluster.client(), "default");
        let mut seen = BTreeMap::new();
        let mut events = pin!(watcher(api, config));
        soon(async {
            loop {
                match events.try_next().await.unwrap().unwrap() {
                    watcher::Event::InitApply(object) => drop(seen.insert(object.metadata.name, object.data)),
                    watcher::Event::InitDone => break,
                    _ => {}
                }
            }
        })
        .await;
        assert_eq!((seen.len(), cluster.requests().verb("list").count()), (4, lists));
        cluster.delete("cm", "default", &names[0]).unwrap();
        cluster.create(config_map(&names[4], "1")).unwrap();
        let next = soon(events.try_next()).await.unwrap().unwrap();
        assert!(matches!(next, watcher::Event::Delete(gone) if gone.metadata.name.as_deref() == Some(&names[0])));
        let next = soon(events.try_next()).await.unwrap().unwrap();
        assert!(matches!(next, watcher::Event::Apply(new) if new.metadata.name.as_deref() == Some(&names[4])));
    }
}
