//! What the server refuses in pods and in templates of pods, beside their containers and volumes.
//!
//! Not here: what pods of one operating system must not say, and the resources of a pod as a whole.

use std::{collections::HashSet, net::IpAddr};

use serde_json::Value;

use super::{
    super::status::Flaw,
    affinity, container, dns, item_name, items,
    metadata::{label_problems, labels},
    name, one_of, printed, problems, security, spread, text, volume,
};
use crate::selector::{self, subdomain_problems};

/// How dear a pod is to those who take pods away.
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";

pub(super) fn pod(object: &Value, flaws: &mut Vec<Flaw>) {
    let pod = &object["spec"];
    spec(pod, "spec", flaws);
    container::only_of_pods(pod, flaws);
    volume::only_of_pods(pod, flaws);
    spread::only_of_pods(object, flaws);
    if !items(pod, "schedulingGates").is_empty() && !text(&pod["nodeName"]).is_empty() {
        flaws.push(Flaw::forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
    }
    if !items(pod, "ephemeralContainers").is_empty() && object["metadata"]["resourceVersion"].is_null() {
        flaws.push(Flaw::forbidden("spec.ephemeralContainers", "cannot be set on create"));
    }
    if let Some(cost) = object["metadata"]["annotations"][COST].as_str() {
        let number = cost.parse::<i32>().is_ok_and(|number| number.to_string() == cost);
        if !number {
            flaws.push(Flaw::invalid(format!("metadata.annotations[{COST}]"), cost, "must be a 32bit integer"));
        }
    }
}

/// A template, in the field of this path.
pub(super) fn template(template: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let metadata = &template["metadata"];
    labels(metadata["labels"].as_object(), &format!("{field}.labels"), flaws);
    for key in metadata["annotations"].as_object().into_iter().flatten().map(|(key, _)| key) {
        let of_key = selector::key_problems(&key.to_lowercase());
        problems(&format!("{field}.annotations"), key, of_key, flaws);
    }
    spec(&template["spec"], &format!("{field}.spec"), flaws);
    if !items(&template["spec"], "ephemeralContainers").is_empty() {
        let why = "ephemeral containers not allowed in pod template";
        flaws.push(Flaw::forbidden(format!("{field}.spec.ephemeralContainers"), why));
    }
}

fn spec(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    let volumes = volume::volumes(spec, &path("volumes"), flaws);
    container::containers(spec, field, &volumes, flaws);
    one_of(&spec["restartPolicy"], &path("restartPolicy"), &["Always", "OnFailure", "Never"], flaws);
    dns::check(spec, field, flaws);
    security::of_pod(spec, field, flaws);
    security::of_users(spec, field, flaws);
    gates(spec, field, flaws);
    claims(spec, &path("resourceClaims"), flaws);
    match spec["os"]["name"].as_str() {
        None if spec["os"].is_null() => {}
        None | Some("") => flaws.push(Flaw::required(path("os.name"), "")),
        Some("linux" | "windows") => {}
        Some(other) => flaws.push(Flaw::unsupported(path("os"), other, &["linux", "windows"])),
    }
    labels(spec["nodeSelector"].as_object(), &path("nodeSelector"), flaws);
    affinity::check(&spec["affinity"], &path("affinity"), flaws);
    spread::check(spec, &path("topologySpreadConstraints"), flaws);
    for name in ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"] {
        problems(&path(name), text(&spec[name]), subdomain_problems(text(&spec[name])), flaws);
    }
    if let Some(seconds) = spec["activeDeadlineSeconds"].as_i64().filter(|seconds| !(1..=0x7fff_ffff).contains(seconds))
    {
        let why = "must be between 1 and 2147483647, inclusive";
        flaws.push(Flaw::invalid(path("activeDeadlineSeconds"), seconds, why));
    }
    for name in ["hostname", "subdomain"] {
        problems(&path(name), text(&spec[name]), label_problems(text(&spec[name])), flaws);
    }
    one_of(&spec["preemptionPolicy"], &path("preemptionPolicy"), &["PreemptLowerPriority", "Never"], flaws);
    tolerations(spec, &path("tolerations"), flaws);
    let host = text(&spec["hostnameOverride"]);
    if !host.is_empty() && spec["hostNetwork"] == true {
        flaws.push(Flaw::forbidden(path("hostnameOverride"), "may not be specified when hostNetwork is true"));
    }
    problems(&path("hostnameOverride"), host, subdomain_problems(host), flaws);
    for (place, alias) in items(spec, "hostAliases").iter().enumerate() {
        for (index, name) in items(alias, "hostnames").iter().map(text).enumerate() {
            name::subdomain(name, &format!("{field}.hostAliases[{place}].hostnames[{index}]"), flaws);
        }
        if text(&alias["ip"]).parse::<IpAddr>().is_err() {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            flaws.push(Flaw::invalid(format!("{field}.hostAliases[{place}].ip"), text(&alias["ip"]), why));
        }
    }
}

