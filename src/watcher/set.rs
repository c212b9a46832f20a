//! Several watchers together, as a renderer needs them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{NotReached, Notifications, Status, Watcher, status};
use crate::snapshot::Snapshot;
use crate::store::Store;

/// Watchers by name. Dropping it stops all of them.
///
/// Usually it comes from a configuration: [`Config::start`](crate::config::Config::start).
#[doc(alias = "Cache")]
#[doc(alias = "SharedInformerFactory")]
#[derive(Debug, Default)]
pub struct WatcherSet {
    watchers: BTreeMap<String, Watcher>,
    stores: BTreeMap<String, Arc<dyn Store>>,
}

impl WatcherSet {
    /// Adds a watcher under the name that templates will know its store by.
    pub fn insert(&mut self, name: &str, watcher: Watcher) {
        self.stores.insert(name.to_owned(), Arc::clone(watcher.store()));
        self.watchers.insert(name.to_owned(), watcher);
    }

    /// The watcher of that name.
    pub fn get(&self, name: &str) -> Option<&Watcher> {
        self.watchers.get(name)
    }

    /// The watchers, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Watcher)> {
        self.watchers.iter().map(|(name, watcher)| (&**name, watcher))
    }

    /// The store of that name.
    pub fn store(&self, name: &str) -> Option<&Arc<dyn Store>> {
        Some(self.get(name)?.store())
    }

    /// The stores, by name.
    pub fn stores(&self) -> &BTreeMap<String, Arc<dyn Store>> {
        &self.stores
    }

    /// A snapshot of each store, pinned together. The stores are watched independently: what one shows may be a
    /// little newer than what another does.
    pub fn snapshots(&self) -> BTreeMap<String, Snapshot> {
        self.watchers.iter().map(|(name, watcher)| (name.clone(), watcher.store().snapshot())).collect()
    }

    /// How far each watch is.
    pub fn statuses(&self) -> Vec<(String, Status)> {
        self.watchers.values().flat_map(Watcher::statuses).collect()
    }

    /// Waits until every store has been filled once.
    ///
    /// # Errors
    ///
    /// When that takes longer; the error names what is missing and why.
    #[doc(alias = "WaitForCacheSync")]
    pub async fn wait_until_synced(&self, timeout: Duration) -> Result<(), NotReached> {
        let watches = self.watchers.values().flat_map(|watcher| &watcher.watches);
        status::wait_until(watches, timeout, "synced", |status| status.synced).await
    }

    /// Debounced notices of changes to any of the stores. When one of them is due, all that is pending is told.
    pub fn notifications(&self) -> Notifications {
        Notifications::new(self.watchers.values())
    }

    /// Stops all watchers and waits until they have stopped.
    pub async fn shutdown(self) {
        for watcher in self.watchers.into_values() {
            watcher.shutdown().await;
        }
    }
}
