//! Many at once: writers, watchers, and those who break what they can, in process and over a socket, on several threads.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams},
    config::Kubeconfig,
};
use kube_indexed_store::testing::{FakeCluster, Fault, Server};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet, time::timeout};

mod support;

use support::random::Random;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

async fn remote(server: &Server) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
    Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await.unwrap().try_into().unwrap()
}

fn map(name: &str, text: u64) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"text": text.to_string()}})).unwrap()
}

/// Writes what chance says, and gives up on some of it midway.
async fn write(client: Client, mut random: Random) {
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    for _ in 0..150 {
        let (name, text) = (random.pick(&NAMES).to_owned(), random.next());
        let api = api.clone();
        let way = random.below(4);
        let work = async move {
            match way {
                0 => drop(api.create(&PostParams::default(), &map(&name, text)).await),
                1 => drop(api.delete(&name, &DeleteParams::default()).await),
                2 => {
                    let patch = Patch::Merge(json!({"data": {"text": text.to_string()}}));
                    drop(api.patch(&name, &PatchParams::default(), &patch).await);
                }
                _ => {
                    let mut map = map(&name, text);
                    map.metadata.managed_fields = None;
                    let patch = Patch::Apply(
                        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": map.data}),
                    );
                    drop(api.patch(&name, &PatchParams::apply("crowd").force(), &patch).await);
                }
            }
        };
        if random.percent(10) {
            let _ = timeout(Duration::from_micros(random.below(900) as u64), work).await;
        } else {
            let _ = timeout(Duration::from_secs(2), work).await;
        }
    }
}

type State = BTreeMap<String, String>;

fn version(map: &ConfigMap) -> u64 {
    map.resource_version().unwrap().parse().unwrap()
}

/// Follows the ConfigMaps until they are as they stay; answers them with their versions.
async fn follow(client: Client, over: Arc<AtomicBool>, mut random: Random) -> State {
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    loop {
        let done = over.load(SeqCst);
        let Ok(Ok(list)) = timeout(Duration::from_secs(2), api.list(&ListParams::default())).await else { continue };
        let mut newest: u64 = list.metadata.resource_version.unwrap().parse().unwrap();
        let mut state: State = list.items.iter().map(|map| (map.name_any(), version(map).to_string())).collect();
        if done && random.percent(50) {
            return state;
        }
        // Watches end, break or are dropped: the next goes on from where the last one was.
        'watch: loop {
            let params = WatchParams::default().timeout(random.below(3) as u32 + 1);
            let watch = timeout(Duration::from_secs(2), api.watch(&params, &newest.to_string())).await;
            let Ok(Ok(events)) = watch else { break };
            let mut events = events.boxed();
            let mut left = 1 + random.below(60);
            while let Ok(Some(event)) = timeout(Duration::from_secs(4), events.next()).await {
                let mut told = |map: &ConfigMap| {
                    assert!(version(map) > newest, "{} after {newest}", version(map));
                    newest = version(map);
                    (map.name_any(), newest.to_string())
                };
                match event {
                    Ok(WatchEvent::Added(map)) => {
                        let (name, version) = told(&map);
                        assert_eq!(state.insert(name, version), None, "what is added was not there");
                    }
                    Ok(WatchEvent::Modified(map)) => {
                        let (name, version) = told(&map);
                        assert!(state.insert(name, version).is_some(), "what is modified was there");
                    }
                    Ok(WatchEvent::Deleted(map)) => {
                        let (name, _) = told(&map);
                        assert!(state.remove(&name).is_some(), "what is deleted was there");
                    }
                    Ok(WatchEvent::Bookmark(bookmark)) => newest = bookmark.metadata.resource_version.parse().unwrap(),
                    Ok(WatchEvent::Error(_)) => break 'watch,
                    Err(_) => break,
                }
                left -= 1;
                if left == 0 {
                    break;
                }
            }
            if over.load(SeqCst) {
                let Ok(Ok(list)) = timeout(Duration::from_secs(2), api.list(&ListParams::default())).await else {
                    break;
                };
                let listed: State = list.items.iter().map(|map| (map.name_any(), version(map).to_string())).collect();
                if listed == state {
                    return state;
                }
                // There was something to tell, and a watch from here tells it.
                let latest: u64 = list.metadata.resource_version.unwrap().parse().unwrap();
                assert!(latest > newest, "{listed:?} at {latest}, {state:?} at {newest}");
            }
        }
    }
}

