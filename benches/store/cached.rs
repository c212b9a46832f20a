//! What on demand costs when the body is remembered: Secrets, of which some are read again and again.
//!
//! What is not remembered costs a request, beside which nothing here would show.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use criterion::Criterion;
use futures::FutureExt;
use futures::future::BoxFuture;
use kube_indexed_store::fetch::{self, Fetch};
use kube_indexed_store::{CachedStore, Indexed, Object, ObjectName, Query, Store, StoreExt};

use crate::peers::{Literal, Memory, Peer};
use crate::sample::Sample;
use crate::{at_each_size, id};

/// How many are read: fewer than are remembered by default.
const HOT: usize = 200;

/// Answers from memory, at once.
struct Server(HashMap<ObjectName, Object>);

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({} objects)", self.0.len())
    }
}

impl Fetch for Server {
    fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, fetch::Error>> {
        let found = self.0.get(name).cloned().and_then(Indexed::new);
        async { Ok(found) }.boxed()
    }
}

/// A store of references to all the objects, and whatever is asked of it a store in memory would answer.
fn cached(sample: &Sample) -> CachedStore {
    let all = sample.store::<Memory>().store.snapshot();
    let bodies = all.list().objects().filter_map(|object| Some((object.name()?, object.clone()))).collect();
    let store = CachedStore::builder(Server(bodies)).ttl(Duration::from_secs(100_000)).build();
    for object in all.list().objects() {
        let reference = object.name().map(|name| Indexed::reference(name, object.resource_version()));
        store.apply(reference.expect("what is stored has a name")).expect("its keys fit");
    }
    store
}

pub fn hit(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    at_each_size(criterion, "cached hit", "Secret", |group, sample| {
        let hot = &sample.names[..HOT.min(sample.names.len())];
        let store = cached(sample);
        for (namespace, name) in hot {
            let get = store.get(Query::prefix(&[namespace, name])).expect("the query fits");
            assert_eq!(runtime.block_on(get.into_future()).expect("it is fetched").len(), 1);
        }
        let mut names = hot.iter().cycle();
        group.bench_function(id(sample, "cached store"), |bencher| {
            bencher.iter(|| {
                let (namespace, name) = names.next().expect("there are objects");
                let found = store.get(Query::prefix(&[namespace, name])).expect("the query fits");
                found.now().expect("it is remembered")
            });
        });
        drop(store);
        exact_of::<Memory>(group, sample, hot);
        if sample.fits_peers() {
            exact_of::<Literal>(group, sample, hot);
        }
    });
}

fn exact_of<P: Peer>(group: &mut crate::Group, sample: &Sample, hot: &[(String, String)]) {
    let peer = sample.store::<P>();
    let mut names = hot.iter().cycle();
    group.bench_function(id(sample, P::NAME), |bencher| {
        bencher.iter(|| names.next().map(|(namespace, name)| peer.exact(namespace, name)));
    });
}
