//! Bodies that are cut, or cannot be decoded.

use std::time::Duration;

use http_body_util::BodyExt;
use kube::Error;
use kube_indexed_store::testing::Fault;
use tokio::time::sleep;
use tower::Service;

use crate::{
    fixtures::{cluster, list, minute, start, stored, watch, write},
    support::soon,
};

#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_is_an_error_wherever_it_was_and_however_it_looks() {
    let cluster = cluster(&["a", "b"]);
    let cuts: [fn(usize) -> Fault; 3] = [
        |place| Fault::on("list").cut_after_bytes(50 * place),
        |place| Fault::on("list").cut_after(place),
        |place| Fault::on("list").cut_inside(place),
    ];
    for cut in cuts {
        for place in 0..3 {
            for fault in [cut(place), cut(place).cleanly()] {
                let fault = cluster.fault(fault);
                assert!(list(&cluster).await.is_err(), "{fault:?}");
                fault.remove();
            }
        }
    }
    cluster.fault(Fault::on("list").cut_after(3).cut_inside(3));
    assert_eq!(list(&cluster).await.unwrap(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_is_cut_behind_an_event_or_inside_one_and_fails_or_ends_there() {
    for (fault, lines, rest) in [
        (Fault::on("watch").cut_after(2), 2, false),
        (Fault::on("watch").cut_after(0), 0, false),
        (Fault::on("watch").cut_inside(1), 1, true),
        (Fault::on("watch").cut_after_bytes(10), 0, true),
        (Fault::on("watch").cut_after_bytes(0), 0, false),
    ] {
        for (fault, fails) in [(fault.clone(), true), (fault.cleanly(), false)] {
            let cluster = cluster(&["a", "b"]);
            let fault = cluster.fault(fault);
            let request = http::Request::get("/api/v1/configmaps?watch=true").body(String::new()).unwrap();
            let mut body = cluster.clone().call(request).await.unwrap().into_body();
            let mut received = Vec::new();
            let failed = loop {
                match soon(body.frame()).await {
                    Some(Ok(frame)) => received.extend_from_slice(frame.data_ref().unwrap()),
                    Some(Err(error)) => break error.kind() == std::io::ErrorKind::UnexpectedEof,
                    None => break false,
                }
            };
            let whole = received.iter().filter(|byte| **byte == b'\n').count();
            let incomplete = received.last().is_some_and(|byte| *byte != b'\n');
            assert_eq!((whole, incomplete, failed), (lines, rest, fails), "{fault:?}");
            drop(body);
            let told = minute(watch(&cluster).await).await;
            assert_eq!(told, ["added a", "added b"][..lines], "{fault:?}");
            assert_eq!(cluster.open_watches("configmaps"), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_in_frames_of_one_byte_decode() {
    let cluster = cluster(&["a", "b"]);
    cluster.fault(Fault::on("*").frames_of(1));
    assert_eq!(list(&cluster).await.unwrap(), ["a", "b"]);
    let request = http::Request::get("/api/v1/configmaps").body(String::new()).unwrap();
    let mut body = cluster.clone().call(request).await.unwrap().into_body();
    while let Some(frame) = body.frame().await {
        assert_eq!(frame.unwrap().data_ref().unwrap().len(), 1);
    }
    let watcher = start(&cluster);
    soon(watcher.wait_until_synced(Duration::from_secs(60))).await.unwrap();
    soon(cluster.watch_established("configmaps")).await;
    write(&cluster, "c");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(stored(&watcher).await, ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_does_not_decode_is_an_error_or_left_out() {
    let cluster = cluster(&["bad", "good"]);
    cluster.fault(Fault::on("*").undecodable("bad"));
    assert!(matches!(list(&cluster).await, Err(Error::SerdeError(_))));
    assert_eq!(minute(watch(&cluster).await).await, ["undecodable", "added good"]);
    let watcher = start(&cluster);
    soon(watcher.wait_until_synced(Duration::from_secs(60))).await.unwrap();
    assert_eq!((stored(&watcher).await, watcher.status().skipped), (vec!["good".to_owned()], 1));
}
