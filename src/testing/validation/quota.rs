//! What the server refuses in a ResourceQuota.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{super::status::Flaw, items, printed, resource, text};

const OF_PODS: [&str; 7] = ["pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
const OF_CLAIMS: [&str; 2] = ["persistentvolumeclaims", "requests.storage"];
const PAIRS: [[&str; 2]; 2] = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];
/// Scopes that hold or do not, with nothing to choose from.
const PLAIN: [&str; 5] = ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"];
const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    for (name, amount) in spec["hard"].as_object().into_iter().flatten() {
        let field = format!("spec.hard[{name}]");
        resource::of_quota(name, &field, flaws);
        resource::amount(name, amount, &field, flaws);
    }
    let scopes: Vec<_> = items(spec, "scopes").iter().map(text).collect();
    let mut invalid = |why: &str| flaws.push(Flaw::invalid("spec.scopes", spec["scopes"].clone(), why));
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            invalid("unsupported scope");
        }
        (0..outside(scope, spec)).for_each(|_| invalid("unsupported scope applied to resource"));
    }
    (0..conflicts(&scopes)).for_each(|_| invalid("conflicting scopes"));
    selector(spec, flaws);
}

/// How many resources of the quota have nothing to do with a scope.
fn outside(scope: &str, spec: &Value) -> usize {
    let hard = spec["hard"].as_object().into_iter().flatten();
    let standard = hard.map(|(name, _)| name.as_str()).filter(|name| resource::is_of_quotas(name));
    let belongs = |name: &str| match scope {
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => OF_CLAIMS.contains(&name),
        _ => !SCOPES.contains(&scope) || OF_PODS.contains(&name),
    };
    standard.filter(|name| !belongs(name)).count()
}

fn conflicts(scopes: &[&str]) -> usize {
    PAIRS.iter().filter(|pair| pair.iter().all(|scope| scopes.contains(scope))).count()
}

fn selector(spec: &Value, flaws: &mut Vec<Flaw>) {
    const FIELD: &str = "spec.scopeSelector.matchExpressions";
    let requirements = items(&spec["scopeSelector"], "matchExpressions");
    let field = |name: &str| format!("{FIELD}.{name}");
    for requirement in requirements {
        let [scope, operator] = ["scopeName", "operator"].map(|name| text(&requirement[name]));
        if !SCOPES.contains(&scope) {
            flaws.push(Flaw::invalid(field("scopeName"), scope, "unsupported scope"));
        }
        for _ in 0..outside(scope, spec) {
            flaws.push(Flaw::showing(FIELD, &shown(requirements), "unsupported scope applied to resource"));
        }
        if PLAIN.contains(&scope) && operator != "Exists" {
            let why = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, \
                       ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or \
                       ResourceQuotaScopeCrossNamespacePodAffinity";
            flaws.push(Flaw::invalid(field("operator"), operator, why));
        }
        let none = items(requirement, "values").is_empty();
        match operator {
            "In" | "NotIn" if none => {
                let why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                flaws.push(Flaw::required(field("values"), why));
            }
            "Exists" | "DoesNotExist" if !none => {
                let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                flaws.push(Flaw::invalid(field("values"), requirement["values"].clone(), why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => flaws.push(Flaw::invalid(field("operator"), other, "not a valid selector operator")),
        }
    }
    let scopes: Vec<_> = requirements.iter().map(|requirement| text(&requirement["scopeName"])).collect();
    for _ in 0..conflicts(&scopes) {
        flaws.push(Flaw::invalid(FIELD, spec["scopes"].clone(), "conflicting scopes"));
    }
}

fn shown(requirements: &[Value]) -> String {
    let fields = [("ScopeName", "\"\""), ("Operator", "\"\""), ("Values", "null")];
    let shown: Vec<_> = requirements.iter().map(|requirement| printed(requirement, &fields)).collect();
    format!("{{\"MatchExpressions\":[{}]}}", shown.join(","))
}

/// The scopes stay, in whatever order.
pub(super) fn frozen(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    let scopes =
        |object: &Value| items(&object["spec"], "scopes").iter().map(|s| text(s).to_owned()).collect::<BTreeSet<_>>();
    if scopes(old) != scopes(new) {
        flaws.push(Flaw::invalid("spec.scopes", new["spec"]["scopes"].clone(), "field is immutable"));
    }
}
