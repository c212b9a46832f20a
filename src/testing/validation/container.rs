//! What the server refuses in containers.
//!
//! Variables, mounts, probes and security contexts have files of their own.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    super::{quantity, status::Flaw},
    chosen, env, item_name, items, mount, one_of, port_problem, probe, problems, resource, security, text,
    volume::Volumes,
};

/// The containers of a pod, and what they mount.
pub(super) fn containers(spec: &Value, field: &str, volumes: &Volumes<'_>, flaws: &mut Vec<Flaw>) {
    if items(spec, "containers").is_empty() {
        flaws.push(Flaw::required(format!("{field}.containers"), ""));
    }
    let grace = &spec["terminationGracePeriodSeconds"];
    let (mut names, mut on_nodes) = (HashSet::new(), HashSet::new());
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for (place, container) in items(spec, list).iter().enumerate() {
            let field = format!("{field}.{list}[{place}]");
            let name = text(&container["name"]);
            let new = names.insert(name);
            item_name(&field, name, new, flaws);
            self::container(container, &field, spec, volumes, flaws);
            match list {
                "containers" => probe::check(container, &field, grace, flaws),
                "initContainers" if container["restartPolicy"] == "Always" => {
                    probe::check(container, &field, grace, flaws);
                }
                "initContainers" => probe::none(container, &field, flaws),
                _ => ephemeral(container, &field, spec, flaws),
            }
            // Those that begin before the others come one after the other, and to the server each is the first.
            if list == "initContainers" {
                let first = field.replace(&format!("[{place}]"), "[0]");
                ports_of_nodes(container, &first, &mut HashSet::new(), flaws);
            } else if list == "containers" {
                ports_of_nodes(container, &field, &mut on_nodes, flaws);
            }
        }
    }
}

fn container(container: &Value, field: &str, spec: &Value, volumes: &Volumes<'_>, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    let image = text(&container["image"]);
    if image.is_empty() {
        flaws.push(Flaw::required(path("image"), ""));
    }
    let policies = ["File", "FallbackToLogsOnError"];
    one_of(&container["terminationMessagePolicy"], &path("terminationMessagePolicy"), &policies, flaws);
    ports(container, &path("ports"), spec["hostNetwork"] == true, flaws);
    env::check(container, field, volumes, flaws);
    mount::check(container, field, volumes, flaws);
    let policies = ["Always", "IfNotPresent", "Never"];
    one_of(&container["imagePullPolicy"], &path("imagePullPolicy"), &policies, flaws);
    resources(&container["resources"], &path("resources"), flaws);
    resizes(container, &path("resizePolicy"), flaws);
    let policies = ["Always", "Never", "OnFailure"];
    chosen(&container["restartPolicy"], &path("restartPolicy"), &policies, flaws);
    if container["restartPolicy"].is_null() && !items(container, "restartPolicyRules").is_empty() {
        flaws.push(Flaw::required(path("restartPolicy"), "must specify restartPolicy when restart rules are used"));
    }
    let own_users = spec["hostUsers"] == false;
    security::of_container(&container["securityContext"], &path("securityContext"), !own_users, flaws);
}

/// What the containers of a pod need and those of a template may still get.
pub(super) fn only_of_pods(spec: &Value, flaws: &mut Vec<Flaw>) {
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for (place, image) in items(spec, list).iter().map(|container| text(&container["image"])).enumerate() {
            if image.trim() != image {
                let why = "must not have leading or trailing whitespace";
                flaws.push(Flaw::invalid(format!("spec.{list}[{place}].image"), image, why));
            }
        }
    }
}

/// What comes into a pod that runs has no more than it needs.
fn ephemeral(container: &Value, field: &str, spec: &Value, flaws: &mut Vec<Flaw>) {
    const NOT_THERE: &str = "cannot be set for an Ephemeral Container";
    const FIELDS: [&str; 8] = [
        "ports",
        "resources",
        "resizePolicy",
        "restartPolicy",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle",
    ];
    for name in FIELDS {
        let nothing = |value: &Value| value.is_null() || (name == "resources" && *value == json!({}));
        if !nothing(&container[name]) {
            flaws.push(Flaw::forbidden(format!("{field}.{name}"), NOT_THERE));
        }
    }
    let target = text(&container["targetContainerName"]);
    let mut others = ["containers", "initContainers"].into_iter().flat_map(|list| items(spec, list));
    if !target.is_empty() && !others.any(|other| other["name"] == target) {
        flaws.push(Flaw::not_found(format!("{field}.targetContainerName"), target));
    }
    for (place, mount) in items(container, "volumeMounts").iter().enumerate() {
        for name in ["subPath", "subPathExpr"].into_iter().filter(|name| !text(&mount[*name]).is_empty()) {
            flaws.push(Flaw::forbidden(format!("{field}.volumeMounts[{place}].{name}"), NOT_THERE));
        }
    }
}

/// Each port of a node is one container's.
fn ports_of_nodes(container: &Value, field: &str, seen: &mut HashSet<String>, flaws: &mut Vec<Flaw>) {
    for (place, port) in items(container, "ports").iter().enumerate() {
        let Some(number) = port["hostPort"].as_i64().filter(|number| *number != 0) else { continue };
        let key = format!("{}/{}/{number}", text(&port["protocol"]), text(&port["hostIP"]));
        if seen.contains(&key) {
            flaws.push(Flaw::duplicate(format!("{field}.ports[{place}].hostPort"), key));
        } else {
            seen.insert(key);
        }
    }
}

fn resizes(container: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let mut seen = HashSet::new();
    for (place, policy) in items(container, "resizePolicy").iter().enumerate() {
        let name = text(&policy["resourceName"]);
        if !seen.insert(name) {
            flaws.push(Flaw::duplicate(format!("{field}[{place}]"), name));
        }
        chosen(&policy["resourceName"], field, &["cpu", "memory"], flaws);
        chosen(&policy["restartPolicy"], field, &["NotRequired", "RestartContainer"], flaws);
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
