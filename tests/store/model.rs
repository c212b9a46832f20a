//! Long random histories against a store so simple that it is obviously right.
//!
//! A store of references goes through the same history with a server behind it that is ahead of what the store was
//! told, has lost objects, or fails. What it answers is then not known beforehand, but what it may answer is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube_indexed_store::fetch::{self, Fetch};
use kube_indexed_store::selector::LabelSelector;
use kube_indexed_store::snapshot::{Change, Diff};
use kube_indexed_store::store::{Error, Reset, Scope};
use kube_indexed_store::{
    CachedStore, Indexed, Indexer, MemoryStore, Object, ObjectName, Query, Snapshot, Store, Write,
};
use parking_lot::Mutex;
use serde_json::Value;

use crate::fixtures::wait;
use crate::support::random::Random;
use crate::things::*;

/// The older snapshot with a difference replayed on it.
pub fn replay(older: &Snapshot, diff: &Diff) -> Snapshot {
    let write = |change: &Change| {
        let Some(entry) = change.new() else { return Write::delete(change.name().to_owned()) };
        let further = older.schema().indexes().iter().filter(|index| !index.is_by_name());
        let keys =
            further.flat_map(|index| entry.keys(index.name()).unwrap().into_iter().map(|key| (index.name(), key)));
        let indexed = match entry.object() {
            Some(object) => Indexed::new(object.clone()).unwrap(),
            None => Indexed::reference(change.name().to_owned(), entry.version()),
        };
        let indexed = entry.uid().into_iter().fold(indexed, |indexed, uid| indexed.with_uid(&uid));
        Write::Apply(keys.fold(indexed, |indexed, (index, key)| indexed.key(index, key.components())))
    };
    older.with(diff.into_iter().map(write)).unwrap()
}

type Name = (String, String);
type Key = Vec<String>;

#[derive(Clone, Debug)]
struct Held {
    thing: Thing,
    by_hand: BTreeSet<Key>,
    written: u64,
    /// Since when the object has only become newer. A body from before is none of it, whatever its version.
    unbroken: u64,
}

#[derive(Clone, Debug)]
struct Deletion {
    /// What later writes are compared with.
    newest: Option<u64>,
    version: Option<u64>,
    written: u64,
}

#[derive(Clone, Debug, Default)]
struct Model {
    references: bool,
    held: BTreeMap<Name, Held>,
    deletions: BTreeMap<Name, Deletion>,
    /// Counts writes.
    now: u64,
    revision: u64,
}

fn older(version: Option<u64>, than: Option<u64>) -> bool {
    matches!((version, than), (Some(a), Some(b)) if a < b)
}

fn known_not_newer(version: Option<u64>, than: Option<u64>) -> bool {
    matches!((version, than), (Some(a), Some(b)) if a <= b)
}

impl Held {
    /// What makes a difference to readers. Of references that is not the body, but its version.
    fn visible(&self, references: bool) -> (Value, BTreeSet<Key>) {
        let mut thing = self.thing.clone();
        thing.status = None;
        match references {
            true => thing.note = None,
            false => thing.version = None,
        }
        if references {
            let keys =
                [&INDEXES[..], &["by-hand"]].concat().into_iter().map(|index| self.keys(index)).collect::<Vec<_>>();
            return (serde_json::json!([thing.version, thing.uid, keys]), self.by_hand.clone());
        }
        (thing.json(), self.by_hand.clone())
    }

    fn body(&self) -> Value {
        Thing { status: None, ..self.thing.clone() }.json()
    }

    fn matches(&self, index: &str, prefix: &[String], labels: bool) -> bool {
        let labels = !labels || self.thing.labels.get(SERVICE) == Some(&Value::from("s"));
        labels && (prefix.is_empty() || self.keys(index).iter().any(|key| key.starts_with(prefix)))
    }

