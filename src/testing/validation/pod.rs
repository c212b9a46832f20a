//! What the server refuses in pods and in templates of pods, beside their containers and volumes.
//!
//! Not here: security contexts, DNS.

use std::net::IpAddr;

use serde_json::Value;

use super::{
    super::status::Flaw,
    affinity, container, items,
    metadata::{label_problems, labels},
    one_of, problems, text, volume,
};
use crate::selector::{self, subdomain_problems};

pub(super) fn pod(object: &Value, flaws: &mut Vec<Flaw>) {
    spec(&object["spec"], "spec", flaws);
    if !items(&object["spec"], "ephemeralContainers").is_empty() && object["metadata"]["resourceVersion"].is_null() {
        flaws.push(Flaw::forbidden("spec.ephemeralContainers", "cannot be set on create"));
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
}

fn spec(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    let volumes = volume::volumes(spec, &path("volumes"), flaws);
    container::containers(spec, field, &volumes, flaws);
    one_of(&spec["restartPolicy"], &path("restartPolicy"), &["Always", "OnFailure", "Never"], flaws);
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    one_of(&spec["dnsPolicy"], &path("dnsPolicy"), &policies, flaws);
    labels(spec["nodeSelector"].as_object(), &path("nodeSelector"), flaws);
    affinity::check(&spec["affinity"], &path("affinity"), flaws);
    spread(spec, &path("topologySpreadConstraints"), flaws);
    for name in ["serviceAccountName", "nodeName"] {
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
    tolerations(spec, &path("tolerations"), flaws);
    for (place, alias) in items(spec, "hostAliases").iter().enumerate() {
        if text(&alias["ip"]).parse::<IpAddr>().is_err() {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            flaws.push(Flaw::invalid(format!("{field}.hostAliases[{place}].ip"), text(&alias["ip"]), why));
        }
    }
}

fn spread(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    for (place, constraint) in items(spec, "topologySpreadConstraints").iter().enumerate() {
        let field = format!("{field}[{place}]");
        if let Some(skew) = constraint["maxSkew"].as_i64().filter(|skew| *skew <= 0) {
            flaws.push(Flaw::invalid(format!("{field}.maxSkew"), skew, "must be greater than zero"));
        }
        if text(&constraint["topologyKey"]).is_empty() {
            flaws.push(Flaw::required(format!("{field}.topologyKey"), "can not be empty"));
        }
        let actions = ["DoNotSchedule", "ScheduleAnyway"];
        one_of(&constraint["whenUnsatisfiable"], &format!("{field}.whenUnsatisfiable"), &actions, flaws);
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
            "" | "Equal" | "Exists" => {}
            other => flaws.push(Flaw::unsupported(format!("{field}.operator"), other, &["Equal", "Exists"])),
        }
        let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        one_of(&toleration["effect"], &format!("{field}.effect"), &effects, flaws);
    }
}

/// What a Job wants of the pods of its template: that they end.
pub(super) fn ends(template: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let policy = text(&template["spec"]["restartPolicy"]);
    if policy == "Always" {
        flaws.push(Flaw::required(format!("{field}.spec.restartPolicy"), "valid values: \"OnFailure\", \"Never\""));
    }
}

/// What keeps pods running wants of the pods of its template: that they do not end.
pub(super) fn lasts(template: &Value, field: &str, what: &str, flaws: &mut Vec<Flaw>) {
    let policy = text(&template["spec"]["restartPolicy"]);
    if ["OnFailure", "Never"].contains(&policy) {
        flaws.push(Flaw::unsupported(format!("{field}.spec.restartPolicy"), policy, &["Always"]));
    }
    if !template["spec"]["activeDeadlineSeconds"].is_null() {
        let why = format!("activeDeadlineSeconds in {what} is not Supported");
        flaws.push(Flaw::forbidden(format!("{field}.spec.activeDeadlineSeconds"), why));
    }
}
