//! Render sessions: pinned inputs, few requests, nothing rendered in part, nothing rendered for nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use kube_indexed_store::store::Error as StoreError;
use kube_indexed_store::template::Renderer;
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Resource, Watcher, WatcherSet};
use kube_indexed_store::{CachedStore, Indexed, Indexer, ObjectName, Snapshot, Store, StoreExt};
use minijinja::context;
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(600);

/// A cluster whose Secrets are kept on demand and whose Services are kept whole.
struct World {
    cluster: FakeCluster,
    watchers: WatcherSet,
    renderer: Renderer,
}

fn secret(name: &str, password: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"namespace": "shop", "name": name, "labels": {"issuer": "a"}},
        "stringData": {"password": password},
    })
}

fn service(namespace: &str, name: &str, secret: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"namespace": namespace, "name": name, "annotations": {"secret": secret}, "labels": {"app": name}},
        "spec": {"ports": [{"port": 80}]},
    })
}

impl World {
    async fn new(objects: impl IntoIterator<Item = Value>, template: &str) -> World {
        let cluster = FakeCluster::new();
        for object in objects {
            cluster.namespace(object["metadata"]["namespace"].as_str().unwrap());
            cluster.create(object).unwrap();
        }
        let world = World::unsynced(cluster, template);
        world.watchers.wait_until_synced(LONG).await.unwrap();
        world.cluster.watch_established("secrets").await;
        world.cluster.watch_established("services").await;
        world
    }

    fn unsynced(cluster: FakeCluster, template: &str) -> World {
        let indexer = Indexer::builder().index("by-issuer", ["metadata.labels.issuer"]).build().unwrap();
        let mut watchers = WatcherSet::default();
        let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).indexer(indexer.clone());
        let store = CachedStore::builder(secrets.fetcher()).indexer(&indexer).build();
        watchers.insert("secrets", secrets.store(store).start().unwrap());
        let services = Watcher::builder(cluster.client(), Resource::new("v1", "services"));
        watchers.insert("services", services.start().unwrap());
        let mut renderer = Renderer::new();
        renderer.add_template("test", template).unwrap();
        World { cluster, watchers, renderer }
    }

    async fn caught_up(&self) {
        let version = self.cluster.revision().into();
        self.cluster.watches().bookmark();
        for (_, watcher) in self.watchers.iter() {
            watcher.wait_for(&version, LONG).await.unwrap();
        }
    }

    async fn render(&self) -> String {
        self.renderer.watched_session(&self.watchers).render("test").await.unwrap().into_text()
    }

    async fn failure(&self) -> String {
        self.renderer.watched_session(&self.watchers).render("test").await.unwrap_err().to_string()
    }

    /// The names of the Secrets that were fetched, sorted.
    fn fetched(&self) -> Vec<String> {
        let requests = self.cluster.requests().verb("get").resource("secrets");
        let mut names: Vec<String> = requests.iter().filter_map(|request| request.name.clone()).collect();
        names.sort();
        names
    }
}

const READ_ALL: &str =
    "{% for s in resources.secrets.get('shop') %}{{ s.metadata.name }}={{ s.data.password }};{% endfor %}";
const READ_NAMED: &str = "{% for s in resources.services %}{{ s.metadata.name }}:\
    {{ resources.secrets.fetch('shop', s | annotation('secret')).data.password }};{% endfor %}";

#[tokio::test(start_paused = true)]
async fn only_what_the_template_reads_is_fetched_and_each_once() {
    let objects = ["a", "b", "c", "d"].map(|name| secret(name, name));
    let services = [service("shop", "one", "b"), service("shop", "two", "d"), service("shop", "three", "b")];
    let world = World::new(objects.into_iter().chain(services), READ_NAMED).await;
    let rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
    assert_eq!(rendered.text(), "one:Yg==;three:Yg==;two:ZA==;");
    assert_eq!((rendered.passes(), rendered.fetched()), (2, 2));
    assert_eq!(world.fetched(), ["b", "d"]);
    assert_eq!(world.render().await, rendered.text());
    assert_eq!(world.fetched(), ["b", "d"], "they are remembered");
}

