//! What the server refuses in roles and bindings, budgets, scales, leases and priorities.

use serde_json::Value;

use super::{super::status::Flaw, items, not_negative, one_of, problems, share, text};
use crate::selector::subdomain_problems;

const ACCESS: &str = "rbac.authorization.k8s.io";

/// A role; `namespaced` where it is one of a namespace.
pub(super) fn role(object: &Value, namespaced: bool, flaws: &mut Vec<Flaw>) {
    for (place, rule) in items(object, "rules").iter().enumerate() {
        let field = format!("rules[{place}]");
        let empty = |name: &str| items(rule, name).is_empty();
        if empty("verbs") {
            flaws.push(Flaw::required(format!("{field}.verbs"), "verbs must contain at least one value"));
        }
        if !empty("nonResourceURLs") {
            let why = if namespaced {
                "namespaced rules cannot apply to non-resource URLs"
            } else if !empty("apiGroups") || !empty("resources") || !empty("resourceNames") {
                "rules cannot apply to both regular resources and non-resource URLs"
            } else {
                continue;
            };
            flaws.push(Flaw::invalid(format!("{field}.nonResourceURLs"), rule["nonResourceURLs"].clone(), why));
            continue;
        }
        for (name, why) in [
            ("apiGroups", "resource rules must supply at least one api group"),
            ("resources", "resource rules must supply at least one resource"),
        ] {
            if empty(name) {
                flaws.push(Flaw::required(format!("{field}.{name}"), why));
            }
        }
    }
}

pub(super) fn binding(object: &Value, namespaced: bool, flaws: &mut Vec<Flaw>) {
    let role = &object["roleRef"];
    if role["apiGroup"] != ACCESS {
        flaws.push(Flaw::unsupported("roleRef.apiGroup", role["apiGroup"].clone(), &[ACCESS]));
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&text(&role["kind"])) {
        flaws.push(Flaw::unsupported("roleRef.kind", text(&role["kind"]), kinds));
    }
    if text(&role["name"]).is_empty() {
        flaws.push(Flaw::required("roleRef.name", ""));
    }
    for (place, subject) in items(object, "subjects").iter().enumerate() {
        let field = format!("subjects[{place}]");
        let (name, group) = (text(&subject["name"]), text(&subject["apiGroup"]));
        if name.is_empty() {
            flaws.push(Flaw::required(format!("{field}.name"), ""));
        }
        let wanted = match text(&subject["kind"]) {
            "ServiceAccount" => {
                problems(&format!("{field}.name"), name, subdomain_problems(name), flaws);
                ""
            }
            "User" | "Group" => ACCESS,
            other => {
                let kinds = ["ServiceAccount", "User", "Group"];
                flaws.push(Flaw::unsupported(format!("{field}.kind"), other, &kinds));
                continue;
            }
        };
        if group != wanted {
            flaws.push(Flaw::unsupported(format!("{field}.apiGroup"), group, &[wanted]));
        }
        if !namespaced && wanted.is_empty() && text(&subject["namespace"]).is_empty() {
            flaws.push(Flaw::required(format!("{field}.namespace"), ""));
        }
    }
}

pub(super) fn disruption_budget(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() {
        flaws.push(Flaw::invalid("spec", spec.clone(), "minAvailable and maxUnavailable cannot be both set"));
    }
    for field in ["minAvailable", "maxUnavailable"] {
        share(&spec[field], &format!("spec.{field}"), true, flaws);
    }
}

pub(super) fn autoscaler(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let least = spec["minReplicas"].as_i64();
    let most = spec["maxReplicas"].as_i64().unwrap_or_default();
    if let Some(least) = least.filter(|least| *least < 1) {
        flaws.push(Flaw::invalid("spec.minReplicas", least, "must be greater than or equal to 1"));
    }
    if most < 1 {
        flaws.push(Flaw::required("spec.maxReplicas", "must be set and greater than 0"));
    }
    if least.is_some_and(|least| most < least) {
        flaws.push(Flaw::invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
    }
    let target = &spec["scaleTargetRef"];
    for field in ["kind", "name"].into_iter().filter(|field| text(&target[*field]).is_empty()) {
        flaws.push(Flaw::required(format!("spec.scaleTargetRef.{field}"), ""));
    }
    let version = text(&target["apiVersion"]);
    if version.is_empty() {
        flaws.push(Flaw::invalid("spec.scaleTargetRef.apiVersion", version, "apiVersion must specify API group"));
    }
    if least == Some(0) {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        flaws.push(Flaw::forbidden("spec.metrics", why));
    }
}

pub(super) fn lease(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    if let Some(seconds) = spec["leaseDurationSeconds"].as_i64().filter(|seconds| *seconds <= 0) {
        flaws.push(Flaw::invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
    }
    not_negative(&spec["leaseTransitions"], "spec.leaseTransitions", flaws);
}

pub(super) fn priority_class(object: &Value, flaws: &mut Vec<Flaw>) {
    const LARGEST: i64 = 1_000_000_000;
    let name = text(&object["metadata"]["name"]);
    if name.starts_with("system-") {
        if !["system-cluster-critical", "system-node-critical"].contains(&name) {
            let why = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"
            );
            flaws.push(Flaw::forbidden("metadata.name", why));
        }
    } else if object["value"].as_i64().is_some_and(|value| value > LARGEST) {
        let why = format!("maximum allowed value of a user defined priority is {LARGEST}");
        flaws.push(Flaw::forbidden("value", why));
    }
    one_of(&object["preemptionPolicy"], "preemptionPolicy", &["PreemptLowerPriority", "Never"], flaws);
}
