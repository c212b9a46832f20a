//! Versions that are forgotten, and the lists that follow.

use std::time::Duration;

use kube_indexed_store::Store;
use kube_indexed_store::snapshot::{ChangeKind, Snapshot};
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::Restart;
use serde_json::json;

use crate::{
    fixtures::{
        SOON, config_map, current, eventually, failed, found, names, restarts, shown, synced, told, watching, within,
    },
    proxy::{Close, Proxy, Reply, text},
};

/// A watch whose version is forgotten, and a world that changes before the relist.
async fn expire(over_http: bool) {
    let proxy = Proxy::default();
    let cluster = &proxy.cluster;
    for name in ["changed", "deleted", "kept"] {
        cluster.create(config_map(name, "1")).unwrap();
    }
    if over_http {
        proxy.script("watch", [Reply::Pass, text(410, "too old")]);
    }
    let watcher = synced(watching(proxy.client())).await;
    cluster.watch_established("configmaps").await;
    let old = watcher.store().snapshot();
    let mut changes = watcher.store().changes();

    let list = cluster.fault(Fault::on("list").nth(1).gate());
    match over_http {
        true => cluster.watches().close(),
        false => cluster.watches().fail(failed(410, "Expired", "too old resource version: 1 (2)")),
    }
    list.reached(1).await;
    cluster.apply(config_map("changed", "2")).unwrap();
    cluster.delete("configmaps", "default", "deleted").unwrap();
    cluster.create(config_map("created", "2")).unwrap();

    assert_eq!(shown(&watcher.store().snapshot()), shown(&old));
    assert_eq!(told(&mut changes), Vec::<String>::new());
    let status = watcher.status();
    assert_eq!((status.synced, status.connected, status.stale_since.is_some()), (true, false, true));
    assert_eq!(status.failure.and_then(|error| error.code()), Some(410));
    list.open();
    current(&watcher, cluster).await;
    assert_eq!(shown(&watcher.store().snapshot()), ["changed=2", "created=2", "kept=1"]);
    assert_eq!(told(&mut changes), ["modified default/changed, created default/created, deleted default/deleted"]);
    assert_eq!(restarts(&watcher), [(Restart::Expired, 1)]);
    assert_eq!(watcher.status().to_string(), "synced");
    let kept = |snapshot: &Snapshot| snapshot.entry("default", "kept").unwrap().object().unwrap().clone();
    assert!(kept(&old).ptr_eq(&kept(&watcher.store().snapshot())), "what did not change keeps its identity");
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_told_as_an_event_is_a_relist_that_shows_in_one_step() {
    expire(false).await;
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_told_as_the_http_answer_is_a_relist_that_shows_in_one_step() {
    expire(true).await;
}

#[tokio::test(start_paused = true)]
async fn events_before_a_forgotten_version_in_one_piece_are_not_lost() {
    let proxy = Proxy::default();
    let mut object = within("default", config_map("a", "1"));
    object["metadata"]["resourceVersion"] = "1000".into();
    let expired =
        json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}});
    let piece = format!("{}\n{expired}\n", json!({"type": "ADDED", "object": object}));
    proxy.script("watch", [Reply::Body(200, vec![piece.into()], Close::Clean)]);
    let relist = proxy.cluster.fault(Fault::on("list").nth(2).gate());
    let watcher = synced(watching(proxy.client())).await;
    relist.reached(1).await;
    assert_eq!(names(&watcher), ["default/a"]);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_as_a_last_line_without_an_end_is_read() {
    let proxy = Proxy::default();
    let expired =
        json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}});
    proxy.script("watch", [text(200, &expired.to_string())]);
    let watcher = synced(watching(proxy.client())).await;
    eventually("relisted", || restarts(&watcher) == [(Restart::Expired, 1)]).await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_relist_shows_only_the_old_state_until_a_whole_one_is_there() {
    let cluster = FakeCluster::new();
    for number in 0..1200 {
        cluster.create(config_map(&format!("old{number:04}"), "old")).unwrap();
    }
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    let mut changes = watcher.store().changes();
    let old = shown(&watcher.store().snapshot());

    let before = cluster.requests().verb("list").count();
    // Page 2 is cut half-way, then page 2 of the second attempt is refused, then page 3 of the third waits.
    cluster.fault(Fault::on("list").nth(2).cut_after(250));
    let second = cluster.fault(Fault::on("list").nth(3).gate().status(500));
    let last = cluster.fault(Fault::on("list").nth(5).gate());
    let watch = cluster.fault(Fault::on("watch").nth(1).gate());
    cluster.watches().close();
    watch.reached(1).await;
    for number in 0..1200 {
        cluster.delete("configmaps", "default", &format!("old{number:04}")).unwrap();
        cluster.create(config_map(&format!("new{number:04}"), "new")).unwrap();
    }
    cluster.compact();
    watch.open();
    second.reached(1).await;
    // Both attempts have read this one; it must not survive them.
    cluster.delete("configmaps", "default", "new0000").unwrap();
    second.open();
    last.reached(1).await;
    // Two attempts have failed, and the third has read two of its three pages.
    assert_eq!(cluster.requests().verb("list").count() - before, 7);
    assert_eq!(shown(&watcher.store().snapshot()), old);
    assert_eq!((found(&watcher, "old"), found(&watcher, "new")), (1200, 0));
    assert_eq!(told(&mut changes), Vec::<String>::new());
    assert_eq!(watcher.status().objects, 1000);
    last.open();
    eventually("relisted", || found(&watcher, "new") > 0).await;
    assert_eq!((found(&watcher, "old"), found(&watcher, "new")), (0, 1199));
    let diff = changes.next().await.unwrap();
    assert_eq!((diff.count(ChangeKind::Created), diff.count(ChangeKind::Deleted)), (1199, 1200));
    assert_eq!(told(&mut changes), Vec::<String>::new());
    assert_eq!(restarts(&watcher), [(Restart::Expired, 1), (Restart::Incomplete, 2)]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_first_list_shows_nothing_until_a_whole_one_is_there() {
    let cluster = FakeCluster::new();
    for number in 0..700 {
        cluster.create(config_map(&format!("n{number:04}"), "1")).unwrap();
    }
    cluster.fault(Fault::on("list").nth(2).cut_after(7));
    let gate = cluster.fault(Fault::on("list").nth(3).gate());
    let watcher = watching(cluster.client()).start().unwrap();
    gate.reached(1).await;
    assert_eq!(names(&watcher), Vec::<String>::new());
    let status = watcher.status();
    assert!(!status.synced);
    assert_eq!(status.stale_since, None);
    gate.open();
    watcher.wait_until_synced(SOON).await.unwrap();
    assert_eq!(names(&watcher).len(), 700);
}

#[tokio::test(start_paused = true)]
async fn a_second_page_that_has_expired_is_one_list_in_one_piece() {
    let cluster = FakeCluster::new();
    for number in 0..1200 {
        cluster.create(config_map(&format!("n{number:04}"), "old")).unwrap();
    }
    let gate = cluster.fault(Fault::on("list").nth(2).gate());
    let watcher = watching(cluster.client()).start().unwrap();
    gate.reached(1).await;
    cluster.apply(config_map("n0000", "new")).unwrap();
    cluster.delete("configmaps", "default", "n0001").unwrap();
    cluster.compact();
    gate.open();
    watcher.wait_until_synced(SOON).await.unwrap();
    assert_eq!((found(&watcher, "old"), found(&watcher, "new"), names(&watcher).len()), (1198, 1, 1199));
    let asked: Vec<_> = cluster.requests().verb("list").iter().map(|list| list.param("limit").is_some()).collect();
    assert_eq!(asked, [true, true, false]);
    let lists = cluster.requests().verb("list");
    assert_eq!(lists.iter().filter_map(|list| list.param("resourceVersion")).count(), 0);
    assert_eq!(watcher.status().objects, 1199);
}

#[tokio::test(start_paused = true)]
async fn an_object_made_anew_during_a_break_is_replaced_with_its_keys() {
    for compact in [false, true] {
        let cluster = FakeCluster::new();
        cluster.create(config_map("a", "old")).unwrap();
        let watcher = synced(watching(cluster.client())).await;
        cluster.watch_established("configmaps").await;
        let mut changes = watcher.store().changes();
        let watch = cluster.fault(Fault::on("watch").nth(1).gate());
        cluster.watches().close();
        watch.reached(1).await;
        cluster.delete("configmaps", "default", "a").unwrap();
        cluster.create(config_map("a", "new")).unwrap();
        if compact {
            cluster.compact();
        }
        watch.open();
        current(&watcher, &cluster).await;
        assert_eq!((found(&watcher, "old"), found(&watcher, "new")), (0, 1));
        assert_eq!(told(&mut changes), ["replaced default/a"]);
    }
}

#[tokio::test(start_paused = true)]
async fn lists_followed_by_watches_that_expire_at_once_are_read_less_and_less_often() {
    let proxy = Proxy::default();
    proxy.script("watch", std::iter::repeat_n(text(410, "gone"), 8));
    let _watcher = synced(watching(proxy.client())).await;
    eventually("listed nine times", || proxy.lists() == 9).await;
    let asked = proxy.asked.lock();
    let times: Vec<_> = asked.iter().filter(|(_, uri)| !uri.contains("watch")).map(|(at, _)| *at).collect();
    assert!(times[8] - times[7] > Duration::from_secs(10), "{times:?}");
}
