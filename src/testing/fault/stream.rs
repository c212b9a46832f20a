//! Damage to the body of an answer while it is sent, whatever the body contains.
//!
//! Bodies are handled as text, by lines and list items, so that the code that makes answers knows nothing of faults.

use std::{future, io};

use bytes::{Bytes, BytesMut};
use futures::stream;
use http_body_util::BodyExt;
use kube::core::Status;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    super::{
        body::{Body, connection_lost},
        status, text,
    },
    lines::{Lines, Passing},
};

/// What happens to a body.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Damage {
    pub(super) hang: bool,
    pub(super) cut: Option<Cut>,
    /// Whether a cut looks like an end.
    pub(super) cleanly: bool,
    pub(super) frames_of: Option<usize>,
    /// The object of this name does not decode any more.
    pub(super) undecodable: Option<String>,
    pub(super) lines: Lines,
    /// After how many events a watch fails, and with what.
    pub(super) failure: Option<(usize, Box<Status>)>,
}

/// Where a body ends before its time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cut {
    Bytes(usize),
    /// After so many items of a list, or events of a watch.
    Objects(usize),
    /// In the middle of the item or event after so many.
    Inside(usize),
}

impl Damage {
    /// Whether it is about events of a watch.
    pub(super) fn is_about_events(&self) -> bool {
        self.failure.is_some() || self.lines != Lines::default()
    }

    /// A body as it arrives. `streams` tells the events of a watch, of which every frame holds whole lines, from a
    /// text that comes in one frame.
    pub(in super::super) fn done_to(self, body: Body, streams: bool) -> Body {
        let damaged = Damaged {
            body,
            damage: self,
            streams,
            passing: Passing::default(),
            events: 0,
            bytes: 0,
            ready: BytesMut::new(),
            end: None,
        };
        Body::stream(stream::unfold(damaged, |mut damaged| async {
            let frame = damaged.next().await?;
            Some((frame, damaged))
        }))
    }
}

struct Damaged {
    body: Body,
    damage: Damage,
    streams: bool,
    passing: Passing,
    /// What was let through so far.
    events: usize,
    bytes: usize,
    /// What is yet to arrive, and what comes after it.
    ready: BytesMut,
    end: Option<End>,
}

enum End {
    Clean,
    Failed(io::Error),
}

impl Damaged {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.damage.hang {
            future::pending::<()>().await;
        }
        loop {
            if !self.ready.is_empty() {
                let length = self.damage.frames_of.unwrap_or(usize::MAX).min(self.ready.len());
                return Some(Ok(self.ready.split_to(length).freeze()));
            }
            match self.end.replace(End::Clean) {
                Some(End::Clean) => return None,
                Some(End::Failed(error)) => return Some(Err(error)),
                None => self.end = None,
            }
            if self.streams && self.is_over() {
                continue;
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    let sent = frame.into_data().unwrap_or_default();
                    if self.streams { self.events(&sent) } else { self.document(&sent) }
                }
                Some(Err(error)) => self.finish(End::Failed(error)),
                None => self.finish(End::Clean),
            }
        }
    }

    fn finish(&mut self, end: End) {
        for line in self.damage.lines.rest(&mut self.passing) {
            self.event(&line);
        }
        self.end.get_or_insert(end);
    }

    fn events(&mut self, frame: &[u8]) {
        for line in frame.split_inclusive(|byte| *byte == b'\n') {
            let Damage { lines, undecodable, .. } = &self.damage;
            let damaged = |object: &RawValue| is_called(object, undecodable.as_deref()).then_some(UNDECODABLE);
            for line in lines.pass(line, &mut self.passing, damaged) {
                self.event(&line);
            }
        }
    }

    fn event(&mut self, line: &[u8]) {
        if self.is_over() {
            return;
        }
        if let Some(Cut::Inside(limit)) = self.damage.cut
            && self.events >= limit
        {
            self.push(&line[..line.len() / 2]);
            return self.cut();
        }
        self.events += 1;
        self.push(line);
    }

    /// Whether no further event arrives, after which the end is known.
    fn is_over(&mut self) -> bool {
        if self.end.is_some() {
            return true;
        }
        let failure = self.damage.failure.take_if(|(limit, _)| self.events >= *limit);
        if let Some((_, status)) = failure {
            self.push(&text::line("ERROR", &status::text(&status)));
            self.end.get_or_insert(End::Clean);
        }
        match self.damage.cut {
            Some(Cut::Objects(limit)) if self.events >= limit => self.cut(),
            Some(Cut::Bytes(limit)) if self.bytes >= limit => self.cut(),
            _ => {}
        }
        self.end.is_some()
    }

    fn cut(&mut self) {
        let end = if self.damage.cleanly { End::Clean } else { End::Failed(connection_lost()) };
        self.end.get_or_insert(end);
    }

    fn document(&mut self, text: &[u8]) {
        #[derive(Deserialize)]
        struct List<'l> {
            #[serde(borrow)]
            items: &'l RawValue,
        }
        if let Ok(List { items }) = serde_json::from_slice(text)
            && items.get().starts_with('[')
        {
            return self.list(text, items.get());
        }
        match serde_json::from_slice::<&RawValue>(text) {
            Ok(object) if is_called(object, self.damage.undecodable.as_deref()) => {
                self.push(format!("{UNDECODABLE}\n").as_bytes());
            }
            _ => self.push(text),
        }
    }

    /// A list with the items that are left of `array`, which is a part of `text`.
    fn list(&mut self, text: &[u8], array: &str) {
        let place = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
        let items: Vec<&RawValue> = serde_json::from_str(array).unwrap_or_default();
        let limit = match self.damage.cut {
            Some(Cut::Objects(limit) | Cut::Inside(limit)) if limit <= items.len() => Some(limit),
            _ => None,
        };
        let mut copied = place(array) + 1;
        self.push(&text[..copied]);
        for item in &items[..limit.unwrap_or(items.len())] {
            let start = place(item.get());
            self.push(&text[copied..start]);
            let damaged = is_called(item, self.damage.undecodable.as_deref());
            self.push(if damaged { UNDECODABLE } else { item.get() }.as_bytes());
            copied = start + item.get().len();
        }
        match (limit, self.damage.cut) {
            (None, _) => self.push(&text[copied..]),
            (Some(limit), Some(Cut::Inside(_))) if limit < items.len() => {
                let next = items[limit].get();
                self.push(&text[copied..place(next) + next.len() / 2]);
                self.cut();
            }
            (Some(_), _) => self.cut(),
        }
    }

    /// Lets bytes through, up to the limit.
    fn push(&mut self, bytes: &[u8]) {
        let left = match self.damage.cut {
            _ if self.end.is_some() => 0,
            Some(Cut::Bytes(limit)) => limit.saturating_sub(self.bytes),
            _ => usize::MAX,
        };
        let arriving = &bytes[..left.min(bytes.len())];
        self.bytes += arriving.len();
        self.ready.extend_from_slice(arriving);
        if arriving.len() < bytes.len() {
            self.cut();
        }
    }
}

/// Whether an object has this name.
fn is_called(object: &RawValue, name: Option<&str>) -> bool {
    #[derive(Deserialize)]
    struct Named {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        name: String,
    }
    let named = |name| serde_json::from_str::<Named>(object.get()).is_ok_and(|object| object.metadata.name == name);
    name.is_some_and(named)
}

/// What stands for an object that must not decode.
const UNDECODABLE: &str = r#"{"kind":"Undecodable","apiVersion":"v1","metadata":"undecodable"}"#;
