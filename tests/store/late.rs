//! Writes that come late, and deletions that are remembered.

use kube_indexed_store::{Indexed, ObjectName, Query, ResourceVersion, Store, StoreExt, Write};

use crate::fixtures::*;
use crate::things::*;

fn a_late_delete_of_an_older_version_does_not_remove_a_recreated_object<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").uid("new").at(9).service("web")]);
    let (before, revision) = (shown(&store), store.revision());
    store.write(vec![thing("a", "web").at(8).delete()]).unwrap();
    assert_eq!((shown(&store), store.revision()), (before, revision));
    store.write(vec![thing("a", "web").at(10).delete()]).unwrap();
    assert!(store.is_empty());
}

fn a_late_apply_is_ignored<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(10).service("new")]);
    // As numbers: as texts it would be the newer one.
    store.apply(thing("a", "web").at(9).service("old").indexed()).unwrap();
    assert_eq!(under(&store, "by-service", &["a"]), under(&store, "by-service", &["a", "new"]));
    assert_eq!(store.snapshot().entry("a", "web").unwrap().version(), Some(ResourceVersion::from(10)));
    store.apply(thing("a", "web").at(10).service("same").indexed()).unwrap();
    assert_eq!(under(&store, "by-service", &["a", "same"]), ["a/web"], "the same version is not older");
}

fn an_apply_older_than_the_deletion_is_ignored_and_a_newer_one_is_not<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(5)]);
    store.write(vec![thing("a", "web").at(8).delete()]).unwrap();
    store.apply(thing("a", "web").at(7).indexed()).unwrap();
    assert!(store.is_empty());
    store.apply(thing("a", "web").at(9).indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web"]);
}

fn a_deletion_without_a_version_counts_as_one_of_the_version_held<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(5)]);
    store.delete(&ObjectName::new("a", "web")).unwrap();
    store.apply(thing("a", "web").at(4).indexed()).unwrap();
    assert!(store.is_empty());
    store.apply(thing("a", "web").at(6).indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web"]);
}

fn deleting_again_what_is_gone_does_not_make_the_deletion_forgotten<F: Fixture>() {
    for again in [Write::delete(ObjectName::new("a", "web")), thing("a", "web").at(3).delete()] {
        let store = filled::<F>([&thing("a", "web").at(5)]);
        store.write(vec![thing("a", "web").at(8).delete()]).unwrap();
        store.write(vec![again]).unwrap();
        store.apply(thing("a", "web").at(7).indexed()).unwrap();
        assert!(store.is_empty());
    }
}

fn a_deletion_that_comes_before_the_object_keeps_it_out<F: Fixture>() {
    let store = store::<F>();
    store.write(vec![thing("a", "web").at(8).delete(), thing("a", "web").at(7).apply()]).unwrap();
    assert!(store.is_empty());
}

fn a_deletion_does_not_count_any_more_when_the_object_is_there_again<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(5)]);
    store.write(vec![thing("a", "web").at(8).delete()]).unwrap();
    store.apply(thing("a", "web").indexed()).unwrap();
    // Older than the deletion, but what is held now is of no known version.
    store.apply(thing("a", "web").at(7).note("new").indexed()).unwrap();
    assert_eq!(shown(&store).objects, [thing("a", "web").at(7).note("new").json()]);
}

fn a_write_without_a_version_always_applies<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(10).note(1)]);
    store.apply(thing("a", "web").note(2).indexed()).unwrap();
    assert_eq!(objects(&store, Query::all()).at(0), Some(&thing("a", "web").note(2).object()));
    store.apply(thing("a", "web").at(11).note(3).indexed()).unwrap();
    store.delete(&ObjectName::new("a", "web")).unwrap();
    assert!(store.is_empty());
    store.apply(thing("a", "web").note(4).indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web"]);
}

fn versions_that_cannot_be_compared_are_never_late<F: Fixture>() {
    let store = F::declared(&[]);
    let at = |version: &str, note: u64| {
        let mut value = thing("a", "web").note(note).json();
        value["metadata"]["resourceVersion"] = version.into();
        Indexed::new(value.try_into().unwrap()).unwrap()
    };
    for (version, note) in [("z", 1), ("a", 2), ("7", 3), ("a", 4), ("6", 5)] {
        store.apply(at(version, note)).unwrap();
        assert_eq!(objects(&store, Query::all()).at(0), Some(&thing("a", "web").note(note).object()));
    }
}

conformance! {
    a_late_delete_of_an_older_version_does_not_remove_a_recreated_object,
    a_late_apply_is_ignored,
    an_apply_older_than_the_deletion_is_ignored_and_a_newer_one_is_not,
    a_deletion_without_a_version_counts_as_one_of_the_version_held,
    deleting_again_what_is_gone_does_not_make_the_deletion_forgotten,
    a_deletion_that_comes_before_the_object_keeps_it_out,
    a_deletion_does_not_count_any_more_when_the_object_is_there_again,
    a_write_without_a_version_always_applies,
    versions_that_cannot_be_compared_are_never_late,
}