#[tokio::test(start_paused = true)]
async fn more_cold_bodies_than_the_cache_holds_finish_in_one_render_each_fetched_once() {
    let names: Vec<String> = (0..300).map(|number| format!("secret-{number:03}")).collect();
    let world = World::new(names.iter().map(|name| secret(name, "x")), READ_ALL).await;
    let rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
    let expected: String = names.iter().map(|name| format!("{name}=eA==;")).collect();
    assert_eq!(rendered.text(), expected);
    assert_eq!((rendered.passes(), rendered.fetched()), (2, 300));
    assert_eq!(world.fetched(), names);
}

#[tokio::test(start_paused = true)]
async fn counting_and_asking_for_keys_needs_no_bodies() {
    let template = "{{ resources.secrets | length }} {{ resources.secrets.get('shop') | length }} \
        {{ resources.secrets.index('by-issuer').keys() | tojson }}";
    let world = World::new([secret("a", "1"), secret("b", "2")], template).await;
    assert_eq!(world.render().await, r#"2 2 [["a"]]"#);
    assert!(world.fetched().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_fails_only_because_a_body_is_missing_does_not_fail_the_render() {
    let template = "{% set s = resources.secrets.fetch('shop', 'a') %}{{ s.data.password | b64decode | upper }}\
        {% for key in s.data %}{{ key }}{% endfor %}{{ s.data | length }}{{ required(s.data.password, 'none') | length }}";
    let world = World::new([secret("a", "hello")], template).await;
    assert_eq!(world.render().await, "HELLOpassword18");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_is_absent_whichever_way_it_is_asked_for() {
    let template = "{% for s in resources.secrets.get('shop') %}{{ s.metadata.name }}{{ loop.index }}of{{ loop.length }} {% endfor %}\
        {{ resources.secrets.fetch('shop', 'b') is defined }} {{ resources.secrets.single('shop', 'b') is defined }}";
    let world = World::new([secret("a", "1"), secret("b", "2"), secret("c", "3")], template).await;
    // The watch is held back: the references still tell of the deleted one.
    let session = world.renderer.watched_session(&world.watchers);
    world.cluster.delete("Secret", "shop", "b").unwrap();
    assert_eq!(session.render("test").await.unwrap().text(), "a1of2 c2of2 false false");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_moved_to_another_key_is_absent_under_the_old_one() {
    let template = "{% for s in resources.secrets.index('by-issuer').get('a') %}{{ s.metadata.name }} {% endfor %}\
        {{ resources.secrets.index('by-issuer').get('a') | length }}";
    let world = World::new([secret("a", "1"), secret("b", "2")], template).await;
    let mut moved = secret("a", "1");
    moved["metadata"]["labels"]["issuer"] = json!("z");
    let session = world.renderer.watched_session(&world.watchers);
    world.cluster.apply(moved).unwrap();
    assert_eq!(session.render("test").await.unwrap().text(), "b 1");
}

#[tokio::test(start_paused = true)]
async fn a_remembered_body_that_is_newer_than_its_reference_moves_too() {
    let cluster = FakeCluster::new();
    cluster.namespace("shop");
    let mut moved = secret("a", "1");
    moved["metadata"]["labels"]["issuer"] = json!("z");
    cluster.create(moved).unwrap();
    cluster.create(secret("b", "2")).unwrap();
    let indexer = Indexer::builder().index("by-issuer", ["metadata.labels.issuer"]).build().unwrap();
    let secrets = Watcher::builder(cluster.client(), Resource::new("v1", "secrets")).indexer(indexer.clone());
    // No watch feeds it: its references stay what they are.
    let store: Arc<dyn Store> = Arc::new(CachedStore::builder(secrets.fetcher()).indexer(&indexer).build());
    for name in ["a", "b"] {
        store.apply(Indexed::reference(ObjectName::new("shop", name), None).key("by-issuer", ["a"])).unwrap();
    }
    let stores = BTreeMap::from([("secrets".to_owned(), store)]);
    let mut renderer = Renderer::new();
    let by_issuer = "{% for s in resources.secrets.index('by-issuer').get('a') %}{{ s.metadata.name }} {% endfor %}";
    renderer.add_template("warm", READ_ALL).unwrap();
    renderer.add_template("test", by_issuer).unwrap();
    renderer.session(&stores).render("warm").await.unwrap();
    let rendered = renderer.session(&stores).render("test").await.unwrap();
    // Nothing was missing, but the first pass saw what is no part of the answer.
    assert_eq!((rendered.text(), rendered.passes(), rendered.fetched()), ("b ", 2, 0));
}

#[tokio::test(start_paused = true)]
async fn label_selectors_look_at_the_bodies() {
    let mut other = secret("b", "2");
    other["metadata"]["labels"]["issuer"] = json!("z");
    let template = "{% for s in resources.secrets.where('issuer=z') %}{{ s.metadata.name }}{% endfor %} \
        {{ resources.secrets.where('issuer=z').fetch('shop', 'a') is defined }}";
    let world = World::new([secret("a", "1"), other], template).await;
    assert_eq!(world.render().await, "b false");
}

#[tokio::test(start_paused = true)]
async fn a_session_never_sees_two_versions_of_one_object() {
    let template = "{{ resources.secrets.fetch('shop', 'a').data.password }} \
        {{ resources.secrets.fetch('shop', 'b').data.password }} {{ resources.secrets.single('shop', 'a').data.password }}";
    let world = World::new([secret("a", "1"), secret("b", "2")], template).await;
    let gate = world.cluster.fault(Fault::on("get").resource("secrets").name("b").gate());
    let change = async {
        gate.reached(1).await;
        // The first answer is in, the second is held back: now both change.
        world.cluster.apply(secret("a", "x")).unwrap();
        world.cluster.apply(secret("b", "y")).unwrap();
        world.caught_up().await;
        gate.open();
    };
    let session = world.renderer.watched_session(&world.watchers);
    let (rendered, ()) = tokio::join!(session.render("test"), change);
    assert_eq!(rendered.unwrap().text(), "MQ== eQ== MQ==");
    assert_eq!(world.render().await, "eA== eQ== eA==");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_cannot_be_fetched_fails_the_render_and_is_named() {
    let world = World::new([secret("a", "1"), secret("b", "2")], READ_ALL).await;
    let before = world.render().await;
    world.cluster.apply(secret("b", "3")).unwrap();
    world.caught_up().await;
    let cases = [
        (Fault::on("get").name("b").forbidden("proxy"), "the server answered 403"),
        (Fault::on("get").name("b").status(429).retry_after(Duration::from_secs(1)), "the server answered 429"),
        (Fault::on("get").name("b").hang(), "no answer within 10s"),
    ];
    for (fault, reason) in cases {
        let fault = world.cluster.fault(fault);
        let error = world.renderer.watched_session(&world.watchers).render("test").await.unwrap_err();
        assert_eq!(error.to_string(), "test: secrets shop/b could not be fetched");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.starts_with(reason), "{cause}");
        let Some(StoreError::Fetch { object, .. }) = error.store_error() else { panic!("{error:?}") };
        assert_eq!(object, &ObjectName::new("shop", "b"));
        fault.remove();
    }
    assert_eq!(before, "a=MQ==;b=Mg==;");
    assert_eq!(world.render().await, "a=MQ==;b=Mw==;");
}

#[tokio::test(start_paused = true)]
async fn a_template_that_asks_for_ever_new_bodies_is_given_up() {
    let chain = (0..50).map(|number| {
        let mut link = secret(&format!("link-{number:02}"), "x");
        link["metadata"]["annotations"] = json!({"next": format!("link-{:02}", number + 1)});
        link
    });
    let template = "{% set at = namespace(name='link-00') %}{% for _ in range(40) %}\
        {% set at.name = resources.secrets.fetch('shop', at.name) | annotation('next') | string %}{% endfor %}{{ at.name }}";
    let world = World::new(chain, template).await;
    let error = world.failure().await;
    assert_eq!(error, "test: after 32 passes the template still asked for objects that depend on others");
    // What it has learned so far is remembered, so that a second try gets to the end.
    assert_eq!(world.render().await, "link-40");
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_template_itself_has_its_place_and_object() {
    let template = "\n{% for s in resources.secrets %}\n{{ s.data.absent }}{% endfor %}";
    let world = World::new([secret("a", "1")], template).await;
    assert!(world.failure().await.starts_with("test, line 3, at secrets shop/a: undefined value: "));
}

#[tokio::test(start_paused = true)]
async fn an_error_names_no_object_that_only_an_earlier_pass_has_read() {
    let template = "{% for s in resources.secrets %}{{ s.metadata.name }}{% endfor %}{{ fail('why') }}";
    let world = World::new([secret("a", "1")], template).await;
    let session = world.renderer.watched_session(&world.watchers);
    world.cluster.delete("Secret", "shop", "a").unwrap();
    assert_eq!(session.render("test").await.unwrap_err().to_string(), "test, line 1: invalid operation: why");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_has_not_synced_is_named_with_the_reason_if_the_template_reads_it() {
    let cluster = FakeCluster::new();
    cluster.fault(Fault::on("list").resource("secrets").forbidden("proxy"));
    let mut world = World::unsynced(cluster, READ_ALL);
    let services = world.watchers.get("services").unwrap();
    services.wait_until_synced(LONG).await.unwrap();
    let failed = |status: &kube_indexed_store::watcher::Status| status.failure.is_some();
    while !failed(&world.watchers.get("secrets").unwrap().status()) {
        tokio::task::yield_now().await;
    }
    let error = world.failure().await;
    assert!(error.contains("store \"secrets\" has not synced: it is failing: the server answered 403"), "{error}");
    world.renderer.add_template("other", "{{ resources.services | length }}").unwrap();
    assert_eq!(world.renderer.watched_session(&world.watchers).render("other").await.unwrap().text(), "0");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_stale_for_too_long_is_refused_and_before_that_flagged() {
    let world = World::new([service("shop", "web", "a")], "{{ resources.services | length }}").await;
    let fresh = world.renderer.watched_session(&world.watchers).max_stale(Duration::ZERO).render("test").await;
    assert!(fresh.unwrap().stale().is_empty());
    world.cluster.fault(Fault::on("watch").resource("services").refuse_connection());
    world.cluster.watches().cut();
    while world.watchers.get("services").unwrap().status().stale_since.is_none() {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(Duration::from_secs(30)).await;
    let session = || world.renderer.watched_session(&world.watchers);
    let flagged = session().max_stale(Duration::from_secs(60)).render("test").await.unwrap();
    assert_eq!(flagged.text(), "1");
    let age = flagged.stale()["services"];
    assert!(age >= Duration::from_secs(30), "{age:?}");
    assert_eq!(session().max_stale(age).render("test").await.unwrap().text(), "1", "no longer than that");
    let error = session().max_stale(Duration::from_secs(20)).render("test").await.unwrap_err().to_string();
    assert!(error.contains("store \"services\" is stale for 3") && error.contains("more than 20s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_render_is_current_until_something_that_it_read_changes() {
    type Step = (&'static str, fn(&FakeCluster), bool);
    let template = "{% for s in resources.services.get('shop') %}{{ s.metadata.name }}{% endfor %}\
        {{ resources.services.fetch('blog', 'web') is defined }}{{ resources.secrets.fetch('shop', 'a').data.password }}";
    let steps: [Step; 8] = [
        ("a Service elsewhere", |cluster| drop(cluster.create(service("blog", "other", "a"))), true),
        ("a Secret that is not read", |cluster| drop(cluster.apply(secret("b", "new"))), true),
        ("a write that changes nothing", |cluster| drop(cluster.apply(service("shop", "web", "a"))), true),
        ("a Secret that is read", |cluster| drop(cluster.apply(secret("a", "new"))), false),
        ("a Service where all are read", |cluster| drop(cluster.create(service("shop", "next", "a"))), false),
        ("one that was asked for and absent", |cluster| drop(cluster.create(service("blog", "web", "a"))), false),
        ("the last of those gone", |cluster| drop(cluster.delete("Service", "blog", "web")), false),
        ("the one elsewhere gone", |cluster| drop(cluster.delete("Service", "blog", "other")), true),
    ];
    let world = World::new([service("shop", "web", "a"), secret("a", "1"), secret("b", "2")], template).await;
    world.cluster.namespace("blog");
    for (what, change, current) in steps {
        let mut rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
        assert!(rendered.is_current(world.watchers.stores()), "before {what}");
        change(&world.cluster);
        world.caught_up().await;
        assert_eq!(rendered.is_current(world.watchers.stores()), current, "{what}");
        let again = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
        assert!(!current || again.text() == rendered.text(), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_render_that_read_everything_by_an_index_is_concerned_by_what_enters_and_leaves_the_key() {
    let template = "{{ resources.secrets.index('by-issuer').get('a') | length }}";
    let world = World::new([secret("a", "1"), secret("b", "2")], template).await;
    let mut rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
    let mut other = secret("c", "3");
    other["metadata"]["labels"]["issuer"] = json!("z");
    world.cluster.create(&other).unwrap();
    world.caught_up().await;
    assert!(rendered.is_current(world.watchers.stores()));
    other["metadata"]["labels"]["issuer"] = json!("a");
    world.cluster.apply(&other).unwrap();
    world.caught_up().await;
    assert!(!rendered.is_current(world.watchers.stores()));
    let mut rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
    assert_eq!(rendered.text(), "3");
    other["metadata"]["labels"]["issuer"] = json!("z");
    world.cluster.apply(&other).unwrap();
    world.caught_up().await;
    assert!(!rendered.is_current(world.watchers.stores()));
}

#[tokio::test(start_paused = true)]
async fn a_render_that_read_several_keys_of_one_index_is_concerned_by_each() {
    let template =
        "{% for namespace in ['shop', 'blog'] %}{{ resources.services.get(namespace) | length }}{% endfor %}";
    let world = World::new([service("shop", "web", "a"), service("blog", "web", "a")], template).await;
    for namespace in ["shop", "blog"] {
        let mut rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
        world.cluster.create(service(namespace, "new", "a")).unwrap();
        world.caught_up().await;
        assert!(!rendered.is_current(world.watchers.stores()), "{namespace}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_render_that_is_out_of_date_stays_so_and_one_that_is_current_counts_as_one_of_now() {
    let template = "{{ resources.services.get('shop') | length }}";
    let world = World::new([service("shop", "web", "a")], template).await;
    world.cluster.namespace("blog");
    let mut rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
    let revisions = |snapshots: &BTreeMap<String, Snapshot>| -> Vec<_> {
        snapshots.iter().map(|(name, snapshot)| (name.clone(), snapshot.revision())).collect()
    };
    let mut of_now = revisions(&world.watchers.snapshots());
    assert_eq!(revisions(rendered.snapshots()), of_now);
    for (namespace, current) in [("blog", true), ("shop", false)] {
        world.cluster.create(service(namespace, "new", "a")).unwrap();
        world.caught_up().await;
        for _ in 0..2 {
            assert_eq!(rendered.is_current(world.watchers.stores()), current, "{namespace}");
        }
        if current {
            of_now = revisions(&world.watchers.snapshots());
        }
        assert_eq!(revisions(rendered.snapshots()), of_now);
    }
}

#[tokio::test(start_paused = true)]
async fn a_render_from_a_store_that_is_not_there_any_more_is_not_current() {
    let world = World::new([service("shop", "web", "a")], "{{ resources.services | length }}").await;
    let mut rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
    let mut stores = world.watchers.stores().clone();
    stores.remove("secrets");
    assert!(rendered.is_current(&stores), "it was not read");
    stores.remove("services");
    assert!(!rendered.is_current(&stores));
}

#[tokio::test(start_paused = true)]
async fn old_bodies_that_are_served_because_newer_ones_cannot_be_fetched_are_named() {
    let mut world = World::new([secret("a", "1"), secret("b", "2")], READ_ALL).await;
    let secrets = Watcher::builder(world.cluster.client(), Resource::new("v1", "secrets"));
    let store = CachedStore::builder(secrets.fetcher()).serve_stale(true).build();
    world.watchers.insert("secrets", secrets.store(store).start().unwrap());
    world.watchers.wait_until_synced(LONG).await.unwrap();
    let rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
    assert_eq!((rendered.text(), rendered.stale_objects()), ("a=MQ==;b=Mg==;", [].as_slice()));
    world.cluster.fault(Fault::on("get").resource("secrets").name("b").status(503));
    world.cluster.apply(secret("a", "3")).unwrap();
    world.cluster.apply(secret("b", "4")).unwrap();
    world.caught_up().await;
    let rendered = world.renderer.watched_session(&world.watchers).render("test").await.unwrap();
    let stale = [("secrets".to_owned(), ObjectName::new("shop", "b"))];
    assert_eq!((rendered.text(), rendered.stale_objects()), ("a=Mw==;b=Mg==;", stale.as_slice()));
}

#[tokio::test(start_paused = true)]
async fn a_context_is_seen_beside_the_stores_in_every_pass() {
    let template = "{{ greeting }} {{ resources.secrets.fetch('shop', 'a').data.password }}";
    let world = World::new([secret("a", "1")], template).await;
    let session = world.renderer.watched_session(&world.watchers);
    let rendered = session.context(context! { greeting => "hello" }).render("test").await.unwrap();
    assert_eq!((rendered.text(), rendered.passes()), ("hello MQ==", 2));
}

#[tokio::test(start_paused = true)]
async fn debugging_shows_names_and_sizes_and_nothing_of_the_text() {
    let world = World::new([secret("a", "1")], READ_ALL).await;
    let session = world.renderer.watched_session(&world.watchers);
    assert_eq!(format!("{session:?}"), r#"Session { stores: ["secrets", "services"], .. }"#);
    let rendered = session.render("test").await.unwrap();
    assert_eq!(format!("{rendered:?}"), "Rendered { length: 7, passes: 2, fetched: 1, .. }");
}

#[tokio::test(start_paused = true)]
async fn functions_that_record_something_are_told_of_every_pass() {
    let mut world = World::new([secret("a", "1")], "{{ resources.secrets.fetch('shop', 'a').data.password }}").await;
    let passes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&passes);
    world.renderer.on_pass(move || {
        counter.fetch_add(1, Relaxed);
    });
    world.render().await;
    assert_eq!(passes.load(Relaxed), 2);
}

#[tokio::test]
async fn a_session_needs_no_particular_runtime() {
    let world = World::new([secret("a", "1")], READ_ALL).await;
    let stores: BTreeMap<String, Arc<dyn Store>> = world.watchers.stores().clone();
    let renderer = world.renderer.clone();
    let spawned = tokio::spawn(async move { renderer.session(&stores).render("test").await.unwrap().into_text() });
    assert_eq!(spawned.await.unwrap(), "a=MQ==;");
}

#[tokio::test(start_paused = true)]
async fn on_demand_and_full_stores_render_the_same_bytes() {
    let names: Vec<String> = (0..40).map(|number| format!("s-{number}")).collect();
    let objects = names.iter().map(|name| secret(name, name));
    let services = names.iter().map(|name| service("shop", &format!("web-{name}"), name));
    let template = format!("{READ_ALL}\n{READ_NAMED}");
    let world = World::new(objects.chain(services), &template).await;
    let whole = Watcher::builder(world.cluster.client(), Resource::new("v1", "secrets")).start().unwrap();
    whole.wait_until_synced(LONG).await.unwrap();
    let mut stores = world.watchers.stores().clone();
    stores.insert("secrets".to_owned(), Arc::clone(whole.store()));
    let full = world.renderer.session(&stores).render("test").await.unwrap();
    assert_eq!((full.passes(), full.fetched()), (1, 0));
    assert_eq!(world.render().await, full.text());
}
