//! What the server refuses in a HorizontalPodAutoscaler.

use serde_json::Value;

use super::{
    super::{quantity, status::Flaw},
    items,
    metadata::label_problems,
    name, problems, resource, text,
};

/// Where a number may come from, in the order in which the server looks.
const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let least = spec["minReplicas"].as_i64();
    let most = spec["maxReplicas"].as_i64().unwrap_or_default();
    let metrics = items(spec, "metrics");
    let wakes = |metric: &Value| ["Object", "External"].contains(&text(&metric["type"]));
    if let Some(least) = least.filter(|least| *least < 1) {
        flaws.push(Flaw::invalid("spec.minReplicas", least, "must be greater than or equal to 1"));
    }
    match most {
        0 => flaws.push(Flaw::required("spec.maxReplicas", "must be set and greater than 0")),
        1.. => {}
        _ => flaws.push(Flaw::invalid("spec.maxReplicas", most, "must be greater than or equal to 1")),
    }
    if least.is_some_and(|least| most < least) {
        flaws.push(Flaw::invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
    }
    let target = &spec["scaleTargetRef"];
    reference(target, "spec.scaleTargetRef", target["kind"] == "ReplicationController", flaws);
    for (place, metric) in metrics.iter().enumerate() {
        self::metric(metric, &format!("spec.metrics[{place}]"), flaws);
    }
    if least == Some(0) && !metrics.iter().any(wakes) {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        flaws.push(Flaw::forbidden("spec.metrics", why));
    }
    for direction in ["scaleUp", "scaleDown"] {
        let rules = &spec["behavior"][direction];
        if rules.is_object() {
            self::rules(rules, &format!("spec.behavior.{direction}"), flaws);
        }
    }
}

/// What is scaled, or measured. What is measured may be of the group without a name; of what is scaled, one kind is.
fn reference(reference: &Value, field: &str, any_group: bool, flaws: &mut Vec<Flaw>) {
    for part in ["kind", "name"] {
        name::segment(&reference[part], &format!("{field}.{part}"), flaws);
    }
    let version = text(&reference["apiVersion"]);
    let why = match version.split_once('/') {
        None | Some(("", _)) if any_group => return,
        None | Some(("", _)) => "apiVersion must specify API group".to_owned(),
        Some((_, rest)) if rest.contains('/') => format!("unexpected GroupVersion string: {version}"),
        Some(_) => return,
    };
    flaws.push(Flaw::invalid(format!("{field}.apiVersion"), version, &why));
}

fn metric(metric: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let said = text(&metric["type"]);
    let path = |name: &str| format!("{field}.{name}");
    if said.is_empty() {
        flaws.push(Flaw::required(path("type"), "must specify a metric source type"));
    }
    let wanted = SOURCES.iter().find(|(name, _)| *name == said).map(|(_, source)| *source);
    let mut present = SOURCES.iter().map(|(_, source)| *source).filter(|source| metric[*source].is_object()).peekable();
    if let Some(first) = present.peek() {
        source(first, &metric[*first], &path(first), flaws);
    }
    let present: Vec<_> = present.collect();
    match wanted {
        Some(wanted) if !present.contains(&wanted) => {
            flaws.push(Flaw::required(path(wanted), "must populate information for the given metric source"));
        }
        Some(_) => {}
        None => {
            let supported = ["ContainerResource", "External", "Object", "Pods", "Resource"];
            // The server looks twice.
            for _ in 0..2 {
                flaws.push(Flaw::unsupported(path("type"), said, &supported));
            }
        }
    }
    if present.len() > 1 {
        for other in present.into_iter().filter(|source| Some(*source) != wanted) {
            flaws.push(Flaw::forbidden(path(other), "must populate the given metric source only"));
        }
    }
}

