//! Resets: all or nothing, and what meets them.

use kube_indexed_store::store::{Error, Reset, Scope};
use kube_indexed_store::{MemoryStore, Object, ObjectName, Store, StoreExt, Write};

use crate::random::Random;
use crate::things::*;

fn push_all<'t>(reset: &mut Box<dyn Reset>, things: impl IntoIterator<Item = &'t Thing>) {
    things.into_iter().for_each(|thing| reset.push(thing.indexed()).unwrap());
}

/// A store that held `held`, had `writes` come in while a reset was open, and took `listed` at `version`.
fn after_reset(held: &[Thing], writes: Vec<Write>, listed: &[Thing], version: Option<u64>) -> MemoryStore {
    let store = filled(held);
    let mut reset = store.reset(Scope::All);
    let (first, second) = listed.split_at(listed.len() / 2);
    push_all(&mut reset, first);
    store.write(writes).unwrap();
    push_all(&mut reset, second);
    reset.commit(version.map(Into::into));
    store
}

fn web() -> Thing {
    thing("a", "web")
}

#[test]
fn an_interrupted_reset_leaves_the_old_state_however_often() {
    let mut random = Random::new();
    let old: Vec<_> = (0..50).map(|at| thing("a", &format!("old-{at:02}")).service("web")).collect();
    let new: Vec<_> = (25..75).map(|at| thing("a", &format!("old-{at:02}")).service("api")).collect();
    let store = filled(&old);
    let (before, revision, mut changes) = (seen(&store.snapshot()), store.revision(), store.changes());
    for _ in 0..2 {
        let mut reset = store.reset(Scope::All);
        for thing in random.shuffled(&new).into_iter().take(random.below(50)) {
            reset.push(thing.indexed()).unwrap();
            assert_eq!((seen(&store.snapshot()), store.revision()), (before.clone(), revision));
        }
    }
    let mut reset = store.reset(Scope::All);
    for thing in random.shuffled(&new) {
        reset.push(thing.indexed()).unwrap();
    }
    assert_eq!((seen(&store.snapshot()), store.revision()), (before, revision));
    assert!(futures::FutureExt::now_or_never(changes.next()).is_none());
    reset.commit(None);
    assert_eq!(seen(&store.snapshot()), seen(&filled(&new).snapshot()));
    assert_eq!(store.revision().get(), revision.get() + 1);
}

