//! One Ingress that has changed and is decoded already, stored among so many and found by three indexes.

use criterion::{BatchSize, Criterion};
use kube_indexed_store::store::Scope;
use kube_indexed_store::{Indexed, Indexer, MemoryStore, Store, StoreExt};

use crate::{at_each_size, id};

/// By name, by host, and by owner.
fn indexer() -> Indexer {
    let indexer = Indexer::builder().index("by-host", ["spec.rules[*].host"]);
    indexer.index("by-owner", ["metadata.labels.owner"]).build().expect("an indexer")
}

pub fn publish(criterion: &mut Criterion) {
    let indexer = indexer();
    let decode = |text: &[u8]| -> Indexed {
        indexer.decode(text).ok().and_then(|decoded| decoded.matching()).expect("an object that has a name")
    };
    at_each_size(criterion, "publish", "Ingress", |group, sample| {
        let store = MemoryStore::for_indexer(&indexer);
        let mut reset = store.reset(Scope::All);
        sample.all().for_each(|line| reset.push(decode(&line)).expect("its keys fit"));
        reset.commit(None);
        let edits: Vec<Indexed> = sample.edits().iter().map(|edit| decode(edit)).collect();
        let mut edits = edits.iter().cycle();
        let mut edit = || edits.next().expect("there are objects").clone();
        group.bench_function(id(sample, "this crate"), |bencher| {
            bencher.iter_batched(&mut edit, |edit| store.apply(edit).expect("its keys fit"), BatchSize::SmallInput);
        });
        assert_eq!(store.len(), sample.names.len());
    });
}
