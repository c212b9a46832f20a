//! What the server refuses in the rules of schemas (`x-kubernetes-validations`) beside their expressions.

use serde_json::Value;

use super::{super::status::Flaw, items, text};

const REASONS: [&str; 4] = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// Looks at the rules of one schema.
pub(super) fn check(path: &str, schema: &Value, flaws: &mut Vec<Flaw>) {
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
        wrong(!said.is_empty() && !is_path(said, schema), "must be a valid path");
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

/// Whether a path such as `.spec['some-name']` leads to a field of a schema.
fn is_path(path: &str, schema: &Value) -> bool {
    let (mut rest, mut schema) = (path, schema);
    while !rest.is_empty() {
        let (name, after) = match rest.strip_prefix("['") {
            Some(quoted) => match quoted.split_once("']") {
                Some((name, after)) => (name.replace("\\'", "'"), after),
                None => return false,
            },
            None => {
                let Some(name) = rest.strip_prefix('.') else { return false };
                let end = name.find(['.', '[', ']']).unwrap_or(name.len());
                (name[..end].to_owned(), &name[end..])
            }
        };
        let found = match schema["properties"].as_object() {
            Some(fields) => fields.get(&name),
            None => schema.get("additionalProperties").filter(|others| others.is_object()),
        };
        let Some(found) = found else { return false };
        (rest, schema) = (after, found);
    }
    true
}
