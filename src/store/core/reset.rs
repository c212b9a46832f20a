//! A reset of a store, while it is open.

use std::fmt;

use super::Core;
use crate::index::Tree;
use crate::snapshot::Entry;
use crate::store::{Error, Reset, Revision, Scope};
use crate::{Indexed, ResourceVersion};

/// What is pushed, until it is committed.
pub(super) struct CoreReset {
    pub(super) core: Core,
    pub(super) scope: Scope,
    pub(super) opened: u64,
    /// How often all was packed anew before.
    pub(super) renewals: usize,
    /// Whether it was neither committed nor abandoned yet.
    pub(super) open: bool,
    pub(super) pushed: Tree<Entry>,
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

impl fmt::Debug for CoreReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reset({}, {} objects)", self.scope, self.pushed.len())
    }
}
