//! One open watch: a place in a kind's history, turned into events as fast as they are read.
//!
//! Because it reads the history, nothing that happened after its start can be lost, however slowly it is
//! read; and because it reads on demand, nothing is buffered for it. Not here: initial events of a
//! WatchList.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, stream};
use kube::core::Status;
use tokio::time::{Instant, sleep_until};

use super::{
    body::connection_lost,
    cluster::{Inner, Shared},
    fault::Damage,
    listing::UNDECODABLE,
    options::{Options, revision},
    selection::Selection,
    state::Target,
    status,
    storage::{Change, Object},
    text::{self, Form},
};

/// What a cluster knows of an open watch, and what it wants of it.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) resource: String,
    pub(super) bookmarks: usize,
    /// How it is to end, and the version it was at when that was decided: it tells nothing that came later.
    pub(super) end: Option<(End, u64)>,
}

#[derive(Debug, Clone)]
pub(super) enum End {
    Clean,
    Cut,
    Error(Box<Status>),
}

const MINUTE: Duration = Duration::from_secs(60);
/// How long before the agreed end of a watch a last bookmark comes.
const FAREWELL: Duration = Duration::from_secs(2);

struct Watch {
    shared: Arc<Shared>,
    id: u64,
    target: Target,
    selection: Selection,
    form: Form,
    damage: Damage,
    /// The next change to look at.
    cursor: usize,
    /// Changes up to here are none of this watch's business; the future where the client asked for it.
    since: u64,
    removals: usize,
    bookmarks: bool,
    bookmarks_sent: usize,
    next_bookmark: Instant,
    farewell: Option<Instant>,
    deadline: Instant,
    ready: VecDeque<Bytes>,
    events: usize,
    bytes: usize,
    end: Option<End>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.update(|inner| drop(inner.watches.remove(&self.id)));
    }
}

/// Opens a watch. It counts as open from here until its body is dropped.
pub(super) fn open(
    shared: &Arc<Shared>,
    target: &Target,
    options: &Options,
    form: Form,
    damage: Damage,
) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static, Box<Status>> {
    let selection = Selection::new(target, &options.labels, &options.fields)?;
    let asked = revision(&options.version).map_err(status::internal)?.filter(|revision| *revision > 0);
    let watch = shared.update(|inner| {
        let (newest, oldest) = (inner.state.storage.revision, inner.state.storage.oldest);
        let seconds = match options.timeout {
            Some(seconds) if seconds != 0 => u64::try_from(seconds).unwrap_or(0),
            _ => 1800 + inner.state.random() % 1800,
        };
        let now = Instant::now();
        let deadline = now + Duration::from_secs(seconds.min(86_400));
        let since = asked.unwrap_or(newest);
        // Refused before there is a watch: dropping one takes the lock that is held here.
        let gone = (since < oldest).then(|| status::expired(format!("too old resource version: {since} ({oldest})")));
        if let (true, Some(gone)) = (inner.gone_as_http, &gone) {
            return Err(gone.clone());
        }
        let table = inner.state.storage.table(&target.kind.group, &target.kind.plural);
        let (cursor, removals) = (table.after(since), table.removals);
        inner.next_watch += 1;
        let mut watch = Watch {
            shared: shared.clone(),
            id: inner.next_watch,
            target: target.clone(),
            selection,
            form,
            damage,
            cursor,
            since,
            removals,
            bookmarks: options.bookmarks,
            bookmarks_sent: inner.bookmarks,
            next_bookmark: now + MINUTE,
            farewell: Some(deadline - FAREWELL.min(deadline - now)).filter(|at| *at > now),
            deadline,
            ready: VecDeque::new(),
            events: 0,
            bytes: 0,
            end: None,
        };
        if let Some(gone) = gone {
            watch.end = Some(End::Error(gone));
        } else if asked.is_none() {
            watch.initial(inner, newest);
        }
        let resource = target.kind.plural.clone();
        inner.watches.insert(watch.id, Open { resource, bookmarks: inner.bookmarks, end: None });
        Ok(watch)
    })?;
    Ok(stream::unfold(watch, |mut watch| async move {
        let frame = watch.next().await?;
        Some((frame, watch))
    }))
}

