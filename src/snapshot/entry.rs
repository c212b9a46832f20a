//! What a store holds of one object.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::index::Item;
use crate::indexer::{IndexKeys, KeyProblem, Schema};
use crate::{IndexKey, Object, ObjectName, ResourceVersion};

/// One object of a store: identity, version and keys, and its body unless the store keeps references only.
pub struct Entry {
    pub(super) name: ObjectName,
    pub(super) uid: Option<Arc<str>>,
    pub(super) version: Option<ResourceVersion>,
    pub(crate) object: Option<Object>,
    /// One for each index of the schema; those of an index by name are empty.
    pub(super) keys: Arc<[IndexKeys]>,
    pub(super) schema: Schema,
    /// When it was last written, in the counting of its store, which alone reads and moves it, under its lock: a
    /// write that changes nothing shares the entry with the snapshots before.
    pub(crate) sequence: AtomicU64,
}

impl Entry {
    /// The identity.
    pub fn name(&self) -> &ObjectName {
        &self.name
    }

    /// The uid, which tells a recreated object from the one before.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }

    /// The version as last seen, by visible and invisible changes.
    pub fn version(&self) -> Option<&ResourceVersion> {
        self.version.as_ref()
    }

    /// The object; `None` in stores that keep references only.
    pub fn object(&self) -> Option<&Object> {
        self.object.as_ref()
    }

    /// The keys in an index; `None` when there is no such index. In an index by name the one key is the name.
    pub fn keys(&self, index: &str) -> Option<Vec<IndexKey>> {
        let position = self.schema.position(index)?;
        if self.schema.indexes()[position].is_by_name() {
            return Some(vec![IndexKey::new([self.name.namespace(), self.name.name()])]);
        }
        Some(self.keys[position].found().to_vec())
    }

    /// The keys by the names of their indexes.
    pub(crate) fn named_keys(&self) -> Arc<[(Arc<str>, IndexKeys)]> {
        let named = self.schema.indexes().iter().zip(&*self.keys).filter(|(index, _)| !index.is_by_name());
        named.map(|(index, keys)| (index.shared_name(), keys.clone())).collect()
    }

    /// Why an index does not find the object, if it does not.
    pub(super) fn problem(&self, position: usize) -> Option<&KeyProblem> {
        match &self.keys[position] {
            IndexKeys::Absent(problem) => Some(problem),
            IndexKeys::Found(_) => None,
        }
    }

    pub(super) fn found(&self, position: usize) -> &[IndexKey] {
        self.keys[position].found()
    }

    /// Whether a reader could tell the two apart by anything but the version beside the content.
    ///
    /// For references the version stands for the body, so it counts.
    pub(crate) fn looks_like(&self, other: &Entry) -> bool {
        let bodies = match (&self.object, &other.object) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.version == other.version,
            _ => false,
        };
        bodies && self.uid == other.uid && (Arc::ptr_eq(&self.keys, &other.keys) || self.keys == other.keys)
    }

    /// The body and keys of `self`, which look the same, under the version of `newer`.
    pub(crate) fn renewed(&self, newer: &Entry) -> Entry {
        Entry {
            name: self.name.clone(),
            uid: self.uid.clone(),
            version: newer.version.clone(),
            object: self.object.as_ref().map(|object| object.with_version(newer.version.as_ref())),
            keys: Arc::clone(&self.keys),
            schema: self.schema.clone(),
            sequence: AtomicU64::default(),
        }
    }
}

/// Identity only: the body may be a Secret's.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}", self.name)?;
        if let Some(version) = &self.version {
            write!(f, " @{version}")?;
        }
        f.write_str(")")
    }
}

impl Item for Arc<Entry> {
    fn order(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }

    fn unchanged(&self, other: &Self) -> bool {
        Arc::ptr_eq(self, other) || self.looks_like(other)
    }
}

/// An entry at its place in an index of prefixes of one length.
#[derive(Clone)]
pub(super) struct Posting {
    pub(super) key: IndexKey,
    /// How many components of the key count.
    pub(super) length: usize,
    pub(super) entry: Arc<Entry>,
}

impl Posting {
    pub(super) fn cmp_to(&self, key: &IndexKey, name: &ObjectName) -> Ordering {
        self.key.cmp_first(key, self.length).then_with(|| self.entry.name.cmp(name))
    }
}

impl Item for Posting {
    fn order(&self, other: &Self) -> Ordering {
        self.cmp_to(&other.key, &other.entry.name)
    }

    fn unchanged(&self, other: &Self) -> bool {
        self.entry.unchanged(&other.entry)
    }
}
