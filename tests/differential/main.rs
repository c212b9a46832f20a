//! Random sessions, asked of the fake and of a real API server at once: both must answer alike.
//!
//! Requests are plausible with a share of nonsense, so there is always something left that nobody has looked at: what
//! differs is printed, and of fifty answers one may. What is known to differ is in [`known`].
//!
//! The real server is that of `tests/real`; without one there is nothing to do. `SEED` repeats a run, `SESSIONS` says how many
//! sessions there are: the first has the seed itself, those after it the numbers that follow. `SHOW` prints all that is asked.

mod bodies;
mod kinds;
mod known;
mod servers;
mod session;

#[path = "../replay/ask.rs"]
mod ask;
#[path = "../replay/bindings.rs"]
mod bindings;
#[path = "../replay/compare.rs"]
mod compare;
#[path = "../replay/exchange.rs"]
mod exchange;
#[path = "../support/mod.rs"]
mod support;
#[path = "../replay/texts.rs"]
mod texts;

use std::{
    env,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use futures::{StreamExt, stream};
use kube::Client;
use kube_indexed_store::testing::{Clock, FakeCluster};

use exchange::Request;
use kinds::Kind;
use servers::Servers;
use session::Session;
use support::random::Random;
use support::real::RealCluster;

const SESSIONS: u64 = 24;
const STEPS: usize = 40;
/// How many sessions there are at a time.
const AT_A_TIME: usize = 12;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// Differences of one request: which, and what differs.
type Differs = (String, Vec<String>);

#[tokio::test(flavor = "multi_thread")]
async fn random_sessions_are_answered_as_by_a_real_server() {
    let Some(real) = RealCluster::start().await else { return };
    let seed = number("SEED").unwrap_or_else(|| RandomState::new().hash_one(()) >> 16);
    println!("SEED={seed}");
    let built_in = kinds::built_in(&FakeCluster::new().client()).await;
    let sessions = (0..number("SESSIONS").unwrap_or(SESSIONS)).map(|number| {
        let (client, built_in) = (real.client().clone(), built_in.clone());
        async move {
            let seed = seed.wrapping_add(number);
            let played = tokio::spawn(async move { play(seed, client, &built_in).await });
            (seed, played.await.expect("a session"))
        }
    });
    let mut sessions: Vec<_> = stream::iter(sessions).buffer_unordered(AT_A_TIME).collect().await;
    sessions.sort_by_key(|(seed, _)| *seed);
    let (mut asked, mut differ) = (0, 0);
    for (seed, (steps, differs)) in sessions {
        asked += steps;
        for (request, differences) in differs {
            differ += 1;
            println!("\nSEED={seed}: {request}");
            for difference in differences.iter().take(12) {
                println!("    {}", difference.chars().take(1500).collect::<String>());
            }
        }
    }
    println!("{differ} of {asked} requests are answered otherwise");
    assert!(differ * 50 <= asked, "more than one in fifty");
}

async fn play(seed: u64, client: Client, built_in: &[Kind]) -> (usize, Vec<Differs>) {
    let namespace = format!("differential-{}", support::real::random_word(8));
    let mut session = Session::new(Random::seeded(seed), namespace, built_in);
    let fake = FakeCluster::builder().controllers(false).clock(Clock::system()).build();
    let mut servers = Servers::new(fake, client);
    let mut differs = Vec::new();
    let mut asked = 0;
    for request in session.opening() {
        step(&mut session, &mut servers, request, &mut differs).await;
    }
    if let Some(path) = session.custom() {
        let (method, target) = ("GET".to_owned(), path);
        let request = Request { method, target, headers: Vec::new(), body: String::new() };
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if servers.real(&request).await.is_ok_and(|answer| answer.code == 200) {
                break;
            }
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    for _ in 0..number("STEPS").map_or(STEPS, |steps| steps as usize) {
        let request = session.next();
        asked += 1;
        if !step(&mut session, &mut servers, request, &mut differs).await {
            break;
        }
    }
    (asked, differs)
}

/// Asks both; says whether they still hold the same.
async fn step(session: &mut Session, servers: &mut Servers, request: Request, differs: &mut Vec<Differs>) -> bool {
    // Caches lag a moment behind what was written.
    if request.method == "GET" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let headers: Vec<String> = request
        .headers
        .iter()
        .filter(|(name, value)| name != "User-Agent" && value != "application/json")
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let told = format!("{} {} {} {}", request.method, request.target, headers.join(", "), request.body);
    match servers.both(&request).await {
        Ok((answer, mut differences)) => {
            session.learn(&request, answer.code, &answer.body);
            if env::var_os("SHOW").is_some() {
                println!("{told}\n    {} {}", answer.code, answer.body.chars().take(1500).collect::<String>());
            }
            differences.retain(|difference| !known::is(&request, difference));
            let same = differences.is_empty();
            let stored = request.method != "GET"
                && (answer.code < 300 || differences.iter().any(|difference| difference.starts_with("HTTP code")));
            if !same {
                differs.push((told, differences));
            }
            same || !stored
        }
        Err(problem) => {
            differs.push((told, vec![problem]));
            false
        }
    }
}
