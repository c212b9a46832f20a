//! What a store holds of one object.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::index::Item;
use crate::indexer::{IndexKeys, KeyProblem};
use crate::object::{Draft, Keys, Packer, Record};
use crate::{IndexKey, NameRef, Object, ObjectName, ResourceVersion};

/// One object of a store: identity, version and keys, and its body unless the store keeps references only. A clone is
/// the same.
#[derive(Clone)]
pub struct Entry {
    record: Record,
}

/// What is to become an entry, checked against the schema.
pub(crate) struct NewEntry {
    pub(super) name: ObjectName,
    pub(super) uid: Option<Arc<str>>,
    pub(super) version: Option<ResourceVersion>,
    /// One for each index of the schema; those of an index by name are empty.
    pub(super) keys: Vec<IndexKeys>,
    pub(super) body: Option<Object>,
}

impl Entry {
    /// The identity.
    pub fn name(&self) -> NameRef<'_> {
        self.record.name()
    }

    pub(super) fn name_bytes(&self) -> (&[u8], &[u8]) {
        self.record.name_bytes()
    }

    /// The uid, which tells a recreated object from the one before.
    pub fn uid(&self) -> Option<Cow<'_, str>> {
        self.record.uid()
    }

    /// The version as last seen, by visible and invisible changes.
    pub fn version(&self) -> Option<ResourceVersion> {
        self.record.version()
    }

    /// The object; `None` in stores that keep references only.
    pub fn object(&self) -> Option<&Object> {
        self.record.body()
    }

    /// The keys in an index; `None` when there is no such index. In an index by name the one key is the name.
    pub fn keys(&self, index: &str) -> Option<Vec<IndexKey>> {
        let position = self.record.indexes().iter().position(|(name, _)| **name == *index)?;
        if self.record.indexes()[position].1 == 0 {
            return Some(vec![IndexKey::new([self.name().namespace(), self.name().name()])]);
        }
        Some(self.index_keys(position).collect())
    }

    /// The keys by the names of their indexes.
    pub(crate) fn named_keys(&self) -> Arc<[(Arc<str>, IndexKeys)]> {
        let indexes = self.record.indexes().iter().enumerate().filter(|(_, (_, components))| *components > 0);
        let keys = |position| match self.problem(position) {
            Some(problem) => IndexKeys::Absent(problem),
            None => IndexKeys::Found(self.index_keys(position).collect()),
        };
        indexes.map(|(position, (name, _))| (Arc::clone(name), keys(position))).collect()
    }

    fn index_keys(&self, position: usize) -> impl Iterator<Item = IndexKey> {
        (0..self.key_count(position)).map(move |key| self.record.index_key(position, key))
    }

    /// Why an index does not find the object, if it does not.
    pub(super) fn problem(&self, position: usize) -> Option<KeyProblem> {
        self.record.absent(position).map(KeyProblem::from_code)
    }

    pub(super) fn key_count(&self, position: usize) -> usize {
        self.record.key_count(position)
    }

    /// The first components of a key, as bytes.
    pub(super) fn key(&self, position: usize, key: usize, length: usize) -> impl Iterator<Item = &[u8]> + Clone {
        self.record.key(position, key).take(length)
    }

    pub(super) fn index_key(&self, position: usize, key: usize) -> IndexKey {
        self.record.index_key(position, key)
    }

    /// Packs all entries of a store anew.
    pub(super) fn repack<'e>(entries: impl Iterator<Item = &'e mut Entry>, packer: &mut Packer) {
        packer.repack(entries.map(|entry| &mut entry.record));
    }

    /// The bytes asked of the allocator.
    pub(super) fn bytes(&self) -> usize {
        self.record.bytes()
    }

    /// Whether nothing but the version beside the content tells the two apart.
    pub(crate) fn unchanged(&self, other: &Entry) -> bool {
        self.record.looks_like(&other.record)
    }

    /// Whether both are one allocation.
    pub(super) fn is_same(&self, other: &Entry) -> bool {
        self.record.is_same(&other.record)
    }

    /// Whether both are one, and not only equal.
    #[cfg(feature = "client")]
    pub(crate) fn is(&self, other: &Entry) -> bool {
        self.record.is(&other.record)
    }

    /// Whether writing the new one would change nothing but the version beside the content.
    ///
    /// For references the version stands for the body, so it counts.
    pub(crate) fn fits(&self, new: &NewEntry) -> bool {
        new.draft(|draft| self.record.fits(&draft))
    }

    /// The body and keys of `self` under another version.
    pub(crate) fn renewed(&self, version: Option<&ResourceVersion>) -> Entry {
        Entry { record: self.record.renewed(version) }
    }
}

impl NewEntry {
    pub(crate) fn name(&self) -> &ObjectName {
        &self.name
    }

    pub(crate) fn version(&self) -> Option<&ResourceVersion> {
        self.version.as_ref()
    }

    pub(crate) fn pack(&self, packer: &mut Packer) -> Entry {
        Entry { record: self.draft(|draft| packer.pack(&draft)) }
    }

    /// What takes the place of an entry; `None` if nothing but the version beside the content would change.
    pub(super) fn pack_over(&self, old: &Entry, packer: &mut Packer) -> Option<Entry> {
        self.draft(|draft| packer.pack_over(&draft, &old.record)).map(|record| Entry { record })
    }

    fn draft<T>(&self, then: impl FnOnce(Draft<'_>) -> T) -> T {
        let keys: Vec<Keys<'_>> = self.keys.iter().map(IndexKeys::to_keys).collect();
        then(Draft {
            name: self.name.as_name_ref(),
            uid: self.uid.as_deref(),
            version: self.version.as_ref(),
            keys: &keys,
            body: self.body.as_ref(),
            identity: None,
        })
    }
}

/// Identity only: the body may be a Secret's.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}", self.name())?;
        if let Some(version) = self.version() {
            write!(f, " @{version}")?;
        }
        f.write_str(")")
    }
}

impl Item for Entry {}

/// An entry at its place by the hash of its name, where it is found faster than by the name.
#[derive(Clone, Copy)]
pub(super) struct Hashed {
    pub(super) hash: u32,
    pub(super) number: u32,
}

impl Item for Hashed {}

/// A namespace, which stands for its entries: there are few of them, and so they are found faster.
#[derive(Clone)]
pub(super) struct Namespace {
    pub(super) name: Arc<str>,
    pub(super) count: usize,
}

impl Namespace {
    /// The bytes asked of the allocator for the name.
    pub(super) fn bytes(&self) -> usize {
        // An `Arc` counts twice.
        (2 * size_of::<usize>() + self.name.len()).next_multiple_of(align_of::<usize>())
    }
}

impl Item for Namespace {
    fn weight(&self) -> usize {
        self.count
    }

    fn total(namespaces: &[Self]) -> usize {
        namespaces.iter().map(Namespace::weight).sum()
    }
}

/// An entry at its place in an index.
#[derive(Clone, Copy)]
pub(super) struct Posting {
    pub(super) number: u32,
    /// Which of the entry's keys.
    pub(super) key: u16,
}

impl Item for Posting {}
