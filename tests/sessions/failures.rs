//! What fails a render.

use std::time::Duration;

use kube_indexed_store::ObjectName;
use kube_indexed_store::store::Error as StoreError;
use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::json;

use crate::world::{LONG, READ_ALL, World, secret, service};

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
