//! What the stores here have in common: one writer at a time, published states, resets.
//!
//! The one lock is the writers'; readers take the published state through an [`ArcSwap`] and never wait.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use super::tombstones::Tombstones;
use super::{Changes, Error, Memory, Reset, Revision, Scope, Snapshot, Write};
use crate::index::Tree;
use crate::indexer::Schema;
use crate::object::Packer;
use crate::snapshot::{Entry, NewEntry, Prepared, Put, State};
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
    /// When each object was last written, as long as a reset asks for it: they are many, and resets are rare.
    written: HashMap<ObjectName, u64>,
    open_resets: usize,
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
                packer: state.packer(),
                state,
                deleted: Tombstones::default(),
                sequence: 0,
                written: HashMap::new(),
                open_resets: 0,
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
            Write::Apply(indexed) => Ok(Prepared::Apply(self.keeps.check(&writer.state, indexed)?)),
            Write::Delete { name, version } => Ok(Prepared::Delete { name, version }),
        };
        let batch = batch.into_iter().map(prepare).collect::<Result<Vec<_>, Error>>()?;
        let several = batch.len() > 1;
        batch.into_iter().for_each(|write| writer.write(write));
        // Each write was visible by itself, but several may end where they began.
        if several && writer.visible {
            writer.visible = writer.state.differs(&self.shared.published.load());
        }
        Ok(self.publish(writer, false))
    }

    fn publish(&self, mut guard: MutexGuard<'_, Writer>, reset: bool) -> Revision {
        let (shared, writer) = (&self.shared, &mut *guard);
        if writer.packer.is_due(writer.state.len(), reset) || writer.state.is_sparse() {
            let Writer { state, packer, .. } = writer;
            state.repack(packer);
            writer.dirty = true;
        }
        if std::mem::take(&mut writer.visible) {
            writer.state.revision.0 += 1;
        }
        let dirty = std::mem::take(&mut writer.dirty);
        let publish = |state: &State| dirty.then(|| shared.published.swap(Arc::new(state.clone())));
        let old = match &self.keeps {
            Keeps::Objects => publish(&writer.state),
            #[cfg(feature = "client")]
            Keeps::References(bodies) => {
                let broken = writer.broken.as_mut().map(std::mem::take).unwrap_or_default();
                bodies.forget(&broken, || publish(&writer.state))
            }
        };
        let new = writer.state.revision;
        shared.revision.send_if_modified(|revision| std::mem::replace(revision, new) != new);
        drop(guard);
        // What nobody sees any more goes while others may write.
        drop(old);
        new
    }

    pub(super) fn reset(&self, scope: Scope) -> Box<dyn Reset> {
        let mut writer = self.shared.writer.lock();
        writer.open_resets += 1;
        Box::new(CoreReset {
            core: self.clone(),
            scope,
            opened: writer.sequence,
            renewals: writer.packer.renewals(),
            open: true,
            pushed: Tree::default(),
        })
    }

    pub(super) fn memory(&self) -> Memory {
        // Writers wait only for the number: the state is walked without them.
        let (state, shared_bytes) = {
            let writer = self.shared.writer.lock();
            (writer.state.clone(), writer.packer.bytes())
        };
        let (object_bytes, index_bytes) = state.bytes();
        Memory { objects: state.len(), object_bytes, shared_bytes, index_bytes, body_bytes: 0 }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.shared.published.load_full())
    }

    /// What is held of an object now.
    #[cfg(feature = "client")]
    pub(super) fn reference(&self, name: &ObjectName) -> Option<Entry> {
        self.shared.published.load().entry(name.as_name_ref()).cloned()
    }

    pub(super) fn changes(&self) -> Changes {
        let published = Arc::clone(&self.shared.published);
        Changes::new(self.shared.revision.subscribe(), move || Snapshot::new(published.load_full()))
    }
}

impl Keeps {
    fn check(&self, state: &State, indexed: Indexed) -> Result<NewEntry, Error> {
        let kept = match self {
            Keeps::Objects if indexed.object().is_none() => {
                return Err(Error::NoBody { object: indexed.name().clone() });
            }
            Keeps::Objects => indexed,
            #[cfg(feature = "client")]
            Keeps::References(_) => Indexed { body: None, ..indexed },
        };
        Ok(state.check_write(kept)?)
    }
}

impl Writer {
    fn write(&mut self, write: Prepared) {
        self.sequence += 1;
        match write {
            Prepared::Apply(new) => {
                let held = self.state.entry(new.name().as_name_ref()).cloned();
                let version = held.as_ref().and_then(Entry::version);
                let newest = version.or_else(|| self.deleted.newest(new.name()).cloned());
                if !late(new.version(), newest.as_ref()) {
                    let outcome = self.state.write(&new, &mut self.packer);
                    self.applied(new.name(), held, outcome);
                }
            }
            Prepared::Delete { name, version } => {
                let held = self.state.entry(name.as_name_ref()).and_then(Entry::version);
                let newest = held.as_ref().or_else(|| self.deleted.newest(&name));
                if !late(version.as_ref(), newest) {
                    self.deleted.insert(name.clone(), version, held, self.sequence);
                    self.take(&name);
                }
            }
        }
    }

    fn put(&mut self, entry: &Entry) {
        let held = self.state.entry(entry.name()).cloned();
        let outcome = self.state.put(entry.clone());
        self.applied(&entry.name().to_owned(), held, outcome);
    }

