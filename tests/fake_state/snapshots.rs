//! Snapshots that are restored, and those that clusters are rewound to.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt,
    api::{WatchEvent, WatchParams},
};
use kube_indexed_store::testing::{FakeCluster, objects};
use kube_indexed_store::watcher::{Resource, Restart, Watcher};
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    actions::{act, actions},
    fixtures::{SECRETS, call, config_map},
};

/// The objects of a cluster without their versions.
fn unversioned(cluster: &FakeCluster) -> Vec<Value> {
    let mut objects = cluster.dump();
    objects.iter_mut().for_each(|object| drop(object["metadata"]["resourceVersion"].take()));
    objects.sort_by_key(|object| format!("{} {}", object["kind"], object["metadata"]));
    objects
}

/// An open watch of ConfigMaps, and what it has told so far.
struct Told(futures::stream::BoxStream<'static, kube::Result<WatchEvent<ConfigMap>>>);

impl Told {
    async fn watch(cluster: &FakeCluster) -> Told {
        let api: Api<ConfigMap> = Api::all(cluster.client());
        let version = cluster.revision().to_string();
        let parameters = WatchParams::default().timeout(86_400).disable_bookmarks();
        let request = kube::core::Request::new("/api/v1/configmaps").watch(&parameters, &version).unwrap();
        Told(Box::pin(api.into_client().request_events::<ConfigMap>(request.map(|_| Vec::new())).await.unwrap()))
    }

    /// `ADDED name version`.
    fn so_far(&mut self) -> Vec<String> {
        let shown =
            |name: &str, map: &ConfigMap| format!("{name} {} {}", map.name_any(), map.resource_version().unwrap());
        let events = std::iter::from_fn(|| self.0.next().now_or_never().flatten());
        let events = events.map(|event| match event.unwrap() {
            WatchEvent::Added(map) => shown("ADDED", &map),
            WatchEvent::Modified(map) => shown("MODIFIED", &map),
            WatchEvent::Deleted(map) => shown("DELETED", &map),
            other => panic!("{other:?}"),
        });
        events.collect()
    }

    fn is_over(&mut self) -> bool {
        matches!(self.0.next().now_or_never(), Some(None))
    }
}

#[tokio::test]
async fn what_differs_from_a_snapshot_comes_back_as_events_and_the_rest_is_untouched() {
    let cluster = FakeCluster::new();
    for name in ["changed", "deleted", "replaced", "same"] {
        cluster.create(config_map(name, json!({"k": "before"}))).unwrap();
    }
    let before = cluster.snapshot();
    let expected = unversioned(&cluster);
    let same = cluster.get("ConfigMap", "default", "same").unwrap();
    cluster.apply(config_map("changed", json!({"k": "after"}))).unwrap();
    cluster.delete("ConfigMap", "default", "deleted").unwrap();
    cluster.create(config_map("new", json!({}))).unwrap();
    cluster.delete("ConfigMap", "default", "replaced").unwrap();
    cluster.create(config_map("replaced", json!({"k": "before"}))).unwrap();
    let mut told = Told::watch(&cluster).await;
    let revision = cluster.revision();
    cluster.restore(&before);
    let events = ["DELETED new", "DELETED replaced", "MODIFIED changed", "ADDED deleted", "ADDED replaced"];
    let numbered: Vec<String> =
        events.iter().zip(revision + 1..).map(|(event, version)| format!("{event} {version}")).collect();
    assert_eq!((told.so_far(), cluster.revision()), (numbered, revision + 5));
    assert_eq!(unversioned(&cluster), expected);
    assert_eq!(cluster.get("ConfigMap", "default", "same").unwrap(), same);
    cluster.restore(&before);
    assert_eq!(cluster.revision(), revision + 5);
}

#[tokio::test]
async fn custom_kinds_come_and_go_with_a_snapshot() {
    let cluster = FakeCluster::new();
    let empty = cluster.snapshot();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    let widget = objects::object("example.org/v1", "Widget", "default/w");
    cluster.create(&widget).unwrap();
    let full = cluster.snapshot();
    let expected = unversioned(&cluster);
    cluster.restore(&empty);
    assert_eq!(cluster.create(&widget).unwrap_err().code, 404);
    assert_eq!(cluster.objects("CustomResourceDefinition"), [Value::Null; 0]);
    cluster.restore(&full);
    assert_eq!(unversioned(&cluster), expected);
    cluster.rewind(&empty);
    assert_eq!(cluster.create(&widget).unwrap_err().code, 404);
    cluster.rewind(&full);
    assert_eq!(unversioned(&cluster), expected);
}

#[tokio::test]
async fn a_watch_of_a_kind_that_a_snapshot_does_not_have_ends() {
    let cluster = FakeCluster::new();
    let empty = cluster.snapshot();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    cluster.create(objects::object("example.org/v1", "Widget", "default/w")).unwrap();
    let request = http::Request::get("/apis/example.org/v1/widgets?watch=true").body(String::new()).unwrap();
    let body = cluster.clone().oneshot(request).await.unwrap().into_body();
    cluster.restore(&empty);
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.iter().map(|event| &event["type"]).collect::<Vec<_>>(), ["ADDED", "DELETED"]);
}

