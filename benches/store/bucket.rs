//! Many objects under one key of the default index, such as those of a namespace, applied one by one: how long all of
//! them take. A store that looks through what is under the key for each of them takes the square of their number.

use std::time::Instant;

use criterion::{BatchSize, BenchmarkId, Criterion};
use kube_indexed_store::{Indexed, Indexer, MemoryStore, StoreExt};
use serde_json::{Value, json};

use crate::corpus::{Corpus, Wire};
use crate::peers::{Literal, Peer, Reflector};
use crate::{Group, measuring, wanted};

/// The Services of one namespace, as texts.
fn members(count: usize) -> Vec<String> {
    let corpus = Corpus::new(count);
    let kind = "Service";
    let member = |position: usize| {
        // Of a folder that has fewer, some come again under other names.
        let line = corpus.line(kind, position % corpus.len(kind));
        let mut object: Value = serde_json::from_slice(&line).expect("an object");
        object["metadata"]["namespace"] = json!("shop");
        object["metadata"]["name"] = json!(format!("member-{position}"));
        Wire::text(&object)
    };
    (0..count).map(member).collect()
}

pub fn bucket(criterion: &mut Criterion) {
    if !wanted("bucket") {
        return;
    }
    let texts = members(if measuring() { 10_000 } else { 100 });
    let mut group = criterion.benchmark_group("bucket");
    group.sample_size(10);

    let indexer = Indexer::builder().index_by(["metadata.namespace"]).build().expect("an indexer");
    let decode = |text: &String| indexer.decode(text.as_bytes()).ok().and_then(|decoded| decoded.matching());
    let objects: Vec<Indexed> = texts.iter().map(decode).collect::<Option<_>>().expect("objects that have names");
    let fill = |objects: Vec<Indexed>| {
        let store = MemoryStore::for_indexer(&indexer);
        objects.into_iter().for_each(|object| drop(store.apply(object)));
        store
    };
    assert_eq!(fill(objects.clone()).len(), texts.len());
    measure(&mut group, "this crate", &objects, fill);
    square(&mut group, &texts);
    measure_peer(&mut group, &texts, || Reflector::new("Service"));
}

/// The literal port, filled once: it takes far too long to do it again and again.
fn square(group: &mut Group, texts: &[String]) {
    let fill = || {
        let mut literal = Literal::by_namespace();
        let objects: Vec<Value> = texts.iter().map(|text| literal.decode(text.as_bytes())).collect();
        let started = Instant::now();
        objects.into_iter().for_each(|object| literal.apply(object));
        started.elapsed()
    };
    let mut once = None;
    group.bench_function(BenchmarkId::new(texts.len().to_string(), "literal port, once"), |bencher| {
        bencher.iter_custom(|times| *once.get_or_insert_with(fill) * times as u32);
    });
}

fn measure_peer<P: Peer<Decoded: Clone>>(group: &mut Group, texts: &[String], new: impl Fn() -> P) {
    let decoder = new();
    let objects: Vec<P::Decoded> = texts.iter().map(|text| decoder.decode(text.as_bytes())).collect();
    measure(group, P::NAME, &objects, |objects| {
        let mut peer = new();
        objects.into_iter().for_each(|object| peer.apply(object));
        peer
    });
}

fn measure<O: Clone, S>(group: &mut Group, who: &str, objects: &[O], fill: impl Fn(Vec<O>) -> S) {
    group.bench_function(BenchmarkId::new(objects.len().to_string(), who), |bencher| {
        bencher.iter_batched(|| objects.to_vec(), &fill, BatchSize::LargeInput);
    });
}