    /// Notes what came of a write.
    fn applied(&mut self, name: &ObjectName, held: Option<Entry>, outcome: Put) {
        self.deleted.remove(name);
        // Also where nothing changed: it was written now.
        self.note_written(name);
        #[cfg(feature = "client")]
        if let Some(broken) = &mut self.broken {
            let held = held.as_ref().and_then(Entry::version);
            let newer = match held.zip(self.state.entry(name.as_name_ref()).and_then(Entry::version)) {
                Some((old, new)) => old.is_older_than(&new) || (old == new && outcome == Put::Unchanged),
                None => false,
            };
            if !newer {
                broken.push(name.clone());
            }
        }
        #[cfg(not(feature = "client"))]
        let _ = held;
        self.visible |= outcome.is_visible();
        self.dirty |= outcome != Put::Unchanged;
    }

    fn note_written(&mut self, name: &ObjectName) {
        if self.open_resets > 0 {
            self.written.insert(name.clone(), self.sequence);
        }
    }

    fn take(&mut self, name: &ObjectName) {
        let gone = self.state.take(name.as_name_ref()).is_some();
        #[cfg(feature = "client")]
        if let Some(broken) = self.broken.as_mut().filter(|_| gone) {
            broken.push(name.clone());
        }
        self.visible |= gone;
        self.dirty |= gone;
    }

    fn replace(&mut self, scope: &Scope, opened: u64, pushed: Tree<Entry>, version: Option<&ResourceVersion>) {
        self.sequence += 1;
        // What this writes itself came while others were open, not while it was.
        let written = self.close_reset();
        let written = |entry: &Entry| match written.is_empty() {
            true => 0,
            false => written.get(&entry.name().to_owned()).copied().unwrap_or_default(),
        };
        // What came while the reset was open is newer than the list, unless its version says that it is not.
        let survives = |sequence: u64, written: Option<&ResourceVersion>| sequence > opened && !stale(written, version);
        let range = match scope {
            Scope::All => 0..self.state.len(),
            Scope::Namespace(namespace) => self.state.namespace(namespace),
            Scope::Name(name) => self.state.position_of(name),
        };
        let mut gone: Vec<ObjectName> = Vec::new();
        for held in self.state.range(range) {
            let name = held.name();
            if pushed.find(|entry| entry.name().cmp(&name)).is_none()
                && !survives(written(held), held.version().as_ref())
            {
                gone.push(name.to_owned());
            }
        }
        gone.iter().for_each(|name| self.take(name));
        self.deleted.retain(|name, deleted, sequence| !scope.covers(name) || survives(sequence, deleted));
        for entry in pushed.range(0..pushed.len()) {
            // The version of the object tells as well, and alone where that of the list is not known.
            let new = entry.version();
            let deleted = || self.deleted.version(&entry.name().to_owned());
            let survives = match self.state.entry(entry.name()) {
                Some(held) => {
                    let version = held.version();
                    survives(written(held), version.as_ref()) && !stale(version.as_ref(), new.as_ref())
                }
                None => deleted().is_some_and(|deleted| !stale(deleted, new.as_ref())),
            };
            if !survives {
                self.put(entry);
            }
        }
    }

    /// One reset fewer is open; returns when objects were written while it was.
    fn close_reset(&mut self) -> HashMap<ObjectName, u64> {
        self.open_resets -= 1;
        if self.open_resets == 0 { std::mem::take(&mut self.written) } else { self.written.clone() }
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
    /// How often all was packed anew before.
    renewals: usize,
    /// Whether it was neither committed nor abandoned yet.
    open: bool,
    pushed: Tree<Entry>,
}

impl Reset for CoreReset {
    fn push(&mut self, indexed: Indexed) -> Result<(), Error> {
        let object = indexed.name().clone();
        if !self.scope.covers(&object) {
            return Err(Error::OutsideReset { object, scope: self.scope.clone() });
        }
        let state = self.core.shared.published.load();
        let new = self.core.keeps.check(&state, indexed)?;
        // Here, so that what waits for the commit is small, and what did not change is not there twice.
        let entry = match state.entry(object.as_name_ref()).filter(|held| held.fits(&new)) {
            Some(held) if held.version().as_ref() == new.version() => held.clone(),
            Some(held) => held.renewed(new.version()),
            None => new.pack(&mut self.core.shared.writer.lock().packer),
        };
        self.pushed.insert(entry, |other| other.name().cmp(&object.as_name_ref()));
        Ok(())
    }

    fn commit(mut self: Box<Self>, version: Option<ResourceVersion>) -> Revision {
        // Gone before all is packed anew, so that nothing is held twice.
        let (core, pushed) = (self.core.clone(), std::mem::take(&mut self.pushed));
        let mut writer = core.shared.writer.lock();
        self.open = false;
        if writer.packer.renewals() != self.renewals && pushed.len() > 0 {
            // Some of it may be packed as nothing else is any more.
            writer.packer.make_due();
        }
        writer.replace(&self.scope, self.opened, pushed, version.as_ref());
        core.publish(writer, true)
    }
}

impl Drop for CoreReset {
    fn drop(&mut self) {
        if self.open {
            // What was written is nobody's business then.
            drop(self.core.shared.writer.lock().close_reset());
        }
    }
}

/// How much there is, in the words of every store.
impl fmt::Display for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.published.load();
        write!(f, "{} objects, revision {}", state.len(), state.revision)
    }
}

impl fmt::Debug for CoreReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reset({}, {} objects)", self.scope, self.pushed.len())
    }
}
