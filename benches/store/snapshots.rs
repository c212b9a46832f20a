//! What consistency costs, and telling what has changed. The peers have neither: with them one copies the list, and
//! compares two of them object by object.

use std::hint::black_box;

use criterion::Criterion;
use kube_indexed_store::Store;

use crate::peers::{Memory, Peer};
use crate::{at_each_size, id};

const CHANGES: usize = 10;

/// The whole store as it is now, to keep.
pub fn snapshot(criterion: &mut Criterion) {
    at_each_size(criterion, "snapshot", "Ingress", |group, sample| {
        let memory = sample.store::<Memory>();
        group.bench_function(id(sample, Memory::NAME), |bencher| bencher.iter(|| black_box(&memory.store).snapshot()));
    });
}

/// What ten changes have made different, all over the store.
pub fn diff(criterion: &mut Criterion) {
    at_each_size(criterion, "diff", "Ingress", |group, sample| {
        let mut memory = sample.store::<Memory>();
        let before = memory.store.snapshot();
        let edits = sample.edits();
        for edit in edits.iter().step_by(edits.len() / 2 / CHANGES).take(CHANGES) {
            let object = memory.decode(edit);
            memory.apply(object);
        }
        let after = memory.store.snapshot();
        assert_eq!(after.diff(&before).changes().len(), CHANGES);
        group.bench_function(id(sample, Memory::NAME), |bencher| bencher.iter(|| black_box(&after).diff(&before)));
    });
}
