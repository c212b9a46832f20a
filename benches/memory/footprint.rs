//! What the objects of one kind take: in this crate, and in its peers.

use std::borrow::Cow;

use kube::api::DynamicObject;
use kube_indexed_store::{Indexer, MemoryStore, Store};
use serde_json::Value;

use crate::corpus::{Corpus, Wire, remove_noise};
use crate::heap;
use crate::list;
use crate::peers::{Literal, Peer, Reflector};

/// Of so many objects texts are measured and peers are filled, which may take a hundred times as much.
const SAMPLE: usize = 20_000;

/// Bytes for each object, unless it says otherwise.
pub struct Footprint {
    pub objects: usize,
    /// As JSON without what no reader wants.
    pub text: f64,
    /// What this crate takes, without indexes: objects, and what they have in common.
    pub content: f64,
    /// The index by name.
    pub index: f64,
    /// A further index, for each of its entries.
    pub entry: f64,
    /// The keys of it in the objects: one that others have too, and one that nothing else has.
    pub keys: [f64; 2],
    /// The literal port, whose objects are `serde_json::Value`s.
    pub value: f64,
    /// kube's reflector of `DynamicObject`s, as they come.
    pub dynamic: f64,
    /// The same without what no reader wants, as one tells it to by `modify`.
    pub modified: f64,
    /// The most bytes of all objects together during the first list, and during another one that changes nothing.
    pub peaks: [usize; 2],
    /// All bytes after it.
    pub steady: usize,
}

impl Footprint {
    pub fn measure(corpus: &Corpus, kind: &str) -> Footprint {
        let objects = corpus.len(kind);
        let each = |bytes: usize, objects: usize| bytes as f64 / objects as f64;
        let sample = objects.min(if kind == "EndpointSlice" { SAMPLE / 4 } else { SAMPLE });
        let texts: Vec<_> = (0..sample).map(|position| corpus.line(kind, position)).collect();
        let lines = || texts.iter().map(|line| Cow::Borrowed(&**line));
        let text: usize = lines().map(|line| filtered(&line)).sum();

        let indexer = Indexer::default();
        let mut first = 0;
        let (store, steady) = heap::of(|| {
            let store = MemoryStore::for_indexer(&indexer);
            first = list::peak(&store, &indexer, corpus.lines(kind));
            store
        });
        let told = store.memory();
        assert_eq!(told.objects, objects, "{kind}: names repeat");
        assert!(
            told.total().abs_diff(steady) * 100 < steady + 400_000,
            "{kind} takes {steady} bytes, and tells {told}"
        );
        let another = steady + list::peak(&store, &indexer, corpus.lines(kind));
        drop(store);

        let (entry, shared) = further_index(lines, "metadata.namespace");
        let (_, unique) = further_index(lines, "metadata.uid");
        Footprint {
            objects,
            text: each(text, sample),
            content: each(steady - told.index_bytes, objects),
            index: each(told.index_bytes, objects),
            entry,
            keys: [shared, unique],
            value: each(heap::bytes(|| Literal::filled(kind, lines())), sample),
            dynamic: each(heap::bytes(|| unmodified(kind, lines())), sample),
            modified: each(heap::bytes(|| Reflector::filled(kind, lines())), sample),
            peaks: [first, another],
            steady,
        }
    }

    /// What is taken of what the text would take.
    pub fn share(&self) -> f64 {
        self.content / self.text
    }

    /// The peaks as multiples of what is held in the end.
    pub fn peaks(&self) -> [f64; 2] {
        self.peaks.map(|peak| peak as f64 / self.steady as f64)
    }

    /// How many times what this crate takes, index included, a reflector takes.
    pub fn times_dynamic(&self) -> f64 {
        self.dynamic / (self.content + self.index)
    }

    pub fn times_modified(&self) -> f64 {
        self.modified / (self.content + self.index)
    }
}

/// The length of the text of an object without what no reader wants.
fn filtered(line: &[u8]) -> usize {
    let mut object: Value = serde_json::from_slice(line).expect("an object");
    remove_noise(&mut object);
    Wire::text(&object).len()
}

/// What an index more takes for each entry, in itself and in the objects.
fn further_index<'l, L: Iterator<Item = Cow<'l, [u8]>>>(lines: impl Fn() -> L, path: &str) -> (f64, f64) {
    let memory = |indexer: Indexer| {
        let store = MemoryStore::for_indexer(&indexer);
        list::fill(&store, &indexer, lines());
        store.memory()
    };
    let without = memory(Indexer::default());
    let with = memory(Indexer::builder().index("another", [path]).build().expect("an indexer"));
    let objects = without.objects as f64;
    let each = |with: usize, without: usize| with.saturating_sub(without) as f64 / objects;
    (each(with.index_bytes, without.index_bytes), each(with.object_bytes, without.object_bytes))
}

/// A reflector of objects as they come.
fn unmodified<'l>(kind: &str, lines: impl Iterator<Item = Cow<'l, [u8]>>) -> Reflector {
    let mut reflector = Reflector::new(kind);
    for line in lines {
        let object: DynamicObject = serde_json::from_slice(&line).expect("an object");
        reflector.apply(object);
    }
    reflector
}
