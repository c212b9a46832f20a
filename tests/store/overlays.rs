//! Overlays: a snapshot as it would be, and the pointers that forward.

use std::sync::Arc;

use kube_indexed_store::store::Scope;
use kube_indexed_store::{
    CachedStore, Indexed, MemoryStore, ObjectName, Query, Snapshot, Store, StoreExt, Write, snapshot,
};

use crate::fixtures::*;
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

/// The write without its body.
fn reference(write: Write) -> Write {
    let Write::Apply(indexed) = write else { return write };
    let reference = Indexed::reference(indexed.name().clone(), indexed.version().cloned());
    let keys = ["by-service", "by-host", "by-route"]
        .into_iter()
        .flat_map(|index| indexed.keys(index).unwrap_or_default().iter().map(move |key| (index, key.clone())));
    Write::Apply(keys.fold(reference, |reference, (index, key)| reference.key(index, key.components())))
}

fn held<F: Fixture>() -> F::Store {
    filled::<F>(&["moved", "deleted", "kept", "broken"].map(|name| thing("a", name).service("web").rule("x", &["/1"])))
}

fn an_overlay_is_what_applying_and_reading_gives_in_every_index<F: Fixture>() {
    let store = held::<F>();
    let overlay = store.snapshot().with(proposal()).unwrap();
    let mut changes = store.changes();
    assert_eq!(seen(&store.snapshot()), seen(&held::<F>().snapshot()), "the store is not touched");
    assert!(futures::FutureExt::now_or_never(changes.next()).is_none());
    let before = store.snapshot();
    store.write(proposal()).unwrap();
    assert_eq!(overlay.revision(), store.revision());
    let (proposed, written) = (overlay.diff(&before).to_string(), store.snapshot().diff(&before).to_string());
    assert_eq!(proposed, written);
    if F::REFERENCES {
        // What is proposed carries its body, what was written has it elsewhere: they are not the same to readers.
        let bodies =
            |snapshot: &Snapshot| snapshot.list().objects().map(|object| object.to_value()).collect::<Vec<_>>();
        assert_eq!(seen(&overlay).without_objects(), seen(&store.snapshot()));
        assert_eq!((bodies(&overlay).len(), bodies(&store.snapshot()).len()), (3, 0));
        return;
    }
    assert_eq!(seen(&overlay), seen(&store.snapshot()));
    assert!(overlay.diff(&store.snapshot()).is_empty());
}

fn overlays_lie_on_overlays<F: Fixture>() {
    let snapshot = held::<F>().snapshot();
    let one_by_one = proposal().into_iter().fold(snapshot.clone(), |snapshot, write| snapshot.with([write]).unwrap());
    assert_eq!(seen(&one_by_one), seen(&snapshot.with(proposal()).unwrap()));
    assert_eq!(seen(&snapshot), seen(&held::<F>().snapshot()));
}

fn an_overlay_takes_what_is_proposed_whatever_its_version<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(10)]);
    let overlay = store.snapshot().with([thing("a", "web").at(3).note("x").apply()]).unwrap();
    assert_eq!(seen(&overlay).objects, [thing("a", "web").at(3).note("x").json()]);
    let overlay = store.snapshot().with([thing("a", "web").at(3).delete()]).unwrap();
    assert!(overlay.is_empty());
}

fn an_overlay_that_changes_nothing_is_of_the_same_revision<F: Fixture>() {
    let snapshot = held::<F>().snapshot();
    let same = thing("a", "kept").service("web").rule("x", &["/1"]);
    for writes in [
        vec![],
        if F::REFERENCES { vec![same.apply()] } else { vec![same.clone().at(9).apply()] },
        vec![thing("b", "brief").apply(), Write::delete(ObjectName::new("b", "brief"))],
        vec![Write::delete(same.identity()), same.apply()],
    ] {
        // Where bodies are elsewhere it is a reference that changes nothing, and another version is a change.
        let writes = if F::REFERENCES { writes.into_iter().map(reference).collect() } else { writes };
        let overlay = snapshot.with(writes).unwrap();
        assert_eq!(overlay.revision(), snapshot.revision());
        assert!(overlay.diff(&snapshot).is_empty());
    }
}

fn a_proposal_that_does_not_fit_is_refused_as_a_whole<F: Fixture>() {
    let snapshot = held::<F>().snapshot();
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

fn pointers_to_a_store_are_that_store<F: Fixture>() {
    let (revisions, snapshot, told) = exercise(store::<F>());
    assert_eq!(told.as_deref(), Some("created a/web"));
    let shared: Arc<dyn Store> = Arc::new(store::<F>());
    for (other_revisions, other_snapshot, other_told) in [
        exercise(Arc::new(store::<F>())),
        exercise(Arc::clone(&shared)),
        exercise(Box::new(store::<F>())),
        exercise(Box::new(store::<F>()) as Box<dyn Store>),
        exercise(Box::new(Arc::new(store::<F>()) as Arc<dyn Store>)),
    ] {
        assert_eq!((&other_revisions, &other_told), (&revisions, &told));
        assert_eq!(seen(&other_snapshot), seen(&snapshot));
    }
    shared.apply(thing("a", "web").indexed()).unwrap();
    assert_eq!(wait(shared.list()).unwrap().len(), 1);
    assert!(wait(shared.single(Query::prefix(&["a"]))).unwrap().is_some());
    assert_eq!(wait(shared.get_as::<serde_json::Value>(Query::all())).unwrap(), [thing("a", "web").json()]);
}

#[test]
fn a_clone_of_a_store_is_the_same_store() {
    let store = store::<Memory>();
    let clone: MemoryStore = store.clone();
    clone.apply(thing("a", "web").indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web"]);
    let served = crate::things::store::<Cached>();
    let clone: CachedStore = served.store.clone();
    served.apply(thing("a", "web").indexed()).unwrap();
    assert_eq!(everything(&clone), ["a/web"]);
    assert_eq!((clone.stats().fetches, clone.stats(), clone.cache_len()), (1, served.store.stats(), 1));
}

#[test]
fn debugging_shows_names_and_sizes_and_nothing_of_what_objects_hold() {
    let web = thing("a", "web").at(1).note("hunter2");
    let store = filled::<Memory>([&web]);
    let mut reset = store.reset(Scope::Namespace("a".into()));
    reset.push(web.indexed()).unwrap();
    let object = "Object(example.org/v1 Thing a/web @1)";
    assert_eq!(format!("{store:?}"), "MemoryStore(1 objects, revision 1)");
    assert_eq!(format!("{reset:?}"), "Reset(namespace a, 1 objects)");
    assert_eq!(format!("{:?}", objects(&store, Query::all())), format!("[{object}]"));
    assert_eq!(format!("{:?}", store.get(Query::all()).unwrap()), format!("Get(Some([{object}]))"));
    assert_eq!(format!("{:?}", store.changes()), "Changes");
}

conformance! {
    an_overlay_is_what_applying_and_reading_gives_in_every_index,
    overlays_lie_on_overlays,
    an_overlay_takes_what_is_proposed_whatever_its_version,
    an_overlay_that_changes_nothing_is_of_the_same_revision,
    a_proposal_that_does_not_fit_is_refused_as_a_whole,
    pointers_to_a_store_are_that_store,
}