/// Where a number comes from, and what it should be.
fn source(kind: &str, source: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    match kind {
        "resource" | "containerResource" => {
            let of_resource = text(&source["name"]);
            if of_resource.is_empty() {
                flaws.push(Flaw::required(path("name"), "must specify a resource name"));
            } else if kind == "containerResource" {
                resource::of_container(of_resource, &path("name"), flaws);
            }
            if kind == "containerResource" {
                match text(&source["container"]) {
                    "" => flaws.push(Flaw::required(path("container"), "must specify a container")),
                    container => problems(&path("container"), container, label_problems(container), flaws),
                }
            }
        }
        _ => {
            if kind == "object" {
                reference(&source["describedObject"], &path("describedObject"), true, flaws);
            }
            match text(&source["metric"]["name"]) {
                "" => flaws.push(Flaw::required(path("metric.name"), "must specify a metric name")),
                _ => name::segment(&source["metric"]["name"], &path("metric.name"), flaws),
            }
        }
    }
    let target = &source["target"];
    self::target(target, &path("target"), flaws);
    let [value, average, share] = ["value", "averageValue", "averageUtilization"].map(|part| !target[part].is_null());
    let (missing, of_missing) = match kind {
        "object" => (!value && !average, "must set either a target value or averageValue"),
        "external" => (!value && !average, "must set either a target value for metric or a per-pod target"),
        "pods" => (!average, "must specify a positive target averageValue"),
        _ => (!share && !average, "must set either a target raw value or a target utilization"),
    };
    if missing {
        let part = if kind.ends_with("esource") { "averageUtilization" } else { "averageValue" };
        flaws.push(Flaw::required(format!("{field}.target.{part}"), of_missing));
    }
    if kind == "external" && value && average {
        let why = "may not set both a target value for metric and a per-pod target";
        flaws.push(Flaw::forbidden(path("target.value"), why));
    }
    if kind.ends_with("esource") && share && average {
        let why = "may not set both a target raw value and a target utilization";
        flaws.push(Flaw::forbidden(path("target.averageValue"), why));
    }
}

fn target(target: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let said = text(&target["type"]);
    if said.is_empty() {
        flaws.push(Flaw::required(format!("{field}.type"), "must specify a metric target type"));
    }
    if !["Utilization", "Value", "AverageValue"].contains(&said) {
        let why = "must be either Utilization, Value, or AverageValue";
        flaws.push(Flaw::invalid(format!("{field}.type"), said, why));
    }
    for part in ["value", "averageValue"] {
        let said = text(&target[part]);
        if quantity::nanos(said).is_some_and(|nanos| nanos <= 0) {
            flaws.push(Flaw::invalid(format!("{field}.{part}"), said, "must be positive"));
        }
    }
    if let Some(share) = target["averageUtilization"].as_i64().filter(|share| *share < 1) {
        flaws.push(Flaw::invalid(format!("{field}.averageUtilization"), share, "must be greater than 0"));
    }
}

/// How fast it may go in one direction.
fn rules(rules: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    if let Some(seconds) = rules["stabilizationWindowSeconds"].as_i64() {
        bounded(seconds, 0, 3600, "must be greater than or equal to zero", &path("stabilizationWindowSeconds"), flaws);
    }
    let selections = ["Disabled", "Max", "Min"];
    if let Some(policy) = rules["selectPolicy"].as_str().filter(|policy| !selections.contains(policy)) {
        flaws.push(Flaw::unsupported(path("selectPolicy"), policy, &selections));
    }
    let policies = items(rules, "policies");
    if policies.is_empty() {
        flaws.push(Flaw::required(path("policies"), "must specify at least one Policy"));
    }
    for (place, policy) in policies.iter().enumerate() {
        let field = format!("{field}.policies[{place}]");
        let (said, types) = (text(&policy["type"]), ["Percent", "Pods"]);
        if !types.contains(&said) {
            flaws.push(Flaw::unsupported(format!("{field}.type"), said, &types));
        }
        for (part, most) in [("value", i64::MAX), ("periodSeconds", 1800)] {
            let number = policy[part].as_i64().unwrap_or_default();
            bounded(number, 1, most, "must be greater than zero", &format!("{field}.{part}"), flaws);
        }
    }
    resource::not_negative(&rules["tolerance"], &path("tolerance"), flaws);
}

fn bounded(number: i64, least: i64, most: i64, too_little: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if number < least {
        flaws.push(Flaw::invalid(field, number, too_little));
    } else if number > most {
        flaws.push(Flaw::invalid(field, number, &format!("must be less than or equal to {most}")));
    }
}
