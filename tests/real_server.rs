//! The `render` example's template and configuration against a real API server: the same bytes whichever way Secrets
//! are kept and whichever server they come from, and only those fetched that the template reads. And the objects that tests
//! start from, which either server takes.

use std::collections::BTreeMap;
use std::time::Duration;

use kube_indexed_store::config::{Config, StoreKind};
use kube_indexed_store::template::{Rendered, Renderer};
use kube_indexed_store::testing::{FakeCluster, manifests, objects};
use kube_indexed_store::watcher::WatcherSet;
use kube_indexed_store::{Query, ResourceVersion};
use minijinja::context;
use serde_json::{Value, json};

use functions::Files;
use support::real::{RealCluster, Requests, random_word};

#[path = "../examples/render/certificates.rs"]
mod certificates;
#[path = "../examples/render/checks.rs"]
mod checks;
#[path = "../examples/render/der.rs"]
mod der;
#[path = "../examples/render/functions.rs"]
mod functions;
mod support;

const LONG: Duration = Duration::from_secs(60);

/// The example: what it watches, its template, and what that recorded.
struct Proxy {
    watchers: WatcherSet,
    renderer: Renderer,
    files: Files,
}

/// The configuration and the files beside it.
type Output = (String, BTreeMap<String, String>);

impl Proxy {
    async fn watch(client: &kube::Client, secrets: StoreKind) -> Proxy {
        let mut config = Config::from_yaml(include_str!("../examples/render/config.yaml")).unwrap();
        let resource = config.watched_resources.get_mut("secrets").unwrap();
        assert_eq!(resource.store, StoreKind::OnDemand);
        if secrets == StoreKind::Full {
            resource.store = StoreKind::Full;
            resource.cache_ttl = None;
        }
        let watchers = config.start(client).unwrap();
        watchers.wait_until_synced(LONG).await.unwrap();
        let mut renderer = Renderer::new();
        let files = functions::register(renderer.environment_mut());
        let recorded = files.clone();
        renderer.on_pass(move || drop(recorded.take()));
        renderer.add_template("haproxy.cfg", include_str!("../examples/render/haproxy.cfg.j2")).unwrap();
        Proxy { watchers, renderer, files }
    }

    async fn render(&self) -> (Rendered, Output) {
        let session = self.renderer.watched_session(&self.watchers).context(context! { any_class => false });
        let rendered = session.render("haproxy.cfg").await.unwrap();
        let output = (rendered.text().to_owned(), self.files.take());
        (rendered, output)
    }

    async fn output(&self) -> Output {
        self.render().await.1
    }

    /// Waits until the Secrets are those of that version.
    async fn secrets_of(&self, version: &ResourceVersion) {
        self.watchers.get("secrets").unwrap().wait_for(version, LONG).await.unwrap();
    }

    /// Waits until the Secret is gone.
    async fn without_secret(&self, namespace: &str, name: &str) {
        let store = self.watchers.store("secrets").unwrap();
        let mut changes = store.changes();
        while !store.snapshot().get(&Query::prefix(&[namespace, name])).unwrap().is_empty() {
            tokio::time::timeout(LONG, changes.next()).await.unwrap();
        }
    }
}

/// The Secrets that were fetched, as `namespace/name`, sorted; a Secret that was fetched twice is there twice.
fn fetched(requests: &Requests) -> Vec<String> {
    let paths = requests.take().into_iter().filter_map(|request| {
        let (namespace, name) = request.strip_prefix("GET /api/v1/namespaces/")?.split_once("/secrets/")?;
        Some(format!("{namespace}/{name}"))
    });
    let mut names: Vec<String> = paths.collect();
    names.sort();
    names
}

/// The data of the example's own Secrets: certificates with their keys, and users.
struct Contents {
    certificates: Vec<Value>,
    users: Value,
}

impl Contents {
    fn new() -> Contents {
        let data = |text: &str, key: &str| -> Vec<Value> {
            let documents = manifests::read(text.as_bytes()).into_iter().flat_map(|document| document.content.unwrap());
            documents.map(|object| object["data"].clone()).filter(|data| data.get(key).is_some()).collect()
        };
        Contents {
            certificates: data(include_str!("../examples/render/cluster/certificates.yaml"), "tls.key"),
            users: data(include_str!("../examples/render/cluster/monitoring.yaml"), "ada").remove(0),
        }
    }

