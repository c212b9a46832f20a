//! What the server refuses in a Service, short of its addresses.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    super::status::Flaw,
    chosen,
    container::port_name_problems,
    items,
    metadata::{label_problems, labels},
    name, one_of, port_problem, printed, problems, service_address, text,
};
use crate::selector::subdomain_problems;

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const BALANCED_ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
const HINTS: [&str; 2] = ["service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"];

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let service_type = text(&spec["type"]);
    let headless = service_address::is_headless(spec);
    let annotations = &object["metadata"]["annotations"];
    if let (Some(mode), Some(hints)) = (annotations[HINTS[0]].as_str(), annotations[HINTS[1]].as_str())
        && mode != hints
    {
        let why = format!("must match annotations[{}] when both are specified", HINTS[1]);
        flaws.push(Flaw::invalid(format!("metadata.annotations[{}]", HINTS[0]), mode, &why));
    }
    let ports = items(spec, "ports");
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
    for (place, port) in ports.iter().enumerate() {
        let field = format!("spec.ports[{place}]");
        let name = text(&port["name"]);
        if name.is_empty() && ports.len() > 1 {
            flaws.push(Flaw::required(format!("{field}.name"), ""));
        }
        problems(&format!("{field}.name"), name, label_problems(name), flaws);
        if !name.is_empty() && !names.insert(name) {
            flaws.push(Flaw::duplicate(format!("{field}.name"), name));
        }
        self::port(port, &field, flaws);
    }
    labels(spec["selector"].as_object(), "spec.selector", flaws);
    affinity(spec, flaws);
    service_address::cluster(spec, flaws);
    service_address::external(spec, flaws);
    let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    chosen(&spec["type"], "spec.type", &types, flaws);
    duplicates(ports, service_type, flaws);
    service_address::sources(object, flaws);
    balancer(spec, flaws);
    traffic(spec, flaws);
}

fn external(spec: &Value, flaws: &mut Vec<Flaw>) {
    let why = "may not be set for ExternalName services";
    let named = !text(&spec["clusterIP"]).is_empty();
    for (field, is_set) in [
        ("clusterIPs", named || !items(spec, "clusterIPs").is_empty()),
        ("ipFamilies", !items(spec, "ipFamilies").is_empty()),
        ("ipFamilyPolicy", spec["ipFamilyPolicy"].is_string()),
    ] {
        if is_set {
            flaws.push(Flaw::forbidden(format!("spec.{field}"), why));
        }
    }
    let name = text(&spec["externalName"]);
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        flaws.push(Flaw::required("spec.externalName", ""));
    }
    problems("spec.externalName", name, subdomain_problems(name), flaws);
}

fn port(port: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    flaws.extend(port_problem(&format!("{field}.port"), port["port"].as_i64().unwrap_or_default()));
    protocol(port, field, flaws);
    number_or_name(&port["targetPort"], &format!("{field}.targetPort"), flaws);
    if let Some(protocol) = port["appProtocol"].as_str() {
        name::qualified(protocol, &format!("{field}.appProtocol"), flaws);
    }
}

/// A port that is said by its number or by its name.
pub(super) fn number_or_name(port: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    match port {
        Value::String(name) => {
            flaws.extend(port_name_problems(name).iter().map(|why| Flaw::invalid(field, name.as_str(), why)));
        }
        Value::Null => {}
        number => flaws.extend(port_problem(field, number.as_i64().unwrap_or_default())),
    }
}

/// The protocol of a port, which has one.
pub(super) fn protocol(port: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let protocol = text(&port["protocol"]);
    if !PROTOCOLS.contains(&protocol) {
        flaws.push(Flaw::unsupported(format!("{field}.protocol"), protocol, &PROTOCOLS));
    }
}

fn affinity(spec: &Value, flaws: &mut Vec<Flaw>) {
    let (affinity, config) = (text(&spec["sessionAffinity"]), &spec["sessionAffinityConfig"]);
    let field = "spec.sessionAffinityConfig";
    match affinity {
        "None" if !config.is_null() => {
            flaws.push(Flaw::forbidden(field, "must not be set when session affinity is None"));
        }
        "ClientIP" => {
            let seconds = config["clientIP"]["timeoutSeconds"].as_i64();
            if let Some(seconds) = seconds.filter(|seconds| !(1..=86400).contains(seconds)) {
                let why = "must be greater than 0 and less than 86400";
                flaws.push(Flaw::invalid(format!("{field}.clientIP.timeoutSeconds"), seconds, why));
            }
        }
        "None" => {}
        other => flaws.push(Flaw::unsupported("spec.sessionAffinity", other, &["ClientIP", "None"])),
    }
}