    fn keys(&self, index: &str) -> BTreeSet<Key> {
        let Thing { namespace, name, labels, rules, .. } = &self.thing;
        let hosts = rules.iter().filter_map(|(host, paths)| Some((host.as_ref()?, paths)));
        match index {
            "default" => [vec![namespace.clone(), name.clone()]].into(),
            "by-service" => {
                let service = labels.get(SERVICE).and_then(Value::as_str);
                service.map(|service| vec![namespace.clone(), service.to_owned()]).into_iter().collect()
            }
            "by-host" => hosts.map(|(host, _)| vec![host.clone()]).collect(),
            "by-route" => {
                let routes = hosts.flat_map(|(host, paths)| paths.iter().map(|path| vec![host.clone(), path.clone()]));
                routes.collect()
            }
            _ => self.by_hand.clone(),
        }
    }
}

impl Model {
    fn visible(&self) -> BTreeMap<Name, (Value, BTreeSet<Key>)> {
        self.held.iter().map(|(name, held)| (name.clone(), held.visible(self.references))).collect()
    }

    fn apply(&mut self, (thing, by_hand): (Thing, BTreeSet<Key>)) {
        self.now += 1;
        let name = (thing.namespace.clone(), thing.name.clone());
        let met = match (self.held.get(&name), self.deletions.get(&name)) {
            (Some(held), _) => held.thing.version,
            (None, Some(deletion)) => deletion.newest,
            (None, None) => None,
        };
        if !older(thing.version, met) {
            self.put(name, thing, by_hand);
        }
    }

    fn put(&mut self, name: Name, thing: Thing, by_hand: BTreeSet<Key>) {
        let met = self.held.get(&name);
        self.put_over(met.cloned(), name, thing, by_hand);
    }

    fn put_over(&mut self, met: Option<Held>, name: Name, thing: Thing, by_hand: BTreeSet<Key>) {
        let newer = |met: &Held| known_not_newer(met.thing.version, thing.version);
        let unbroken = met.filter(newer).map_or(self.now, |met| met.unbroken);
        self.deletions.remove(&name);
        self.held.insert(name, Held { thing, by_hand, written: self.now, unbroken });
    }

    fn delete(&mut self, name: Name, version: Option<u64>) {
        self.now += 1;
        let met = match (self.held.get(&name), self.deletions.get(&name)) {
            (Some(held), _) => held.thing.version,
            (None, Some(deletion)) => deletion.newest,
            (None, None) => None,
        };
        if !older(version, met) {
            self.held.remove(&name);
            self.deletions.insert(name, Deletion { newest: version.or(met), version, written: self.now });
        }
    }

    fn commit(&mut self, reset: &OpenReset, version: Option<u64>) {
        self.now += 1;
        let names: BTreeSet<Name> =
            self.held.keys().chain(self.deletions.keys()).chain(reset.pushed.keys()).cloned().collect();
        for name in names.into_iter().filter(|(namespace, name)| reset.scope.covers(&ObjectName::new(namespace, name)))
        {
            let pushed = reset.pushed.get(&name);
            let survives = |written: u64, at: Option<u64>| {
                let pushed = pushed.and_then(|(thing, _)| thing.version);
                written > reset.opened && !known_not_newer(at, version) && !known_not_newer(at, pushed)
            };
            if self.held.get(&name).is_some_and(|held| survives(held.written, held.thing.version)) {
                continue;
            }
            let met = self.held.remove(&name);
            if self.deletions.get(&name).is_some_and(|deletion| survives(deletion.written, deletion.version)) {
                continue;
            }
            self.deletions.remove(&name);
            if let Some((thing, by_hand)) = pushed {
                self.put_over(met, name, thing.clone(), by_hand.clone());
            }
        }
    }