    fn tls(&self, number: usize, namespace: &str, name: &str) -> Value {
        let data = &self.certificates[number % self.certificates.len()];
        secret("kubernetes.io/tls", namespace, name, data)
    }

    fn users(&self, namespace: &str, name: &str) -> Value {
        secret("Opaque", namespace, name, &self.users)
    }
}

fn secret(kind: &str, namespace: &str, name: &str, data: &Value) -> Value {
    let metadata = json!({"namespace": namespace, "name": name});
    json!({"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "data": data})
}

/// An Ingress of a host of its own that leads to Service `web`.
fn ingress(namespace: &str, class: &str, tls: &[&str], users: Option<&str>) -> Value {
    let name = random_word(8);
    let hosts = [format!("{name}.example.com")];
    let annotations = match users {
        Some(users) => json!({"haproxy.org/auth-type": "basic-auth", "haproxy.org/auth-secret": users}),
        None => json!({}),
    };
    let tls: Vec<Value> = tls.iter().map(|secret| json!({"hosts": hosts, "secretName": secret})).collect();
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"namespace": namespace, "name": name, "annotations": annotations},
        "spec": {"ingressClassName": class, "tls": tls, "rules": [{"host": hosts[0], "http": {"paths": paths}}]},
    })
}

fn web(namespace: &str) -> [Value; 2] {
    [
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"namespace": namespace, "name": "web"},
            "spec": {"ports": [{"port": 80, "targetPort": 8080}]},
        }),
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"namespace": namespace, "name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
            "ports": [{"name": "", "port": 8080, "protocol": "TCP"}], "endpoints": [{"addresses": ["10.1.2.3"]}],
        }),
    ]
}

#[tokio::test]
async fn only_secrets_that_the_template_read_are_fetched_and_the_bytes_are_those_of_full_stores() {
    let Some(cluster) = RealCluster::start().await else { return };
    let contents = Contents::new();
    let (east, west) = (cluster.namespace("east").await, cluster.namespace("west").await);
    let (east, west) = (east.as_str(), west.as_str());
    let names: Vec<String> = (0..6).map(|_| random_word(12)).collect();
    let [one, two, shared, broken, users, foreign] = [0, 1, 2, 3, 4, 5].map(|number| names[number].as_str());

    let read = [
        contents.tls(0, east, one),
        contents.tls(1, west, two),
        contents.tls(2, east, shared),
        secret("Opaque", west, broken, &json!({"tls.crt": "bm90aGluZw=="})),
        contents.users(east, users),
    ];
    let mut unread = vec![
        // Of a class that is not ours; and the names of those that are read, but elsewhere.
        contents.tls(0, east, foreign),
        contents.tls(1, west, one),
        contents.users(west, users),
    ];
    for number in 0..20 {
        let namespace = if number % 2 == 0 { east } else { west };
        unread.push(contents.tls(number, namespace, &random_word(12)));
        unread.push(contents.users(namespace, &random_word(12)));
    }
    let ingresses = [
        ingress(east, "haproxy", &[one, shared], Some(users)),
        ingress(east, "haproxy", &[shared], Some(users)),
        ingress(west, "haproxy", &[two, broken], None),
        ingress(west, "haproxy", &[shared], None), // which is in the other namespace only
        ingress(east, "nginx", &[foreign], Some(users)),
    ];
    let embedded = FakeCluster::new();
    for namespace in [east, west] {
        embedded.namespace(namespace);
    }
    let objects = read.iter().chain(&unread).chain(&ingresses).cloned().chain([east, west].into_iter().flat_map(web));
    for object in objects {
        cluster.create(&object).await;
        embedded.create(object).unwrap();
    }

    let (client, requests) = cluster.observed_client();
    let on_demand = Proxy::watch(&client, StoreKind::OnDemand).await;
    assert!(fetched(&requests).is_empty(), "nothing has been read");
    let (mut rendered, output) = on_demand.render().await;
    let mut expected: Vec<String> = [(east, one), (west, two), (east, shared), (west, broken), (east, users)]
        .map(|(namespace, name)| format!("{namespace}/{name}"))
        .into();
    expected.sort();
    assert_eq!(fetched(&requests), expected);
    assert_eq!((rendered.passes(), rendered.fetched()), (2, expected.len()));
    let (text, files) = &output;
    assert!(text.contains("\n# 4 routes, 4 backends, 3 certificates; 2 skipped"), "{text}");
    let certificates = [(east, one), (east, shared), (west, two)];
    let mut paths = certificates.map(|(namespace, name)| format!("certs/{namespace}_{name}.pem"));
    paths.sort();
    assert!(files.keys().eq(&paths), "{:?}", files.keys());

    // The same from stores that hold everything, and from a server in this process.
    let (full_client, full_requests) = cluster.observed_client();
    let full = Proxy::watch(&full_client, StoreKind::Full).await;
    assert_eq!(full.output().await, output);
    for store in [StoreKind::OnDemand, StoreKind::Full] {
        assert_eq!(Proxy::watch(&embedded.client(), store).await.output().await, output, "embedded, {store:?}");
    }

    // What is remembered is not fetched again, nor is what nobody reads when it changes.
    assert_eq!(on_demand.output().await, output);
    let version = cluster.replace(&contents.tls(2, west, one)).await;
    on_demand.secrets_of(&version).await;
    assert!(rendered.is_current(on_demand.watchers.stores()));
    assert_eq!(on_demand.output().await, output);
    assert!(fetched(&requests).is_empty());

    // What is read and changes is fetched once more, alone.
    let version = cluster.replace(&contents.tls(1, east, one)).await;
    on_demand.secrets_of(&version).await;
    full.secrets_of(&version).await;
    assert!(!rendered.is_current(on_demand.watchers.stores()));
    let renewed = on_demand.output().await;
    assert_ne!(renewed, output);
    assert_eq!(full.output().await, renewed);
    assert_eq!(fetched(&requests), [format!("{east}/{one}")]);

    // What is gone is not asked for.
    cluster.delete(&contents.tls(0, east, shared)).await;
    on_demand.without_secret(east, shared).await;
    full.without_secret(east, shared).await;
    let shorter = on_demand.output().await;
    assert_eq!(full.output().await, shorter);
    assert_eq!(shorter.1.len(), 2);
    assert!(fetched(&requests).is_empty());
    assert!(fetched(&full_requests).is_empty(), "full stores fetch nothing");
}

