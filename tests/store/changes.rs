//! Revisions, differences and the stream of them.

use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use kube_indexed_store::snapshot::{ChangeKind, Diff};
use kube_indexed_store::store::{Changes, Scope};
use kube_indexed_store::{Indexed, Object, ObjectName, ResourceVersion, Store, StoreExt, Write};

use crate::fixtures::*;
use crate::things::*;

/// What the stream has ready; `None` when it waits.
fn ready(changes: &mut Changes) -> Option<Diff> {
    changes.next().now_or_never().map(|diff| diff.expect("the store is there"))
}

fn told(changes: &mut Changes) -> Option<String> {
    ready(changes).map(|diff| diff.to_string())
}

fn a_difference_names_what_was_created_modified_deleted_and_replaced_with_old_and_new<F: Fixture>() {
    let things = [
        thing("a", "deleted").at(1).service("web"),
        thing("a", "moved").at(2).service("web"),
        thing("a", "replaced").at(3).uid("u-1"),
        thing("a", "same").at(4),
        thing("b", "touched").at(5).status("starting"),
    ];
    let store = filled::<F>(&things);
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
    // Of references only the versions are known to be different, which stand for what is not kept as well.
    let touched = if F::REFERENCES { "modified b/touched, " } else { "" };
    let expected = format!("deleted a/deleted, modified a/moved, replaced a/replaced, {touched}created c/created");
    assert_eq!(diff.to_string(), expected);
    assert_eq!((diff.from(), diff.to()), (before.revision(), after.revision()));
    let sides: Vec<_> = diff
        .into_iter()
        .map(|change| {
            let version = |entry: &kube_indexed_store::snapshot::Entry| entry.version().unwrap().to_string();
            (change.kind(), change.old().map(version), change.new().map(version))
        })
        .collect();
    let side = |version: &str| Some(version.to_owned());
    let mut expected = vec![
        (ChangeKind::Deleted, side("1"), None),
        (ChangeKind::Modified, side("2"), side("12")),
        (ChangeKind::Replaced, side("3"), side("13")),
        (ChangeKind::Created, None, side("15")),
    ];
    if F::REFERENCES {
        expected.insert(3, (ChangeKind::Modified, side("5"), side("14")));
    }
    assert_eq!(sides, expected);
    let moved = &diff.changes()[1];
    let keys =
        |entry: Option<&kube_indexed_store::snapshot::Entry>| entry.unwrap().keys("by-service").unwrap()[0].clone();
    assert_eq!((keys(moved.old()).component(1), keys(moved.new()).component(1)), (Some("web"), Some("api")));
    assert_eq!(
        before.diff(&after).to_string(),
        format!("created a/deleted, modified a/moved, replaced a/replaced, {touched}deleted c/created")
    );
    assert!(after.diff(&after).is_empty());
    let counts = [ChangeKind::Created, ChangeKind::Modified, ChangeKind::Deleted, ChangeKind::Replaced]
        .map(|kind| diff.count(kind));
    assert_eq!(counts, [1, if F::REFERENCES { 2 } else { 1 }, 1, 1]);
}

fn an_invisible_apply_moves_the_resource_version_silently_unless_it_stands_for_the_body<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(1).status("starting").service("web")]);
    let (before, mut changes) = (store.snapshot(), store.changes());
    let revision = store.apply(thing("a", "web").at(2).status("running").service("web").indexed()).unwrap();
    let after = store.snapshot();
    if F::REFERENCES {
        assert_eq!((revision.get(), after.revision()), (before.revision().get() + 1, revision));
        assert_eq!(told(&mut changes).as_deref(), Some("modified a/web"));
        assert_eq!(after.entry("a", "web").unwrap().version(), Some(ResourceVersion::from(2)));
        assert_eq!(under(&store, "by-service", &["a", "web"]), ["a/web"]);
        return;
    }
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
    assert_eq!(objects.at(0).unwrap().resource_version(), Some(ResourceVersion::from(2)), "in every index");
    let object =
        |snapshot: &kube_indexed_store::Snapshot| snapshot.entry("a", "web").unwrap().object().unwrap().clone();
    assert!(object(&before).ptr_eq(&object(&after)));
}

fn other_keys_are_a_visible_change_even_for_an_equal_object<F: Fixture>() {
    let store = F::declared(&[("i", 1)]);
    let with_key = |key: &str| thing("a", "web").by_hand().key("i", [key]);
    let first = store.apply(with_key("x")).unwrap();
    let before = store.snapshot();
    assert!(store.apply(with_key("y")).unwrap() > first);
    assert_eq!(store.snapshot().diff(&before).to_string(), "modified a/web");
}

