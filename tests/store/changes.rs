//! Revisions, differences and the stream of them.

use futures::{FutureExt, StreamExt};
use kube_indexed_store::snapshot::{ChangeKind, Diff};
use kube_indexed_store::store::{Changes, Scope};
use kube_indexed_store::{Indexed, MemoryStore, Object, ObjectName, ResourceVersion, Store, StoreExt, Write};

use crate::things::*;

/// What the stream has ready; `None` when it waits.
fn ready(changes: &mut Changes) -> Option<Diff> {
    changes.next().now_or_never().map(|diff| diff.expect("the store is there"))
}

fn shown(changes: &mut Changes) -> Option<String> {
    ready(changes).map(|diff| diff.to_string())
}

#[test]
fn a_difference_names_what_was_created_modified_deleted_and_replaced_with_old_and_new() {
    let things = [
        thing("a", "deleted").at(1).service("web"),
        thing("a", "moved").at(2).service("web"),
        thing("a", "replaced").at(3).uid("u-1"),
        thing("a", "same").at(4),
        thing("b", "touched").at(5).status("starting"),
    ];
    let store = filled(&things);
    let before = store.snapshot();
    store
        .write(vec![
            thing("a", "deleted").at(11).delete(),
            thing("a", "moved").at(12).service("api").apply(),
            thing("a", "replaced").at(13).uid("u-2").apply(),
            thing("b", "touched").at(14).status("running").apply(),
            thing("c", "created").at(15).apply(),
        ])
        .unwrap();
    let after = store.snapshot();
    let diff = after.diff(&before);
    assert_eq!(diff.to_string(), "deleted a/deleted, modified a/moved, replaced a/replaced, created c/created");
    assert_eq!((diff.from(), diff.to()), (before.revision(), after.revision()));
    let sides: Vec<_> = diff
        .into_iter()
        .map(|change| {
            let version = |entry: &kube_indexed_store::snapshot::Entry| entry.version().unwrap().to_string();
            (change.kind(), change.old().map(version), change.new().map(version))
        })
        .collect();
    let side = |version: &str| Some(version.to_owned());
    assert_eq!(
        sides,
        [
            (ChangeKind::Deleted, side("1"), None),
            (ChangeKind::Modified, side("2"), side("12")),
            (ChangeKind::Replaced, side("3"), side("13")),
            (ChangeKind::Created, None, side("15")),
        ]
    );
    let moved = &diff.changes()[1];
    let keys =
        |entry: Option<&kube_indexed_store::snapshot::Entry>| entry.unwrap().keys("by-service").unwrap()[0].clone();
    assert_eq!((keys(moved.old()).component(1), keys(moved.new()).component(1)), (Some("web"), Some("api")));
    assert_eq!(
        before.diff(&after).to_string(),
        "created a/deleted, modified a/moved, replaced a/replaced, deleted c/created"
    );
    assert!(after.diff(&after).is_empty());
    let counts = [ChangeKind::Created, ChangeKind::Modified, ChangeKind::Deleted, ChangeKind::Replaced]
        .map(|kind| diff.count(kind));
    assert_eq!(counts, [1; 4]);
}

#[test]
fn an_invisible_apply_moves_the_resource_version_silently() {
    let store = filled([&thing("a", "web").at(1).status("starting").service("web")]);
    let (before, mut changes) = (store.snapshot(), store.changes());
    let revision = store.apply(thing("a", "web").at(2).status("running").service("web").indexed()).unwrap();
    let after = store.snapshot();
    assert_eq!((revision, after.revision()), (before.revision(), before.revision()));
    assert!(after.diff(&before).is_empty());
    assert!(ready(&mut changes).is_none());
    let version = |snapshot: &kube_indexed_store::Snapshot| {
        let entry = snapshot.entry("a", "web").unwrap();
        let object: &Object = entry.object().unwrap();
        assert_eq!(entry.version(), object.resource_version());
        assert_eq!(entry.version().unwrap().to_string(), object.to_value()["metadata"]["resourceVersion"]);
        entry.version().unwrap().to_string()
    };
    assert_eq!((version(&before), version(&after)), ("1".into(), "2".into()));
    let objects =
        store.get(kube_indexed_store::Query::index("by-service").with_prefix(&["a", "web"])).unwrap().now().unwrap();
    assert_eq!(objects.at(0).unwrap().resource_version(), Some(&ResourceVersion::from(2)), "in every index");
    let object =
        |snapshot: &kube_indexed_store::Snapshot| snapshot.entry("a", "web").unwrap().object().unwrap().clone();
    assert!(object(&before).ptr_eq(&object(&after)));
}

#[test]
fn other_keys_are_a_visible_change_even_for_an_equal_object() {
    let store = MemoryStore::builder().index("i", 1).build();
    let with_key = |key: &str| thing("a", "web").by_hand().key("i", [key]);
    let first = store.apply(with_key("x")).unwrap();
    let before = store.snapshot();
    assert!(store.apply(with_key("y")).unwrap() > first);
    assert_eq!(store.snapshot().diff(&before).to_string(), "modified a/web");
}

#[test]
fn another_uid_is_a_visible_change_even_where_it_is_not_kept_in_the_body() {
    let store = MemoryStore::new();
    let with_uid = |uid: &str| Indexed::new(thing("a", "web").object()).unwrap().with_uid(uid);
    store.apply(with_uid("u-1")).unwrap();
    let before = store.snapshot();
    store.apply(with_uid("u-2")).unwrap();
    assert_eq!(store.snapshot().diff(&before).to_string(), "replaced a/web");
}

