//! The columns of built-in kinds.
//!
//! The text names each kind, then its columns, a line each: name, type and format, priority, description. `@` stands
//! for the descriptions that many columns share.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

const TEXT: &str = include_str!("columns.txt");

/// The columns of a kind, `Deployment.apps`.
pub(super) fn of(kind: &str) -> Vec<Value> {
    static ALL: OnceLock<HashMap<&str, Vec<Value>>> = OnceLock::new();
    ALL.get_or_init(read).get(kind).cloned().unwrap_or_default()
}

/// What the name of an object is said to be.
pub(super) fn name() -> Value {
    of("ConfigMap").swap_remove(0)
}

/// What the age of an object is said to be.
pub(super) fn age() -> Value {
    of("ConfigMap").last().map(|column| column["description"].clone()).unwrap_or_default()
}

fn read() -> HashMap<&'static str, Vec<Value>> {
    let (mut shared, mut all, mut kind) = (HashMap::new(), HashMap::<_, Vec<_>>::new(), "");
    for line in TEXT.lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            [mark, description] => drop(shared.insert(mark, description)),
            ["", name, ty, priority, description] => {
                let (ty, format) = ty.split_once('/').unwrap_or((ty, ""));
                let description = shared.get(description).copied().unwrap_or(description);
                all.entry(kind).or_default().push(json!({
                    "name": name,
                    "type": ty,
                    "format": format,
                    "description": description.replace("\\n", "\n"),
                    "priority": priority.parse::<i32>().unwrap_or_default(),
                }));
            }
            _ => kind = line,
        }
    }
    all
}
