//! What the stores here have in common: one writer at a time, published states, resets.
//!
//! The one lock is the writers'; readers take the published state through an [`ArcSwap`] and never wait.

mod reset;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use super::tombstones::Tombstones;
use super::{Changes, Error, Memory, Reset, Revision, Scope, Snapshot, Write};
use crate::Indexed;
#[cfg(feature = "client")]
use crate::ObjectName;
use crate::index::Tree;
use crate::indexer::Schema;
#[cfg(feature = "client")]
use crate::snapshot::Entry;
use crate::snapshot::{NewEntry, Prepared, State};
use reset::CoreReset;
use writer::Writer;

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

/// How much there is, in the words of every store.
impl fmt::Display for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.published.load();
        write!(f, "{} objects, revision {}", state.len(), state.revision)
    }
}
