//! How an answer is damaged on its way to the client.

use super::{
    Failure, Fault,
    stream::{Cut, Damage},
};

/// Damage to the body of any answer.
impl Fault {
    /// Sends the status line and the headers, and then nothing: neither a body nor its end.
    pub fn hang_after_headers(mut self) -> Self {
        self.damage().hang = true;
        self
    }

    /// Cuts the body after this many bytes. Reading it then fails with an unexpected end of file.
    pub fn cut_after_bytes(self, bytes: usize) -> Self {
        self.cut(Cut::Bytes(bytes))
    }

    /// Cuts the body after this many objects of a list or events of a watch. A body with fewer stays whole.
    pub fn cut_after(self, objects: usize) -> Self {
        self.cut(Cut::Objects(objects))
    }

    /// Cuts the body in the middle of the object or event that follows this many.
    pub fn cut_inside(self, objects: usize) -> Self {
        self.cut(Cut::Inside(objects))
    }

    /// Ends the body early but without an error, as if it were complete. Use it together with one of the cuts.
    pub fn cleanly(mut self) -> Self {
        self.damage().cleanly = true;
        self
    }

    /// Sends the body in frames of at most this many bytes (at least one), so that lines and characters are split.
    pub fn frames_of(mut self, bytes: usize) -> Self {
        self.damage().frames_of = Some(bytes.max(1));
        self
    }

    /// Makes the object of this name impossible to decode wherever the answer contains it: its metadata becomes a
    /// string.
    pub fn undecodable(mut self, name: &str) -> Self {
        self.damage().undecodable = Some(name.to_owned());
        self
    }

    fn damage(&mut self) -> &mut Damage {
        self.effect.damage.get_or_insert_default()
    }

    fn cut(mut self, cut: Cut) -> Self {
        self.damage().cut = Some(cut);
        self
    }
}

/// Damage to the events of a watch. Other answers are untouched.
impl Fault {
    /// Sends events of one type (`ADDED`, `MODIFIED`, ...) under another one, which may be wrong or unknown.
    pub fn event_type(mut self, event: &str, name: &str) -> Self {
        self.damage().lines.names.push((event.to_owned(), name.to_owned()));
        self
    }

    /// Sends each event twice.
    pub fn duplicate_events(mut self) -> Self {
        self.damage().lines.duplicate = true;
        self
    }

    /// Swaps each pair of events about objects. The first of a pair is held until the second, a bookmark or the end of
    /// the watch comes.
    pub fn reorder_events(mut self) -> Self {
        self.damage().lines.reorder = true;
        self
    }

    /// Leaves out the bookmark after the initial events (`k8s.io/initial-events-end`).
    pub fn without_end_bookmark(mut self) -> Self {
        self.damage().lines.no_end_bookmark = true;
        self
    }

    /// Sends no events. The watch stays open and ends at its timeout.
    pub fn silent(mut self) -> Self {
        self.damage().lines.silent = true;
        self
    }

    /// Sends an ERROR event after this many events, and ends the watch, as when credentials expire or etcd times out.
    /// The event carries a Status: one for an HTTP code, or a complete one.
    ///
    /// # Panics
    ///
    /// If its code is not that of an error, 400 to 599.
    #[track_caller]
    pub fn fail_after(mut self, events: usize, failure: impl Into<Failure>) -> Self {
        self.damage().failure = Some((events, failure.into().status()));
        self
    }
}
