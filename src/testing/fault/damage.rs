//! What happens to an answer on its way.

use super::{
    Failure, Fault,
    stream::{Cut, Damage},
};

/// What happens to the body of an answer, whatever it holds.
impl Fault {
    /// Sends the head of the answer, and never a body, nor its end.
    pub fn hang_after_headers(mut self) -> Self {
        self.damage().hang = true;
        self
    }

    /// Cuts the answer's body after so many bytes: the body then fails with an unexpected end.
    pub fn cut_after_bytes(self, bytes: usize) -> Self {
        self.cut(Cut::Bytes(bytes))
    }

    /// Cuts the answer's body after so many objects of a list, or events of a watch. One that has fewer stays whole.
    pub fn cut_after(self, objects: usize) -> Self {
        self.cut(Cut::Objects(objects))
    }

    /// Cuts the answer's body in the middle of the object of a list, or of the event of a watch, that follows so many.
    pub fn cut_inside(self, objects: usize) -> Self {
        self.cut(Cut::Inside(objects))
    }

    /// Makes the cut look like an end: the body does not fail, and what was received is all there is.
    pub fn cleanly(mut self) -> Self {
        self.damage().cleanly = true;
        self
    }

    /// Sends the body in frames of at most so many bytes, at least one.
    pub fn frames_of(mut self, bytes: usize) -> Self {
        self.damage().frames_of = Some(bytes.max(1));
        self
    }

    /// Damages the object of this name wherever the answer holds it: its metadata becomes a string.
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

/// What happens to the events of a watch. Other answers stay as they are.
impl Fault {
    /// Calls events of one type by another name: a wrong one, or one nobody knows.
    pub fn event_type(mut self, event: &str, name: &str) -> Self {
        self.damage().lines.names.push((event.to_owned(), name.to_owned()));
        self
    }

    /// Sends each event twice.
    pub fn duplicate_events(mut self) -> Self {
        self.damage().lines.duplicate = true;
        self
    }

    /// Swaps each event about an object with the next: the first of them waits for the second, for a bookmark or for
    /// the end.
    pub fn reorder_events(mut self) -> Self {
        self.damage().lines.reorder = true;
        self
    }

    /// Leaves out the bookmark that ends the initial events.
    pub fn without_end_bookmark(mut self) -> Self {
        self.damage().lines.no_end_bookmark = true;
        self
    }

    /// Tells nothing: the watch is open and ends when it would, and that is all.
    pub fn silent(mut self) -> Self {
        self.damage().lines.silent = true;
        self
    }

    /// Sends an ERROR event after so many events, and ends: credentials expired, etcd timed out. It holds the Status of a
    /// code, or a whole one.
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