fn of_every_kind() -> Vec<objects::ObjectBuilder> {
    use objects::*;
    vec![
        namespace("a"),
        definition("example.org", "Widget", "widgets"),
        config_map("a/bare"),
        config_map("a/full").data("text", "on").data("bytes", [0xff, 0]).label("l", "v").annotation("n", "on").finalizer("x.io/f"),
        secret("a/bare"),
        secret("a/full").data("text", "on").data("bytes", [0xff, 0]),
        service("a/bare"),
        service("a/full").set("spec.selector.app", "web").port(80).port(443),
        ingress("a/bare"),
        ingress("a/full").set("spec.ingressClassName", "c").path("/", "web", 80).host("x.io").path("/a", "web", 81).host("y.io"),
        endpoint_slice("a/bare"),
        endpoint_slice("a/four").address("10.1.0.1").address("10.1.0.2").port(80).port(81),
        endpoint_slice("a/six").address("fd00::1").port(80),
        pod("a/bare"),
        pod("a/full").container("one", "nginx").container("two", "nginx").port(80).port(81).ready(),
        deployment("a/bare"),
        deployment("a/full").container("one", "nginx").port(80).set("spec.replicas", 3).ready(),
        node("bare"),
        node("full").ready(),
        object("batch/v1", "CronJob", "a/c").set("spec", json!({
            "schedule": "* * * * *",
            "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}},
        })),
    ]
}

#[tokio::test]
async fn every_object_a_test_starts_from_is_taken_by_the_fake_and_by_a_real_server() {
    let fake = FakeCluster::new();
    for object in of_every_kind() {
        fake.create(&object).unwrap_or_else(|status| panic!("{object:?}: {}", status.message));
    }
    let Some(server) = RealCluster::start().await else { return };
    for object in of_every_kind() {
        server.create(&object.into()).await;
    }
}
