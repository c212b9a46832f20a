//! Requests that fail, are late, or are never answered.

use std::{pin::pin, time::Duration};

use futures::StreamExt;
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error,
    api::{DeleteParams, ListParams, PostParams, WatchParams},
};
use kube_indexed_store::testing::Fault;
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::Service;

use crate::{
    fixtures::{api, cluster, config_map, hangs, list, refusal, start},
    support::soon,
};

#[tokio::test(start_paused = true)]
async fn a_status_may_ask_to_come_back_later_and_kubes_client_does() {
    let cluster = cluster(&["a"]);
    let wait = Duration::from_secs(7);
    cluster.fault(Fault::on("list").times(3).status(429).retry_after(wait).message("not now"));
    match list(&cluster).await {
        Err(Error::Api(status)) => {
            assert_eq!((status.code, status.reason.as_str()), (429, "TooManyRequests"));
            assert_eq!((status.message.as_str(), status.details.unwrap().retry_after_seconds), ("not now", 7));
        }
        other => panic!("{other:?}"),
    }
    let started = Instant::now();
    let patient: Api<ConfigMap> = Api::namespaced(cluster.client_with_retries(), "default");
    assert_eq!(patient.list(&ListParams::default()).await.unwrap().items.len(), 1);
    assert!(started.elapsed() >= 2 * wait, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn any_code_can_be_answered() {
    let cluster = cluster(&[]);
    for code in [400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503, 504] {
        cluster.fault(Fault::on("list").times(1).status(code));
        assert_eq!(refusal(list(&cluster).await), code);
    }
    cluster.fault(Fault::on("list").forbidden("somebody"));
    assert_eq!(refusal(list(&cluster).await), 403);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_answers_a_page_in_html() {
    let cluster = cluster(&[]);
    for code in [502, 503] {
        cluster.fault(Fault::on("*").times(2).html(code).retry_after(Duration::from_secs(3)));
        let request = http::Request::get("/api/v1/secrets").body(String::new()).unwrap();
        let response = cluster.clone().call(request).await.unwrap();
        let head = ["content-type", "retry-after"].map(|name| response.headers()[name].to_str().unwrap().to_owned());
        assert_eq!(head, ["text/html", "3"]);
        let page = response.into_body().collect().await.unwrap().to_bytes();
        assert!(page.starts_with(format!("<html><head><title>{code} ").as_bytes()));
        assert_eq!(refusal(list(&cluster).await), code);
    }
    let watcher = start(&cluster);
    soon(watcher.wait_until_synced(Duration::from_secs(60))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_test_answers_json_of_its_own() {
    let cluster = cluster(&["real"]);
    let answer = json!({"items": [{"metadata": {"name": "told"}}], "metadata": {}});
    cluster.fault(Fault::on("list").times(2).json(200, &answer).retry_after(Duration::from_secs(3)));
    let request = http::Request::get("/api/v1/configmaps").body(String::new()).unwrap();
    let response = cluster.clone().call(request).await.unwrap();
    let head = ["content-type", "retry-after"].map(|name| response.headers()[name].to_str().unwrap().to_owned());
    assert_eq!((response.status().as_u16(), head), (200, ["application/json", "3"].map(str::to_owned)));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), answer);
    assert_eq!(list(&cluster).await.unwrap(), ["told"]);
    assert_eq!(list(&cluster).await.unwrap(), ["real"]);
}

#[tokio::test(start_paused = true)]
async fn answers_are_late_by_what_was_said_or_by_chance_within_bounds() {
    let cluster = cluster(&[]);
    let lateness = async |fault: Fault| {
        let fault = cluster.fault(fault);
        let mut late = Vec::new();
        for _ in 0..20 {
            let started = Instant::now();
            list(&cluster).await.unwrap();
            late.push(started.elapsed());
        }
        fault.remove();
        late
    };
    let (least, most) = (Duration::from_secs(1), Duration::from_secs(5));
    assert!(lateness(Fault::on("list").delay(least)).await.iter().all(|late| *late == least));
    let jitter = |seed: u64| Fault::on("list").delay_between(least, most).seed(seed);
    let late = lateness(jitter(1)).await;
    assert!(late.iter().all(|late| (least..=most).contains(late)), "{late:?}");
    assert!(late.iter().min() != late.iter().max(), "{late:?}");
    assert_eq!((lateness(jitter(1)).await == late, lateness(jitter(2)).await == late), (true, false));
    // Bounds the wrong way round are one bound.
    assert!(lateness(Fault::on("list").delay_between(most, least)).await.iter().all(|late| *late == most));
}

#[tokio::test(start_paused = true)]
async fn an_answer_hangs_before_its_head_or_after_it() {
    let cluster = cluster(&["a"]);
    let before = cluster.fault(Fault::on("*").hang());
    let api = api(&cluster);
    assert!(hangs(list(&cluster)).await && hangs(api.watch(&WatchParams::default(), "0")).await);
    before.remove();
    let after = cluster.fault(Fault::on("*").hang_after_headers());
    assert!(hangs(list(&cluster)).await);
    let mut events = pin!(api.watch(&WatchParams::default().timeout(30), "0").await.unwrap());
    assert!(hangs(events.next()).await);
    after.remove();
    assert_eq!(list(&cluster).await.unwrap(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_leaves_it_open_whether_it_happened() {
    for (fault, happened, lost) in [
        (Fault::on("create").refuse_connection(), false, "refused"),
        (Fault::on("create").cut_before_commit(), false, "cut"),
        (Fault::on("create").cut_after_commit(), true, "cut"),
    ] {
        let cluster = cluster(&[]);
        let fault = cluster.fault(fault);
        let error = api(&cluster).create(&PostParams::default(), &config_map("a")).await.unwrap_err();
        let Error::Service(error) = error else { panic!("{error}") };
        assert!(error.to_string().contains(lost), "{error}");
        fault.remove();
        let again = api(&cluster).create(&PostParams::default(), &config_map("a")).await;
        let names = list(&cluster).await.unwrap();
        assert_eq!((again.is_err(), names), (happened, vec!["a".to_owned()]), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_can_be_held_until_a_test_has_looked() {
    let cluster = cluster(&["a"]);
    let fault = cluster.fault(Fault::on("delete").cut_after_commit().gate_answer());
    let api = api(&cluster);
    let deletion = tokio::spawn(async move { api.delete("a", &DeleteParams::default()).await.is_err() });
    fault.reached(1).await;
    assert!(cluster.objects("ConfigMap").is_empty() && !deletion.is_finished());
    fault.open();
    assert!(deletion.await.unwrap());
}