/// Gates before a node is chosen, and conditions beyond the usual ones.
fn gates(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let mut seen = HashSet::new();
    let gates = items(spec, "schedulingGates");
    for (place, gate) in gates.iter().map(|gate| text(&gate["name"])).enumerate() {
        let field = format!("{field}.schedulingGates[{place}]");
        name::qualified(gate, &field, flaws);
        if !seen.insert(gate) {
            flaws.push(Flaw::duplicate(field, gate));
        }
    }
    for (place, gate) in items(spec, "readinessGates").iter().enumerate() {
        name::qualified(text(&gate["conditionType"]), &format!("{field}.readinessGates[{place}].conditionType"), flaws);
    }
}

/// Devices that a pod claims.
fn claims(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let mut seen = HashSet::new();
    for (place, claim) in items(spec, "resourceClaims").iter().enumerate() {
        let field = format!("{field}[{place}]");
        let name = text(&claim["name"]);
        let new = seen.insert(name);
        item_name(&field, name, new, flaws);
        let [of_claim, of_template] = ["resourceClaimName", "resourceClaimTemplateName"].map(|of| claim[of].as_str());
        let why = match (of_claim, of_template) {
            (Some(_), Some(_)) => {
                Some("at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified")
            }
            (None, None) => Some("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
            _ => None,
        };
        if let Some(why) = why {
            let nothing = [("Name", "\"\""), ("ResourceClaimName", "null"), ("ResourceClaimTemplateName", "null")];
            flaws.push(Flaw::showing(field.as_str(), &printed(claim, &nothing), why));
        }
        for (part, said) in [("resourceClaimName", of_claim), ("resourceClaimTemplateName", of_template)] {
            said.into_iter().for_each(|said| name::subdomain(said, &format!("{field}.{part}"), flaws));
        }
    }
}

pub(super) fn tolerations(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    for (place, toleration) in items(spec, "tolerations").iter().enumerate() {
        let field = format!("{field}[{place}]");
        let (key, operator) = (text(&toleration["key"]), text(&toleration["operator"]));
        problems(&format!("{field}.key"), key, selector::key_problems(key), flaws);
        if key.is_empty() && operator != "Exists" {
            let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            flaws.push(Flaw::invalid(format!("{field}.operator"), operator, why));
        }
        let timed = !toleration["tolerationSeconds"].is_null();
        if timed && text(&toleration["effect"]) != "NoExecute" {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            flaws.push(Flaw::invalid(format!("{field}.effect"), text(&toleration["effect"]), why));
        }
        match operator {
            "Exists" if !text(&toleration["value"]).is_empty() => {
                let why = "value must be empty when `operator` is 'Exists'";
                flaws.push(Flaw::invalid(format!("{field}.operator"), text(&toleration["value"]), why));
            }
            "" | "Equal" => {
                let value = text(&toleration["value"]);
                problems(&format!("{field}.operator"), value, selector::value_problems(value), flaws);
            }
            "Exists" => {}
            other => {
                // To those who know what may come the server names it.
                let known = ["Equal", "Exists", "Lt", "Gt"];
                let known = if known.contains(&other) { &known[..] } else { &known[..2] };
                flaws.push(Flaw::unsupported(format!("{field}.operator"), other, known));
            }
        }
        let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        one_of(&toleration["effect"], &format!("{field}.effect"), &effects, flaws);
    }
}

/// What a Job wants of the pods of its template: that they end.
pub(super) fn ends(template: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let policy = text(&template["spec"]["restartPolicy"]);
    let field = format!("{field}.spec.restartPolicy");
    match policy {
        "OnFailure" | "Never" => {}
        "Always" => flaws.push(Flaw::required(field, "valid values: \"OnFailure\", \"Never\"")),
        other => flaws.push(Flaw::unsupported(field, other, &["OnFailure", "Never"])),
    }
}

/// What keeps pods running wants of the pods of its template: that they do not end.
pub(super) fn lasts(template: &Value, field: &str, what: &str, flaws: &mut Vec<Flaw>) {
    let policy = text(&template["spec"]["restartPolicy"]);
    if !["", "Always"].contains(&policy) {
        flaws.push(Flaw::unsupported(format!("{field}.spec.restartPolicy"), policy, &["Always"]));
    }
    if !template["spec"]["activeDeadlineSeconds"].is_null() {
        let why = format!("activeDeadlineSeconds in {what} is not Supported");
        flaws.push(Flaw::forbidden(format!("{field}.spec.activeDeadlineSeconds"), why));
    }
}
