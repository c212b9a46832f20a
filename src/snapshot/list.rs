//! The answer to a query: a handle, not a copy.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::entry::{Entry, Posting};
use crate::Object;
use crate::index::{Iter, Tree};
use crate::table::Table;

/// Entries ordered by namespace and name, each once. Cheap to clone; it keeps its snapshot's nodes alive.
///
/// # Complexity
///
/// `len` is O(1), `at` O(log n), iteration O(1) for each entry after O(log n).
#[derive(Clone)]
pub struct List(Form);

#[derive(Clone)]
enum Form {
    /// A range of the tree of names.
    Names(Table<Entry>, Tree<u32>, Range<usize>),
    /// A range of an index.
    Postings(Table<Entry>, Tree<Posting>, Range<usize>),
    /// One entry, if it is there.
    One(Option<Entry>),
    /// What a selector left over.
    Picked(Arc<[Entry]>),
}

impl List {
    pub(super) fn names(entries: Table<Entry>, tree: Tree<u32>, range: Range<usize>) -> List {
        List(Form::Names(entries, tree, range))
    }

    pub(super) fn postings(entries: Table<Entry>, tree: Tree<Posting>, range: Range<usize>) -> List {
        List(Form::Postings(entries, tree, range))
    }

    pub(super) fn one(entry: Option<Entry>) -> List {
        List(Form::One(entry))
    }

    pub(crate) fn filtered(&self, keep: impl Fn(&Entry) -> bool) -> List {
        List(Form::Picked(self.iter().filter(|entry| keep(entry)).cloned().collect()))
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Names(.., range) | Form::Postings(.., range) => range.len(),
            Form::One(entry) => usize::from(entry.is_some()),
            Form::Picked(entries) => entries.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at a position.
    pub fn at(&self, position: usize) -> Option<&Entry> {
        let within = |range: &Range<usize>| (position < range.len()).then(|| range.start + position);
        match &self.0 {
            Form::Names(entries, tree, range) => entries.get(*tree.at(within(range)?)?),
            Form::Postings(entries, tree, range) => entries.get(tree.at(within(range)?)?.number),
            Form::One(entry) => entry.as_ref().filter(|_| position == 0),
            Form::Picked(entries) => entries.get(position),
        }
    }

    /// The entries, in order.
    pub fn iter(&self) -> ListIter<'_> {
        self.skip(0)
    }

    /// The entries from a position on.
    pub fn skip(&self, position: usize) -> ListIter<'_> {
        let from = |range: &Range<usize>| range.end.min(range.start.saturating_add(position))..range.end;
        ListIter(match &self.0 {
            Form::Names(entries, tree, range) => IterForm::Names(entries, tree.range(from(range))),
            Form::Postings(entries, tree, range) => IterForm::Postings(entries, tree.range(from(range))),
            Form::One(entry) => IterForm::Picked(entry.as_slice()[position.min(entry.as_slice().len())..].iter()),
            Form::Picked(entries) => IterForm::Picked(entries[position.min(entries.len())..].iter()),
        })
    }

    /// The objects, in order; entries that are references only are passed over.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.iter().filter_map(Entry::object)
    }
}

impl<'l> IntoIterator for &'l List {
    type Item = &'l Entry;
    type IntoIter = ListIter<'l>;

    fn into_iter(self) -> ListIter<'l> {
        self.iter()
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Entry::name)).finish()
    }
}

/// The entries of a [`List`], in order.
#[derive(Clone)]
pub struct ListIter<'l>(IterForm<'l>);

#[derive(Clone)]
enum IterForm<'l> {
    Names(&'l Table<Entry>, Iter<'l, u32>),
    Postings(&'l Table<Entry>, Iter<'l, Posting>),
    Picked(std::slice::Iter<'l, Entry>),
}

impl<'l> Iterator for ListIter<'l> {
    type Item = &'l Entry;

    fn next(&mut self) -> Option<&'l Entry> {
        match &mut self.0 {
            IterForm::Names(entries, iter) => entries.get(*iter.next()?),
            IterForm::Postings(entries, iter) => entries.get(iter.next()?.number),
            IterForm::Picked(iter) => iter.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            IterForm::Names(_, iter) => iter.size_hint(),
            IterForm::Postings(_, iter) => iter.size_hint(),
            IterForm::Picked(iter) => iter.size_hint(),
        }
    }
}

impl ExactSizeIterator for ListIter<'_> {}

impl fmt::Debug for ListIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ListIter({})", self.len())
    }
}