#[test]
fn a_snapshot_is_the_start_of_other_clusters() {
    let base = FakeCluster::new();
    base.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    base.create(objects::object("example.org/v1", "Widget", "default/w")).unwrap();
    let snapshot = base.snapshot();
    let (one, two) = (FakeCluster::builder().seed(1).build(), FakeCluster::builder().seed(2).build());
    one.create(objects::definition("example.org", "Other", "others")).unwrap();
    for cluster in [&one, &two] {
        cluster.restore(&snapshot);
        assert_eq!(unversioned(cluster), unversioned(&base));
    }
    two.delete("Widget", "default", "w").unwrap();
    assert!(one.get("Widget", "default", "w").is_ok() && base.get("Widget", "default", "w").is_ok());
}

#[tokio::test(start_paused = true)]
async fn after_a_rewind_versions_are_smaller_and_watches_silent_until_they_are_beyond_again() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("old", json!({}))).unwrap();
    let backup = cluster.snapshot();
    let (revision, dump) = (cluster.revision(), cluster.dump());
    for number in 0..3 {
        cluster.create(config_map(&format!("lost-{number}"), json!({}))).unwrap();
    }
    let mut told = Told::watch(&cluster).await;
    let known = cluster.revision();
    cluster.rewind(&backup);
    assert_eq!((cluster.revision(), cluster.dump()), (revision, dump));
    for number in 0..3 {
        cluster.create(config_map(&format!("unseen-{number}"), json!({}))).unwrap();
    }
    assert_eq!((told.so_far(), cluster.revision(), cluster.open_watches("configmaps")), (vec![], known, 1));
    cluster.create(config_map("seen", json!({}))).unwrap();
    assert_eq!(told.so_far(), [format!("ADDED seen {}", known + 1)]);
}

#[tokio::test]
async fn a_watch_that_knew_nothing_newer_does_not_notice_a_rewind() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("a", json!({}))).unwrap();
    let mut told = Told::watch(&cluster).await;
    cluster.create(objects::secret("other")).unwrap();
    let backup = cluster.snapshot();
    cluster.create(objects::secret("lost")).unwrap();
    cluster.rewind(&backup);
    cluster.create(config_map("b", json!({}))).unwrap();
    assert_eq!(told.so_far(), [format!("ADDED b {}", cluster.revision())]);
}

#[tokio::test]
async fn a_restart_ends_the_watches_that_a_rewind_made_silent() {
    let cluster = FakeCluster::new();
    let backup = cluster.snapshot();
    cluster.create(config_map("lost", json!({}))).unwrap();
    let mut told = Told::watch(&cluster).await;
    cluster.rewind(&backup);
    cluster.restart();
    assert!(told.is_over());
}

