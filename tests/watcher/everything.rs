//! Everything at once.

use std::time::Duration;

use futures::FutureExt;
use kube_indexed_store::Store;
use kube_indexed_store::store::Changes;
use kube_indexed_store::testing::{FakeCluster, Fault};
use tokio::time::sleep;

use crate::{
    fixtures::{config_map, current, failed, found, shown, watching},
    support::random::Random,
};

#[tokio::test(start_paused = true)]
async fn whatever_happens_the_store_ends_as_the_cluster_and_the_differences_tell_the_way() {
    let mut random = Random::new();
    for round in 0..40 {
        let cluster = FakeCluster::builder().seed(round).build();
        let names: Vec<String> = (0..12).map(|_| random.word()).collect();
        for name in &names[..6] {
            cluster.create(config_map(name, "0")).unwrap();
        }
        let watcher = watching(cluster.client()).start().unwrap();
        let mut changes = watcher.store().changes();
        let mut replayed = std::collections::BTreeMap::new();
        let mut replay = |changes: &mut Changes| {
            while let Some(diff) = changes.next().now_or_never().flatten() {
                for change in &diff {
                    let uid = |entry: &kube_indexed_store::snapshot::Entry| entry.uid().unwrap().into_owned();
                    assert_eq!(
                        replayed.get(&change.name().to_owned()),
                        change.old().map(uid).as_ref(),
                        "a difference begins where the last one ended"
                    );
                    match change.new() {
                        Some(entry) => replayed.insert(change.name().to_owned(), uid(entry)),
                        None => replayed.remove(&change.name().to_owned()),
                    };
                }
            }
            replayed.len()
        };
        for step in 0..150 {
            let name = &names[(random.next() % 12) as usize];
            match random.next() % 24 {
                0..=8 => drop(cluster.apply(config_map(name, &(random.next() % 3).to_string())).unwrap()),
                9..=12 => drop(cluster.delete("configmaps", "default", name)),
                13 => cluster.watches().cut(),
                14 => cluster.watches().close(),
                15 => cluster.watches().fail(failed(500, "InternalError", "broken")),
                16 => cluster.watches().fail(failed(410, "Expired", "too old")),
                17 => cluster.compact(),
                18 => cluster.watches().bookmark(),
                19 => drop(cluster.fault(Fault::on("*").times(1).status(503))),
                20 => drop(cluster.fault(Fault::on("*").times(1).cut_after((random.next() % 4) as usize))),
                21 => drop(cluster.fault(Fault::on("*").times(1).cut_after_bytes((random.next() % 900) as usize))),
                22 => drop(cluster.fault(Fault::on("*").times(1).hang())),
                _ => sleep(Duration::from_millis(random.next() % 3_000)).await,
            }
            if step % 3 == 0 {
                tokio::task::yield_now().await;
                replay(&mut changes);
            }
        }
        // What is left of the faults has to be used up.
        sleep(Duration::from_secs(7_200)).await;
        current(&watcher, &cluster).await;
        let mut expected: Vec<String> = cluster
            .objects("configmaps")
            .iter()
            .filter(|object| object["metadata"]["namespace"] == "default")
            .map(|object| {
                format!(
                    "{}={}",
                    object["metadata"]["name"].as_str().unwrap(),
                    object["data"]["value"].as_str().unwrap()
                )
            })
            .collect();
        expected.sort();
        assert_eq!(shown(&watcher.store().snapshot()), expected);
        assert_eq!(replay(&mut changes), expected.len());
        for value in ["0", "1", "2"] {
            assert_eq!(
                found(&watcher, value),
                expected.iter().filter(|shown| shown.ends_with(&format!("={value}"))).count()
            );
        }
        assert_eq!(watcher.status().to_string(), "synced");
    }
}