fn another_uid_is_a_visible_change_even_where_it_is_not_kept_in_the_body<F: Fixture>() {
    let store = F::declared(&[]);
    let with_uid = |uid: &str| Indexed::new(thing("a", "web").object()).unwrap().with_uid(uid);
    store.apply(with_uid("u-1")).unwrap();
    let before = store.snapshot();
    store.apply(with_uid("u-2")).unwrap();
    assert_eq!(store.snapshot().diff(&before).to_string(), "replaced a/web");
}

fn an_object_is_replaced_when_both_uids_are_known_and_differ<F: Fixture>() {
    let with_uid = |uid: &Option<&str>| match uid {
        Some(uid) => Indexed::new(thing("a", "web").object()).unwrap().with_uid(uid).key("i", ["x"]),
        None => thing("a", "web").by_hand().key("i", ["y"]),
    };
    for (old, new, expected) in [
        (None, Some("u-1"), ChangeKind::Modified),
        (Some("u-1"), None, ChangeKind::Modified),
        (Some("u-1"), Some("u-2"), ChangeKind::Replaced),
    ] {
        let store = F::declared(&[("i", 1)]);
        store.apply(with_uid(&old)).unwrap();
        let before = store.snapshot();
        store.apply(with_uid(&new)).unwrap();
        let diff = store.snapshot().diff(&before);
        assert_eq!(diff.changes().iter().map(|change| change.kind()).collect::<Vec<_>>(), [expected]);
        assert_eq!((diff.count(expected), diff.count(ChangeKind::Created)), (1, 0));
        let (before, after) = (before.entry("a", "web").unwrap(), diff.changes()[0].new().unwrap());
        assert_eq!((before.uid().as_deref(), after.uid().as_deref()), (old, new));
    }
}

fn changes_are_equal_when_both_sides_look_the_same<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(1).service("x")]);
    let one = store.snapshot();
    store.apply(thing("a", "web").at(2).service("y").indexed()).unwrap();
    let two = store.snapshot();
    store.apply(thing("a", "web").at(3).service("z").indexed()).unwrap();
    let three = store.snapshot();
    store.delete(&ObjectName::new("a", "web")).unwrap();
    let none = store.snapshot();
    store.apply(thing("a", "api").at(4).service("x").indexed()).unwrap();
    let other = store.snapshot();
    let states = [&none, &one, &two, &three, &other];
    let change = |from: usize, to: usize| states[to].diff(states[from]).changes().first().cloned();
    let ways: Vec<_> =
        (0..4).flat_map(|from| (0..4).map(move |to| (from, to))).filter(|(from, to)| from != to).collect();
    for a in &ways {
        for b in &ways {
            assert_eq!(change(a.0, a.1) == change(b.0, b.1), a == b, "{a:?} and {b:?}");
        }
        assert_ne!(change(a.0, a.1), change(0, 4), "another object");
    }
}

fn a_batch_that_ends_where_it_began_is_no_change<F: Fixture>() {
    let web = thing("a", "web").at(1).note(1);
    let store = filled::<F>([&web]);
    let before = store.snapshot();
    let mut changes = store.changes();
    let mut there_and_back = vec![
        web.clone().at(2).note(2).apply(),
        thing("a", "new").at(3).apply(),
        thing("a", "new").at(4).delete(),
        web.clone().at(5).note(1).apply(),
    ];
    if F::REFERENCES {
        // The web would have another version, which is not where it began.
        there_and_back = vec![there_and_back.remove(1), there_and_back.remove(1)];
    }
    assert_eq!(store.write(there_and_back).unwrap(), before.revision());
    assert!(store.snapshot().diff(&before).is_empty());
    assert!(ready(&mut changes).is_none());
    assert_eq!(
        store.snapshot().entry("a", "web").unwrap().version(),
        Some(ResourceVersion::from(if F::REFERENCES { 1 } else { 5 }))
    );
}

fn the_stream_tells_each_difference_from_the_last_one_seen<F: Fixture>() {
    let store = filled::<F>([&thing("a", "before")]);
    let mut changes = store.changes();
    assert_eq!(told(&mut changes), None);
    store.apply(thing("a", "one").at(1).indexed()).unwrap();
    assert_eq!(told(&mut changes).as_deref(), Some("created a/one"));
    store.apply(thing("a", "one").at(2).note(1).indexed()).unwrap();
    assert_eq!(told(&mut changes).as_deref(), Some("modified a/one"));
    store.delete(&ObjectName::new("a", "one")).unwrap();
    assert_eq!(told(&mut changes).as_deref(), Some("deleted a/one"));
    assert_eq!(told(&mut changes), None);
}

