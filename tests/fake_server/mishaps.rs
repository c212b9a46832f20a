//! What connections do when a fault says so.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::ListParams;
use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::{Value, json};

use crate::fixtures::{CONFIG_MAPS, config_maps, in_process, names, raw, serve};
use crate::support::random::Random;
use crate::support::{self, soon};

#[tokio::test]
async fn a_refused_connection_closes_without_an_answer() {
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let api = config_maps(&server).await;
    api.list(&ListParams::default()).await.unwrap();
    let fault = cluster.fault(Fault::on("list").times(2).refuse_connection());
    assert_eq!(raw(server.address(), CONFIG_MAPS).await, (String::new(), Vec::new(), false));
    let error = soon(api.list(&ListParams::default())).await.unwrap_err();
    assert!(matches!(error, kube::Error::HyperError(_) | kube::Error::Service(_)), "{error:?}");
    assert_eq!(fault.hits(), 2);
    // The next connection is answered.
    api.list(&ListParams::default()).await.unwrap();
}

#[tokio::test]
async fn a_cut_body_ends_where_it_was_cut_and_without_its_last_chunk() {
    let mut random = Random::new();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    // More than the buffers on the way hold.
    for name in names(&mut random, 12) {
        let mut object = support::config_map(&name, "1");
        object["data"]["a"] = "x".repeat(random.below(900_000)).into();
        cluster.create(object).unwrap();
    }
    let whole = in_process(&cluster, CONFIG_MAPS).await;
    for bytes in [0, 1, whole.len() - 1].into_iter().chain((0..10).map(|_| random.below(whole.len()))) {
        cluster.fault(Fault::on("list").times(1).cut_after_bytes(bytes));
        let (head, body, ended) = raw(server.address(), CONFIG_MAPS).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head:?}");
        assert!(body == whole[..bytes], "{} of {bytes} bytes", body.len());
        assert!(!ended, "{bytes} of {} bytes", whole.len());
    }
    let api = config_maps(&server).await;
    cluster.fault(Fault::on("list").times(1).cut_after_bytes(whole.len() / 2));
    soon(api.list(&ListParams::default())).await.unwrap_err();
    assert_eq!(soon(api.list(&ListParams::default())).await.unwrap().items.len(), 12);
}

#[tokio::test]
async fn a_cut_watch_tells_whole_events_first() {
    let mut random = Random::new();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let all = names(&mut random, 9);
    let start = cluster.revision();
    for name in &all {
        cluster.create(support::config_map(name, "1")).unwrap();
    }
    let events = random.below(9);
    let watch = format!("{CONFIG_MAPS}?watch=true&resourceVersion={start}");
    cluster.fault(Fault::on("watch").times(1).cut_after(events));
    let (_, body, ended) = raw(server.address(), &watch).await;
    let told = body.split_inclusive(|byte| *byte == b'\n').map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let told: Vec<Value> = told.map(|event| event["object"]["metadata"]["name"].clone()).collect();
    assert_eq!((told, ended), (all[..events].iter().map(|name| json!(name)).collect(), false));

    // A watch that ends as agreed has its last chunk.
    let (_, body, ended) = raw(server.address(), &format!("{watch}&timeoutSeconds=1")).await;
    assert_eq!((body.split_inclusive(|byte| *byte == b'\n').count(), ended), (9, true));
}

#[tokio::test(start_paused = true)]
async fn a_client_with_retries_asks_again_when_told_to_come_later() {
    let mut random = Random::new();
    let cluster = FakeCluster::new();
    let api: Api<ConfigMap> = Api::default_namespaced(cluster.client_with_retries());
    for code in [429, 503, 504] {
        let failures = 1 + random.below(15);
        let fault = cluster.fault(Fault::on("list").times(failures).status(code));
        let before = cluster.requests().count();
        api.list(&ListParams::default()).await.unwrap();
        assert_eq!((fault.hits(), cluster.requests().count() - before), (failures, failures + 1));
    }

    let wait = Duration::from_secs(1 + random.below(100) as u64);
    cluster.fault(Fault::on("list").times(1).status(429).retry_after(wait));
    let before = tokio::time::Instant::now();
    api.list(&ListParams::default()).await.unwrap();
    assert!(before.elapsed() >= wait);

    // In the end it says what it was told; other errors at once.
    let fault = cluster.fault(Fault::on("list").status(503));
    let kube::Error::Api(status) = api.list(&ListParams::default()).await.unwrap_err() else { panic!("a Status") };
    assert_eq!((status.code, fault.hits()), (503, 16));
    fault.remove();
    let fault = cluster.fault(Fault::on("list").status(500));
    api.list(&ListParams::default()).await.unwrap_err();
    assert_eq!(fault.hits(), 1);
    fault.remove();
    let fault = cluster.fault(Fault::on("list").status(503));
    Api::<ConfigMap>::default_namespaced(cluster.client()).list(&ListParams::default()).await.unwrap_err();
    assert_eq!(fault.hits(), 1);
}
