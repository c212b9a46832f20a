//! Bodies that are fetched: what a store of references makes of any fetcher. With an API server behind it is in
//! `tests/cached.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use kube_indexed_store::fetch::{self, Fetch};
use kube_indexed_store::store::{CachedStoreBuilder, Error, Objects, Scope, Stats};
use kube_indexed_store::{CachedStore, Indexed, ObjectName, Query, Store, StoreExt, Write};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{advance, sleep};

use crate::support::random::Random;
use crate::things::*;

/// A server of things that does what it is told.
#[derive(Clone, Debug)]
struct Server {
    state: Arc<Mutex<State>>,
    /// Answers leave one by one as it is opened, as they were when they were asked for.
    gate: Arc<Semaphore>,
    /// How many fetches are held by somebody: the clones of it.
    held: Arc<()>,
}

#[derive(Debug, Default)]
struct State {
    things: BTreeMap<ObjectName, Thing>,
    fate: Fate,
    asked: Vec<String>,
}

#[derive(Clone, Debug, Default)]
enum Fate {
    #[default]
    Served,
    Answer(Result<Option<Indexed>, fetch::Error>),
    Slow(Duration),
    PanicAtOnce,
    PanicLater,
}

impl Fetch for Server {
    fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, fetch::Error>> {
        let mut state = self.state.lock();
        state.asked.push(name.to_string());
        let found = state.things.get(name).map(Thing::indexed);
        let fate = state.fate.clone();
        drop(state);
        if matches!(fate, Fate::PanicAtOnce) {
            std::panic::resume_unwind(Box::new("at once"));
        }
        let (gate, held) = (Arc::clone(&self.gate), Arc::clone(&self.held));
        async move {
            let _held = held;
            gate.acquire().await.unwrap().forget();
            match fate {
                Fate::Served => return Ok(found),
                Fate::Answer(answer) => return answer,
                Fate::Slow(time) => sleep(time).await,
                Fate::PanicAtOnce | Fate::PanicLater => std::panic::resume_unwind(Box::new("later")),
            }
            Ok(found)
        }
        .boxed()
    }
}

struct World {
    server: Server,
    store: CachedStore,
}

impl World {
    fn new(settings: impl FnOnce(CachedStoreBuilder) -> CachedStoreBuilder) -> World {
        let open = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS / 2));
        let server = Server { state: Arc::default(), gate: open, held: Arc::default() };
        let store = settings(CachedStore::builder(server.clone()).indexer(indexer())).build();
        World { server, store }
    }

    fn of(things: &[Thing]) -> World {
        let world = World::new(|store| store);
        things.iter().for_each(|thing| world.write(thing));
        world
    }

    /// Puts it on the server and tells the store.
    fn write(&self, thing: &Thing) {
        self.put(thing);
        self.store.apply(thing.indexed()).unwrap();
    }

    fn put(&self, thing: &Thing) {
        self.server.state.lock().things.insert(thing.identity(), thing.clone());
    }

    fn gone(&self, thing: &Thing) {
        self.server.state.lock().things.remove(&thing.identity());
    }

    fn fate(&self, fate: Fate) {
        self.server.state.lock().fate = fate;
    }

    fn close(&self) {
        self.server.gate.forget_permits(usize::MAX);
    }

    fn open(&self) {
        self.server.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    fn asked(&self) -> usize {
        self.server.state.lock().asked.len()
    }

    /// How many fetches somebody holds.
    fn held(&self) -> usize {
        // The server itself is held by the store and by the world.
        Arc::strong_count(&self.server.held) - 2
    }

    async fn read(&self, query: Query<'_>) -> Result<Objects, Error> {
        self.store.get(query)?.await
    }

    /// The notes of all objects.
    async fn notes(&self) -> Vec<Value> {
        notes(&self.read(Query::all()).await.unwrap())
    }

    /// A reader that asks now and runs until it has to wait.
    async fn reader(&self) -> tokio::task::JoinHandle<Result<Objects, Error>> {
        let reader = tokio::spawn(self.store.get(Query::all()).unwrap().into_future());
        tokio::task::yield_now().await;
        reader
    }
}

