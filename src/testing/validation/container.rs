//! What the server refuses in containers.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    super::{quantity, status::Flaw},
    item_name, items, one_of, port_problem, problems, resource, text,
};
use crate::selector::subdomain_problems;

/// The containers of a pod; `volumes` are the names of what they may mount.
pub(super) fn containers(spec: &Value, field: &str, volumes: &[&str], flaws: &mut Vec<Flaw>) {
    let containers = items(spec, "containers");
    if containers.is_empty() {
        flaws.push(Flaw::required(format!("{field}.containers"), ""));
    }
    let on_host = spec["hostNetwork"] == true;
    let volumes = &volumes.iter().copied().collect();
    let mut names = HashSet::new();
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for (place, container) in items(spec, list).iter().enumerate() {
            let field = format!("{field}.{list}[{place}]");
            let name = text(&container["name"]);
            let new = names.insert(name);
            item_name(&field, name, new, flaws);
            self::container(container, &field, on_host, volumes, flaws);
            if list == "containers" {
                for (probe, once) in [("livenessProbe", true), ("readinessProbe", false), ("startupProbe", true)] {
                    self::probe(&container[probe], &format!("{field}.{probe}"), once, flaws);
                }
            }
        }
    }
}

fn container(container: &Value, field: &str, on_host: bool, volumes: &HashSet<&str>, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    let image = text(&container["image"]);
    if image.is_empty() {
        flaws.push(Flaw::required(path("image"), ""));
    } else if image.trim() != image {
        flaws.push(Flaw::invalid(path("image"), image, "must not have leading or trailing whitespace"));
    }
    for hook in ["postStart", "preStop"] {
        let handler = &container["lifecycle"][hook];
        if handler.is_object() {
            self::handler(handler, &format!("{field}.lifecycle.{hook}"), flaws);
        }
    }
    let policies = ["File", "FallbackToLogsOnError"];
    one_of(&container["terminationMessagePolicy"], &path("terminationMessagePolicy"), &policies, flaws);
    ports(container, &path("ports"), on_host, flaws);
    for (place, variable) in items(container, "env").iter().enumerate() {
        self::variable(variable, &format!("{field}.env[{place}]"), flaws);
    }
    for (place, source) in items(container, "envFrom").iter().enumerate() {
        let mut known = ["configMapRef", "secretRef"].into_iter().filter(|kind| source[*kind].is_object());
        match known.next() {
            None => {
                let why = "must specify one of: `configMapRef` or `secretRef`";
                flaws.push(Flaw::invalid(path("envFrom"), "", why));
            }
            Some(kind) => {
                let (name, field) = (text(&source[kind]["name"]), format!("{field}.envFrom[{place}].{kind}.name"));
                if name.is_empty() {
                    flaws.push(Flaw::required(field.as_str(), ""));
                }
                problems(&field, name, subdomain_problems(name), flaws);
            }
        }
    }
    mounts(container, &path("volumeMounts"), volumes, flaws);
    let policies = ["Always", "IfNotPresent", "Never"];
    one_of(&container["imagePullPolicy"], &path("imagePullPolicy"), &policies, flaws);
    resources(&container["resources"], &path("resources"), flaws);
    let context = &container["securityContext"];
    for name in ["runAsUser", "runAsGroup"] {
        if let Some(id) = context[name].as_i64().filter(|id| !(0..=0x7fff_ffff).contains(id)) {
            let why = "must be between 0 and 2147483647, inclusive";
            flaws.push(Flaw::invalid(format!("{field}.securityContext.{name}"), id, why));
        }
    }
}

fn ports(container: &Value, field: &str, on_host: bool, flaws: &mut Vec<Flaw>) {
    let mut names = HashSet::new();
    for (place, port) in items(container, "ports").iter().enumerate() {
        let field = format!("{field}[{place}]");
        let name = text(&port["name"]);
        if !name.is_empty() {
            let of_name = port_name_problems(name);
            if !names.insert(name) && of_name.is_empty() {
                flaws.push(Flaw::duplicate(format!("{field}.name"), name));
            }
            problems(&format!("{field}.name"), name, of_name, flaws);
        }
        match port["containerPort"].as_i64().unwrap_or_default() {
            0 => flaws.push(Flaw::required(format!("{field}.containerPort"), "")),
            number => flaws.extend(port_problem(&format!("{field}.containerPort"), number)),
        }
        let on_hosts = port["hostPort"].as_i64().unwrap_or_default();
        if on_hosts != 0 {
            flaws.extend(port_problem(&format!("{field}.hostPort"), on_hosts));
        }
        if on_host && on_hosts != 0 && port["hostPort"] != port["containerPort"] {
            let why = "must match `containerPort` when `hostNetwork` is true";
            flaws.push(Flaw::invalid(format!("{field}.hostPort"), on_hosts, why));
        }
        one_of(&port["protocol"], &format!("{field}.protocol"), &["SCTP", "TCP", "UDP"], flaws);
    }
}

