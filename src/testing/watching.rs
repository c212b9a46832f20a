//! One open watch: a place in a kind's history, turned into events as fast as they are read.
//!
//! Because it reads the history, nothing that happened after its start can be lost, however slowly it is
//! read; and because it reads on demand, no more is kept ready for it than one frame holds. Not here: initial
//! events of a WatchList.

use std::{io, mem, sync::Arc, time::Duration, vec};

use bytes::Bytes;
use futures::{Stream, stream};
use kube::core::Status;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    body::connection_lost,
    cluster::{Inner, Shared},
    options::{Options, revision},
    selection::Selection,
    state::Target,
    status,
    storage::{Change, Object, prefix},
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

/// How many events go out at once, and from how many bytes on no further one joins them.
const EVENTS: usize = 64;
const BYTES: usize = 256 * 1024;

struct Watch {
    shared: Arc<Shared>,
    changed: watch::Receiver<()>,
    id: u64,
    target: Target,
    selection: Selection,
    form: Form,
    /// What was there at the start and is yet to be told.
    initial: vec::IntoIter<Arc<Object>>,
    /// The version of the bookmark that ends it.
    initial_end: Option<u64>,
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
    /// How many bookmarks it is time for.
    due: usize,
    /// Whether it is time to end.
    over: bool,
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
) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static, Box<Status>> {
    let selection = Selection::new(target, &options.labels, &options.fields)?;
    let asked = revision(&options.version).map_err(status::internal)?.filter(|revision| *revision > 0);
    let watch = shared.update(|inner| {
        let (newest, oldest) = (inner.state.storage.revision, inner.state.storage.oldest);
        let seconds = match options.timeout {
            Some(seconds) if seconds != 0 => u64::try_from(seconds).unwrap_or(0),
            _ => 1800 + inner.state.random.next() % 1800,
        };
        let now = Instant::now();
        let deadline = now + Duration::from_secs(seconds.min(86_400));
        let since = asked.unwrap_or(newest);
        // Refused before there is a watch: dropping one takes the lock that is held here.
        let gone = (since < oldest).then(|| status::expired(format!("too old resource version: {since} ({oldest})")));
        if let (true, Some(gone)) = (inner.gone_as_http, &gone) {
            return Err(gone.clone());
        }
        let table = inner.state.storage.table_mut(target.kind.id);
        let (changed, cursor, removals) = (table.changed(), table.after(since), table.removals);
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
            cursor,
            since,
            removals,
            bookmarks: options.bookmarks,
            bookmarks_sent: inner.bookmarks,
            next_bookmark: now + MINUTE,
            farewell: Some(deadline - FAREWELL.min(deadline - now)).filter(|at| *at > now),
            deadline,
            due: 0,
            over: false,
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
        let kind = &self.target.kind;
        let prefix = prefix(&self.target.namespace);
        let objects = inner.state.storage.objects(kind.id, &prefix);
        let selected: Vec<_> = objects.filter(|object| self.selection.matches(kind, object)).cloned().collect();
        self.initial = selected.into_iter();
        self.initial_end = self.bookmarks.then_some(newest);
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            self.changed.borrow_and_update();
            let mut frame = Frame::default();
            if self.end.is_none() {
                let shared = self.shared.clone();
                shared.read(|inner| self.fill(&mut frame, inner));
            }
            if let Some(bytes) = frame.bytes() {
                return Some(Ok(bytes));
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
                    return Some(Ok(text::line("ERROR", &status::text(&status))));
                }
            }
            let wake = self.deadline.min(self.next_bookmark).min(self.farewell.unwrap_or(self.deadline));
            tokio::select! {
                // Where both are due, chance must not choose: two runs of a test get the same bytes.
                biased;
                _ = self.changed.changed() => {}
                () = sleep_until(wake) => self.tick(),
            }
        }
    }

    /// Puts what is to be told into a frame: what was there at the start, what happened since, and once all that is
    /// told, what the clock and the cluster want. What does not fit is left for the next frame.
    fn fill(&mut self, frame: &mut Frame, inner: &Inner) {
        while let Some(object) = self.initial.as_slice().first().filter(|_| !frame.is_full()) {
            frame.push(self.event("ADDED", object));
            self.initial.next();
        }
        let open = inner.watches.get(&self.id);
        let ended = open.and_then(|open| open.end.as_ref());
        let until = ended.map_or(u64::MAX, |(_, until)| *until);
        let storage = &inner.state.storage;
        let table = storage.table(self.target.kind.id);
        if frame.is_full() {
            return;
        }
        if let Some(newest) = self.initial_end.take() {
            frame.push(self.bookmark(newest, true));
        }
        for change in table.map_or(&[][..], |table| &table.log[self.cursor..]) {
            if frame.is_full() {
                return;
            }
            self.cursor += 1;
            if change.revision <= until {
                frame.extend(self.change(change));
            }
        }
        if let Some((end, _)) = ended {
            self.end = Some(end.clone());
            return;
        }
        let removed = table.is_some_and(|table| table.removals > self.removals);
        let asked = open.is_some_and(|open| open.bookmarks > self.bookmarks_sent);
        self.bookmarks_sent = inner.bookmarks;
        let due = mem::take(&mut self.due) + usize::from(removed) + usize::from(asked);
        // None comes before the version the client asked for.
        if self.bookmarks && storage.revision >= self.since {
            (0..due).for_each(|_| frame.push(self.bookmark(storage.revision, false)));
        }
        if removed || self.over {
            self.end = Some(End::Clean);
        }
    }

    /// What a change is to this watch: crossing its borders is coming and going.
    fn change(&self, change: &Change) -> Option<Bytes> {
        if change.revision <= self.since {
            return None;
        }
        let selected = |object: &&Arc<Object>| self.selection.matches(&self.target.kind, object);
        match (change.before.as_ref().filter(selected), change.after.as_ref().filter(selected)) {
            (None, None) => None,
            (None, Some(object)) => Some(self.event("ADDED", object)),
            (Some(_), Some(object)) => Some(self.event("MODIFIED", object)),
            (Some(_), None) => change.gone().map(|object| self.event("DELETED", object)),
        }
    }

    fn event(&self, name: &'static str, object: &Object) -> Bytes {
        text::event(&self.target.kind, &self.target.version, object, self.form, name)
    }

    fn bookmark(&self, version: u64, initial_end: bool) -> Bytes {
        let Target { kind, version: api, .. } = &self.target;
        text::line("BOOKMARK", &text::bookmark(kind, api, self.form, version, initial_end))
    }

    /// Time has come for a bookmark, or for the end.
    fn tick(&mut self) {
        let now = Instant::now();
        if now >= self.next_bookmark {
            self.next_bookmark += MINUTE;
            self.due += 1;
        }
        if self.farewell.is_some_and(|at| now >= at) {
            self.farewell = None;
            self.due += 1;
        }
        self.over |= now >= self.deadline;
    }
}

/// What goes out at once: whole lines.
#[derive(Default)]
struct Frame {
    lines: Vec<Bytes>,
    length: usize,
}

impl Frame {
    fn is_full(&self) -> bool {
        self.lines.len() >= EVENTS || self.length >= BYTES
    }

    fn push(&mut self, line: Bytes) {
        self.length += line.len();
        self.lines.push(line);
    }

    fn extend(&mut self, line: Option<Bytes>) {
        line.into_iter().for_each(|line| self.push(line));
    }

    /// All lines in one piece, nothing where there are none. A line alone is not copied.
    fn bytes(&mut self) -> Option<Bytes> {
        if self.lines.len() < 2 { self.lines.pop() } else { Some(self.lines.concat().into()) }
    }
}
