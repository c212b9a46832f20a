//! Notices of the first filling, and of several watchers together.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use kube_indexed_store::store::StoreExt;
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Debounce, Event, Resource, Watcher, WatcherSet};
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::{
    fixtures::{SOON, config_map, config_maps, eventually, indexed, watching},
    quiet::{Fed, quiet, soon},
};

#[tokio::test(start_paused = true)]
async fn the_first_filling_is_told_once_when_it_is_whole_also_when_it_is_empty() {
    for names in [&[][..], &["a", "b"][..]] {
        let mut fed = Fed::new("a");
        let mut notifications = fed.watcher.notifications();
        // Changes before the first list is done, as another watch of the same store would make.
        fed.apply("early", "1");
        assert_eq!(soon(&mut notifications).await, None);
        assert!(notifications.flush().is_none());
        fed.delete("early");
        fed.fill(names);
        let first = notifications.next().await.unwrap();
        assert_eq!((first.initial, first.created()), (true, names.len()));
        assert_eq!(soon(&mut notifications).await, None);
        // A later subscriber is told of what is there.
        let again = fed.watcher.notifications().next().await.unwrap();
        assert_eq!((again.initial, again.created()), (true, names.len()));
    }
}

#[tokio::test(start_paused = true)]
async fn changes_during_the_first_filling_are_told_when_asked_for_and_the_end_of_it_once() {
    let mut fed = Fed::new("a");
    let mut notifications = fed.watcher.notifications_with(Debounce::default().during_sync());
    fed.apply("early", "1");
    let early = notifications.next().await.unwrap();
    assert_eq!((early.initial, early.to_string()), (true, "a: created default/early".to_owned()));
    fed.fill(&["early"]);
    let whole = notifications.next().await.unwrap();
    assert!(whole.initial);
    assert_eq!(soon(&mut notifications).await, None);
    fed.apply("late", "1");
    assert!(!notifications.next().await.unwrap().initial);
}

#[tokio::test(start_paused = true)]
async fn a_flush_tells_what_is_pending_now_and_only_once() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &[]).await;
    assert!(notifications.flush().is_none());
    fed.apply("a", "1");
    eventually("written", || fed.watcher.store().len() == 1).await;
    assert_eq!(notifications.flush().unwrap().to_string(), "a: created default/a");
    assert!(notifications.flush().is_none());
    assert_eq!(soon(&mut notifications).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_watchers_tells_what_is_pending_and_is_the_end() {
    for dropped in [false, true] {
        let (mut fed, mut notifications) = quiet(Debounce::new(SOON, SOON), &[]).await;
        fed.apply("a", "1");
        eventually("written", || fed.watcher.store().len() == 1).await;
        let Fed { watcher, sender, .. } = fed;
        drop(sender);
        if dropped {
            drop(watcher);
        }
        assert_eq!(notifications.next().await.unwrap().to_string(), "a: created default/a");
        assert!(notifications.next().await.is_none());
        assert!(notifications.next().await.is_none());
    }
    let fed = Fed::new("never filled");
    let mut notifications = fed.watcher.notifications();
    drop(fed);
    assert!(notifications.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_wait_loses_nothing_and_puts_nothing_off() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &[]).await;
    fed.apply("a", "1");
    let start = Instant::now();
    let mut told = None;
    while told.is_none() && start.elapsed() < SOON {
        told = timeout(Duration::from_millis(7), notifications.next()).await.ok().flatten();
    }
    assert_eq!(told.unwrap().to_string(), "a: created default/a");
    assert!(start.elapsed() <= Duration::from_millis(107), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn several_watchers_are_told_together_when_the_first_is_due_and_all_are_filled() {
    let cluster = FakeCluster::new();
    let mut set = WatcherSet::default();
    let builder = |debounce| watching(cluster.client()).debounce(debounce);
    set.insert("fast", builder(Debounce::default()).name("fast").start().unwrap());
    let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).name("slow");
    let gate = cluster.fault(Fault::on("list").resource("secrets").nth(1).gate());
    set.insert("slow", secrets.debounce(Debounce::new(SOON / 2, SOON / 2)).start().unwrap());
    let mut notifications = set.notifications();
    cluster.watch_established("configmaps").await;
    assert!(notifications.next().now_or_never().is_none());
    gate.open();
    let first = notifications.next().await.unwrap();
    assert_eq!((first.initial, first.to_string()), (true, String::new()));
    cluster.watch_established("secrets").await;

    let secret = |name: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    cluster.create(secret("a")).unwrap();
    assert_eq!(soon(&mut notifications).await, Some((30_000, "slow: created default/a".to_owned())));
    cluster.create(secret("b")).unwrap();
    cluster.create(config_map("a", "1")).unwrap();
    let both = "fast: created default/a; slow: created default/b".to_owned();
    assert_eq!(soon(&mut notifications).await, Some((100, both)));
    assert_eq!(soon(&mut notifications).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_last_changes_of_a_watcher_that_goes_are_told_though_others_stay() {
    let (goes, stays) = (Fed::new("goes"), Fed::new("stays"));
    goes.fill(&[]);
    stays.fill(&[]);
    goes.watcher.wait_until_synced(SOON).await.unwrap();
    let mut set = WatcherSet::default();
    let store = Arc::clone(goes.watcher.store());
    set.insert("goes", goes.watcher);
    set.insert("stays", stays.watcher);
    let mut notifications = set.notifications();
    assert!(notifications.next().await.unwrap().initial);
    goes.sender.unbounded_send(Event::Apply(indexed("b", "1", 9))).unwrap();
    drop(goes.sender);
    eventually("written", || store.len() == 1).await;
    assert_eq!(soon(&mut notifications).await, Some((100, "goes: created default/b".to_owned())));
    assert_eq!(soon(&mut notifications).await, None);
}

#[tokio::test(start_paused = true)]
async fn only_those_are_told_during_the_first_filling_that_asked_for_it() {
    let cluster = FakeCluster::new();
    let mut set = WatcherSet::default();
    // Of two namespaces one is filled and the other is not.
    let gate = cluster.fault(Fault::on("list").namespace("kube-system").nth(1).gate());
    cluster.create(config_map("a", "1")).unwrap();
    let lazy = Watcher::builder(cluster.client(), config_maps()).namespaces(["default", "kube-system"]).name("lazy");
    set.insert("lazy", lazy.start().unwrap());
    let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).name("eager");
    set.insert("eager", secrets.debounce(Debounce::default().during_sync()).start().unwrap());
    let mut notifications = set.notifications();
    gate.reached(1).await;
    cluster.watch_established("secrets").await;
    cluster.create(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}})).unwrap();
    let early = notifications.next().await.unwrap();
    assert_eq!((early.initial, early.to_string()), (true, "eager: created default/s".to_owned()));
    gate.open();
    let whole = notifications.next().await.unwrap();
    assert_eq!((whole.initial, whole.to_string()), (true, "lazy: created default/a".to_owned()));
}
