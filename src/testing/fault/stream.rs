//! Damage: what an answer's body loses on its way, whatever the server put into it.
//!
//! It is read as text, by its lines and its items, so that nothing that makes answers knows of faults.

use std::io;

use bytes::Bytes;
use futures::stream;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::body::{Body, connection_lost};

/// What an answer loses.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Damage {
    /// Everything after so many bytes.
    pub(in super::super) bytes: Option<usize>,
    /// Everything after so many items of a list, or events of a watch.
    pub(in super::super) objects: Option<usize>,
    /// The object of this name, which does not decode any more.
    pub(in super::super) undecodable: Option<String>,
}

/// A body as it arrives. `streams` tells the events of a watch, of which every frame holds whole lines, from a
/// text that comes in one frame.
pub(in super::super) fn damaged(body: Body, damage: Damage, streams: bool) -> Body {
    let damaged = Damaged { body, damage, streams, events: 0, bytes: 0, cut: false };
    Body::stream(stream::unfold(Some(damaged), |damaged| async {
        let mut damaged = damaged?;
        match damaged.next().await? {
            Ok(bytes) => Some((Ok(bytes), Some(damaged))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

struct Damaged {
    body: Body,
    damage: Damage,
    streams: bool,
    /// What was let through so far.
    events: usize,
    bytes: usize,
    /// Whether anything was held back, and thereby all that follows.
    cut: bool,
}

impl Damaged {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        while !self.cut {
            let frame = match self.body.frame().await? {
                Ok(frame) => frame.into_data().unwrap_or_default(),
                Err(error) => return Some(Err(error)),
            };
            let rest = if self.streams { self.events(&frame) } else { self.document(&frame) };
            let rest = self.first_bytes(rest);
            if !rest.is_empty() {
                return Some(Ok(rest.into()));
            }
        }
        Some(Err(connection_lost()))
    }

    fn events(&mut self, frame: &[u8]) -> Vec<u8> {
        let mut rest = Vec::with_capacity(frame.len());
        for line in frame.split_inclusive(|byte| *byte == b'\n') {
            if self.damage.objects.is_some_and(|limit| self.events >= limit) {
                self.cut = true;
                break;
            }
            self.events += 1;
            match self.undecodable_event(line) {
                Some(damaged) => rest.extend_from_slice(damaged.as_bytes()),
                None => rest.extend_from_slice(line),
            }
        }
        rest
    }

    fn undecodable_event(&self, line: &[u8]) -> Option<String> {
        #[derive(Deserialize)]
        struct Event<'e> {
            r#type: &'e str,
            #[serde(borrow)]
            object: &'e RawValue,
        }
        self.damage.undecodable.as_ref()?;
        let event: Event<'_> = serde_json::from_slice(line).ok()?;
        let damaged = self.is_undecodable(event.object);
        damaged.then(|| format!("{{\"type\":\"{}\",\"object\":{UNDECODABLE}}}\n", event.r#type))
    }

    fn document(&mut self, text: &[u8]) -> Vec<u8> {
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
            Ok(object) if self.is_undecodable(object) => format!("{UNDECODABLE}\n").into_bytes(),
            _ => text.to_vec(),
        }
    }

    /// A list with the items that are left of `array`, which is a part of `text`.
    fn list(&mut self, text: &[u8], array: &str) -> Vec<u8> {
        let place = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
        let items: Vec<&RawValue> = serde_json::from_str(array).unwrap_or_default();
        let kept = self.damage.objects.filter(|limit| *limit <= items.len());
        let mut copied = place(array) + 1;
        let mut rest = text[..copied].to_vec();
        for item in &items[..kept.unwrap_or(items.len())] {
            let start = place(item.get());
            rest.extend_from_slice(&text[copied..start]);
            let damaged = self.is_undecodable(item);
            rest.extend_from_slice(if damaged { UNDECODABLE } else { item.get() }.as_bytes());
            copied = start + item.get().len();
        }
        match kept {
            Some(_) => self.cut = true,
            None => rest.extend_from_slice(&text[copied..]),
        }
        rest
    }

    fn is_undecodable(&self, object: &RawValue) -> bool {
        #[derive(Deserialize)]
        struct Named {
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        struct Metadata {
            name: String,
        }
        let Some(wanted) = &self.damage.undecodable else {
            return false;
        };
        serde_json::from_str::<Named>(object.get()).is_ok_and(|object| object.metadata.name == *wanted)
    }

    fn first_bytes(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        if let Some(limit) = self.damage.bytes {
            let left = limit - self.bytes;
            if bytes.len() > left {
                bytes.truncate(left);
                self.cut = true;
            }
        }
        self.bytes += bytes.len();
        bytes
    }
}

/// What stands for an object that must not decode.
const UNDECODABLE: &str = r#"{"kind":"Undecodable","apiVersion":"v1","metadata":"undecodable"}"#;
