//! Duplicate owner references: the server keeps the first one, and warns.

use serde_json::{Map, Value};

use super::{Write, metadata};

/// Leaves each reference once. `patched` is what a patch made.
pub(super) fn dedup(object: &mut Map<String, Value>, patched: bool, write: Write<'_>) {
    let Some(references) = metadata(object).get_mut("ownerReferences").and_then(Value::as_array_mut) else { return };
    let mut kept: Vec<Value> = Vec::new();
    let mut again = Vec::new();
    for reference in references.drain(..) {
        match kept.contains(&reference) {
            true => again.push(reference["uid"].as_str().unwrap_or_default().to_owned()),
            false => kept.push(reference),
        }
    }
    *references = kept;
    if !again.is_empty() {
        let when = if patched { " after mutating admission happens" } else { "" };
        write.warn([format!(
            ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and \
             may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            again.join(", ")
        )]);
    }
}
