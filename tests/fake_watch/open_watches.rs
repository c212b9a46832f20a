//! What tests see of open watches, wait for, and do to them.

use std::time::Duration;

use http::{Request, header};
use http_body_util::BodyExt;
use kube_indexed_store::testing::{FakeCluster, Watches};
use kube_indexed_store::watcher::{Resource, Watcher};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tower::Service;

use crate::fixtures::STREAM;
use crate::support::http::{CONFIG_MAPS, call, open};
use crate::support::watch::Watch;
use crate::support::{config_map, failure, soon, version};

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

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_cut_tells_what_came_before_and_nothing_that_came_after() {
    let cluster = FakeCluster::new();
    let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
    let a = cluster.create(config_map("a", "1")).unwrap();
    cluster.watches().cut();
    cluster.create(config_map("b", "1")).unwrap();
    assert_eq!(watch.short().await, ("ADDED".into(), "a".into(), version(&a)));
    assert_eq!(watch.body.frame().await.unwrap().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    assert!(watch.body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn open_watches_can_be_cut_closed_and_failed() {
    let cluster = FakeCluster::new();
    let path = format!("{CONFIG_MAPS}?watch=true");
    let mut cut = Watch::open(&cluster, &path).await;
    cluster.watches().cut();
    assert_eq!(cut.body.frame().await.unwrap().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    assert!(cut.body.frame().await.is_none());
    drop(cut);

    let mut closed = Watch::open(&cluster, &path).await;
    cluster.watches().close();
    assert_eq!(closed.next().await, None);

    let mut failed = Watch::open(&cluster, &path).await;
    let error = failure(504, "Timeout", "context deadline exceeded", Value::Null);
    cluster.watches().fail(serde_json::from_value::<kube::core::Status>(error.clone()).unwrap());
    assert_eq!(failed.next().await, Some(json!({"type": "ERROR", "object": error})));
    assert_eq!(failed.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_test_can_wait_for_a_watch_and_see_it_go() {
    let cluster = FakeCluster::new();
    let opener = cluster.clone();
    let task = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let watch = Watch::open(&opener, "/api/v1/secrets?watch=true").await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(watch);
    });
    cluster.watch_established("secrets").await;
    assert_eq!((cluster.open_watches("secrets"), cluster.open_watches("configmaps")), (1, 0));
    cluster.until(|cluster| cluster.open_watches("secrets") == 0).await;
    task.await.unwrap();
}