/// Breaks what can be broken without telling anybody anything wrong.
async fn disturb(cluster: FakeCluster, over: Arc<AtomicBool>, mut random: Random) {
    let mut faults = Vec::new();
    while !over.load(SeqCst) {
        let number = random.below(20);
        match random.below(12) {
            0 => cluster.watches().cut(),
            1 => cluster.watches().close(),
            2 => cluster.restart(),
            3 => cluster.compact(),
            4 => cluster.watches().bookmark(),
            5 => faults.push(cluster.fault(Fault::on("*").probability(0.1).status(503))),
            6 => faults.push(cluster.fault(Fault::on("watch").times(3).cut_inside(number).frames_of(number + 1))),
            7 => faults.push(cluster.fault(Fault::on("list").times(2).cut_after_bytes(number))),
            8 => faults.push(cluster.fault(Fault::on("*").probability(0.05).cut_after_commit())),
            9 => faults.push(cluster.fault(Fault::on("*").times(3).gate())),
            10 => drop((cluster.snapshot(), cluster.dump_yaml(), cluster.watches(), cluster.requests().count())),
            _ => faults.drain(..).for_each(|fault| fault.remove()),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    faults.drain(..).for_each(|fault| fault.remove());
}

/// Connects, says something or a part of it, and is gone.
async fn knock(address: std::net::SocketAddr, mut random: Random) {
    const WATCH: &[u8] = b"GET /api/v1/configmaps?watch=true HTTP/1.1\r\nhost: a\r\n\r\n";
    for _ in 0..300 {
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        let _ = stream.write_all(&WATCH[..random.below(WATCH.len() + 1)]).await;
        if random.percent(20) {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    }
}

async fn crowd(seed: u64) {
    let cluster = FakeCluster::builder().window(40).watch_buffer(30).build();
    let server = cluster.serve("127.0.0.1:0").await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let random = |number: u64| Random::seeded(seed.wrapping_add(number));
    let (mut writers, mut watchers) = (JoinSet::new(), JoinSet::new());
    for number in 0..4 {
        let client = async || if number % 2 == 0 { cluster.client() } else { remote(&server).await };
        writers.spawn(write(client().await, random(number)));
        watchers.spawn(follow(client().await, over.clone(), random(100 + number)));
    }
    writers.spawn(knock(server.address(), random(200)));
    let disturber = tokio::spawn(disturb(cluster.clone(), over.clone(), random(300)));
    let patience = Duration::from_secs(60);
    timeout(patience, writers.join_all()).await.expect("all is written");
    over.store(true, SeqCst);
    timeout(patience, disturber).await.expect("nobody holds the lock").unwrap();
    let stored = cluster.objects("ConfigMap").into_iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let stored: State =
        stored.map(|map| (text(&map["metadata"]["name"]), text(&map["metadata"]["resourceVersion"]))).collect();
    for state in timeout(patience, watchers.join_all()).await.expect("all is told") {
        assert_eq!(state, stored, "seed {seed}");
    }
    // A server stops although somebody watches, and reads nothing.
    let mut idle = TcpStream::connect(server.address()).await.unwrap();
    idle.write_all(b"GET /api/v1/configmaps?watch=true HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    timeout(patience, cluster.watch_established("configmaps")).await.expect("a watch");
    timeout(patience, server.stop()).await.expect("it stops");
    timeout(patience, cluster.until(|cluster| cluster.watches().is_empty())).await.expect("its watches are gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_crowd_sees_one_history_whatever_breaks() {
    crowd(Random::new().next()).await;
}