/// What is wrong with the name of a port.
pub(super) fn port_name_problems(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name.len() > 15 {
        problems.push("must be no more than 15 characters".to_owned());
    }
    let spelled = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    for (is_so, why) in [
        (!spelled || name.is_empty(), "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
        (!name.bytes().any(|byte| byte.is_ascii_lowercase()), "must contain at least one letter (a-z)"),
        (name.contains("--"), "must not contain consecutive hyphens"),
        (name.starts_with('-') || name.ends_with('-'), "must not begin or end with a hyphen"),
    ] {
        if is_so {
            problems.push(why.to_owned());
        }
    }
    problems
}

fn variable(variable: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    const SOURCES: [&str; 5] = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
    let name = text(&variable["name"]);
    if name.is_empty() {
        flaws.push(Flaw::required(format!("{field}.name"), ""));
    } else if !name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=') {
        let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
        flaws.push(Flaw::invalid(format!("{field}.name"), name, why));
    }
    let source = &variable["valueFrom"];
    if source.is_null() {
        return;
    }
    let field = format!("{field}.valueFrom");
    for reference in ["configMapKeyRef", "secretKeyRef"].into_iter().filter(|name| source[*name].is_object()) {
        let name = text(&source[reference]["name"]);
        let problem = if name.is_empty() { subdomain_problems("") } else { subdomain_problems(name) };
        flaws.extend(problem.iter().map(|why| Flaw::invalid(format!("{field}.{reference}.name"), name, why)));
        if text(&source[reference]["key"]).is_empty() {
            flaws.push(Flaw::required(format!("{field}.{reference}.key"), ""));
        }
    }
    let count = SOURCES.iter().filter(|name| source[**name].is_object()).count();
    if count == 0 {
        let why =
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        flaws.push(Flaw::invalid(field, "", why));
    } else if !text(&variable["value"]).is_empty() {
        flaws.push(Flaw::invalid(field, "", "may not be specified when `value` is not empty"));
    } else if count > 1 {
        flaws.push(Flaw::invalid(field, "", "may not have more than one field specified at a time"));
    }
}

fn mounts(container: &Value, field: &str, volumes: &HashSet<&str>, flaws: &mut Vec<Flaw>) {
    let mut paths = HashSet::new();
    for (place, mount) in items(container, "volumeMounts").iter().enumerate() {
        let field = format!("{field}[{place}]");
        let (name, path) = (text(&mount["name"]), text(&mount["mountPath"]));
        if name.is_empty() {
            flaws.push(Flaw::required(format!("{field}.name"), ""));
        }
        if !volumes.contains(&name) {
            flaws.push(Flaw::not_found(format!("{field}.name"), name));
        }
        if path.is_empty() {
            flaws.push(Flaw::required(format!("{field}.mountPath"), ""));
        }
        if !paths.insert(path) {
            flaws.push(Flaw::invalid(format!("{field}.mountPath"), path, "must be unique"));
        }
    }
}

fn probe(probe: &Value, field: &str, once: bool, flaws: &mut Vec<Flaw>) {
    if !probe.is_object() {
        return;
    }
    handler(probe, field, flaws);
    for name in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        super::not_negative(&probe[name], &format!("{field}.{name}"), flaws);
    }
    if let Some(threshold) = probe["successThreshold"].as_i64().filter(|threshold| once && *threshold != 1) {
        flaws.push(Flaw::invalid(format!("{field}.successThreshold"), threshold, "must be 1"));
    }
}

/// What a probe or a hook does: one thing.
fn handler(handler: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let mut count = 0;
    for kind in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"].into_iter().filter(|kind| handler[*kind].is_object())
    {
        count += 1;
        let field = format!("{field}.{kind}");
        if count > 1 {
            flaws.push(Flaw::forbidden(field, "may not specify more than 1 handler type"));
            continue;
        }
        match kind {
            "exec" if items(&handler[kind], "command").is_empty() => {
                flaws.push(Flaw::required(format!("{field}.command"), ""));
            }
            "httpGet" | "tcpSocket" | "grpc" => match &handler[kind]["port"] {
                Value::String(name) => problems(&format!("{field}.port"), name, port_name_problems(name), flaws),
                number => flaws.extend(port_problem(&format!("{field}.port"), number.as_i64().unwrap_or_default())),
            },
            _ => {}
        }
    }
    if count == 0 {
        flaws.push(Flaw::required(field, "must specify a handler type"));
    }
}

/// What a container asks for, and what it may not exceed.
pub(super) fn resources(resources: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    for part in ["limits", "requests"] {
        for (name, amount) in resources[part].as_object().into_iter().flatten() {
            let field = format!("{field}.{part}[{name}]");
            resource::of_container(name, &field, flaws);
            resource::amount(name, amount, &field, flaws);
        }
    }
    for (name, asked) in resources["requests"].as_object().into_iter().flatten() {
        let limit = &resources["limits"][name];
        let overcommitted = resource::is_overcommitted(name);
        let why = match quantity::nanos(text(asked)).zip(quantity::nanos(text(limit))) {
            Some((asked, limit)) if asked != limit && !overcommitted => "must be equal to",
            Some((asked, limit)) if asked > limit => "must be less than or equal to",
            Some(_) => continue,
            None if overcommitted => continue,
            None => {
                let why = "Limit must be set for non overcommitable resources";
                flaws.push(Flaw::required(format!("{field}.limits"), why));
                continue;
            }
        };
        let why = format!("{why} {name} limit of {}", text(limit));
        flaws.push(Flaw::invalid(format!("{field}.requests"), text(asked), &why));
    }
    let names = || ["limits", "requests"].into_iter().flat_map(|part| resources[part].as_object()).flatten();
    let huge = names().any(|(name, _)| name.starts_with("hugepages-"));
    if huge && !names().any(|(name, _)| ["cpu", "memory"].contains(&name.as_str())) {
        flaws.push(Flaw::forbidden(field, "HugePages require cpu or memory"));
    }
}
