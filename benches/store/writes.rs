//! From bytes to an object, and from bytes to what readers see.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};

use crate::corpus::Corpus;
use crate::peers::{Literal, Memory, Peer, Reflector};
use crate::sample::Sample;
use crate::{Group, at_each_size, id, sizes, wanted};

/// One object of each kind, and bytes in a second: `decode/Pod/this crate`.
pub fn decode(criterion: &mut Criterion) {
    if !wanted("decode") {
        return;
    }
    let corpus = Corpus::new(sizes()[0].min(1_000));
    let mut group = criterion.benchmark_group("decode");
    for kind in corpus.kinds() {
        let lines = Sample::new(&corpus, kind).lines();
        let bytes: usize = lines.iter().map(Vec::len).sum();
        group.throughput(Throughput::Bytes((bytes / lines.len()) as u64));
        decode_with::<Memory>(&mut group, kind, &lines);
        decode_with::<Literal>(&mut group, kind, &lines);
        decode_with::<Reflector>(&mut group, kind, &lines);
    }
}

fn decode_with<P: Peer>(group: &mut Group, kind: &str, lines: &[Vec<u8>]) {
    let peer = P::new(kind);
    let mut lines = lines.iter().cycle();
    group.bench_function(BenchmarkId::new(kind, P::NAME), |bencher| {
        bencher.iter(|| lines.next().map(|line| peer.decode(black_box(line))));
    });
}

/// One Ingress that has changed, in a store of so many, from its bytes until readers see it.
pub fn apply(criterion: &mut Criterion) {
    at_each_size(criterion, "apply", "Ingress", |group, sample| {
        apply_to::<Memory>(group, sample);
        if sample.fits_peers() {
            apply_to::<Literal>(group, sample);
            apply_to::<Reflector>(group, sample);
        }
    });
}

fn apply_to<P: Peer>(group: &mut Group, sample: &Sample) {
    let mut peer = sample.store::<P>();
    let edits = sample.edits();
    let mut edits = edits.iter().cycle();
    group.bench_function(id(sample, P::NAME), |bencher| {
        bencher.iter(|| {
            let edit = edits.next().expect("there are objects");
            let object = peer.decode(black_box(edit));
            peer.apply(object);
        });
    });
    assert_eq!(peer.list(), sample.names.len());
}
