//! The one writer: what is written, what is late, and what a reset leaves.

use std::collections::HashMap;

use crate::index::Tree;
use crate::object::Packer;
use crate::snapshot::{Entry, Prepared, Put, State};
use crate::store::Scope;
use crate::store::tombstones::Tombstones;
use crate::{ObjectName, ResourceVersion};

/// The state that writes are made to, before it is published.
pub(super) struct Writer {
    pub(super) state: State,
    pub(super) packer: Packer,
    pub(super) deleted: Tombstones,
    /// Counts writes, to tell what came while a reset was open.
    pub(super) sequence: u64,
    /// When each object was last written, as long as a reset asks for it: they are many, and resets are rare.
    pub(super) written: HashMap<ObjectName, u64>,
    pub(super) open_resets: usize,
    /// Whether the state is not what is published.
    pub(super) dirty: bool,
    /// Whether readers may see something new.
    pub(super) visible: bool,
    /// The objects that neither stayed what they were nor simply became newer. Their versions do not tell whether a body
    /// from before is good: they are new or gone, their versions went back or are not known. `None` where no bodies are
    /// remembered.
    #[cfg(feature = "client")]
    pub(super) broken: Option<Vec<ObjectName>>,
}

impl Writer {
    pub(super) fn write(&mut self, write: Prepared) {
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

    pub(super) fn replace(
        &mut self,
        scope: &Scope,
        opened: u64,
        pushed: Tree<Entry>,
        version: Option<&ResourceVersion>,
    ) {
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
    pub(super) fn close_reset(&mut self) -> HashMap<ObjectName, u64> {
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
