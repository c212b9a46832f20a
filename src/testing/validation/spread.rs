//! What the server refuses in how pods are spread over a cluster.

use serde_json::Value;

use super::{super::status::Flaw, chosen, items, label_selector, name, text};

const ACTIONS: [&str; 2] = ["DoNotSchedule", "ScheduleAnyway"];

pub(super) fn check(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let all = items(spec, "topologySpreadConstraints");
    for (place, constraint) in all.iter().enumerate() {
        let field = format!("{field}[{place}]");
        let path = |name: &str| format!("{field}.{name}");
        let skew = constraint["maxSkew"].as_i64().unwrap_or_default();
        if skew <= 0 {
            flaws.push(Flaw::invalid(path("maxSkew"), skew, "must be greater than zero"));
        }
        let (key, action) = (text(&constraint["topologyKey"]), text(&constraint["whenUnsatisfiable"]));
        if key.is_empty() {
            flaws.push(Flaw::required(path("topologyKey"), "can not be empty"));
        }
        if !ACTIONS.contains(&action) {
            flaws.push(Flaw::unsupported(path("whenUnsatisfiable"), action, &ACTIONS));
        }
        let again = |other: &Value| text(&other["topologyKey"]) == key && text(&other["whenUnsatisfiable"]) == action;
        if all[place + 1..].iter().any(again) {
            let both = format!("{{{key}, {action}}}");
            flaws.push(Flaw::duplicate(path("{topologyKey, whenUnsatisfiable}"), both));
        }
        if let Some(domains) = constraint["minDomains"].as_i64() {
            if domains <= 0 {
                flaws.push(Flaw::invalid(path("minDomains"), domains, "must be greater than zero"));
            }
            if action != "DoNotSchedule" {
                let why = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
                flaws.push(Flaw::invalid(path("minDomains"), domains, &why));
            }
        }
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            chosen(&constraint[policy], &path(policy), &["Honor", "Ignore"], flaws);
        }
        label_keys(constraint, &path("matchLabelKeys"), flaws);
        label_selector::check(&constraint["labelSelector"], &path("labelSelector"), flaws);
    }
}

/// Labels of the pod itself, which the selector is to select by.
fn label_keys(constraint: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let keys = items(constraint, "matchLabelKeys");
    if constraint["labelSelector"].is_null() && !keys.is_empty() {
        return flaws.push(Flaw::forbidden(field, "must not be specified when labelSelector is not set"));
    }
    for (place, key) in keys.iter().enumerate() {
        name::qualified(text(key), &format!("{field}[{place}]"), flaws);
    }
}

/// The selectors of a pod get those labels. They do not select by them already.
pub(super) fn only_of_pods(pod: &Value, flaws: &mut Vec<Flaw>) {
    let labels = &pod["metadata"]["labels"];
    for (place, constraint) in items(&pod["spec"], "topologySpreadConstraints").iter().enumerate() {
        let selector = &constraint["labelSelector"];
        let keys = items(constraint, "matchLabelKeys").iter().map(text).enumerate();
        let expressions = items(selector, "matchExpressions");
        let selected = |key: &str| {
            let own = !labels[key].is_null();
            let said = expressions.iter().any(|requirement| requirement["key"] == key);
            own && (said || !selector["matchLabels"][key].is_null())
        };
        flaws.extend(keys.filter(|(_, key)| selected(key)).map(|(index, key)| {
            let field = format!("spec.topologySpreadConstraints[{place}][{index}]");
            Flaw::invalid(field, key, "exists in both matchLabelKeys and labelSelector")
        }));
    }
}