    fn seen(&self) -> Seen {
        let shown = |held: &Held| held.thing.identity().to_string();
        let entry = |held: &Held| {
            let Thing { version, uid, .. } = &held.thing;
            (shown(held), version.map(|version| version.to_string()), uid.clone())
        };
        let bodies = self.held.values().filter(|_| !self.references);
        let mut seen = Seen {
            entries: self.held.values().map(entry).collect(),
            objects: bodies.map(Held::body).collect(),
            answers: BTreeMap::new(),
            unindexed: BTreeMap::new(),
        };
        for index in [&INDEXES[..], &["by-hand"]].concat() {
            let unindexed = self.held.values().filter(|held| held.keys(index).is_empty());
            seen.unindexed.insert(index.to_owned(), unindexed.map(shown).collect());
            let prefixes: BTreeSet<Key> = self
                .held
                .values()
                .flat_map(|held| held.keys(index))
                .flat_map(|key| (0..=key.len()).map(|length| key[..length].to_vec()).collect::<Vec<_>>())
                .collect();
            for prefix in prefixes {
                let under =
                    |held: &&Held| prefix.is_empty() || held.keys(index).iter().any(|key| key.starts_with(&prefix));
                let answer = self.held.values().filter(under).map(shown).collect();
                seen.answers.insert((index.to_owned(), prefix), answer);
            }
        }
        seen
    }
}

struct OpenReset {
    reset: Box<dyn Reset>,
    scope: Scope,
    opened: u64,
    pushed: BTreeMap<Name, (Thing, BTreeSet<Key>)>,
}

/// What is written is drawn from so little that most writes meet another one.
struct History {
    random: Random,
    indexer: Indexer,
    clock: u64,
}

impl History {
    fn name(&mut self) -> Name {
        (self.random.pick(&["", "a", "a-b", "b"]).to_owned(), format!("{}", self.random.below(30)))
    }

    fn version(&mut self) -> Option<u64> {
        self.clock += 1;
        let around = self.clock + 10 - self.random.below(10).min(self.random.below(20)) as u64;
        // No two are the same: a version stands for one body.
        (!self.random.percent(10)).then(|| around * 100_000 + self.clock)
    }

    fn thing(&mut self) -> (Thing, BTreeSet<Key>) {
        let (namespace, name) = self.name();
        let random = &mut self.random;
        let mut thing = thing(&namespace, &name).note(random.below(2)).status(&random.name());
        if random.percent(70) {
            thing = thing.service(random.pick(&["s", "s-1", "t"]));
        }
        if random.percent(20) {
            thing = thing.uid(random.pick(&["u-1", "u-2"]));
        }
        for _ in 0..random.below(3) {
            let paths = (0..random.below(3)).map(|_| random.pick(&["/", "/1", "/2"]).to_owned()).collect();
            thing.rules.push((random.percent(80).then(|| random.pick(&["x", "y", "z"]).to_owned()), paths));
        }
        let part = |random: &mut Random| random.pick(&["k", "k/l", "l", ""]).to_owned();
        let by_hand = (0..random.below(3)).map(|_| vec![part(random), part(random), part(random)]).collect();
        thing.version = self.version();
        (thing, by_hand)
    }

    fn indexed(&self, (thing, by_hand): &(Thing, BTreeSet<Key>)) -> Indexed {
        let json = serde_json::to_vec(&thing.json()).unwrap();
        let indexed = self.indexer.decode(&json).unwrap().matching().unwrap();
        by_hand.iter().fold(indexed, |indexed, key| indexed.key("by-hand", key.iter().map(String::as_str)))
    }

    fn batch(&mut self, model: &mut Model) -> Vec<Write> {
        let mut batch = Vec::new();
        for _ in 0..1 + self.random.below(4) {
            if self.random.percent(65) {
                let thing = match model.held.len() {
                    // What is held already, once more.
                    held @ 1.. if self.random.percent(15) => {
                        let held = model.held.values().nth(self.random.below(held)).unwrap();
                        (held.thing.clone(), held.by_hand.clone())
                    }
                    _ => self.thing(),
                };
                batch.push(Write::Apply(self.indexed(&thing)));
                model.apply(thing);
            } else {
                let (name, version) = (self.name(), self.version());
                let deleted = ObjectName::new(&name.0, &name.1);
                batch.push(Write::Delete { name: deleted, version: version.map(Into::into) });
                model.delete(name, version);
            }
        }
        batch
    }

