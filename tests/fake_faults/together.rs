//! Several faults at once.

use std::time::Duration;

use futures::StreamExt;
use kube::{
    Error,
    api::{Patch, PatchParams, WatchParams},
};
use kube_indexed_store::testing::Fault;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::{
    fixtures::{api, cluster, list, minute, streamed, watch},
    support::{random::Random, soon},
};

#[tokio::test(start_paused = true)]
async fn what_happens_to_events_and_what_happens_to_bytes_adds_up() {
    let cluster = cluster(&["a", "b", "c"]);
    let delay = Duration::from_secs(2);
    let fault = Fault::on("watch").delay(delay).duplicate_events().reorder_events().event_type("ADDED", "MODIFIED");
    cluster.fault(fault.cut_after(5).cleanly().frames_of(3));
    let started = Instant::now();
    let told = minute(watch(&cluster).await).await;
    assert_eq!(told, ["modified b", "modified b", "modified a", "modified a"]);
    assert!(started.elapsed() >= delay);
}

/// Whatever is combined, requests are answered, fail or wait, and the cluster goes on.
#[tokio::test(start_paused = true)]
async fn no_combination_breaks_the_cluster() {
    let mut random = Random::new();
    let mut next = |below: u64| random.next() % below;
    let cluster = cluster(&["a", "b", "c"]);
    for round in 0..300 {
        let mut fault = Fault::on("*");
        for _ in 0..next(5) + 1 {
            let (number, wait) = (next(200) as usize, Duration::from_millis(next(3000)));
            fault = match next(26) {
                0 => fault.delay(wait),
                1 => fault.delay_between(wait, Duration::from_secs(1)),
                2 => fault.gate(),
                3 => fault.gate_answer(),
                4 => fault.status(400 + number as u16),
                5 => fault.status(429).retry_after(wait),
                6 => fault.text(400 + number as u16, "text"),
                7 => fault.html(number as u16 + 400),
                8 => fault.forbidden("somebody"),
                9 => fault.without_watch_list(),
                10 => fault.hang(),
                11 => fault.refuse_connection(),
                12 => fault.cut_before_commit(),
                13 => fault.cut_after_commit(),
                14 => fault.hang_after_headers(),
                15 => fault.cut_after_bytes(number),
                16 => fault.cut_after(number % 4),
                17 => fault.cut_inside(number % 4),
                18 => fault.cleanly(),
                19 => fault.frames_of(number % 9),
                20 => fault.undecodable("b"),
                21 => fault.event_type("ADDED", "\u{0}"),
                22 => fault.duplicate_events(),
                23 => fault.reorder_events(),
                24 => fault.without_end_bookmark().silent(),
                _ => fault.fail_after(number % 4, 401),
            };
        }
        let handle = cluster.fault(fault.probability(0.9).seed(next(100)));
        let patience = Duration::from_secs(5);
        let api = api(&cluster);
        let _ = timeout(patience, list(&cluster)).await;
        let _ = timeout(patience, streamed(&cluster)).await;
        let _ = timeout(patience, async {
            let events = api.watch(&WatchParams::default(), "0").await?;
            events.for_each(async |_| ()).await;
            Ok::<(), Error>(())
        })
        .await;
        let patch = Patch::Merge(json!({"data": {"round": round.to_string()}}));
        let _ = timeout(patience, api.patch("a", &PatchParams::default(), &patch)).await;
        handle.remove();
        assert_eq!(soon(list(&cluster)).await.unwrap(), ["a", "b", "c"], "round {round}");
        assert_eq!(*cluster.watches(), [], "round {round}");
    }
}
