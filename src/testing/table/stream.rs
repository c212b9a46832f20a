//! A watch in Tables: the watch of whole objects, each event with the Table of one row.

use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use jiff::Timestamp;
use serde_json::Value;

use super::{super::text, Printer};

/// Turns the events of a watch into Tables. Only the first says what the columns are; an ERROR stays a Status.
pub(in super::super) fn tables(
    events: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    printer: Printer,
    now: impl Fn() -> Timestamp + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let mut first = true;
    events.map(move |frame| {
        let frame = frame?;
        let lines = frame.split_inclusive(|byte| *byte == b'\n');
        let lines = lines.map(|line| event(line, &printer, now(), &mut first).unwrap_or_else(|| line.to_vec()));
        Ok(lines.collect::<Vec<_>>().concat().into())
    })
}

/// An event with its object in a Table; nothing where it is to stay as it is.
fn event(line: &[u8], printer: &Printer, now: Timestamp, first: &mut bool) -> Option<Vec<u8>> {
    let mut event: Value = serde_json::from_slice(line).ok()?;
    let mut table = printer.table(event["object"].take(), now);
    if table["kind"] != "Table" {
        return None;
    }
    if !std::mem::take(first) {
        table["columnDefinitions"] = Value::Null;
    }
    Some(text::line(event["type"].as_str()?, &super::printed(&table)).to_vec())
}
