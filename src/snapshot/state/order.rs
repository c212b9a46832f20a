//! The orders of the trees: how what they keep is compared, and which keys stand for an entry.

use std::cmp::Ordering;

use crate::NameRef;
use crate::snapshot::entry::{Entry, Hashed, Posting};
use crate::table::Table;

pub(super) fn bytes(name: NameRef<'_>) -> (&[u8], &[u8]) {
    (name.namespace().as_bytes(), name.name().as_bytes())
}

/// Compares the name of an entry with one.
pub(super) fn named<'n>(entries: &'n Table<Entry>, name: (&'n [u8], &'n [u8])) -> impl Fn(&u32) -> Ordering + 'n {
    move |number| entries.get(*number).map(Entry::name_bytes).cmp(&Some(name))
}

/// Compares the hash of a name, then the name.
pub(super) fn hashed<'n>(
    entries: &'n Table<Entry>,
    hash: u32,
    name: (&'n [u8], &'n [u8]),
) -> impl Fn(&Hashed) -> Ordering + 'n {
    let named = named(entries, name);
    move |other| other.hash.cmp(&hash).then_with(|| named(&other.number))
}

/// Compares the first components of a key, then the name, with those of an entry.
pub(super) fn posted<'e>(
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
pub(super) fn postings(entry: &Entry, index: usize, length: usize) -> impl Iterator<Item = usize> {
    (0..entry.key_count(index)).filter(move |key| stands(entry, *key, index, length))
}

/// Whether a key stands for the entry: it has no key before it with that prefix. The keys are ordered.
pub(super) fn stands(entry: &Entry, key: usize, index: usize, length: usize) -> bool {
    key == 0 || !entry.key(index, key, length).eq(entry.key(index, key - 1, length))
}

/// Whether a key that stands for one of two entries stands for the other in the same way.
pub(super) fn stays(key: usize, (entry, other): (&Entry, &Entry), index: usize, length: usize) -> bool {
    let same = || entry.key(index, key, length).eq(other.key(index, key, length));
    key < other.key_count(index) && same() && stands(other, key, index, length)
}
