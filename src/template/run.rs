//! One render while it runs: what it has pinned, read and missed.
//!
//! The lock is held for look-ups only; nothing waits while it is held.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use futures::future::try_join_all;
use minijinja::{Error, ErrorKind, Value};
use parking_lot::Mutex;

use super::object::{object_value, pending_value};
use super::reads::Reads;
use crate::snapshot::Entry;
use crate::store::{self, Body, BodyGet, Store};
use crate::{ObjectName, Snapshot};

/// A store and an object of it.
type Named = (Arc<str>, ObjectName);

/// What the passes of one render share. A clone is the same.
#[derive(Clone, Default)]
pub(super) struct Run(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The object that was read last, for messages.
    at_hand: Option<Named>,
    /// The bodies this render has seen: it sees them to its end, and no other of the same object. `None`: there is
    /// no such object.
    pinned: HashMap<Named, Option<Body>>,
    /// What the pass has asked for and has to be fetched.
    misses: HashMap<Named, BodyGet>,
    /// Whether the pass is void for another reason.
    repeat: bool,
    reads: BTreeMap<Arc<str>, Reads>,
}

/// One store of a render.
pub(super) struct Pinned {
    pub(super) name: Arc<str>,
    pub(super) snapshot: Snapshot,
    /// Where bodies come from, if not from the snapshot.
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) run: Run,
}

/// What is known of the body of an entry.
pub(super) enum Known {
    Here(Body),
    Absent,
    Missing,
}

impl Run {
    /// Forgets what one pass leaves behind, before the next; what it has missed is taken by [`fetch`](Run::fetch).
    pub(super) fn begin(&self) {
        let mut state = self.0.lock();
        state.at_hand = None;
        state.repeat = false;
    }

    /// Makes the pass void: what it has learned changes what it would have read.
    pub(super) fn repeat(&self) {
        self.0.lock().repeat = true;
    }

    pub(super) fn at_hand(&self) -> Option<String> {
        self.0.lock().at_hand.as_ref().map(|(store, name)| format!("{store} {name}"))
    }

    /// Whether the pass has to be done again.
    pub(super) fn is_void(&self) -> bool {
        let state = self.0.lock();
        state.repeat || !state.misses.is_empty()
    }

    /// Fetches what the pass has missed, all at once; returns how many that were.
    ///
    /// # Errors
    ///
    /// When one cannot be fetched; the store's name comes with it.
    pub(super) async fn fetch(&self) -> Result<usize, (String, store::Error)> {
        let misses: Vec<(Named, BodyGet)> = self.0.lock().misses.drain().collect();
        let fetches = misses.into_iter().map(|(named, body)| async move {
            match body.get().await {
                Ok(body) => Ok((named, body)),
                Err(error) => Err((named.0.to_string(), error)),
            }
        });
        let fetched = try_join_all(fetches).await?;
        let count = fetched.len();
        self.0.lock().pinned.extend(fetched);
        Ok(count)
    }

    pub(super) fn reads(&self) -> BTreeMap<Arc<str>, Reads> {
        self.0.lock().reads.clone()
    }

    /// The objects that are older than is known, because newer ones could not be fetched.
    pub(super) fn stale(&self) -> Vec<(String, ObjectName)> {
        let state = self.0.lock();
        let stale = state.pinned.iter().filter(|(_, body)| body.as_ref().is_some_and(Body::is_stale));
        let mut stale: Vec<_> = stale.map(|((store, name), _)| (store.to_string(), name.clone())).collect();
        stale.sort();
        stale
    }
}

impl Pinned {
    pub(super) fn read_prefix(&self, index: &str, prefix: &[String]) {
        self.run.0.lock().reads.entry(Arc::clone(&self.name)).or_default().prefix(index, prefix);
    }

    pub(super) fn read_name(&self, namespace: &str, name: &str) {
        self.run.0.lock().reads.entry(Arc::clone(&self.name)).or_default().name(namespace, name);
    }

    /// The body of an entry that has none in the snapshot, as far as it is known; if it is not, it will be fetched.
    pub(super) fn body(&self, entry: &Entry) -> Known {
        let named = (Arc::clone(&self.name), entry.name().to_owned());
        let mut state = self.run.0.lock();
        match state.pinned.get(&named) {
            Some(Some(body)) => return Known::Here(body.clone()),
            Some(None) => return Known::Absent,
            None => {}
        }
        let Some(store) = &self.store else { return Known::Missing };
        match store.body(entry) {
            BodyGet::Here(body) => {
                state.pinned.insert(named, Some(body.clone()));
                Known::Here(body)
            }
            fetching => {
                state.misses.insert(named, fetching);
                Known::Missing
            }
        }
    }

    /// The body of an entry that this render has seen already.
    pub(super) fn seen(&self, entry: &Entry) -> Option<Known> {
        let named = (Arc::clone(&self.name), entry.name().to_owned());
        let state = self.run.0.lock();
        Some(match state.pinned.get(&named)? {
            Some(body) => Known::Here(body.clone()),
            None => Known::Absent,
        })
    }

    /// An entry as a template value.
    pub(super) fn value(&self, entry: &Entry) -> Value {
        self.run.0.lock().at_hand = Some((Arc::clone(&self.name), entry.name().to_owned()));
        if let Some(object) = entry.object() {
            return object_value(object);
        }
        match self.body(entry) {
            Known::Here(body) => object_value(body.object()),
            Known::Absent => Value::UNDEFINED,
            Known::Missing if self.store.is_some() => pending_value(),
            Known::Missing => Value::from(Error::new(
                ErrorKind::InvalidOperation,
                format!("store {:?} keeps references only: render from stores instead of snapshots", self.name),
            )),
        }
    }
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pinned({}, {:?})", self.name, self.snapshot.revision())
    }
}