#[test]
fn a_reset_that_is_never_committed_does_not_hold_back_writes() {
    let store = filled([&web()]);
    let mut reset = store.reset(Scope::All);
    push_all(&mut reset, [&thing("a", "listed")]);
    store.apply(thing("a", "written").indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web", "a/written"]);
    drop(reset);
    assert_eq!(everything(&store), ["a/web", "a/written"]);
}

#[test]
fn what_did_not_change_keeps_its_identity_and_shows_in_no_difference() {
    let things: Vec<_> = (0..100).map(|at| thing("a", &format!("{at:02}")).at(at + 1).service("web")).collect();
    let store = filled(&things);
    let before = store.snapshot();
    // The versions of half of them move, as with a heartbeat, and one is different.
    let mut listed: Vec<_> = things.iter().cloned().map(|thing| thing.status("x")).collect();
    listed.iter_mut().step_by(2).for_each(|thing| thing.version = Some(500));
    listed[7] = listed[7].clone().service("api");
    let mut reset = store.reset(Scope::All);
    push_all(&mut reset, &Random::new().shuffled(listed));
    reset.commit(Some(500.into()));
    let after = store.snapshot();
    assert_eq!(after.diff(&before).to_string(), "modified a/07");
    let kept = |(a, b): (&Object, &Object)| a.ptr_eq(b);
    assert_eq!(before.list().objects().zip(after.list().objects()).filter(|pair| kept(*pair)).count(), 99);
    assert_eq!(after.list().objects().filter(|object| object.resource_version() == Some(&500.into())).count(), 50);
}

#[test]
fn a_reset_to_the_same_state_moves_no_revision_and_wakes_nobody() {
    let store = filled([&web().at(1), &thing("b", "api").at(2)]);
    let (revision, mut changes) = (store.revision(), store.changes());
    let mut reset = store.reset(Scope::All);
    push_all(&mut reset, [&thing("b", "api").at(9), &web().at(8)]);
    assert_eq!(reset.commit(Some(10.into())), revision);
    assert!(futures::FutureExt::now_or_never(changes.next()).is_none());
}

#[test]
fn a_reset_covers_everything_one_namespace_or_one_name() {
    let held = [thing("", "node"), web(), thing("a", "api"), thing("aa", "web"), thing("b", "web")];
    for (scope, left) in [
        (Scope::All, vec![]),
        (Scope::Namespace("a".into()), vec!["node", "aa/web", "b/web"]),
        (Scope::Namespace(String::new()), vec!["a/api", "a/web", "aa/web", "b/web"]),
        (Scope::Name(web().identity()), vec!["node", "a/api", "aa/web", "b/web"]),
    ] {
        let store = filled(&held);
        store.reset(scope.clone()).commit(None);
        assert_eq!(everything(&store), left, "{scope}");
    }
}

#[test]
fn an_object_outside_the_scope_is_refused_and_the_reset_goes_on() {
    let store = filled([&thing("a", "old"), &thing("b", "kept")]);
    let scope = Scope::Namespace("a".into());
    let mut reset = store.reset(scope.clone());
    assert!(reset.push(thing("aa", "web").indexed()).is_err());
    let error = reset.push(thing("b", "web").indexed()).unwrap_err();
    assert_eq!(error, Error::OutsideReset { object: ObjectName::new("b", "web"), scope });
    assert_eq!(error.to_string(), "b/web is outside the reset of namespace a");
    assert!(reset.push(web().by_hand().key("other", ["x"])).is_err());
    reset.push(web().indexed()).unwrap();
    reset.commit(None);
    assert_eq!(everything(&store), ["a/web", "b/kept"]);
}

#[test]
fn a_reset_may_go_back_and_what_was_deleted_is_forgotten() {
    let store = filled([&web().at(90).note("new"), &thing("a", "gone").at(91)]);
    store.write(vec![thing("a", "gone").at(92).delete()]).unwrap();
    let mut reset = store.reset(Scope::All);
    let listed = [web().at(5).note("old"), thing("a", "gone").at(6)];
    push_all(&mut reset, &listed);
    reset.commit(Some(7.into()));
    assert_eq!(seen(&store.snapshot()), seen(&filled(&listed).snapshot()));
    store.apply(web().at(8).note("newer").indexed()).unwrap();
    assert_eq!(seen(&store.snapshot()).objects[1]["note"], "newer");
}

#[test]
fn deletions_outside_the_scope_of_a_reset_are_still_remembered() {
    let store = filled([&web().at(5), &thing("b", "web").at(5)]);
    store.write(vec![web().at(9).delete(), thing("b", "web").at(9).delete()]).unwrap();
    store.reset(Scope::Namespace("b".into())).commit(Some(10.into()));
    store.write(vec![web().at(8).apply(), thing("b", "web").at(8).apply()]).unwrap();
    assert_eq!(everything(&store), ["b/web"]);
}

#[test]
fn an_apply_that_arrives_while_a_reset_is_open_survives_when_it_is_newer_than_the_list() {
    for listed in [vec![], vec![web().at(4).note("listed")]] {
        let written = |version: u64| vec![web().at(version).note("written").apply()];
        let newer = after_reset(&[web().at(3)], written(11), &listed, Some(10));
        assert_eq!(seen(&newer.snapshot()).objects, [web().at(11).note("written").json()]);
        for version in [10, 9, 5] {
            let older = after_reset(&[web().at(3)], written(version), &listed, Some(10));
            assert_eq!(seen(&older.snapshot()), seen(&filled(&listed).snapshot()), "version {version}");
        }
    }
}

#[test]
fn a_delete_that_arrives_while_a_reset_is_open_survives_when_it_is_newer_than_the_list() {
    let listed = [web().at(4)];
    for held in [vec![], vec![web().at(3)], vec![web().at(4)]] {
        let deleted = |version: u64| vec![web().at(version).delete()];
        assert_eq!(everything(&after_reset(&held, deleted(11), &listed, Some(10))), [""; 0]);
        assert_eq!(everything(&after_reset(&held, deleted(9), &listed, Some(10))), ["a/web"]);
    }
}

#[test]
fn a_write_without_a_version_that_arrives_while_a_reset_is_open_survives() {
    let listed = [web().at(4).note("listed")];
    for held in [vec![], vec![web().at(3)], vec![web()]] {
        let applied = after_reset(&held, vec![web().note("written").apply()], &listed, Some(10));
        assert_eq!(seen(&applied.snapshot()).objects, [web().note("written").json()]);
        let deleted = after_reset(&held, vec![Write::delete(web().identity())], &listed, Some(10));
        assert_eq!(everything(&deleted), [""; 0], "held {held:?}");
    }
}

#[test]
fn a_write_that_arrives_while_a_reset_is_open_survives_even_if_it_says_what_was_held_already() {
    let versioned = [web().at(11)];
    assert_eq!(everything(&after_reset(&versioned, vec![web().at(11).apply()], &[], Some(10))), ["a/web"]);
    assert_eq!(everything(&after_reset(&[web()], vec![web().apply()], &[], Some(10))), ["a/web"]);
    assert_eq!(everything(&after_reset(&versioned, vec![], &[], Some(10))), [""; 0]);
}

#[test]
fn without_a_version_of_the_list_the_versions_of_the_objects_decide() {
    let listed = [web().at(8).note("listed")];
    let notes = |store: &MemoryStore| {
        seen(&store.snapshot()).objects.iter().map(|object| object["note"].clone()).collect::<Vec<_>>()
    };
    let older = after_reset(&[], vec![web().at(7).note("written").apply()], &listed, None);
    assert_eq!(notes(&older), ["listed"]);
    let newer = after_reset(&[], vec![web().at(9).note("written").apply()], &listed, None);
    assert_eq!(notes(&newer), ["written"]);
    assert_eq!(notes(&after_reset(&[], vec![web().at(7).delete()], &listed, None)), ["listed"]);
    assert_eq!(notes(&after_reset(&[], vec![web().at(9).delete()], &listed, None)), Vec::<String>::new());
    let unlisted = after_reset(&[], vec![thing("b", "new").at(7).note("written").apply()], &listed, None);
    assert_eq!(notes(&unlisted), ["listed", "written"]);
}

#[test]
fn the_writes_that_survive_a_reset_are_ordinary_afterwards() {
    let store =
        after_reset(&[], vec![thing("a", "new").at(11).apply(), web().at(12).delete()], &[web().at(4)], Some(10));
    assert_eq!(everything(&store), ["a/new"]);
    store.apply(web().at(11).indexed()).unwrap();
    assert_eq!(everything(&store), ["a/new"], "the surviving deletion still keeps out what is older");
    store.reset(Scope::All).commit(Some(10.into()));
    assert_eq!(everything(&store), [""; 0], "a later reset replaces them");
}

#[test]
fn of_an_object_pushed_twice_the_last_one_counts() {
    let store = store();
    let mut reset = store.reset(Scope::All);
    push_all(&mut reset, [&web().service("first"), &web().service("last")]);
    reset.commit(None);
    assert_eq!(under(&store, "by-service", &["a"]), under(&store, "by-service", &["a", "last"]));
}
