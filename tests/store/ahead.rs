//! Histories with a server that is ahead of what the store was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube_indexed_store::fetch::{self, Fetch};
use kube_indexed_store::selector::LabelSelector;
use kube_indexed_store::store::Error;
use kube_indexed_store::{CachedStore, Indexed, Object, ObjectName, Query, Store};
use parking_lot::Mutex;
use serde_json::Value;

use crate::fixtures::wait;
use crate::history::{indexer, run};
use crate::model::{Held, Key, Name, older};
use crate::things::*;

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
