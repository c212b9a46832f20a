//! The trees behind a snapshot, and how one write changes them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::entry::{Entry, Posting};
use super::{Error, List, Query, Revision, Write};
use crate::index::Tree;
use crate::indexer::{IndexKeys, IndexSpec, Indexed, KeyProblem, MAX_KEYS, Schema};
use crate::{IndexKey, Object, ObjectName, ResourceVersion};

/// Everything a snapshot holds. A clone shares all nodes with the original.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) schema: Schema,
    pub(crate) revision: Revision,
    pub(crate) names: Tree<Arc<Entry>>,
    /// For each index, unless it is by name, a tree for each prefix length: results of any prefix length are in the
    /// one order, and a shorter prefix has its objects scattered in a tree of longer ones.
    indexes: Vec<Vec<Tree<Posting>>>,
}

/// A write that fits the schema.
pub(crate) enum Prepared {
    Apply(Entry),
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
            false => vec![Tree::default(); index.components()],
        };
        let indexes = schema.indexes().iter().map(trees).collect();
        State { schema, revision: Revision::default(), names: Tree::default(), indexes }
    }

    pub(crate) fn entry(&self, name: (&str, &str)) -> Option<&Arc<Entry>> {
        self.names.find(|entry| entry.name.parts().cmp(&name))
    }

    /// The positions of a namespace in the order of names.
    pub(crate) fn namespace(&self, namespace: &str) -> Range<usize> {
        self.names.equal_range(|entry| entry.name.namespace().cmp(namespace))
    }

    /// Checks a write against the schema and brings its keys into the schema's order.
    pub(crate) fn prepare(&self, write: Write) -> Result<Prepared, Error> {
        match write {
            Write::Apply(indexed) => self.entry_of(indexed).map(Prepared::Apply),
            Write::Delete { name, version } => Ok(Prepared::Delete { name, version }),
        }
    }

    pub(crate) fn entry_of(&self, indexed: Indexed) -> Result<Entry, Error> {
        let Indexed { name, uid, version, keys: given, body } = indexed;
        let not_given = || IndexKeys::Absent(KeyProblem::NotGiven);
        let mut keys: Vec<IndexKeys> = self.schema.indexes().iter().map(|_| not_given()).collect();
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
        Ok(Entry {
            name,
            uid,
            version,
            object: body,
            keys: keys.into(),
            schema: self.schema.clone(),
            sequence: AtomicU64::default(),
        })
    }

    /// Whether readers can tell the two apart. It costs what it takes to come to the first difference.
    pub(crate) fn differs(&self, older: &State) -> bool {
        self.names.diff(&older.names).next().is_some()
    }

    /// Puts an entry in the place of the one of its name, wherever that one was indexed.
    ///
    /// What looks the same keeps its identity, so that no difference shows it; what does not is packed before it is kept.
    pub(crate) fn put(&mut self, mut entry: Entry, pack: impl FnOnce(&Object) -> Object) -> Put {
        let old = self.entry(entry.name.parts()).cloned();
        let (entry, outcome) = match &old {
            Some(old) if old.looks_like(&entry) => {
                if old.version == entry.version {
                    return Put::Unchanged;
                }
                (old.renewed(&entry), Put::Invisible)
            }
            _ => {
                entry.object = entry.object.as_ref().map(pack);
                (entry, Put::Visible)
            }
        };
        let entry = Arc::new(entry);
        self.names.insert(Arc::clone(&entry));
        for (position, trees) in self.indexes.iter_mut().enumerate() {
            let found = entry.found(position);
            let before = old.as_ref().map_or(&[][..], |old| old.found(position));
            for (tree, length) in trees.iter_mut().zip(1..) {
                let kept = |key: &IndexKey| found.binary_search_by(|new| new.cmp_first(key, length)).is_ok();
                for key in prefixes(before, length).filter(|key| !kept(key)) {
                    tree.remove(&|posting: &Posting| posting.cmp_to(key, &entry.name));
                }
                for key in prefixes(found, length) {
                    tree.insert(Posting { key: key.clone(), length, entry: Arc::clone(&entry) });
                }
            }
        }
        outcome
    }

    /// Takes out the entry of that name, from every index.
    pub(crate) fn take(&mut self, name: &ObjectName) -> Option<Arc<Entry>> {
        let old = self.names.remove(&|entry: &Arc<Entry>| entry.name.cmp(name))?;
        for (position, trees) in self.indexes.iter_mut().enumerate() {
            for (tree, length) in trees.iter_mut().zip(1..) {
                for key in prefixes(old.found(position), length) {
                    tree.remove(&|posting: &Posting| posting.cmp_to(key, name));
                }
            }
        }
        Some(old)
    }

    pub(super) fn get(&self, query: &Query<'_>) -> Result<List, Error> {
        let position = self.check(query)?;
        let names = self.names.clone();
        let list = match query.prefix {
            [] => List::names(names, 0..self.names.len()),
            [namespace] if self.is_by_name(position) => List::names(names, self.namespace(namespace)),
            [namespace, name] if self.is_by_name(position) => {
                List::names(names, self.names.equal_range(|entry| entry.name.parts().cmp(&(*namespace, *name))))
            }
            prefix => {
                let tree = &self.indexes[position][prefix.len() - 1];
                List::postings(tree.clone(), tree.equal_range(|posting| posting.key.cmp_prefix(prefix)))
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
            return Ok(names.iter().map(|entry| IndexKey::new([entry.name.namespace(), entry.name.name()])).collect());
        }
        let Some(tree) = self.indexes[position].last() else { return Ok(Vec::new()) };
        let Range { mut start, end } = tree.equal_range(|posting| posting.key.cmp_prefix(query.prefix));
        let mut keys = Vec::new();
        while let Some(posting) = tree.at(start).filter(|_| start < end) {
            keys.push(posting.key.clone());
            start = tree.equal_range(|other| other.key.cmp(&posting.key)).end;
        }
        Ok(keys)
    }

    pub(super) fn unindexed(&self, index: &str) -> Result<impl Iterator<Item = (&ObjectName, &KeyProblem)>, Error> {
        let position = self.position(index)?;
        let by_name = self.is_by_name(position);
        let entries = self.names.range(0..if by_name { 0 } else { self.names.len() });
        Ok(entries.filter_map(move |entry| Some((&entry.name, entry.problem(position)?))))
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

/// The keys that differ in their first components; `keys` are ordered.
fn prefixes(keys: &[IndexKey], length: usize) -> impl Iterator<Item = &IndexKey> {
    let same = move |pair: (&IndexKey, &IndexKey)| pair.0.cmp_first(pair.1, length).is_eq();
    keys.iter().enumerate().filter(move |(at, key)| *at == 0 || !same((&keys[at - 1], key))).map(|(_, key)| key)
}
