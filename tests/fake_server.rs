//! The fake API server on a socket: what clients of other programs see, and what connections do when it fails.

#[path = "store/random.rs"]
mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, ListParams, PostParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, ResourceExt};
use kube_indexed_store::testing::{FakeCluster, Fault, ServeError, Server};
use random::Random;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tower::Service;

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
/// Longer than anything here takes, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

async fn serve(cluster: &FakeCluster) -> Server {
    cluster.serve("127.0.0.1:0").await.unwrap()
}

/// A client of its own, made from what the server prints.
async fn client(server: &Server) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    assert_eq!(config.default_namespace, "default");
    Client::try_from(config).unwrap()
}

async fn config_maps(server: &Server) -> Api<ConfigMap> {
    Api::default_namespaced(client(server).await)
}

fn config_map(name: &str, value: &str) -> ConfigMap {
    let mut object = ConfigMap::default();
    object.metadata.name = Some(name.to_owned());
    object.data = Some(BTreeMap::from([("a".to_owned(), value.to_owned())]));
    object
}

/// So many different names.
fn names(random: &mut Random, count: usize) -> Vec<String> {
    let mut names = BTreeSet::new();
    while names.len() < count {
        names.insert(random.name());
    }
    random.shuffled(names)
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("in time")
}

/// Sends a GET and reads until the server closes the connection, or has sent all it had for an answer: the head and the
/// chunks of the body, and whether the last chunk was among them.
async fn raw(address: SocketAddr, path: &str) -> (String, Vec<u8>, bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server would keep the connection open after a whole answer.
    let request = format!("GET {path} HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await.unwrap();
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return (String::from_utf8(bytes).unwrap(), Vec::new(), false);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let (mut rest, mut body) = (&bytes[end + 4..], Vec::new());
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return (head, body, true);
        }
        let chunk = &rest[end + 2..];
        body.extend_from_slice(&chunk[..length.min(chunk.len())]);
        rest = chunk.get(length + 2..).unwrap_or_default();
    }
    (head, body, false)
}

/// The body the cluster answers in process.
async fn in_process(cluster: &FakeCluster, path: &str) -> Vec<u8> {
    let answer = cluster.clone().call(http::Request::get(path).body(String::new()).unwrap()).await.unwrap();
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test]
async fn objects_are_written_and_read() {
    let mut random = Random::new();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let api = config_maps(&server).await;
    let mut expected = BTreeMap::new();
    for name in names(&mut random, 20) {
        let value = random.next().to_string();
        let created = api.create(&PostParams::default(), &config_map(&name, &value)).await.unwrap();
        assert_eq!(cluster.get("ConfigMap", "default", &name).unwrap(), {
            let mut object = serde_json::to_value(&created).unwrap();
            object["apiVersion"] = "v1".into();
            object
        });
        expected.insert(name, value);
    }
    for (name, value) in &mut expected {
        let mut object = api.get(name).await.unwrap();
        assert_eq!(object.data.as_ref().unwrap()["a"], *value);
        if random.percent(50) {
            value.push('!');
            object.data = Some(BTreeMap::from([("a".to_owned(), value.clone())]));
            api.replace(name, &PostParams::default(), &object).await.unwrap();
        }
    }
    let gone = expected.pop_first().unwrap().0;
    api.delete(&gone, &DeleteParams::default()).await.unwrap();
    let kube::Error::Api(status) = api.get(&gone).await.unwrap_err() else { panic!("a Status") };
    assert_eq!((status.code, status.reason.as_str()), (404, "NotFound"));

    let list = api.list(&ListParams::default()).await.unwrap();
    assert_eq!(list.metadata.resource_version, Some(cluster.revision().to_string()));
    let found = list.into_iter().map(|object| (object.name_any(), object.data.unwrap()["a"].clone()));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
    server.stop().await;
}

#[tokio::test]
async fn lists_come_in_pages_of_one_state() {
    let mut random = Random::new();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let api = config_maps(&server).await;
    let expected: BTreeSet<String> = names(&mut random, 25).into_iter().collect();
    for name in &expected {
        cluster.create(config_map_json(name)).unwrap();
    }
    let mut pages = ListParams::default().limit(1 + random.below(12) as u32);
    let mut found = Vec::new();
    loop {
        let page = api.list(&pages).await.unwrap();
        assert!(page.items.len() <= pages.limit.unwrap() as usize);
        found.extend(page.items.iter().map(ResourceExt::name_any));
        let Some(token) = page.metadata.continue_.filter(|token| !token.is_empty()) else { break };
        // Not of the state that is listed.
        let _ = cluster.create(config_map_json(&format!("{}-later", random.name())));
        pages = pages.continue_token(&token);
    }
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
}