#[tokio::test(start_paused = true)]
async fn what_a_client_knows_of_the_lost_future_is_too_large_after_a_rewind() {
    let cluster = FakeCluster::new();
    let backup = cluster.snapshot();
    cluster.create(objects::secret("lost")).unwrap();
    let known = cluster.revision();
    cluster.rewind(&backup);
    for path in [format!("{SECRETS}?resourceVersion={known}"), format!("{SECRETS}/lost?resourceVersion={known}")] {
        assert_eq!(call(&cluster, http::Request::get(path), "").await, 504);
    }
    let past = cluster.revision() - 1;
    let exact = format!("{SECRETS}?resourceVersion={past}&resourceVersionMatch=Exact");
    assert_eq!(call(&cluster, http::Request::get(exact), "").await, 410);
    let body = list(&cluster).await;
    assert_eq!(
        (body["metadata"]["resourceVersion"].as_str(), &body["items"]),
        (Some(&*(known - 1).to_string()), &json!([]))
    );
}

async fn list(cluster: &FakeCluster) -> Value {
    let request = http::Request::get(SECRETS).body(String::new()).unwrap();
    let body = cluster.clone().oneshot(request).await.unwrap().into_body();
    serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_watcher_of_this_crate_shows_the_older_state_after_a_rewind() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("old", json!({}))).unwrap();
    let backup = cluster.snapshot();
    cluster.create(config_map("lost", json!({}))).unwrap();
    let watcher = Watcher::builder(cluster.client(), Resource::new("v1", "configmaps")).start().unwrap();
    watcher.wait_until_synced(Duration::from_secs(60)).await.unwrap();
    let names = || watcher.store().snapshot().list().iter().map(|entry| entry.name().to_string()).collect::<Vec<_>>();
    assert_eq!(names(), ["default/lost", "default/old"]);
    cluster.rewind(&backup);
    while !watcher.status().restarts.contains_key(&Restart::Rewound) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(names(), ["default/old"]);
    cluster.create(config_map("new", json!({}))).unwrap();
    watcher.wait_for(&cluster.revision().into(), Duration::from_secs(600)).await.unwrap();
    assert_eq!(names(), ["default/new", "default/old"]);
}

#[tokio::test(start_paused = true)]
async fn the_reflector_of_kube_follows_a_state_that_is_restored() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("old", json!({"k": "before"}))).unwrap();
    let before = cluster.snapshot();
    cluster.apply(config_map("old", json!({"k": "after"}))).unwrap();
    cluster.create(config_map("new", json!({}))).unwrap();
    let (reader, writer) = kube::runtime::reflector::store::<ConfigMap>();
    let api: Api<ConfigMap> = Api::all(cluster.client());
    let events = kube::runtime::watcher(api, kube::runtime::watcher::Config::default());
    let mut events = Box::pin(kube::runtime::reflector(writer, events));
    let shown = |reader: &kube::runtime::reflector::Store<ConfigMap>| {
        let mut maps: Vec<_> =
            reader.state().iter().map(|map| (map.name_any(), map.data.clone().unwrap_or_default())).collect();
        maps.sort();
        maps
    };
    let data = |value: &str| std::collections::BTreeMap::from([("k".to_owned(), value.to_owned())]);
    while reader.len() < 2 {
        events.next().await.unwrap().unwrap();
    }
    cluster.restore(&before);
    while shown(&reader) != [("old".to_owned(), data("before"))] {
        events.next().await.unwrap().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happened_a_snapshot_brings_back_what_was(first in actions(), then in actions(), rewind in any::<bool>()) {
        let cluster = FakeCluster::new();
        cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
        cluster.namespace("other");
        first.into_iter().for_each(|action| act(&cluster, action));
        let (before, text) = (cluster.snapshot(), cluster.dump_yaml());
        let (expected, exact) = (unversioned(&cluster), cluster.dump());
        then.into_iter().for_each(|action| act(&cluster, action));
        if rewind {
            cluster.rewind(&before);
            prop_assert_eq!(cluster.dump(), exact);
        } else {
            cluster.restore(&before);
            prop_assert_eq!(unversioned(&cluster), expected);
        }
        prop_assert_eq!(cluster.dump_yaml(), text);
    }
}
