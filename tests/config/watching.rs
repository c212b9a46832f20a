//! What is watched and kept as a configuration says.

use std::error::Error as _;
use std::time::Duration;

use kube_indexed_store::config::Config;
use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::{IndexKey, Object, Query, Store};
use serde_json::json;

use crate::fixtures::{EXAMPLE, accepted, secret, started, with};

#[tokio::test(start_paused = true)]
async fn the_documented_example_watches_what_it_says() {
    let cluster = FakeCluster::new();
    let rule = json!({"host": "a.example"});
    let meta = json!({"namespace": "default", "name": "web"});
    let ingress = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": {"rules": [rule]}, "status": {"loadBalancer": {}}});
    cluster.create(ingress).unwrap();
    let watchers = accepted(EXAMPLE).start(&cluster.client()).unwrap();
    watchers.wait_until_synced(Duration::from_secs(60)).await.unwrap();
    let snapshots = watchers.snapshots();
    assert_eq!(snapshots.keys().collect::<Vec<_>>(), ["gateways", "ingresses"]);
    assert_eq!(snapshots["gateways"].len(), 0);
    let by_host = kube_indexed_store::Query::index("by-host").with_prefix(&["a.example"]);
    let found = snapshots["ingresses"].get(&by_host).unwrap();
    let found: Vec<_> = found.objects().map(|object| object.to_value()).collect();
    assert_eq!((found.len(), &found[0]["status"]), (1, &json!(null)));
}

#[tokio::test(start_paused = true)]
async fn on_demand_stores_keep_references_and_fetch_what_is_read() {
    let cluster = FakeCluster::new();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "default", "name": "tls"}});
    cluster.create(secret).unwrap();
    let config = Config::from_yaml(&with("store: on-demand\ncache_ttl: 15m\ncache_size: 256")).unwrap();
    let watchers = config.start(&cluster.client()).unwrap();
    watchers.wait_until_synced(Duration::from_secs(60)).await.unwrap();
    let store = watchers.store("a").unwrap();
    assert!(store.snapshot().entry("default", "tls").unwrap().object().is_none());
    assert_eq!(store.get(Query::prefix(&["default", "tls"])).unwrap().await.unwrap().len(), 1);
    assert_eq!(cluster.requests().verb("get").resource("secrets").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn fetched_objects_are_remembered_as_long_and_as_many_as_configured() {
    for (lines, fetched) in [
        ("cache_ttl: 15m", ["a", "b", "a", "b"].as_slice()),
        ("cache_ttl: 16m", &["a", "b"]),
        ("cache_ttl: 16m\ncache_size: 1", &["a", "b", "a", "b"]),
    ] {
        let cluster = FakeCluster::new();
        for name in ["a", "b"] {
            cluster.create(secret(name)).unwrap();
        }
        let watchers = started(&cluster, &format!("store: on-demand\n{lines}")).await;
        let store = watchers.store("a").unwrap();
        for name in ["a", "b", "a", "b"] {
            store.get(Query::prefix(&["default", name])).unwrap().await.unwrap();
            tokio::time::advance(Duration::from_secs(450)).await;
        }
        let gets = cluster.requests().verb("get").resource("secrets");
        let names: Vec<_> = gets.iter().filter_map(|request| request.name.as_deref()).collect();
        assert_eq!(names, fetched, "{lines}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_is_asked_only_for_what_is_to_be_watched() {
    for (lines, expected) in [
        ("", ["/api/v1/secrets"].as_slice()),
        ("namespace: shop", &["/api/v1/namespaces/shop/secrets"]),
        ("namespace: ''", &["/api/v1/secrets"]),
        ("namespaces: [shop, blog]", &["/api/v1/namespaces/blog/secrets", "/api/v1/namespaces/shop/secrets"]),
        ("own_namespace: true", &["/api/v1/namespaces/team/secrets"]),
        ("label_selector: app=web", &["/api/v1/secrets labelSelector=app=web"]),
        ("server_field_selector: type=Opaque", &["/api/v1/secrets fieldSelector=type=Opaque"]),
        ("name: tls", &["/api/v1/secrets fieldSelector=metadata.name=tls"]),
        ("field_selector: type=Opaque", &["/api/v1/secrets"]),
    ] {
        let cluster = FakeCluster::new();
        let _watchers = started(&cluster, lines).await;
        let lists = cluster.requests().verb("list");
        let shown = lists.iter().map(|list| {
            let selects = |(name, _): &&(String, String)| name.ends_with("Selector");
            let selected = list.query.iter().filter(selects).map(|(name, value)| format!(" {name}={value}"));
            list.path.clone() + &selected.collect::<String>()
        });
        let mut asked: Vec<_> = shown.collect();
        asked.sort();
        assert_eq!(asked, expected, "{lines}");
    }
}

#[test]
fn objects_are_selected_trimmed_and_indexed_as_configured() {
    let object = Object::try_from(secret("tls")).unwrap();
    let indexed = |text: &str| accepted(text).indexers().unwrap()["a"].index(&object).unwrap().matching();
    let identity = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "default", "name": "tls"},
    });
    let mut kept = identity.clone();
    kept["type"] = json!("Opaque");
    let ignoring = "watched_resources_ignore_fields: [data]\n".to_owned();
    for (text, expected) in [
        (with(""), secret("tls")),
        (with("keep_fields: [type]"), kept.clone()),
        (with("remove_fields: [data]"), kept),
        (ignoring + &with("remove_fields: [type]"), identity),
        (with("field_selector: type=Opaque\nremove_fields: []"), secret("tls")),
    ] {
        assert_eq!(indexed(&text).unwrap().object().unwrap().to_value(), expected, "{text}");
    }
    assert!(indexed(&with("field_selector: type!=Opaque")).is_none());
    let keyed = indexed(&with("index_by: [type]\nindexes: {by: [metadata.name, type]}")).unwrap();
    assert_eq!(keyed.keys("default"), Some([IndexKey::new(["Opaque"])].as_slice()));
    assert_eq!(keyed.keys("by"), Some([IndexKey::new(["tls", "Opaque"])].as_slice()));
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_after_the_configured_quiet() {
    for (lines, expected) in [("", 100), ("debounce: 250ms", 250), ("debounce: 1m", 60_000)] {
        let cluster = FakeCluster::new();
        let watchers = started(&cluster, lines).await;
        let mut notifications = watchers.notifications();
        assert!(notifications.next().await.unwrap().initial);
        cluster.watch_established("secrets").await;
        cluster.create(secret("tls")).unwrap();
        let start = tokio::time::Instant::now();
        assert_eq!(notifications.next().await.unwrap().to_string(), "a: created default/tls");
        assert_eq!(start.elapsed(), Duration::from_millis(expected), "{lines}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_started_when_one_resource_cannot_be() {
    let cluster = FakeCluster::new();
    let text = with("") + "  b: {api_version: v1, resources: pods, name: 'a b'}\n";
    let error = Config::from_yaml(&text).unwrap().start(&cluster.client()).unwrap_err();
    assert_eq!(error.to_string(), "watched_resources.b");
    assert_eq!(error.source().unwrap().to_string(), "\"a b\" is no name of an object");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(cluster.requests().count(), 0);
}
