//! The fake API server watches as a real one does: streamed lists, how far it remembers, and what tests see of it.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use futures::TryStreamExt;
use http::{Request, header};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, runtime::watcher};
use kube_indexed_store::{
    Query,
    testing::{Builder, FakeCluster, Watches},
    watcher::{Resource, Watcher},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tower::Service;

mod support;

use support::{
    config_map, failure,
    http::{CONFIG_MAPS, call, get, open},
    random::Random,
    soon,
    watch::Watch,
};

const STREAM: &str = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
const FROM_NOW: &str = "watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan";

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

fn event(name: &str, object: &Value) -> (String, String, u64) {
    (name.to_owned(), object["metadata"]["name"].as_str().unwrap().to_owned(), version(object))
}

fn bookmark(version: u64) -> (String, String, u64) {
    ("BOOKMARK".to_owned(), String::new(), version)
}

fn end() -> (String, String, u64) {
    ("END".to_owned(), String::new(), 0)
}

/// The mark after the initial events of a kind without fields of its own.
fn end_mark(version: u64) -> Value {
    let metadata =
        json!({"resourceVersion": version.to_string(), "annotations": {"k8s.io/initial-events-end": "true"}});
    json!({"type": "BOOKMARK", "object": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata}})
}

fn too_old(asked: u64, oldest: u64) -> Value {
    failure(410, "Expired", &format!("too old resource version: {asked} ({oldest})"), Value::Null)
}

fn random_names<const N: usize>() -> [String; N] {
    let mut random = Random::new();
    std::array::from_fn(|_| random.word())
}

mod streamed_lists {
    use super::*;

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
            let names = random_names::<5>();
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
}

mod memory {
    use super::*;

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
        let mut watch =
            Watch::open(&cluster, &format!("/api/v1/secrets?watch=true&resourceVersion={}", versions[0])).await;
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
        assert_eq!(
            (slow.short().await, quick.short().await),
            (bookmark(cluster.revision()), bookmark(cluster.revision()))
        );
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
}

mod barriers {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_test_can_wait_until_a_client_has_come_back_from_a_later_version() {
        let cluster = FakeCluster::new();
        let watcher = Watcher::builder(cluster.client(), Resource::new("v1", "configmaps")).start().unwrap();
        soon(cluster.watch_established("configmaps")).await;
        let later = version(&cluster.create(config_map("a", "1")).unwrap());
        let back = || cluster.until(|cluster| cluster.watches().resource("configmaps").since(later).count() > 0);
        assert!(timeout(Duration::from_secs(30), back()).await.is_err());
        cluster.watches().cut();
        soon(back()).await;
        assert_eq!((cluster.open_watches("configmaps"), cluster.watches()[0].since), (1, later));
        drop(watcher);
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_was_told_to_end_is_not_open_any_more() {
        let cluster = FakeCluster::new();
        let watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
        assert_eq!(cluster.open_watches("configmaps"), 1);
        cluster.watches().close();
        assert_eq!((cluster.open_watches("configmaps"), cluster.watches().count()), (0, 0));
        drop(watch);
    }

