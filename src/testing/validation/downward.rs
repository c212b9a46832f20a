//! What pods tell their containers of themselves: fields of the pod, and resources of a container.

use serde_json::Value;

use super::{
    super::{quantity, status::Flaw},
    name, text,
};

/// What a variable may hold of a pod.
pub(super) const OF_VARIABLES: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// What a file may hold of a pod.
pub(super) const OF_FILES: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
/// What else there is, but in neither.
const OTHERS: [&str; 3] = ["spec.restartPolicy", "spec.schedulerName", "status.phase"];
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
const UNITS: [&str; 13] = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/// A field of the pod, one of those that are `known` here.
pub(super) fn field(reference: &Value, field: &str, known: &[&str], flaws: &mut Vec<Flaw>) {
    let (version, said) = (reference["apiVersion"].as_str().unwrap_or("v1"), text(&reference["fieldPath"]));
    let of_path = format!("{field}.fieldPath");
    if said.is_empty() {
        return flaws.push(Flaw::required(of_path, ""));
    }
    let unconvertible = |why: &str| Flaw::invalid(&of_path, said, &format!("error converting fieldPath: {why}"));
    if version != "v1" {
        return flaws.push(unconvertible(&format!("unsupported pod version: {version}")));
    }
    if let Some((path, key)) = said.strip_suffix("']").and_then(|said| said.split_once("['")) {
        return match path {
            "metadata.annotations" => name::qualified(&key.to_lowercase(), field, flaws),
            "metadata.labels" => name::qualified(key, field, flaws),
            _ => flaws.push(unconvertible(&format!("field label does not support subscript: {said}"))),
        };
    }
    let path = if said == "spec.host" { "spec.nodeName" } else { said };
    if ![&OF_VARIABLES[..], &OF_FILES, &OTHERS].concat().contains(&path) {
        flaws.push(unconvertible(&format!("field label not supported: {said}")));
    } else if !known.contains(&path) {
        flaws.push(Flaw::unsupported(of_path, path, known));
    }
}

/// A resource of a container, which files have to name.
pub(super) fn resource(reference: &Value, field: &str, in_file: bool, flaws: &mut Vec<Flaw>) {
    let said = text(&reference["resource"]);
    let huge = ["limits.hugepages-", "requests.hugepages-"].iter().any(|start| said.starts_with(start));
    if in_file && text(&reference["containerName"]).is_empty() {
        flaws.push(Flaw::required(format!("{field}.containerName"), ""));
    } else if said.is_empty() {
        flaws.push(Flaw::required(format!("{field}.resource"), ""));
    } else if !huge && !RESOURCES.contains(&said) {
        flaws.push(Flaw::unsupported(format!("{field}.resource"), said, &RESOURCES));
    }
    let divisor = text(&reference["divisor"]);
    if quantity::nanos(divisor).unwrap_or_default() == 0 {
        return;
    }
    let (units, what) = match said.split_once('.').map_or("", |(_, resource)| resource) {
        "cpu" => ("1m and 1", "cpu"),
        "memory" => ("", "memory"),
        "ephemeral-storage" => ("", "local ephemeral storage"),
        _ if huge => ("", "hugepages"),
        _ => return,
    };
    let divides = if what == "cpu" { ["1m", "1"].contains(&divisor) } else { UNITS.contains(&divisor) };
    if !divides {
        let units = if units.is_empty() { UNITS.join(", ") } else { units.to_owned() };
        let why = format!("only divisor's values {units} are supported with the {what} resource");
        flaws.push(Flaw::invalid(format!("{field}.divisor"), said, &why));
    }
}
