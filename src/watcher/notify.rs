//! Notices of changes, held back until things calm down.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream, SelectAll};
use tokio::time::{Instant, sleep_until};

use super::Watcher;
use super::status::Observed;
use crate::snapshot::{ChangeKind, Diff, Snapshot};
use crate::store::Store;

/// How long changes are collected before they are told.
#[doc(alias = "DebounceInterval")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Debounce {
    /// Tell when nothing has changed for so long: 100 ms.
    pub quiet: Duration,
    /// But at the latest so long after the first change: 5 s.
    pub max: Duration,
    /// Whether the first change after a quiet time is told at once, and only what follows is held back.
    pub leading: bool,
    /// Whether changes are also told while the stores are filled for the first time.
    #[doc(alias = "CallOnChangeDuringSync")]
    pub during_sync: bool,
}

impl Default for Debounce {
    fn default() -> Debounce {
        Debounce { quiet: Duration::from_millis(100), max: Duration::from_secs(5), leading: false, during_sync: false }
    }
}

impl Debounce {
    /// Other bounds: quiet for so long, but at the latest after so long.
    pub fn new(quiet: Duration, max: Duration) -> Debounce {
        Debounce { quiet, max: max.max(quiet), ..Debounce::default() }
    }

    /// Tells the first change after a quiet time at once.
    pub fn leading(mut self) -> Debounce {
        self.leading = true;
        self
    }

    /// Tells changes while the stores are filled for the first time, too.
    pub fn during_sync(mut self) -> Debounce {
        self.during_sync = true;
        self
    }
}

/// What has changed since the last notice.
#[doc(alias = "ChangeStats")]
#[derive(Clone, Debug)]
pub struct Notification {
    /// Whether this is about the first filling of the stores.
    pub initial: bool,
    /// The differences of the stores that changed, by the name of the watcher.
    pub changes: Vec<(String, Diff)>,
}

impl Notification {
    /// How many objects were created, replaced ones not among them.
    pub fn created(&self) -> usize {
        self.count(ChangeKind::Created)
    }

    /// How many objects were modified or replaced.
    pub fn modified(&self) -> usize {
        self.count(ChangeKind::Modified) + self.count(ChangeKind::Replaced)
    }

    /// How many objects were deleted.
    pub fn deleted(&self) -> usize {
        self.count(ChangeKind::Deleted)
    }

    fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().map(|(_, diff)| diff.count(kind)).sum()
    }
}

