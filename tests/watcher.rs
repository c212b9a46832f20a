//! What watching promises, against an API server in the process that misbehaves on demand.
//!
//! Time is virtual: a test that waits for an hour takes no time, and none of them sleeps for real.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use kube_indexed_store::convert::kube_events;
use kube_indexed_store::indexer::Schema;
use kube_indexed_store::snapshot::{ChangeKind, Snapshot};
use kube_indexed_store::store::{self, Changes, Reset, Revision, Scope, StoreExt};
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{
    Debounce, Error, Event, Notifications, Resource, Restart, Status, Timeouts, Watcher, WatcherBuilder, WatcherSet,
};
use kube_indexed_store::{Indexed, Indexer, MemoryStore, Query, ResourceVersion, Store, Write};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tower::{Service, service_fn};

mod support;

use support::random::Random;

const SOON: Duration = Duration::from_secs(60);

fn config_map(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value}})
}

fn within(namespace: &str, mut object: Value) -> Value {
    object["metadata"]["namespace"] = namespace.into();
    object
}

fn labelled(key: &str, value: &str, mut object: Value) -> Value {
    object["metadata"]["labels"][key] = value.into();
    object
}

fn config_maps() -> Resource {
    Resource::new("v1", "configmaps")
}

/// In the namespace `default` and by the value in them, as most tests have it.
fn watching(client: kube::Client) -> WatcherBuilder {
    let indexer = Indexer::builder().index("by-value", ["data.value"]).build().unwrap();
    Watcher::builder(client, config_maps()).namespace("default").indexer(indexer)
}

async fn synced(builder: WatcherBuilder) -> Watcher {
    let watcher = builder.start().unwrap();
    watcher.wait_until_synced(SOON).await.unwrap();
    watcher
}

/// Returns once the condition holds; gives up after a virtual day, saying what it waited for.
async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < Duration::from_secs(86_400), "never {what}");
        sleep(Duration::from_millis(1).max(since.elapsed() / 100)).await;
    }
}

/// The watch follows everything that the cluster has been told.
async fn current(watcher: &Watcher, cluster: &FakeCluster) {
    let revision = ResourceVersion::from(cluster.revision());
    eventually("current", || watcher.status().connected).await;
    cluster.watches().bookmark();
    watcher.wait_for(&revision, SOON * 10).await.unwrap();
}

/// `name=value` of every object, as a reader sees them.
fn shown(snapshot: &Snapshot) -> Vec<String> {
    let path = "data.value".parse().unwrap();
    let value = |object: &kube_indexed_store::Object| {
        object.get(&path).and_then(|value| value.as_str().map(|text| text.into_owned())).unwrap_or_default()
    };
    let entry = |entry: &kube_indexed_store::snapshot::Entry| {
        format!("{}={}", entry.name().name(), value(entry.object().unwrap()))
    };
    snapshot.list().iter().map(entry).collect()
}

fn found(watcher: &Watcher, value: &str) -> usize {
    watcher.store().snapshot().get(&Query::index("by-value").with_prefix(&[value])).unwrap().len()
}

fn names(watcher: &Watcher) -> Vec<String> {
    watcher.store().snapshot().list().iter().map(|entry| entry.name().to_string()).collect()
}

/// The differences told so far.
fn told(changes: &mut Changes) -> Vec<String> {
    std::iter::from_fn(|| changes.next().now_or_never().flatten()).map(|diff| diff.to_string()).collect()
}

fn failure(status: &Status) -> String {
    status.failure.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn restarts(watcher: &Watcher) -> Vec<(Restart, u64)> {
    watcher.status().restarts.into_iter().collect()
}

fn failed(code: u16, reason: &str, message: &str) -> kube::core::Status {
    kube::core::Status::failure(message, reason).with_code(code)
}

/// One answer that is not the cluster's own.
#[derive(Clone)]
enum Reply {
    /// A status code and these pieces of a body; then how it ends.
    Body(u16, Vec<Bytes>, Close),
    /// What the cluster says.
    Pass,
}

#[derive(Clone, Copy)]
enum Close {
    Clean,
    /// Cleanly, after so long.
    After(Duration),
    /// Neither bytes nor an end.
    Silent,
}

fn lines(lines: &[Value], close: Close) -> Reply {
    let text = |line: &Value| Bytes::from(format!("{line}\n"));
    Reply::Body(200, lines.iter().map(text).collect(), close)
}

fn text(code: u16, text: &str) -> Reply {
    Reply::Body(code, vec![Bytes::copy_from_slice(text.as_bytes())], Close::Clean)
}

fn silence() -> Reply {
    lines(&[], Close::Silent)
}

/// A cluster behind a proxy that answers some requests itself.
#[derive(Clone, Default)]
struct Proxy {
    cluster: FakeCluster,
    replies: Arc<Mutex<Vec<Script>>>,
    asked: Arc<Mutex<Vec<(Duration, String)>>>,
}

/// The answers to requests with one verb.
type Script = (&'static str, VecDeque<Reply>);

type Body = UnsyncBoxBody<Bytes, io::Error>;

impl Proxy {
    /// The next answers to requests with this verb, `list` or `watch`.
    fn script(&self, verb: &'static str, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().push((verb, replies.into_iter().collect()));
    }

    /// The versions that watches have asked for.
    fn watched_from(&self) -> Vec<String> {
        let asked = self.asked.lock();
        let version = |(_, uri): &(Duration, String)| {
            let (_, rest) = uri.split_once("resourceVersion=")?;
            uri.contains("watch=true").then(|| rest.split('&').next().unwrap_or_default().to_owned())
        };
        asked.iter().filter_map(version).collect()
    }

    fn lists(&self) -> usize {
        self.asked.lock().iter().filter(|(_, uri)| !uri.contains("watch=true")).count()
    }

    fn client(&self) -> kube::Client {
        let (proxy, start) = (self.clone(), Instant::now());
        let service = service_fn(move |request: Request<kube::client::Body>| {
            let proxy = proxy.clone();
            async move { Ok::<_, Infallible>(proxy.answer(request, start).await) }
        });
        kube::Client::new(service, "default")
    }

    async fn answer(mut self, request: Request<kube::client::Body>, start: Instant) -> Response<Body> {
        let uri = request.uri().to_string();
        let verb = if uri.contains("watch=true") { "watch" } else { "list" };
        self.asked.lock().push((start.elapsed(), uri));
        let reply = {
            let mut replies = self.replies.lock();
            let script = replies.iter_mut().find(|(of, replies)| *of == verb && !replies.is_empty());
            script.and_then(|(_, replies)| replies.pop_front())
        };
        match reply {
            None | Some(Reply::Pass) => self.cluster.call(request).await.unwrap().map(BodyExt::boxed_unsync),
            Some(Reply::Body(code, pieces, close)) => {
                let pieces = stream::iter(pieces.into_iter().map(|piece| Ok::<_, io::Error>(Frame::data(piece))));
                let body = match close {
                    Close::After(time) => {
                        let end = stream::once(sleep(time)).filter_map(|()| std::future::ready(None));
                        StreamBody::new(pieces.chain(end)).boxed_unsync()
                    }
                    Close::Clean => StreamBody::new(pieces).boxed_unsync(),
                    Close::Silent => StreamBody::new(pieces.chain(stream::pending())).boxed_unsync(),
                };
                Response::builder().status(code).body(body).unwrap()
            }
        }
    }
}

// Initial sync.

#[tokio::test(start_paused = true)]
async fn the_first_list_comes_in_pages_and_shows_in_one_piece() {
    let cluster = FakeCluster::new();
    let mut random = Random::new();
    let mut expected: Vec<String> = (0..1203).map(|_| random.word()).collect();
    for name in &expected {
        cluster.create(config_map(name, "a")).unwrap();
    }
    expected.sort();
    expected.dedup();

    let store = MemoryStore::for_indexer(&Indexer::default());
    let mut changes = store.changes();
    let builder = Watcher::builder(cluster.client(), config_maps()).namespace("default").store(store);
    let watcher = synced(builder).await;

    let names: Vec<String> =
        watcher.store().list().await.unwrap().iter().map(|o| o.name().unwrap().name().to_owned()).collect();
    assert_eq!(names, expected);
    let first = changes.next().await.unwrap();
    assert_eq!(first.count(ChangeKind::Created), expected.len());
    assert_eq!(told(&mut changes), Vec::<String>::new());
    let pages = cluster.requests().verb("list");
    assert_eq!(pages.count(), 3);
    assert_eq!((pages[0].param("limit"), pages[0].param("continue")), (Some("500"), None));
    assert!(pages[1..].iter().all(|page| page.param("continue").is_some_and(|token| !token.is_empty())));
}

#[tokio::test(start_paused = true)]
async fn the_first_list_asks_for_no_version_and_the_watch_for_the_one_of_the_list() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("a", "1")).unwrap();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    assert_eq!(watcher.status().version, Some(ResourceVersion::from(cluster.revision())));
    let requests = cluster.requests();
    assert_eq!(requests.clone().verb("list")[0].param("resourceVersion"), None);
    let watch = &requests.verb("watch")[0];
    let revision = cluster.revision().to_string();
    assert_eq!(watch.param("resourceVersion"), Some(&*revision));
    assert_eq!(watch.param("allowWatchBookmarks"), Some("true"));
    assert_eq!(watch.param("timeoutSeconds"), Some("290"));
}

