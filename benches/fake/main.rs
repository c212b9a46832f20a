//! How much the fake API server carries: objects loaded and listed in pages, writes and reads of a client, what grows
//! faster than it should, and events to many watches at once, each of which is counted and must be the next.
//!
//! ```sh
//! cargo bench --bench fake                              # 100,000 objects, 100 watches of 10,000 events
//! OBJECTS=20000 WATCHES=10 EVENTS=1000 WRITES=1000 GROWN=2000 cargo bench --bench fake
//! ```
//!
//! It fails when an object is missing from a list, or an event from a watch, and when 100,000 objects take longer to load
//! than they may.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{Duration, Instant};
use std::{fs, io};

use futures::AsyncReadExt;
use http::Request;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ListParams;
use kube::{Api, Client};
use kube_indexed_store::testing::{FakeCluster, manifests};
use serde_json::json;
use tokio::task::JoinSet;

mod growth;
#[path = "../setting.rs"]
mod setting;
#[path = "../table.rs"]
mod table;
mod writes;

use setting::{measuring, number};
use table::{Table, grouped, times};

/// How many documents a file holds.
const DOCUMENTS: usize = 1_000;
const PAGE: usize = 500;
/// So many objects may take so long to load.
const LIMIT: (usize, Duration) = (100_000, Duration::from_secs(10));

fn main() -> io::Result<()> {
    let (objects, watches) = (number("OBJECTS", 100_000, 1_200), number("WATCHES", 100, 3));
    let events = number("EVENTS", 10_000, 200);
    let limited = measuring() && objects == LIMIT.0;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;

    let mut table = Table::new(&["objects", "number", "seconds", "a second", "against reading alone"]);
    let mut row = |what: &str, number: usize, taken: Duration, reading: Duration| {
        let seconds = taken.as_secs_f64();
        let ratio = seconds / reading.as_secs_f64();
        table.row(what, [grouped(number as f64), times(seconds), grouped(number as f64 / seconds), times(ratio)]);
    };
    let mut slow = Vec::new();
    for (language, document) in [("JSON", json_document as fn(usize) -> String), ("YAML", yaml_document)] {
        let texts: Vec<String> = (0..objects.div_ceil(DOCUMENTS))
            .map(|file| (file * DOCUMENTS..objects.min((file + 1) * DOCUMENTS)).map(document).collect())
            .collect();
        let started = Instant::now();
        let documents: usize = texts.iter().map(|text| manifests::read(text.as_bytes()).len()).sum();
        let reading = started.elapsed();
        row(&format!("{language}, read"), documents, reading, reading);
        let (cluster, loading) = load(&texts, objects)?;
        row(&format!("{language}, loaded"), objects, loading, reading);
        if limited && loading > LIMIT.1 {
            slow.push(format!("{language} took {loading:.1?} to load, and may take {:.1?}", LIMIT.1));
        }
        let started = Instant::now();
        runtime.block_on(list(&cluster, objects));
        row(&format!("{language}, listed in pages of {PAGE}"), objects, started.elapsed(), reading);
    }
    println!("{table}");

    println!("{}", runtime.block_on(writes::table(number("WRITES", 5_000, 20))));
    println!("{}", growth::table(number("GROWN", 20_000, 160)));

    let mut table = Table::new(&["watches", "events each", "seconds", "events a second", "against one watch"]);
    let alone = runtime.block_on(watch(1, events));
    for (watches, taken) in [(1, alone), (watches, runtime.block_on(watch(watches, events)))] {
        let seconds = taken.as_secs_f64();
        let rate = (watches * events) as f64 / seconds;
        let ratio = seconds / alone.as_secs_f64();
        table.row(&watches.to_string(), [grouped(events as f64), times(seconds), grouped(rate), times(ratio)]);
    }
    println!("{table}");
    assert!(slow.is_empty(), "{}", slow.join("\n"));
    Ok(())
}

fn json_document(number: usize) -> String {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"namespace": format!("team-{}", number % 50), "name": format!("settings-{number}"), "labels": {"app": "web"}},
        "data": {"number": number.to_string(), "text": "a line of some length that every object has"},
    });
    format!("{object}\n")
}

fn yaml_document(number: usize) -> String {
    let mut text = String::new();
    let namespace = number % 50;
    write!(
        text,
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  namespace: team-{namespace}\n  name: settings-{number}\n  labels:\n    \
         app: web\ndata:\n  number: \"{number}\"\n  text: a line of some length that every object has\n---\n"
    )
    .expect("a text takes everything");
    text
}

/// A cluster that has loaded these texts from a folder, and how long that took.
fn load(texts: &[String], objects: usize) -> io::Result<(FakeCluster, Duration)> {
    let folder = tempfile::tempdir()?;
    for (number, text) in texts.iter().enumerate() {
        fs::write(folder.path().join(format!("{number:05}.yaml")), text)?;
    }
    let cluster = FakeCluster::new();
    let started = Instant::now();
    let report = cluster.load(folder.path())?;
    let taken = started.elapsed();
    assert_eq!(report.created, objects);
    Ok((cluster, taken))
}

/// Lists all objects in pages, each of them once.
async fn list(cluster: &FakeCluster, objects: usize) {
    let api: Api<ConfigMap> = Api::all(cluster.client());
    let mut seen = BTreeSet::new();
    let mut parameters = ListParams::default().limit(PAGE as u32);
    loop {
        let page = api.list(&parameters).await.expect("a page");
        seen.extend(page.items.into_iter().map(|object| object.metadata.name));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => break,
        }
    }
    assert_eq!(seen.len(), objects, "every object is in one page");
}

/// How long it takes until so many watches have each read so many events, none of which is missing.
async fn watch(watches: usize, events: usize) -> Duration {
    let cluster = FakeCluster::new();
    let start = cluster.revision();
    let client = cluster.client();
    let mut readers = JoinSet::new();
    for _ in 0..watches {
        readers.spawn(read(client.clone(), start, events));
    }
    cluster.until(|cluster| cluster.open_watches("configmaps") == watches).await;
    let started = Instant::now();
    for number in 0..events {
        let name = format!("settings-{}", number % 100);
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
            "data": {"number": number.to_string(), "text": "a line of some length that every object has"},
        });
        cluster.apply(object).expect("it is valid");
        if number % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
    while let Some(read) = readers.join_next().await {
        read.expect("no event is missing");
    }
    started.elapsed()
}

/// Reads so many events of a watch, each of which must be the next.
async fn read(client: Client, start: u64, events: usize) {
    let path = format!("/api/v1/configmaps?watch=true&resourceVersion={start}");
    let request = Request::get(path).body(Vec::new()).expect("a request");
    let mut body = Box::pin(client.request_stream(request).await.expect("a watch"));
    let (mut text, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    let mut seen = 0;
    while seen < events {
        let length = body.read(&mut buffer).await.expect("no cut");
        assert!(length > 0, "the watch goes on after {seen} events");
        text.extend_from_slice(&buffer[..length]);
        let mut told = 0;
        while let Some(end) = text[told..].iter().position(|byte| *byte == b'\n') {
            seen += 1;
            assert_eq!(version(&text[told..told + end]), start + seen as u64);
            told += end + 1;
        }
        text.drain(..told);
    }
}

/// The resourceVersion in the line of an event.
fn version(line: &[u8]) -> u64 {
    let line = std::str::from_utf8(line).expect("JSON");
    let (_, rest) = line.split_once("\"resourceVersion\":\"").expect("every object has one");
    let (digits, _) = rest.split_once('"').expect("JSON");
    digits.parse().expect("a number")
}
