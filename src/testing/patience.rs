//! How long tests wait for what may never come, and what they are told then.
//!
//! Not here: what they wait for, which each method that waits knows.

use std::{fmt, panic::Location, pin::pin, task::Poll, time::Duration};

use futures::poll;
use tokio::time::timeout;

use super::cluster::FakeCluster;

/// How long tests wait unless it is said.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Of how many requests a test is told that waited in vain.
const TOLD: usize = 20;

/// Where a test waits, and for what.
pub(super) struct Wait {
    place: &'static Location<'static>,
    what: String,
}

impl Wait {
    /// The caller of the caller waits.
    #[track_caller]
    pub(super) fn new(what: impl Into<String>) -> Self {
        Wait { place: Location::caller(), what: what.into() }
    }
}

impl FakeCluster {
    /// What comes of a future that a test waits for.
    ///
    /// # Panics
    ///
    /// If nothing comes as long as the cluster has patience.
    pub(super) async fn patiently<T>(&self, wait: Wait, coming: impl Future<Output = T>) -> T {
        let mut coming = pin!(coming);
        // What is there already needs no timer, and thus no runtime.
        if let Poll::Ready(come) = poll!(&mut coming) {
            return come;
        }
        // Of `Duration::MAX`, tokio makes no timer.
        let patience = self.shared.patience;
        let Ok(come) = timeout(patience, coming).await else { panic!("{}", Vain { wait, cluster: self }) };
        come
    }
}

/// What is said where nothing came.
struct Vain<'c> {
    wait: Wait,
    cluster: &'c FakeCluster,
}

impl fmt::Display for Vain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Vain { wait: Wait { place, what }, cluster } = self;
        let (requests, watches) = (cluster.requests(), cluster.watches());
        writeln!(f, "{place}: waited {:?} in vain for {what} (see Builder::patience)", cluster.shared.patience)?;
        let last = &requests[requests.count().saturating_sub(TOLD)..];
        writeln!(f, "the last {} of {} requests:", last.len(), requests.count())?;
        for request in last {
            let (at, why) = (request.at.as_secs_f64(), request.message.as_ref());
            let why = why.map_or(String::new(), |message| format!(": {message}"));
            writeln!(f, "  {at:>8.3}s  {request}{why}")?;
        }
        write!(f, "{} open watches:", watches.count())?;
        watches.iter().try_for_each(|watch| write!(f, "\n  {watch}"))
    }
}
