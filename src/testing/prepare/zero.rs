//! The initial status of an object.

use serde_json::{Value, json};

use super::super::kinds::{CRDS, Kind};

/// The status a new object of a built-in kind has, nothing where the kind has none or its writer may say it. `time`
/// is now.
pub(super) fn status(kind: &Kind, time: &str) -> Option<Value> {
    Some(match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "namespaces") => json!({"phase": "Active"}),
        ("", "persistentvolumeclaims" | "pods") => json!({"phase": "Pending"}),
        ("", "persistentvolumes") => json!({"phase": "Pending", "lastPhaseTransitionTime": time}),
        ("", "replicationcontrollers") | ("apps", "replicasets") => json!({"replicas": 0}),
        ("", "services") | ("networking.k8s.io", "ingresses") => json!({"loadBalancer": {}}),
        ("", "resourcequotas")
        | ("apps", "deployments")
        | ("batch", _)
        | ("certificates.k8s.io" | "flowcontrol.apiserver.k8s.io", _)
        | ("networking.k8s.io", "servicecidrs")
        | ("admissionregistration.k8s.io", "validatingadmissionpolicies")
        | ("resource.k8s.io", "resourceclaims") => json!({}),
        ("apps", "statefulsets") => json!({"replicas": 0, "availableReplicas": 0}),
        ("apps", "daemonsets") => json!({
            "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
        }),
        ("autoscaling", _) => json!({"desiredReplicas": 0, "currentMetrics": null}),
        ("policy", _) => json!({
            "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
        }),
        ("storage.k8s.io", "volumeattachments") => json!({"attached": false}),
        (_, CRDS) => json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}}),
        _ => return None,
    })
}
