//! Until when a render is current.

use std::collections::BTreeMap;

use kube_indexed_store::testing::{FakeCluster, Fault};
use kube_indexed_store::watcher::{Resource, Watcher};
use kube_indexed_store::{CachedStore, ObjectName, Snapshot};
use serde_json::json;

use crate::world::{LONG, READ_ALL, World, secret, service};

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
