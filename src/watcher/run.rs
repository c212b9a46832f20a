//! The loop: list, watch, and what to do when either ends.
//!
//! Each turn of the loop is a [`Turn`]; a failure chooses the next one and how long to wait before it. State that
//! others see is in the [`Feed`](super::feed::Feed), which is told [`Event`]s and nothing else.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::{Instant, sleep};

use super::connection;
use super::list::{From, Lister};
use super::resource::{Resource, Selection};
use super::stream::EventStream;
use super::{Error, Event, Restart, Timeouts};
use crate::ResourceVersion;
use crate::indexer::Indexer;

/// A watch that lasted so long was no failure, even if nothing happened in it.
const LASTED: Duration = Duration::from_secs(10);

/// One thing that is watched.
pub(super) struct Target {
    pub(super) client: kube::Client,
    pub(super) resource: Resource,
    pub(super) selection: Selection,
    pub(super) indexer: Indexer,
    pub(super) timeouts: Timeouts,
    /// Whether a server that does not know the resource is as good as one that has no such objects.
    pub(super) optional: bool,
}

/// What to do next.
enum Turn {
    List { from: From, reason: Option<Restart> },
    Watch { from: ResourceVersion },
}

/// How a watch came to its end.
struct End {
    version: ResourceVersion,
    /// Whether it told anything.
    told: bool,
    /// Whether it was open and at its end silent for longer than it may be.
    silent: bool,
    /// Whether it got any further or lasted, so that the server is fine.
    lively: bool,
    outcome: Result<(), Error>,
}

/// Watches for ever; `tell` takes what happens, in order.
pub(super) async fn run(target: Target, mut tell: impl FnMut(Vec<Event>)) {
    let mut waits = Waits::new();
    let mut turn = Turn::List { from: From::Newest, reason: None };
    // The newest version that was told, and whether the last watch was silent for too long.
    let mut reached: Option<ResourceVersion> = None;
    let mut silent = false;
    // Whether it has been told that an optional resource is unknown.
    let mut absent = false;
    loop {
        turn = match turn {
            Turn::List { from, reason } => match target.list(&from, reason, &reached, &mut tell).await {
                // A list that works is no end of trouble: the watch after it may fail, and a list after that.
                Ok(version) => {
                    reached = Some(version.clone());
                    Turn::Watch { from: version }
                }
                // What the server does not know, it has none of.
                Err((Error::UnknownResource { .. }, _)) if target.optional => {
                    if !std::mem::replace(&mut absent, true) {
                        tell(vec![Event::Start { reason }, Event::Done { version: None }]);
                    }
                    waits.pause().await;
                    Turn::List { from: From::Newest, reason: Some(Restart::Unknown) }
                }
                Err((error, began)) => {
                    absent = false;
                    let next = after_list(reason, &error, began);
                    waits.wait(error, &mut tell).await;
                    next
                }
            },
            Turn::Watch { from } => {
                let End { version, told, silent: fell_silent, lively, outcome } = target.watch(from, &mut tell).await;
                reached = Some(version.clone());
                absent = false;
                if lively {
                    waits.reset();
                }
                // What was told ended the silence before.
                let silent_again = silent && !told && fell_silent;
                silent = (silent && !told || fell_silent) && !silent_again;
                let next = after_watch(version, outcome.as_ref().err(), silent_again);
                match outcome {
                    Ok(()) => {
                        tell(vec![Event::Ended]);
                        if !lively {
                            waits.pause().await;
                        }
                    }
                    Err(error) => waits.wait(error, &mut tell).await,
                }
                next
            }
        };
    }
}

