//! What the handles of a cluster share, and its one lock.

use std::{cell::Cell, collections::BTreeMap, fmt, ptr, time::Duration};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::super::{fault::Rules, log::Log, state::State, watches::Open, watching::Features};

thread_local! {
    /// The cluster whose lock this thread holds: what tests give it to decide may not ask it.
    static LOCKED: Cell<Option<usize>> = const { Cell::new(None) };
}

/// What every handle shares. Holds the one lock of the cluster, which is never held across an `.await`.
pub(in crate::testing) struct Shared {
    inner: Mutex<Inner>,
    pub(super) changed: watch::Sender<()>,
    /// How long tests wait.
    pub(in crate::testing) patience: Duration,
}

pub(in crate::testing) struct Inner {
    pub(in crate::testing) state: State,
    pub(in crate::testing) rules: Rules,
    pub(in crate::testing) log: Log,
    pub(in crate::testing) watches: BTreeMap<u64, Open>,
    pub(in crate::testing) next_watch: u64,
    /// How many bookmarks were asked for on demand.
    pub(in crate::testing) bookmarks: usize,
    pub(in crate::testing) features: Features,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    pub(super) fn new(inner: Inner, patience: Duration) -> Self {
        Shared { inner: Mutex::new(inner), changed: watch::Sender::new(()), patience }
    }

    #[track_caller]
    pub(in crate::testing) fn read<T>(&self, look: impl FnOnce(&Inner) -> T) -> T {
        self.locked(|inner| look(inner))
    }

    /// Changes the cluster and wakes those who wait for just anything. Watches, gates, and requests that wait for a
    /// revision are woken by what they wait for.
    #[track_caller]
    pub(in crate::testing) fn update<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let result = self.locked(change);
        self.changed.send_replace(());
        result
    }

    /// Holds the lock, which a thread that has it already would wait for without end.
    #[track_caller]
    fn locked<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        struct Unlocking(Option<usize>);
        impl Drop for Unlocking {
            fn drop(&mut self) {
                LOCKED.set(self.0);
            }
        }
        let this = Some(ptr::from_ref(self).addr());
        assert!(LOCKED.get() != this, "a condition must not ask its cluster; capture what it needs before");
        let _unlocking = Unlocking(LOCKED.replace(this));
        act(&mut self.inner.lock())
    }

    /// Returns once the cluster has come to a revision.
    pub(in crate::testing) async fn reached(&self, revision: u64) {
        let mut reached = self.read(|inner| inner.state.storage.reached());
        // The sender lives as long as `self`.
        let _ = reached.wait_for(|newest| *newest >= revision).await;
    }

    /// Returns once a condition on the faults holds.
    pub(in crate::testing) async fn until_faults(&self, mut condition: impl FnMut(&Rules) -> bool) {
        let mut changed = self.read(|inner| inner.rules.changed());
        while !self.read(|inner| condition(&inner.rules)) {
            let _ = changed.changed().await;
        }
    }
}
