//! Long random histories against a store so simple that it is obviously right.
//!
//! A store of references goes through the same history with a server behind it that is ahead of what the store was
//! told, has lost objects, or fails. What it answers is then not known beforehand, but what it may answer is.

use std::collections::{BTreeMap, BTreeSet};

use kube_indexed_store::snapshot::{Change, Diff};
use kube_indexed_store::store::{Reset, Scope};
use kube_indexed_store::{Indexed, ObjectName, Snapshot, Write};
use serde_json::Value;

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

pub type Name = (String, String);

pub type Key = Vec<String>;

#[derive(Clone, Debug)]
pub struct Held {
    pub thing: Thing,
    pub by_hand: BTreeSet<Key>,
    pub written: u64,
    /// Since when the object has only become newer. A body from before is none of it, whatever its version.
    pub unbroken: u64,
}

#[derive(Clone, Debug)]
pub struct Deletion {
    /// What later writes are compared with.
    pub newest: Option<u64>,
    pub version: Option<u64>,
    pub written: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub references: bool,
    pub held: BTreeMap<Name, Held>,
    pub deletions: BTreeMap<Name, Deletion>,
    /// Counts writes.
    pub now: u64,
    pub revision: u64,
}

pub fn older(version: Option<u64>, than: Option<u64>) -> bool {
    matches!((version, than), (Some(a), Some(b)) if a < b)
}

pub fn known_not_newer(version: Option<u64>, than: Option<u64>) -> bool {
    matches!((version, than), (Some(a), Some(b)) if a <= b)
}

impl Held {
    /// What makes a difference to readers. Of references that is not the body, but its version.
    pub fn visible(&self, references: bool) -> (Value, BTreeSet<Key>) {
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

    pub fn body(&self) -> Value {
        Thing { status: None, ..self.thing.clone() }.json()
    }

    pub fn matches(&self, index: &str, prefix: &[String], labels: bool) -> bool {
        let labels = !labels || self.thing.labels.get(SERVICE) == Some(&Value::from("s"));
        labels && (prefix.is_empty() || self.keys(index).iter().any(|key| key.starts_with(prefix)))
    }

    pub fn keys(&self, index: &str) -> BTreeSet<Key> {
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
    pub fn visible(&self) -> BTreeMap<Name, (Value, BTreeSet<Key>)> {
        self.held.iter().map(|(name, held)| (name.clone(), held.visible(self.references))).collect()
    }

    pub fn apply(&mut self, (thing, by_hand): (Thing, BTreeSet<Key>)) {
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

    pub fn put(&mut self, name: Name, thing: Thing, by_hand: BTreeSet<Key>) {
        let met = self.held.get(&name);
        self.put_over(met.cloned(), name, thing, by_hand);
    }

    pub fn put_over(&mut self, met: Option<Held>, name: Name, thing: Thing, by_hand: BTreeSet<Key>) {
        let newer = |met: &Held| known_not_newer(met.thing.version, thing.version);
        let unbroken = met.filter(newer).map_or(self.now, |met| met.unbroken);
        self.deletions.remove(&name);
        self.held.insert(name, Held { thing, by_hand, written: self.now, unbroken });
    }

    pub fn delete(&mut self, name: Name, version: Option<u64>) {
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

    pub fn commit(&mut self, reset: &OpenReset, version: Option<u64>) {
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

    pub fn seen(&self) -> Seen {
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

pub struct OpenReset {
    pub reset: Box<dyn Reset>,
    pub scope: Scope,
    pub opened: u64,
    pub pushed: BTreeMap<Name, (Thing, BTreeSet<Key>)>,
}
