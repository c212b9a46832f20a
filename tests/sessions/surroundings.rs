//! Contexts, functions and runtimes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kube_indexed_store::Store;
use kube_indexed_store::watcher::{Resource, Watcher};
use minijinja::context;

use crate::world::{LONG, READ_ALL, READ_NAMED, World, secret, service};

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
