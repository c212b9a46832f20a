//! What the server refuses in the rules of schemas (`x-kubernetes-validations`) beside their expressions.

use serde_json::Value;

use super::{
    super::{schema::field_path, status::Flaw},
    items, text,
};

const REASONS: [&str; 4] = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// Looks at the rules of one schema.
pub(super) fn check(path: &str, schema: &Value, flaws: &mut Vec<Flaw>) {
    forbid(path, schema, flaws);
    for (place, rule) in items(schema, "x-kubernetes-validations").iter().enumerate() {
        let field = |name: &str| format!("{path}.x-kubernetes-validations[{place}].{name}");
        message(rule, field, flaws);
        let blank = |name: &str| !text(&rule[name]).is_empty() && text(&rule[name]).trim().is_empty();
        if blank("messageExpression") {
            flaws.push(Flaw::required(field("messageExpression"), "messageExpression must be non-empty if specified"));
        }
        if let Some(reason) = rule["reason"].as_str().filter(|reason| !REASONS.contains(reason)) {
            flaws.push(Flaw::unsupported(field("reason"), reason, &REASONS));
        }
        let said = text(&rule["fieldPath"]);
        let mut wrong = |is: bool, why: &str| {
            flaws.extend(is.then(|| Flaw::invalid(field("fieldPath"), said, why)));
        };
        wrong(blank("fieldPath"), "must be non-empty if specified");
        wrong(said.contains(['\n', '\r']), "must not contain line breaks");
        wrong(!said.is_empty() && field_path::shown(said, schema).is_none(), "must be a valid path");
    }
}

/// Schemas that only say more of the same value have no rules.
fn forbid(path: &str, schema: &Value, flaws: &mut Vec<Flaw>) {
    let several = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|name| {
        let places = items(schema, name).iter().enumerate();
        places.map(move |(place, schema)| (format!("{path}.{name}[{place}]"), schema))
    });
    let not = schema.get("not").map(|schema| (format!("{path}.not"), schema));
    for (path, schema) in several.chain(not) {
        if !items(schema, "x-kubernetes-validations").is_empty() {
            let why = "must be empty to be structural";
            flaws.push(Flaw::forbidden(format!("{path}.x-kubernetes-validations"), why));
        }
        forbid(&path, schema, flaws);
    }
}

/// What is told where the rule is broken.
fn message(rule: &Value, field: impl Fn(&str) -> String, flaws: &mut Vec<Flaw>) {
    let (said, condition) = (text(&rule["message"]), text(&rule["rule"]).trim());
    let (message, lines) = (said.trim(), ['\n', '\r']);
    if condition.is_empty() {
        flaws.push(Flaw::required(field("rule"), "rule is not specified"));
    } else if !said.is_empty() && message.is_empty() {
        flaws.push(Flaw::invalid(field("message"), said, "must be non-empty if specified"));
    } else if message.contains(lines) {
        flaws.push(Flaw::invalid(field("message"), said, "must not contain line breaks"));
    } else if condition.contains(lines) && message.is_empty() {
        flaws.push(Flaw::required(field("message"), "message must be specified if rule contains line breaks"));
    }
}
