//! The first list.

use kube_indexed_store::snapshot::ChangeKind;
use kube_indexed_store::store::StoreExt;
use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::Watcher;
use kube_indexed_store::{Indexer, MemoryStore, ResourceVersion, Store};

use crate::{
    fixtures::{config_map, config_maps, current, names, synced, told, watching},
    support::random::Random,
};

#[tokio::test(start_paused = true)]
async fn the_first_list_comes_in_pages_and_shows_in_one_piece() {
    let cluster = FakeCluster::new();
    let mut random = Random::new();
    let mut expected: Vec<String> = (0..1203).map(|_| random.word()).collect();
    for name in &expected {
        cluster.create(config_map(name, "a")).unwrap();
    }
    expected.sort();
    expected.dedup();

    let store = MemoryStore::for_indexer(&Indexer::default());
    let mut changes = store.changes();
    let builder = Watcher::builder(cluster.client(), config_maps()).namespace("default").store(store);
    let watcher = synced(builder).await;

    let names: Vec<String> =
        watcher.store().list().await.unwrap().iter().map(|o| o.name().unwrap().name().to_owned()).collect();
    assert_eq!(names, expected);
    let first = changes.next().await.unwrap();
    assert_eq!(first.count(ChangeKind::Created), expected.len());
    assert_eq!(told(&mut changes), Vec::<String>::new());
    let pages = cluster.requests().verb("list");
    assert_eq!(pages.count(), 3);
    assert_eq!((pages[0].param("limit"), pages[0].param("continue")), (Some("500"), None));
    assert!(pages[1..].iter().all(|page| page.param("continue").is_some_and(|token| !token.is_empty())));
}

#[tokio::test(start_paused = true)]
async fn the_first_list_asks_for_no_version_and_the_watch_for_the_one_of_the_list() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("a", "1")).unwrap();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    assert_eq!(watcher.status().version, Some(ResourceVersion::from(cluster.revision())));
    let requests = cluster.requests();
    assert_eq!(requests.clone().verb("list")[0].param("resourceVersion"), None);
    let watch = &requests.verb("watch")[0];
    let revision = cluster.revision().to_string();
    assert_eq!(watch.param("resourceVersion"), Some(&*revision));
    assert_eq!(watch.param("allowWatchBookmarks"), Some("true"));
    assert_eq!(watch.param("timeoutSeconds"), Some("290"));
}

#[tokio::test(start_paused = true)]
async fn items_of_built_in_kinds_know_their_kind_from_lists_and_from_events() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("listed", "1")).unwrap();
    let watcher = synced(watching(cluster.client())).await;
    cluster.create(config_map("watched", "1")).unwrap();
    current(&watcher, &cluster).await;
    for object in watcher.store().list().await.unwrap().iter() {
        assert_eq!((&*object.api_version(), &*object.kind()), ("v1", "ConfigMap"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_resource_is_synced() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    assert_eq!((names(&watcher), watcher.status().to_string()), (vec![], "synced".to_owned()));
}
