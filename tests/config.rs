//! What a configuration may say, and how it is told what is wrong with it.

use std::error::Error as _;
use std::time::Duration;

use kube_indexed_store::config::{Config, Error, StoreKind};
use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::WatcherSet;
use kube_indexed_store::{IndexKey, Object, Query, Store};
use serde_json::{Value, json};

const EXAMPLE: &str = "
watched_resources:
  ingresses:
    api_version: networking.k8s.io/v1
    resources: ingresses
    store: full
    index_by: [metadata.namespace, metadata.name]
    indexes: {by-host: [\"spec.rules[*].host\"]}
    remove_fields: [status]
  gateways: {api_version: gateway.networking.k8s.io/v1, resources: gateways, optional: true}
";

/// One resource with these further lines, which begin in line 5.
fn with(lines: &str) -> String {
    let lines = lines.replace('\n', "\n    ");
    format!("watched_resources:\n  a:\n    api_version: v1\n    resources: secrets\n    {lines}\n")
}

/// What reading or checking it says, causes included.
fn refused(text: &str) -> String {
    let error = Config::from_yaml(text).and_then(|config| config.indexers()).expect_err(text);
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}

fn accepted(text: &str) -> Config {
    let config = Config::from_yaml(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    config.indexers().unwrap();
    config
}

fn secret(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"namespace": "default", "name": name},
        "data": {"password": "b25l"},
    })
}

async fn started(cluster: &FakeCluster, lines: &str) -> WatcherSet {
    let watchers = accepted(&with(lines)).start(&kube::Client::new(cluster.clone(), "team")).unwrap();
    watchers.wait_until_synced(Duration::from_secs(60)).await.unwrap();
    watchers
}

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

#[test]
fn what_is_about_fetched_objects_is_refused_where_none_are_fetched() {
    for field in ["cache_ttl: 15m", "cache_size: 256"] {
        let name = field.split(':').next().unwrap();
        assert_eq!(
            refused(&with(field)),
            format!("watched_resources.a: {name} is for store: on-demand: leave it out, or write store: on-demand")
        );
    }
}

#[test]
fn camel_case_says_the_same_as_snake_case() {
    let snake = "
watched_resources_ignore_fields: [metadata.generation]
watched_resources:
  a:
    api_version: v1
    resources: secrets
    index_by: [metadata.name]
    remove_fields: [data]
    keep_fields: [type]
    cache_ttl: 15m
    cache_size: 3
    own_namespace: true
    label_selector: app
    field_selector: type=a
    server_field_selector: type=b
    enable_validation_webhook: true
    debounce: 250ms
";
    let words: Vec<String> = snake
        .split_inclusive(':')
        .map(|word| {
            let at = word.rfind([' ', '\n']).map_or(0, |at| at + 1);
            let (before, word) = word.split_at(at);
            let mut parts = word.split('_');
            let mut camel = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                camel.push_str(&part[..1].to_uppercase());
                camel.push_str(&part[1..]);
            }
            format!("{before}{camel}")
        })
        .collect();
    let camel = words.concat();
    assert!(camel.contains("serverFieldSelector:") && camel.contains("watchedResourcesIgnoreFields:"), "{camel}");
    let read = Config::from_yaml(snake).unwrap();
    assert_eq!(read, Config::from_yaml(&camel).unwrap());
    let resource = &read.watched_resources["a"];
    assert_eq!(resource.cache_ttl, Some(Duration::from_secs(900)));
    assert_eq!((resource.debounce, resource.store), (Some(Duration::from_millis(250)), StoreKind::Full));
}

#[test]
fn unknown_fields_and_values_are_told_with_their_line_and_the_nearest_there_is() {
    for (line, told) in [
        ("resource: x", "unknown field `resource`: did you mean `resources`?"),
        ("indexby: [a]", "unknown field `indexby`: did you mean `index_by`?"),
        ("index-by: [a]", "unknown field `index-by`: did you mean `index_by`?"),
        ("labelSelektor: a", "unknown field `labelSelektor`: did you mean `labelSelector`?"),
        ("nm: x", "unknown field `nm`: did you mean `name`?"),
        ("rsrces: x", "unknown field `rsrces`: did you mean `resources`?"),
        ("Optional: true", "unknown field `Optional`: did you mean `optional`?"),
        ("store: ful", "unknown value `ful`: did you mean `full`?"),
        ("store: on_demand", "unknown value `on_demand`: did you mean `on-demand`?"),
        ("store: memory", "unknown value `memory`: there are full, on-demand"),
    ] {
        assert_eq!(refused(&with(line)), format!("line 5: {told}"));
        assert_eq!(refused(&with(&format!("optional: true\n{line}"))), format!("line 6: {told}"));
    }
    assert_eq!(
        refused("watched_resorces: {}"),
        "line 1: unknown field `watched_resorces`: did you mean `watched_resources`?"
    );
    assert_eq!(
        refused("watched_resources: {}\nxyzzy: 1"),
        "line 2: unknown field `xyzzy`: there are watched_resources, watched_resources_ignore_fields",
    );
}

