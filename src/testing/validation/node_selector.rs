//! What the server refuses where nodes are selected.

use serde_json::Value;

use super::{super::status::Flaw, items, name, printed, problems, text};
use crate::selector::{subdomain_problems, value_problems};

/// A selector of nodes, which has terms.
pub(super) fn check(selector: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let field = format!("{field}.nodeSelectorTerms");
    let terms = items(selector, "nodeSelectorTerms");
    if terms.is_empty() {
        flaws.push(Flaw::required(&field, "must have at least one node selector term"));
    }
    for (place, term) in terms.iter().enumerate() {
        self::term(term, &format!("{field}[{place}]"), false, flaws);
    }
}

/// What a node has to be like. Where it only should, `any` value is allowed: no label has it.
pub(super) fn term(term: &Value, field: &str, any: bool, flaws: &mut Vec<Flaw>) {
    for (place, requirement) in items(term, "matchExpressions").iter().enumerate() {
        label(requirement, &format!("{field}.matchExpressions[{place}]"), any, flaws);
    }
    for (place, requirement) in items(term, "matchFields").iter().enumerate() {
        self::field(requirement, &format!("{field}.matchFields[{place}]"), flaws);
    }
}

fn label(requirement: &Value, field: &str, any: bool, flaws: &mut Vec<Flaw>) {
    let values = items(requirement, "values");
    let of_values = format!("{field}.values");
    match text(&requirement["operator"]) {
        "In" | "NotIn" if values.is_empty() => {
            flaws.push(Flaw::required(&of_values, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            flaws.push(Flaw::forbidden(&of_values, why));
        }
        "Gt" | "Lt" if values.len() != 1 => {
            flaws.push(Flaw::required(&of_values, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => flaws.push(Flaw::invalid(format!("{field}.operator"), other, "not a valid selector operator")),
    }
    name::qualified(text(&requirement["key"]), &format!("{field}.key"), flaws);
    for (place, value) in values.iter().map(text).enumerate().filter(|_| !any) {
        problems(&format!("{of_values}[{place}]"), value, value_problems(value), flaws);
    }
}

/// A node's name is the only field to select by.
fn field(requirement: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let values = items(requirement, "values");
    match text(&requirement["operator"]) {
        "In" | "NotIn" if values.len() != 1 => {
            let why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            flaws.push(Flaw::required(format!("{field}.values"), why));
        }
        "In" | "NotIn" => {}
        other => flaws.push(Flaw::invalid(format!("{field}.operator"), other, "not a valid selector operator")),
    }
    match text(&requirement["key"]) {
        "metadata.name" => {
            for (place, name) in values.iter().map(text).enumerate() {
                problems(&format!("{field}.values[{place}]"), name, subdomain_problems(name), flaws);
            }
        }
        other => flaws.push(Flaw::invalid(format!("{field}.key"), other, "not a valid field selector key")),
    }
}

/// An affinity of volumes as the server prints it.
pub(super) fn printed_affinity(affinity: &Value) -> String {
    let list = |items: &Value, fields: &[(&str, &str)]| match items.as_array() {
        Some(items) => format!("[{}]", items.iter().map(|item| printed(item, fields)).collect::<Vec<_>>().join(",")),
        None => "null".to_owned(),
    };
    if affinity.is_null() {
        return "null".to_owned();
    }
    let requirement = [("Key", "\"\""), ("Operator", "\"\""), ("Values", "null")];
    let terms = items(&affinity["required"], "nodeSelectorTerms").iter().map(|term| {
        let [labels, fields] = ["matchExpressions", "matchFields"].map(|part| list(&term[part], &requirement));
        format!("{{\"MatchExpressions\":{labels},\"MatchFields\":{fields}}}")
    });
    format!("{{\"Required\":{{\"NodeSelectorTerms\":[{}]}}}}", terms.collect::<Vec<_>>().join(","))
}
