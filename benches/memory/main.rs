//! What objects take in memory, in this crate and in its peers: bytes asked of the allocator.
//!
//! ```sh
//! cargo bench --bench memory                       # generated, 20,000 objects of a kind, in some minutes
//! CORPUS=folder cargo bench --bench memory         # your own objects, see the module `corpus`
//! OBJECTS=1000000 cargo bench --bench memory       # more of them; the peers still get 20,000
//! KINDS=Pod,Service cargo bench --bench memory     # some kinds only
//! ROUNDS=0 cargo bench --bench memory              # without replacing all objects ten times
//! ```
//!
//! All are told the objects as the API server sends them; what no reader wants is removed, except where it says that
//! objects are kept as they come. With 20,000 generated objects it fails when this crate takes more than it may, see
//! the module `gate`.

use std::{env, thread};

#[path = "../corpus/mod.rs"]
#[allow(dead_code, reason = "other benches use the rest")]
mod corpus;
#[path = "../peers/mod.rs"]
#[allow(dead_code, unused_imports, reason = "other benches use the rest")]
mod peers;
#[path = "../table.rs"]
mod table;

mod footprint;
mod gate;
mod heap;
mod list;
mod replacement;

use corpus::{Corpus, REPLACEMENTS};
use footprint::Footprint;
use gate::Gate;
use replacement::Replacement;
use table::{Table, grouped, times};

/// So many objects the limits are for; of more, replacing them again and again takes hours.
const OBJECTS: usize = 20_000;
/// The kinds that are compared on average: what there is most of.
const COMPARED: [&str; 4] = ["Pod", "Ingress", "Service", "EndpointSlice"];

fn main() {
    // `cargo test --benches` only asks whether it works.
    let measuring = env::args().any(|argument| argument == "--bench");
    let given = env::var("OBJECTS").ok().map(|number| number.parse().expect("OBJECTS is a number"));
    let corpus = Corpus::new(given.unwrap_or(if measuring { OBJECTS } else { 500 }));
    let rounds = env::var("ROUNDS").ok().map(|number| number.parse().expect("ROUNDS is a number"));
    let rounds = rounds.unwrap_or(if measuring { REPLACEMENTS } else { 1 });
    let only = env::var("KINDS").ok();
    let wanted = |kind: &&str| only.as_ref().is_none_or(|only| only.split(',').any(|wanted| wanted == *kind));
    let kinds: Vec<&str> = corpus.kinds().into_iter().filter(wanted).collect();

    let mut gate = Gate::default();
    footprints(&corpus, &kinds, &mut gate);
    if corpus.objects() <= OBJECTS && rounds > 0 {
        replacements(&corpus, &kinds, rounds, &mut gate);
    }
    if corpus.objects() < OBJECTS {
        return;
    }
    let limited = env::var_os("CORPUS").is_none() && corpus.objects() == OBJECTS;
    match gate.misses.is_empty() {
        true => println!("All limits hold."),
        false if limited => panic!("these limits do not hold:\n{}", gate.misses.join("\n")),
        false => println!("These limits are for other objects, and would not hold here:\n{}", gate.misses.join("\n")),
    }
}

fn footprints(corpus: &Corpus, kinds: &[&str], gate: &mut Gate) {
    let mut heap = Table::new(&[
        "bytes an object",
        "objects",
        "JSON",
        "this crate",
        "of JSON",
        "index by name",
        "another index",
        "a shared key",
        "a uid as key",
        "serde_json::Value",
        "DynamicObject",
        "with modify",
        "times",
        "with modify",
    ]);
    let mut peaks = Table::new(&["peaks, of what is kept", "bytes kept", "first list", "another list"]);
    let mut compared = Vec::new();
    for kind in kinds {
        let is = Footprint::measure(corpus, kind);
        let bytes = [is.index, is.entry, is.keys[0], is.keys[1], is.value, is.dynamic, is.modified].map(grouped);
        let cells = [grouped(is.objects as f64), grouped(is.text), grouped(is.content), times(is.share())];
        let ratios = [is.times_dynamic(), is.times_modified()].map(|times| format!("{times:.1}"));
        heap.row(kind, cells.into_iter().chain(bytes).chain(ratios));
        let most = is.peaks().map(times);
        peaks.row(kind, [grouped(is.steady as f64)].into_iter().chain(most));
        gate.footprint(kind, &is);
        if COMPARED.contains(kind) {
            compared.push((*kind, [is.times_dynamic(), is.times_modified()]));
        }
    }
    println!("{heap}");
    if !compared.is_empty() {
        let mean = |at: usize| compared.iter().map(|(_, times)| times[at].ln()).sum::<f64>() / compared.len() as f64;
        let [dynamic, modified] = [mean(0), mean(1)].map(f64::exp);
        gate.times(dynamic);
        println!(
            "A reflector takes {dynamic:.1} times what this crate takes with its index, {modified:.1} times with modify: \
             geometric means of {}.\n",
            compared.iter().map(|(kind, _)| *kind).collect::<Vec<_>>().join(", ")
        );
    }
    println!("{peaks}");
}

fn replacements(corpus: &Corpus, kinds: &[&str], rounds: usize, gate: &mut Gate) {
    let mut table = Table::new(&[
        "dictionary bytes",
        "objects",
        "first",
        "after lists",
        "applied, deleted",
        "largest then",
        "growth",
    ]);
    // Stores tell by themselves how large their dictionaries are: here, other than where the allocator is asked, the kinds
    // may be measured together.
    let measured: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> =
            kinds.iter().map(|kind| scope.spawn(|| Replacement::measure(corpus, kind, rounds))).collect();
        started.into_iter().map(|measured| measured.join().expect("it is measured")).collect()
    });
    for (kind, is) in kinds.iter().zip(measured) {
        let Some(is) = is else { continue };
        let bytes = [is.objects, is.first, is.reset, is.applied, is.largest].map(|bytes| grouped(bytes as f64));
        table.row(kind, bytes.into_iter().chain([times(is.growth())]));
        gate.replacement(kind, &is);
    }
    println!("{table}");
}
