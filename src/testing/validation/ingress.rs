//! What the server refuses in an Ingress, and in classes of them.

use serde_json::Value;

use super::{
    super::status::Flaw, address, container::port_name_problems, metadata::label_problems, name, port_problem,
    problems, text,
};
use crate::selector::subdomain_problems;

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let rules = spec["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    if rules.is_empty() && spec["defaultBackend"].is_null() {
        let why = "either `defaultBackend` or `rules` must be specified";
        flaws.push(Flaw::invalid("spec", Value::Null, why));
    }
    if !spec["defaultBackend"].is_null() {
        backend(&spec["defaultBackend"], "spec.defaultBackend", flaws);
    }
    for (index, rule) in rules.iter().enumerate() {
        let field = format!("spec.rules[{index}]");
        host(rule["host"].as_str().unwrap_or_default(), &format!("{field}.host"), flaws);
        if !rule["http"].is_null() {
            paths(&rule["http"]["paths"], &format!("{field}.http.paths"), flaws);
        }
    }
    for (index, tls) in spec["tls"].as_array().into_iter().flatten().enumerate() {
        let field = format!("spec.tls[{index}]");
        for (index, name) in tls["hosts"].as_array().into_iter().flatten().filter_map(Value::as_str).enumerate() {
            domain(name, &format!("{field}.hosts[{index}]"), flaws);
        }
        let secret = tls["secretName"].as_str().unwrap_or_default();
        if !secret.is_empty() {
            problems(&format!("{field}.secretName"), secret, subdomain_problems(secret), flaws);
        }
    }
    if let Some(class) = spec["ingressClassName"].as_str() {
        name::subdomain(class, "spec.ingressClassName", flaws);
        let annotation = &object["metadata"]["annotations"]["kubernetes.io/ingress.class"];
        // Only new ones must say the same in both places.
        let new = object["metadata"]["resourceVersion"].is_null();
        if new && annotation.as_str().is_some_and(|annotation| annotation != class) {
            let why = "must match `ingressClassName` when both are specified";
            flaws.push(Flaw::invalid("annotations.kubernetes.io/ingress.class", annotation.clone(), why));
        }
    }
}

fn host(host: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if host.is_empty() {
        return;
    }
    if address::read(host).is_some() {
        flaws.push(Flaw::invalid(field, host, "must be a DNS name, not an IP address"));
    }
    domain(host, field, flaws);
}

/// A DNS subdomain, whose first label may be `*`.
fn domain(name: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if !name.contains('*') {
        return name::subdomain(name, field, flaws);
    }
    if !name.strip_prefix("*.").is_some_and(|rest| subdomain_problems(rest).is_empty()) {
        flaws.push(Flaw::invalid(field, name, WILDCARD_RULE));
    }
}

const WILDCARD_RULE: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which \
                             must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric \
                             character (e.g. '*.example.com', regex used for validation is \
                             '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

fn paths(paths: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let paths = paths.as_array().map(Vec::as_slice).unwrap_or_default();
    if paths.is_empty() {
        flaws.push(Flaw::required(field, ""));
    }
    for (index, entry) in paths.iter().enumerate() {
        let field = format!("{field}[{index}]");
        let path = entry["path"].as_str().unwrap_or_default();
        let Some(path_type) = entry["pathType"].as_str() else {
            flaws.push(Flaw::required(format!("{field}.pathType"), "pathType must be specified"));
            continue;
        };
        let path_field = format!("{field}.path");
        match path_type {
            "Exact" | "Prefix" => exact(path, &path_field, flaws),
            "ImplementationSpecific" => {
                if !path.is_empty() && !path.starts_with('/') {
                    flaws.push(Flaw::invalid(path_field, path, "must be an absolute path"));
                }
            }
            other => {
                let supported = ["Exact", "ImplementationSpecific", "Prefix"];
                flaws.push(Flaw::unsupported(format!("{field}.pathType"), other, &supported));
            }
        }
        backend(&entry["backend"], &format!("{field}.backend"), flaws);
    }
}

fn exact(path: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if !path.starts_with('/') {
        flaws.push(Flaw::invalid(field, path, "must be an absolute path"));
    }
    for part in ["//", "/./", "/../", "%2f", "%2F"] {
        if path.contains(part) {
            flaws.push(Flaw::invalid(field, path, &format!("must not contain '{part}'")));
        }
    }
    for end in ["/..", "/."] {
        if path.ends_with(end) {
            flaws.push(Flaw::invalid(field, path, &format!("cannot end with '{end}'")));
        }
    }
}

fn backend(backend: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let service = &backend["service"];
    match (backend["resource"].is_null(), service.is_null()) {
        (false, false) => flaws.push(Flaw::invalid(field, "", "cannot set both resource and service backends")),
        (false, true) => name::reference(&backend["resource"], &format!("{field}.resource"), flaws),
        (true, true) => flaws.push(Flaw::invalid(field, "", "resource or service backend is required")),
        (true, false) => {
            let name = service["name"].as_str().unwrap_or_default();
            if name.is_empty() {
                flaws.push(Flaw::required(format!("{field}.service.name"), ""));
            } else {
                problems(&format!("{field}.service.name"), name, label_problems(name), flaws);
            }
            port(&service["port"], field, flaws);
        }
    }
}

fn port(port: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let name = text(&port["name"]);
    match (name, port["number"].as_i64().unwrap_or_default()) {
        ("", 0) => flaws.push(Flaw::required(field, "port name or number is required")),
        ("", number) => flaws.extend(port_problem(&format!("{field}.service.port.number"), number)),
        (name, 0) => problems(&format!("{field}.service.port.name"), name, port_name_problems(name), flaws),
        _ => flaws.push(Flaw::invalid(field, "", "cannot set both port name & port number")),
    }
}

pub(super) fn class(object: &Value, flaws: &mut Vec<Flaw>) {
    const LONGEST: usize = 250;
    const FIELD: &str = "spec.parameters";
    let spec = &object["spec"];
    let controller = text(&spec["controller"]);
    if controller.len() > LONGEST {
        flaws.push(Flaw::too_long("spec.controller", LONGEST));
    }
    name::domain_path(controller, "spec.controller", flaws);
    let parameters = &spec["parameters"];
    if !parameters.is_object() {
        return;
    }
    name::reference(parameters, FIELD, flaws);
    let field = format!("{FIELD}.namespace");
    match (parameters["scope"].as_str(), parameters["namespace"].as_str()) {
        (None, _) => flaws.push(Flaw::required(format!("{FIELD}.scope"), "")),
        (Some("Namespace"), None) => {
            flaws.push(Flaw::required(field, "`parameters.scope` is set to 'Namespace'"));
        }
        (Some("Namespace"), Some(namespace)) => name::label(namespace, &field, flaws),
        (Some("Cluster"), Some(_)) => flaws.push(Flaw::forbidden(field, "`parameters.scope` is set to 'Cluster'")),
        (Some("Cluster"), None) => {}
        (Some(other), _) => {
            flaws.push(Flaw::unsupported(format!("{FIELD}.scope"), other, &["Cluster", "Namespace"]));
        }
    }
}
