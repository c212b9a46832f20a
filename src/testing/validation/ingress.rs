//! What the server refuses in an Ingress.

use std::net::IpAddr;

use serde_json::Value;

use super::{super::status::Flaw, metadata::label_problems};
use crate::selector::subdomain_problems;

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let rules = spec["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    if rules.is_empty() && spec["defaultBackend"].is_null() {
        flaws.push(Flaw::invalid("spec", Value::Null, "either `defaultBackend` or `rules` must be specified"));
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
            push_all(flaws, &format!("{field}.secretName"), secret, subdomain_problems(secret));
        }
    }
    if let Some(class) = spec["ingressClassName"].as_str() {
        push_all(flaws, "spec.ingressClassName", class, subdomain_problems(class));
        let annotation = &object["metadata"]["annotations"]["kubernetes.io/ingress.class"];
        if annotation.as_str().is_some_and(|annotation| annotation != class) {
            let field = "annotations.kubernetes.io/ingress.class";
            flaws.push(Flaw::invalid(
                field,
                annotation.clone(),
                "must match `ingressClassName` when both are specified",
            ));
        }
    }
}

fn push_all(flaws: &mut Vec<Flaw>, field: &str, value: &str, problems: Vec<String>) {
    flaws.extend(problems.iter().map(|problem| Flaw::invalid(field, value, problem)));
}

fn host(host: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if host.is_empty() {
        return;
    }
    if host.parse::<IpAddr>().is_ok() {
        flaws.push(Flaw::invalid(field, host, "must be a DNS name, not an IP address"));
    }
    domain(host, field, flaws);
}

/// A DNS subdomain, whose first label may be `*`.
fn domain(name: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if !name.contains('*') {
        return push_all(flaws, field, name, subdomain_problems(name));
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
        (false, true) => {}
        (true, true) => flaws.push(Flaw::invalid(field, "", "resource or service backend is required")),
        (true, false) => {
            let name = service["name"].as_str().unwrap_or_default();
            if name.is_empty() {
                flaws.push(Flaw::required(format!("{field}.service.name"), ""));
            } else {
                push_all(flaws, &format!("{field}.service.name"), name, label_problems(name));
            }
            port(&service["port"], field, flaws);
        }
    }
}

fn port(port: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let name = port["name"].as_str().unwrap_or_default();
    let number = port["number"].as_i64().unwrap_or_default();
    match (name.is_empty(), number) {
        (false, number) if number != 0 => {
            flaws.push(Flaw::invalid(field, "", "cannot set both port name & port number"))
        }
        (true, 0) => flaws.push(Flaw::required(field, "port name or number is required")),
        (true, number) if !(1..=65535).contains(&number) => {
            let field = format!("{field}.service.port.number");
            flaws.push(Flaw::invalid(field, number, "must be between 1 and 65535, inclusive"));
        }
        _ => {}
    }
}
