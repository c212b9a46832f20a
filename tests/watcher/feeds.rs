//! Events from elsewhere.

use std::sync::Arc;

use kube_indexed_store::convert::kube_events;
use kube_indexed_store::snapshot::Snapshot;
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Error, Event, Restart, Watcher};
use kube_indexed_store::{Indexer, MemoryStore, Store};

use crate::fixtures::{SOON, config_map, eventually, failure, found, indexed, names, restarts, shown};

#[tokio::test(start_paused = true)]
async fn a_store_can_be_fed_from_any_events() {
    let (sender, events) = futures::channel::mpsc::unbounded();
    let tell = |event| sender.unbounded_send(event).unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let watcher = Watcher::feed("replay", store, events).unwrap();
    tell(Event::Start { reason: None });
    tell(Event::Item(indexed("void", "1", 1)));
    // A second start before the end of the first voids it.
    tell(Event::Start { reason: Some(Restart::Incomplete) });
    tell(Event::Item(indexed("a", "1", 1)));
    tell(Event::Item(indexed("b", "1", 2)));
    assert_eq!(watcher.wait_until_synced(SOON).await.unwrap_err().missing[0].1, "syncing (2 objects so far)");
    tell(Event::Done { version: Some(7.into()) });
    tell(Event::Apply(indexed("c", "1", 8)));
    tell(Event::Delete { name: indexed("b", "1", 2).name().clone(), version: Some(9.into()) });
    tell(Event::Skipped(Error::Settings("odd".into())));
    tell(Event::Bookmark(12.into()));
    watcher.wait_for(&12.into(), SOON).await.unwrap();
    assert_eq!(shown(&watcher.store().snapshot()), ["a=1", "c=1"]);
    let status = watcher.status();
    assert_eq!((status.skipped, restarts(&watcher)), (1, vec![(Restart::Incomplete, 1)]));
    assert_eq!((status.to_string(), status.connected), ("synced".to_owned(), true));

    // A batch that does not fit is taken as far as it fits.
    tell(Event::Apply(indexed("d", "1", 13)));
    tell(Event::Apply(indexed("e", "1", 14).key("no-such-index", ["x"])));
    tell(Event::Apply(indexed("f", "1", 15)));
    watcher.wait_for(&15.into(), SOON).await.unwrap();
    assert_eq!(shown(&watcher.store().snapshot()), ["a=1", "c=1", "d=1", "f=1"]);
    assert_eq!(watcher.status().skipped, 2);

    drop(sender);
    let error = watcher.wait_for(&16.into(), SOON).await.unwrap_err();
    assert_eq!(error.to_string(), "not at version 16 within 60s: replay is stopped (synced)");
}

#[tokio::test(start_paused = true)]
async fn a_relist_as_client_go_does_it_keeps_the_identity_of_what_did_not_change() {
    let (sender, events) = futures::channel::mpsc::unbounded();
    let tell = |event| sender.unbounded_send(event).unwrap();
    let watcher = Watcher::feed("replay", Arc::new(MemoryStore::new()), events).unwrap();
    let relist = |objects: &[(&str, &str, u64)], version: u64| {
        tell(Event::Start { reason: None });
        objects.iter().for_each(|(name, value, version)| tell(Event::Item(indexed(name, value, *version))));
        tell(Event::Done { version: Some(version.into()) });
    };
    relist(&[("a", "1", 1), ("b", "1", 2), ("c", "1", 3)], 5);
    watcher.wait_for(&5.into(), SOON).await.unwrap();
    let before = watcher.store().snapshot();
    relist(&[("a", "1", 1), ("b", "2", 8)], 9);
    watcher.wait_for(&9.into(), SOON).await.unwrap();
    let after = watcher.store().snapshot();
    assert_eq!(after.diff(&before).to_string(), "modified default/b, deleted default/c");
    let object = |snapshot: &Snapshot| snapshot.entry("default", "a").unwrap().object().unwrap().clone();
    assert!(object(&before).ptr_eq(&object(&after)));
    relist(&[("a", "1", 1), ("b", "2", 8)], 10);
    watcher.wait_for(&10.into(), SOON).await.unwrap();
    assert_eq!(watcher.store().snapshot().revision(), after.revision());
}

#[tokio::test(start_paused = true)]
async fn kubes_own_watcher_can_feed_a_store_and_recovers_in_its_state_too() {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::runtime::{WatchStreamExt, watcher as kube_watcher};
    let cluster = FakeCluster::new();
    cluster.create(config_map("a", "in")).unwrap();
    cluster.create(config_map("b", "out")).unwrap();
    let api = kube::Api::<ConfigMap>::namespaced(cluster.client(), "default");
    let events = kube_watcher(api, kube_watcher::Config::default()).default_backoff();
    let indexer =
        Indexer::builder().index("by-value", ["data.value"]).field_selector("data.value!=out").build().unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::for_indexer(&indexer));
    let watcher = Watcher::feed("configmaps", store, kube_events(events, indexer)).unwrap();
    watcher.wait_until_synced(SOON).await.unwrap();
    eventually("open", || watcher.status().connected).await;
    assert_eq!((names(&watcher), found(&watcher, "in")), (vec!["default/a".to_owned()], 1));
    cluster.watch_established("configmaps").await;

    cluster.apply(config_map("a", "out")).unwrap();
    cluster.apply(config_map("b", "in")).unwrap();
    cluster.create(config_map("c", "in")).unwrap();
    eventually("shown", || names(&watcher) == ["default/b", "default/c"]).await;

    let refusal = cluster.fault(Fault::on("*").status(500));
    cluster.watches().close();
    eventually("failed", || watcher.status().failure.is_some()).await;
    let status = watcher.status();
    assert_eq!((status.connected, status.stale_since.is_some()), (false, true));
    assert!(failure(&status).starts_with("the watch that feeds this store failed"), "{}", failure(&status));
    refusal.remove();
    cluster.delete("configmaps", "default", "b").unwrap();
    eventually("shown", || names(&watcher) == ["default/c"]).await;
    let status = watcher.status();
    assert_eq!((status.to_string(), status.connected, status.stale_since), ("synced".to_owned(), true, None));
}
