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
    peaks(store, indexer, lines);
}

/// The most bytes that were held while a list was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peaks {
    /// By the store, and for what was decoded last.
    pub objects: usize,
    /// With the text of the page.
    pub with_text: usize,
}

/// As [`fill`], and tells what is held meanwhile beside what was before.
pub fn peaks<'l>(store: &MemoryStore, indexer: &Indexer, lines: impl Iterator<Item = Cow<'l, [u8]>>) -> Peaks {
    let before = heap::held();
    let mut peaks = Peaks::default();
    let mut lines = lines.fuse();
    let mut reset = store.reset(Scope::All);
    loop {
        let page_before = heap::held();
        let page: Vec<Vec<u8>> = lines.by_ref().take(PAGE).map(Cow::into_owned).collect();
        let text = heap::held() - page_before;
        if page.is_empty() {
            break;
        }
        let ((), peak) = heap::peak(|| {
            let decoded: Vec<Indexed> = page.iter().map(|line| decode(indexer, line)).collect();
            decoded.into_iter().for_each(|indexed| reset.push(indexed).expect("its keys fit"));
        });
        peaks.objects = peaks.objects.max(peak.saturating_sub(before + text));
        peaks.with_text = peaks.with_text.max(peak.saturating_sub(before));
    }
    let (_, peak) = heap::peak(|| reset.commit(None));
    let committing = peak.saturating_sub(before);
    Peaks { objects: peaks.objects.max(committing), with_text: peaks.with_text.max(committing) }
}
