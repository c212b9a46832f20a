//! How long reads take while a writer is at work: the median, and what one read of a hundred and of a thousand takes at
//! least.
//!
//! ```sh
//! cargo bench --bench latency                                          # 10,000 Ingresses, 10,000 changes a second
//! OBJECTS=100000 RATE=1000 READERS=4 SECONDS=5 cargo bench --bench latency
//! ```
//!
//! Readers ask as fast as they can, one by name and then a namespace of it, and read what they get: this crate's store,
//! which pins a snapshot for each, and the Go original's design ported word by word, whose readers and writer take turns
//! at a lock. The writer applies objects that are decoded already, at times that are fixed before; whether it keeps that
//! pace is told as well. More threads than cores show the scheduler's work, which is the same for both.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kube_indexed_store::StoreExt;

#[path = "corpus/mod.rs"]
#[allow(dead_code, reason = "other benches use the rest")]
mod corpus;
#[path = "peers/mod.rs"]
#[allow(dead_code, unused_imports, reason = "other benches use the rest")]
mod peers;
#[path = "store/sample.rs"]
#[allow(dead_code, reason = "other benches use the rest")]
mod sample;
mod setting;
mod table;

use corpus::Corpus;
use peers::{Literal, Memory, Peer};
use sample::Sample;
use setting::number;
use table::{Table, grouped, times};

/// What is asked of both.
struct Load {
    objects: usize,
    readers: usize,
    /// Changes in a second.
    rate: usize,
    duration: Duration,
}

impl Load {
    fn given() -> Load {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        Load {
            objects: number("OBJECTS", 10_000, 100),
            readers: number("READERS", (cores - 1).clamp(1, 8), 1),
            rate: number("RATE", 10_000, 100),
            duration: Duration::from_millis(number("SECONDS", 5, 0) as u64 * 1_000 + 100),
        }
    }
}

/// A store that is written to while others read.
trait Concurrent: Peer<Decoded: Clone + Send> + Sync {
    fn put(&self, object: Self::Decoded);
}

impl Concurrent for Memory {
    fn put(&self, object: Self::Decoded) {
        self.store.apply(object).expect("its keys fit");
    }
}

impl Concurrent for Literal {
    fn put(&self, object: Self::Decoded) {
        Literal::put(self, object);
    }
}

/// How many nanoseconds each read took, ordered.
#[derive(Default)]
struct Reads {
    exact: Vec<u32>,
    prefix: Vec<u32>,
}

/// What came of it.
struct Measured {
    reads: Reads,
    writes: usize,
    /// How many writes there should have been.
    meant: usize,
}

fn main() {
    let load = Load::given();
    let Load { objects, readers, rate, duration } = &load;
    println!("{objects} Ingresses, {readers} readers, {rate} changes a second for {duration:?}\n");
    let corpus = Corpus::new(*objects);
    let sample = Sample::new(&corpus, "Ingress");
    let ours = measure::<Memory>(&sample, &load);
    let literal = measure::<Literal>(&sample, &load);

    let mut table = Table::new(&["nanoseconds a read", "reads", "p50", "p99", "p99.9", "most"]);
    for (what, ours, literal) in [
        ("by name", &ours.reads.exact, &literal.reads.exact),
        ("a namespace of a hundred", &ours.reads.prefix, &literal.reads.prefix),
    ] {
        let [of_ours, of_literal] = [ours, literal].map(|taken| quantiles(taken));
        let cells = |taken: &[u32], of: [f64; 4]| [taken.len() as f64].into_iter().chain(of).map(grouped);
        table.row(&format!("{what}, {}", Memory::NAME), cells(ours, of_ours));
        table.row(&format!("{what}, {}", Literal::NAME), cells(literal, of_literal));
        let ratios = of_literal.into_iter().zip(of_ours).map(|(literal, ours)| times(literal / ours));
        table.row("times", [String::new()].into_iter().chain(ratios));
    }
    println!("{table}");

    let mut table = Table::new(&["writer", "changes meant", "changes", "pace"]);
    for (who, measured) in [(Memory::NAME, &ours), (Literal::NAME, &literal)] {
        let pace = measured.writes as f64 / measured.meant as f64;
        table.row(who, [grouped(measured.meant as f64), grouped(measured.writes as f64), times(pace)]);
    }
    println!("{table}");
}

/// Reads and writes at a time.
fn measure<C: Concurrent>(sample: &Sample, load: &Load) -> Measured {
    let store: C = sample.store();
    let changes: Vec<C::Decoded> = sample.edits().iter().map(|edit| store.decode(edit)).collect();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (store, over) = (&store, &over);
        let readers: Vec<_> =
            (0..load.readers).map(|reader| scope.spawn(move || read(store, sample, reader, over))).collect();
        let writes = write(store, changes, load);
        over.store(true, Ordering::Relaxed);
        let mut reads = Reads::default();
        for reader in readers {
            let read = reader.join().expect("it only reads");
            reads.exact.extend(read.exact);
            reads.prefix.extend(read.prefix);
        }
        reads.exact.sort_unstable();
        reads.prefix.sort_unstable();
        Measured { reads, writes, meant: (load.rate as f64 * load.duration.as_secs_f64()) as usize }
    })
}

/// Applies changes at their times until the time is over; how many that were.
fn write<C: Concurrent>(store: &C, changes: Vec<C::Decoded>, load: &Load) -> usize {
    let started = Instant::now();
    let mut written = 0;
    for change in changes.iter().cycle() {
        let change = change.clone();
        let due = Duration::from_secs_f64(written as f64 / load.rate as f64);
        if let Some(early) = due.checked_sub(started.elapsed()) {
            thread::sleep(early);
        }
        if started.elapsed() >= load.duration {
            break;
        }
        store.put(change);
        written += 1;
    }
    written
}

/// Reads until it is over.
fn read<P: Peer>(store: &P, sample: &Sample, reader: usize, over: &AtomicBool) -> Reads {
    let mut reads = Reads::default();
    let (namespace, members) = &sample.namespace;
    let timed = |read: &dyn Fn() -> bool| {
        let started = Instant::now();
        assert!(read(), "what is there is found");
        started.elapsed().as_nanos().try_into().unwrap_or(u32::MAX)
    };
    // Each reader begins elsewhere.
    for (other, name) in sample.names.iter().cycle().skip(reader * 997) {
        reads.exact.push(timed(&|| store.exact(other, name)));
        reads.prefix.push(timed(&|| store.prefix(namespace) == *members));
        if over.load(Ordering::Relaxed) {
            break;
        }
    }
    reads
}

/// The median, what one of a hundred and of a thousand takes at least, and the most.
fn quantiles(ordered: &[u32]) -> [f64; 4] {
    [0.5, 0.99, 0.999, 1.0].map(|part| {
        let position = (ordered.len() as f64 * part) as usize;
        f64::from(ordered[position.min(ordered.len() - 1)])
    })
}
