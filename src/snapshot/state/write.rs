//! Writes: checked against the schema, and made to all trees.

use std::sync::Arc;

use super::State;
use super::order::{hashed, named, posted, postings, stays};
use crate::indexer::{IndexKeys, IndexSpec, Indexed, KeyProblem, MAX_KEYS};
use crate::object::Packer;
use crate::snapshot::entry::{Entry, Hashed, Namespace, NewEntry, Posting};
use crate::snapshot::{Error, Write};
use crate::{NameRef, ObjectName, ResourceVersion};

/// A write that fits the schema.
pub(crate) enum Prepared {
    Apply(NewEntry),
    Delete { name: ObjectName, version: Option<ResourceVersion> },
}

/// What putting an entry came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// Readers see something new.
    Visible,
    /// Only the version beside the content moved.
    Invisible,
    /// Nothing is different.
    Unchanged,
}

impl Put {
    pub(crate) fn is_visible(self) -> bool {
        self == Put::Visible
    }
}

impl State {
    /// Checks a write against the schema and brings its keys into the schema's order.
    pub(crate) fn prepare(&self, write: Write) -> Result<Prepared, Error> {
        match write {
            Write::Apply(indexed) => self.check_write(indexed).map(Prepared::Apply),
            Write::Delete { name, version } => Ok(Prepared::Delete { name, version }),
        }
    }

    pub(crate) fn check_write(&self, indexed: Indexed) -> Result<NewEntry, Error> {
        let Indexed { name, uid, version, keys: given, body } = indexed;
        check_length("namespace", name.namespace())?;
        check_length("name", name.name())?;
        check_length("uid", uid.as_deref().unwrap_or_default())?;
        let number = version.as_ref().and_then(ResourceVersion::number);
        if let (Some(version), None) = (&version, number) {
            check_length("resourceVersion", &version.to_string())?;
        }
        let not_given = |index: &IndexSpec| match index.is_by_name() {
            true => IndexKeys::Found([].into()),
            false => IndexKeys::Absent(KeyProblem::NotGiven),
        };
        let mut keys: Vec<IndexKeys> = self.schema.indexes().iter().map(not_given).collect();
        for (index, found) in given {
            let position = self.position(&index)?;
            let spec = &self.schema.indexes()[position];
            let declared = spec.components();
            if spec.is_by_name() {
                return Err(Error::KeyByName { object: name, index: index.as_ref().into() });
            }
            if let Some(wrong) = found.found().iter().find(|key| key.len() != declared) {
                return Err(Error::WrongComponents {
                    object: name,
                    index: index.as_ref().into(),
                    given: wrong.len(),
                    declared,
                });
            }
            keys[position] = match found.found().len() {
                ..=MAX_KEYS => found,
                _ => IndexKeys::Absent(KeyProblem::TooMany),
            };
        }
        Ok(NewEntry { name, uid, version, keys, body })
    }

    /// Puts an entry in the place of the one of its name, wherever that one was indexed.
    ///
    /// What looks the same keeps its identity, so that no difference shows it.
    pub(crate) fn write(&mut self, new: &NewEntry, packer: &mut Packer) -> Put {
        let held = self.held(new.name.as_name_ref());
        let entry = match &held {
            None => Some(new.pack(packer)),
            Some((_, old)) => new.pack_over(old, packer),
        };
        match (entry, &held) {
            (Some(entry), _) => {
                self.replace(held, entry);
                Put::Visible
            }
            (None, Some((_, old))) if old.version() != new.version => {
                let renewed = old.renewed(new.version.as_ref());
                self.replace(held, renewed);
                Put::Invisible
            }
            _ => Put::Unchanged,
        }
    }

