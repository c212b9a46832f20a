//! One open watch: a position in the history of a kind, turned into events as fast as the client reads them.
//!
//! Because it reads the history, it cannot lose a change after its start, however slow the client is. If the client
//! falls behind the history, or leaves more unread than the cluster allows, the watch ends without further events. The
//! client then resumes from its last version and learns that it has expired. Because the watch reads on demand, it
//! buffers no more than one frame. Not here: what tests do with open watches ([`watches`](super::watches)).

mod opening;

use std::{io, mem, sync::Arc, time::Duration, vec};

use bytes::Bytes;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    body::connection_lost,
    cluster::{Inner, Shared},
    selection::Selection,
    state::Target,
    status,
    storage::{Change, Object},
    text::{self, Form},
    watches::End,
};

pub(super) use opening::{Features, failed, open};

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
    /// What happened up to here is told, or none of this watch's business; the future where the client asked for it,
    /// or where the cluster went back in time.
    since: u64,
    /// How many unread changes are too many, and the last one to tell where there were so many.
    buffer: usize,
    overflow: Option<u64>,
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

impl Watch {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            self.changed.borrow_and_update();
            let mut frame = Frame::default();
            if self.end.is_none() {
                let shared = self.shared.clone();
                shared.update(|inner| self.look(&mut frame, inner));
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

    /// Fills a frame, and lets the cluster know how far that brings the reader.
    fn look(&mut self, frame: &mut Frame, inner: &mut Inner) {
        self.fill(frame, inner);
        if let Some(open) = inner.watches.get_mut(&self.id) {
            open.shown.initial_events_sent = self.initial.as_slice().is_empty() && self.initial_end.is_none();
            open.shown.seen = if open.shown.initial_events_sent { self.since } else { 0 };
        }
    }

    /// Puts what is to be told into a frame: what was there at the start, what happened since, and once all that is
    /// told, what the clock and the cluster want. What does not fit is left for the next frame.
    fn fill(&mut self, frame: &mut Frame, inner: &Inner) {
        while let Some(object) = self.initial.as_slice().first().filter(|_| !frame.is_full()) {
            frame.push(self.event("ADDED", object));
            self.initial.next();
        }
        if frame.is_full() {
            return;
        }
        if let Some(newest) = self.initial_end.take() {
            frame.push(self.bookmark(newest, true));
        }
        let open = inner.watches.get(&self.id);
        let ended = open.and_then(|open| open.end.as_ref());
        let storage = &inner.state.storage;
        let table = storage.table(self.target.kind.id);
        if let Some(table) = table.filter(|_| storage.revision >= self.since) {
            // What was forgotten meanwhile cannot be told, and nothing may be told without it.
            if table.forgotten() > self.since {
                self.end = Some(End::Clean);
                return;
            }
            let mut changes = table.after(self.since);
            if self.overflow.is_none() && changes.len() > self.buffer {
                self.overflow = table.after(self.since).nth(self.buffer - 1).map(|last| last.revision);
            }
            let until = ended.map_or(u64::MAX, |(_, until)| *until).min(self.overflow.unwrap_or(u64::MAX));
            while let Some(change) = changes.next().filter(|change| change.revision <= until) {
                if frame.is_full() {
                    return;
                }
                self.since = change.revision;
                frame.extend(self.change(change));
            }
        }
        if let Some((end, _)) = ended {
            self.end = Some(end.clone());
            return;
        }
        if self.overflow.is_some() {
            self.end = Some(End::Clean);
            return;
        }
        let removed = table.is_some_and(|table| table.removals() > self.removals);
        let asked = open.is_some_and(|open| open.bookmarks > self.bookmarks_sent);
        self.bookmarks_sent = inner.bookmarks;
        let due = mem::take(&mut self.due) + usize::from(removed) + usize::from(asked);
        // None comes before the version the client asked for.
        if self.bookmarks && storage.revision >= self.since {
            (0..due).for_each(|_| frame.push(self.bookmark(storage.revision, false)));
        }
        self.since = self.since.max(storage.revision);
        if removed || self.over {
            self.end = Some(End::Clean);
        }
    }

    /// What a change is to this watch: crossing its borders is coming and going.
    fn change(&self, change: &Change) -> Option<Bytes> {
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
