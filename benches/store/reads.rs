//! One object, a namespace, everything: Ingresses, in order.

use std::hint::black_box;

use criterion::Criterion;
use kube_indexed_store::{Query, Store};

use crate::peers::{Literal, Memory, Peer, Reflector};
use crate::sample::Sample;
use crate::{Group, at_each_size, id};

/// One by namespace and name, any of them.
pub fn exact(criterion: &mut Criterion) {
    at_each_size(criterion, "exact get", "Ingress", |group, sample| {
        exact_of(group, sample, &sample.store::<Memory>());
        if sample.fits_peers() {
            exact_of(group, sample, &sample.store::<Literal>());
            exact_of(group, sample, &sample.store::<Reflector>());
        }

        let snapshot = sample.store::<Memory>().store.snapshot();
        let mut names = sample.names.iter().cycle();
        group.bench_function(id(sample, "this crate, in a snapshot at hand"), |bencher| {
            bencher.iter(|| names.next().map(|(namespace, name)| black_box(snapshot.entry(namespace, name)).is_some()));
        });
    });
}

fn exact_of<P: Peer>(group: &mut Group, sample: &Sample, peer: &P) {
    assert!(sample.names.iter().all(|(namespace, name)| peer.exact(namespace, name)));
    let mut names = sample.names.iter().cycle();
    group.bench_function(id(sample, P::NAME), |bencher| {
        bencher.iter(|| names.next().map(|(namespace, name)| peer.exact(namespace, name)));
    });
}

/// A namespace of about a hundred, and, as answers are handles, how long it takes to hold one without reading it.
pub fn prefix(criterion: &mut Criterion) {
    at_each_size(criterion, "prefix get", "Ingress", |group, sample| {
        let memory = sample.store::<Memory>();
        prefix_of(group, sample, &memory);
        let (namespace, members) = (&*sample.namespace.0, sample.namespace.1);
        group.bench_function(id(sample, "this crate, not read"), |bencher| {
            bencher.iter(|| {
                let found = memory.store.get(Query::prefix(black_box(&[namespace]))).map(|get| get.now());
                assert!(found.is_ok_and(|found| found.is_some_and(|found| found.len() == members)));
            });
        });
        drop(memory);
        if sample.fits_peers() {
            prefix_of(group, sample, &sample.store::<Literal>());
            prefix_of(group, sample, &sample.store::<Reflector>());
        }
    });
}

fn prefix_of<P: Peer>(group: &mut Group, sample: &Sample, peer: &P) {
    let (namespace, members) = &sample.namespace;
    assert_eq!(peer.prefix(namespace), *members);
    group.bench_function(id(sample, P::NAME), |bencher| bencher.iter(|| peer.prefix(black_box(namespace))));
}

pub fn list(criterion: &mut Criterion) {
    at_each_size(criterion, "list", "Ingress", |group, sample| {
        list_of(group, sample, &sample.store::<Memory>());
        if sample.fits_peers() {
            list_of(group, sample, &sample.store::<Literal>());
            list_of(group, sample, &sample.store::<Reflector>());
        }
    });
}

fn list_of<P: Peer>(group: &mut Group, sample: &Sample, peer: &P) {
    assert_eq!(peer.list(), sample.names.len());
    group.bench_function(id(sample, P::NAME), |bencher| bencher.iter(|| peer.list()));
}
