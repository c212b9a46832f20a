//! What the server refuses in a Service, short of address ranges and IP families.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    super::status::Flaw,
    metadata::{label_problems, labels},
};
use crate::selector::subdomain_problems;

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

pub(super) fn service(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let service_type = spec["type"].as_str().unwrap_or_default();
    let headless = spec["clusterIP"] == "None" || spec["clusterIPs"][0] == "None";
    let ports = spec["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    if ports.is_empty() && !headless && service_type != "ExternalName" {
        flaws.push(Flaw::required("spec.ports", ""));
    }
    match service_type {
        "LoadBalancer" | "NodePort" if headless => {
            let why = format!("may not be set to 'None' for {service_type} services");
            flaws.push(Flaw::invalid("spec.clusterIPs[0]", "None", &why));
        }
        "ExternalName" => external(spec, flaws),
        _ => {}
    }
    let mut names = HashSet::new();
    for (index, port) in ports.iter().enumerate() {
        let field = format!("spec.ports[{index}]");
        let name = port["name"].as_str().unwrap_or_default();
        if !name.is_empty() {
            for problem in label_problems(name) {
                flaws.push(Flaw::invalid(format!("{field}.name"), name, &problem));
            }
            if !names.insert(name) {
                flaws.push(Flaw::duplicate(format!("{field}.name"), name));
            }
        } else if ports.len() > 1 {
            flaws.push(Flaw::required(format!("{field}.name"), ""));
        }
        let number = port["port"].as_i64().unwrap_or_default();
        if !(1..=65535).contains(&number) {
            flaws.push(Flaw::invalid(format!("{field}.port"), number, "must be between 1 and 65535, inclusive"));
        }
        if let Some(target) = port["targetPort"].as_i64().filter(|target| !(1..=65535).contains(target)) {
            flaws.push(Flaw::invalid(format!("{field}.targetPort"), target, "must be between 1 and 65535, inclusive"));
        }
        protocol(port, &field, flaws);
    }
    labels(spec["selector"].as_object(), "spec.selector", flaws);
    let affinity = spec["sessionAffinity"].as_str().unwrap_or_default();
    if !["ClientIP", "None"].contains(&affinity) {
        flaws.push(Flaw::unsupported("spec.sessionAffinity", affinity, &["ClientIP", "None"]));
    }
    let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if !types.contains(&service_type) {
        flaws.push(Flaw::unsupported("spec.type", service_type, &types));
    }
    let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
    super::one_of(&spec["ipFamilyPolicy"], "spec.ipFamilyPolicy", &policies, flaws);
    duplicates(ports, service_type, flaws);
}

fn external(spec: &Value, flaws: &mut Vec<Flaw>) {
    let address = spec["clusterIP"].as_str().unwrap_or_default();
    if !address.is_empty() || spec["clusterIPs"].as_array().is_some_and(|addresses| !addresses.is_empty()) {
        flaws.push(Flaw::forbidden("spec.clusterIPs", "may not be set for ExternalName services"));
    }
    let name = spec["externalName"].as_str().unwrap_or_default();
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        flaws.push(Flaw::required("spec.externalName", ""));
    } else {
        let problems = subdomain_problems(name);
        flaws.extend(problems.iter().map(|problem| Flaw::invalid("spec.externalName", name, problem)));
    }
}

/// The protocol of a port, which has one.
pub(super) fn protocol(port: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let protocol = port["protocol"].as_str().unwrap_or_default();
    if !PROTOCOLS.contains(&protocol) {
        flaws.push(Flaw::unsupported(format!("{field}.protocol"), protocol, &PROTOCOLS));
    }
}

fn duplicates(ports: &[Value], service_type: &str, flaws: &mut Vec<Flaw>) {
    for (index, port) in ports.iter().enumerate() {
        let node_port = port["nodePort"].as_i64().unwrap_or_default();
        if node_port != 0 && service_type == "ClusterIP" {
            let field = format!("spec.ports[{index}].nodePort");
            flaws.push(Flaw::forbidden(field, "may not be used when `type` is 'ClusterIP'"));
        }
    }
    let mut seen = HashSet::new();
    for (index, port) in ports.iter().enumerate() {
        if !seen.insert((&port["protocol"], &port["port"])) {
            let value = json!({
                "Name": "", "Protocol": port["protocol"], "AppProtocol": null, "Port": port["port"],
                "TargetPort": 0, "NodePort": 0,
            });
            let order = ["Name", "Protocol", "AppProtocol", "Port", "TargetPort", "NodePort"];
            let text = super::super::text::ordered(&value, &order);
            let field = format!("spec.ports[{index}]");
            flaws.push(Flaw::duplicate(field, Value::String(String::from_utf8_lossy(&text).into_owned())));
        }
    }
}
