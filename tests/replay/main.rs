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

fn traces() -> Option<Traces> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/traces"));
    let folder = env::var_os("TRACES").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        eprintln!("skipped: no recorded exchanges; name their folder with TRACES");
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
        let cluster =
            FakeCluster::builder().controllers(false).watch_list(!WITHOUT_WATCH_LISTS.contains(&file.as_str())).build();
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
    table.show();
}

#[tokio::test(start_paused = true)]
async fn exchanges_that_lean_on_the_history_of_their_cluster_are_answered_as_recorded() {
    let Some(traces) = traces() else { return };
    let mut table = Table::default();
    let mut player = Player::new(&traces, FakeCluster::builder().controllers(false).build());
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
    table.show();
}

/// What came of the exchanges, by file.
#[derive(Default)]
struct Table(BTreeMap<String, Vec<Outcome>>);

impl Table {
    fn add(&mut self, file: &str, outcome: Outcome) {
        self.0.entry(file.to_owned()).or_default().push(outcome);
    }

    /// Prints how many agree, and what differs.
    fn show(&self) {
        let asked = env::var("REPLAY").unwrap_or_default();
        let asked: Vec<&str> = asked.split(',').filter(|name| !name.is_empty()).collect();
        let (mut agreed, mut replayed) = (0, 0);
        for (file, outcomes) in &self.0 {
            let agree = outcomes.iter().filter(|outcome| outcome.differences.is_empty()).count();
            agreed += agree;
            replayed += outcomes.len();
            if asked.is_empty() || asked.contains(&file.as_str()) {
                println!("{file:<28} {agree:>3} of {:>3}", outcomes.len());
                outcomes.iter().for_each(|outcome| show(outcome, !asked.is_empty()));
            }
        }
        println!("{agreed} of {replayed} agree");
    }
}

fn show(outcome: &Outcome, in_full: bool) {
    if outcome.differences.is_empty() {
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