#[test]
fn a_batch_that_ends_where_it_began_is_no_change() {
    let web = thing("a", "web").at(1).note(1);
    let store = filled([&web]);
    let before = store.snapshot();
    let mut changes = store.changes();
    let there_and_back = vec![
        web.clone().at(2).note(2).apply(),
        thing("a", "new").at(3).apply(),
        thing("a", "new").at(4).delete(),
        web.clone().at(5).note(1).apply(),
    ];
    assert_eq!(store.write(there_and_back).unwrap(), before.revision());
    assert!(store.snapshot().diff(&before).is_empty());
    assert!(ready(&mut changes).is_none());
    assert_eq!(store.snapshot().entry("a", "web").unwrap().version(), Some(&ResourceVersion::from(5)));
}

#[tokio::test]
async fn the_stream_tells_each_difference_from_the_last_one_seen() {
    let store = filled([&thing("a", "before")]);
    let mut changes = store.changes();
    assert_eq!(shown(&mut changes), None);
    store.apply(thing("a", "one").indexed()).unwrap();
    assert_eq!(shown(&mut changes).as_deref(), Some("created a/one"));
    store.apply(thing("a", "one").note(1).indexed()).unwrap();
    assert_eq!(shown(&mut changes).as_deref(), Some("modified a/one"));
    store.delete(&ObjectName::new("a", "one")).unwrap();
    assert_eq!(shown(&mut changes).as_deref(), Some("deleted a/one"));
    assert_eq!(shown(&mut changes), None);
}

#[tokio::test]
async fn a_subscriber_that_falls_behind_gets_one_difference_that_tells_everything() {
    let store = filled([&thing("a", "gone"), &thing("a", "kept")]);
    let (mut slow, mut quick) = (store.changes(), store.changes());
    let before = store.snapshot();
    let mut told = 0;
    for round in 0..50 {
        store.apply(thing("a", "kept").note(round).indexed()).unwrap();
        store.apply(thing("b", "brief").indexed()).unwrap();
        store.delete(&ObjectName::new("b", "brief")).unwrap();
        told += usize::from(ready(&mut quick).is_some());
    }
    store.write(vec![Write::delete(ObjectName::new("a", "gone")), thing("c", "new").apply()]).unwrap();
    let diff = ready(&mut slow).unwrap();
    assert_eq!(diff.to_string(), "deleted a/gone, modified a/kept, created c/new");
    assert_eq!((diff.from(), diff.to()), (before.revision(), store.revision()));
    assert!(ready(&mut slow).is_none());
    assert_eq!((told, shown(&mut quick).as_deref()), (50, Some("deleted a/gone, created c/new")));
}

#[tokio::test]
async fn what_was_changed_and_changed_back_is_not_told() {
    let store = filled([&thing("a", "web").note(1)]);
    let mut changes = store.changes();
    store.apply(thing("a", "web").note(2).indexed()).unwrap();
    store.apply(thing("a", "web").note(1).indexed()).unwrap();
    assert_eq!(shown(&mut changes), None);
    store.apply(thing("a", "web").note(3).indexed()).unwrap();
    assert_eq!(shown(&mut changes).as_deref(), Some("modified a/web"));
}

#[tokio::test]
async fn a_reset_is_told_as_one_difference() {
    let store = filled([&thing("a", "old"), &thing("a", "same")]);
    let mut changes = store.changes();
    let mut reset = store.reset(Scope::All);
    for name in ["new", "same"] {
        reset.push(thing("a", name).indexed()).unwrap();
    }
    assert_eq!(shown(&mut changes), None);
    reset.commit(None);
    assert_eq!(shown(&mut changes).as_deref(), Some("created a/new, deleted a/old"));
}

#[tokio::test]
async fn the_stream_ends_with_the_store_after_the_last_difference() {
    let store = store();
    let mut changes = store.changes();
    let another_handle = store.clone();
    drop(store);
    another_handle.apply(thing("a", "last").indexed()).unwrap();
    drop(another_handle);
    assert_eq!(changes.next().await.unwrap().to_string(), "created a/last");
    assert!(changes.next().await.is_none());
}

#[tokio::test]
async fn the_stream_is_a_stream() {
    let store = store();
    let changes = store.changes();
    store.apply(thing("a", "web").indexed()).unwrap();
    drop(store);
    assert_eq!(StreamExt::map(changes, |diff| diff.to_string()).collect::<Vec<_>>().await, ["created a/web"]);
}

#[tokio::test]
async fn a_dropped_wait_loses_nothing() {
    let store = store();
    let mut changes = store.changes();
    for round in 0..20 {
        assert!(changes.next().now_or_never().is_none());
        store.apply(thing("a", "web").note(round).indexed()).unwrap();
        // Polled or not, it is dropped before it gave anything away.
        drop(changes.next());
        assert!(ready(&mut changes).is_some(), "round {round}");
    }
}

#[tokio::test]
async fn a_waiting_subscriber_is_woken_by_a_visible_change() {
    let store = filled([&thing("a", "web").at(1)]);
    let mut changes = store.changes();
    let waiting = tokio::spawn(async move { changes.next().await.unwrap().to_string() });
    tokio::task::yield_now().await;
    store.apply(thing("a", "web").at(2).indexed()).unwrap();
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    store.apply(thing("a", "web").at(3).note(1).indexed()).unwrap();
    assert_eq!(waiting.await.unwrap(), "modified a/web");
}
