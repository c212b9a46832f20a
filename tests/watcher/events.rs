//! Events of a watch.

use bytes::Bytes;
use futures::FutureExt;
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::{ResourceVersion, Store};
use serde_json::json;

use crate::{
    fixtures::{SOON, config_map, current, found, restarts, shown, synced, told, watching, within},
    proxy::{Close, Proxy, Reply},
    support::random::Random,
};

#[tokio::test(start_paused = true)]
async fn what_is_created_changed_and_deleted_shows() {
    let cluster = FakeCluster::new();
    for name in ["changed", "deleted", "kept"] {
        cluster.create(config_map(name, "1")).unwrap();
    }
    let watcher = synced(watching(cluster.client())).await;
    let mut changes = watcher.store().changes();
    cluster.watch_established("configmaps").await;

    cluster.create(config_map("created", "1")).unwrap();
    cluster.apply(config_map("changed", "2")).unwrap();
    cluster.delete("configmaps", "default", "deleted").unwrap();
    current(&watcher, &cluster).await;

    assert_eq!(shown(&watcher.store().snapshot()), ["changed=2", "created=1", "kept=1"]);
    assert_eq!((found(&watcher, "1"), found(&watcher, "2")), (2, 1));
    assert_eq!(told(&mut changes), ["modified default/changed, created default/created, deleted default/deleted"]);
    assert_eq!(restarts(&watcher), []);
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_moves_the_version_but_not_the_revision() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    let before = watcher.status();
    cluster.create(within("kube-system", config_map("elsewhere", "1"))).unwrap();
    cluster.watches().bookmark();
    watcher.wait_for(&cluster.revision().into(), SOON).await.unwrap();
    let after = watcher.status();
    assert_eq!(after.version, Some(cluster.revision().into()));
    assert_eq!(after.revision, before.revision);
}

#[tokio::test(start_paused = true)]
async fn ones_own_write_can_be_waited_for() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    let gate = cluster.fault(Fault::on("watch").nth(1).gate());
    cluster.watches().close();
    gate.reached(1).await;
    let written = cluster.create(config_map("mine", "1")).unwrap();
    let version = ResourceVersion::new(written["metadata"]["resourceVersion"].as_str().unwrap());
    let mut waiting = std::pin::pin!(watcher.wait_for(&version, SOON));
    assert!(waiting.as_mut().now_or_never().is_none());
    gate.open();
    waiting.await.unwrap();
    assert_eq!(shown(&watcher.store().snapshot()), ["mine=1"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_one_and_a_half_mebibyte_in_many_pieces_is_one_event() {
    let proxy = Proxy::default();
    let value = "ä€𝄞x".repeat(3 * 512 * 1024 / 10);
    let mut object = within("default", config_map("large", &value));
    object["metadata"]["resourceVersion"] = "1000".into();
    let line = format!("{}\n", json!({"type": "ADDED", "object": object}));
    assert!(line.len() > 3 * 512 * 1024);
    let pieces = line.as_bytes().chunks(1021).map(Bytes::copy_from_slice).collect();
    proxy.script("watch", [Reply::Body(200, pieces, Close::Silent)]);
    let watcher = synced(watching(proxy.client())).await;
    watcher.wait_for(&1000.into(), SOON).await.unwrap();
    assert_eq!(shown(&watcher.store().snapshot()), [format!("large={value}")]);
}

#[tokio::test(start_paused = true)]
async fn events_are_read_however_the_bytes_are_cut() {
    let mut random = Random::new();
    for _ in 0..50 {
        let event = |kind: &str, name: &str, version: u64| {
            let mut object = within("default", config_map(name, &version.to_string()));
            object["metadata"]["resourceVersion"] = version.to_string().into();
            json!({"object": object, "type": kind})
        };
        let events = [
            event("ADDED", "a", 1001),
            event("ADDED", "b", 1002),
            event("MODIFIED", "a", 1003),
            event("DELETED", "b", 1004),
        ];
        let mut text: String = events.iter().map(|event| format!("{event}\n")).collect();
        text.push('\n');
        text.push_str(&format!("{}\r\n", event("ADDED", "c", 1005)));
        let mut pieces = Vec::new();
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(1 + (random.next() % 300) as usize));
            pieces.push(Bytes::copy_from_slice(piece));
            rest = after;
        }
        let proxy = Proxy::default();
        proxy.script("watch", [Reply::Body(200, pieces, Close::Silent)]);
        let watcher = synced(watching(proxy.client())).await;
        watcher.wait_for(&1005.into(), SOON).await.unwrap();
        assert_eq!(shown(&watcher.store().snapshot()), ["a=1003", "c=1005"]);
        assert_eq!(watcher.status().skipped, 0);
    }
}
