//! What is asked for, and what is remembered.

use super::server::{Fate, World, failed, notes, outdated, web};
use kube_indexed_store::store::Scope;
use kube_indexed_store::{Indexed, Query, Store, StoreExt};

use crate::things::*;

#[tokio::test(start_paused = true)]
async fn a_body_is_remembered_until_the_store_is_told_of_another_version() {
    let world = World::of(&[web().at(1).note("one")]);
    for _ in 0..2 {
        assert_eq!((world.notes().await, world.asked()), (vec!["one".into()], 1));
    }
    world.write(&web().at(2).note("two"));
    for _ in 0..2 {
        assert_eq!((world.notes().await, world.asked()), (vec!["two".into()], 2));
    }
    let stats = world.store.stats();
    assert_eq!((stats.hits, stats.misses, stats.fetches, stats.errors, stats.in_flight), (2, 2, 2, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_ahead_of_the_store_is_good_when_the_store_catches_up() {
    let world = World::of(&[web().at(1).note("one")]);
    world.put(&web().at(3).note("three"));
    assert_eq!(world.notes().await, ["three"]);
    for version in [2, 3] {
        world.store.apply(web().at(version).indexed()).unwrap();
        assert_eq!((world.notes().await, world.asked()), (vec!["three".into()], 1));
    }
    world.write(&web().at(4).note("four"));
    assert_eq!(world.notes().await, ["four"]);
}

#[tokio::test(start_paused = true)]
async fn a_get_that_is_not_awaited_fetches_nothing() {
    let world = World::of(&[web()]);
    let get = world.store.get(Query::all()).unwrap();
    assert_eq!(format!("{get:?}"), "Get(fetching)");
    assert!(get.now().is_none());
    assert_eq!((world.asked(), world.store.stats().fetches), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stays_older_than_what_was_told_is_an_error_after_three_questions_and_not_remembered() {
    let world = World::of(&[web().at(1).note("old")]);
    assert_eq!(world.notes().await, ["old"]);
    world.store.apply(web().at(5).indexed()).unwrap();
    assert_eq!(world.read(Query::all()).await.unwrap_err(), outdated("5"));
    assert_eq!((world.asked(), world.store.stats().errors), (4, 0));
    world.put(&web().at(5).note("new"));
    assert_eq!(world.notes().await, ["new"]);
}

#[tokio::test(start_paused = true)]
async fn an_absence_from_before_a_newer_version_was_told_is_asked_for_again() {
    let world = World::of(&[web().at(1)]);
    world.close();
    world.gone(&web());
    let first = world.reader().await;
    assert_eq!(world.asked(), 1);
    // Deleted and made again; of the deletion the store is not told.
    world.write(&web().at(3).note("new"));
    let later = [world.reader().await, world.reader().await, world.reader().await];
    assert_eq!(world.asked(), 1, "one at a time");
    world.server.gate.add_permits(1);
    assert_eq!(first.await.unwrap().unwrap().len(), 0, "it asked when there was none");
    tokio::task::yield_now().await;
    assert_eq!(world.asked(), 2, "once more, and one at a time");
    world.open();
    for reader in later {
        assert_eq!(notes(&reader.await.unwrap().unwrap()), ["new"]);
    }
    assert_eq!(world.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_absence_is_the_answer_and_is_asked_for_each_time() {
    let world = World::of(&[web().at(1), thing("b", "api").at(1).note("api")]);
    world.gone(&web());
    for asked in [2, 3] {
        assert_eq!((world.notes().await, world.asked()), (vec!["api".into()], asked));
    }
    assert_eq!(world.store.stats().errors, 0);
    world.put(&web().at(2).note("back"));
    assert_eq!(world.notes().await, ["back", "api"]);
}

#[tokio::test(start_paused = true)]
async fn a_body_without_a_version_is_as_old_as_the_question() {
    let world = World::new(|store| store);
    let tell = |version: u64| world.store.apply(web().at(version).indexed()).unwrap();
    world.put(&web().note("one"));
    tell(1);
    for _ in 0..2 {
        assert_eq!((world.notes().await, world.asked()), (vec!["one".into()], 1));
    }
    world.put(&web().note("two"));
    tell(2);
    assert_eq!((world.notes().await, world.asked()), (vec!["two".into()], 2));

    world.store.clear_cache();
    world.close();
    let first = world.reader().await;
    world.put(&web().note("three"));
    tell(3);
    let second = world.reader().await;
    world.open();
    assert_eq!(notes(&first.await.unwrap().unwrap()), ["two"]);
    assert_eq!(notes(&second.await.unwrap().unwrap()), ["three"]);
    assert_eq!(world.notes().await, ["three"]);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_a_version_makes_the_store_ask_again() {
    let world = World::of(&[web().note("one")]);
    for _ in 0..2 {
        assert_eq!((world.notes().await, world.asked()), (vec!["one".into()], 1));
    }
    let revision = world.store.revision();
    world.write(&web().note("two"));
    assert_eq!(world.store.revision(), revision, "of a reference nothing is seen of it");
    assert_eq!((world.notes().await, world.asked()), (vec!["two".into()], 2));
    // Also when it arrives during a fetch.
    world.store.clear_cache();
    world.close();
    let first = world.reader().await;
    world.write(&web().note("three"));
    let second = world.reader().await;
    world.open();
    assert_eq!(notes(&first.await.unwrap().unwrap()), ["two"]);
    assert_eq!(notes(&second.await.unwrap().unwrap()), ["three"]);
    assert_eq!((world.notes().await, world.asked()), (vec!["three".into()], 4));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_later_readers_do_not_wait_for_is_neither_remembered_nor_in_the_way_of_theirs() {
    let world = World::of(&[web().note("one")]);
    world.close();
    let first = world.reader().await;
    world.write(&web().note("two"));
    world.server.gate.add_permits(1);
    assert_eq!(notes(&first.await.unwrap().unwrap()), ["one"]);
    assert_eq!(world.store.cache_len(), 0);

    let second = world.reader().await;
    world.write(&web().note("three"));
    let third = world.reader().await;
    assert_eq!(world.asked(), 3);
    world.server.gate.add_permits(1);
    assert_eq!(notes(&second.await.unwrap().unwrap()), ["two"]);
    let fourth = world.reader().await;
    assert_eq!(world.asked(), 3, "it waits with the third");
    world.open();
    for reader in [third, fourth] {
        assert_eq!(notes(&reader.await.unwrap().unwrap()), ["three"]);
    }
    assert_eq!((world.notes().await, world.asked()), (vec!["three".into()], 3));
}

#[tokio::test(start_paused = true)]
async fn bodies_from_before_a_deletion_are_forgotten_whatever_their_versions() {
    for versions in [[None, None], [Some(9), None], [None, Some(1)]] {
        let [before, after] = versions;
        let world = World::of(&[Thing { version: before, ..web().note("first") }]);
        assert_eq!(world.notes().await, ["first"]);
        world.store.delete(&web().identity()).unwrap();
        assert_eq!((world.store.cache_len(), world.store.stats().bytes), (0, 0));
        world.write(&Thing { version: after, ..web().note("second") });
        assert_eq!(world.notes().await, ["second"], "{versions:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_from_before_a_reset_that_goes_back_are_forgotten_although_their_versions_are_higher() {
    let world = World::of(&[web().at(90).note("lost"), thing("b", "api").at(7).note("api")]);
    assert_eq!(world.notes().await, ["lost", "api"]);
    world.close();
    world.store.clear_cache();
    let before = world.reader().await;
    let restored = web().at(5).note("restored");
    world.put(&restored);
    let mut reset = world.store.reset(Scope::All);
    reset.push(restored.indexed()).unwrap();
    reset.push(thing("b", "api").at(7).indexed()).unwrap();
    reset.commit(Some(8.into()));
    let after = world.reader().await;
    world.open();
    assert_eq!(notes(&before.await.unwrap().unwrap()), ["lost", "api"]);
    assert_eq!(notes(&after.await.unwrap().unwrap()), ["restored", "api"]);
    assert_eq!(world.notes().await, ["restored", "api"]);
    assert_eq!(world.asked(), 5, "of what stayed there is nothing to ask");
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_moves_to_another_key_under_its_version_is_asked_for_again() {
    let world = World::of(&[web().at(1).service("x").note("one")]);
    assert_eq!(world.notes().await, ["one"]);
    world.write(&web().at(1).service("y").note("two"));
    let moved = world.read(Query::index("by-service").with_prefix(&["a", "y"])).await.unwrap();
    assert_eq!((notes(&moved), world.asked()), (vec!["two".into()], 2));
    world.write(&web().at(1).service("y").note("two"));
    assert_eq!((world.notes().await, world.asked()), (vec!["two".into()], 2), "applying twice is applying once");
}

#[tokio::test(start_paused = true)]
async fn an_answer_under_another_name_or_without_a_body_is_an_error() {
    let world = World::of(&[web().at(1).note("one")]);
    let (other, reference) = (thing("b", "web").at(1), Indexed::reference(web().identity(), Some(1.into())));
    for (answer, expected) in [
        (other.indexed(), "the fetcher answered with object b/web"),
        (reference, "the fetcher answered with a reference without a body"),
    ] {
        world.fate(Fate::Answer(Ok(Some(answer))));
        assert_eq!(world.read(Query::all()).await.unwrap_err(), failed(expected));
        assert_eq!(world.store.cache_len(), 0);
    }
    assert_eq!(world.store.stats().errors, 2);
    world.fate(Fate::Served);
    assert_eq!(world.notes().await, ["one"]);
}