fn a_subscriber_that_falls_behind_gets_one_difference_that_tells_everything<F: Fixture>() {
    let store = filled::<F>([&thing("a", "gone"), &thing("a", "kept")]);
    let (mut slow, mut quick) = (store.changes(), store.changes());
    let before = store.snapshot();
    let mut heard = 0;
    for round in 0..50 {
        store.apply(thing("a", "kept").at(round + 1).note(round).indexed()).unwrap();
        store.apply(thing("b", "brief").indexed()).unwrap();
        store.delete(&ObjectName::new("b", "brief")).unwrap();
        heard += usize::from(ready(&mut quick).is_some());
    }
    store.write(vec![Write::delete(ObjectName::new("a", "gone")), thing("c", "new").apply()]).unwrap();
    let diff = ready(&mut slow).unwrap();
    assert_eq!(diff.to_string(), "deleted a/gone, modified a/kept, created c/new");
    assert_eq!((diff.from(), diff.to()), (before.revision(), store.revision()));
    assert!(ready(&mut slow).is_none());
    assert_eq!((heard, told(&mut quick).as_deref()), (50, Some("deleted a/gone, created c/new")));
}

fn what_was_changed_and_changed_back_is_not_told<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").note(1).service("x")]);
    let mut changes = store.changes();
    store.apply(thing("a", "web").note(2).service("y").indexed()).unwrap();
    store.apply(thing("a", "web").note(1).service("x").indexed()).unwrap();
    assert_eq!(told(&mut changes), None);
    store.apply(thing("a", "web").note(3).service("z").indexed()).unwrap();
    assert_eq!(told(&mut changes).as_deref(), Some("modified a/web"));
}

fn a_reset_is_told_as_one_difference<F: Fixture>() {
    let store = filled::<F>([&thing("a", "old"), &thing("a", "same")]);
    let mut changes = store.changes();
    let mut reset = store.reset(Scope::All);
    for name in ["new", "same"] {
        reset.push(thing("a", name).indexed()).unwrap();
    }
    assert_eq!(told(&mut changes), None);
    reset.commit(None);
    assert_eq!(told(&mut changes).as_deref(), Some("created a/new, deleted a/old"));
}

fn the_stream_ends_with_the_store_after_the_last_difference<F: Fixture>() {
    let store = Arc::new(store::<F>());
    let mut changes = store.changes();
    let another_handle = Arc::clone(&store);
    drop(store);
    another_handle.apply(thing("a", "last").indexed()).unwrap();
    drop(another_handle);
    assert_eq!(wait(changes.next()).unwrap().to_string(), "created a/last");
    assert!(wait(changes.next()).is_none());
}

fn the_stream_is_a_stream<F: Fixture>() {
    let store = store::<F>();
    let changes = store.changes();
    store.apply(thing("a", "web").indexed()).unwrap();
    drop(store);
    assert_eq!(wait(StreamExt::map(changes, |diff| diff.to_string()).collect::<Vec<_>>()), ["created a/web"]);
}

fn a_dropped_wait_loses_nothing<F: Fixture>() {
    let store = store::<F>();
    let mut changes = store.changes();
    for round in 0..20 {
        assert!(changes.next().now_or_never().is_none());
        store.apply(thing("a", "web").at(round + 1).note(round).indexed()).unwrap();
        // Polled or not, it is dropped before it gave anything away.
        drop(changes.next());
        assert!(ready(&mut changes).is_some(), "round {round}");
    }
}

fn a_waiting_subscriber_is_woken_by_a_visible_change<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(1)]);
    let mut changes = store.changes();
    wait(async {
        let waiting = tokio::spawn(async move { changes.next().await.unwrap().to_string() });
        tokio::task::yield_now().await;
        store.apply(thing("a", "web").at(if F::REFERENCES { 1 } else { 2 }).indexed()).unwrap();
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        store.apply(thing("a", "web").at(3).note(1).indexed()).unwrap();
        assert_eq!(waiting.await.unwrap(), "modified a/web");
    });
}

conformance! {
    a_difference_names_what_was_created_modified_deleted_and_replaced_with_old_and_new,
    an_invisible_apply_moves_the_resource_version_silently_unless_it_stands_for_the_body,
    other_keys_are_a_visible_change_even_for_an_equal_object,
    another_uid_is_a_visible_change_even_where_it_is_not_kept_in_the_body,
    an_object_is_replaced_when_both_uids_are_known_and_differ,
    changes_are_equal_when_both_sides_look_the_same,
    a_batch_that_ends_where_it_began_is_no_change,
    the_stream_tells_each_difference_from_the_last_one_seen,
    a_subscriber_that_falls_behind_gets_one_difference_that_tells_everything,
    what_was_changed_and_changed_back_is_not_told,
    a_reset_is_told_as_one_difference,
    the_stream_ends_with_the_store_after_the_last_difference,
    the_stream_is_a_stream,
    a_dropped_wait_loses_nothing,
    a_waiting_subscriber_is_woken_by_a_visible_change,
}