fn config_map_json(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

#[tokio::test]
async fn events_arrive_while_the_watch_is_open() {
    let mut random = Random::new();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let (writer, reader) = (config_maps(&server).await, config_maps(&server).await);
    let start = cluster.revision().to_string();
    let mut events = Box::pin(reader.watch(&WatchParams::default(), &start).await.unwrap());
    for name in names(&mut random, 10) {
        writer.create(&PostParams::default(), &config_map(&name, "1")).await.unwrap();
        match soon(events.try_next()).await.unwrap() {
            Some(WatchEvent::Added(object)) => assert_eq!(object.name_any(), name),
            other => panic!("{other:?}"),
        }
        writer.delete(&name, &DeleteParams::default()).await.unwrap();
        match soon(events.try_next()).await.unwrap() {
            Some(WatchEvent::Deleted(object)) => assert_eq!(object.name_any(), name),
            other => panic!("{other:?}"),
        }
    }
    cluster.close_watches();
    assert!(soon(events.next()).await.is_none());
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_watch_only() {
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let start = cluster.revision().to_string();
    let (first, second) = (config_maps(&server).await, config_maps(&server).await);
    let mut stays = Box::pin(first.watch(&WatchParams::default(), &start).await.unwrap());
    let leaves = second.watch(&WatchParams::default(), &start).await.unwrap();
    soon(cluster.until(|cluster| cluster.open_watches("configmaps") == 2)).await;
    drop((leaves, second));
    soon(cluster.until(|cluster| cluster.open_watches("configmaps") == 1)).await;
    cluster.create(config_map_json(&Random::new().name())).unwrap();
    assert!(matches!(soon(stays.try_next()).await.unwrap(), Some(WatchEvent::Added(_))));
}

#[tokio::test]
async fn of_two_clients_the_one_that_writes_later_conflicts() {
    let name = Random::new().name();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let (first, second) = (config_maps(&server).await, config_maps(&server).await);
    first.create(&PostParams::default(), &config_map(&name, "1")).await.unwrap();
    let mut seen = [first.get(&name).await.unwrap(), second.get(&name).await.unwrap()];
    seen[0].data = Some(BTreeMap::from([("a".to_owned(), "first".to_owned())]));
    seen[1].data = Some(BTreeMap::from([("a".to_owned(), "second".to_owned())]));
    first.replace(&name, &PostParams::default(), &seen[0]).await.unwrap();
    let kube::Error::Api(status) = second.replace(&name, &PostParams::default(), &seen[1]).await.unwrap_err() else {
        panic!("a Status");
    };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert_eq!(cluster.get("ConfigMap", "default", &name).unwrap()["data"]["a"], "first");
}

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
        let mut object = config_map_json(&name);
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
        cluster.create(config_map_json(name)).unwrap();
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

#[tokio::test]
async fn stopping_breaks_what_hangs_and_what_watches() {
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let address = server.address();
    let api = config_maps(&server).await;
    let hanging = cluster.fault(Fault::on("get").hang());
    let get = tokio::spawn({
        let api = api.clone();
        async move { api.get("x").await }
    });
    let watch = format!("{CONFIG_MAPS}?watch=true&resourceVersion={}", cluster.revision());
    let watch = tokio::spawn(async move { raw(address, &watch).await });
    soon(cluster.watch_established("configmaps")).await;
    cluster.create(config_map_json("x")).unwrap();
    soon(cluster.until(|_| hanging.hits() == 1)).await;
    assert!(!get.is_finished() && !watch.is_finished());

    soon(server.stop()).await;
    assert_eq!(cluster.open_watches("configmaps"), 0);
    soon(get).await.unwrap().unwrap_err();
    let (_, _, ended) = soon(watch).await.unwrap();
    assert!(!ended);
    soon(api.list(&ListParams::default())).await.unwrap_err();

    // The cluster is still there, and so is the address.
    hanging.remove();
    let again = cluster.serve(address).await.unwrap();
    assert_eq!(again.address(), address);
    assert_eq!(config_maps(&again).await.get("x").await.unwrap().name_any(), "x");
}

#[tokio::test]
async fn dropping_stops_too() {
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let (address, api) = (server.address(), config_maps(&server).await);
    let start = cluster.revision().to_string();
    let mut events = Box::pin(api.watch(&WatchParams::default(), &start).await.unwrap());
    soon(cluster.watch_established("configmaps")).await;
    drop(server);
    // kube tells some broken watches from ended ones, and some not.
    let last = soon(events.next()).await;
    assert!(!matches!(last, Some(Ok(_))), "{last:?}");
    soon(cluster.until(|cluster| cluster.open_watches("configmaps") == 0)).await;
    soon(async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn several_addresses_serve_one_cluster() {
    let name = Random::new().name();
    let cluster = FakeCluster::new();
    let (first, second) = (serve(&cluster).await, serve(&cluster).await);
    let created = config_maps(&first).await.create(&PostParams::default(), &config_map(&name, "1")).await.unwrap();
    first.stop().await;
    assert_eq!(config_maps(&second).await.get(&name).await.unwrap().uid(), created.uid());
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().map(|address| (address, taken)).unwrap();
    let cluster = FakeCluster::new();
    for address in [taken.0.to_string(), "no address".to_owned()] {
        let error = cluster.serve(&address).await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot listen on {address}"));
        let ServeError::Bind { address: named, source } = error else { panic!("{error:?}") };
        assert_eq!(named, address);
        assert!(!source.to_string().is_empty());
    }
}

#[tokio::test]
async fn the_kubeconfig_is_written_and_names_an_address_to_connect_to() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeCluster::new().serve("0.0.0.0:0").await.unwrap();
    assert_eq!(server.url(), format!("http://127.0.0.1:{}", server.address().port()));
    let file = folder.path().join("config");
    server.write_kubeconfig(&file).unwrap();
    let read = Kubeconfig::read_from(&file).unwrap();
    assert_eq!(read.clusters[0].cluster.as_ref().unwrap().server, Some(server.url()));
    assert_eq!(read.current_context.as_deref(), Some("fake"));

    let nowhere = folder.path().join("none/config");
    let error = server.write_kubeconfig(&nowhere).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write the kubeconfig {}", nowhere.display()));
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