fn notes(objects: &Objects) -> Vec<Value> {
    objects.iter().map(|object| object.to_value()["note"].clone()).collect()
}

fn web() -> Thing {
    thing("a", "web")
}

fn failed(text: &str) -> Error {
    Error::Fetch { object: web().identity(), source: fetch::Error::Failed(text.into()) }
}

fn outdated(known: &str) -> Error {
    Error::Fetch { object: web().identity(), source: fetch::Error::Outdated { known: known.into() } }
}

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

#[tokio::test(start_paused = true)]
async fn a_fetcher_that_panics_is_an_error_of_each_who_waits_and_of_nobody_later() {
    let world = World::new(|store| store.concurrency(1));
    world.write(&web().at(1).note("one"));
    for fate in [Fate::PanicAtOnce, Fate::PanicLater] {
        world.store.clear_cache();
        let fetched = world.store.stats().fetches;
        world.close();
        world.fate(fate);
        let readers = [world.reader().await, world.reader().await];
        world.open();
        for reader in readers {
            assert_eq!(reader.await.unwrap().unwrap_err(), failed("the fetcher panicked"));
        }
        world.fate(Fate::Served);
        assert_eq!(world.notes().await, ["one"]);
        let stats = world.store.stats();
        assert_eq!((stats.in_flight, world.held()), (0, 0));
        assert!(stats.fetches > fetched);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_is_not_remembered() {
    let world = World::of(&[web().at(1).note("one")]);
    world.fate(Fate::Answer(Err(fetch::Error::Failed("out of order".into()))));
    for errors in [1, 2] {
        assert_eq!(world.read(Query::all()).await.unwrap_err(), failed("out of order"));
        assert_eq!((world.store.stats().errors, world.store.stats().in_flight), (errors, 0));
    }
    world.fate(Fate::Served);
    assert_eq!((world.notes().await, world.asked()), (vec!["one".into()], 3));
    assert_eq!(world.store.stats().errors, 2);
}

#[tokio::test(start_paused = true)]
async fn fifty_readers_ask_once_even_where_nothing_is_remembered() {
    let world = World::new(|store| store.cache_size(0));
    world.write(&web().at(1).note("one"));
    world.close();
    let mut readers = Vec::new();
    for _ in 0..50 {
        readers.push(world.reader().await);
    }
    assert_eq!((world.asked(), world.store.stats().in_flight), (1, 1));
    world.open();
    for answer in join_all(readers).await {
        assert_eq!(notes(&answer.unwrap().unwrap()), ["one"]);
    }
    assert_eq!((world.asked(), world.store.cache_len(), world.store.stats().bytes), (1, 0, 0));
    assert_eq!((world.notes().await, world.asked()), (vec!["one".into()], 2));
}

#[tokio::test(start_paused = true)]
async fn bytes_are_counted_as_text_and_stay_within_the_budget() {
    let sized = |name: &str| thing("a", name).at(1).note("x".repeat(100));
    let size = sized("1").indexed().object().unwrap().to_value().to_string().len();
    let world = World::new(|store| store.cache_bytes(2 * size));
    for name in ["1", "2", "3"] {
        world.write(&sized(name));
        world.read(Query::prefix(&["a", name])).await.unwrap();
    }
    let Stats { bytes, evicted_by_bytes, evicted_by_size, .. } = world.store.stats();
    assert_eq!((bytes, evicted_by_bytes, evicted_by_size, world.store.cache_len()), (2 * size, 1, 0, 2));
    world.write(&thing("a", "4").at(1).note("x".repeat(3 * size)));
    let huge = world.read(Query::prefix(&["a", "4"])).await.unwrap();
    assert_eq!((huge.len(), world.store.cache_len(), world.store.stats().bytes), (1, 2, 2 * size));
    world.store.clear_cache();
    assert_eq!((world.store.stats().bytes, world.store.stats().cleared), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn the_time_to_live_begins_with_the_fetch_or_with_each_use() {
    for (sliding, asked) in [(false, 2), (true, 1)] {
        let world = World::new(|store| store.ttl(Duration::from_secs(10)).sliding_ttl(sliding));
        world.write(&web().at(1));
        for _ in 0..2 {
            world.notes().await;
            advance(Duration::from_secs(6)).await;
        }
        world.notes().await;
        assert_eq!(world.asked(), asked, "sliding {sliding}");
        advance(Duration::from_secs(10)).await;
        assert_eq!((world.store.evict_expired(), world.store.cache_len()), (1, 0));
        assert_eq!(world.store.stats().expired, asked as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn limits_without_end_are_none() {
    let world = World::new(|store| {
        let store = store.ttl(Duration::MAX).deadline(Duration::MAX).sliding_ttl(true);
        store.cache_size(usize::MAX).cache_bytes(usize::MAX).concurrency(usize::MAX)
    });
    world.write(&web().at(1).note("one"));
    for _ in 0..2 {
        assert_eq!((world.notes().await, world.asked()), (vec!["one".into()], 1));
        advance(Duration::from_secs(100_000_000)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_of_the_fetch_and_does_not_count_the_wait_for_a_slot() {
    let world = World::new(|store| store.concurrency(1).deadline(Duration::from_secs(10)));
    (0..5).for_each(|at| world.write(&thing("a", &at.to_string()).at(1).note(at)));
    world.fate(Fate::Slow(Duration::from_secs(9)));
    let begin = tokio::time::Instant::now();
    assert_eq!(world.notes().await, [0, 1, 2, 3, 4]);
    assert_eq!(begin.elapsed(), Duration::from_secs(45));
    world.store.clear_cache();
    world.fate(Fate::Slow(Duration::from_secs(11)));
    let begin = tokio::time::Instant::now();
    let error = world.read(Query::all()).await.unwrap_err();
    let source = fetch::Error::Timeout { after: Duration::from_secs(10) };
    assert_eq!(error, Error::Fetch { object: ObjectName::new("a", "0"), source });
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
    assert_eq!((world.store.stats().in_flight, world.store.stats().errors), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_bound_of_no_fetches_at_all_is_one_of_one() {
    let world = World::new(|store| store.concurrency(0));
    world.write(&web().at(1).note("one"));
    assert_eq!(world.notes().await, ["one"]);
}

#[tokio::test(start_paused = true)]
async fn readers_that_go_away_in_any_order_leave_nothing_behind() {
    let mut random = Random::new();
    let world = World::new(|store| store.concurrency(4));
    (0..20).for_each(|at| world.write(&thing("a", &format!("{at:02}")).at(1).note(at)));
    for round in 0..20 {
        world.store.clear_cache();
        world.close();
        let mut readers = Vec::new();
        for _ in 0..40 {
            let name = format!("{:02}", random.below(20));
            let prefix = ["a", name.as_str()];
            let query = if random.percent(20) { Query::all() } else { Query::prefix(&prefix) };
            readers.push(tokio::spawn(world.store.get(query).unwrap().into_future()));
            if random.percent(50) {
                tokio::task::yield_now().await;
            }
        }
        let stays = random.percent(50).then(|| readers.swap_remove(random.below(readers.len())));
        for reader in random.shuffled(readers) {
            reader.abort();
            if random.percent(10) {
                world.server.gate.add_permits(1);
                tokio::task::yield_now().await;
            }
            // It had its answer before, or has none.
            assert!(reader.await.is_ok_and(|answer| answer.is_ok()) || world.store.stats().in_flight <= 4);
        }
        if let Some(stays) = stays {
            world.open();
            assert!(!stays.await.unwrap().unwrap().is_empty(), "round {round}");
        }
        let stats = world.store.stats();
        assert_eq!((stats.in_flight, world.held()), (0, 0), "round {round}");
    }
    world.open();
    assert_eq!(world.notes().await, (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn the_last_good_body_is_served_and_marked_stale_where_nothing_newer_can_be_had() {
    let world = World::new(|store| store.serve_stale(true).ttl(Duration::from_secs(10)));
    world.write(&web().at(1).service("s").note("one"));
    assert_eq!(world.notes().await, ["one"]);
    // Told of a newer version that nobody serves, later of an error, later when its time is over.
    world.store.apply(web().at(2).service("s").indexed()).unwrap();
    for error in [None, Some(fetch::Error::Failed("out of order".into()))] {
        world.fate(error.map_or(Fate::Served, |error| Fate::Answer(Err(error))));
        let answer = world.read(Query::all()).await.unwrap();
        assert_eq!(notes(&answer), ["one"]);
        assert_eq!(answer.stale().count(), 1);
        advance(Duration::from_secs(11)).await;
    }
    // Not under a key that it does not have.
    world.store.apply(web().at(3).service("t").indexed()).unwrap();
    let moved = world.read(Query::index("by-service").with_prefix(&["a", "t"])).await.unwrap();
    assert_eq!(moved.len(), 0);
    // A good one takes its place.
    world.fate(Fate::Served);
    world.write(&web().at(4).note("four"));
    let answer = world.read(Query::all()).await.unwrap();
    assert_eq!((notes(&answer), answer.stale().count()), (vec!["four".into()], 0));
    // An older one does not.
    world.put(&web().at(2).note("two"));
    advance(Duration::from_secs(11)).await;
    let answer = world.read(Query::all()).await.unwrap();
    assert_eq!((notes(&answer), answer.stale().count()), (vec!["four".into()], 1));
    // It is not one of an object that is gone, nor of the one before it.
    world.gone(&web());
    assert_eq!(world.notes().await, [""; 0]);
    world.put(&web().at(5).note("five"));
    assert_eq!(world.notes().await, ["five"]);
    world.store.delete(&web().identity()).unwrap();
    world.store.apply(web().at(9).indexed()).unwrap();
    world.fate(Fate::Answer(Err(fetch::Error::Failed("out of order".into()))));
    assert_eq!(world.read(Query::all()).await.unwrap_err(), failed("out of order"));
}

#[tokio::test(start_paused = true)]
async fn what_an_overlay_proposes_is_not_fetched() {
    let world = World::of(&[web().at(1).note("held")]);
    let overlay = world.store.snapshot().with([thing("b", "new").note("proposed").apply()]).unwrap();
    let mut seen = Vec::new();
    for entry in &overlay.list() {
        seen.push(world.store.body(entry).get().await.unwrap().unwrap().object().to_value()["note"].clone());
    }
    assert_eq!((seen, world.asked()), (vec!["held".into(), "proposed".into()], 1));
}

#[tokio::test(start_paused = true)]
async fn a_body_of_an_old_snapshot_is_never_older_than_the_snapshot() {
    let world = World::of(&[web().at(1).note("one")]);
    let snapshot = world.store.snapshot();
    let body = async || {
        let body = world.store.body(snapshot.entry("a", "web").unwrap()).get().await.unwrap();
        body.map(|body| (body.object().to_value()["note"].clone(), body.is_stale()))
    };
    assert_eq!(body().await, Some(("one".into(), false)));
    world.write(&web().at(2).note("two"));
    // What is remembered from the time of the snapshot is as good as it was.
    assert_eq!((body().await, world.asked()), (Some(("one".into(), false)), 1));
    world.notes().await;
    assert_eq!((body().await, world.asked()), (Some(("two".into(), false)), 2));
    world.gone(&web());
    world.store.delete(&web().identity()).unwrap();
    assert_eq!(body().await, None);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_content_shows_where_it_should_not() {
    let world = World::of(&[web().at(1).note("hunter2")]);
    let body = world.store.body(world.store.snapshot().entry("a", "web").unwrap()).get().await.unwrap().unwrap();
    let all = world.read(Query::all()).await.unwrap();
    let shown = format!("{body:?} {all:?} {:?} {:?}", world.store, world.store.get(Query::all()).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(format!("{:?}", world.store), "CachedStore(1 objects, revision 1, 1 bodies)");
}

#[test]
fn readers_writers_and_deletions_at_once_see_nothing_older_than_what_was_told_before_they_asked() {
    const NAMES: usize = 12;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    let world = Arc::new(World::new(|store| store.cache_size(8).concurrency(3)));
    let things: Vec<_> = (0..NAMES).map(|at| thing("a", &format!("{at:02}"))).collect();
    // The first half stays, the second comes and goes; each is under the service of its version's parity.
    let clock = Arc::new(AtomicU64::new(0));
    let at_now = |thing: &Thing, clock: &AtomicU64| {
        let version = clock.fetch_add(1, SeqCst) + 1;
        thing.clone().at(version).service(if version.is_multiple_of(2) { "even" } else { "odd" }).note(version)
    };
    things.iter().for_each(|thing| world.write(&at_now(thing, &clock)));
    let done = Arc::new(AtomicBool::new(false));
    let seeds: Vec<Random> = (0..4).map(|_| Random::new()).collect();
    runtime.block_on(async {
        let readers: Vec<_> = seeds
            .into_iter()
            .map(|mut random| {
                let (world, done) = (Arc::clone(&world), Arc::clone(&done));
                tokio::spawn(async move {
                    let mut rounds = 0;
                    while !done.load(SeqCst) || rounds < 20 {
                        rounds += 1;
                        let parity = random.pick(&["even", "odd"]);
                        let prefix = ["a", parity];
                        let by_service = random.percent(50);
                        let query = match by_service {
                            true => Query::index("by-service").with_prefix(&prefix),
                            false => Query::all(),
                        };
                        let told = world.store.snapshot();
                        let get = world.store.get(query).unwrap();
                        if random.percent(10) {
                            // One that goes away.
                            drop(get.into_future().now_or_never());
                            continue;
                        }
                        let objects = get.await.unwrap();
                        assert!(objects.iter().map(|object| object.name().unwrap()).is_sorted_by(|a, b| a < b));
                        for object in objects.iter() {
                            let (name, version) = (object.name().unwrap(), object.resource_version().unwrap());
                            assert_eq!(object.to_value()["note"].to_string(), version.to_string());
                            if let Some(entry) = told.entry(name.namespace(), name.name()) {
                                assert!(version >= entry.version().unwrap(), "{name} at {version}");
                            }
                            assert!(!by_service || object.label(SERVICE).as_deref() == Some(parity));
                        }
                        if !by_service {
                            let stayed = objects.iter().filter(|object| object.name().unwrap().name() < "06");
                            assert_eq!(stayed.count(), NAMES / 2);
                        }
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let mut random = Random::new();
        for _ in 0..600 {
            let thing = &things[random.below(NAMES)];
            if random.percent(30) && thing.name.as_str() >= "06" {
                let version = clock.fetch_add(1, SeqCst) + 1;
                world.gone(thing);
                world
                    .store
                    .write(vec![Write::Delete { name: thing.identity(), version: Some(version.into()) }])
                    .unwrap();
            } else {
                world.write(&at_now(thing, &clock));
            }
            tokio::task::yield_now().await;
        }
        done.store(true, SeqCst);
        for reader in readers {
            reader.await.unwrap();
        }
        let expected: Vec<_> =
            world.server.state.lock().things.values().map(|thing| thing.note.clone().unwrap()).collect();
        assert_eq!(world.notes().await, expected);
        let stats = world.store.stats();
        assert_eq!((stats.in_flight, stats.errors, world.held()), (0, 0, 0), "{stats:?}");
    });
}
