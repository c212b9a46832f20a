//! Defaults of Services and of their endpoints.

use serde_json::{Value, json};

use super::{Fields, default, items, made, nothing_as_absent, text};

pub(super) fn service(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "sessionAffinity", "None");
    match text(spec, "sessionAffinity") {
        "None" => drop(spec.remove("sessionAffinityConfig")),
        "ClientIP" if spec.get("sessionAffinityConfig").is_none_or(|c| c["clientIP"]["timeoutSeconds"].is_null()) => {
            spec.insert("sessionAffinityConfig".to_owned(), json!({"clientIP": {"timeoutSeconds": 10800}}));
        }
        _ => {}
    }
    default(spec, "type", "ClusterIP");
    nothing_as_absent(spec, "selector");
    for port in items(spec, "ports") {
        nothing_as_absent(port, "name");
        default(port, "protocol", "TCP");
        let number = port.get("port").cloned();
        let target = port.get("targetPort");
        if target.is_none_or(|target| *target == 0 || *target == "") {
            port.extend(number.map(|number| ("targetPort".to_owned(), number)));
        }
    }
    let service_type = text(spec, "type").to_owned();
    let external = spec.get("externalIPs").and_then(Value::as_array).is_some_and(|addresses| !addresses.is_empty());
    if ["NodePort", "LoadBalancer"].contains(&service_type.as_str()) || (service_type == "ClusterIP" && external) {
        default(spec, "externalTrafficPolicy", "Cluster");
    }
    if ["ClusterIP", "NodePort", "LoadBalancer"].contains(&service_type.as_str()) {
        default(spec, "internalTrafficPolicy", "Cluster");
    }
    if service_type == "LoadBalancer" {
        default(spec, "allocateLoadBalancerNodePorts", true);
    }
}

pub(super) fn endpoints(object: &mut Fields) {
    for subset in items(object, "subsets") {
        for port in items(subset, "ports") {
            nothing_as_absent(port, "name");
            default(port, "protocol", "TCP");
        }
    }
}

pub(super) fn endpoint_slice(object: &mut Fields) {
    for port in items(object, "ports") {
        port.entry("name").or_insert_with(|| json!(""));
        default(port, "protocol", "TCP");
    }
}