    /// Puts an entry that was made before in the place of the one of its name.
    pub(crate) fn put(&mut self, entry: Entry) -> Put {
        let held = self.held(entry.name());
        let outcome = match &held {
            Some((_, old)) if old.unchanged(&entry) => match old.version() == entry.version() {
                true => Put::Unchanged,
                false => Put::Invisible,
            },
            _ => Put::Visible,
        };
        match (outcome, &held) {
            (Put::Unchanged, _) => {}
            // What was there before keeps its identity.
            (Put::Invisible, Some((_, old))) => {
                let renewed = old.renewed(entry.version().as_ref());
                self.replace(held, renewed);
            }
            _ => self.replace(held, entry),
        }
        outcome
    }

    fn held(&self, name: NameRef<'_>) -> Option<(u32, Entry)> {
        let number = self.number(name)?;
        Some((number, self.entries.get(number)?.clone()))
    }

    pub(super) fn replace(&mut self, held: Option<(u32, Entry)>, entry: Entry) {
        let (number, old) = match held {
            Some((number, old)) => {
                self.withdraw(number, &old, Some(&entry));
                self.entries.replace(number, entry.clone());
                (number, Some(old))
            }
            None => {
                self.count(entry.name().namespace(), |count| count + 1);
                let number = self.entries.insert(entry.clone());
                let (name, hash) = (entry.name_bytes(), self.hash(entry.name_bytes()));
                self.names.insert(number, named(&self.entries, name));
                self.hashes.insert(Hashed { hash, number }, hashed(&self.entries, hash, name));
                (number, None)
            }
        };
        // Now that what the table has is what the postings stand for.
        let entries = &self.entries;
        for (index, trees) in self.indexes.iter_mut().enumerate() {
            for (tree, length) in trees.iter_mut().zip(1..) {
                for key in postings(&entry, index, length) {
                    if old.as_ref().is_none_or(|old| !stays(key, (&entry, old), index, length)) {
                        let posting = Posting { number, key: key as u16 };
                        tree.insert(posting, posted(entries, (&entry, key), index, length));
                    }
                }
            }
        }
    }

    /// Takes an entry out of every index, unless it stands there as well for what takes its place.
    fn withdraw(&mut self, number: u32, old: &Entry, new: Option<&Entry>) {
        let entries = &self.entries;
        debug_assert!(entries.get(number).is_some_and(|entry| entry.is_same(old)));
        for (index, trees) in self.indexes.iter_mut().enumerate() {
            for (tree, length) in trees.iter_mut().zip(1..) {
                for key in postings(old, index, length) {
                    if new.is_none_or(|new| !stays(key, (old, new), index, length)) {
                        tree.remove(posted(entries, (old, key), index, length));
                    }
                }
            }
        }
    }

    /// Takes out the entry of that name, from every index.
    pub(crate) fn take(&mut self, name: NameRef<'_>) -> Option<Entry> {
        let (number, old) = self.held(name)?;
        self.withdraw(number, &old, None);
        let name = old.name_bytes();
        self.names.remove(named(&self.entries, name));
        self.hashes.remove(hashed(&self.entries, self.hash(name), name));
        self.entries.remove(number);
        self.count(old.name().namespace(), |count| count - 1);
        Some(old)
    }

    /// Counts one entry more or less in a namespace.
    fn count(&mut self, namespace: &str, count: impl FnOnce(usize) -> usize) {
        let probe = |other: &Namespace| (*other.name).cmp(namespace);
        let (name, before) = match self.namespaces.find(probe) {
            Some(known) => (Arc::clone(&known.name), known.count),
            None => (namespace.into(), 0),
        };
        match count(before) {
            0 => drop(self.namespaces.remove(probe)),
            count => drop(self.namespaces.insert(Namespace { name, count }, probe)),
        }
    }
}

/// The most bytes that a name, a uid or a version has: with more than that, not everything would fit that does.
const MAX_IDENTITY: usize = 1 << 20;

fn check_length(field: &'static str, text: &str) -> Result<(), Error> {
    match text.len() {
        ..=MAX_IDENTITY => Ok(()),
        bytes => Err(Error::TooLong { field, start: text.chars().take(32).collect(), bytes, most: MAX_IDENTITY }),
    }
}
