//! Recorded exchanges with a real API server, replayed as requests against the fake.
//!
//! The recordings lie in the folder `TRACES`, or in `shared/traces` beside the repository; without them there is nothing to
//! do. `REPLAY=apply,scale` shows these files only, with all that differs.

mod ask;
mod bindings;
mod compare;
mod excluded;
mod player;
mod seed;
#[path = "../support/mod.rs"]
mod support;
mod texts;
mod trace;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use excluded::Why;
use kube_indexed_store::testing::FakeCluster;
use player::{Outcome, Player};
use seed::Step;
use trace::Exchange;

/// The recordings by name.
type Traces = BTreeMap<String, Vec<Exchange>>;

/// Files that need a custom kind, which another file defines.
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

/// Files recorded on a server that did not stream lists.
const WITHOUT_WATCH_LISTS: [&str; 1] = ["watchlist-refused"];

/// A cluster as it was recorded: an API server with no controllers beside it.
fn cluster(watch_lists: bool) -> FakeCluster {
    FakeCluster::builder().controllers(false).watch_list(watch_lists).build()
}

fn traces() -> Option<Traces> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/traces"));
    let folder = env::var_os("TRACES").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        support::skip("traces", "no folder of recorded exchanges; name it with TRACES");
        return None;
    }
    let read = |file: PathBuf| {
        let name = file.file_name()?.to_str()?.strip_suffix(".http")?.to_owned();
        Some((name, trace::read(&file)))
    };
    let entries = fs::read_dir(Path::new(&folder)).expect("a readable folder");
    Some(entries.filter_map(|entry| read(entry.ok()?.path())).collect())
}

#[tokio::test(start_paused = true)]
async fn exchanges_whose_state_their_file_builds_are_answered_as_recorded() {
    let Some(traces) = traces() else { return };
    let mut table = Table::default();
    for (file, exchanges) in &traces {
        let cluster = cluster(!WITHOUT_WATCH_LISTS.contains(&file.as_str()));
        let mut player = Player::new(&traces, cluster);
        if WITH_CUSTOM_KIND.contains(&file.as_str()) {
            player.define().await;
        }
        for number in 1..=exchanges.len() {
            if excluded::why(file, number).is_none() {
                table.add(file, player.replay(file, number).await);
            }
        }
    }
    table.show(&traces);
    table.check();
    let (agreed, replayed) = table.count();
    assert!(agreed * 10 >= replayed * 9, "only {agreed} of {replayed} exchanges agree");
}

#[tokio::test(start_paused = true)]
async fn exchanges_that_lean_on_the_history_of_their_cluster_are_answered_as_recorded() {
    let Some(traces) = traces() else { return };
    let mut table = Table::default();
    let mut player = Player::new(&traces, cluster(true));
    let mut open = None;
    let seeded = |file: &str, number: usize| matches!(excluded::why(file, number), Some(Why::Earlier | Why::Meanwhile));
    for step in seed::history() {
        match step {
            Step::Write { method, path, body } => player.write(method, &path, body).await,
            Step::Replay { file, numbers } => {
                let all = 1..=traces[file].len();
                let numbers = if numbers.is_empty() { all.collect() } else { numbers };
                for number in numbers {
                    // The environment of the others is not here, and watches that need writes are opened by name.
                    if matches!(excluded::why(file, number), Some(Why::Environment(_))) {
                        continue;
                    }
                    let outcome = player.replay(file, number).await;
                    if seeded(file, number) {
                        table.add(file, outcome);
                    }
                }
            }
            Step::Open { file, number } => open = Some((file, player.open(file, number).await)),
            Step::Close => {
                let (file, opened) = open.take().expect("an open watch");
                table.add(file, player.close(opened).await);
            }
            Step::At { version, later } => player.at(version, later),
            Step::Define => player.define().await,
        }
    }
    table.show(&traces);
    table.check();
}

/// What came of the exchanges, by file.
#[derive(Default)]
struct Table(BTreeMap<String, Vec<Outcome>>);

impl Table {
    fn add(&mut self, file: &str, outcome: Outcome) {
        self.0.entry(file.to_owned()).or_default().push(outcome);
    }

    /// How many agree, and how many there are.
    fn count(&self) -> (usize, usize) {
        let outcomes = || self.0.values().flatten();
        (outcomes().filter(|outcome| outcome.agrees()).count(), outcomes().count())
    }

    /// Prints how many agree, and what differs.
    fn show(&self, traces: &Traces) {
        let asked = env::var("REPLAY").unwrap_or_default();
        let asked: Vec<&str> = asked.split(',').filter(|name| !name.is_empty()).collect();
        for (file, outcomes) in &self.0 {
            if asked.is_empty() || asked.contains(&file.as_str()) {
                let agree = outcomes.iter().filter(|outcome| outcome.agrees()).count();
                println!("{file:<28} {agree:>3} of {:>3}", outcomes.len());
                outcomes.iter().for_each(|outcome| show(outcome, !asked.is_empty()));
            }
        }
        let (agreed, replayed) = self.count();
        let recorded: usize = traces.values().map(Vec::len).sum();
        println!("{agreed} of {replayed} agree, of {recorded} that are recorded");
    }

    /// Those that differ are those that are known to, no more and no less.
    fn check(&self) {
        let of_all = self.0.iter().flat_map(|(file, outcomes)| outcomes.iter().map(move |outcome| (file, outcome)));
        let wrong =
            of_all.filter_map(|(file, outcome)| match (excluded::difference(file, outcome.number), outcome.agrees()) {
                (None, false) => Some(format!("{file} {} is answered otherwise", outcome.number)),
                (Some(reason), true) => Some(format!("{file} {} agrees, although {reason}", outcome.number)),
                _ => None,
            });
        let wrong: Vec<String> = wrong.collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

fn show(outcome: &Outcome, in_full: bool) {
    if outcome.agrees() {
        return;
    }
    println!("    #{} {}", outcome.number, outcome.title);
    let (shown, width) = if in_full { (usize::MAX, 4000) } else { (2, 220) };
    for difference in outcome.differences.iter().take(shown) {
        println!("        {}", difference.chars().take(width).collect::<String>());
    }
    if let Some(more) = outcome.differences.len().checked_sub(shown).filter(|more| *more > 0) {
        println!("        and {more} more");
    }
}
