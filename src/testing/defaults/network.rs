//! Defaults of IngressClasses and NetworkPolicies.

use serde_json::json;

use super::{Fields, child, default, items, made};

pub(super) fn ingress_class(object: &mut Fields) {
    if let Some(parameters) = made(object, "spec").and_then(|spec| child(spec, "parameters")) {
        default(parameters, "scope", "Cluster");
    }
}

pub(super) fn policy(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    let types = if spec.contains_key("egress") { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
    default(spec, "policyTypes", types);
    for list in ["ingress", "egress"] {
        for rule in items(spec, list) {
            items(rule, "ports").for_each(|port| default(port, "protocol", "TCP"));
        }
    }
}
