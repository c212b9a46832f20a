//! The trees behind a snapshot, and how one write changes them.

use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::entry::{Entry, Hashed, Namespace, NewEntry, Posting};
use super::{Error, List, Query, Revision, Write};
use crate::index::{Item, Tree};
use crate::indexer::{IndexKeys, IndexSpec, Indexed, KeyProblem, MAX_KEYS, Schema};
use crate::object::Packer;
use crate::{IndexKey, NameRef, ObjectName, ResourceVersion};

/// Everything a snapshot holds. A clone shares all nodes with the original.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) schema: Schema,
    pub(crate) revision: Revision,
    pub(crate) names: Tree<Entry>,
    /// The same entries by the hash of their names.
    hashes: Tree<Hashed>,
    /// How many of them each namespace has.
    namespaces: Tree<Namespace>,
    hasher: DefaultHashBuilder,
    /// For each index, unless it is by name, a tree for each prefix length: results of any prefix length are in the
    /// one order, and a shorter prefix has its objects scattered in a tree of longer ones.
    indexes: Vec<Vec<Tree<Posting>>>,
}

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
    pub(crate) fn new(schema: Schema) -> State {
        let trees = |index: &IndexSpec| match index.is_by_name() {
            true => Vec::new(),
            false => (0..index.components()).map(|_| Tree::default()).collect(),
        };
        let indexes = schema.indexes().iter().map(trees).collect();
        State {
            schema,
            revision: Revision::default(),
            names: Tree::default(),
            hashes: Tree::default(),
            namespaces: Tree::default(),
            hasher: DefaultHashBuilder::default(),
            indexes,
        }
    }

    pub(crate) fn entry(&self, name: NameRef<'_>) -> Option<&Entry> {
        let bytes = bytes(name);
        let hash = self.hasher.hash_one(bytes);
        let place = |hashed: &Hashed| hashed.hash.cmp(&hash).then_with(|| hashed.entry.name_bytes().cmp(&bytes));
        self.hashes.find(place).map(|hashed| &hashed.entry)
    }

    fn hashed(&self, entry: &Entry) -> Hashed {
        Hashed { hash: self.hasher.hash_one(entry.name_bytes()), entry: entry.clone() }
    }

    /// The positions of a namespace in the order of names.
    pub(crate) fn namespace(&self, namespace: &str) -> Range<usize> {
        self.namespaces.equal_range(|other| (*other.name).cmp(namespace))
    }

    /// Counts one entry more or less in a namespace.
    fn count(&mut self, namespace: &str, count: impl FnOnce(usize) -> usize) {
        let probe = |other: &Namespace| (*other.name).cmp(namespace);
        let (name, before) = match self.namespaces.find(probe) {
            Some(known) => (Arc::clone(&known.name), known.count),
            None => (namespace.into(), 0),
        };
        match count(before) {
            0 => drop(self.namespaces.remove(&probe)),
            count => drop(self.namespaces.insert(Namespace { name, count })),
        }
    }

    /// Checks a write against the schema and brings its keys into the schema's order.
    pub(crate) fn prepare(&self, write: Write) -> Result<Prepared, Error> {
        match write {
            Write::Apply(indexed) => self.check_write(indexed).map(Prepared::Apply),
            Write::Delete { name, version } => Ok(Prepared::Delete { name, version }),
        }
    }

    pub(crate) fn check_write(&self, indexed: Indexed) -> Result<NewEntry, Error> {
        let Indexed { name, uid, version, keys: given, body } = indexed;
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

    /// Packs all entries anew, which changes nothing that can be seen.
    pub(crate) fn repack(&mut self, packer: &mut Packer) {
        let mut entries: Vec<Entry> = self.names.range(0..self.names.len()).cloned().collect();
        // Each entry goes as soon as it is packed anew, if no snapshot has it.
        self.names = Tree::default();
        self.hashes = Tree::default();
        self.indexes.iter_mut().flatten().for_each(|tree| *tree = Tree::default());
        Entry::repack(&mut entries, packer);
        for (index, trees) in self.indexes.iter_mut().enumerate() {
            for (tree, length) in trees.iter_mut().zip(1..) {
                let mut all: Vec<Posting> = entries.iter().flat_map(|entry| postings(entry, index, length)).collect();
                all.sort_by(Posting::order);
                *tree = Tree::from_sorted(all);
            }
        }
        let mut hashes: Vec<Hashed> = entries.iter().map(|entry| self.hashed(entry)).collect();
        hashes.sort_unstable_by(Hashed::order);
        self.hashes = Tree::from_sorted(hashes);
        self.names = Tree::from_sorted(entries);
    }

    /// The bytes of the entries, and of the trees.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        let entries = self.names.range(0..self.names.len()).map(Entry::bytes).sum();
        let names = self.names.bytes() + self.hashes.bytes();
        let namespaces = self.namespaces.bytes() + self.namespaces.items().map(Namespace::bytes).sum::<usize>();
        (entries, names + namespaces + self.indexes.iter().flatten().map(Tree::bytes).sum::<usize>())
    }

    /// What packs entries for this schema.
    pub(crate) fn packer(&self) -> Packer {
        // An index by name has no keys of its own.
        let components = |index: &IndexSpec| if index.is_by_name() { 0 } else { index.components() };
        Packer::new(self.schema.indexes().iter().map(|index| (index.shared_name(), components(index))))
    }

    /// Whether readers can tell the two apart. It costs what it takes to come to the first difference.
    pub(crate) fn differs(&self, older: &State) -> bool {
        self.names.diff(&older.names).next().is_some()
    }

    /// Puts an entry in the place of the one of its name, wherever that one was indexed.
    ///
    /// What looks the same keeps its identity, so that no difference shows it.
    pub(crate) fn write(&mut self, new: &NewEntry, packer: &mut Packer) -> Put {
        let old = self.entry(new.name.as_name_ref()).cloned();
        match &old {
            Some(old) if old.fits(new) => {
                if old.version() == new.version {
                    return Put::Unchanged;
                }
                self.replace(Some(old), old.renewed(new.version.as_ref()));
                Put::Invisible
            }
            _ => {
                self.replace(old.as_ref(), new.pack(packer));
                Put::Visible
            }
        }
    }

    /// Puts an entry that was made before in the place of the one of its name.
    pub(crate) fn put(&mut self, entry: Entry) -> Put {
        let old = self.entry(entry.name()).cloned();
        let outcome = match &old {
            Some(old) if old.unchanged(&entry) => match old.version() == entry.version() {
                true => Put::Unchanged,
                false => Put::Invisible,
            },
            _ => Put::Visible,
        };
        match (outcome, &old) {
            (Put::Unchanged, _) => {}
            // What was there before keeps its identity.
            (Put::Invisible, Some(old)) => self.replace(Some(old), old.renewed(entry.version().as_ref())),
            _ => self.replace(old.as_ref(), entry),
        }
        outcome
    }

    fn replace(&mut self, old: Option<&Entry>, entry: Entry) {
        if old.is_none() {
            self.count(entry.name().namespace(), |count| count + 1);
        }
        self.hashes.insert(self.hashed(&entry));
        self.names.insert(entry.clone());
        for (index, trees) in self.indexes.iter_mut().enumerate() {
            for (tree, length) in trees.iter_mut().zip(1..) {
                // Both are in order.
                let mut kept = postings(&entry, index, length).peekable();
                for gone in old.into_iter().flat_map(|old| postings(old, index, length)) {
                    while kept.next_if(|posting| posting.order(&gone).is_lt()).is_some() {}
                    if kept.peek().is_none_or(|posting| posting.order(&gone).is_ne()) {
                        tree.remove(&|posting: &Posting| posting.order(&gone));
                    }
                }
                for posting in postings(&entry, index, length) {
                    tree.insert(posting);
                }
            }
        }
    }

    /// Takes out the entry of that name, from every index.
    pub(crate) fn take(&mut self, name: NameRef<'_>) -> Option<Entry> {
        let name = bytes(name);
        let old = self.names.remove(&|entry: &Entry| entry.name_bytes().cmp(&name))?;
        self.count(old.name().namespace(), |count| count - 1);
        let hashed = self.hashed(&old);
        self.hashes.remove(&|other: &Hashed| other.order(&hashed));
        for (index, trees) in self.indexes.iter_mut().enumerate() {
            for (tree, length) in trees.iter_mut().zip(1..) {
                for gone in postings(&old, index, length) {
                    tree.remove(&|posting: &Posting| posting.order(&gone));
                }
            }
        }
        Some(old)
    }

    pub(super) fn get(&self, query: &Query<'_>) -> Result<List, Error> {
        let position = self.check(query)?;
        let names = |range| List::names(self.names.clone(), range);
        let list = match query.prefix {
            [] => names(0..self.names.len()),
            [namespace] if self.is_by_name(position) => names(self.namespace(namespace)),
            [namespace, name] if self.is_by_name(position) => {
                List::one(self.entry(NameRef::new(namespace, name)).cloned())
            }
            prefix => {
                let tree = &self.indexes[position][prefix.len() - 1];
                List::postings(tree.clone(), tree.equal_range(|posting| cmp_prefix(posting, prefix)))
            }
        };
        match query.labels.filter(|labels| !labels.is_empty()) {
            None => Ok(list),
            Some(labels) if self.schema.drops_labels() => Err(Error::NoLabels { selector: labels.to_string() }),
            Some(labels) if !self.schema.keeps_labels() => Err(Error::LabelsElsewhere { selector: labels.to_string() }),
            Some(labels) => {
                Ok(list.filtered(|entry| entry.object().is_some_and(|object| labels.matches(|key| object.label(key)))))
            }
        }
    }

    pub(super) fn keys(&self, query: &Query<'_>) -> Result<Vec<IndexKey>, Error> {
        let position = self.check(query)?;
        if self.is_by_name(position) {
            let names = self.get(&Query { labels: None, ..*query })?;
            return Ok(names
                .iter()
                .map(|entry| IndexKey::new([entry.name().namespace(), entry.name().name()]))
                .collect());
        }
        let Some(tree) = self.indexes[position].last() else { return Ok(Vec::new()) };
        let Range { mut start, end } = tree.equal_range(|posting| cmp_prefix(posting, query.prefix));
        let mut keys = Vec::new();
        while let Some(posting) = tree.at(start).filter(|_| start < end) {
            keys.push(posting.index_key());
            start = tree.equal_range(|other| other.components().cmp(posting.components())).end;
        }
        Ok(keys)
    }

    pub(super) fn unindexed(&self, index: &str) -> Result<impl Iterator<Item = (NameRef<'_>, KeyProblem)>, Error> {
        let position = self.position(index)?;
        let by_name = self.is_by_name(position);
        let entries = self.names.range(0..if by_name { 0 } else { self.names.len() });
        Ok(entries.filter_map(move |entry| Some((entry.name(), entry.problem(position)?))))
    }

    fn is_by_name(&self, position: usize) -> bool {
        self.schema.indexes()[position].is_by_name()
    }

    fn position(&self, index: &str) -> Result<usize, Error> {
        let unknown = || Error::UnknownIndex { index: index.to_owned(), known: self.schema.names() };
        self.schema.position(index).ok_or_else(unknown)
    }

    fn check(&self, query: &Query<'_>) -> Result<usize, Error> {
        let position = self.position(query.index)?;
        let (given, declared) = (query.prefix.len(), self.schema.indexes()[position].components());
        if given > declared {
            return Err(Error::TooManyComponents { index: query.index.to_owned(), given, declared });
        }
        Ok(position)
    }
}

fn bytes(name: NameRef<'_>) -> (&[u8], &[u8]) {
    (name.namespace().as_bytes(), name.name().as_bytes())
}

/// Compares the first components of a posting with a prefix; one that starts with it is equal to it.
fn cmp_prefix(posting: &Posting, prefix: &[&str]) -> Ordering {
    posting.components().take(prefix.len()).cmp(prefix.iter().map(|component| component.as_bytes()))
}

/// The places of an entry in an index of prefixes of one length: one for each prefix that its keys have.
fn postings(entry: &Entry, index: usize, length: usize) -> impl Iterator<Item = Posting> {
    let posting =
        move |key: usize| Posting { entry: entry.clone(), index: index as u16, length: length as u16, key: key as u16 };
    // The keys are ordered.
    let repeats = move |key: usize| key > 0 && entry.key(index, key, length).eq(entry.key(index, key - 1, length));
    (0..entry.key_count(index)).filter(move |key| !repeats(*key)).map(posting)
}
