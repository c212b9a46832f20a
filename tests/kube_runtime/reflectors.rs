//! Watchers and reflectors follow what happens.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt,
    core::PartialObjectMeta,
    runtime::{WatchStreamExt, reflector, watcher},
};
use kube_indexed_store::testing::{FakeCluster, Fault, objects};

use crate::patience::eventually;

type Maps = reflector::Store<ConfigMap>;

/// Follows the ConfigMaps of a cluster, and tries again where that fails.
fn follow(cluster: &FakeCluster, config: watcher::Config) -> Maps {
    let (reader, writer) = reflector::store();
    let events = watcher(Api::<ConfigMap>::all(cluster.client()), config).default_backoff();
    tokio::spawn(reflector(writer, events).for_each(async |_| ()));
    reader
}

/// Names and versions, as a store has them and as the cluster does.
fn shown(maps: &Maps) -> BTreeMap<String, String> {
    maps.state().iter().map(|map| (map.name_any(), map.resource_version().unwrap_or_default())).collect()
}

fn stored(cluster: &FakeCluster) -> BTreeMap<String, String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let maps = cluster.objects("ConfigMap");
    maps.iter().map(|map| (text(&map["metadata"]["name"]), text(&map["metadata"]["resourceVersion"]))).collect()
}

fn strategies() -> [watcher::Config; 2] {
    [watcher::Config::default(), watcher::Config::default().streaming_lists()]
}

fn verbs(cluster: &FakeCluster) -> Vec<String> {
    cluster.requests().resource("configmaps").iter().map(|request| request.verb.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_reflector_follows_in_either_strategy() {
    for (config, expected) in strategies().into_iter().zip([["list", "watch"].as_slice(), &["watch"]]) {
        let cluster = FakeCluster::new();
        for number in 0..20 {
            cluster.create(objects::config_map(&format!("m{number}"))).unwrap();
        }
        let maps = follow(&cluster, config.page_size(7));
        maps.wait_until_ready().await.unwrap();
        assert_eq!(shown(&maps), stored(&cluster));
        for number in 10..30 {
            cluster.apply(objects::config_map(&format!("m{number}")).data("k", "v")).unwrap();
            cluster.delete("ConfigMap", "default", &format!("m{}", number - 10)).unwrap();
        }
        eventually("current", || shown(&maps) == stored(&cluster)).await;
        let mut verbs = verbs(&cluster);
        verbs.dedup();
        assert_eq!(verbs, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_breaks_goes_on_without_a_new_list_unless_its_version_expired() {
    for config in strategies() {
        let cluster = FakeCluster::new();
        let maps = follow(&cluster, config);
        maps.wait_until_ready().await.unwrap();
        cluster.watch_established("configmaps").await;
        cluster.create(objects::config_map("a")).unwrap();
        eventually("told", || shown(&maps) == stored(&cluster)).await;
        let mark = cluster.mark();
        let starts = |cluster: &FakeCluster| {
            let requests = cluster.requests().resource("configmaps").since(mark);
            requests.when(|asked| asked.verb == "list" || asked.param("sendInitialEvents") == Some("true")).count()
        };

        cluster.watches().cut();
        cluster.create(objects::config_map("b")).unwrap();
        eventually("told", || shown(&maps) == stored(&cluster)).await;
        assert_eq!(starts(&cluster), 0);

        let gate = cluster.fault(Fault::on("watch").resource("configmaps").gate());
        cluster.watches().close();
        gate.reached(1).await;
        cluster.delete("ConfigMap", "default", "a").unwrap();
        cluster.compact();
        gate.open();
        eventually("told", || shown(&maps) == stored(&cluster)).await;
        assert_eq!(starts(&cluster), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watcher_of_metadata_sees_objects_without_their_content() {
    for config in strategies() {
        let cluster = FakeCluster::new();
        cluster.create(objects::config_map("a").data("k", "v").label("l", "v")).unwrap();
        let events = watcher(Api::<PartialObjectMeta<ConfigMap>>::all(cluster.client()), config);
        let first = Box::pin(events.applied_objects()).try_next().await.unwrap().unwrap();
        assert_eq!((first.name_any(), first.labels()["l"].as_str()), ("a".to_owned(), "v"));
        let accepted = |request: &kube_indexed_store::testing::Request| {
            request.accept.as_deref().is_some_and(|accept| accept.contains("PartialObjectMetadata"))
        };
        assert!(cluster.requests().resource("configmaps").iter().all(|request| accepted(request)));
    }
}
