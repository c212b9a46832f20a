//! Resets: all or nothing, and what meets them.

use kube_indexed_store::store::{Error, Reset, Scope};
use kube_indexed_store::{Object, ObjectName, Store, StoreExt, Write};

use crate::fixtures::*;
use crate::support::random::Random;
use crate::things::*;

fn push_all<'t>(reset: &mut Box<dyn Reset>, things: impl IntoIterator<Item = &'t Thing>) {
    things.into_iter().for_each(|thing| reset.push(thing.indexed()).unwrap());
}

/// A store that held `held`, had `writes` come in while a reset was open, and took `listed` at `version`.
fn after_reset<F: Fixture>(held: &[Thing], writes: Vec<Write>, listed: &[Thing], version: Option<u64>) -> F::Store {
    let store = filled::<F>(held);
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

fn an_interrupted_reset_leaves_the_old_state_however_often<F: Fixture>() {
    let mut random = Random::new();
    let old: Vec<_> = (0..50).map(|at| thing("a", &format!("old-{at:02}")).service("web")).collect();
    let new: Vec<_> = (25..75).map(|at| thing("a", &format!("old-{at:02}")).service("api")).collect();
    let store = filled::<F>(&old);
    let (before, revision, mut changes) = (shown(&store), store.revision(), store.changes());
    for _ in 0..2 {
        let mut reset = store.reset(Scope::All);
        for thing in random.shuffled(&new).into_iter().take(random.below(50)) {
            reset.push(thing.indexed()).unwrap();
            assert_eq!((shown(&store), store.revision()), (before.clone(), revision));
        }
    }
    let mut reset = store.reset(Scope::All);
    for thing in random.shuffled(&new) {
        reset.push(thing.indexed()).unwrap();
    }
    assert_eq!((shown(&store), store.revision()), (before, revision));
    assert!(futures::FutureExt::now_or_never(changes.next()).is_none());
    reset.commit(None);
    assert_eq!(shown(&store), shown(&filled::<F>(&new)));
    assert_eq!(store.revision().get(), revision.get() + 1);
}

fn a_reset_that_is_never_committed_does_not_hold_back_writes<F: Fixture>() {
    let store = filled::<F>([&web()]);
    let mut reset = store.reset(Scope::All);
    push_all(&mut reset, [&thing("a", "listed")]);
    store.apply(thing("a", "written").indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web", "a/written"]);
    drop(reset);
    assert_eq!(everything(&store), ["a/web", "a/written"]);
}

fn what_did_not_change_keeps_its_identity_and_shows_in_no_difference<F: Fixture>() {
    let things: Vec<_> = (0..100).map(|at| thing("a", &format!("{at:02}")).at(at + 1).service("web")).collect();
    let store = filled::<F>(&things);
    let before = store.snapshot();
    // The versions of half of them move, as with a heartbeat, and one is different.
    let mut listed: Vec<_> = things.iter().cloned().map(|thing| thing.status("x")).collect();
    listed.iter_mut().step_by(2).for_each(|thing| thing.version = Some(500));
    listed[7] = listed[7].clone().service("api");
    let mut reset = store.reset(Scope::All);
    push_all(&mut reset, &Random::new().shuffled(listed));
    reset.commit(Some(500.into()));
    let after = store.snapshot();
    let modified = |at: &usize| *at == 7 || (F::REFERENCES && at.is_multiple_of(2));
    let expected: Vec<_> = (0..100).filter(modified).map(|at| format!("modified a/{at:02}")).collect();
    assert_eq!(after.diff(&before).to_string(), expected.join(", "));
    if F::REFERENCES {
        return;
    }
    let kept = |(a, b): (&Object, &Object)| a.ptr_eq(b);
    assert_eq!(before.list().objects().zip(after.list().objects()).filter(|pair| kept(*pair)).count(), 99);
    assert_eq!(after.list().objects().filter(|object| object.resource_version() == Some(500.into())).count(), 50);
}

fn a_reset_to_the_same_state_moves_no_revision_and_wakes_nobody<F: Fixture>() {
    let store = filled::<F>([&web().at(1), &thing("b", "api").at(2)]);
    let (revision, mut changes) = (store.revision(), store.changes());
    let mut reset = store.reset(Scope::All);
    // Where versions stand for bodies, another version is another state.
    let versions = if F::REFERENCES { (2, 1) } else { (9, 8) };
    push_all(&mut reset, [&thing("b", "api").at(versions.0), &web().at(versions.1)]);
    assert_eq!(reset.commit(Some(10.into())), revision);
    assert!(futures::FutureExt::now_or_never(changes.next()).is_none());
}

fn a_reset_covers_everything_one_namespace_or_one_name<F: Fixture>() {
    let held = [thing("", "node"), web(), thing("a", "api"), thing("aa", "web"), thing("b", "web")];
    for (scope, left) in [
        (Scope::All, vec![]),
        (Scope::Namespace("a".into()), vec!["node", "aa/web", "b/web"]),
        (Scope::Namespace(String::new()), vec!["a/api", "a/web", "aa/web", "b/web"]),
        (Scope::Name(web().identity()), vec!["node", "a/api", "aa/web", "b/web"]),
    ] {
        let store = filled::<F>(&held);
        store.reset(scope.clone()).commit(None);
        assert_eq!(everything(&store), left, "{scope}");
    }
}

fn an_object_outside_the_scope_is_refused_and_the_reset_goes_on<F: Fixture>() {
    let store = filled::<F>([&thing("a", "old"), &thing("b", "kept")]);
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

fn a_reset_may_go_back_and_what_was_deleted_is_forgotten<F: Fixture>() {
    let store = filled::<F>([&web().at(90).note("new"), &thing("a", "gone").at(91)]);
    assert_eq!(shown(&store).objects[1]["note"], "new");
    store.write(vec![thing("a", "gone").at(92).delete()]).unwrap();
    let mut reset = store.reset(Scope::All);
    let listed = [web().at(5).note("old"), thing("a", "gone").at(6)];
    push_all(&mut reset, &listed);
    reset.commit(Some(7.into()));
    assert_eq!(shown(&store), shown(&filled::<F>(&listed)));
    store.apply(web().at(8).note("newer").indexed()).unwrap();
    assert_eq!(shown(&store).objects[1]["note"], "newer");
}

fn deletions_outside_the_scope_of_a_reset_are_still_remembered<F: Fixture>() {
    let store = filled::<F>([&web().at(5), &thing("b", "web").at(5)]);
    store.write(vec![web().at(9).delete(), thing("b", "web").at(9).delete()]).unwrap();
    store.reset(Scope::Namespace("b".into())).commit(Some(10.into()));
    store.write(vec![web().at(8).apply(), thing("b", "web").at(8).apply()]).unwrap();
    assert_eq!(everything(&store), ["b/web"]);
}

fn an_apply_that_arrives_while_a_reset_is_open_survives_when_it_is_newer_than_the_list<F: Fixture>() {
    for listed in [vec![], vec![web().at(4).note("listed")]] {
        let written = |version: u64| vec![web().at(version).note("written").apply()];
        let newer = after_reset::<F>(&[web().at(3)], written(11), &listed, Some(10));
        assert_eq!(shown(&newer).objects, [web().at(11).note("written").json()]);
        for version in [10, 9, 5] {
            let older = after_reset::<F>(&[web().at(3)], written(version), &listed, Some(10));
            assert_eq!(shown(&older), shown(&filled::<F>(&listed)), "version {version}");
        }
    }
}

fn a_delete_that_arrives_while_a_reset_is_open_survives_when_it_is_newer_than_the_list<F: Fixture>() {
    let listed = [web().at(4)];
    for held in [vec![], vec![web().at(3)], vec![web().at(4)]] {
        let deleted = |version: u64| vec![web().at(version).delete()];
        assert_eq!(everything(&after_reset::<F>(&held, deleted(11), &listed, Some(10))), [""; 0]);
        assert_eq!(everything(&after_reset::<F>(&held, deleted(9), &listed, Some(10))), ["a/web"]);
    }
}

fn a_write_without_a_version_that_arrives_while_a_reset_is_open_survives<F: Fixture>() {
    let listed = [web().at(4).note("listed")];
    for held in [vec![], vec![web().at(3)], vec![web()]] {
        let applied = after_reset::<F>(&held, vec![web().note("written").apply()], &listed, Some(10));
        assert_eq!(shown(&applied).objects, [web().note("written").json()]);
        let deleted = after_reset::<F>(&held, vec![Write::delete(web().identity())], &listed, Some(10));
        assert_eq!(everything(&deleted), [""; 0], "held {held:?}");
    }
}

fn a_reset_that_is_committed_while_another_is_open_is_a_write_that_arrives_meanwhile<F: Fixture>() {
    let held = web().at(1).note("held");
    for (newer, expected) in [(11, "newer"), (10, "older")] {
        for scope in [Scope::All, Scope::Namespace("a".into()), Scope::Name(web().identity())] {
            let store = filled::<F>([&held]);
            let (mut older, mut other) = (store.reset(Scope::All), store.reset(scope));
            push_all(&mut other, [&web().at(newer).note("newer")]);
            other.commit(Some(newer.into()));
            push_all(&mut older, [&web().at(4).note("older")]);
            older.commit(Some(10.into()));
            assert_eq!(shown(&store).objects[0]["note"], expected);
        }
    }
}

fn a_write_that_arrives_while_a_reset_is_open_survives_even_if_it_says_what_was_held_already<F: Fixture>() {
    let versioned = [web().at(11)];
    assert_eq!(everything(&after_reset::<F>(&versioned, vec![web().at(11).apply()], &[], Some(10))), ["a/web"]);
    assert_eq!(everything(&after_reset::<F>(&[web()], vec![web().apply()], &[], Some(10))), ["a/web"]);
    assert_eq!(everything(&after_reset::<F>(&versioned, vec![], &[], Some(10))), [""; 0]);
}

fn without_a_version_of_the_list_the_versions_of_the_objects_decide<F: Fixture>() {
    let listed = [web().at(8).note("listed")];
    let notes = |store: &F::Store| shown(store).objects.iter().map(|object| object["note"].clone()).collect::<Vec<_>>();
    let older = after_reset::<F>(&[], vec![web().at(7).note("written").apply()], &listed, None);
    assert_eq!(notes(&older), ["listed"]);
    let newer = after_reset::<F>(&[], vec![web().at(9).note("written").apply()], &listed, None);
    assert_eq!(notes(&newer), ["written"]);
    assert_eq!(notes(&after_reset::<F>(&[], vec![web().at(7).delete()], &listed, None)), ["listed"]);
    assert_eq!(notes(&after_reset::<F>(&[], vec![web().at(9).delete()], &listed, None)), Vec::<String>::new());
    let unlisted = after_reset::<F>(&[], vec![thing("b", "new").at(7).note("written").apply()], &listed, None);
    assert_eq!(notes(&unlisted), ["listed", "written"]);
}

fn the_writes_that_survive_a_reset_are_ordinary_afterwards<F: Fixture>() {
    let store =
        after_reset::<F>(&[], vec![thing("a", "new").at(11).apply(), web().at(12).delete()], &[web().at(4)], Some(10));
    assert_eq!(everything(&store), ["a/new"]);
    store.apply(web().at(11).indexed()).unwrap();
    assert_eq!(everything(&store), ["a/new"], "the surviving deletion still keeps out what is older");
    store.reset(Scope::All).commit(Some(10.into()));
    assert_eq!(everything(&store), [""; 0], "a later reset replaces them");
}

fn of_an_object_pushed_twice_the_last_one_counts<F: Fixture>() {
    let store = store::<F>();
    let mut reset = store.reset(Scope::All);
    push_all(&mut reset, [&web().service("first"), &web().service("last")]);
    reset.commit(None);
    assert_eq!(under(&store, "by-service", &["a"]), under(&store, "by-service", &["a", "last"]));
}

conformance! {
    an_interrupted_reset_leaves_the_old_state_however_often,
    a_reset_that_is_never_committed_does_not_hold_back_writes,
    what_did_not_change_keeps_its_identity_and_shows_in_no_difference,
    a_reset_to_the_same_state_moves_no_revision_and_wakes_nobody,
    a_reset_covers_everything_one_namespace_or_one_name,
    an_object_outside_the_scope_is_refused_and_the_reset_goes_on,
    a_reset_may_go_back_and_what_was_deleted_is_forgotten,
    deletions_outside_the_scope_of_a_reset_are_still_remembered,
    an_apply_that_arrives_while_a_reset_is_open_survives_when_it_is_newer_than_the_list,
    a_delete_that_arrives_while_a_reset_is_open_survives_when_it_is_newer_than_the_list,
    a_write_without_a_version_that_arrives_while_a_reset_is_open_survives,
    a_reset_that_is_committed_while_another_is_open_is_a_write_that_arrives_meanwhile,
    a_write_that_arrives_while_a_reset_is_open_survives_even_if_it_says_what_was_held_already,
    without_a_version_of_the_list_the_versions_of_the_objects_decide,
    the_writes_that_survive_a_reset_are_ordinary_afterwards,
    of_an_object_pushed_twice_the_last_one_counts,
}
