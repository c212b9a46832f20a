//! Overlays: a snapshot as it would be, and the pointers that forward.

use std::sync::Arc;

use kube_indexed_store::store::Scope;
use kube_indexed_store::{MemoryStore, ObjectName, Query, Snapshot, Store, StoreExt, Write, snapshot};

use crate::things::*;

fn proposal() -> Vec<Write> {
    vec![
        thing("a", "created").service("web").rule("x", &["/1", "/2"]).apply(),
        thing("a", "moved").service("api").rule("y", &["/1"]).apply(),
        Write::delete(ObjectName::new("a", "deleted")),
        Write::delete(ObjectName::new("a", "never-there")),
        thing("a", "broken").label(SERVICE, serde_json::json!([1])).apply(),
    ]
}

fn held() -> MemoryStore {
    filled(&["moved", "deleted", "kept", "broken"].map(|name| thing("a", name).service("web").rule("x", &["/1"])))
}

#[test]
fn an_overlay_is_what_applying_and_reading_gives_in_every_index() {
    let store = held();
    let overlay = store.snapshot().with(proposal()).unwrap();
    let mut changes = store.changes();
    assert_eq!(seen(&store.snapshot()), seen(&held().snapshot()), "the store is not touched");
    assert!(futures::FutureExt::now_or_never(changes.next()).is_none());
    let before = store.snapshot();
    store.write(proposal()).unwrap();
    assert_eq!(seen(&overlay), seen(&store.snapshot()));
    assert_eq!(overlay.revision(), store.revision());
    assert_eq!(overlay.diff(&before).to_string(), store.snapshot().diff(&before).to_string());
    assert!(overlay.diff(&store.snapshot()).is_empty());
}

#[test]
fn overlays_lie_on_overlays() {
    let snapshot = held().snapshot();
    let one_by_one = proposal().into_iter().fold(snapshot.clone(), |snapshot, write| snapshot.with([write]).unwrap());
    assert_eq!(seen(&one_by_one), seen(&snapshot.with(proposal()).unwrap()));
    assert_eq!(seen(&snapshot), seen(&held().snapshot()));
}

#[test]
fn an_overlay_takes_what_is_proposed_whatever_its_version() {
    let store = filled([&thing("a", "web").at(10)]);
    let overlay = store.snapshot().with([thing("a", "web").at(3).note("x").apply()]).unwrap();
    assert_eq!(seen(&overlay).objects, [thing("a", "web").at(3).note("x").json()]);
    let overlay = store.snapshot().with([thing("a", "web").at(3).delete()]).unwrap();
    assert!(overlay.is_empty());
}

#[test]
fn an_overlay_that_changes_nothing_is_of_the_same_revision() {
    let snapshot = held().snapshot();
    let same = thing("a", "kept").service("web").rule("x", &["/1"]);
    for writes in [
        vec![],
        vec![same.clone().at(9).apply()],
        vec![thing("b", "brief").apply(), Write::delete(ObjectName::new("b", "brief"))],
        vec![Write::delete(same.identity()), same.apply()],
    ] {
        let overlay = snapshot.with(writes).unwrap();
        assert_eq!(overlay.revision(), snapshot.revision());
        assert!(overlay.diff(&snapshot).is_empty());
    }
}

#[test]
fn a_proposal_that_does_not_fit_is_refused_as_a_whole() {
    let snapshot = held().snapshot();
    let wrong = thing("a", "wrong").by_hand().key("by-route", ["x"]);
    let error = snapshot.with([thing("a", "fine").apply(), wrong.into()]).unwrap_err();
    assert!(matches!(error, snapshot::Error::WrongComponents { given: 1, declared: 2, .. }));
}

/// Uses every method of the trait and of its extension once.
fn exercise<S: Store>(store: S) -> (Vec<u64>, Snapshot, Option<String>) {
    let mut changes = store.changes();
    let mut reset = store.reset(Scope::All);
    reset.push(thing("a", "reset").indexed()).unwrap();
    let revisions = vec![
        reset.commit(None),
        store.apply(thing("a", "web").service("s").indexed()).unwrap(),
        store.write(vec![thing("b", "api").service("s").apply()]).unwrap(),
        store.delete(&ObjectName::new("a", "reset")).unwrap(),
        store.revision(),
    ];
    assert_eq!(store.delete_matching(Query::prefix(&["b"])).unwrap(), 1);
    assert_eq!((store.len(), store.is_empty(), store.schema().indexes().len()), (1, false, 4));
    assert_eq!(under(&store, "by-service", &["a", "s"]), ["a/web"]);
    let told = futures::FutureExt::now_or_never(changes.next()).flatten();
    let snapshot = store.snapshot();
    store.clear();
    assert!(store.is_empty());
    (revisions.into_iter().map(|revision| revision.get()).collect(), snapshot, told.map(|diff| diff.to_string()))
}

#[tokio::test]
async fn pointers_to_a_store_are_that_store() {
    let (revisions, snapshot, told) = exercise(store());
    assert_eq!(told.as_deref(), Some("created a/web"));
    let shared: Arc<dyn Store> = Arc::new(store());
    for (other_revisions, other_snapshot, other_told) in [
        exercise(Arc::new(store())),
        exercise(Arc::clone(&shared)),
        exercise(Box::new(store())),
        exercise(Box::new(store()) as Box<dyn Store>),
        exercise(Box::new(Arc::new(store()) as Arc<dyn Store>)),
    ] {
        assert_eq!((&other_revisions, &other_told), (&revisions, &told));
        assert_eq!(seen(&other_snapshot), seen(&snapshot));
    }
    shared.apply(thing("a", "web").indexed()).unwrap();
    assert_eq!(shared.list().await.unwrap().len(), 1);
    assert!(shared.single(Query::prefix(&["a"])).await.unwrap().is_some());
    assert_eq!(shared.get_as::<serde_json::Value>(Query::all()).await.unwrap(), [thing("a", "web").json()]);
}

#[test]
fn a_clone_of_a_store_is_the_same_store() {
    let store = store();
    let clone = store.clone();
    clone.apply(thing("a", "web").indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web"]);
}
