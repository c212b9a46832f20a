//! Times that Go writes whether there are any or not: those of conditions, and of what containers do.

use serde_json::Value;

use super::{Fields, child, items};
use crate::testing::kinds::Kind;

/// Says of an object's status that nobody said these times.
pub(super) fn unsaid(kind: &Kind, object: &mut Fields) {
    let Some(status) = child(object, "status") else { return };
    let times = of_conditions(kind);
    items(status, "conditions").for_each(|condition| null(condition, times));
    if kind.is_core("pods") {
        for list in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
            items(status, list).for_each(states);
        }
    }
}

/// The times that the conditions of a kind have in every case.
fn of_conditions(kind: &Kind) -> &'static [&'static str] {
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "pods" | "persistentvolumeclaims") | ("batch", "jobs") => &["lastProbeTime", "lastTransitionTime"],
        ("", "nodes") => &["lastHeartbeatTime", "lastTransitionTime"],
        ("apps", "deployments") | ("certificates.k8s.io", _) => &["lastUpdateTime", "lastTransitionTime"],
        ("", "namespaces" | "replicationcontrollers" | "services")
        | (
            "apps"
            | "autoscaling"
            | "policy"
            | "networking.k8s.io"
            | "flowcontrol.apiserver.k8s.io"
            | "apiregistration.k8s.io"
            | "apiextensions.k8s.io",
            _,
        ) => &["lastTransitionTime"],
        _ => &[],
    }
}

/// What a container does and what it did last.
fn states(container: &mut Fields) {
    for state in ["state", "lastState"] {
        let Some(state) = child(container, state) else { continue };
        child(state, "running").into_iter().for_each(|running| null(running, &["startedAt"]));
        child(state, "terminated").into_iter().for_each(|terminated| null(terminated, &["startedAt", "finishedAt"]));
    }
}

fn null(object: &mut Fields, times: &[&str]) {
    for time in times {
        object.entry(*time).or_insert(Value::Null);
    }
}
