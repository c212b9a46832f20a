//! What time it is in a cluster.
//!
//! Not here: how long things take. Delays, deadlines and the minutes between bookmarks are always those of tokio.

use std::time::SystemTime;

use jiff::Timestamp;
use tokio::time::Instant;

/// The clock by which a cluster dates what happens in it.
///
/// Unless it is said otherwise, a cluster is made on 2026-01-01 at midnight (UTC), and time goes on from there as tokio's
/// does: paused where that is paused, and moved by `tokio::time::advance`.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use kube_indexed_store::testing::{Clock, FakeCluster, objects::config_map};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
/// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
/// let cluster = FakeCluster::builder().clock(Clock::starting_at(then)).build();
/// let made = |name: &str| cluster.create(config_map(name)).unwrap()["metadata"]["creationTimestamp"].clone();
/// assert_eq!(made("a"), "2001-09-09T01:46:40Z");
/// tokio::time::advance(Duration::from_secs(3600)).await;
/// assert_eq!(made("b"), "2001-09-09T02:46:40Z");
/// # });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock(Source);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    From(Timestamp),
    System,
}

impl Clock {
    /// A clock that shows this time when the cluster is made, and goes on as tokio's does.
    ///
    /// # Panics
    ///
    /// If the time is not between the years -9999 and 9999.
    pub fn starting_at(time: SystemTime) -> Self {
        Clock(Source::From(Timestamp::try_from(time).expect("the time is one that timestamps can show")))
    }

    /// The clock of this machine, for clusters that people look at. Two runs do not get the same bytes, and nothing but
    /// time itself moves it.
    pub fn system() -> Self {
        Clock(Source::System)
    }

    /// Now in whole seconds, in a cluster made at `made`.
    pub(super) fn now(self, made: Instant) -> String {
        let (start, elapsed) = match self.0 {
            Source::From(start) => (start, made.elapsed().as_secs()),
            Source::System => (Timestamp::now(), 0),
        };
        let elapsed = i64::try_from(elapsed).unwrap_or_default();
        Timestamp::from_second(start.as_second().saturating_add(elapsed)).unwrap_or_default().to_string()
    }
}

impl Default for Clock {
    fn default() -> Self {
        const NEW_YEAR: i64 = 1_767_225_600; // 2026-01-01T00:00:00Z
        Clock(Source::From(Timestamp::from_second(NEW_YEAR).unwrap_or_default()))
    }
}