impl Target {
    /// Tells a complete list. An error comes with whether a part of it was told.
    async fn list(
        &self,
        from: &From,
        reason: Option<Restart>,
        reached: &Option<ResourceVersion>,
        tell: &mut impl FnMut(Vec<Event>),
    ) -> Result<ResourceVersion, (Error, bool)> {
        let Target { client, resource, selection, indexer, timeouts, .. } = self;
        let mut began = false;
        let mut tell = |events| {
            began = true;
            tell(events);
        };
        let lister = Lister { client, resource, selection, indexer, timeouts };
        match lister.list(from, &mut tell, Event::Start { reason }).await {
            Ok(version) => {
                let rewound = reached.as_ref().is_some_and(|reached| version.is_older_than(reached));
                let done = Event::Done { version: Some(version.clone()) };
                tell([done].into_iter().chain(rewound.then_some(Event::Rewound)).collect());
                Ok(version)
            }
            Err(error) => Err((error, began)),
        }
    }

    async fn watch(&self, from: ResourceVersion, tell: &mut impl FnMut(Vec<Event>)) -> End {
        let opened = Instant::now();
        let mut told = false;
        let version = from.to_string();
        let seconds = self.timeouts.watch.as_secs().max(1).to_string();
        let parameters = [
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", &*seconds),
            ("resourceVersion", &*version),
        ];
        let uri = self.selection.uri(&self.resource, &parameters);
        let frames = match connection::open(&self.client, &self.resource, &uri, "watch", &self.timeouts).await {
            Ok(frames) => frames,
            Err(error) => {
                return End { version: from, told: false, silent: false, lively: false, outcome: Err(error) };
            }
        };
        tell(vec![Event::Connected]);
        let mut stream = EventStream::new(frames, &self.indexer, from.clone());
        let outcome = loop {
            match stream.next().await {
                Ok(Some(events)) => {
                    told = true;
                    tell(events);
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let lasted = opened.elapsed();
        let silent = match &outcome {
            // A bookmark comes before the agreed end.
            Ok(()) => !told && lasted + Duration::from_secs(1) >= self.timeouts.watch,
            Err(error) => matches!(error, Error::Timeout { .. }),
        };
        let lively = *stream.version() != from || lasted >= LASTED;
        End { version: stream.version().clone(), told, silent, lively, outcome }
    }
}

/// The turn after a list that failed.
fn after_list(reason: Option<Restart>, error: &Error, began: bool) -> Turn {
    let reason = if began { Some(Restart::Incomplete) } else { reason };
    // Pages can expire faster than they are read; one piece cannot. For a version that the server does not have (yet)
    // it would be asked in vain for ever: that it answers so is often not seen, because kube's client repeats a 504
    // until the deadline is over.
    let from = if error.is_expired() { From::NewestWhole } else { From::Newest };
    Turn::List { from, reason }
}

/// The turn after a watch that ended or failed, and whether it and the one before did not say a word.
fn after_watch(version: ResourceVersion, error: Option<&Error>, silent_again: bool) -> Turn {
    match error {
        Some(error) if error.is_expired() => Turn::List { from: From::Newest, reason: Some(Restart::Expired) },
        Some(Error::UnknownResource { .. }) => Turn::List { from: From::Newest, reason: Some(Restart::Unknown) },
        // The server may have been restored to a time before this version, and will never say so.
        _ if silent_again => Turn::List { from: From::NotOlderThan(version), reason: Some(Restart::Silent) },
        _ => Turn::Watch { from: version },
    }
}

/// How long to wait after failures: longer each time, never in step with others.
struct Waits(ExponentialBackoff);

impl Waits {
    fn new() -> Waits {
        Waits(
            ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(400))
                .with_max_delay(Duration::from_secs(30))
                .with_factor(2.0)
                .with_jitter()
                .without_max_times()
                .build(),
        )
    }

    fn reset(&mut self) {
        *self = Waits::new();
    }

    async fn pause(&mut self) {
        sleep(self.0.next().unwrap_or_default()).await;
    }

    async fn wait(&mut self, error: Error, tell: &mut impl FnMut(Vec<Event>)) {
        let own = self.0.next().unwrap_or_default();
        let retry_in = error.retry_after().map_or(own, |asked| asked.max(own));
        tell(vec![Event::Failed { error, retry_in }]);
        sleep(retry_in).await;
    }
}