    fn open(&mut self, store: &impl Store, model: &Model) -> OpenReset {
        let (namespace, name) = self.name();
        let scope = match self.random.below(4) {
            0 => Scope::Namespace(namespace),
            1 => Scope::Name(ObjectName::new(&namespace, &name)),
            _ => Scope::All,
        };
        let reset = store.reset(scope.clone());
        let mut open = OpenReset { reset, scope, opened: model.now, pushed: BTreeMap::new() };
        // Mostly what is there already.
        let held: Vec<_> = model.held.values().cloned().collect();
        for held in held {
            if self.random.percent(85) {
                self.push(&mut open, (held.thing, held.by_hand));
            }
        }
        open
    }

    fn push(&mut self, open: &mut OpenReset, thing: (Thing, BTreeSet<Key>)) {
        let covered = open.scope.covers(&thing.0.identity());
        assert_eq!(open.reset.push(self.indexed(&thing)).is_ok(), covered);
        if covered {
            open.pushed.insert((thing.0.namespace.clone(), thing.0.name.clone()), thing);
        }
    }
}

fn indexer() -> Indexer {
    Indexer::builder()
        .index("by-service", ["metadata.namespace", "metadata.labels['kubernetes.io/service-name']"])
        .index("by-host", ["spec.rules[*].host"])
        .index("by-route", ["spec.rules[*].host", "spec.rules[*].paths[*]"])
        .index("by-hand", ["spec.no", "spec.such", "spec.field"])
        .remove_fields(["status"])
        .build()
        .unwrap()
}

/// Runs a history; `look` sees the store and the model after each step.
fn run<S: Store>(store: &S, steps: usize, references: bool, mut look: impl FnMut(&mut History, &mut Model, usize)) {
    let mut history = History { random: Random::new(), indexer: indexer(), clock: 0 };
    let mut model = Model { references, ..Model::default() };
    let mut reset: Option<OpenReset> = None;
    let mut changes = store.changes();
    let mut told = store.snapshot();
    let mut kept = Vec::new();

    for step in 0..steps {
        let before = model.visible();
        let revision = match (history.random.below(100), reset.take()) {
            (0..4, None) => {
                reset = Some(history.open(store, &model));
                None
            }
            (0..15, Some(mut open)) => {
                let thing = history.thing();
                history.push(&mut open, thing);
                reset = Some(open);
                None
            }
            (15..20, Some(open)) => {
                let version = history.version().map(|version| version.saturating_sub(500_000));
                model.commit(&open, version);
                Some(open.reset.commit(version.map(Into::into)))
            }
            // Interrupted.
            (20..22, Some(_)) => None,
            (22..25, open) => {
                reset = open;
                let wrong = history.thing();
                let mut batch = history.batch(&mut model.clone());
                batch.push(Write::Apply(history.indexed(&wrong).key("by-hand", ["short"])));
                let batch = history.random.shuffled(batch);
                assert!(store.write(batch).is_err());
                None
            }
            (_, open) => {
                reset = open;
                let batch = history.batch(&mut model);
                Some(store.write(batch).unwrap())
            }
        };
        model.revision += u64::from(model.visible() != before);
        let snapshot = store.snapshot();
        assert_eq!(snapshot.revision().get(), model.revision, "step {step}");
        assert!(revision.is_none_or(|revision| revision == snapshot.revision()));
        assert_eq!(snapshot.len(), model.held.len(), "step {step}");

        look(&mut history, &mut model, step);

        if history.random.percent(2) {
            assert_eq!(seen(&snapshot), model.seen(), "step {step}");
        }
        if history.random.percent(2) {
            kept.push((snapshot.clone(), model.clone()));
        }
        if history.random.percent(3) {
            while let Some(diff) = futures::FutureExt::now_or_never(changes.next()) {
                told = replay(&told, &diff.unwrap());
            }
            assert_eq!(seen(&told).comparable(), seen(&snapshot).comparable(), "step {step}");
        }
    }

    assert_eq!(seen(&store.snapshot()), model.seen());
    for _ in 0..40 {
        let [(one, its_model), (other, other_model)] = [(); 2].map(|()| &kept[history.random.below(kept.len())]);
        assert_eq!(seen(one), its_model.seen(), "a kept snapshot never changes");
        let diff = one.diff(other);
        assert_eq!(seen(&replay(other, &diff)).comparable(), seen(one).comparable());
        let (now, before) = (its_model.visible(), other_model.visible());
        let different = now.keys().chain(before.keys()).filter(|&name| now.get(name) != before.get(name));
        let different: BTreeSet<_> = different.map(|(namespace, name)| ObjectName::new(namespace, name)).collect();
        assert_eq!(diff.into_iter().map(|change| change.name()).collect::<Vec<_>>(), Vec::from_iter(different));
    }
}

