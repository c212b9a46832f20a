//! How far back a watch can begin, and how far behind it can be.

use std::time::Duration;

use kube_indexed_store::Query;
use kube_indexed_store::testing::{Builder, FakeCluster};
use kube_indexed_store::watcher::{Resource, Watcher};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::fixtures::{STREAM, bookmark, end, end_mark, event, too_old};
use crate::support::http::{CONFIG_MAPS, get};
use crate::support::watch::Watch;
use crate::support::{config_map, failure, version};

/// A cluster whose window lies a few changes back, and the versions around its edge.
fn windowed(window: usize) -> (FakeCluster, Vec<u64>) {
    let cluster = FakeCluster::builder().window(window).build();
    let versions = (0..10).map(|number| version(&cluster.apply(config_map("a", &number.to_string())).unwrap()));
    let versions = versions.collect();
    (cluster, versions)
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_before_the_window_is_too_old_and_one_from_its_edge_gets_all_of_it() {
    let (cluster, versions) = windowed(3);
    let [too_late, edge] = [versions[5], versions[6]];
    let path = |from: u64| format!("{CONFIG_MAPS}?watch=true&resourceVersion={from}");
    let mut watch = Watch::open(&cluster, &path(too_late)).await;
    assert_eq!(watch.next().await, Some(json!({"type": "ERROR", "object": too_old(too_late, edge)})));
    assert_eq!(watch.next().await, None);
    let mut watch = Watch::open(&cluster, &path(edge)).await;
    for version in &versions[7..] {
        assert_eq!(watch.short().await, ("MODIFIED".into(), "a".into(), *version));
    }
    assert!(watch.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn the_window_of_one_kind_is_none_of_anothers_business() {
    let (cluster, versions) = windowed(3);
    let mut watch = Watch::open(&cluster, &format!("/api/v1/secrets?watch=true&resourceVersion={}", versions[0])).await;
    assert!(watch.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn a_list_at_a_version_before_the_window_is_too_old_and_so_is_a_page() {
    let cluster = FakeCluster::builder().window(3).build();
    for name in ["a", "b", "c"] {
        cluster.create(config_map(name, "1")).unwrap();
    }
    let (_, page) = get(&cluster, &format!("{CONFIG_MAPS}?limit=1")).await;
    let exact = |at: u64| format!("{CONFIG_MAPS}?resourceVersionMatch=Exact&resourceVersion={at}");
    let next = format!("{CONFIG_MAPS}?limit=1&continue={}", page["metadata"]["continue"].as_str().unwrap());
    let started = version(&page);
    for number in 2..5 {
        cluster.apply(config_map("b", &number.to_string())).unwrap();
    }
    assert_eq!((get(&cluster, &exact(started)).await.0, get(&cluster, &next).await.0), (200, 200));
    assert_eq!(get(&cluster, &exact(started)).await.1["items"][1]["data"]["a"], "1");
    cluster.apply(config_map("b", "5")).unwrap();
    assert_eq!((get(&cluster, &exact(started)).await.0, get(&cluster, &next).await.0), (410, 410));
    assert_eq!(get(&cluster, &exact(started + 1)).await.1["items"][1]["data"]["a"], "2");
}

#[tokio::test(start_paused = true)]
async fn an_open_watch_that_fell_out_of_the_window_ends_cleanly_and_tells_nothing_out_of_it() {
    let cluster = FakeCluster::builder().window(3).build();
    let path = format!("{CONFIG_MAPS}?watch=true&allowWatchBookmarks=true");
    let (mut slow, mut quick) = (Watch::open(&cluster, &path).await, Watch::open(&cluster, &path).await);
    assert_eq!((slow.short().await, quick.short().await), (bookmark(cluster.revision()), bookmark(cluster.revision())));
    for number in 0..4 {
        let written = cluster.apply(config_map("a", &number.to_string())).unwrap();
        let name = if number == 0 { "ADDED" } else { "MODIFIED" };
        assert_eq!(quick.short().await, event(name, &written));
    }
    assert_eq!((slow.short().await, cluster.open_watches("configmaps")), (end(), 1));
    assert!(quick.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn initial_events_that_were_not_read_in_time_still_come_whole() {
    let cluster = FakeCluster::builder().window(3).build();
    let a = cluster.create(config_map("a", "1")).unwrap();
    let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?{STREAM}&allowWatchBookmarks=true")).await;
    for number in 2..9 {
        cluster.apply(config_map("a", &number.to_string())).unwrap();
    }
    assert_eq!((watch.short().await, watch.next().await), (event("ADDED", &a), Some(end_mark(version(&a)))));
    assert_eq!(watch.short().await, end());
}

#[tokio::test(start_paused = true)]
async fn everything_is_remembered_where_that_is_asked_for() {
    let cluster = FakeCluster::builder().window(usize::MAX).build();
    let start = cluster.revision();
    for number in 0..20_000 {
        cluster.apply(config_map("a", &number.to_string())).unwrap();
    }
    let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true&resourceVersion={start}")).await;
    for _ in 0..20_000 {
        assert_ne!(watch.short().await, end());
    }
    assert!(watch.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_leaves_too_much_unread_gets_what_its_buffer_held_and_a_clean_end() {
    let cluster = FakeCluster::builder().watch_buffer(100).build();
    let path = format!("{CONFIG_MAPS}?watch=true");
    let mut watch = Watch::open(&cluster, &path).await;
    for round in 0..2 {
        for number in 0..100 {
            cluster.apply(config_map("a", &format!("{round}-{number}"))).unwrap();
        }
        for _ in 0..100 {
            assert_ne!(watch.short().await, end());
        }
    }
    for number in 0..101 {
        cluster.apply(config_map("a", &number.to_string())).unwrap();
    }
    let newest = cluster.revision();
    for number in 0..100 {
        assert_eq!(watch.short().await, ("MODIFIED".into(), "a".into(), newest - 100 + number));
    }
    assert_eq!((watch.short().await, cluster.open_watches("configmaps")), (end(), 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_fed_by_a_slow_watch_misses_no_deletion() {
    let settings: [fn(Builder) -> Builder; 2] = [|builder| builder.window(4), |builder| builder.watch_buffer(4)];
    for setting in settings {
        let cluster = setting(FakeCluster::builder()).build();
        let watcher = Watcher::builder(cluster.client(), Resource::new("v1", "configmaps")).start().unwrap();
        cluster.watch_established("configmaps").await;
        for round in 0..10 {
            for number in 0..10 {
                cluster.create(config_map(&format!("{round}-{number}"), "1")).unwrap();
            }
            sleep(Duration::from_secs(60)).await;
            for number in 1..10 {
                cluster.delete("cm", "default", &format!("{round}-{number}")).unwrap();
            }
            sleep(Duration::from_secs(60)).await;
        }
        let left = watcher.store().get(Query::all()).unwrap().await.unwrap();
        let names: Vec<_> = left.iter().map(|object| object.name().unwrap().name().to_owned()).collect();
        assert_eq!(names, (0..10).map(|round| format!("{round}-0")).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_older_versions_are_too_old_for_watches_of_all_kinds_and_for_lists_they_are_not() {
    let cluster = FakeCluster::new();
    let mut open = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
    let a = cluster.create(config_map("a", "1")).unwrap();
    cluster.apply(config_map("a", "2")).unwrap();
    cluster.restart();
    assert_eq!(
        (open.short().await.0, open.short().await.0, open.short().await),
        ("ADDED".into(), "MODIFIED".into(), end())
    );
    let newest = cluster.revision();
    for resource in ["configmaps", "secrets"] {
        let path = |from: u64| format!("/api/v1/{resource}?watch=true&resourceVersion={from}");
        let mut watch = Watch::open(&cluster, &path(newest - 1)).await;
        assert_eq!(watch.next().await, Some(json!({"type": "ERROR", "object": too_old(newest - 1, newest)})));
        assert!(Watch::open(&cluster, &path(newest)).await.is_silent().await);
    }
    assert!(Watch::open(&cluster, "/api/v1/events?watch=true&resourceVersion=1").await.is_silent().await);
    let exact = format!("{CONFIG_MAPS}?resourceVersionMatch=Exact&resourceVersion={}", version(&a));
    assert_eq!(get(&cluster, &exact).await.1["items"][0]["data"]["a"], "1");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_does_not_keep_in_memory_is_too_old_in_other_words() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("a", "1")).unwrap();
    cluster.compact();
    for path in ["/api/v1/events", "/apis/events.k8s.io/v1/events"] {
        let mut watch = Watch::open(&cluster, &format!("{path}?watch=true&resourceVersion=1")).await;
        let error = watch.next().await.unwrap();
        assert_eq!(error["object"]["message"], "The resourceVersion for the provided watch is too old.");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_before_the_window_gets_one_error_event_or_410_where_that_is_chosen() {
    for over_http in [false, true] {
        let cluster = FakeCluster::builder().answer_expired_watches_over_http(over_http).build();
        let old = cluster.revision();
        cluster.create(config_map("a", "1")).unwrap();
        cluster.compact();
        let newest = cluster.revision();
        let path = format!("/api/v1/secrets?watch=true&resourceVersion={old}");
        let message = format!("too old resource version: {old} ({newest})");
        let gone = failure(410, "Expired", &message, Value::Null);
        Watch::open(&cluster, &format!("/api/v1/secrets?watch=true&resourceVersion={newest}")).await;
        if over_http {
            assert_eq!(get(&cluster, &path).await, (410, gone));
        } else {
            let mut watch = Watch::open(&cluster, &path).await;
            assert_eq!(watch.next().await, Some(json!({"type": "ERROR", "object": gone})));
            assert_eq!(watch.next().await, None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_watch_outlives_compaction() {
    let cluster = FakeCluster::new();
    let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
    let a = cluster.create(config_map("a", "1")).unwrap();
    cluster.delete("cm", "default", "a").unwrap();
    cluster.compact();
    assert_eq!(watch.short().await, ("ADDED".into(), "a".into(), version(&a)));
    assert_eq!(watch.short().await, ("DELETED".into(), "a".into(), cluster.revision()));
}
