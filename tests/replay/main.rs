//! Recorded exchanges with a real API server, replayed as requests against the fake.
//!
//! The recordings lie in the folder `TRACES`, or in `shared/traces` beside the repository; without them there is nothing to
//! do. `REPLAY=apply,scale` takes these files only and shows all that differs.

mod ask;
mod bindings;
mod compare;
mod excluded;
mod trace;

use std::{env, fs, path::PathBuf, time::Duration};

use bindings::Bindings;
use jiff::Timestamp;
use kube_indexed_store::testing::FakeCluster;
use trace::Exchange;

/// Files that need a custom kind, which one exchange of another file defines.
const WITH_CUSTOM_KIND: [&str; 10] = [
    "apply",
    "cr-list",
    "cr-write",
    "discovery",
    "discovery-aggregated",
    "field-validation",
    "get-errors2",
    "limits-etcd",
    "openapi",
    "unsupported-media",
];
/// Files that show some of what was answered.
const PARTIAL: [&str; 1] = ["discovery-aggregated"];

/// What came of one exchange.
struct Outcome {
    number: usize,
    title: String,
    differences: Vec<String>,
}

fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/traces"));
    let folder = env::var_os("TRACES").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no recorded exchanges; name their folder with TRACES");
    None
}

/// The names of the files, in order, and whether only these were asked for.
fn files(folder: &PathBuf) -> (Vec<String>, bool) {
    let asked = env::var("REPLAY").unwrap_or_default();
    let asked: Vec<&str> = asked.split(',').filter(|name| !name.is_empty()).collect();
    let found = fs::read_dir(folder).expect("a readable folder").filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        Some(name.strip_suffix(".http")?.to_owned())
    });
    let mut names: Vec<String> = found.filter(|name| asked.is_empty() || asked.contains(&name.as_str())).collect();
    names.sort();
    (names, !asked.is_empty())
}

#[tokio::test(start_paused = true)]
async fn exchanges_whose_state_their_file_builds_are_answered_as_recorded() {
    let Some(folder) = folder() else { return };
    let (names, in_full) = files(&folder);
    let read = |name: &str| trace::read(&folder.join(format!("{name}.http")));
    let definition = read("crd").into_iter().find(|exchange| exchange.request.method == "POST").expect("a definition");
    let (mut agreed, mut replayed) = (0, 0);
    for name in names {
        let exchanges = read(&name);
        let own = exchanges.iter().enumerate().map(|(index, exchange)| (index + 1, exchange));
        let own: Vec<_> = own.filter(|(number, _)| excluded::why(&name, *number).is_none()).collect();
        let preamble = WITH_CUSTOM_KIND.contains(&name.as_str()).then_some(&definition);
        let outcomes = replay(&name, &own, preamble).await;
        if outcomes.is_empty() {
            continue;
        }
        let agree = outcomes.iter().filter(|outcome| outcome.differences.is_empty()).count();
        agreed += agree;
        replayed += outcomes.len();
        println!("{name:<28} {agree:>3} of {:>3}", outcomes.len());
        outcomes.iter().for_each(|outcome| show(outcome, in_full));
    }
    println!("{agreed} of {replayed} agree");
}

fn show(outcome: &Outcome, in_full: bool) {
    if outcome.differences.is_empty() {
        return;
    }
    println!("    #{} {}", outcome.number, outcome.title);
    let shown = if in_full { usize::MAX } else { 2 };
    for difference in outcome.differences.iter().take(shown) {
        let width = if in_full { 4000 } else { 220 };
        println!("        {}", difference.chars().take(width).collect::<String>());
    }
    if let Some(more) = outcome.differences.len().checked_sub(shown).filter(|more| *more > 0) {
        println!("        and {more} more");
    }
}

/// Replays exchanges of a file against a cluster of their own.
async fn replay(file: &str, exchanges: &[(usize, &Exchange)], preamble: Option<&Exchange>) -> Vec<Outcome> {
    let cluster = FakeCluster::new();
    let mut bindings = Bindings::default();
    let mut pace = Pace::default();
    if let Some(definition) = preamble {
        ask::ask(&cluster, &definition.request, definition).await.expect("an answer");
    }
    let mut outcomes = Vec::new();
    for (number, exchange) in exchanges {
        pace.follow(&exchange.answer.body).await;
        let request = bindings.request(&exchange.request);
        let differences = match ask::ask(&cluster, &request, exchange).await {
            Ok(answered) if PARTIAL.contains(&file) => {
                compare::differences_of_part(&exchange.answer, &answered, &mut bindings)
            }
            Ok(answered) => compare::differences(&exchange.answer, &answered, &mut bindings),
            Err(problem) => vec![format!("no answer: {problem}")],
        };
        outcomes.push(Outcome { number: *number, title: exchange.title.clone(), differences });
    }
    outcomes
}

/// The fake's clock runs as the recorded one did: some orders depend on which second a write was in.
#[derive(Default)]
struct Pace {
    latest: Option<Timestamp>,
}

impl Pace {
    async fn follow(&mut self, body: &str) {
        let times = body.split('"').filter(|word| word.len() == 20).filter_map(|word| word.parse::<Timestamp>().ok());
        let Some(latest) = times.max() else { return };
        if let Some(passed) = self.latest.and_then(|before| u64::try_from(latest.as_second() - before.as_second()).ok())
        {
            tokio::time::advance(Duration::from_secs(passed)).await;
        }
        self.latest = self.latest.max(Some(latest));
    }
}
