//! Events into a store, and into the state that others observe.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::status::Chain;
use super::{Error, Event, Restart, Status};
use crate::store::{Reset, Scope, Store, Write};
use crate::{Indexed, ResourceVersion};

/// Writes what it is told into its part of a store.
pub(super) struct Feed {
    name: String,
    store: Arc<dyn Store>,
    scope: Scope,
    status: watch::Sender<Status>,
    /// The list that is being told.
    reset: Option<Box<dyn Reset>>,
    /// When anything was heard last.
    heard: Option<Instant>,
    /// Since when the store was stale before the watch that is open now, while that has told nothing.
    stale_before: Option<Instant>,
}

impl Feed {
    pub(super) fn new(name: String, store: Arc<dyn Store>, scope: Scope) -> (Feed, watch::Receiver<Status>) {
        let (status, observer) = watch::channel(Status::default());
        let feed = Feed { name, store, scope, status, reset: None, heard: None, stale_before: None };
        (feed, observer)
    }

    /// Applies events that came together; those between lists are one publication.
    pub(super) fn apply(&mut self, events: Vec<Event>) {
        let mut batch = Vec::new();
        let mut version = None;
        for event in events {
            match event {
                Event::Apply(indexed) => {
                    version = indexed.version().cloned().or(version);
                    batch.push(Write::Apply(indexed));
                }
                Event::Delete { name, version: deleted } => {
                    version = deleted.clone().or(version);
                    batch.push(Write::Delete { name, version: deleted });
                }
                Event::Bookmark(reached) => version = Some(reached),
                other => {
                    self.write(std::mem::take(&mut batch), version.take());
                    self.step(other);
                }
            }
        }
        self.write(batch, version);
    }

    fn write(&mut self, batch: Vec<Write>, version: Option<ResourceVersion>) {
        if batch.is_empty() && version.is_none() {
            return;
        }
        debug!(watch = self.name, writes = batch.len(), "events");
        let revision = match self.store.write(batch.clone()) {
            Ok(revision) => revision,
            // One of them does not fit; the others must not be lost with it.
            Err(_) => batch.into_iter().fold(self.store.snapshot().revision(), |revision, write| {
                self.store.write(vec![write]).unwrap_or_else(|error| {
                    self.skipped(Error::Store(error));
                    revision
                })
            }),
        };
        self.heard();
        self.status.send_modify(|status| {
            status.revision = revision;
            // Events come only while a watch is open.
            status.connected = true;
            status.stale_since = None;
            status.failure = None;
            status.version = version.or(status.version.take());
        });
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Start { reason } => {
                info!(watch = self.name, reason = reason.map(tracing::field::display), "listing");
                // The list before, if it was not done, is void.
                self.reset = Some(self.store.reset(self.scope.clone()));
                self.status.send_modify(|status| {
                    status.objects = 0;
                    if let Some(reason) = reason {
                        *status.restarts.entry(reason).or_default() += 1;
                    }
                });
            }
            Event::Item(indexed) => self.push(indexed),
            Event::Done { version } => {
                let Some(reset) = self.reset.take() else { return };
                let revision = reset.commit(version.clone());
                info!(watch = self.name, version = version.as_ref().map(tracing::field::display), "listed");
                self.heard();
                self.status.send_modify(|status| {
                    status.synced = true;
                    status.stale_since = None;
                    status.failure = None;
                    status.revision = revision;
                    status.version = version;
                });
            }
            Event::Connected => {
                let now = Instant::now();
                self.heard = Some(now);
                let stale_before = &mut self.stale_before;
                self.status.send_modify(|status| {
                    status.connected = true;
                    *stale_before = status.stale_since.take();
                    status.failure = None;
                });
            }
            Event::Ended => {
                debug!(watch = self.name, "the server ended the watch");
                self.disconnected(Instant::now());
            }
            Event::Rewound => {
                warn!(watch = self.name, "the server's state went back in time");
                self.status.send_modify(|status| *status.restarts.entry(Restart::Rewound).or_default() += 1);
            }
            Event::Skipped(error) => self.skipped(error),
            Event::Failed { error, retry_in } => {
                warn!(watch = self.name, error = %Chain(&error), ?retry_in, "failed, will be tried again");
                // A connection that was silent may have been dead since it was last heard of.
                let now = Instant::now();
                let since = if matches!(error, Error::Timeout { .. }) { self.heard.unwrap_or(now) } else { now };
                self.disconnected(since);
                self.status.send_modify(|status| status.failure = Some(error));
            }
            Event::Apply(_) | Event::Delete { .. } | Event::Bookmark(_) => unreachable!("collected before"),
        }
    }

    fn heard(&mut self) {
        self.heard = Some(Instant::now());
        self.stale_before = None;
    }

    fn disconnected(&mut self, since: Instant) {
        let since = self.stale_before.take().unwrap_or(since);
        self.status.send_modify(|status| {
            status.connected = false;
            if status.synced {
                status.stale_since.get_or_insert(since);
            }
        });
    }

    fn push(&mut self, indexed: Indexed) {
        let Some(reset) = &mut self.reset else { return };
        match reset.push(indexed) {
            Ok(()) => self.status.send_modify(|status| status.objects += 1),
            Err(error) => self.skipped(Error::Store(error)),
        }
    }

    fn skipped(&mut self, error: Error) {
        let text = Chain(&error).to_string();
        warn!(watch = self.name, error = text, "an object was left out");
        self.status.send_modify(|status| {
            status.skipped += 1;
            status.last_skipped = Some(error);
        });
    }
}
