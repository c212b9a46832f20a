//! How the stores of this crate compare: with the Go original's design ported word by word, and with kube-runtime's
//! reflector store.
//!
//! ```sh
//! cargo bench --bench store                                   # everything, in some minutes
//! cargo bench --bench store -- 'prefix get'                   # one group
//! SIZES=1000,10000,100000 cargo bench --bench store -- list   # other numbers of objects, up to a million
//! CORPUS=folder cargo bench --bench store                     # your own objects, see the module `corpus`
//! ```
//!
//! A line is called `group/objects/who`, and where it takes one object at a time the time is that of one object. What all
//! are asked for is the same: objects as the API server sends them go in, less what no reader wants; answers come in
//! the order of namespaces and names, and every object of them is read once, as a reference.
//!
//! | group | compares | question |
//! |---|---|---|
//! | `decode` | all | what does an object cost before it is stored? |
//! | `apply` | all | how long from its bytes until readers see it, among so many others? |
//! | `exact get` | all | one object by namespace and name |
//! | `prefix get` | all | a namespace of a hundred objects |
//! | `list` | all | everything |
//! | `watch to visible` | this crate, literal port | from the line of a watch until a reader has the object, for each kind |
//! | `publish` | `MemoryStore` | a decoded object, stored and found by three indexes |
//! | `bucket` | all | ten thousand objects under one key, applied one by one |
//! | `cached hit` | `CachedStore`, literal port | what does on demand cost when the body is remembered? |
//! | `render` | views, values converted before, values converted each time | what do lazy views cost, or save? |
//! | `snapshot`, `diff` | `MemoryStore` | what do consistency and change notices cost? |

use std::env;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};

#[path = "../corpus/mod.rs"]
#[allow(dead_code, reason = "other benches use the rest")]
mod corpus;
#[path = "../peers/mod.rs"]
mod peers;

mod bucket;
mod cached;
mod publish;
mod reads;
mod render;
mod sample;
mod snapshots;
mod visible;
mod writes;

use corpus::Corpus;
use sample::Sample;

type Group<'c> = BenchmarkGroup<'c, WallTime>;

/// How many objects the stores hold.
fn sizes() -> Vec<usize> {
    let given = env::var("SIZES").ok().map(|sizes| {
        sizes.split(',').map(|size| size.trim().parse().expect("SIZES are numbers with commas between them")).collect()
    });
    given.unwrap_or_else(|| if measuring() { vec![1_000, 10_000] } else { vec![100] })
}

/// `cargo test --benches` only asks whether it works.
fn measuring() -> bool {
    env::args().any(|argument| argument == "--bench")
}

const GROUPS: [&str; 12] = [
    "decode",
    "apply",
    "watch to visible",
    "publish",
    "bucket",
    "exact get",
    "prefix get",
    "list",
    "cached hit",
    "render",
    "snapshot",
    "diff",
];

/// Whether a group is asked for, or may be: the stores of one that is not need not be filled. Criterion itself looks at
/// the names of single lines, which come later.
fn wanted(group: &str) -> bool {
    assert!(GROUPS.contains(&group));
    let filter = env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let names = |part: &str, group: &str| {
        let part = part.trim_start_matches('^').split('/').next().unwrap_or_default();
        group.contains(part)
    };
    filter.split('|').any(|part| names(part, group) || !GROUPS.iter().any(|other| names(part, other)))
}

/// A group over objects of one kind.
fn at_each_size(criterion: &mut Criterion, name: &str, kind: &str, measure: impl Fn(&mut Group<'_>, &Sample<'_>)) {
    if !wanted(name) {
        return;
    }
    let mut group = criterion.benchmark_group(name);
    let mut measured = Vec::new();
    for corpus in sizes().into_iter().map(Corpus::new) {
        // A folder may have fewer objects than was asked for.
        let objects = corpus.len(kind);
        if !measured.contains(&objects) {
            measured.push(objects);
            measure(&mut group, &Sample::new(&corpus, kind));
        }
    }
}

/// `group/objects/who`
fn id(sample: &Sample<'_>, who: &str) -> BenchmarkId {
    BenchmarkId::new(sample.len().to_string(), who)
}

fn settings() -> Criterion {
    let short = Criterion::default().warm_up_time(Duration::from_millis(400));
    short.measurement_time(Duration::from_millis(1_500)).sample_size(30)
}

criterion_group! {
    name = groups;
    config = settings();
    targets = writes::decode, writes::apply, visible::watch_to_visible, publish::publish, bucket::bucket, reads::exact,
        reads::prefix, reads::list, cached::hit, render::render, snapshots::snapshot, snapshots::diff
}
criterion_main!(groups);