/// `ingresses: modified shop/web; secrets: created shop/tls`.
impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (name, diff)) in self.changes.iter().enumerate() {
            write!(f, "{}{name}: {diff}", if position > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

/// Debounced notices of the changes of one or several stores.
///
/// Nothing is told while the stores are filled for the first time (unless asked for); then exactly one notice with
/// `initial` set tells all of it, also when there is nothing. Notices during the filling that were asked for have it
/// set, too; that they are the last is told by [`Watcher::status`]. From then on a notice tells what is different from the
/// last one, however many writes made it so; changes that undo each other tell nothing. When the watchers are gone,
/// what is pending is told, then comes the end.
///
/// # Cancel safety
///
/// Dropping the future of [`next`](Notifications::next) loses nothing.
pub struct Notifications {
    sources: Vec<Source>,
    /// Says which source has changed.
    changes: SelectAll<BoxStream<'static, usize>>,
    /// Whether the first filling has been told.
    started: bool,
    last_told: Option<Instant>,
    ended: bool,
}

struct Source {
    name: String,
    store: Arc<dyn Store>,
    debounce: Debounce,
    told: Snapshot,
    /// The first and the last change that has not been told.
    pending: Option<(Instant, Instant)>,
    watches: Vec<Observed>,
}

impl Notifications {
    pub(super) fn new<'w>(watchers: impl IntoIterator<Item = &'w Watcher>) -> Notifications {
        let mut sources = Vec::new();
        let mut changes = SelectAll::new();
        for (source, watcher) in watchers.into_iter().enumerate() {
            let store = Arc::clone(&watcher.store);
            // The watchers' end is the end of all changes; that of the store may never come.
            let watches = watcher.watches.clone();
            let gone = stream::iter(watches.clone())
                .then(|mut watch| async move { while watch.status.changed().await.is_ok() {} });
            let gone = async move { gone.for_each(|()| std::future::ready(())).await };
            // What changed last may have been cut off with its watcher.
            let last = stream::once(std::future::ready(source));
            let changed = store.changes().map(move |_| source).take_until(Box::pin(gone)).chain(last);
            changes.push(changed.boxed());
            sources.push(Source {
                name: watcher.name.clone(),
                // Empty, not what is there already: that is part of the first filling.
                told: store.snapshot().emptied(),
                store,
                debounce: watcher.debounce.clone().unwrap_or_default(),
                pending: None,
                watches,
            });
        }
        Notifications { sources, changes, started: false, last_told: None, ended: false }
    }

    pub(super) fn debounced(mut self, debounce: &Debounce) -> Notifications {
        self.sources.iter_mut().for_each(|source| source.debounce = debounce.clone());
        self
    }

    /// Waits for the next notice; `None` when the watchers are gone and everything is told.
    pub async fn next(&mut self) -> Option<Notification> {
        loop {
            if !self.started && self.is_synced() {
                return Some(self.tell(true));
            }
            let due = self.due();
            let wait = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let filling = !self.started;
            tokio::select! {
                biased;
                // First, so that changes without a pause cannot put it off.
                () = wait, if !self.ended => {
                    if let Some(notification) = self.flush() {
                        return Some(notification);
                    }
                }
                changed = self.changes.next(), if !self.ended => match changed {
                    Some(source) => self.sources[source].changed(),
                    None => self.ended = true,
                },
                () = synced(&self.sources), if filling && !self.ended => {}
                else => return self.flush(),
            }
        }
    }

    /// Tells at once what is pending, if anything is.
    pub fn flush(&mut self) -> Option<Notification> {
        let initial = !self.started;
        if initial && !self.is_synced() && !self.sources.iter().any(|source| source.debounce.during_sync) {
            return None;
        }
        let notification = self.tell(initial);
        (!notification.changes.is_empty() || (notification.initial && self.started)).then_some(notification)
    }

    /// When the first of what is pending is to be told.
    fn due(&self) -> Option<Instant> {
        let told = |source: &&Source| self.started || source.debounce.during_sync;
        self.sources.iter().filter(told).filter_map(|source| source.due(self.last_told)).min()
    }

    fn tell(&mut self, initial: bool) -> Notification {
        self.started |= self.is_synced();
        let started = self.started;
        let sources = self.sources.iter_mut().filter(|source| started || source.debounce.during_sync);
        let changes = sources.filter_map(|source| {
            let now = source.store.snapshot();
            let diff = now.diff(&source.told);
            source.told = now;
            source.pending = None;
            (!diff.is_empty()).then(|| (source.name.clone(), diff))
        });
        let notification = Notification { initial, changes: changes.collect() };
        if !notification.changes.is_empty() {
            self.last_told = Some(Instant::now());
        }
        notification
    }

    fn is_synced(&self) -> bool {
        self.sources.iter().flat_map(|source| &source.watches).all(|watch| watch.status.borrow().synced)
    }
}

impl Source {
    fn changed(&mut self) {
        let now = Instant::now();
        let first = self.pending.map_or(now, |(first, _)| first);
        self.pending = Some((first, now));
    }

    fn due(&self, last_told: Option<Instant>) -> Option<Instant> {
        let (first, last) = self.pending?;
        let calm = last_told.is_none_or(|told| first.duration_since(told) >= self.debounce.quiet);
        if self.debounce.leading && calm {
            return Some(first);
        }
        Some((last + self.debounce.quiet).min(first + self.debounce.max))
    }
}

/// Waits until all are filled; for ever if one is gone before.
async fn synced(sources: &[Source]) {
    for watch in sources.iter().flat_map(|source| &source.watches) {
        let mut status = watch.status.clone();
        if status.wait_for(|status| status.synced).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.sources.iter().map(|source| &source.name).collect();
        f.debug_struct("Notifications").field("of", &names).finish_non_exhaustive()
    }
}
