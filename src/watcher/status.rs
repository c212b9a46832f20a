//! What a watcher is doing, and waiting for it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::{Error, Restart};
use crate::ResourceVersion;
use crate::store::Revision;

/// The state of one watch: how far it is, and what keeps it from being current.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Status {
    /// Whether the store has been filled by a complete list; it stays so.
    #[doc(alias = "HasSynced")]
    pub synced: bool,
    /// The objects of the list that is being read.
    pub objects: usize,
    /// Whether a watch is open right now, so that what the store shows is current.
    pub connected: bool,
    /// Since when the store may be behind, once it was filled: no watch is open, or it opens and fails without a word.
    pub stale_since: Option<Instant>,
    /// What failed last, unless it has worked since.
    pub failure: Option<Error>,
    /// The version up to which everything is in the store; bookmarks count.
    #[doc(alias = "LastSyncResourceVersion")]
    pub version: Option<ResourceVersion>,
    /// The store's revision after the last event.
    pub revision: Revision,
    /// How often a complete list had to be read again, by reason.
    pub restarts: BTreeMap<Restart, u64>,
    /// How many objects were left out because they could not be taken.
    pub skipped: u64,
    /// Why the last of them was left out.
    pub last_skipped: Option<Error>,
}

impl Status {
    /// What holds for several watches together.
    pub(crate) fn of_all(all: impl IntoIterator<Item = Status>) -> Status {
        let merge = |a: Status, b: Status| Status {
            synced: a.synced && b.synced,
            objects: a.objects + b.objects,
            connected: a.connected && b.connected,
            stale_since: a.stale_since.into_iter().chain(b.stale_since).min(),
            failure: a.failure.or(b.failure),
            version: a.version.zip(b.version).map(|(a, b)| if b.is_older_than(&a) { b } else { a }),
            revision: a.revision.max(b.revision),
            restarts: b.restarts.into_iter().fold(a.restarts, |mut restarts, (reason, count)| {
                *restarts.entry(reason).or_default() += count;
                restarts
            }),
            skipped: a.skipped + b.skipped,
            last_skipped: b.last_skipped.or(a.last_skipped),
        };
        all.into_iter().reduce(merge).unwrap_or_default()
    }
}

/// In one line: `synced`, `syncing (1500 objects so far)`, `failing: ...`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.failure, self.stale_since) {
            (Some(failure), Some(since)) => {
                write!(f, "stale for {:?}, failing: {}", since.elapsed(), Chain(failure))
            }
            (Some(failure), None) => write!(f, "failing: {}", Chain(failure)),
            (None, Some(since)) if self.synced => write!(f, "stale for {:?}", since.elapsed()),
            (None, _) if self.synced => f.write_str("synced"),
            (None, _) => write!(f, "syncing ({} objects so far)", self.objects),
        }
    }
}

/// An error with its causes, in one line.
pub(crate) struct Chain<'e>(pub(crate) &'e dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// What was still missing when waiting was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {wanted} within {timeout:?}: {}", missing.iter().map(|(what, why)| format!("{what} is {why}")).collect::<Vec<_>>().join("; "))]
pub struct NotReached {
    /// What was waited for.
    pub wanted: String,
    /// How long.
    pub timeout: Duration,
    /// Each watch that is not there yet, and what it is doing.
    pub missing: Vec<(String, String)>,
}

/// One watch as others see it: its name and its current state.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) name: String,
    pub(crate) status: watch::Receiver<Status>,
}

/// Waits until every watch is where it is wanted; any number of waiters can.
pub(crate) async fn wait_until(
    watches: impl Iterator<Item = &Observed>,
    limit: Duration,
    wanted: &str,
    reached: impl Fn(&Status) -> bool,
) -> Result<(), NotReached> {
    let watches: Vec<Observed> = watches.cloned().collect();
    let all = async {
        for mut watch in watches.iter().cloned() {
            if watch.status.wait_for(&reached).await.is_err() {
                // The watch was stopped: it will not come any further.
                return Err(());
            }
        }
        Ok(())
    };
    if let Ok(Ok(())) = timeout(limit, all).await {
        return Ok(());
    }
    let missing = watches.iter().filter_map(|watch| {
        let stopped = watch.status.has_changed().is_err();
        let status = watch.status.borrow();
        let why = if stopped { format!("stopped ({})", *status) } else { status.to_string() };
        (!reached(&status)).then(|| (watch.name.clone(), why))
    });
    Err(NotReached { wanted: wanted.to_owned(), timeout: limit, missing: missing.collect() })
}