impl Watch {
    /// Everything that is there, in key order, and the mark of its end.
    fn initial(&mut self, inner: &Inner, newest: u64) {
        let kind = self.target.kind.clone();
        let namespace = &self.target.namespace;
        let prefix = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        if let Some(table) = inner.state.storage.existing(&kind.group, &kind.plural) {
            for (_, object) in table.at(newest, &prefix, "") {
                if self.selection.matches(&kind, object) {
                    self.event("ADDED", object);
                }
            }
        }
        if self.bookmarks {
            let bookmark = text::bookmark(&kind, &self.target.version, self.form, newest, true);
            self.ready.push_back(text::event("BOOKMARK", &bookmark));
        }
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let mut changed = self.shared.changed();
        loop {
            changed.borrow_and_update();
            let shared = self.shared.clone();
            shared.read(|inner| self.drain(inner));
            if let Some(frame) = self.frame() {
                return Some(frame);
            }
            match self.end.take() {
                None => {}
                Some(End::Clean) => return None,
                Some(End::Cut) => {
                    self.end = Some(End::Clean);
                    return Some(Err(connection_lost()));
                }
                Some(End::Error(status)) => {
                    self.end = Some(End::Clean);
                    return Some(Ok(text::event("ERROR", &status::text(&status))));
                }
            }
            let wake = self.deadline.min(self.next_bookmark).min(self.farewell.unwrap_or(self.deadline));
            tokio::select! {
                _ = changed.changed() => {}
                () = sleep_until(wake) => self.tick(),
            }
        }
    }

    /// Whatever is ready, in one piece, as far as the damage lets it through.
    fn frame(&mut self) -> Option<io::Result<Bytes>> {
        let mut frame = Vec::new();
        while let Some(line) = self.ready.pop_front() {
            if self.damage.objects.is_some_and(|limit| self.events >= limit) {
                self.cut();
                break;
            }
            self.events += 1;
            match self.damage.bytes.map(|limit| limit.saturating_sub(self.bytes)) {
                Some(left) if line.len() > left => {
                    frame.extend_from_slice(&line[..left]);
                    self.cut();
                    break;
                }
                _ => frame.extend_from_slice(&line),
            }
            self.bytes += line.len();
        }
        (!frame.is_empty()).then(|| Ok(frame.into()))
    }

    fn cut(&mut self) {
        self.ready.clear();
        self.end = Some(End::Cut);
    }

    /// Turns what happened since into lines, then does what the cluster wants.
    fn drain(&mut self, inner: &Inner) {
        if self.end.is_some() {
            return;
        }
        let kind = self.target.kind.clone();
        let ended = inner.watches.get(&self.id).and_then(|open| open.end.clone());
        let until = ended.as_ref().map_or(u64::MAX, |(_, until)| *until);
        if let Some(table) = inner.state.storage.existing(&kind.group, &kind.plural) {
            let changes = &table.log[self.cursor.min(table.log.len())..];
            self.cursor = table.log.len();
            for change in changes.iter().filter(|change| change.revision <= until) {
                self.change(change);
            }
            if let Some((end, _)) = ended {
                self.end = Some(end);
                return;
            }
            if table.removals > self.removals {
                self.bookmark(inner.state.storage.revision);
                self.end = Some(End::Clean);
            }
        }
        let Some(open) = inner.watches.get(&self.id) else {
            return;
        };
        if open.bookmarks > self.bookmarks_sent {
            self.bookmarks_sent = open.bookmarks;
            self.bookmark(inner.state.storage.revision);
        }
        if let Some((end, _)) = ended {
            self.end = Some(end);
        }
    }

    /// What a change is to this watch: crossing its borders is coming and going.
    fn change(&mut self, change: &Change) {
        if change.revision <= self.since {
            return;
        }
        let selected = |object: &&Arc<Object>| self.selection.matches(&self.target.kind, object);
        let before = change.before.as_ref().filter(selected).cloned();
        let after = change.after.as_ref().filter(selected).cloned();
        match (before, after) {
            (None, None) => {}
            (None, Some(object)) => self.event("ADDED", &object),
            (Some(_), Some(object)) => self.event("MODIFIED", &object),
            (Some(object), None) => self.event("DELETED", &object.at(change.revision)),
        }
    }

    fn event(&mut self, name: &str, object: &Object) {
        let text = match &self.damage.undecodable {
            Some(damaged) if *damaged == object.name => UNDECODABLE,
            _ => text::object(&self.target.kind, &self.target.version, object, self.form),
        };
        self.ready.push_back(text::event(name, &text));
    }

    /// Time has come for a bookmark, or for the end.
    fn tick(&mut self) {
        let now = Instant::now();
        let newest = self.shared.read(|inner| inner.state.storage.revision);
        if now >= self.next_bookmark {
            self.next_bookmark += MINUTE;
            self.bookmark(newest);
        }
        if self.farewell.is_some_and(|at| now >= at) {
            self.farewell = None;
            self.bookmark(newest);
        }
        if now >= self.deadline {
            self.end.get_or_insert(End::Clean);
        }
    }

    /// A bookmark, if the client wants them and the revision it asked for has come.
    fn bookmark(&mut self, newest: u64) {
        if self.bookmarks && newest >= self.since {
            let bookmark = text::bookmark(&self.target.kind, &self.target.version, self.form, newest, false);
            self.ready.push_back(text::event("BOOKMARK", &bookmark));
        }
    }
}
