//! Reading a watch: bytes to lines, lines to events.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::connection::{Frames, Status};
use super::{Error, Event};
use crate::indexer::{self, Decoded, Indexer};
use crate::{ObjectName, ResourceVersion};

/// The longest line that is read; the API server's own limit for one object is far below.
const MAX_LINE: usize = 64 << 20;

/// The events of one watch.
pub(super) struct EventStream<'i> {
    frames: Frames,
    indexer: &'i Indexer,
    /// Bytes of the lines still to be told.
    buffer: Vec<u8>,
    /// The version up to which everything has been told.
    version: ResourceVersion,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// As much of any object as a deletion or a bookmark needs.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Identity<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "resourceVersion")]
    version: Option<Cow<'a, str>>,
}

impl<'i> EventStream<'i> {
    pub(super) fn new(frames: Frames, indexer: &'i Indexer, version: ResourceVersion) -> EventStream<'i> {
        EventStream { frames, indexer, buffer: Vec::new(), version }
    }

    /// The version to go on from.
    pub(super) fn version(&self) -> &ResourceVersion {
        &self.version
    }

    /// The events that came together; `None` at the clean end.
    ///
    /// # Errors
    ///
    /// When the stream breaks, or the server says so in an ERROR event; events before it were returned.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Event>>, Error> {
        loop {
            let Some(end) = self.buffer.iter().rposition(|byte| *byte == b'\n') else {
                match self.fill().await? {
                    ControlFlow::Continue(()) => continue,
                    ControlFlow::Break(()) => return self.last(),
                }
            };
            let rest = self.buffer.split_off(end + 1);
            let lines = std::mem::replace(&mut self.buffer, rest);
            let mut events = Vec::new();
            for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
                match self.read(line) {
                    Ok(event) => events.push(event),
                    Err(error) if events.is_empty() => return Err(error),
                    Err(_) => {
                        // First tell what came before it; the line comes up again with the next call.
                        let mut again = line.to_vec();
                        again.push(b'\n');
                        self.buffer = again;
                        break;
                    }
                }
            }
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
    }

    /// What is left when the stream has ended, if it is a line that only lacks its end.
    fn last(&mut self) -> Result<Option<Vec<Event>>, Error> {
        let line = std::mem::take(&mut self.buffer);
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        match self.read(&line) {
            Ok(event) => Ok(Some(vec![event])),
            // It was cut; the watch that follows tells it again.
            Err(Error::Malformed { source: Some(error), .. }) if error.is_eof() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn fill(&mut self) -> Result<ControlFlow<()>, Error> {
        let Some(bytes) = self.frames.next().await? else { return Ok(ControlFlow::Break(())) };
        self.buffer.extend_from_slice(&bytes);
        // Look for the end of the line only in what is new, so that a long line costs its length once.
        while !bytes.contains(&b'\n') {
            if self.buffer.len() > MAX_LINE {
                return Err(malformed("watch event below 64 MiB", None));
            }
            let Some(bytes) = self.frames.next().await? else { return Ok(ControlFlow::Break(())) };
            self.buffer.extend_from_slice(&bytes);
            if bytes.contains(&b'\n') {
                break;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn read(&mut self, line: &[u8]) -> Result<Event, Error> {
        let event = match changed(line).map(|object| self.indexer.decode(object)) {
            Some(Ok(decoded)) => apply(decoded),
            // Whatever is wrong with it, it is found out below.
            Some(Err(_)) | None => match self.read_any(line)? {
                ControlFlow::Continue(event) => event,
                ControlFlow::Break(skipped) => return Ok(skipped),
            },
        };
        let told = match &event {
            Event::Apply(indexed) => indexed.version().cloned(),
            Event::Delete { version, .. } => version.clone(),
            Event::Bookmark(version) => Some(version.clone()),
            _ => None,
        };
        if let Some(version) = told {
            self.version = version;
        }
        Ok(event)
    }

    /// Reads any line; breaks with what it tells if nothing may be gone on from.
    fn read_any(&self, line: &[u8]) -> Result<ControlFlow<Event, Event>, Error> {
        let skipped = |error| Ok(ControlFlow::Break(Event::Skipped(error)));
        let line: Line<'_> = serde_json::from_slice(line).map_err(|error| malformed("watch event", Some(error)))?;
        let object = line.object.get().as_bytes();
        Ok(ControlFlow::Continue(match &*line.kind {
            "ADDED" | "MODIFIED" => match self.indexer.decode(object) {
                Ok(decoded) => apply(decoded),
                Err(error) => return skipped(Error::Object(Arc::new(error))),
            },
            "DELETED" | "BOOKMARK" => {
                let identity = match serde_json::from_slice::<Identity<'_>>(object) {
                    Ok(identity) => identity.metadata,
                    Err(error) => return skipped(malformed("watch event", Some(error))),
                };
                let version = identity.version.as_deref().map(ResourceVersion::new);
                match (&*line.kind, version) {
                    ("BOOKMARK", Some(version)) => Event::Bookmark(version),
                    ("BOOKMARK", None) => return skipped(malformed("bookmark with a version", None)),
                    _ if identity.name.is_empty() => {
                        return skipped(Error::Object(Arc::new(indexer::Error::NoName)));
                    }
                    (_, version) => {
                        let namespace = identity.namespace.unwrap_or_default();
                        Event::Delete { name: ObjectName::new(&namespace, &identity.name), version }
                    }
                }
            }
            "ERROR" => {
                let status: Status = serde_json::from_slice(object).unwrap_or_default();
                return Err(if status.is_status() { status.into() } else { malformed("Status", None) });
            }
            _ => return skipped(malformed("watch event of a known type", None)),
        }))
    }
}

/// The object of a line that says that it was created or changed, in the words and the order of the API server: read
/// like this, the line is parsed once.
fn changed(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(br#"{"type":""#)?.strip_suffix(b"}")?;
    let rest = rest.strip_prefix(b"MODIFIED").or_else(|| rest.strip_prefix(b"ADDED"))?;
    rest.strip_prefix(br#"","object":"#)
}

fn apply(decoded: Decoded) -> Event {
    match decoded {
        Decoded::Matching(indexed) => Event::Apply(indexed),
        Decoded::Unmatched { name, version } => Event::Delete { name, version },
    }
}

fn malformed(expected: &'static str, source: Option<serde_json::Error>) -> Error {
    Error::malformed("watch", expected, source)
}
