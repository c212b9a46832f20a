//! What the stores here have in common: one writer at a time, published states, resets.
//!
//! The one lock is the writers'; readers take the published state through an [`ArcSwap`] and never wait.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::tombstones::Tombstones;
use super::{Changes, Error, Reset, Revision, Scope, Snapshot, Write};
use crate::indexer::Schema;
use crate::snapshot::{Entry, Prepared, Put, State};
use crate::object::Packer;
use crate::{Indexed, ObjectName, ResourceVersion};

/// States, and who may see them when. A clone is the same.
#[derive(Clone)]
pub(super) struct Core {
    shared: Arc<Shared>,
    keeps: Keeps,
}

/// What is kept of the objects that are written.
#[derive(Clone)]
pub(super) enum Keeps {
    /// Everything; a write without a body is an error.
    Objects,
    /// All but the bodies, which are here if they are remembered.
    #[cfg(feature = "client")]
    References(super::bodies::Bodies),
}

struct Shared {
    published: Arc<ArcSwap<State>>,
    revision: watch::Sender<Revision>,
    writer: Mutex<Writer>,
}

/// The state that writes are made to, before it is published.
struct Writer {
    state: State,
    packer: Packer,
    deleted: Tombstones,
    /// Counts writes, to tell what came while a reset was open.
    sequence: u64,
    /// Whether the state is not what is published.
    dirty: bool,
    /// Whether readers may see something new.
    visible: bool,
    /// The objects that neither stayed what they were nor simply became newer. Their versions do not tell whether a body
    /// from before is good: they are new or gone, their versions went back or are not known. `None` where no bodies are
    /// remembered.
    #[cfg(feature = "client")]
    broken: Option<Vec<ObjectName>>,
}

impl Core {
    pub(super) fn new(schema: Schema, keeps: Keeps) -> Core {
        let state = State::new(schema);
        let shared = Shared {
            published: Arc::new(ArcSwap::from_pointee(state.clone())),
            revision: watch::Sender::new(state.revision),
            writer: Mutex::new(Writer {
                state,
                packer: Packer::default(),
                deleted: Tombstones::default(),
                sequence: 0,
                dirty: false,
                visible: false,
                #[cfg(feature = "client")]
                broken: matches!(keeps, Keeps::References(_)).then(Vec::new),
            }),
        };
        Core { shared: Arc::new(shared), keeps }
    }

    pub(super) fn schema(&self) -> Schema {
        self.shared.published.load().schema.clone()
    }

    pub(super) fn write(&self, batch: Vec<Write>) -> Result<Revision, Error> {
        let mut writer = self.shared.writer.lock();
        let prepare = |write| match write {
            Write::Apply(indexed) => Ok(Prepared::Apply(self.keeps.entry(&writer.state, indexed)?)),
            Write::Delete { name, version } => Ok(Prepared::Delete { name, version }),
        };
        let batch = batch.into_iter().map(prepare).collect::<Result<Vec<_>, Error>>()?;
        batch.into_iter().for_each(|write| writer.write(write));
        Ok(self.publish(&mut writer))
    }

    fn publish(&self, writer: &mut Writer) -> Revision {
        let shared = &self.shared;
        // Each write was visible by itself, but a batch may end where it began.
        if std::mem::take(&mut writer.visible) && writer.state.differs(&shared.published.load()) {
            writer.state.revision.0 += 1;
        }
        let dirty = std::mem::take(&mut writer.dirty);
        let publish = |state: &State| {
            if dirty {
                shared.published.store(Arc::new(state.clone()));
            }
        };
        match &self.keeps {
            Keeps::Objects => publish(&writer.state),
            #[cfg(feature = "client")]
            Keeps::References(bodies) => {
                let broken = writer.broken.as_mut().map(std::mem::take).unwrap_or_default();
                bodies.forget(&broken, || publish(&writer.state));
            }
        }
        shared
            .revision
            .send_if_modified(|revision| std::mem::replace(revision, writer.state.revision) != writer.state.revision);
        writer.state.revision
    }

    pub(super) fn reset(&self, scope: Scope) -> Box<dyn Reset> {
        let opened = self.shared.writer.lock().sequence;
        Box::new(CoreReset { core: self.clone(), scope, opened, pushed: BTreeMap::new() })
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.shared.published.load_full())
    }

    /// What is held of an object now.
    #[cfg(feature = "client")]
    pub(super) fn reference(&self, name: &ObjectName) -> Option<Arc<Entry>> {
        self.shared.published.load().entry(name.parts()).cloned()
    }

    pub(super) fn changes(&self) -> Changes {
        let published = Arc::clone(&self.shared.published);
        Changes::new(self.shared.revision.subscribe(), move || Snapshot::new(published.load_full()))
    }
}

impl Keeps {
    fn entry(&self, state: &State, indexed: Indexed) -> Result<Entry, Error> {
        let kept = match self {
            Keeps::Objects if indexed.object().is_none() => {
                return Err(Error::NoBody { object: indexed.name().clone() });
            }
            Keeps::Objects => indexed,
            #[cfg(feature = "client")]
            Keeps::References(_) => Indexed { body: None, ..indexed },
        };
        Ok(state.entry_of(kept)?)
    }
}