#[tokio::test(start_paused = true)]
async fn items_of_built_in_kinds_know_their_kind_from_lists_and_from_events() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("listed", "1")).unwrap();
    let watcher = synced(watching(cluster.client())).await;
    cluster.create(config_map("watched", "1")).unwrap();
    current(&watcher, &cluster).await;
    for object in watcher.store().list().await.unwrap().iter() {
        assert_eq!((&*object.api_version(), &*object.kind()), ("v1", "ConfigMap"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_resource_is_synced() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    assert_eq!((names(&watcher), watcher.status().to_string()), (vec![], "synced".to_owned()));
}

// Events.

#[tokio::test(start_paused = true)]
async fn what_is_created_changed_and_deleted_shows() {
    let cluster = FakeCluster::new();
    for name in ["changed", "deleted", "kept"] {
        cluster.create(config_map(name, "1")).unwrap();
    }
    let watcher = synced(watching(cluster.client())).await;
    let mut changes = watcher.store().changes();
    cluster.watch_established("configmaps").await;

    cluster.create(config_map("created", "1")).unwrap();
    cluster.apply(config_map("changed", "2")).unwrap();
    cluster.delete("configmaps", "default", "deleted").unwrap();
    current(&watcher, &cluster).await;

    assert_eq!(shown(&watcher.store().snapshot()), ["changed=2", "created=1", "kept=1"]);
    assert_eq!((found(&watcher, "1"), found(&watcher, "2")), (2, 1));
    assert_eq!(told(&mut changes), ["modified default/changed, created default/created, deleted default/deleted"]);
    assert_eq!(restarts(&watcher), []);
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_moves_the_version_but_not_the_revision() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    let before = watcher.status();
    cluster.create(within("kube-system", config_map("elsewhere", "1"))).unwrap();
    cluster.watches().bookmark();
    watcher.wait_for(&cluster.revision().into(), SOON).await.unwrap();
    let after = watcher.status();
    assert_eq!(after.version, Some(cluster.revision().into()));
    assert_eq!(after.revision, before.revision);
}

#[tokio::test(start_paused = true)]
async fn ones_own_write_can_be_waited_for() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    let gate = cluster.fault(Fault::on("watch").nth(1).gate());
    cluster.watches().close();
    gate.reached(1).await;
    let written = cluster.create(config_map("mine", "1")).unwrap();
    let version = ResourceVersion::new(written["metadata"]["resourceVersion"].as_str().unwrap());
    let mut waiting = std::pin::pin!(watcher.wait_for(&version, SOON));
    assert!(waiting.as_mut().now_or_never().is_none());
    gate.open();
    waiting.await.unwrap();
    assert_eq!(shown(&watcher.store().snapshot()), ["mine=1"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_one_and_a_half_mebibyte_in_many_pieces_is_one_event() {
    let proxy = Proxy::default();
    let value = "ä€𝄞x".repeat(3 * 512 * 1024 / 10);
    let mut object = within("default", config_map("large", &value));
    object["metadata"]["resourceVersion"] = "1000".into();
    let line = format!("{}\n", json!({"type": "ADDED", "object": object}));
    assert!(line.len() > 3 * 512 * 1024);
    let pieces = line.as_bytes().chunks(1021).map(Bytes::copy_from_slice).collect();
    proxy.script("watch", [Reply::Body(200, pieces, Close::Silent)]);
    let watcher = synced(watching(proxy.client())).await;
    watcher.wait_for(&1000.into(), SOON).await.unwrap();
    assert_eq!(shown(&watcher.store().snapshot()), [format!("large={value}")]);
}

#[tokio::test(start_paused = true)]
async fn events_are_read_however_the_bytes_are_cut() {
    let mut random = Random::new();
    for _ in 0..50 {
        let event = |kind: &str, name: &str, version: u64| {
            let mut object = within("default", config_map(name, &version.to_string()));
            object["metadata"]["resourceVersion"] = version.to_string().into();
            json!({"object": object, "type": kind})
        };
        let events = [
            event("ADDED", "a", 1001),
            event("ADDED", "b", 1002),
            event("MODIFIED", "a", 1003),
            event("DELETED", "b", 1004),
        ];
        let mut text: String = events.iter().map(|event| format!("{event}\n")).collect();
        text.push('\n');
        text.push_str(&format!("{}\r\n", event("ADDED", "c", 1005)));
        let mut pieces = Vec::new();
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(1 + (random.next() % 300) as usize));
            pieces.push(Bytes::copy_from_slice(piece));
            rest = after;
        }
        let proxy = Proxy::default();
        proxy.script("watch", [Reply::Body(200, pieces, Close::Silent)]);
        let watcher = synced(watching(proxy.client())).await;
        watcher.wait_for(&1005.into(), SOON).await.unwrap();
        assert_eq!(shown(&watcher.store().snapshot()), ["a=1003", "c=1005"]);
        assert_eq!(watcher.status().skipped, 0);
    }
}

// Ends of watches.

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_goes_on_where_it_ended_without_a_list() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    cluster.create(config_map("a", "1")).unwrap();
    current(&watcher, &cluster).await;
    let version = cluster.revision().to_string();
    let again = cluster.fault(Fault::on("watch").nth(1).gate());
    cluster.watches().close();
    again.reached(1).await;
    cluster.create(config_map("b", "1")).unwrap();
    again.open();
    current(&watcher, &cluster).await;
    assert_eq!(names(&watcher), ["default/a", "default/b"]);
    let requests = cluster.requests();
    assert_eq!(requests.clone().verb("list").count(), 1);
    assert_eq!(requests.verb("watch").last().unwrap().param("resourceVersion"), Some(&*version));
    assert_eq!((restarts(&watcher), failure(&watcher.status())), (vec![], String::new()));
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_is_where_the_next_watch_begins() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    cluster.create(within("kube-system", config_map("elsewhere", "1"))).unwrap();
    current(&watcher, &cluster).await;
    let version = cluster.revision().to_string();
    cluster.watches().close();
    cluster.until(|cluster| cluster.requests().verb("watch").count() == 2).await;
    assert_eq!(cluster.requests().verb("watch")[1].param("resourceVersion"), Some(&*version));
    assert_eq!(watcher.status().version, Some(cluster.revision().into()));
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_goes_on_where_it_broke_without_a_list() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    // The second event of the next watch breaks off in the middle.
    cluster.fault(Fault::on("watch").nth(1).cut_after_bytes(500));
    cluster.watches().cut();
    cluster.create(config_map("a", "1")).unwrap();
    cluster.create(config_map("b", "1")).unwrap();
    eventually("synced again", || names(&watcher) == ["default/a", "default/b"]).await;
    assert_eq!(cluster.requests().verb("list").count(), 1);
    assert_eq!(restarts(&watcher), []);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_every_watch_at_once_is_asked_less_and_less() {
    let proxy = Proxy::default();
    proxy.script("watch", std::iter::repeat_n(lines(&[], Close::Clean), 8));
    let _watcher = synced(watching(proxy.client())).await;
    eventually("asked nine times", || proxy.watched_from().len() == 9).await;
    let times: Vec<Duration> = proxy.asked.lock().iter().skip(1).map(|(at, _)| *at).collect();
    let waits: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits[0] >= Duration::from_millis(400), "{waits:?}");
    assert!(waits[7] > waits[0] * 8, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_a_bookmark_and_closes_is_asked_less_and_less() {
    let proxy = Proxy::default();
    let version = proxy.cluster.revision().to_string();
    let bookmark = json!({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": version}}});
    proxy.script("watch", std::iter::repeat_n(lines(&[bookmark], Close::Clean), 8));
    let _watcher = synced(watching(proxy.client())).await;
    eventually("asked nine times", || proxy.watched_from().len() == 9).await;
    let times: Vec<Duration> = proxy.asked.lock().iter().skip(1).map(|(at, _)| *at).collect();
    assert!(times[8] - times[7] > Duration::from_secs(10), "{times:?}");
}

// Expiry and relists.

/// A watch whose version is forgotten, and a world that changes before the relist.
async fn expire(over_http: bool) {
    let proxy = Proxy::default();
    let cluster = &proxy.cluster;
    for name in ["changed", "deleted", "kept"] {
        cluster.create(config_map(name, "1")).unwrap();
    }
    if over_http {
        proxy.script("watch", [Reply::Pass, text(410, "too old")]);
    }
    let watcher = synced(watching(proxy.client())).await;
    cluster.watch_established("configmaps").await;
    let old = watcher.store().snapshot();
    let mut changes = watcher.store().changes();

    let list = cluster.fault(Fault::on("list").nth(1).gate());
    match over_http {
        true => cluster.watches().close(),
        false => cluster.watches().fail(failed(410, "Expired", "too old resource version: 1 (2)")),
    }
    list.reached(1).await;
    cluster.apply(config_map("changed", "2")).unwrap();
    cluster.delete("configmaps", "default", "deleted").unwrap();
    cluster.create(config_map("created", "2")).unwrap();

    assert_eq!(shown(&watcher.store().snapshot()), shown(&old));
    assert_eq!(told(&mut changes), Vec::<String>::new());
    let status = watcher.status();
    assert_eq!((status.synced, status.connected, status.stale_since.is_some()), (true, false, true));
    assert_eq!(status.failure.and_then(|error| error.code()), Some(410));
    list.open();
    current(&watcher, cluster).await;
    assert_eq!(shown(&watcher.store().snapshot()), ["changed=2", "created=2", "kept=1"]);
    assert_eq!(told(&mut changes), ["modified default/changed, created default/created, deleted default/deleted"]);
    assert_eq!(restarts(&watcher), [(Restart::Expired, 1)]);
    assert_eq!(watcher.status().to_string(), "synced");
    let kept = |snapshot: &Snapshot| snapshot.entry("default", "kept").unwrap().object().unwrap().clone();
    assert!(kept(&old).ptr_eq(&kept(&watcher.store().snapshot())), "what did not change keeps its identity");
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_told_as_an_event_is_a_relist_that_shows_in_one_step() {
    expire(false).await;
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_told_as_the_http_answer_is_a_relist_that_shows_in_one_step() {
    expire(true).await;
}

#[tokio::test(start_paused = true)]
async fn events_before_a_forgotten_version_in_one_piece_are_not_lost() {
    let proxy = Proxy::default();
    let mut object = within("default", config_map("a", "1"));
    object["metadata"]["resourceVersion"] = "1000".into();
    let expired =
        json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}});
    let piece = format!("{}\n{expired}\n", json!({"type": "ADDED", "object": object}));
    proxy.script("watch", [Reply::Body(200, vec![piece.into()], Close::Clean)]);
    let relist = proxy.cluster.fault(Fault::on("list").nth(2).gate());
    let watcher = synced(watching(proxy.client())).await;
    relist.reached(1).await;
    assert_eq!(names(&watcher), ["default/a"]);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_as_a_last_line_without_an_end_is_read() {
    let proxy = Proxy::default();
    let expired =
        json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}});
    proxy.script("watch", [text(200, &expired.to_string())]);
    let watcher = synced(watching(proxy.client())).await;
    eventually("relisted", || restarts(&watcher) == [(Restart::Expired, 1)]).await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_relist_shows_only_the_old_state_until_a_whole_one_is_there() {
    let cluster = FakeCluster::new();
    for number in 0..1200 {
        cluster.create(config_map(&format!("old{number:04}"), "old")).unwrap();
    }
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    let mut changes = watcher.store().changes();
    let old = shown(&watcher.store().snapshot());

    let before = cluster.requests().verb("list").count();
    // Page 2 is cut half-way, then page 2 of the second attempt is refused, then page 3 of the third waits.
    cluster.fault(Fault::on("list").nth(2).cut_after(250));
    let second = cluster.fault(Fault::on("list").nth(3).gate().status(500));
    let last = cluster.fault(Fault::on("list").nth(5).gate());
    let watch = cluster.fault(Fault::on("watch").nth(1).gate());
    cluster.watches().close();
    watch.reached(1).await;
    for number in 0..1200 {
        cluster.delete("configmaps", "default", &format!("old{number:04}")).unwrap();
        cluster.create(config_map(&format!("new{number:04}"), "new")).unwrap();
    }
    cluster.compact();
    watch.open();
    second.reached(1).await;
    // Both attempts have read this one; it must not survive them.
    cluster.delete("configmaps", "default", "new0000").unwrap();
    second.open();
    last.reached(1).await;
    // Two attempts have failed, and the third has read two of its three pages.
    assert_eq!(cluster.requests().verb("list").count() - before, 7);
    assert_eq!(shown(&watcher.store().snapshot()), old);
    assert_eq!((found(&watcher, "old"), found(&watcher, "new")), (1200, 0));
    assert_eq!(told(&mut changes), Vec::<String>::new());
    assert_eq!(watcher.status().objects, 1000);
    last.open();
    eventually("relisted", || found(&watcher, "new") > 0).await;
    assert_eq!((found(&watcher, "old"), found(&watcher, "new")), (0, 1199));
    let diff = changes.next().await.unwrap();
    assert_eq!((diff.count(ChangeKind::Created), diff.count(ChangeKind::Deleted)), (1199, 1200));
    assert_eq!(told(&mut changes), Vec::<String>::new());
    assert_eq!(restarts(&watcher), [(Restart::Expired, 1), (Restart::Incomplete, 2)]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_first_list_shows_nothing_until_a_whole_one_is_there() {
    let cluster = FakeCluster::new();
    for number in 0..700 {
        cluster.create(config_map(&format!("n{number:04}"), "1")).unwrap();
    }
    cluster.fault(Fault::on("list").nth(2).cut_after(7));
    let gate = cluster.fault(Fault::on("list").nth(3).gate());
    let watcher = watching(cluster.client()).start().unwrap();
    gate.reached(1).await;
    assert_eq!(names(&watcher), Vec::<String>::new());
    let status = watcher.status();
    assert!(!status.synced);
    assert_eq!(status.stale_since, None);
    gate.open();
    watcher.wait_until_synced(SOON).await.unwrap();
    assert_eq!(names(&watcher).len(), 700);
}

#[tokio::test(start_paused = true)]
async fn a_second_page_that_has_expired_is_one_list_in_one_piece() {
    let cluster = FakeCluster::new();
    for number in 0..1200 {
        cluster.create(config_map(&format!("n{number:04}"), "old")).unwrap();
    }
    let gate = cluster.fault(Fault::on("list").nth(2).gate());
    let watcher = watching(cluster.client()).start().unwrap();
    gate.reached(1).await;
    cluster.apply(config_map("n0000", "new")).unwrap();
    cluster.delete("configmaps", "default", "n0001").unwrap();
    cluster.compact();
    gate.open();
    watcher.wait_until_synced(SOON).await.unwrap();
    assert_eq!((found(&watcher, "old"), found(&watcher, "new"), names(&watcher).len()), (1198, 1, 1199));
    let asked: Vec<_> = cluster.requests().verb("list").iter().map(|list| list.param("limit").is_some()).collect();
    assert_eq!(asked, [true, true, false]);
    let lists = cluster.requests().verb("list");
    assert_eq!(lists.iter().filter_map(|list| list.param("resourceVersion")).count(), 0);
    assert_eq!(watcher.status().objects, 1199);
}

#[tokio::test(start_paused = true)]
async fn an_object_made_anew_during_a_break_is_replaced_with_its_keys() {
    for compact in [false, true] {
        let cluster = FakeCluster::new();
        cluster.create(config_map("a", "old")).unwrap();
        let watcher = synced(watching(cluster.client())).await;
        cluster.watch_established("configmaps").await;
        let mut changes = watcher.store().changes();
        let watch = cluster.fault(Fault::on("watch").nth(1).gate());
        cluster.watches().close();
        watch.reached(1).await;
        cluster.delete("configmaps", "default", "a").unwrap();
        cluster.create(config_map("a", "new")).unwrap();
        if compact {
            cluster.compact();
        }
        watch.open();
        current(&watcher, &cluster).await;
        assert_eq!((found(&watcher, "old"), found(&watcher, "new")), (0, 1));
        assert_eq!(told(&mut changes), ["replaced default/a"]);
    }
}

#[tokio::test(start_paused = true)]
async fn lists_followed_by_watches_that_expire_at_once_are_read_less_and_less_often() {
    let proxy = Proxy::default();
    proxy.script("watch", std::iter::repeat_n(text(410, "gone"), 8));
    let _watcher = synced(watching(proxy.client())).await;
    eventually("listed nine times", || proxy.lists() == 9).await;
    let asked = proxy.asked.lock();
    let times: Vec<_> = asked.iter().filter(|(_, uri)| !uri.contains("watch")).map(|(at, _)| *at).collect();
    assert!(times[8] - times[7] > Duration::from_secs(10), "{times:?}");
}

// Refusals, and how often they are tried again.

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

// Unknown resources.

fn definition(plural: &str, kind: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.example.org")},
        "spec": {
            "group": "example.org", "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    })
}

fn gateway(name: &str) -> Value {
    json!({"apiVersion": "example.org/v1", "kind": "Gateway", "metadata": {"name": name, "namespace": "default"}})
}

#[tokio::test(start_paused = true)]
async fn an_unknown_resource_is_told_with_its_way_out_and_found_when_it_is_installed() {
    let cluster = FakeCluster::new();
    let gateways = Resource::new("example.org/v1", "gateways");
    let watcher = Watcher::builder(cluster.client(), gateways).start().unwrap();
    assert_eq!(
        watcher.wait_until_synced(SOON).await.unwrap_err().to_string(),
        "not synced within 60s: gateways.v1.example.org is failing: the server does not know gateways.v1.example.org: \
         install its CustomResourceDefinition, correct the name, or mark it optional"
    );
    cluster.create(definition("gateways", "Gateway")).unwrap();
    cluster.create(gateway("a")).unwrap();
    watcher.wait_until_synced(SOON).await.unwrap();
    assert_eq!(names(&watcher), ["default/a"]);
}

#[tokio::test(start_paused = true)]
async fn an_optional_resource_is_empty_and_synced_until_it_is_installed_and_after_it_is_removed() {
    let cluster = FakeCluster::new();
    let gateways = Resource::new("example.org/v1", "gateways");
    let watcher = synced(Watcher::builder(cluster.client(), gateways).optional(true)).await;
    let absent = |watcher: &Watcher| (names(watcher), watcher.status().to_string(), watcher.status().stale_since);
    assert_eq!(absent(&watcher), (vec![], "synced".to_owned(), None));

    // A failure in between is told, and over when the server answers again that it does not know.
    let outage = cluster.fault(Fault::on("list").status(503));
    eventually("failed", || failure(&watcher.status()).contains("503")).await;
    outage.remove();
    eventually("absent again", || watcher.status().failure.is_none()).await;
    assert_eq!(absent(&watcher), (vec![], "synced".to_owned(), None));

    for name in ["a", "b"] {
        cluster.create(definition("gateways", "Gateway")).unwrap();
        cluster.create(gateway(name)).unwrap();
        eventually("found", || names(&watcher) == [format!("default/{name}")]).await;
        cluster.watch_established("gateways").await;
        cluster.delete("customresourcedefinitions", "", "gateways.example.org").unwrap();
        eventually("gone", || watcher.status().version.is_none()).await;
        assert_eq!(absent(&watcher), (vec![], "synced".to_owned(), None));
    }
}

// What cannot be read.

#[tokio::test(start_paused = true)]
async fn one_object_that_does_not_decode_is_counted_and_the_others_are_kept() {
    let cluster = FakeCluster::new();
    for name in ["a", "bad", "c"] {
        cluster.create(config_map(name, "1")).unwrap();
    }
    cluster.fault(Fault::on("*").undecodable("bad"));
    let watcher = synced(watching(cluster.client())).await;
    assert_eq!((names(&watcher), watcher.status().skipped), (vec!["default/a".to_owned(), "default/c".to_owned()], 1));
    cluster.watch_established("configmaps").await;
    cluster.apply(config_map("bad", "2")).unwrap();
    cluster.create(config_map("d", "1")).unwrap();
    current(&watcher, &cluster).await;
    let status = watcher.status();
    assert_eq!((names(&watcher).len(), status.skipped, status.to_string()), (3, 2, "synced".to_owned()));
    assert!(status.last_skipped.is_some());
    assert_eq!(cluster.requests().verb("list").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn unknown_events_and_bookmarks_of_any_shape_do_no_harm() {
    let proxy = Proxy::default();
    let bookmark = |object: Value| json!({"type": "BOOKMARK", "object": object});
    proxy.script("watch", [lines(
        &[
            json!({"type": "SURPRISE", "object": {"metadata": {"name": "x"}}}),
            bookmark(json!({"kind": "Pod", "metadata": {"resourceVersion": "1001"}, "spec": {"containers": null}, "status": {}})),
            bookmark(json!({"metadata": {"name": null, "resourceVersion": "1002", "annotations": {"k8s.io/initial-events-end": "true"}}})),
            bookmark(json!({"metadata": {}})),
            bookmark(json!("nonsense")),
            json!({"type": "DELETED", "object": {"metadata": {"namespace": "default", "resourceVersion": "1003"}}}),
            bookmark(json!({"metadata": {"resourceVersion": "1004"}})),
        ],
        Close::Silent,
    )]);
    let watcher = synced(watching(proxy.client())).await;
    watcher.wait_for(&1004.into(), SOON).await.unwrap();
    assert_eq!((names(&watcher), proxy.lists(), proxy.watched_from().len()), (vec![], 1, 1));
}

#[tokio::test(start_paused = true)]
async fn no_failure_shows_what_is_in_an_object() {
    let odd = [
        json!({"type": "BOOKMARK", "object": "hunter2"}),
        json!({"type": "DELETED", "object": {"metadata": "hunter2"}}),
        json!({"type": "ADDED", "object": {"metadata": {"name": ["hunter2"]}, "data": "hunter2"}}),
        json!({"type": "ADDED", "object": "hunter2"}),
        json!({"type": "ERROR", "object": {"data": "hunter2"}}),
        json!({"type": ["hunter2"], "object": {}}),
        json!("hunter2"),
    ];
    for line in odd {
        let proxy = Proxy::default();
        proxy.script("watch", [lines(std::slice::from_ref(&line), Close::Silent)]);
        let watcher = synced(watching(proxy.client())).await;
        let told = || watcher.status().failure.or(watcher.status().last_skipped);
        eventually("told", || told().is_some()).await;
        let status = format!("{:?} {}", watcher.status(), watcher.status());
        assert!(!status.contains("hunter2"), "{line}: {status}");
        let last = told().unwrap();
        let mut error: Option<&dyn std::error::Error> = Some(&last);
        while let Some(cause) = error {
            assert!(!format!("{cause} {cause:?}").contains("hunter2"), "{line}: {cause}");
            error = cause.source();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_tells_the_same_in_whatever_order_and_with_whatever_between_its_members() {
    let mut object = within("default", config_map("a", "} \\\",\"type\":\"DELETED\" {"));
    object["metadata"]["resourceVersion"] = "1000".into();
    let (object, named) = (object.to_string(), r#"{"metadata":{"namespace":"default","name":"b"}}"#);
    for (kind, object) in [
        ("ADDED", &*object),
        ("MODIFIED", &object),
        ("MODIFIED", named),
        ("ADDED", r#"{"metadata":{"namespace":"default"}}"#),
        ("MODIFIED", r#"{"metadata":{"name":7}}"#),
        ("ADDED", r#"["metadata"]"#),
        ("ADDED", r#"{"metadata":"#),
        ("ADDED", "{}}"),
        ("ADDED", r#"{"metadata":{"name":"x"}},"more":{"a":1}"#),
        ("ADDED", r#"{"metadata":{"name":"x"}},"object":{"metadata":{"name":"y"}}"#),
        ("ADDED", r#"{"metadata":{"name":"x"}},"type":"DELETED""#),
        ("ADDEDMODIFIED", named),
        ("ADDED\",\"more\":\"", named),
    ] {
        let mut told = Vec::new();
        for line in [
            format!(r#"{{"type":"{kind}","object":{object}}}"#),
            format!(r#"{{ "type":"{kind}","object":{object}}}"#),
            format!("{{\"type\" : \"{kind}\",\t\"object\": {object} }}\r"),
            format!(r#"{{"object":{object},"type":"{kind}"}}"#),
        ] {
            let proxy = Proxy::default();
            proxy.script("watch", [text(200, &format!("{line}\n")), lines(&[], Close::Silent)]);
            let watcher = synced(watching(proxy.client())).await;
            eventually("watched or listed again", || proxy.watched_from().len() == 2).await;
            let status = watcher.status();
            let skipped = status.last_skipped.as_ref().map(ToString::to_string);
            // Where in the line something is wrong is another place each time.
            let place = |text: String| text.split(" at line").next().unwrap_or_default().to_owned();
            let from = proxy.watched_from()[1].clone();
            told.push((names(&watcher), from, skipped.map(place), place(failure(&status)), proxy.lists()));
        }
        assert!(told[1..].iter().all(|other| *other == told[0]), "{kind} {object}: {told:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_cut_is_told_again_by_the_next_watch() {
    let proxy = Proxy::default();
    let mut object = within("default", config_map("a", "1"));
    object["metadata"]["resourceVersion"] = "1000".into();
    let whole = format!("{}\n", json!({"type": "ADDED", "object": object}));
    let cut = format!("{whole}{}", &whole[..whole.len() / 2]);
    proxy.script("watch", [text(200, &cut), lines(&[], Close::Silent)]);
    let watcher = synced(watching(proxy.client())).await;
    eventually("watched again", || proxy.watched_from().len() == 2).await;
    assert_eq!((names(&watcher), proxy.watched_from()[1].clone()), (vec!["default/a".to_owned()], "1000".to_owned()));
    assert_eq!((failure(&watcher.status()), proxy.lists()), (String::new(), 1));
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_no_json_are_told_and_tried_again() {
    for html in
        ["<html><body>Sign in</body></html>", "<html>\n<body>Sign in</body>\n</html>\n", "{}", "[]", "null", "\"text\""]
    {
        let proxy = Proxy::default();
        proxy.script("list", [text(200, html)]);
        proxy.script("watch", [text(200, html)]);
        let watcher = watching(proxy.client()).start().unwrap();
        eventually("failed", || failure(&watcher.status()).starts_with("the answer to the list is no Kubernetes list"))
            .await;
        watcher.wait_until_synced(SOON).await.unwrap();
        eventually("failed", || failure(&watcher.status()).starts_with("the answer to the watch is no watch event"))
            .await;
        eventually("open", || {
            watcher.status().to_string() == "synced" && proxy.cluster.open_watches("configmaps") == 1
        })
        .await;
        assert_eq!(proxy.lists(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_in_html_are_told_in_short_and_on_one_line() {
    let proxy = Proxy::default();
    let page = format!("<html>\n<h1>502 Bad Gateway</h1>\n{}", "x".repeat(100_000));
    proxy.script("list", [text(502, &page)]);
    let watcher = watching(proxy.client()).start().unwrap();
    eventually("failed", || watcher.status().failure.is_some()).await;
    let told = failure(&watcher.status());
    assert!(told.starts_with("the server answered 502: <html> <h1>502 Bad Gateway</h1>"), "{told}");
    assert!(told.len() < 300 && !told.contains('\n'), "{told}");
    watcher.wait_until_synced(SOON).await.unwrap();
}

// Silence and deadlines.

#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_opened_again_and_a_second_silence_is_a_list() {
    let proxy = Proxy::default();
    proxy.script("watch", [silence(), silence()]);
    let watcher = synced(watching(proxy.client())).await;
    let start = Instant::now();
    eventually("open for a second time", || proxy.watched_from().len() == 2).await;
    let bound = start.elapsed().as_secs_f64();
    assert!((150.0..155.0).contains(&bound), "{bound}");
    eventually("open", || proxy.watched_from().len() == 3).await;
    assert_eq!((restarts(&watcher), proxy.lists()), (vec![(Restart::Silent, 1)], 2));
    let list = proxy.asked.lock().iter().rev().find(|(_, uri)| !uri.contains("watch=true")).unwrap().1.clone();
    assert!(list.contains("resourceVersionMatch=NotOlderThan"), "{list}");
    eventually("synced", || watcher.status().to_string() == "synced").await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_the_server_keeps_waiting_is_followed_by_one_of_whatever_it_has() {
    let proxy = Proxy::default();
    proxy.script("watch", [silence(), silence()]);
    let watcher = synced(watching(proxy.client())).await;
    proxy.script("list", [silence()]);
    eventually("listed again", || proxy.lists() == 3).await;
    let asked = proxy.asked.lock().clone();
    let lists = asked.iter().filter(|(_, uri)| !uri.contains("watch=true"));
    let versions: Vec<bool> = lists.map(|(_, uri)| uri.contains("resourceVersion=")).collect();
    assert_eq!(versions, [false, true, false]);
    eventually("synced", || watcher.status().to_string() == "synced").await;
}

#[tokio::test(start_paused = true)]
async fn silence_is_stale_since_the_last_word() {
    let proxy = Proxy::default();
    proxy.script("watch", [silence(), silence()]);
    let watcher = synced(watching(proxy.client())).await;
    let heard = Instant::now();
    // A failure shows only until the next attempt, which comes after 400 ms at the earliest.
    let failed = async {
        while watcher.status().failure.is_none() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(600), failed).await.unwrap();
    assert_eq!(failure(&watcher.status()), "no answer to the watch within 150s");
    assert!(watcher.status().stale_since.unwrap() - heard < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn watches_that_end_as_agreed_are_silent_only_if_they_did_not_say_a_word() {
    let mut timeouts = Timeouts::default();
    timeouts.watch = Duration::from_secs(30);
    // The server says a word before the end of each.
    let proxy = Proxy::default();
    let watcher = synced(watching(proxy.client()).timeouts(timeouts.clone())).await;
    sleep(Duration::from_secs(600)).await;
    assert_eq!((restarts(&watcher), proxy.lists()), (vec![], 1));

    let proxy = Proxy::default();
    let quiet = lines(&[], Close::After(timeouts.watch));
    proxy.script("watch", [quiet.clone(), quiet]);
    let watcher = synced(watching(proxy.client()).timeouts(timeouts)).await;
    eventually("relisted", || restarts(&watcher) == [(Restart::Silent, 1)]).await;
    let asked: Vec<_> = proxy.asked.lock().iter().take(4).map(|(_, uri)| uri.contains("watch=true")).collect();
    assert_eq!(asked, [false, true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn versions_that_fall_are_told_as_a_rewind_and_the_older_state_is_shown() {
    let proxy = Proxy::default();
    let list = |version: &str, name: &str| {
        let mut object = within("default", config_map(name, "1"));
        object["metadata"]["resourceVersion"] = version.into();
        let list = json!({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"resourceVersion": version}, "items": [object]});
        text(200, &list.to_string())
    };
    let too_large = json!({
        "kind": "Status", "status": "Failure", "code": 504, "reason": "Timeout",
        "message": "Timeout: Too large resource version: 900, current: 500", "details": {"retryAfterSeconds": 1},
    });
    proxy.script("list", [list("900", "newer"), text(504, &too_large.to_string()), list("500", "older")]);
    proxy.script("watch", [silence(), silence(), silence()]);
    let watcher = synced(watching(proxy.client())).await;
    assert_eq!(names(&watcher), ["default/newer"]);
    let mut changes = watcher.store().changes();
    eventually("rewound", || restarts(&watcher).contains(&(Restart::Rewound, 1))).await;
    assert_eq!(names(&watcher), ["default/older"]);
    assert_eq!(told(&mut changes), ["deleted default/newer, created default/older"]);
    assert_eq!(watcher.status().version, Some(500.into()));
    assert_eq!(restarts(&watcher), [(Restart::Silent, 1), (Restart::Rewound, 1)]);
    eventually("watching", || proxy.watched_from().len() == 3).await;
    assert_eq!(proxy.watched_from(), ["900", "900", "500"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_begin_is_given_up_and_tried_again() {
    let cluster = FakeCluster::new();
    cluster.fault(Fault::on("list").nth(1).hang());
    cluster.fault(Fault::on("watch").times(5).hang());
    let watcher = watching(cluster.client()).start().unwrap();
    let start = Instant::now();
    eventually("failed", || failure(&watcher.status()) == "no answer to the list within 30s").await;
    assert!((30.0..31.0).contains(&start.elapsed().as_secs_f64()));
    watcher.wait_until_synced(SOON).await.unwrap();
    eventually("failed", || failure(&watcher.status()) == "no answer to the watch within 30s").await;
    cluster.create(config_map("a", "1")).unwrap();
    current(&watcher, &cluster).await;
    // A server that does not answer is not asked for everything on top.
    assert_eq!((restarts(&watcher), cluster.requests().verb("list").count()), (vec![], 2));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_stops_in_the_middle_is_given_up_and_tried_again() {
    let proxy = Proxy::default();
    proxy.cluster.create(config_map("a", "1")).unwrap();
    proxy.script("list", [Reply::Body(200, vec!["{\"kind\":\"ConfigMapList\",".into()], Close::Silent)]);
    let watcher = synced(watching(proxy.client())).await;
    assert_eq!((names(&watcher), proxy.lists()), (vec!["default/a".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_tried_again() {
    let cluster = FakeCluster::new();
    cluster.fault(Fault::on("*").times(3).refuse_connection());
    let watcher = watching(cluster.client()).start().unwrap();
    eventually("failed", || failure(&watcher.status()) == "the connection failed").await;
    assert!(watcher.status().to_string().contains("refused by a fault"), "{}", watcher.status());
    watcher.wait_until_synced(SOON).await.unwrap();
}

// What is watched.

fn sample() -> FakeCluster {
    let cluster = FakeCluster::new();
    for (namespace, name) in [("blog", "tls"), ("blog", "web"), ("shop", "api"), ("shop", "tls"), ("team", "api")] {
        cluster.namespace(namespace);
        let object = labelled("app", name, within(namespace, config_map(name, "1")));
        cluster.create(object).unwrap();
    }
    cluster
}

fn all(cluster: &FakeCluster) -> WatcherBuilder {
    Watcher::builder(cluster.client(), config_maps())
}

fn paths(cluster: &FakeCluster) -> Vec<String> {
    let mut paths: Vec<_> = cluster.requests().verb("watch").iter().map(|watch| watch.path.clone()).collect();
    paths.sort();
    paths
}

#[tokio::test(start_paused = true)]
async fn all_namespaces_are_one_watch() {
    let cluster = sample();
    let watcher = synced(all(&cluster)).await;
    cluster.watch_established("configmaps").await;
    assert_eq!(names(&watcher), ["blog/tls", "blog/web", "shop/api", "shop/tls", "team/api"]);
    assert_eq!(paths(&cluster), ["/api/v1/configmaps"]);
}

#[tokio::test(start_paused = true)]
async fn several_namespaces_are_a_watch_each_and_a_relist_of_one_leaves_the_other_alone() {
    let cluster = sample();
    let list = cluster.fault(Fault::on("list").namespace("shop").nth(1).gate());
    let watcher = all(&cluster).namespaces(["shop", "blog"]).start().unwrap();
    list.reached(1).await;
    eventually("one filled", || names(&watcher) == ["blog/tls", "blog/web"]).await;
    let error = watcher.wait_until_synced(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "not synced within 1s: configmaps.v1 in shop is syncing (0 objects so far)",);
    list.open();
    watcher.wait_until_synced(SOON).await.unwrap();
    assert_eq!(names(&watcher), ["blog/tls", "blog/web", "shop/api", "shop/tls"]);
    cluster.until(|cluster| cluster.open_watches("configmaps") == 2).await;
    assert_eq!(paths(&cluster), ["/api/v1/namespaces/blog/configmaps", "/api/v1/namespaces/shop/configmaps"]);

    cluster.create(within("blog", config_map("new", "1"))).unwrap();
    cluster.delete("configmaps", "shop", "tls").unwrap();
    cluster.watches().fail(failed(410, "Expired", "too old resource version: 1 (2)"));
    eventually("relisted", || restarts(&watcher) == [(Restart::Expired, 2)]).await;
    current(&watcher, &cluster).await;
    assert_eq!(names(&watcher), ["blog/new", "blog/tls", "blog/web", "shop/api"]);
    let each: Vec<_> = watcher.statuses().into_iter().map(|(name, status)| format!("{name}: {status}")).collect();
    assert_eq!(each, ["configmaps.v1 in blog: synced", "configmaps.v1 in shop: synced"]);
}

#[tokio::test(start_paused = true)]
async fn the_own_namespace_is_the_clients() {
    let cluster = sample();
    let client = kube::Client::new(cluster.clone(), "team");
    let watcher = synced(Watcher::builder(client, config_maps()).own_namespace()).await;
    assert_eq!(names(&watcher), ["team/api"]);
}

#[tokio::test(start_paused = true)]
async fn label_selectors_are_the_servers_and_objects_come_and_go_with_their_labels() {
    let cluster = sample();
    let watcher = synced(all(&cluster).labels("app in (api,web),!gone".parse().unwrap())).await;
    assert_eq!(names(&watcher), ["blog/web", "shop/api", "team/api"]);
    cluster.watch_established("configmaps").await;
    cluster.apply(labelled("gone", "", labelled("app", "web", within("blog", config_map("web", "1"))))).unwrap();
    cluster.apply(labelled("app", "api", within("blog", config_map("tls", "1")))).unwrap();
    current(&watcher, &cluster).await;
    assert_eq!(names(&watcher), ["blog/tls", "shop/api", "team/api"]);
    let requests = cluster.requests().when(|request| request.param("labelSelector").is_none());
    assert_eq!(requests.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn field_selectors_of_the_server_are_sent_to_it() {
    let cluster = FakeCluster::new();
    for (name, kind) in [("a", "kubernetes.io/basic-auth"), ("b", "Opaque")] {
        let data = json!({"username": "eA==", "password": "eA=="});
        let secret =
            json!({"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": {"name": name}, "data": data});
        cluster.create(secret).unwrap();
    }
    let secrets =
        Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).fields("type=kubernetes.io/basic-auth");
    assert_eq!(names(&synced(secrets).await), ["default/a"]);
}

#[tokio::test(start_paused = true)]
async fn client_side_selectors_see_any_field_and_objects_come_and_go_with_it() {
    let cluster = FakeCluster::new();
    for (name, value) in [("a", "in"), ("b", "out"), ("c", "in")] {
        cluster.create(config_map(name, value)).unwrap();
    }
    let indexer = Indexer::builder().field_selector("data.value=in").remove_fields(["data"]).build().unwrap();
    let watcher = synced(all(&cluster).namespace("default").indexer(indexer)).await;
    assert_eq!(names(&watcher), ["default/a", "default/c"]);
    cluster.watch_established("configmaps").await;
    cluster.apply(config_map("a", "out")).unwrap();
    cluster.apply(config_map("b", "in")).unwrap();
    cluster.delete("configmaps", "default", "c").unwrap();
    current(&watcher, &cluster).await;
    assert_eq!(names(&watcher), ["default/b"]);
    let request = cluster.requests().when(|request| request.param("fieldSelector").is_some());
    assert_eq!(request.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_named_object_is_watched_alone_and_its_edits_are_seen() {
    let cluster = sample();
    let watcher = synced(all(&cluster).namespace("shop").object("tls")).await;
    assert_eq!(names(&watcher), ["shop/tls"]);
    cluster.watch_established("configmaps").await;
    cluster.apply(within("shop", config_map("tls", "2"))).unwrap();
    cluster.apply(within("shop", config_map("api", "2"))).unwrap();
    current(&watcher, &cluster).await;
    assert_eq!(shown(&watcher.store().snapshot()), ["tls=2"]);
    cluster.delete("configmaps", "shop", "tls").unwrap();
    eventually("gone", || names(&watcher).is_empty()).await;
    let anywhere = synced(all(&cluster).object("tls")).await;
    assert_eq!(names(&anywhere), ["blog/tls"]);
}

#[tokio::test(start_paused = true)]
async fn names_that_cannot_be_names_are_refused_at_the_start() {
    let client = FakeCluster::new().client();
    let builder = |resource: Resource| Watcher::builder(client.clone(), resource);
    let refused = |builder: WatcherBuilder| builder.start().unwrap_err().to_string();
    for namespace in ["", "..", "a/b", "a?b", "a b", "-"] {
        let message = format!("{namespace:?} is no namespace");
        assert_eq!(refused(builder(config_maps()).namespace(namespace)), message);
    }
    for name in ["", "a,metadata.namespace=b", "a/b", "a b"] {
        assert_eq!(refused(builder(config_maps()).object(name)), format!("{name:?} is no name of an object"));
    }
    builder(Resource::new("rbac.authorization.k8s.io/v1", "clusterroles")).object("system:node").start().unwrap();
    for version in ["", "v1/", "/v1", "a/b/c", "../v1"] {
        let message = format!("{version:?} is no apiVersion: write v1 or group/v1");
        assert_eq!(refused(builder(Resource::new(version, "pods"))), message);
    }
    for plural in ["", "pods/log", "pods?watch=1", ".."] {
        let message = format!("{plural:?} is no resource: write the plural in lower case, such as ingresses");
        assert_eq!(refused(builder(Resource::new("v1", plural))), message);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_of_other_indexes_is_refused_at_the_start() {
    let cluster = FakeCluster::new();
    assert_eq!(
        watching(cluster.client()).store(MemoryStore::new()).start().unwrap_err().to_string(),
        "the store has other indexes (default) than the indexer (default, by-value): make the store for the indexer",
    );
}

// Waiting and ending.

#[tokio::test(start_paused = true)]
async fn any_number_of_tasks_can_wait() {
    let cluster = FakeCluster::new();
    let list = cluster.fault(Fault::on("list").nth(1).gate());
    let watcher = Arc::new(watching(cluster.client()).start().unwrap());
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let watcher = Arc::clone(&watcher);
            tokio::spawn(async move { watcher.wait_until_synced(SOON).await })
        })
        .collect();
    list.reached(1).await;
    list.open();
    for waiter in waiting {
        waiter.await.unwrap().unwrap();
    }
    watcher.wait_until_synced(Duration::ZERO).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn progress_of_the_first_list_is_told() {
    let cluster = FakeCluster::new();
    for number in 0..700 {
        cluster.create(config_map(&format!("n{number}"), "1")).unwrap();
    }
    let page = cluster.fault(Fault::on("list").nth(2).gate());
    let watcher = watching(cluster.client()).start().unwrap();
    page.reached(1).await;
    assert_eq!(watcher.status().to_string(), "syncing (500 objects so far)");
    let error = watcher.wait_for(&7.into(), Duration::from_secs(2)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "not at version 7 within 2s: configmaps.v1 in default is syncing (500 objects so far)",
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_watcher_asks_nothing_more_and_leaves_the_store_as_it_is() {
    for stage in ["listing", "watching", "waiting"] {
        let cluster = FakeCluster::new();
        cluster.create(config_map("a", "1")).unwrap();
        let watcher = watching(cluster.client());
        let watcher = match stage {
            "listing" => {
                let list = cluster.fault(Fault::on("list").gate());
                let watcher = watcher.start().unwrap();
                list.reached(1).await;
                watcher
            }
            "watching" => {
                let watcher = synced(watcher).await;
                cluster.watch_established("configmaps").await;
                watcher
            }
            _ => {
                let refused = cluster.fault(Fault::on("watch").status(500));
                let watcher = synced(watcher).await;
                cluster.until(|_| refused.hits() > 2).await;
                watcher
            }
        };
        let (asked, store) = (cluster.requests().count(), Arc::clone(watcher.store()));
        let kept = shown(&store.snapshot());
        drop(watcher);
        sleep(Duration::from_secs(3600)).await;
        cluster.create(config_map("b", "1")).unwrap();
        sleep(Duration::from_secs(3600)).await;
        assert_eq!((cluster.requests().count(), cluster.open_watches("configmaps")), (asked, 0), "{stage}");
        assert_eq!(shown(&store.snapshot()), kept);
        assert_eq!(Arc::strong_count(&store), 1, "nothing else holds the store");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_is_over_when_nothing_is_open_any_more() {
    let cluster = FakeCluster::new();
    let watcher = synced(watching(cluster.client())).await;
    cluster.watch_established("configmaps").await;
    let store = Arc::clone(watcher.store());
    watcher.shutdown().await;
    assert_eq!((cluster.open_watches("configmaps"), Arc::strong_count(&store)), (0, 1));
}

/// ConfigMaps and Secrets, known by other names.
fn pair(cluster: &FakeCluster) -> WatcherSet {
    let mut set = WatcherSet::default();
    set.insert("maps", watching(cluster.client()).name("maps").start().unwrap());
    let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).name("secrets");
    set.insert("secrets", secrets.start().unwrap());
    set
}

#[tokio::test(start_paused = true)]
async fn a_set_is_synced_when_all_are_and_tells_how_far_each_is() {
    let cluster = FakeCluster::new();
    let list = cluster.fault(Fault::on("list").resource("secrets").nth(1).gate());
    let set = pair(&cluster);
    let statuses = || set.statuses().into_iter().map(|(name, status)| format!("{name}: {status}")).collect::<Vec<_>>();
    let error = set.wait_until_synced(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "not synced within 1s: secrets is syncing (0 objects so far)");
    assert_eq!(statuses(), ["maps in default: synced", "secrets: syncing (0 objects so far)"]);
    list.open();
    set.wait_until_synced(SOON).await.unwrap();
    assert_eq!(statuses(), ["maps in default: synced", "secrets: synced"]);
}

#[tokio::test(start_paused = true)]
async fn the_shutdown_of_a_set_is_over_when_nothing_of_any_is_open_any_more() {
    let cluster = FakeCluster::new();
    let set = pair(&cluster);
    cluster.watch_established("configmaps").await;
    cluster.watch_established("secrets").await;
    let stores = set.stores().clone();
    set.shutdown().await;
    let open = ["configmaps", "secrets"].map(|resource| cluster.open_watches(resource));
    assert_eq!((open, stores.values().map(Arc::strong_count).collect::<Vec<_>>()), ([0, 0], vec![1, 1]));
}

#[test]
fn a_watcher_outside_of_a_runtime_is_an_error_and_no_panic() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let error = Watcher::feed("replay", store, stream::empty()).unwrap_err();
    assert_eq!(error.to_string(), "a watcher is started inside a tokio runtime: call it from async code");
}

// Events from elsewhere.

fn indexed(name: &str, value: &str, version: u64) -> Indexed {
    let mut object = within("default", config_map(name, value));
    object["metadata"]["resourceVersion"] = version.to_string().into();
    object["metadata"]["uid"] = name.into();
    Indexed::new(kube_indexed_store::Object::try_from(object).unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_store_can_be_fed_from_any_events() {
    let (sender, events) = futures::channel::mpsc::unbounded();
    let tell = |event| sender.unbounded_send(event).unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let watcher = Watcher::feed("replay", store, events).unwrap();
    tell(Event::Start { reason: None });
    tell(Event::Item(indexed("void", "1", 1)));
    // A second start before the end of the first voids it.
    tell(Event::Start { reason: Some(Restart::Incomplete) });
    tell(Event::Item(indexed("a", "1", 1)));
    tell(Event::Item(indexed("b", "1", 2)));
    assert_eq!(watcher.wait_until_synced(SOON).await.unwrap_err().missing[0].1, "syncing (2 objects so far)");
    tell(Event::Done { version: Some(7.into()) });
    tell(Event::Apply(indexed("c", "1", 8)));
    tell(Event::Delete { name: indexed("b", "1", 2).name().clone(), version: Some(9.into()) });
    tell(Event::Skipped(Error::Settings("odd".into())));
    tell(Event::Bookmark(12.into()));
    watcher.wait_for(&12.into(), SOON).await.unwrap();
    assert_eq!(shown(&watcher.store().snapshot()), ["a=1", "c=1"]);
    let status = watcher.status();
    assert_eq!((status.skipped, restarts(&watcher)), (1, vec![(Restart::Incomplete, 1)]));
    assert_eq!((status.to_string(), status.connected), ("synced".to_owned(), true));

    // A batch that does not fit is taken as far as it fits.
    tell(Event::Apply(indexed("d", "1", 13)));
    tell(Event::Apply(indexed("e", "1", 14).key("no-such-index", ["x"])));
    tell(Event::Apply(indexed("f", "1", 15)));
    watcher.wait_for(&15.into(), SOON).await.unwrap();
    assert_eq!(shown(&watcher.store().snapshot()), ["a=1", "c=1", "d=1", "f=1"]);
    assert_eq!(watcher.status().skipped, 2);

    drop(sender);
    let error = watcher.wait_for(&16.into(), SOON).await.unwrap_err();
    assert_eq!(error.to_string(), "not at version 16 within 60s: replay is stopped (synced)");
}

#[tokio::test(start_paused = true)]
async fn a_relist_as_client_go_does_it_keeps_the_identity_of_what_did_not_change() {
    let (sender, events) = futures::channel::mpsc::unbounded();
    let tell = |event| sender.unbounded_send(event).unwrap();
    let watcher = Watcher::feed("replay", Arc::new(MemoryStore::new()), events).unwrap();
    let relist = |objects: &[(&str, &str, u64)], version: u64| {
        tell(Event::Start { reason: None });
        objects.iter().for_each(|(name, value, version)| tell(Event::Item(indexed(name, value, *version))));
        tell(Event::Done { version: Some(version.into()) });
    };
    relist(&[("a", "1", 1), ("b", "1", 2), ("c", "1", 3)], 5);
    watcher.wait_for(&5.into(), SOON).await.unwrap();
    let before = watcher.store().snapshot();
    relist(&[("a", "1", 1), ("b", "2", 8)], 9);
    watcher.wait_for(&9.into(), SOON).await.unwrap();
    let after = watcher.store().snapshot();
    assert_eq!(after.diff(&before).to_string(), "modified default/b, deleted default/c");
    let object = |snapshot: &Snapshot| snapshot.entry("default", "a").unwrap().object().unwrap().clone();
    assert!(object(&before).ptr_eq(&object(&after)));
    relist(&[("a", "1", 1), ("b", "2", 8)], 10);
    watcher.wait_for(&10.into(), SOON).await.unwrap();
    assert_eq!(watcher.store().snapshot().revision(), after.revision());
}

#[tokio::test(start_paused = true)]
async fn kubes_own_watcher_can_feed_a_store_and_recovers_in_its_state_too() {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::runtime::{WatchStreamExt, watcher as kube_watcher};
    let cluster = FakeCluster::new();
    cluster.create(config_map("a", "in")).unwrap();
    cluster.create(config_map("b", "out")).unwrap();
    let api = kube::Api::<ConfigMap>::namespaced(cluster.client(), "default");
    let events = kube_watcher(api, kube_watcher::Config::default()).default_backoff();
    let indexer =
        Indexer::builder().index("by-value", ["data.value"]).field_selector("data.value!=out").build().unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::for_indexer(&indexer));
    let watcher = Watcher::feed("configmaps", store, kube_events(events, indexer)).unwrap();
    watcher.wait_until_synced(SOON).await.unwrap();
    eventually("open", || watcher.status().connected).await;
    assert_eq!((names(&watcher), found(&watcher, "in")), (vec!["default/a".to_owned()], 1));
    cluster.watch_established("configmaps").await;

    cluster.apply(config_map("a", "out")).unwrap();
    cluster.apply(config_map("b", "in")).unwrap();
    cluster.create(config_map("c", "in")).unwrap();
    eventually("shown", || names(&watcher) == ["default/b", "default/c"]).await;

    let refusal = cluster.fault(Fault::on("*").status(500));
    cluster.watches().close();
    eventually("failed", || watcher.status().failure.is_some()).await;
    let status = watcher.status();
    assert_eq!((status.connected, status.stale_since.is_some()), (false, true));
    assert!(failure(&status).starts_with("the watch that feeds this store failed"), "{}", failure(&status));
    refusal.remove();
    cluster.delete("configmaps", "default", "b").unwrap();
    eventually("shown", || names(&watcher) == ["default/c"]).await;
    let status = watcher.status();
    assert_eq!((status.to_string(), status.connected, status.stale_since), ("synced".to_owned(), true, None));
}

// Notices of changes.

const QUIET: Duration = Duration::from_millis(100);

/// A store that is fed by hand.
struct Fed {
    watcher: Watcher,
    sender: futures::channel::mpsc::UnboundedSender<Event>,
    version: u64,
}

impl Fed {
    fn new(name: &str) -> Fed {
        let (sender, events) = futures::channel::mpsc::unbounded();
        Fed { watcher: Watcher::feed(name, Arc::new(MemoryStore::new()), events).unwrap(), sender, version: 1 }
    }

    fn tell(&self, event: Event) {
        self.sender.unbounded_send(event).unwrap();
    }

    fn fill(&self, names: &[&str]) {
        self.tell(Event::Start { reason: None });
        names.iter().for_each(|name| self.tell(Event::Item(indexed(name, "1", 1))));
        self.tell(Event::Done { version: Some(1.into()) });
    }

    fn apply(&mut self, name: &str, value: &str) {
        self.version += 1;
        self.tell(Event::Apply(indexed(name, value, self.version)));
    }

    fn delete(&mut self, name: &str) {
        self.version += 1;
        self.tell(Event::Delete { name: indexed(name, "", 1).name().clone(), version: Some(self.version.into()) });
    }
}

/// A filled store whose first notice is taken, a day ago.
async fn quiet(debounce: Debounce, names: &[&str]) -> (Fed, Notifications) {
    let fed = Fed::new("a");
    fed.fill(names);
    let mut notifications = fed.watcher.notifications_with(debounce);
    assert!(notifications.next().await.unwrap().initial);
    sleep(Duration::from_secs(86_400)).await;
    (fed, notifications)
}

/// What comes within a minute: after how many milliseconds, and what.
async fn soon(notifications: &mut Notifications) -> Option<(u64, String)> {
    let start = Instant::now();
    let next = timeout(Duration::from_secs(60), notifications.next()).await.ok()??;
    Some((start.elapsed().as_millis() as u64, next.to_string()))
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_when_it_is_quiet() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &[]).await;
    fed.apply("a", "1");
    let late = async {
        sleep(Duration::from_millis(60)).await;
        fed.apply("b", "1");
    };
    let (first, ()) = tokio::join!(soon(&mut notifications), late);
    assert_eq!(first, Some((160, "a: created default/a, created default/b".to_owned())));
    assert_eq!(soon(&mut notifications).await, None);
}

#[tokio::test(start_paused = true)]
async fn changes_without_a_pause_are_told_at_the_latest_after_the_maximum() {
    let (mut fed, mut notifications) = quiet(Debounce::new(QUIET, Duration::from_secs(1)), &[]).await;
    let busy = async {
        for value in 0..250 {
            fed.apply("a", &value.to_string());
            sleep(Duration::from_millis(10)).await;
        }
    };
    let reader = async {
        let mut times = Vec::new();
        while let Some((after, _)) = soon(&mut notifications).await {
            times.push(after);
        }
        times
    };
    let (times, ()) = tokio::join!(reader, busy);
    // Every notice after the maximum; the last when it is quiet.
    assert_eq!(times.len(), 3, "{times:?}");
    assert!(times[..2].iter().all(|after| (1000..=1011).contains(after)), "{times:?}");
    assert!(times[2] < 700, "{times:?}");
}

/// A store that has changed whenever anybody looks, up to a number of times.
#[derive(Debug, Clone)]
struct Restless {
    store: MemoryStore,
    left: Arc<Mutex<u64>>,
}

impl Store for Restless {
    fn schema(&self) -> Schema {
        self.store.schema()
    }

    fn write(&self, batch: Vec<Write>) -> Result<Revision, store::Error> {
        self.store.write(batch)
    }

    fn reset(&self, scope: Scope) -> Box<dyn Reset> {
        self.store.reset(scope)
    }

    fn get(&self, query: Query<'_>) -> Result<store::Get, store::Error> {
        self.store.get(query)
    }

    fn snapshot(&self) -> Snapshot {
        self.store.snapshot()
    }

    fn changes(&self) -> Changes {
        let (sender, revision) = tokio::sync::watch::channel(self.store.revision());
        let restless = self.clone();
        Changes::new(revision, move || {
            let mut left = restless.left.lock();
            let before = restless.snapshot();
            if *left > 0 {
                *left -= 1;
                let revision = restless.store.apply(indexed("a", &left.to_string(), 1_000_000 - *left)).unwrap();
                sender.send_replace(revision);
            }
            before
        })
    }
}

#[tokio::test(start_paused = true)]
async fn changes_that_leave_the_reader_no_rest_do_not_put_the_maximum_off() {
    let (sender, events) = futures::channel::mpsc::unbounded();
    let restless = Restless { store: MemoryStore::new(), left: Arc::new(Mutex::new(100_000)) };
    let watcher = Watcher::feed("a", Arc::new(restless.clone()), events).unwrap();
    sender.unbounded_send(Event::Start { reason: None }).unwrap();
    sender.unbounded_send(Event::Done { version: None }).unwrap();
    let mut notifications = watcher.notifications_with(Debounce::new(QUIET, Duration::from_secs(1)));
    assert!(notifications.next().await.unwrap().initial);
    let clock = tokio::spawn(async {
        loop {
            tokio::time::advance(Duration::from_millis(10)).await;
        }
    });
    assert_eq!(notifications.next().await.unwrap().changes.len(), 1);
    assert!(*restless.left.lock() > 0, "told only when the changes had ended");
    clock.abort();
}

#[tokio::test(start_paused = true)]
async fn with_a_leading_edge_the_first_change_is_told_at_once_and_what_follows_is_held_back() {
    let (mut fed, mut notifications) = quiet(Debounce::default().leading(), &[]).await;
    fed.apply("a", "1");
    assert_eq!(soon(&mut notifications).await, Some((0, "a: created default/a".to_owned())));
    sleep(Duration::from_millis(30)).await;
    fed.apply("b", "1");
    assert_eq!(soon(&mut notifications).await, Some((100, "a: created default/b".to_owned())));
    sleep(QUIET).await;
    fed.apply("c", "1");
    assert_eq!(soon(&mut notifications).await, Some((0, "a: created default/c".to_owned())));
    // Changes that undo each other while they are held back tell nothing, so what comes after them is first again.
    sleep(QUIET * 2).await;
    fed.apply("d", "1");
    assert_eq!(soon(&mut notifications).await, Some((0, "a: created default/d".to_owned())));
    fed.apply("e", "1");
    assert!(timeout(QUIET / 2, notifications.next()).await.is_err());
    fed.delete("e");
    assert!(timeout(QUIET * 3 / 2, notifications.next()).await.is_err());
    fed.apply("f", "1");
    assert_eq!(soon(&mut notifications).await, Some((0, "a: created default/f".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn changes_that_undo_each_other_tell_nothing() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &["kept"]).await;
    fed.apply("a", "1");
    fed.apply("kept", "2");
    sleep(QUIET / 2).await;
    assert!(notifications.next().now_or_never().is_none());
    fed.delete("a");
    fed.apply("kept", "1");
    assert_eq!(soon(&mut notifications).await, None);
    fed.apply("kept", "2");
    assert_eq!(soon(&mut notifications).await, Some((100, "a: modified default/kept".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn notices_count_what_was_created_modified_and_deleted() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &["a", "b", "c"]).await;
    fed.apply("a", "2");
    fed.delete("b");
    fed.delete("c");
    fed.apply("d", "1");
    let mut replaced = within("default", config_map("a", "3"));
    replaced["metadata"]["uid"] = "another".into();
    let replaced = Indexed::new(kube_indexed_store::Object::try_from(replaced).unwrap()).unwrap();
    fed.tell(Event::Apply(replaced));
    let notice = notifications.next().await.unwrap();
    assert_eq!((notice.created(), notice.modified(), notice.deleted(), notice.initial), (1, 1, 2, false));
}

#[tokio::test(start_paused = true)]
async fn the_first_filling_is_told_once_when_it_is_whole_also_when_it_is_empty() {
    for names in [&[][..], &["a", "b"][..]] {
        let mut fed = Fed::new("a");
        let mut notifications = fed.watcher.notifications();
        // Changes before the first list is done, as another watch of the same store would make.
        fed.apply("early", "1");
        assert_eq!(soon(&mut notifications).await, None);
        assert!(notifications.flush().is_none());
        fed.delete("early");
        fed.fill(names);
        let first = notifications.next().await.unwrap();
        assert_eq!((first.initial, first.created()), (true, names.len()));
        assert_eq!(soon(&mut notifications).await, None);
        // A later subscriber is told of what is there.
        let again = fed.watcher.notifications().next().await.unwrap();
        assert_eq!((again.initial, again.created()), (true, names.len()));
    }
}

#[tokio::test(start_paused = true)]
async fn changes_during_the_first_filling_are_told_when_asked_for_and_the_end_of_it_once() {
    let mut fed = Fed::new("a");
    let mut notifications = fed.watcher.notifications_with(Debounce::default().during_sync());
    fed.apply("early", "1");
    let early = notifications.next().await.unwrap();
    assert_eq!((early.initial, early.to_string()), (true, "a: created default/early".to_owned()));
    fed.fill(&["early"]);
    let whole = notifications.next().await.unwrap();
    assert!(whole.initial);
    assert_eq!(soon(&mut notifications).await, None);
    fed.apply("late", "1");
    assert!(!notifications.next().await.unwrap().initial);
}

#[tokio::test(start_paused = true)]
async fn a_flush_tells_what_is_pending_now_and_only_once() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &[]).await;
    assert!(notifications.flush().is_none());
    fed.apply("a", "1");
    eventually("written", || fed.watcher.store().len() == 1).await;
    assert_eq!(notifications.flush().unwrap().to_string(), "a: created default/a");
    assert!(notifications.flush().is_none());
    assert_eq!(soon(&mut notifications).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_watchers_tells_what_is_pending_and_is_the_end() {
    for dropped in [false, true] {
        let (mut fed, mut notifications) = quiet(Debounce::new(SOON, SOON), &[]).await;
        fed.apply("a", "1");
        eventually("written", || fed.watcher.store().len() == 1).await;
        let Fed { watcher, sender, .. } = fed;
        drop(sender);
        if dropped {
            drop(watcher);
        }
        assert_eq!(notifications.next().await.unwrap().to_string(), "a: created default/a");
        assert!(notifications.next().await.is_none());
        assert!(notifications.next().await.is_none());
    }
    let fed = Fed::new("never filled");
    let mut notifications = fed.watcher.notifications();
    drop(fed);
    assert!(notifications.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_wait_loses_nothing_and_puts_nothing_off() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &[]).await;
    fed.apply("a", "1");
    let start = Instant::now();
    let mut told = None;
    while told.is_none() && start.elapsed() < SOON {
        told = timeout(Duration::from_millis(7), notifications.next()).await.ok().flatten();
    }
    assert_eq!(told.unwrap().to_string(), "a: created default/a");
    assert!(start.elapsed() <= Duration::from_millis(107), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn several_watchers_are_told_together_when_the_first_is_due_and_all_are_filled() {
    let cluster = FakeCluster::new();
    let mut set = WatcherSet::default();
    let builder = |debounce| watching(cluster.client()).debounce(debounce);
    set.insert("fast", builder(Debounce::default()).name("fast").start().unwrap());
    let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).name("slow");
    let gate = cluster.fault(Fault::on("list").resource("secrets").nth(1).gate());
    set.insert("slow", secrets.debounce(Debounce::new(SOON / 2, SOON / 2)).start().unwrap());
    let mut notifications = set.notifications();
    cluster.watch_established("configmaps").await;
    assert!(notifications.next().now_or_never().is_none());
    gate.open();
    let first = notifications.next().await.unwrap();
    assert_eq!((first.initial, first.to_string()), (true, String::new()));
    cluster.watch_established("secrets").await;

    let secret = |name: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    cluster.create(secret("a")).unwrap();
    assert_eq!(soon(&mut notifications).await, Some((30_000, "slow: created default/a".to_owned())));
    cluster.create(secret("b")).unwrap();
    cluster.create(config_map("a", "1")).unwrap();
    let both = "fast: created default/a; slow: created default/b".to_owned();
    assert_eq!(soon(&mut notifications).await, Some((100, both)));
    assert_eq!(soon(&mut notifications).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_last_changes_of_a_watcher_that_goes_are_told_though_others_stay() {
    let (goes, stays) = (Fed::new("goes"), Fed::new("stays"));
    goes.fill(&[]);
    stays.fill(&[]);
    goes.watcher.wait_until_synced(SOON).await.unwrap();
    let mut set = WatcherSet::default();
    let store = Arc::clone(goes.watcher.store());
    set.insert("goes", goes.watcher);
    set.insert("stays", stays.watcher);
    let mut notifications = set.notifications();
    assert!(notifications.next().await.unwrap().initial);
    goes.sender.unbounded_send(Event::Apply(indexed("b", "1", 9))).unwrap();
    drop(goes.sender);
    eventually("written", || store.len() == 1).await;
    assert_eq!(soon(&mut notifications).await, Some((100, "goes: created default/b".to_owned())));
    assert_eq!(soon(&mut notifications).await, None);
}

#[tokio::test(start_paused = true)]
async fn only_those_are_told_during_the_first_filling_that_asked_for_it() {
    let cluster = FakeCluster::new();
    let mut set = WatcherSet::default();
    // Of two namespaces one is filled and the other is not.
    let gate = cluster.fault(Fault::on("list").namespace("kube-system").nth(1).gate());
    cluster.create(config_map("a", "1")).unwrap();
    let lazy = Watcher::builder(cluster.client(), config_maps()).namespaces(["default", "kube-system"]).name("lazy");
    set.insert("lazy", lazy.start().unwrap());
    let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).name("eager");
    set.insert("eager", secrets.debounce(Debounce::default().during_sync()).start().unwrap());
    let mut notifications = set.notifications();
    gate.reached(1).await;
    cluster.watch_established("secrets").await;
    cluster.create(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}})).unwrap();
    let early = notifications.next().await.unwrap();
    assert_eq!((early.initial, early.to_string()), (true, "eager: created default/s".to_owned()));
    gate.open();
    let whole = notifications.next().await.unwrap();
    assert_eq!((whole.initial, whole.to_string()), (true, "lazy: created default/a".to_owned()));
}

// Everything at once.

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
