//! Conditions of certificate signing requests: who may set which, and their times.

use serde_json::{Value, json};

use super::Fields;

/// What is decided by the path of approvals.
const DECISIONS: [&str; 2] = ["Approved", "Denied"];

/// Sets decisions back to what they are, unless there are more or fewer of them.
pub(super) fn keep_decisions(live: &Value, request: &mut Fields) {
    let old = live["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(new) = conditions(request) else { return };
    for decision in DECISIONS {
        let is = |condition: &&Value| condition["type"] == decision;
        let old: Vec<_> = old.iter().filter(is).collect();
        if old.len() != new.iter().filter(is).count() {
            continue;
        }
        for (new, old) in new.iter_mut().filter(|condition| condition["type"] == decision).zip(old) {
            *new = old.clone();
        }
    }
}

/// Dates conditions that are not.
pub(super) fn date(live: &Value, request: &mut Fields, time: &str) {
    let old = live["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    for condition in conditions(request).into_iter().flatten() {
        if condition["lastUpdateTime"].is_null() {
            condition["lastUpdateTime"] = time.into();
        }
        if condition["lastTransitionTime"].is_null() {
            let same = |old: &&Value| ["type", "status"].iter().all(|field| old[field] == condition[field]);
            let since = old.iter().find(same).map(|old| old["lastTransitionTime"].clone());
            condition["lastTransitionTime"] = since.filter(|since| !since.is_null()).unwrap_or_else(|| json!(time));
        }
    }
}

fn conditions(request: &mut Fields) -> Option<&mut Vec<Value>> {
    request.get_mut("status")?.get_mut("conditions")?.as_array_mut()
}