impl Writer {
    fn write(&mut self, write: Prepared) {
        self.sequence += 1;
        match write {
            Prepared::Apply(entry) => {
                let held = self.state.entry(entry.name().parts()).and_then(|held| held.version());
                let newest = held.or_else(|| self.deleted.newest(entry.name()));
                if !late(entry.version(), newest) {
                    self.put(entry);
                }
            }
            Prepared::Delete { name, version } => {
                let held = self.state.entry(name.parts()).and_then(|held| held.version()).cloned();
                let newest = held.as_ref().or_else(|| self.deleted.newest(&name));
                if !late(version.as_ref(), newest) {
                    self.deleted.insert(name.clone(), version, held, self.sequence);
                    self.take(&name);
                }
            }
        }
    }

    fn put(&mut self, entry: Entry) {
        let name = entry.name().clone();
        self.deleted.remove(&name);
        #[cfg(feature = "client")]
        if let Some(broken) = &mut self.broken {
            let newer = self.state.entry(name.parts()).is_some_and(|held| match held.version().zip(entry.version()) {
                Some((old, new)) => old.is_older_than(new) || (old == new && held.looks_like(&entry)),
                None => false,
            });
            if !newer {
                broken.push(name.clone());
            }
        }
        let outcome = self.state.put(entry, |object| self.packer.pack(object));
        // Also where nothing changed: it was written now, and an open reset asks when.
        if let Some(held) = self.state.entry(name.parts()) {
            held.sequence.store(self.sequence, Relaxed);
        }
        self.visible |= outcome.is_visible();
        self.dirty |= outcome != Put::Unchanged;
    }

    fn take(&mut self, name: &ObjectName) {
        let gone = self.state.take(name).is_some();
        #[cfg(feature = "client")]
        if let Some(broken) = self.broken.as_mut().filter(|_| gone) {
            broken.push(name.clone());
        }
        self.visible |= gone;
        self.dirty |= gone;
    }

    fn replace(
        &mut self,
        scope: &Scope,
        opened: u64,
        pushed: BTreeMap<ObjectName, Entry>,
        version: Option<&ResourceVersion>,
    ) {
        self.sequence += 1;
        // What came while the reset was open is newer than the list, unless its version says that it is not.
        let survives = |sequence: u64, written: Option<&ResourceVersion>| sequence > opened && !stale(written, version);
        let range = match scope {
            Scope::All => 0..self.state.names.len(),
            Scope::Namespace(namespace) => self.state.namespace(namespace),
            Scope::Name(name) => self.state.names.equal_range(|entry| entry.name().cmp(name)),
        };
        let gone: Vec<ObjectName> = self
            .state
            .names
            .range(range)
            .filter(|held| !pushed.contains_key(held.name()) && !survives(held.sequence.load(Relaxed), held.version()))
            .map(|held| held.name().clone())
            .collect();
        gone.iter().for_each(|name| self.take(name));
        self.deleted.retain(|name, deleted, sequence| !scope.covers(name) || survives(sequence, deleted));
        for (name, entry) in pushed {
            // The version of the object tells as well, and alone where that of the list is not known.
            let survives = match (self.state.entry(name.parts()), self.deleted.version(&name)) {
                (Some(held), _) => {
                    survives(held.sequence.load(Relaxed), held.version()) && !stale(held.version(), entry.version())
                }
                (None, Some(deleted)) => !stale(deleted, entry.version()),
                (None, None) => false,
            };
            if !survives {
                self.put(entry);
            }
        }
    }
}

/// Whether a write comes too late: it is known to be older than what it meets.
fn late(written: Option<&ResourceVersion>, met: Option<&ResourceVersion>) -> bool {
    written.zip(met).is_some_and(|(written, met)| written.is_older_than(met))
}

/// Whether a write is known not to be newer than what was listed.
fn stale(written: Option<&ResourceVersion>, listed: Option<&ResourceVersion>) -> bool {
    written.zip(listed).is_some_and(|(written, listed)| written.is_older_than(listed) || written == listed)
}

struct CoreReset {
    core: Core,
    scope: Scope,
    opened: u64,
    pushed: BTreeMap<ObjectName, Entry>,
}

impl Reset for CoreReset {
    fn push(&mut self, indexed: Indexed) -> Result<(), Error> {
        let object = indexed.name().clone();
        if !self.scope.covers(&object) {
            return Err(Error::OutsideReset { object, scope: self.scope.clone() });
        }
        let state = self.core.shared.published.load();
        let mut entry = self.core.keeps.entry(&state, indexed)?;
        // Here, so that what waits for the commit is small, and what did not change is not there twice.
        match state.entry(object.parts()).filter(|held| held.looks_like(&entry)) {
            Some(held) => entry = held.renewed(&entry),
            None => entry.object = entry.object.map(|object| self.core.shared.writer.lock().packer.pack(&object)),
        }
        self.pushed.insert(object, entry);
        Ok(())
    }

    fn commit(self: Box<Self>, version: Option<ResourceVersion>) -> Revision {
        let CoreReset { core, scope, opened, pushed } = *self;
        let mut writer = core.shared.writer.lock();
        writer.replace(&scope, opened, pushed, version.as_ref());
        core.publish(&mut writer)
    }
}

/// How much there is, in the words of every store.
impl fmt::Display for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.published.load();
        write!(f, "{} objects, revision {}", state.names.len(), state.revision)
    }
}

impl fmt::Debug for CoreReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reset({}, {} objects)", self.scope, self.pushed.len())
    }
}
