//! Changed Services: which addresses and ports they keep, and which they give back.

use serde_json::{Value, json};

use super::{Fields, at, health_checked, on_nodes, texts};

/// What the Service has and the writer leaves open stays as it is.
pub(super) fn keep(live: &Value, spec: &mut Fields) {
    let empty = |spec: &Fields, field: &str| spec.get(field).is_none_or(|said| *said == "" || *said == 0);
    if live["type"] != "ExternalName" && at(spec, "type") != "ExternalName" {
        for field in ["clusterIP", "clusterIPs"].into_iter().filter(|field| !live[*field].is_null()) {
            if empty(spec, field) {
                spec.insert(field.to_owned(), live[field].clone());
            }
        }
    }
    // Whoever sets the one and leaves the other as it was means the other too.
    if spec.get("clusterIP") != live.get("clusterIP") && spec.get("clusterIPs") == live.get("clusterIPs") {
        match spec.get("clusterIP").cloned() {
            Some(address) => drop(spec.insert("clusterIPs".to_owned(), json!([address]))),
            None => drop(spec.remove("clusterIPs")),
        }
    }
    let used = |ports: &Value| -> Vec<i64> {
        let ports = ports.as_array().into_iter().flatten();
        ports.filter_map(|port| port["nodePort"].as_i64()).filter(|port| *port != 0).collect()
    };
    if live.as_object().is_some_and(on_nodes) && on_nodes(spec) {
        let both: Vec<_> =
            used(at(spec, "ports")).into_iter().filter(|port| used(&live["ports"]).contains(port)).collect();
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten();
        for port in ports.filter_map(Value::as_object_mut) {
            let mut before = live["ports"].as_array().into_iter().flatten();
            let had =
                before.find(|other| other["name"] == *at(port, "name")).and_then(|other| other["nodePort"].as_i64());
            let open = at(port, "nodePort").as_i64().is_none_or(|port| port == 0);
            if let Some(had) = had.filter(|had| open && !both.contains(had)) {
                port.insert("nodePort".to_owned(), had.into());
            }
        }
    }
    if live.as_object().is_some_and(health_checked) && health_checked(spec) && empty(spec, "healthCheckNodePort") {
        spec.extend(live.get("healthCheckNodePort").map(|port| ("healthCheckNodePort".to_owned(), port.clone())));
    }
}

/// What the Service has and its new type has no use for goes, unless the writer changed it too.
pub(super) fn release(live: &Value, spec: &mut Fields) {
    let Some(before) = live.as_object() else { return };
    let same = |spec: &Fields, field: &str| spec.get(field) == before.get(field);
    if at(before, "type") != "ExternalName" && at(spec, "type") == "ExternalName" {
        if same(spec, "clusterIP") && same(spec, "clusterIPs") {
            spec.remove("clusterIP");
            spec.remove("clusterIPs");
        }
        for field in ["ipFamilies", "ipFamilyPolicy"].into_iter().filter(|field| same(spec, field)).collect::<Vec<_>>()
        {
            spec.remove(field);
        }
    }
    if on_nodes(before) && !on_nodes(spec) {
        let of = |ports: Option<&Value>| -> Vec<Value> {
            let ports = ports.and_then(Value::as_array).into_iter().flatten();
            ports.map(|port| port["nodePort"].clone()).collect()
        };
        if of(spec.get("ports")) == of(before.get("ports")) {
            let ports = spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten();
            ports.filter_map(Value::as_object_mut).for_each(|port| drop(port.remove("nodePort")));
        }
    }
    let balanced = |spec: &Fields| at(spec, "type") == "LoadBalancer";
    let external = |spec: &Fields| on_nodes(spec) || !texts(spec, "externalIPs").is_empty();
    for (field, before_needs, needs) in [
        ("healthCheckNodePort", health_checked(before), health_checked(spec)),
        ("allocateLoadBalancerNodePorts", balanced(before), balanced(spec)),
        ("loadBalancerClass", balanced(before), balanced(spec)),
        ("externalTrafficPolicy", external(before), external(spec)),
    ] {
        if before_needs && !needs && same(spec, field) {
            spec.remove(field);
        }
    }
}
