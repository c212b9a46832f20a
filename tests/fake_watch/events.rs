//! When events come, and in which pieces.

use std::time::Duration;

use http_body_util::BodyExt;
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::support::http::{CONFIG_MAPS, open};
use crate::support::watch::Watch;
use crate::support::{config_map, version};

#[tokio::test(start_paused = true)]
async fn bookmarks_come_each_minute_and_on_demand_and_before_the_end() {
    let cluster = FakeCluster::new();
    let query =
        format!("watch=true&resourceVersion={}&allowWatchBookmarks=true&timeoutSeconds=150", cluster.revision());
    let mut watch = Watch::open(&cluster, &format!("/api/v1/services?{query}")).await;
    cluster.create(config_map("a", "1")).unwrap();
    cluster.watches().bookmark();
    let start = Instant::now();
    let bookmark = json!({
        "kind": "Service", "apiVersion": "v1", "metadata": {"resourceVersion": cluster.revision().to_string()},
        "spec": {}, "status": {"loadBalancer": {}},
    });
    for seconds in [0, 60, 120, 148] {
        assert_eq!(watch.next().await, Some(json!({"type": "BOOKMARK", "object": bookmark})));
        assert_eq!(start.elapsed().as_secs(), seconds);
    }
    assert_eq!((watch.next().await, start.elapsed().as_secs()), (None, 150));
}

#[tokio::test(start_paused = true)]
async fn a_negative_timeout_ends_a_watch_at_once_and_none_after_half_an_hour_at_the_earliest() {
    let cluster = FakeCluster::new();
    let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=-1")).await;
    let start = Instant::now();
    assert_eq!((watch.next().await, start.elapsed()), (None, Duration::ZERO));
    let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
    assert_eq!(watch.next().await, None);
    assert!((30..=60).contains(&(start.elapsed().as_secs() / 60)));
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_the_future_is_silent_until_it_is_passed() {
    let cluster = FakeCluster::new();
    let ahead = cluster.revision() + 1;
    let path = format!("{CONFIG_MAPS}?watch=true&allowWatchBookmarks=true&resourceVersion={ahead}");
    let mut watch = Watch::open(&cluster, &path).await;
    assert!(timeout(Duration::from_secs(300), watch.next()).await.is_err());
    cluster.create(config_map("not-yet", "1")).unwrap();
    let seen = cluster.create(config_map("seen", "1")).unwrap();
    assert_eq!(watch.short().await, ("ADDED".into(), "seen".into(), version(&seen)));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_behind_catches_up_in_frames_of_bounded_size() {
    for (count, length, most) in [(150, 1, 64), (8, 200_000, 2)] {
        let cluster = FakeCluster::new();
        let write = |value: &str| {
            for number in 0..count {
                cluster.apply(config_map(&format!("{number:03}"), value)).unwrap();
            }
        };
        write(&"a".repeat(length));
        let path = format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=30");
        let mut body = open(&cluster, &path).await.into_body();
        write(&"b".repeat(length));
        let mut lines = Vec::new();
        while let Some(frame) = body.frame().await {
            lines.push(frame.unwrap().data_ref().unwrap().iter().filter(|byte| **byte == b'\n').count());
        }
        assert_eq!((lines.iter().max(), lines.iter().sum()), (Some(&most), 2 * count), "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_watches_share_the_bytes_of_an_event() {
    let cluster = FakeCluster::new();
    let mut bodies = Vec::new();
    for path in ["/api/v1/configmaps?watch=true", &format!("{CONFIG_MAPS}?watch=true&labelSelector=!n")] {
        bodies.push(open(&cluster, path).await.into_body());
    }
    let mut next = async || {
        let mut events = Vec::new();
        for body in &mut bodies {
            events.push(body.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        events
    };
    cluster.create(config_map("x", "1")).unwrap();
    let added = next().await;
    cluster.apply(config_map("x", "2")).unwrap();
    let modified = next().await;
    cluster.delete("cm", "default", "x").unwrap();
    for (event, name) in [(added, "ADDED"), (modified, "MODIFIED"), (next().await, "DELETED")] {
        assert_eq!(event[0].as_ptr(), event[1].as_ptr(), "{name}");
        assert_eq!(serde_json::from_slice::<Value>(&event[0]).unwrap()["type"], name);
    }
}
