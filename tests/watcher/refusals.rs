//! Refusals, and how often they are tried again.

use std::time::Duration;

use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Resource, Watcher};
use tokio::time::Instant;

use crate::{
    fixtures::{SOON, config_map, current, eventually, failed, failure, names, restarts, synced, watching},
    proxy::Proxy,
};

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_told_with_its_way_out_and_recovers_when_it_is_granted() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("a", "1")).unwrap();
    let refusal = cluster.fault(Fault::on("*").resource("configmaps").forbidden("proxy"));
    let allowed = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).start().unwrap();
    let watcher = watching(cluster.client()).start().unwrap();
    allowed.wait_until_synced(SOON).await.unwrap();
    assert_eq!(
        watcher.wait_until_synced(SOON).await.unwrap_err().to_string(),
        "not synced within 60s: configmaps.v1 in default is failing: the server answered 403: configmaps is forbidden: \
         User \"proxy\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\": \
         grant list and watch on it"
    );
    refusal.remove();
    watcher.wait_until_synced(SOON).await.unwrap();
    assert_eq!((names(&watcher), watcher.status().to_string()), (vec!["default/a".to_owned()], "synced".to_owned()));

    // Revoked while a watch is open: the next one fails, the store keeps what it has.
    let refusal = cluster.fault(Fault::on("watch").resource("configmaps").forbidden("proxy"));
    cluster.watch_established("configmaps").await;
    cluster.watches().close();
    eventually("refused", || failure(&watcher.status()).contains("403")).await;
    cluster.create(config_map("b", "1")).unwrap();
    assert_eq!((watcher.status().connected, names(&watcher)), (false, vec!["default/a".to_owned()]));
    refusal.remove();
    current(&watcher, &cluster).await;
    assert_eq!(names(&watcher), ["default/a", "default/b"]);
    assert_eq!(
        cluster.requests().verb("list").resource("configmaps").when(|list| list.answered == Some(200)).count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn failures_are_tried_again_later_each_time_out_of_step_and_soon_after_a_success() {
    let proxy = Proxy::default();
    let refused = |count| proxy.cluster.fault(Fault::on("watch").times(count).status(500));
    refused(9);
    let watcher = synced(watching(proxy.client())).await;
    eventually("open", || proxy.cluster.open_watches("configmaps") == 1).await;
    let times: Vec<_> = proxy.asked.lock().iter().skip(1).map(|(at, _)| *at).collect();
    let waits: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    assert_eq!(waits.len(), 9);
    for (attempt, wait) in waits.iter().enumerate() {
        let least = (0.4 * f64::from(1 << attempt)).min(30.0);
        assert!((least..2.1 * least).contains(wait), "{waits:?}");
    }
    assert!(waits.iter().any(|wait| (wait / 0.4).fract() > 0.01), "no jitter: {waits:?}");
    assert_eq!(proxy.lists(), 1);

    current(&watcher, &proxy.cluster).await;
    refused(1);
    proxy.cluster.create(config_map("a", "1")).unwrap();
    current(&watcher, &proxy.cluster).await;
    proxy.cluster.watches().cut();
    let since = Instant::now();
    eventually("failed", || failure(&watcher.status()).contains("500")).await;
    eventually("open", || watcher.status().connected).await;
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_come_back_later_is_asked_later_and_not_for_a_list() {
    let proxy = Proxy::default();
    let watcher = synced(watching(proxy.client())).await;
    proxy.cluster.watch_established("configmaps").await;
    let busy = Fault::on("watch").times(1).text(429, "Too many requests, please try again later.");
    proxy.cluster.fault(busy.retry_after(Duration::from_secs(17)));
    proxy.cluster.watches().close();
    eventually("refused", || failure(&watcher.status()).contains("Too many requests")).await;
    assert_eq!(failure(&watcher.status()), "the server answered 429: Too many requests, please try again later.");
    eventually("open", || watcher.status().connected).await;
    let asked = proxy.asked.lock();
    let times: Vec<_> = asked.iter().map(|(at, _)| *at).collect();
    assert_eq!(times.len(), 4);
    let wait = times[3] - times[2];
    assert!((17.0..17.1).contains(&wait.as_secs_f64()), "{wait:?}");
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_server_in_a_watch_are_no_reason_for_a_list() {
    for (code, reason) in [(500, "InternalError"), (504, "Timeout"), (503, "ServiceUnavailable")] {
        let cluster = FakeCluster::new();
        let watcher = synced(watching(cluster.client())).await;
        cluster.watch_established("configmaps").await;
        cluster.watches().fail(failed(code, reason, "etcdserver: context deadline exceeded"));
        eventually("failed", || !watcher.status().connected).await;
        assert_eq!(
            failure(&watcher.status()),
            format!("the server answered {code}: etcdserver: context deadline exceeded")
        );
        cluster.create(config_map("a", "1")).unwrap();
        current(&watcher, &cluster).await;
        assert_eq!((names(&watcher), restarts(&watcher)), (vec!["default/a".to_owned()], vec![]));
        assert_eq!(cluster.requests().verb("list").count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_fails_without_a_word_again_and_again_stays_stale_since_the_first() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    let broken = Instant::now();
    for _ in 0..4 {
        cluster.watches().fail(failed(500, "InternalError", "broken"));
        eventually("failed", || failure(&watcher.status()).contains("broken")).await;
        let stale = watcher.status().stale_since.unwrap();
        assert!(stale - broken < Duration::from_millis(100), "{:?}", stale - broken);
        cluster.watch_established("configmaps").await;
        eventually("open", || watcher.status().connected).await;
    }
}
