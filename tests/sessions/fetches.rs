//! What is fetched for a render, and how often.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube_indexed_store::template::Renderer;
use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Resource, Watcher};
use kube_indexed_store::{CachedStore, Indexed, Indexer, ObjectName, Store, StoreExt};
use serde_json::json;

use crate::world::{READ_ALL, READ_NAMED, World, secret, service};

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
