//! What the corpus is like: for each kind the number of objects, and their mean size as they are sent and without what
//! no reader wants.
//!
//! ```sh
//! cargo bench --bench corpus                         # generated, 20,000 objects of a kind
//! CORPUS=folder cargo bench --bench corpus           # the objects of a folder
//! OBJECTS=1000 OUT=target/corpus cargo bench --bench corpus
//! ```
//!
//! `OUT=DIR` writes the texts, as `KIND.raw.ndjson` and `KIND.filtered.ndjson`. Sizes alone do not make a corpus
//! fair, how much of it repeats matters as well; another corpus is compared by
//!
//! ```sh
//! for file in target/corpus/*.ndjson; do echo "$file $(zstd -19 -c "$file" | wc -c)"; done
//! ```
//!
//! It fails when two objects of a kind have one name, and, for what is generated, when a size has drifted from what it
//! is meant to be.

use std::collections::HashSet;
use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::Value;

#[allow(dead_code, reason = "other benches use the rest")]
mod corpus;

use corpus::{Corpus, Wire, remove_noise};

/// The sizes that generated objects are meant to have on average, sent and filtered, within 5 %.
const MEANT: [(&str, usize, usize); 6] = [
    ("Pod", 10_842, 5_833),
    ("Ingress", 2_829, 1_394),
    ("Service", 1_742, 821),
    ("EndpointSlice", 14_016, 13_296),
    ("ConfigMap", 4_774, 3_385),
    ("Secret", 3_028, 2_488),
];

fn main() -> io::Result<()> {
    // `cargo test --benches` runs it too, without this argument.
    let whole = env::args().any(|argument| argument == "--bench");
    let objects = env::var("OBJECTS").ok().map(|number| number.parse().expect("OBJECTS is a number"));
    let corpus = Corpus::new(objects.unwrap_or(if whole { 20_000 } else { 500 }));
    let out = env::var_os("OUT");
    println!("{:24}{:>9}{:>12}{:>16}", "kind", "objects", "sent bytes", "filtered bytes");
    let mut drifted: Vec<(&str, usize, usize)> = Vec::new();
    for kind in corpus.kinds() {
        let (objects, sent, filtered) = measure(&corpus, kind, out.as_deref().map(Path::new))?;
        println!("{kind:24}{objects:>9}{sent:>12}{filtered:>16}");
        let far = |is: usize, meant: usize| is.abs_diff(meant) * 20 > meant;
        drifted.extend(
            MEANT.into_iter().filter(|meant| meant.0 == kind && (far(sent, meant.1) || far(filtered, meant.2))),
        );
    }
    // A thousand objects are too few for the mean of what is sometimes large.
    let sure = env::var_os("CORPUS").is_none() && corpus.len("EndpointSlice") >= 2_500;
    assert!(!sure || drifted.is_empty(), "these were meant to be of another size: {drifted:?}");
    Ok(())
}

/// The number of objects and their mean sizes.
fn measure(corpus: &Corpus, kind: &str, out: Option<&Path>) -> io::Result<(usize, usize, usize)> {
    let file = |form: &str| -> io::Result<Box<dyn Write>> {
        let Some(folder) = out else { return Ok(Box::new(io::sink())) };
        fs::create_dir_all(folder)?;
        Ok(Box::new(BufWriter::new(File::create(folder.join(format!("{}.{form}.ndjson", kind.to_lowercase())))?)))
    };
    let (mut raw, mut slim) = (file("raw")?, file("filtered")?);
    let (mut sent, mut filtered, mut names) = (0, 0, HashSet::new());
    for line in corpus.lines(kind) {
        raw.write_all(&line)?;
        raw.write_all(b"\n")?;
        sent += line.len();

        let mut object: Value = serde_json::from_slice(&line)?;
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        assert!(names.insert((namespace, name)), "two {kind} objects have the name of {}", object["metadata"]);
        remove_noise(&mut object);
        let text = Wire::text(&object);
        writeln!(slim, "{text}")?;
        filtered += text.len();
    }
    raw.flush()?;
    slim.flush()?;
    let objects = names.len();
    Ok((objects, sent / objects.max(1), filtered / objects.max(1)))
}
