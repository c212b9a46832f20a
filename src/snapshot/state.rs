//! The trees behind a snapshot, and how one write changes them.

use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::entry::{Entry, Hashed, Namespace, NewEntry, Posting};
use super::{Error, List, Query, Revision, Write};
use crate::index::Tree;
use crate::indexer::{IndexKeys, IndexSpec, Indexed, KeyProblem, MAX_KEYS, Schema};
use crate::object::Packer;
use crate::table::Table;
use crate::{IndexKey, NameRef, ObjectName, ResourceVersion};

/// Everything a snapshot holds. A clone shares all nodes with the original.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) schema: Schema,
    pub(crate) revision: Revision,
    /// The entries, by the numbers that everything else here knows them by.
    entries: Table<Entry>,
    /// In the order of names.
    names: Tree<u32>,
    /// In the order of the hashes of names.
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
            entries: Table::default(),
            names: Tree::default(),
            hashes: Tree::default(),
            namespaces: Tree::default(),
            hasher: DefaultHashBuilder::default(),
            indexes,
        }
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn entry(&self, name: NameRef<'_>) -> Option<&Entry> {
        self.entries.get(self.number(name)?)
    }

    fn number(&self, name: NameRef<'_>) -> Option<u32> {
        let name = bytes(name);
        let hash = self.hash(name);
        self.hashes.find(hashed(&self.entries, hash, name)).map(|hashed| hashed.number)
    }

    fn hash(&self, name: (&[u8], &[u8])) -> u32 {
        self.hasher.hash_one(name) as u32
    }

    /// The position of a name in the order of names, if there is an entry of it.
    pub(crate) fn position_of(&self, name: &ObjectName) -> Range<usize> {
        self.names.equal_range(named(&self.entries, bytes(name.as_name_ref())))
    }

    /// The entries at these positions in the order of names.
    pub(crate) fn range(&self, range: Range<usize>) -> impl Iterator<Item = &Entry> {
        self.names.range(range).filter_map(|number| self.entries.get(*number))
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
            0 => drop(self.namespaces.remove(probe)),
            count => drop(self.namespaces.insert(Namespace { name, count }, probe)),
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

    /// Packs all entries anew, which changes nothing that can be seen. Numbers are given anew where few are in use.
    pub(crate) fn repack(&mut self, packer: &mut Packer) {
        if self.entries.is_sparse() {
            let mut dense = State { revision: self.revision, ..State::new(self.schema.clone()) };
            self.range(0..self.len()).for_each(|entry| dense.replace(None, entry.clone()));
            *self = dense;
        }
        Entry::repack(self.entries.iter_mut(), packer);
    }

    /// The bytes of the entries, and of the table and the trees.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        let entries = self.range(0..self.len()).map(Entry::bytes).sum();
        let names = self.entries.bytes() + self.names.bytes() + self.hashes.bytes();
        let namespaces = self.namespaces.bytes() + self.namespaces.items().map(Namespace::bytes).sum::<usize>();
        (entries, names + namespaces + self.indexes.iter().flatten().map(Tree::bytes).sum::<usize>())
    }

    /// What packs entries for this schema.
    pub(crate) fn packer(&self) -> Packer {
        // An index by name has no keys of its own.
        let components = |index: &IndexSpec| if index.is_by_name() { 0 } else { index.components() };
        Packer::new(self.schema.indexes().iter().map(|index| (index.shared_name(), components(index))))
    }

    /// Whether readers can tell the two apart. It costs what was written in between.
    pub(crate) fn differs(&self, older: &State) -> bool {
        self.len() != older.len() || !self.diff(older).is_empty()
    }

    /// Whether it is time to number all entries anew.
    pub(crate) fn is_sparse(&self) -> bool {
        self.entries.is_sparse()
    }

    /// What is not as it was, in the order of names.
    pub(super) fn diff<'s>(&'s self, older: &'s State) -> Vec<(Option<&'s Entry>, Option<&'s Entry>)> {
        let (mut changed, mut gone, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for (old, new) in self.entries.diff(&older.entries, Entry::is_same) {
            match (old, new) {
                (Some(a), Some(b)) if a.name_bytes() == b.name_bytes() => {
                    changed.extend((!a.unchanged(b)).then_some((old, new)));
                }
                // A number was given to another name.
                _ => {
                    gone.extend(old);
                    added.extend(new);
                }
            }
        }
        // What went may have come back under another number.
        gone.sort_unstable_by_key(|entry| entry.name_bytes());
        let mut back = vec![false; gone.len()];
        for new in added {
            let old = gone.binary_search_by_key(&new.name_bytes(), |entry| entry.name_bytes()).ok();
            old.into_iter().for_each(|at| back[at] = true);
            let old = old.map(|at| gone[at]);
            changed.extend(old.is_none_or(|old| !old.unchanged(new)).then_some((old, Some(new))));
        }
        changed.extend(gone.into_iter().zip(back).filter(|(_, back)| !back).map(|(old, _)| (Some(old), None)));
        changed.sort_unstable_by_key(|(old, new)| new.or(*old).map(Entry::name_bytes));
        changed
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

    fn replace(&mut self, held: Option<(u32, Entry)>, entry: Entry) {
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

    pub(super) fn list(&self) -> List {
        self.named(0..self.len())
    }

    fn named(&self, range: Range<usize>) -> List {
        List::names(self.entries.clone(), self.names.clone(), range)
    }

    pub(super) fn get(&self, query: &Query<'_>) -> Result<List, Error> {
        let position = self.check(query)?;
        let list = match query.prefix {
            [] => self.list(),
            [namespace] if self.is_by_name(position) => self.named(self.namespace(namespace)),
            [namespace, name] if self.is_by_name(position) => {
                List::one(self.entry(NameRef::new(namespace, name)).cloned())
            }
            prefix => {
                let tree = &self.indexes[position][prefix.len() - 1];
                List::postings(self.entries.clone(), tree.clone(), tree.equal_range(self.prefixed(position, prefix)))
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
        let Range { mut start, end } = tree.equal_range(self.prefixed(position, query.prefix));
        let mut keys = Vec::new();
        while start < end {
            let Some(Posting { number, key }) = tree.at(start) else { break };
            let Some(entry) = self.entries.get(*number) else { break };
            let found = entry.index_key(position, (*key).into());
            let components: Vec<&str> = found.components().collect();
            start = tree.equal_range(self.prefixed(position, &components)).end;
            keys.push(found);
        }
        Ok(keys)
    }

    /// Compares the first components of a posting in an index with a prefix; one that starts with it is equal to it.
    fn prefixed<'p>(&'p self, index: usize, prefix: &'p [&str]) -> impl Fn(&Posting) -> Ordering + 'p {
        move |posting| {
            let entry = self.entries.get(posting.number);
            let own = entry.into_iter().flat_map(|entry| entry.key(index, posting.key.into(), prefix.len()));
            own.cmp(prefix.iter().map(|component| component.as_bytes()))
        }
    }

    pub(super) fn unindexed(&self, index: &str) -> Result<impl Iterator<Item = (NameRef<'_>, KeyProblem)>, Error> {
        let position = self.position(index)?;
        let by_name = self.is_by_name(position);
        let entries = self.range(0..if by_name { 0 } else { self.len() });
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

/// The most bytes that a name, a uid or a version has: with more than that, not everything would fit that does.
const MAX_IDENTITY: usize = 1 << 20;

fn check_length(field: &'static str, text: &str) -> Result<(), Error> {
    match text.len() {
        ..=MAX_IDENTITY => Ok(()),
        bytes => Err(Error::TooLong { field, start: text.chars().take(32).collect(), bytes, most: MAX_IDENTITY }),
    }
}

fn bytes(name: NameRef<'_>) -> (&[u8], &[u8]) {
    (name.namespace().as_bytes(), name.name().as_bytes())
}

/// Compares the name of an entry with one.
fn named<'n>(entries: &'n Table<Entry>, name: (&'n [u8], &'n [u8])) -> impl Fn(&u32) -> Ordering + 'n {
    move |number| entries.get(*number).map(Entry::name_bytes).cmp(&Some(name))
}

/// Compares the hash of a name, then the name.
fn hashed<'n>(entries: &'n Table<Entry>, hash: u32, name: (&'n [u8], &'n [u8])) -> impl Fn(&Hashed) -> Ordering + 'n {
    let named = named(entries, name);
    move |other| other.hash.cmp(&hash).then_with(|| named(&other.number))
}

/// Compares the first components of a key, then the name, with those of an entry.
fn posted<'e>(
    entries: &'e Table<Entry>,
    (entry, key): (&'e Entry, usize),
    index: usize,
    length: usize,
) -> impl Fn(&Posting) -> Ordering + 'e {
    let (components, named) = (entry.key(index, key, length), named(entries, entry.name_bytes()));
    move |posting| {
        let other = entries.get(posting.number);
        let other = other.into_iter().flat_map(|other| other.key(index, posting.key.into(), length));
        other.cmp(components.clone()).then_with(|| named(&posting.number))
    }
}

/// The keys of an entry that stand for it in an index of prefixes of one length: one for each prefix.
fn postings(entry: &Entry, index: usize, length: usize) -> impl Iterator<Item = usize> {
    (0..entry.key_count(index)).filter(move |key| stands(entry, *key, index, length))
}

/// Whether a key stands for the entry: it has no key before it with that prefix. The keys are ordered.
fn stands(entry: &Entry, key: usize, index: usize, length: usize) -> bool {
    key == 0 || !entry.key(index, key, length).eq(entry.key(index, key - 1, length))
}

/// Whether a key that stands for one of two entries stands for the other in the same way.
fn stays(key: usize, (entry, other): (&Entry, &Entry), index: usize, length: usize) -> bool {
    let same = || entry.key(index, key, length).eq(other.key(index, key, length));
    key < other.key_count(index) && same() && stands(other, key, index, length)
}
