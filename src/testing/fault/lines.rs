//! How the events of a watch are damaged on their way to the client.

use std::mem;

use serde::Deserialize;
use serde_json::value::RawValue;

/// What happens to events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Types of events, and what they are called instead.
    pub(super) names: Vec<(String, String)>,
    pub(super) duplicate: bool,
    pub(super) reorder: bool,
    pub(super) no_end_bookmark: bool,
    pub(super) silent: bool,
}

/// Events on their way, one of which may be held back.
#[derive(Debug, Default)]
pub(super) struct Passing {
    held: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct Event<'e> {
    r#type: &'e str,
    #[serde(borrow)]
    object: &'e RawValue,
}

impl Lines {
    /// The lines that arrive where this one was sent; `damaged` tells what becomes of its object.
    pub(super) fn pass(
        &self,
        line: &[u8],
        passing: &mut Passing,
        damaged: impl FnOnce(&RawValue) -> Option<&'static str>,
    ) -> Vec<Vec<u8>> {
        if self.silent {
            return Vec::new();
        }
        let Ok(Event { r#type: event, object }) = serde_json::from_slice(line) else {
            return vec![line.to_vec()];
        };
        if self.no_end_bookmark && event == "BOOKMARK" && object.get().contains("\"k8s.io/initial-events-end\"") {
            return Vec::new();
        }
        let name = self.names.iter().find(|(known, _)| known == event).map(|(_, name)| name.as_str());
        let damaged = damaged(object);
        let sent = if name.is_none() && damaged.is_none() {
            line.to_vec()
        } else {
            let name = serde_json::Value::from(name.unwrap_or(event));
            format!("{{\"type\":{name},\"object\":{}}}\n", damaged.unwrap_or(object.get())).into_bytes()
        };
        let about_an_object = !["BOOKMARK", "ERROR"].contains(&event);
        let sent = match (self.reorder, about_an_object, passing.held.take()) {
            (true, true, None) => {
                passing.held = Some(sent);
                Vec::new()
            }
            (_, true, Some(first)) => vec![sent, first],
            (_, false, Some(first)) => vec![first, sent],
            (_, _, None) => vec![sent],
        };
        self.copied(sent)
    }

    /// What was held back, once nothing follows.
    pub(super) fn rest(&self, passing: &mut Passing) -> Vec<Vec<u8>> {
        self.copied(mem::take(&mut passing.held).into_iter().collect())
    }

    fn copied(&self, lines: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let copies = if self.duplicate { 2 } else { 1 };
        lines.into_iter().flat_map(|line| std::iter::repeat_n(line, copies)).collect()
    }
}