#[test]
fn any_history_of_writes_and_resets_shows_what_a_naive_store_shows() {
    run(&MemoryStore::for_indexer(&indexer()), 3_000, false, |_, _, _| {});
}

/// A server that answers as it is told to.
#[derive(Clone, Debug, Default)]
struct Server(Arc<Mutex<BTreeMap<ObjectName, Fate>>>);

/// What happens to who asks for an object; there is none of those that have no fate.
#[derive(Clone, Debug)]
enum Fate {
    Served(Indexed),
    Failing(fetch::Error),
    Panicking,
}

impl Fetch for Server {
    fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, fetch::Error>> {
        let fate = self.0.lock().get(name).cloned();
        async move {
            match fate {
                Some(Fate::Served(indexed)) => Ok(Some(indexed)),
                Some(Fate::Failing(error)) => Err(error),
                Some(Fate::Panicking) => std::panic::resume_unwind(Box::new("the fetcher's own mistake")),
                None => Ok(None),
            }
        }
        .boxed()
    }
}

#[test]
fn in_any_history_no_answer_is_older_than_what_was_told_nor_under_a_key_it_does_not_have() {
    let server = Server::default();
    let store = CachedStore::builder(server.clone())
        .indexer(&indexer())
        .cache_size(40)
        .ttl(Duration::from_secs(60))
        .concurrency(3)
        .build();
    // What the server had before the store was told of it, and when.
    let mut ahead: BTreeMap<Name, Vec<(u64, Held)>> = BTreeMap::new();
    let mut asked = 0;
    run(&store, 2_500, true, |history, model, step| {
        match history.random.below(100) {
            0..3 => wait(tokio::time::advance(Duration::from_secs(history.random.below(50) as u64))),
            3..4 => store.clear_cache(),
            4..6 => drop(wait(async { store.evict_expired() })),
            _ => {}
        }
        if !history.random.percent(40) {
            return;
        }
        let index = history.random.pick(&["default", "by-service", "by-host", "by-route", "by-hand"]);
        let keys: Vec<Key> = model.held.values().flat_map(|held| held.keys(index)).collect();
        let prefix = match keys.len() {
            0 => Vec::new(),
            many => {
                let key = keys[history.random.below(many)].clone();
                key[..history.random.below(key.len() + 1)].to_vec()
            }
        };
        let by_label = history.random.percent(20);
        let (components, selector) = (
            prefix.iter().map(String::as_str).collect::<Vec<_>>(),
            format!("{SERVICE}=s").parse::<LabelSelector>().unwrap(),
        );
        let mut query = Query::index(index).with_prefix(&components);
        if by_label {
            query = query.with_labels(&selector);
        }
        let found: BTreeMap<_, _> = model
            .held
            .iter()
            .filter(|(_, held)| prefix.is_empty() || held.keys(index).iter().any(|key| key.starts_with(&prefix)))
            .collect();
        let mut fates: BTreeMap<ObjectName, Fate> = BTreeMap::new();
        let (mut lost, mut failing) = (BTreeSet::new(), BTreeSet::new());
        let odd = if history.random.percent(50) { 6 } else { 0 };
        for (name, held) in found.iter().map(|(name, held)| (Name::clone(name), Held::clone(held))) {
            let identity = held.thing.identity();
            let served = history.indexed(&(held.thing.clone(), held.by_hand.clone()));
            if !history.random.percent(odd) {
                fates.insert(identity, Fate::Served(served));
                continue;
            }
            let fate = match history.random.below(8) {
                0 => {
                    lost.insert(name);
                    continue;
                }
                1..4 => {
                    let (mut newer, by_hand) = history.thing();
                    newer.namespace.clone_from(&held.thing.namespace);
                    newer.name.clone_from(&held.thing.name);
                    newer.version =
                        held.thing.version.map(|version| version + 1_000 * history.random.below(2_000) as u64 + 1);
                    let newer = Held { thing: newer, by_hand, ..held };
                    let served = history.indexed(&(newer.thing.clone(), newer.by_hand.clone()));
                    ahead.entry(name).or_default().push((model.now, newer));
                    fates.insert(identity, Fate::Served(served));
                    continue;
                }
                4 => Fate::Failing(fetch::Error::Failed("out of order".into())),
                5 => Fate::Panicking,
                6 => Fate::Served(Indexed::new(thing("other", "name").object()).unwrap()),
                _ if held.thing.version.is_some() => {
                    let older = Thing { version: Some(1), ..held.thing.clone() };
                    Fate::Served(history.indexed(&(older, held.by_hand)))
                }
                _ => Fate::Served(Indexed::reference(identity.clone(), None)),
            };
            failing.insert(identity.clone());
            fates.insert(identity, fate);
        }
        *server.0.lock() = fates;
        asked += found.len() as u64;
        let answer = wait(async { store.get(query).unwrap().await });
        let stats = store.stats();
        assert_eq!((stats.in_flight, stats.hits + stats.misses), (0, asked), "step {step}");
        assert!(store.cache_len() <= 40);
        let objects = match answer {
            Ok(objects) => objects,
            Err(Error::Fetch { object, source }) => {
                assert!(failing.contains(&object), "step {step}: {object} failed with {source}");
                return;
            }
            Err(error) => panic!("step {step}: {error}"),
        };
        let mut answered: BTreeMap<Name, Value> = BTreeMap::new();
        for object in objects.iter() {
            let name = object.name().unwrap();
            answered.insert((name.namespace().to_owned(), name.name().to_owned()), object.to_value());
        }
        assert!(objects.iter().map(Object::name).is_sorted());
        assert_eq!(answered.len(), objects.len());
        assert!(answered.keys().all(|name| found.contains_key(name)), "step {step}");
        for (name, held) in found {
            let newer = ahead.get(name).into_iter().flatten().filter(|(at, newer)| {
                *at >= held.unbroken && (*at >= held.written || older(held.thing.version, newer.thing.version))
            });
            let bodies: Vec<&Held> = newer.map(|(_, newer)| newer).chain([held]).collect();
            match answered.get(name) {
                Some(value) => {
                    let allowed = bodies.iter().filter(|body| body.matches(index, &prefix, by_label));
                    let allowed: Vec<_> = allowed.map(|body| body.body()).collect();
                    assert!(allowed.contains(value), "step {step}: {value} is none of {allowed:?} under {query}");
                }
                None => {
                    let absent = bodies.iter().any(|body| !body.matches(index, &prefix, by_label));
                    assert!(absent || lost.contains(name), "step {step}: {name:?} is missing under {query}");
                }
            }
        }
    });
    let stats = store.stats();
    let counts =
        [stats.hits, stats.misses, stats.fetches, stats.errors, stats.expired, stats.evicted_by_size, stats.cleared];
    assert!(counts.iter().all(|count| *count > 5), "the history was a dull one: {stats:?}");
}
