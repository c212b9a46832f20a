//! Moving from client-side apply to server-side apply, for kubectl only.
//!
//! Fields that still have the value in kubectl's annotation do not conflict, and the annotation, if there is one, is
//! updated with what is applied.

use serde_json::{Value, json};

use super::{
    Writer,
    check::check,
    conflict::Conflicts,
    typed::{compare, set_of},
};
use crate::testing::{quoted::html_safe, shape::Shape};

pub(super) const MANAGER: &str = "kubectl";
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The server refuses annotations that are larger together.
const MOST_BYTES: usize = 256 * 1024;

/// Fails with the conflicts that the annotation does not explain.
pub(super) fn forgiven(
    conflicts: Conflicts,
    live: &Value,
    shape: Shape<'_>,
    writer: &Writer<'_>,
) -> Result<(), Conflicts> {
    let Some(text) = live["metadata"]["annotations"][ANNOTATION].as_str() else { return Err(conflicts) };
    let Ok(applied) = serde_json::from_str::<Value>(text) else { return Err(conflicts) };
    if applied["apiVersion"] != writer.api_version || check(&applied, shape).is_err() {
        return Err(conflicts);
    }
    let change = compare(&applied, live, shape);
    let unchanged = set_of(&applied, shape).difference(&change.taken()).difference(&change.removed);
    conflicts.without(&unchanged)
}

/// Brings the annotation up to date, or drops it where it would grow too large.
pub(super) fn refresh(object: &mut Value, config: &Value) {
    let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) else { return };
    if annotations.get(ANNOTATION).and_then(Value::as_str).is_none_or(str::is_empty) {
        return;
    }
    let mut config = config.clone();
    if let Some(annotations) = config.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(ANNOTATION);
    }
    annotations.insert(ANNOTATION.to_owned(), json!(html_safe(&config.to_string()) + "\n"));
    let size: usize = annotations.iter().map(|(name, value)| name.len() + value.as_str().map_or(0, str::len)).sum();
    if size > MOST_BYTES {
        annotations.remove(ANNOTATION);
    }
}
