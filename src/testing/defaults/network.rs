//! Defaults of Ingresses and NetworkPolicies.

use serde_json::{Value, json};

use super::{Fields, child, default, items, made};

pub(super) fn ingress(object: &mut Fields) {
    if let Some(spec) = made(object, "spec") {
        backend(child(spec, "defaultBackend"));
        for rule in items(spec, "rules") {
            if let Some(http) = child(rule, "http") {
                items(http, "paths").for_each(|path| backend(child(path, "backend")));
            }
        }
    }
    if let Some(status) = made(object, "status") {
        made(status, "loadBalancer");
    }
}

fn backend(backend: Option<&mut Fields>) {
    if let Some(resource) = backend.and_then(|backend| child(backend, "resource")) {
        default(resource, "apiGroup", Value::Null);
    }
}

pub(super) fn ingress_class(object: &mut Fields) {
    if let Some(parameters) = made(object, "spec").and_then(|spec| child(spec, "parameters")) {
        default(parameters, "scope", "Cluster");
    }
}

pub(super) fn policy(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    made(spec, "podSelector");
    let types = if spec.contains_key("egress") { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
    default(spec, "policyTypes", types);
    for list in ["ingress", "egress"] {
        for rule in items(spec, list) {
            items(rule, "ports").for_each(|port| default(port, "protocol", "TCP"));
        }
    }
}
