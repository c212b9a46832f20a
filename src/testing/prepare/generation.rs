//! Generations: which changes of an object increase them.

use serde_json::Value;

use super::{
    super::{
        kinds::{Kind, Rules},
        state::Target,
    },
    Fields, at,
};

/// A new object is the first of its generations, where its kind counts them.
pub(super) fn begin(kind: &Kind, object: &mut Fields) {
    if kind.rules.contain(Rules::COUNTS_GENERATIONS) {
        set(object, 1);
    }
}

/// Counts a change that counts.
pub(super) fn advance(target: &Target, live: &Value, object: &mut Fields) {
    let kind = &target.kind;
    // A driver begins to count with its first change, and what a priority is never changes.
    let counts = match (kind.group.as_str(), kind.plural.as_str()) {
        ("storage.k8s.io", "csidrivers") => true,
        ("scheduling.k8s.io", "priorityclasses") => false,
        _ => kind.rules.contain(Rules::COUNTS_GENERATIONS),
    };
    if counts && changed(target, live, object) {
        set(object, live["metadata"]["generation"].as_i64().unwrap_or_default().saturating_add(1));
    }
}

fn set(object: &mut Fields, generation: i64) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("generation".to_owned(), generation.into());
    }
}

/// Whether anything changed but metadata and, where it is written apart, the status. Of some kinds a part of the
/// metadata counts too: what is copied to other objects.
fn changed(target: &Target, live: &Value, object: &Fields) -> bool {
    let kind = &target.kind;
    let apart = kind.has_status(&target.version);
    // A list with nothing in it is no other than none, and in which version an object is kept is no content.
    let counts = |(name, value): &(&String, &Value)| match name.as_str() {
        "apiVersion" | "metadata" => false,
        "status" if apart => false,
        _ => !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()),
    };
    let before = live.as_object().into_iter().flatten().filter(counts);
    let after = object.iter().filter(counts);
    let metadata = match (kind.group.as_str(), kind.plural.as_str()) {
        ("apps", "deployments") => "annotations",
        ("discovery.k8s.io", "endpointslices") => "labels",
        _ => return !before.eq(after),
    };
    !before.eq(after) || live["metadata"][metadata] != at(object, "metadata")[metadata]
}