    #[tokio::test(start_paused = true)]
    async fn a_test_can_wait_until_all_watches_were_sent_everything() {
        let cluster = FakeCluster::new();
        let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion={}", cluster.revision());
        let mut slow = Watch::open(&cluster, &path).await;
        let mut secrets = Watch::open(&cluster, "/api/v1/secrets?watch=true").await;
        let a = version(&cluster.create(config_map("a", "1")).unwrap());
        assert!(secrets.is_silent().await);
        let seen = |resource: &str| cluster.watches().resource(resource).have_seen(a);
        soon(cluster.until(|_| seen("secrets"))).await;
        let all = || cluster.until(|cluster| cluster.watches().have_seen(a));
        assert!(timeout(Duration::from_secs(30), all()).await.is_err());
        assert_eq!(["secrets", "configmaps", "services"].map(seen), [true, false, true]);
        let reader = tokio::spawn(async move {
            sleep(Duration::from_secs(5)).await;
            let first = slow.short().await;
            (first, slow)
        });
        soon(all()).await;
        assert_eq!(reader.await.unwrap().0, ("ADDED".into(), "a".into(), a));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_done_to_the_watches_of_one_resource_leaves_the_others_alone() {
        type Act = fn(&Watches);
        let acts: [(Act, usize); 4] =
            [(Watches::cut, 1), (Watches::close, 1), (|watches| watches.fail(410), 1), (Watches::bookmark, 2)];
        for (act, left) in acts {
            let cluster = FakeCluster::new();
            let path = |plural: &str| {
                format!("/api/v1/{plural}?watch=true&allowWatchBookmarks=true&resourceVersion={}", cluster.revision())
            };
            let mut secrets = open(&cluster, &path("secrets")).await.into_body();
            let mut maps = Watch::open(&cluster, &path("configmaps")).await;
            act(&cluster.watches().resource("Secret"));
            assert_eq!(cluster.watches().count(), left);
            soon(secrets.frame()).await.map_or(Ok(()), |frame| frame.map(drop)).unwrap_or_default();
            assert!(maps.is_silent().await);
            let a = version(&cluster.create(config_map("a", "1")).unwrap());
            assert_eq!(maps.short().await, ("ADDED".into(), "a".into(), a));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn how_a_watch_ends_is_decided_once() {
        let cluster = FakeCluster::new();
        let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
        let taken = cluster.watches();
        taken.close();
        taken.fail(410);
        assert_eq!(watch.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn open_watches_show_themselves_one_a_line() {
        let cluster = FakeCluster::new();
        let path = "/apis/apps/v1/namespaces/default/deployments?watch=true&resourceVersion=2&labelSelector=a%3Db";
        let request = Request::get(path).header(header::USER_AGENT, "program/1.0").body(String::new()).unwrap();
        let _deployments = cluster.clone().call(request).await.unwrap();
        let _maps = Watch::open(&cluster, "/api/v1/configmaps?watch=true&resourceVersion=3").await;
        assert_eq!(
            cluster.watches().to_string(),
            "deployments.apps in default with a=b, seen up to 2 by program/1.0\nconfigmaps, seen up to 3\n"
        );
    }

    #[tokio::test]
    #[should_panic(expected = "the cluster serves no kind that is called \"Secretz\"; near it: secrets")]
    async fn nobody_waits_for_a_watch_of_what_does_not_exist() {
        FakeCluster::new().watch_established("Secretz").await;
    }

    #[tokio::test(start_paused = true)]
    async fn initial_events_are_not_seen_before_all_of_them_are_sent() {
        let cluster = FakeCluster::new();
        for number in 0..65 {
            cluster.create(config_map(&format!("{number:02}"), "1")).unwrap();
        }
        let mut body = open(&cluster, &format!("{CONFIG_MAPS}?{STREAM}")).await.into_body();
        let state = || cluster.watches().last().map(|watch| (watch.initial_events_sent, watch.seen));
        assert_eq!(state(), Some((false, 0)));
        body.frame().await.unwrap().unwrap();
        assert_eq!(state(), Some((false, 0)));
        body.frame().await.unwrap().unwrap();
        assert_eq!(state(), Some((true, cluster.revision())));
    }

    #[tokio::test(start_paused = true)]
    async fn open_watches_tell_what_they_are_about_and_who_watches() {
        let cluster = FakeCluster::new();
        let path = "/apis/apps/v1/namespaces/default/deployments?watch=true&resourceVersion=2&labelSelector=a%3Db&fieldSelector=metadata.name%3Dx";
        let request = Request::get(path).header(header::USER_AGENT, "program/1.0").body(String::new()).unwrap();
        let body = call(&cluster, request).await;
        let watches = cluster.watches();
        let [watch] = &watches[..] else { panic!("{watches:?}") };
        assert_eq!((watch.group.as_str(), watch.resource.as_str()), ("apps", "deployments"));
        assert_eq!((watch.namespace.as_deref(), watch.user_agent.as_deref()), (Some("default"), Some("program/1.0")));
        assert_eq!((watch.label_selector.as_str(), watch.field_selector.as_str()), ("a=b", "metadata.name=x"));
        assert_eq!((watch.since, watch.seen, watch.initial_events_sent), (2, 2, true));
        drop(body);
    }
}
