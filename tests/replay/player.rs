//! Plays recordings to a fake: in their order, at their pace, with what the fake chose in the place of what was recorded.

use std::time::Duration;

use jiff::Timestamp;
use kube_indexed_store::testing::FakeCluster;
use tokio::{task, task::JoinHandle};

use crate::{
    Traces,
    ask::{Answered, ask},
    bindings::{Bindings, Of},
    compare,
    seed::{self, Step},
    trace::{Exchange, Request},
};

/// Files that show some of what was answered.
const PARTIAL: [&str; 1] = ["discovery-aggregated"];

/// What came of one exchange.
pub struct Outcome {
    pub number: usize,
    pub title: String,
    pub differences: Vec<String>,
}

impl Outcome {
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A fake that recordings are played to.
pub struct Player<'t> {
    traces: &'t Traces,
    cluster: FakeCluster,
    bindings: Bindings,
    /// The latest time that a recording showed.
    latest: Option<Timestamp>,
}

/// An exchange whose answer is still being read.
pub struct Opened {
    file: String,
    number: usize,
    reading: JoinHandle<Result<Answered, String>>,
}

impl<'t> Player<'t> {
    pub fn new(traces: &'t Traces, cluster: FakeCluster) -> Self {
        Player { traces, cluster, bindings: Bindings::default(), latest: None }
    }

    fn exchange(&self, file: &str, number: usize) -> &'t Exchange {
        &self.traces[file][number - 1]
    }

    /// Replays an exchange.
    pub async fn replay(&mut self, file: &str, number: usize) -> Outcome {
        for (_, _, line) in seed::LEFT_OUT.iter().filter(|(of, before, _)| *of == file && *before == number) {
            if let Step::Write { method, path, body } = seed::step(line) {
                self.write(method, &path, body).await;
            }
        }
        let opened = self.open(file, number).await;
        self.close(opened).await
    }

    /// Asks what an exchange asks.
    pub async fn open(&mut self, file: &str, number: usize) -> Opened {
        let exchange = self.exchange(file, number);
        self.keep_pace(&exchange.answer.body).await;
        let request = self.bindings.request(&exchange.request);
        let (cluster, end) = (self.cluster.clone(), exchange.answer.end);
        let reading = task::spawn(async move { ask(&cluster, &request, end).await });
        // As far as it comes by itself.
        for _ in 0..8 {
            task::yield_now().await;
        }
        Opened { file: file.to_owned(), number, reading }
    }

    /// Reads the answer, and compares it with the recorded one.
    pub async fn close(&mut self, opened: Opened) -> Outcome {
        let Opened { file, number, reading } = opened;
        let exchange = self.exchange(&file, number);
        let differences = match reading.await.expect("an answer") {
            Ok(answered) if PARTIAL.contains(&file.as_str()) => {
                compare::differences_of_part(&exchange.answer, &answered, &mut self.bindings)
            }
            Ok(answered) => compare::differences(&exchange.answer, &answered, &mut self.bindings),
            Err(problem) => vec![format!("no answer: {problem}")],
        };
        Outcome { number, title: exchange.title.clone(), differences }
    }

    /// Writes what no recording shows, as the recorded client would.
    pub async fn write(&mut self, method: &str, path: &str, body: &str) {
        let media_type = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let headers = [("Content-Type", media_type), ("User-Agent", "golden/1.0")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let (method, target, body) = (method.to_owned(), path.to_owned(), body.to_owned());
        self.ask(&Request { method, target, headers, body }).await;
    }

    /// Creates the custom kind that many files are about.
    pub async fn define(&mut self) {
        let definition = self.traces["crd"].iter().find(|exchange| exchange.request.method == "POST");
        self.ask(&definition.expect("a definition").request).await;
    }

    async fn ask(&mut self, request: &Request) {
        let problem = match ask(&self.cluster, request, None).await {
            Ok(answered) if answered.code < 300 => return,
            Ok(answered) => answered.body,
            Err(problem) => problem,
        };
        println!("{} {} in between: {problem}", request.method, request.target);
    }

    /// A recorded version is the fake's own of now, or will be, some writes later.
    pub fn at(&mut self, recorded: &str, later: u64) {
        let own = (self.cluster.revision() + later).to_string();
        if let Err(why) = self.bindings.version(recorded, &own, Of::Cluster) {
            println!("version {recorded} cannot be {own}: it {why}");
        }
    }

    /// The fake's clock runs as the recorded one did: some orders depend on which second a write was in.
    async fn keep_pace(&mut self, body: &str) {
        let times = body.split('"').filter(|word| word.len() == 20).filter_map(|word| word.parse::<Timestamp>().ok());
        let Some(latest) = times.max() else { return };
        let passed = self.latest.map(|before| latest.as_second() - before.as_second());
        if let Some(passed) = passed.and_then(|seconds| u64::try_from(seconds).ok()) {
            tokio::time::advance(Duration::from_secs(passed)).await;
        }
        self.latest = self.latest.max(Some(latest));
    }
}
