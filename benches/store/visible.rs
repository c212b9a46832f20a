//! From a line of a watch, as it comes from the API server, until a reader has the object: for each kind, among a
//! thousand objects of it. The other way is to parse the line, remove what no reader wants, and store the value.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use serde_json::Value;

use crate::corpus::{Corpus, remove_noise};
use crate::peers::{Literal, Memory, Peer};
use crate::sample::Sample;
use crate::{Group, sizes, wanted};

/// How a line of a watch begins.
const HEAD: &[u8] = br#"{"type":"MODIFIED","object":"#;

/// A line, and who to ask for.
struct Event {
    line: Vec<u8>,
    namespace: String,
    name: String,
}

/// Each object changed in turn.
fn events(sample: &Sample) -> Vec<Event> {
    let event = |edit: Vec<u8>| {
        let object: Value = serde_json::from_slice(&edit).expect("an object");
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let line = [HEAD, &edit, b"}"].concat();
        Event { line, namespace: text("namespace"), name: text("name") }
    };
    sample.edits().into_iter().map(event).collect()
}

pub fn watch_to_visible(criterion: &mut Criterion) {
    if !wanted("watch to visible") {
        return;
    }
    let corpus = Corpus::new(sizes()[0].min(1_000));
    let mut group = criterion.benchmark_group("watch to visible");
    for kind in corpus.kinds() {
        let sample = Sample::new(&corpus, kind);
        let events = events(&sample);
        let bytes: usize = events.iter().map(|event| event.line.len()).sum();
        group.throughput(Throughput::Bytes((bytes / events.len()) as u64));
        measure(&mut group, &sample, &events, kind, |memory: &Memory, line| {
            // As the watcher does: the line is parsed once.
            let object = line.strip_prefix(HEAD).and_then(|rest| rest.strip_suffix(b"}"));
            memory.decode(object.expect("a line of a watch"))
        });
        measure(&mut group, &sample, &events, kind, |_: &Literal, line| {
            let mut line: Value = serde_json::from_slice(line).expect("a line of a watch");
            let mut object = line["object"].take();
            remove_noise(&mut object);
            object
        });
    }
}

fn measure<P: Peer>(
    group: &mut Group,
    sample: &Sample,
    events: &[Event],
    kind: &str,
    decode: impl Fn(&P, &[u8]) -> P::Decoded,
) {
    let mut peer: P = sample.store();
    let mut events = events.iter().cycle();
    group.bench_function(BenchmarkId::new(kind, P::NAME), |bencher| {
        bencher.iter(|| {
            let Event { line, namespace, name } = events.next().expect("there are objects");
            let object = decode(&peer, black_box(line));
            peer.apply(object);
            assert!(peer.exact(namespace, name));
        });
    });
}