fn duplicates(ports: &[Value], service_type: &str, flaws: &mut Vec<Flaw>) {
    let on_nodes = |port: &Value| port["nodePort"].as_i64().filter(|port| *port != 0);
    let field = |place: usize| format!("spec.ports[{place}]");
    for (place, _) in
        ports.iter().enumerate().filter(|(_, port)| service_type == "ClusterIP" && on_nodes(port).is_some())
    {
        let field = format!("{}.nodePort", field(place));
        flaws.push(Flaw::forbidden(field, "may not be used when `type` is 'ClusterIP'"));
    }
    let mut seen = HashSet::new();
    for (place, port) in ports.iter().enumerate() {
        if let Some(number) = on_nodes(port).filter(|number| !seen.insert((&port["protocol"], *number))) {
            flaws.push(Flaw::duplicate(format!("{}.nodePort", field(place)), number));
        }
    }
    let mut seen = HashSet::new();
    for (place, port) in ports.iter().enumerate() {
        if !seen.insert((&port["protocol"], &port["port"])) {
            let key = serde_json::json!({"protocol": port["protocol"], "port": port["port"]});
            let (none, zero) = (("Name", "\"\""), [("TargetPort", "0"), ("NodePort", "0")]);
            let fields = [none, ("Protocol", "\"\""), ("AppProtocol", "null"), ("Port", "0"), zero[0], zero[1]];
            flaws.push(Flaw::duplicate_as(field(place), &printed(&key, &fields)));
        }
    }
}

fn balancer(spec: &Value, flaws: &mut Vec<Flaw>) {
    let balanced = spec["type"] == "LoadBalancer";
    if !balanced && !spec["allocateLoadBalancerNodePorts"].is_null() {
        flaws.push(Flaw::forbidden("spec.allocateLoadBalancerNodePorts", BALANCED_ONLY));
    }
    match spec["loadBalancerClass"].as_str() {
        Some(class) if balanced => name::qualified(class, "spec.loadBalancerClass", flaws),
        Some(_) => flaws.push(Flaw::forbidden("spec.loadBalancerClass", BALANCED_ONLY)),
        None => {}
    }
}

fn traffic(spec: &Value, flaws: &mut Vec<Flaw>) {
    let policies = ["Cluster", "Local"];
    let policy = text(&spec["externalTrafficPolicy"]);
    let reached = match text(&spec["type"]) {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !items(spec, "externalIPs").is_empty(),
        _ => false,
    };
    if reached {
        one_of(&spec["externalTrafficPolicy"], "spec.externalTrafficPolicy", &policies, flaws);
    } else if !policy.is_empty() {
        let why = "may only be set for externally-accessible services";
        flaws.push(Flaw::invalid("spec.externalTrafficPolicy", policy, why));
    }
    let health = spec["healthCheckNodePort"].as_i64().filter(|port| *port != 0);
    if let Some(port) = health {
        if spec["type"] == "LoadBalancer" && policy == "Local" {
            flaws.extend(port_problem("spec.healthCheckNodePort", port));
        } else {
            let why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            flaws.push(Flaw::invalid("spec.healthCheckNodePort", port, why));
        }
    }
    chosen(&spec["internalTrafficPolicy"], "spec.internalTrafficPolicy", &policies, flaws);
    let distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
    chosen(&spec["trafficDistribution"], "spec.trafficDistribution", &distributions, flaws);
}

/// What of a Service must not change.
pub(super) fn frozen(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    const ONCE: &str = "may not change once set";
    service_address::frozen(old, new, flaws);
    if [old, new].iter().all(|spec| spec["type"] == "LoadBalancer") {
        let class = &new["loadBalancerClass"];
        if old["loadBalancerClass"] != *class {
            flaws.push(Flaw::invalid("spec.loadBalancerClass", class.clone(), ONCE));
        }
        let port = "healthCheckNodePort";
        if [old, new].iter().all(|spec| spec["externalTrafficPolicy"] == "Local") && old[port] != new[port] {
            flaws.push(Flaw::forbidden(format!("spec.{port}"), "field is immutable"));
        }
    }
}
