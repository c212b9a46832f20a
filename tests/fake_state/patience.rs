//! What tests are told that wait for what never comes.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, api::WatchParams};
use kube_indexed_store::testing::{FakeCluster, Fault};
use tokio::time::Instant;

use crate::{
    fixtures::{SECRETS, call},
    support,
};

/// What the panic of a future says, and after how many seconds.
async fn panic(waiting: impl Future<Output = impl Sized>) -> (String, u64) {
    let start = Instant::now();
    let Err(panic) = AssertUnwindSafe(waiting).catch_unwind().await else { panic!("something came") };
    (panic.downcast_ref::<String>().cloned().unwrap_or_default(), start.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_is_told_where_for_what_and_what_happened_instead() {
    let cluster = FakeCluster::new();
    let api: Api<Secret> = Api::default_namespaced(cluster.client());
    let watch = api.watch(&WatchParams::default(), "0").await.unwrap();
    cluster.forget_requests();
    for number in 0..30 {
        call(&cluster, http::Request::get(format!("{SECRETS}/{number}")), "").await;
    }
    let line = line!() + 1;
    let (told, seconds) = panic(cluster.until(|cluster| cluster.get("Secret", "default", "a").is_ok())).await;
    let last: String = (10..30)
        .map(|number| format!("     0.000s  GET {SECRETS}/{number} 404: secrets \"{number}\" not found\n"))
        .collect();
    let expected = format!(
        "{}:{line}:41: waited 60s in vain for a condition (see Builder::patience)\n\
         the last 20 of 30 requests:\n{last}1 open watches:\n  {}",
        file!(),
        cluster.watches()[0],
    );
    assert_eq!((told, seconds), (expected, 60));
    drop(watch);
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_is_told_when_requests_came_and_why_they_were_refused() {
    let cluster = FakeCluster::new();
    tokio::time::sleep(Duration::from_millis(12_345)).await;
    let post = http::Request::post(SECRETS).header("content-type", "application/json");
    call(&cluster, post, r#"{"metadata": {"name": "a", "namespace": "b"}}"#).await;
    let (told, _) = panic(cluster.until(|_| false)).await;
    let why = "the namespace of the provided object does not match the namespace sent on the request";
    assert_eq!(told.lines().nth(2), Some(format!("    12.345s  POST {SECRETS} 400: {why}").as_str()));
}

#[tokio::test(start_paused = true)]
async fn all_that_wait_do_so_as_long_as_the_cluster_has_patience() {
    let cluster = FakeCluster::builder().patience(Duration::from_secs(7)).build();
    let gate = cluster.fault(Fault::on("get").gate());
    let expected = |what: &str| {
        let rest = "(see Builder::patience)\nthe last 0 of 0 requests:\n0 open watches:";
        (format!("waited 7s in vain for {what} {rest}"), 7)
    };
    let told = |(text, seconds): (String, u64)| (text.split_once(": ").unwrap().1.to_owned(), seconds);
    assert_eq!(told(panic(cluster.until(|_| false)).await), expected("a condition"));
    assert_eq!(told(panic(cluster.until_some(|_| None::<()>)).await), expected("something to find"));
    assert_eq!(told(panic(cluster.requested(|requests| requests)).await), expected("a request"));
    assert_eq!(told(panic(cluster.watch_established("Secret")).await), expected("a watch of secrets"));
    assert_eq!(told(panic(gate.reached(2)).await), expected("2 requests at the gate of a fault"));
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_time_is_waited_for() {
    let cluster = FakeCluster::new();
    let later = cluster.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(59)).await;
        later.namespace("late");
    });
    cluster.until(|cluster| cluster.get("Namespace", "", "late").is_ok()).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_found_in_time_is_returned() {
    let cluster = FakeCluster::new();
    let later = cluster.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(59)).await;
        later.namespace("late");
    });
    let found = cluster.until_some(|cluster| cluster.get("Namespace", "", "late").ok()).await;
    assert_eq!(found["metadata"]["creationTimestamp"], "2026-01-01T00:00:59Z");
}

#[test]
fn patience_without_a_bound_needs_no_timer_and_thus_no_runtime() {
    let cluster = FakeCluster::builder().patience(Duration::MAX).build();
    assert_eq!(cluster.until(|_| false).now_or_never(), None);
}

#[test]
fn what_is_there_is_waited_for_without_a_runtime() {
    let cluster = FakeCluster::new();
    assert_eq!(cluster.until(|_| true).now_or_never(), Some(()));
}

#[test]
fn a_log_that_keeps_nothing_is_not_waited_for() {
    let cluster = FakeCluster::builder().requests(0).build();
    let told = support::panic(|| drop(cluster.requested(|requests| requests)));
    assert_eq!(told, "the log keeps no requests, so none can be waited for; see Builder::requests");
}
