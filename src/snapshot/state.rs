//! The trees behind a snapshot.

use std::hash::BuildHasher;
use std::ops::Range;

use hashbrown::DefaultHashBuilder;

use super::Revision;
use super::entry::{Entry, Hashed, Namespace, Posting};
use crate::index::Tree;
use crate::indexer::{IndexSpec, Schema};
use crate::object::Packer;
use crate::table::Table;
use crate::{NameRef, ObjectName};

mod order;
mod read;
mod write;

use order::{bytes, hashed, named};
pub(crate) use write::{Prepared, Put};

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
}