#[test]
fn values_of_the_wrong_type_are_told_with_their_field_and_line() {
    for (line, told) in [
        ("index_by: metadata.name", "`index_by`: expected a list"),
        ("cache_size: many", "`cache_size`: expected a whole number"),
        ("cache_size: -1", "`cache_size`: expected a whole number"),
        ("optional: maybe", "`optional`: expected true or false"),
        ("label_selector: {a: b}", "`label_selector`: expected a text"),
        ("indexes: [a]", "`indexes`: expected a mapping, such as `name: value`"),
        ("store: [full]", "`store`: expected a single word"),
        ("store: {full: true}", "`store`: expected a single word"),
        // What is no plain word is not shown.
        ("\"optional\": maybe", "expected true or false"),
        ("debounce: 5", "\"5\" is no duration: write a number and a unit, such as 250ms, 15m or 1h30m"),
        ("debounce: -5s", "\"-5s\" is no duration: write a number and a unit, such as 250ms, 15m or 1h30m"),
        (
            "cache_ttl: 99999999999999999999h",
            "\"99999999999999999999h\" is no duration: write a number and a unit, such as 250ms, 15m or 1h30m",
        ),
    ] {
        assert_eq!(refused(&with(line)), format!("line 5: {told}"));
    }
}

#[test]
fn durations_are_written_as_go_has_them() {
    for (text, milliseconds) in [("15m", 900_000), ("2m10s", 130_000), ("250ms", 250), ("1.5s", 1_500), ("0s", 0)] {
        let config = accepted(&with(&format!("debounce: {text}")));
        assert_eq!(config.watched_resources["a"].debounce, Some(Duration::from_millis(milliseconds)));
    }
}

#[test]
fn namespaces_are_said_in_one_way() {
    let told = "watched_resources.a: namespace, namespaces and own_namespace exclude each other: keep one of them";
    for lines in
        ["namespace: a\nnamespaces: [b]", "namespace: a\nown_namespace: true", "namespaces: [b]\nown_namespace: true"]
    {
        assert_eq!(refused(&with(lines)), told);
    }
    accepted(&with("namespace: ''"));
    accepted(&with("namespaces: []"));
}

#[test]
fn fields_that_an_index_reads_or_a_store_needs_cannot_be_dropped() {
    for (lines, told) in [
        (
            "remove_fields: [data]\nindexes: {by: [data.x]}",
            "index \"by\" reads data.x, which remove_fields drops with data: keep that field, or index by another",
        ),
        (
            "keep_fields: [type]\nindexes: {by: [data.x]}",
            "index \"by\" reads data.x, which keep_fields does not name: keep that field, or index by another",
        ),
        (
            "remove_fields: [metadata.name]",
            "remove_fields names metadata.name, which would remove name: a store cannot do without it",
        ),
        ("index_by: []", "index \"default\" has no paths: name at least one field to index by"),
        ("indexes: {default: [type]}", "index \"default\" is declared twice: give one of them another name"),
    ] {
        assert_eq!(refused(&with(lines)), format!("watched_resources.a: {told}"));
    }
    let ignored = "watched_resources_ignore_fields: [data]\n".to_owned() + &with("indexes: {by: [data.x]}");
    assert!(refused(&ignored).contains("which remove_fields drops with data"));
}

#[test]
fn selectors_and_paths_that_do_not_parse_are_told_with_their_resource() {
    for (lines, what) in [
        ("label_selector: 'app in (a'", "label_selector: label selector \"app in (a\""),
        ("field_selector: type", "the field selector does not parse"),
        ("indexes: {by: ['a.b[c']}", "index \"by\" has a path that does not parse"),
    ] {
        let told = refused(&with(lines));
        assert!(told.starts_with("watched_resources.a: ") && told.contains(what), "{told}");
    }
}

#[test]
fn what_does_nothing_here_is_accepted_with_a_notice() {
    for line in ["enable_validation_webhook: true", "enableValidationWebhook: false"] {
        assert_eq!(
            accepted(&with(line)).notices(),
            ["watched_resources.a: enable_validation_webhook does nothing here; it can be removed"],
        );
    }
    assert!(accepted(EXAMPLE).notices().is_empty());
}

#[test]
fn what_is_empty_or_no_yaml_or_there_twice_is_told_plainly() {
    for empty in ["", "\n \n", "# a comment\n"] {
        assert_eq!(refused(empty), "there is nothing in it: write at least `watched_resources: {}`");
    }
    assert_eq!(accepted("watched_resources: {}").watched_resources.len(), 0);
    for (text, told) in [
        ("text", "line 1: expected a mapping, such as `name: value`"),
        ("watched_resources: {a: {api_version: v1}}", "line 1: missing field `resources`"),
        (
            "---\nwatched_resources: {}\n---\nwatched_resources: {}\n",
            "line 4: there are several documents: only one is read",
        ),
    ] {
        assert_eq!(refused(text), told);
    }
    assert!(refused("watched_resources: {a: [}").starts_with("line 1: "));
    assert_eq!(refused(&with("resources: pods")), "line 5: `resources` is there twice: remove one of them");
    let twice = with("optional: true") + "  a: {api_version: v1, resources: pods}\n";
    assert_eq!(refused(&twice), "line 6: `a` is there twice: remove one of them");
}

#[test]
fn errors_of_a_file_name_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    let shown = path.display();
    let told = |path: &std::path::Path| Config::from_file(path).unwrap_err();
    assert!(matches!(told(&path), Error::Read { .. }));
    assert!(told(&path).to_string().starts_with(&format!("{shown} cannot be read: ")));
    std::fs::write(&path, with("store: ful")).unwrap();
    assert_eq!(told(&path).to_string(), format!("{shown}, line 5: unknown value `ful`: did you mean `full`?"));
    std::fs::write(&path, "").unwrap();
    assert!(told(&path).to_string().starts_with(&format!("{shown}: there is nothing in it")));
    std::fs::write(&path, EXAMPLE).unwrap();
    assert_eq!(Config::from_file(&path).unwrap(), Config::from_yaml(EXAMPLE).unwrap());
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
