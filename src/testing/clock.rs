//! The clock of a cluster, for the timestamps it writes.
//!
//! Not here: how long things take. Delays, timeouts and the minutes between bookmarks always use tokio's clock.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::cluster::FakeCluster;

/// The clock that a cluster takes its timestamps from, such as `metadata.creationTimestamp`.
///
/// By default it starts at 2026-01-01T00:00:00Z when the cluster is made, and goes on as tokio's time does: it stands
/// still while that is paused, and `tokio::time::advance` moves it.
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
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    From(Timestamp),
    System,
    Manual(ManualClock),
}

impl Clock {
    /// A clock that starts at this time when the cluster is made, and goes on as tokio's time does.
    ///
    /// # Panics
    ///
    /// If the time is not between the years -9999 and 9999.
    #[track_caller]
    pub fn starting_at(time: SystemTime) -> Self {
        Clock(Source::From(timestamp(time)))
    }

    /// The clock of this machine, for clusters that people look at. Two runs then get different timestamps, and a test
    /// cannot move it.
    pub fn system() -> Self {
        Clock(Source::System)
    }

    /// Now in whole seconds, in a cluster made at `made`.
    pub(super) fn now(&self, made: Instant) -> Timestamp {
        let (start, elapsed) = self.read(made);
        let elapsed = i64::try_from(elapsed.as_secs()).unwrap_or_default();
        Timestamp::from_second(start.as_second().saturating_add(elapsed)).unwrap_or_default()
    }

    /// Now with its fractions, in a cluster made at `made`.
    pub(super) fn exact(&self, made: Instant) -> Timestamp {
        let (start, elapsed) = self.read(made);
        start.checked_add(elapsed).unwrap_or(start)
    }

    /// Where the clock started, and how far it has come since.
    fn read(&self, made: Instant) -> (Timestamp, Duration) {
        match &self.0 {
            Source::From(start) => (*start, made.elapsed()),
            Source::System => (Timestamp::now(), Duration::ZERO),
            Source::Manual(clock) => (*clock.0.lock(), Duration::ZERO),
        }
    }
}

impl FakeCluster {
    /// What the cluster's [clock](super::Builder::clock) shows now, with its fractions; timestamps in objects have whole
    /// seconds.
    ///
    /// Give this clock to a program that compares timestamps with the time, so that both agree. `jiff::Timestamp` and
    /// the types of `chrono` and `time` convert from [`SystemTime`].
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use kube_indexed_store::testing::FakeCluster;
    ///
    /// /// The program under test takes its clock as an argument.
    /// fn is_over(end: SystemTime, now: impl Fn() -> SystemTime) -> bool {
    ///     now() >= end
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// let end = cluster.now() + Duration::from_secs(3600);
    /// assert!(!is_over(end, || cluster.now()));
    /// tokio::time::advance(Duration::from_secs(3600)).await;
    /// assert!(is_over(end, || cluster.now()));
    /// # });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn now(&self) -> SystemTime {
        self.shared.read(|inner| inner.state.exact_now()).into()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock(Source::From(new_year()))
    }
}

impl From<&ManualClock> for Clock {
    fn from(clock: &ManualClock) -> Self {
        Clock(Source::Manual(clock.clone()))
    }
}

/// A clock that stands still until a test moves it, independent of tokio's time. A clone is a handle on the same clock.
///
/// It is for tests that need certain timestamps but cannot pause tokio's time, such as those with a
/// [server](super::FakeCluster::serve). Delays, timeouts and bookmarks do not follow it.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use kube_indexed_store::testing::{FakeCluster, ManualClock, objects::config_map};
///
/// let clock = ManualClock::default();
/// let cluster = FakeCluster::builder().clock(&clock).build();
/// let made = |name: &str| cluster.create(config_map(name)).unwrap()["metadata"]["creationTimestamp"].clone();
/// assert_eq!(made("a"), "2026-01-01T00:00:00Z");
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(made("b"), "2026-01-01T01:00:00Z");
/// clock.set(SystemTime::UNIX_EPOCH);
/// assert_eq!(made("c"), "1970-01-01T00:00:00Z");
/// ```
#[doc(alias = "FakeClock")]
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock that shows this time. [`ManualClock::default`] shows 2026-01-01T00:00:00Z.
    ///
    /// # Panics
    ///
    /// If the time is not between the years -9999 and 9999.
    #[track_caller]
    pub fn starting_at(time: SystemTime) -> Self {
        ManualClock(Arc::new(Mutex::new(timestamp(time))))
    }

    /// Moves the clock forward.
    ///
    /// # Panics
    ///
    /// If that leads beyond the year 9999.
    #[doc(alias = "Step")]
    #[track_caller]
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock();
        *now = shown(now.checked_add(by).ok());
    }

    /// Sets the clock to a time, which may be earlier than the one it shows.
    ///
    /// # Panics
    ///
    /// If the time is not between the years -9999 and 9999.
    #[track_caller]
    pub fn set(&self, time: SystemTime) {
        *self.0.lock() = timestamp(time);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        ManualClock(Arc::new(Mutex::new(new_year())))
    }
}

#[track_caller]
fn timestamp(time: SystemTime) -> Timestamp {
    shown(Timestamp::try_from(time).ok())
}

#[track_caller]
fn shown(time: Option<Timestamp>) -> Timestamp {
    time.expect("the clock can only show the years -9999 to 9999")
}

fn new_year() -> Timestamp {
    const NEW_YEAR: i64 = 1_767_225_600; // 2026-01-01T00:00:00Z
    Timestamp::from_second(NEW_YEAR).unwrap_or_default()
}
