//! What the server refuses in roles and bindings, disruption budgets, leases and priority classes.

use serde_json::Value;

use super::{
    super::status::Flaw, chosen, items, label_selector, name, not_negative, one_of, printed, problems, share, text,
};
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
            let both = !empty("apiGroups") || !empty("resources") || !empty("resourceNames");
            for (is_so, why) in [
                (namespaced, "namespaced rules cannot apply to non-resource URLs"),
                (both, "rules cannot apply to both regular resources and non-resource URLs"),
            ] {
                if is_so {
                    flaws.push(Flaw::invalid(format!("{field}.nonResourceURLs"), rule["nonResourceURLs"].clone(), why));
                }
            }
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

/// Where the rules of a role are put together from others, it says from which.
pub(super) fn aggregation(object: &Value, flaws: &mut Vec<Flaw>) {
    const FIELD: &str = "aggregationRule.clusterRoleSelectors";
    let rule = &object["aggregationRule"];
    let selectors = items(rule, "clusterRoleSelectors");
    if rule.is_object() && selectors.is_empty() {
        flaws.push(Flaw::required(FIELD, "at least one clusterRoleSelector required if aggregationRule is non-nil"));
    }
    for (place, selector) in selectors.iter().enumerate() {
        let field = format!("{FIELD}[{place}]");
        let before = flaws.len();
        label_selector::check(selector, &field, flaws);
        if flaws.len() > before {
            flaws.push(Flaw::showing(field, "null", "invalid label selector."));
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
    name::segment(&role["name"], "roleRef.name", flaws);
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
        const FIELDS: [&str; 4] = ["MinAvailable", "Selector", "MaxUnavailable", "UnhealthyPodEvictionPolicy"];
        let shown = printed(spec, &FIELDS.map(|field| (field, "null")));
        flaws.push(Flaw::showing("spec", &shown, "minAvailable and maxUnavailable cannot be both set"));
    }
    for field in ["minAvailable", "maxUnavailable"] {
        share(&spec[field], &format!("spec.{field}"), true, flaws);
    }
    label_selector::check(&spec["selector"], "spec.selector", flaws);
    let policies = ["AlwaysAllow", "IfHealthyBudget"];
    chosen(&spec["unhealthyPodEvictionPolicy"], "spec.unhealthyPodEvictionPolicy", &policies, flaws);
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
        let wanted = match name {
            "system-cluster-critical" => Some(2_000_000_000),
            "system-node-critical" => Some(2_000_001_000),
            _ => None,
        };
        let why = match wanted {
            None => format!("{name} is not a known system priority class"),
            Some(value) => format!("value of {name} PriorityClass must be {value}"),
        };
        if wanted.is_none_or(|wanted| object["value"] != wanted) {
            let reserved = "priority class names with 'system-' prefix are reserved for system use only. error";
            flaws.push(Flaw::forbidden("metadata.name", format!("{reserved}: {why}")));
        }
    } else if object["value"].as_i64().is_some_and(|value| value > LARGEST) {
        let why = format!("maximum allowed value of a user defined priority is {LARGEST}");
        flaws.push(Flaw::forbidden("value", why));
    }
    match object["preemptionPolicy"].as_str() {
        Some("") => flaws.push(Flaw::required("preemptionPolicy", "")),
        _ => one_of(&object["preemptionPolicy"], "preemptionPolicy", &["PreemptLowerPriority", "Never"], flaws),
    }
}
