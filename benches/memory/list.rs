//! Lists, read as the watcher reads them: a page is decoded, then told to a store, then the next one is read.

use std::borrow::Cow;

use kube_indexed_store::indexer::Decoded;
use kube_indexed_store::store::Scope;
use kube_indexed_store::{Indexed, Indexer, MemoryStore, Store};

use crate::heap;

/// How many objects the watcher asks for at a time.
const PAGE: usize = 500;

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

/// The most bytes that were held while a list was read, beside what was before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peaks {
    /// By the store alone: between pages, and while all that was listed takes the place of what was there.
    pub store: usize,
    /// With the decoded objects of a page.
    pub decoded: usize,
    /// With its text as well.
    pub page: usize,
}

impl Peaks {
    /// The same when so many bytes are counted too that were held before.
    pub fn with(self, held: usize) -> Peaks {
        Peaks { store: self.store + held, decoded: self.decoded + held, page: self.page + held }
    }

    /// As multiples of what is held in the end.
    pub fn of(self, held: usize) -> [f64; 3] {
        [self.store, self.decoded, self.page].map(|peak| peak as f64 / held as f64)
    }
}

/// As [`fill`], and tells what is held meanwhile.
pub fn peaks<'l>(store: &MemoryStore, indexer: &Indexer, lines: impl Iterator<Item = Cow<'l, [u8]>>) -> Peaks {
    let before = heap::held();
    let mut peaks = Peaks::default();
    let mut lines = lines.fuse();
    let mut reset = store.reset(Scope::All);
    loop {
        let text_before = heap::held();
        peaks.store = peaks.store.max(text_before.saturating_sub(before));
        let page: Vec<Vec<u8>> = lines.by_ref().take(PAGE).map(Cow::into_owned).collect();
        let text = heap::held().saturating_sub(text_before);
        if page.is_empty() {
            break;
        }
        let ((), peak) = heap::peak(|| {
            let decoded: Vec<Indexed> = page.iter().map(|line| decode(indexer, line)).collect();
            decoded.into_iter().for_each(|indexed| reset.push(indexed).expect("its keys fit"));
        });
        peaks.decoded = peaks.decoded.max(peak.saturating_sub(before + text));
        peaks.page = peaks.page.max(peak.saturating_sub(before));
    }
    let (_, peak) = heap::peak(|| reset.commit(None));
    peaks.store = peaks.store.max(peak.saturating_sub(before));
    Peaks { decoded: peaks.decoded.max(peaks.store), page: peaks.page.max(peaks.store), ..peaks }
}
