//! Lists, read as the watcher reads them: each object is decoded and told to the store before the next one is there.

use std::borrow::Cow;

use kube_indexed_store::indexer::Decoded;
use kube_indexed_store::store::Scope;
use kube_indexed_store::{Indexed, Indexer, MemoryStore, Store};

use crate::heap;

pub fn decode(indexer: &Indexer, line: &[u8]) -> Indexed {
    match indexer.decode(line).expect("an object that has a name") {
        Decoded::Matching(indexed) => indexed,
        Decoded::Unmatched { name, .. } => panic!("{name} does not match"),
    }
}

/// Replaces what the store holds by these objects.
pub fn fill<'l>(store: &MemoryStore, indexer: &Indexer, lines: impl Iterator<Item = Cow<'l, [u8]>>) {
    let mut reset = store.reset(Scope::All);
    lines.for_each(|line| reset.push(decode(indexer, &line)).expect("its keys fit"));
    reset.commit(None);
}

/// As [`fill`], and tells the most bytes that were held meanwhile, beside what was before and the texts.
pub fn peak<'l>(store: &MemoryStore, indexer: &Indexer, lines: impl Iterator<Item = Cow<'l, [u8]>>) -> usize {
    let before = heap::held();
    let mut reset = store.reset(Scope::All);
    let mut most = 0;
    for line in lines {
        let line = line.into_owned();
        let ((), peak) = heap::peak(|| reset.push(decode(indexer, &line)).expect("its keys fit"));
        most = most.max(peak.saturating_sub(before + line.len()));
    }
    let (_, peak) = heap::peak(|| reset.commit(None));
    most.max(peak.saturating_sub(before))
}
