//! Fields of statuses that Go writes although the client left them out: times, container states, addresses.

use serde_json::{Value, json};

use super::{Fields, child, first_of, items, made};
use crate::testing::kinds::Kind;

/// Fills in what a status leaves open.
pub(super) fn unsaid(kind: &Kind, object: &mut Fields) {
    let Some(status) = child(object, "status") else { return };
    let times = of_conditions(kind);
    for condition in items(status, "conditions").filter(|_| !times.is_empty()) {
        condition.entry("status").or_insert_with(|| json!(""));
        null(condition, times);
    }
    if kind.is_core("pods") {
        first_of(status, "podIP", "podIPs", |address| json!({"ip": address}));
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
    for (field, unsaid) in
        [("image", json!("")), ("imageID", json!("")), ("ready", json!(false)), ("restartCount", json!(0))]
    {
        container.entry(field).or_insert(unsaid);
    }
    for state in ["state", "lastState"] {
        let Some(state) = made(container, state) else { continue };
        child(state, "running").into_iter().for_each(|running| null(running, &["startedAt"]));
        child(state, "terminated").into_iter().for_each(|terminated| null(terminated, &["startedAt", "finishedAt"]));
    }
}

fn null(object: &mut Fields, times: &[&str]) {
    for time in times {
        object.entry(*time).or_insert(Value::Null);
    }
}
