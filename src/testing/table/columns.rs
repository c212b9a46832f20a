//! The columns of built-in kinds.
//!
//! The text names each kind, then its columns, a line each: name, type and format, priority, description. `@` stands
//! for the descriptions that many columns share.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

const TEXT: &str = include_str!("columns.txt");

/// The columns of a resource, `deployments.apps`.
pub(super) fn of(resource: &str) -> Vec<Value> {
    static ALL: OnceLock<HashMap<&str, Vec<Value>>> = OnceLock::new();
    ALL.get_or_init(read).get(resource).cloned().unwrap_or_default()
}

/// What the name of an object is said to be.
pub(super) fn name() -> Value {
    of("configmaps").swap_remove(0)
}

/// What the age of an object is said to be.
pub(super) fn age() -> Value {
    of("configmaps").last().map(|column| column["description"].clone()).unwrap_or_default()
}

fn read() -> HashMap<&'static str, Vec<Value>> {
    let (mut shared, mut all, mut resource) = (HashMap::new(), HashMap::<_, Vec<_>>::new(), "");
    for line in TEXT.lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            [mark, description] => drop(shared.insert(mark, description)),
            ["", name, kind, priority, description] => {
                let (kind, format) = kind.split_once('/').unwrap_or((kind, ""));
                let description = shared.get(description).copied().unwrap_or(description);
                all.entry(resource).or_default().push(json!({
                    "name": name,
                    "type": kind,
                    "format": format,
                    "description": description.replace("\\n", "\n"),
                    "priority": priority.parse::<i32>().unwrap_or_default(),
                }));
            }
            _ => resource = line,
        }
    }
    all
}
