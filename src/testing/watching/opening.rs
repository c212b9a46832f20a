//! The start of a watch: with the current state, with changes from now on, or after a version, if that has not expired.
//!
//! Not here: waiting for a version in the future.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, stream};
use kube::core::Status;
use tokio::time::Instant;

use super::{
    super::{
        cluster::{Inner, Shared},
        kinds::Kind,
        options::{Options, revision},
        selection::Selection,
        state::Target,
        status,
        storage::prefix,
        text::{self, Form},
        watches::{End, Open, OpenWatch},
    },
    FAREWELL, MINUTE, Watch,
};

/// What a cluster does about watches.
#[derive(Debug, Clone)]
pub(in super::super) struct Features {
    /// Whether a watch may ask for initial events or for none.
    pub(in super::super) watch_list: bool,
    /// How many changes a watch may leave unread.
    pub(in super::super) buffer: usize,
    /// Whether a watch from too far back is refused over HTTP rather than by an event.
    pub(in super::super) gone_as_http: bool,
}

impl Default for Features {
    fn default() -> Self {
        Features { watch_list: true, buffer: usize::MAX, gone_as_http: false }
    }
}

/// Where a watch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// With everything that is there.
    State,
    /// With what happens from now on.
    Now,
    /// With what happened after a revision.
    After(u64),
}

impl Start {
    fn new(initial_events: Option<bool>, asked: Option<u64>) -> Self {
        match (initial_events, asked.filter(|revision| *revision > 0)) {
            (Some(true), _) | (None, None) => Start::State,
            (Some(false), None) => Start::Now,
            (_, Some(revision)) => Start::After(revision),
        }
    }
}

/// Opens a watch. It counts as open from here until it ends or its body is dropped.
pub(in super::super) fn open(
    shared: &Arc<Shared>,
    target: &Target,
    options: &Options,
    form: Form,
    user_agent: Option<&str>,
) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static, Box<Status>> {
    let selection = Selection::new(target, &options.labels, &options.fields)?;
    let asked = revision(&options.version).map_err(status::internal)?;
    let start = Start::new(options.initial_events, asked);
    let watch = shared.update(|inner| {
        let newest = inner.state.storage.revision;
        let seconds = match options.timeout {
            Some(seconds) if seconds != 0 => u64::try_from(seconds).unwrap_or(0),
            _ => 1800 + inner.state.random.next() % 1800,
        };
        let now = Instant::now();
        let deadline = now + Duration::from_secs(seconds.min(86_400));
        let since = if let Start::After(revision) = start { revision } else { newest };
        // Refused before there is a watch: dropping one takes the lock that is held here.
        let gone = expired(inner, &target.kind, since);
        if let (true, Some(gone)) = (inner.features.gone_as_http, &gone) {
            return Err(gone.clone());
        }
        let table = inner.state.storage.table_mut(target.kind.id);
        let (changed, removals) = (table.changed(), table.removals());
        inner.next_watch += 1;
        let mut watch = Watch {
            shared: shared.clone(),
            changed,
            id: inner.next_watch,
            target: target.clone(),
            selection,
            form,
            initial: Vec::new().into_iter(),
            initial_end: None,
            since,
            buffer: inner.features.buffer,
            overflow: None,
            removals,
            bookmarks: options.bookmarks,
            bookmarks_sent: inner.bookmarks,
            next_bookmark: now + MINUTE,
            farewell: Some(deadline - FAREWELL.min(deadline - now)).filter(|at| *at > now),
            deadline,
            due: 0,
            over: false,
            end: gone.map(End::Error),
        };
        if start == Start::State {
            watch.initial(inner, newest);
            // Other names for no version mean the same state, but not a streamed list.
            let streams = options.initial_events == Some(true) || ["", "0"].contains(&options.version.as_str());
            watch.initial_end.take_if(|_| !streams);
        }
        if watch.end.is_none() {
            let shown = OpenWatch::new(watch.id, target, options, since, start == Start::State, user_agent);
            inner.watches.insert(watch.id, Open { shown, bookmarks: inner.bookmarks, end: None });
        }
        Ok(watch)
    })?;
    Ok(stream::unfold(watch, |mut watch| async move {
        let frame = watch.next().await?;
        Some((frame, watch))
    }))
}

/// A watch that tells of nothing but why it is none.
pub(in super::super) fn failed(status: &Status) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::iter([Ok(text::line("ERROR", &status::text(status)))])
}

/// The refusal of a watch that starts from further back than anything is remembered of its kind.
fn expired(inner: &Inner, kind: &Kind, since: u64) -> Option<Box<Status>> {
    let cached = !kind.is_event();
    let oldest = inner.state.storage.oldest_watched(kind.id, cached);
    let message = if cached {
        format!("too old resource version: {since} ({oldest})")
    } else {
        "The resourceVersion for the provided watch is too old.".to_owned()
    };
    (since < oldest).then(|| status::expired(message))
}

impl Watch {
    /// Everything that is there, in key order, and the mark of its end.
    fn initial(&mut self, inner: &Inner, newest: u64) {
        let kind = &self.target.kind;
        let prefix = prefix(&self.target.namespace);
        let objects = inner.state.storage.objects(kind.id, &prefix);
        let selected: Vec<_> = objects.filter(|object| self.selection.matches(kind, object)).cloned().collect();
        self.initial = selected.into_iter();
        self.initial_end = self.bookmarks.then_some(newest);
    }
}
