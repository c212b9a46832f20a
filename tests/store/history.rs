//! Histories of writes and resets, told to a store and to the model of one.

use std::collections::{BTreeMap, BTreeSet};

use kube_indexed_store::store::Scope;
use kube_indexed_store::{Indexed, Indexer, MemoryStore, ObjectName, Store, Write};

use crate::model::{Key, Model, Name, OpenReset, replay};
use crate::support::random::Random;
use crate::things::*;

/// What is written is drawn from so little that most writes meet another one.
pub struct History {
    pub random: Random,
    pub indexer: Indexer,
    pub clock: u64,
}

impl History {
    pub fn name(&mut self) -> Name {
        (self.random.pick(&["", "a", "a-b", "b"]).to_owned(), format!("{}", self.random.below(30)))
    }

    pub fn version(&mut self) -> Option<u64> {
        self.clock += 1;
        let around = self.clock + 10 - self.random.below(10).min(self.random.below(20)) as u64;
        // No two are the same: a version stands for one body.
        (!self.random.percent(10)).then(|| around * 100_000 + self.clock)
    }

    pub fn thing(&mut self) -> (Thing, BTreeSet<Key>) {
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

    pub fn indexed(&self, (thing, by_hand): &(Thing, BTreeSet<Key>)) -> Indexed {
        let json = serde_json::to_vec(&thing.json()).unwrap();
        let indexed = self.indexer.decode(&json).unwrap().matching().unwrap();
        by_hand.iter().fold(indexed, |indexed, key| indexed.key("by-hand", key.iter().map(String::as_str)))
    }

    pub fn batch(&mut self, model: &mut Model) -> Vec<Write> {
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

    pub fn open(&mut self, store: &impl Store, model: &Model) -> OpenReset {
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

    pub fn push(&mut self, open: &mut OpenReset, thing: (Thing, BTreeSet<Key>)) {
        let covered = open.scope.covers(&thing.0.identity());
        assert_eq!(open.reset.push(self.indexed(&thing)).is_ok(), covered);
        if covered {
            open.pushed.insert((thing.0.namespace.clone(), thing.0.name.clone()), thing);
        }
    }
}

pub fn indexer() -> Indexer {
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
pub fn run<S: Store>(store: &S, steps: usize, references: bool, mut look: impl FnMut(&mut History, &mut Model, usize)) {
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
