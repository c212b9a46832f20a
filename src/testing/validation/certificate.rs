//! What the server refuses in the conditions of requests for certificates.
//!
//! Not here: what is requested, and whether a certificate is one.

use serde_json::Value;

use super::{
    super::{kinds::Part, status::Flaw},
    items, text,
};

/// Conditions that hold or are not there.
const TRUE_ONLY: [&str; 3] = ["Approved", "Denied", "Failed"];
const FIELD: &str = "status.conditions";

pub(super) fn check(old: &Value, part: Option<&Part>, new: &Value, flaws: &mut Vec<Flaw>) {
    let conditions = items(&new["status"], "conditions");
    let mut types: Vec<&str> = Vec::new();
    for (place, condition) in conditions.iter().enumerate() {
        let (kind, status) = (text(&condition["type"]), text(&condition["status"]));
        let field = |name: &str| format!("{FIELD}[{place}].{name}");
        if kind.is_empty() {
            flaws.push(Flaw::required(field("type"), ""));
        }
        let allowed = if TRUE_ONLY.contains(&kind) { &["True"][..] } else { &["False", "True", "Unknown"] };
        if status.is_empty() {
            flaws.push(Flaw::required(field("status"), ""));
        } else if !allowed.contains(&status) {
            flaws.push(Flaw::unsupported(field("status"), status, allowed));
        }
        if [("Approved", "Denied"), ("Denied", "Approved")]
            .iter()
            .any(|(one, other)| kind == *one && types.contains(other))
        {
            flaws.push(Flaw::invalid(FIELD, kind, "Approved and Denied conditions are mutually exclusive"));
        }
        if types.contains(&kind) {
            flaws.push(Flaw::duplicate(field("type"), kind));
        }
        types.push(kind);
    }
    let of = |object: &Value, kind: &str| -> Vec<Value> {
        items(&object["status"], "conditions").iter().filter(|condition| condition["type"] == kind).cloned().collect()
    };
    for kind in TRUE_ONLY {
        if of(new, kind).len() < of(old, kind).len() {
            flaws.push(Flaw::forbidden(FIELD, format!("updates may not remove a condition of type {kind:?}")));
        }
    }
    if part == Some(&Part::Approval) {
        return;
    }
    for kind in &TRUE_ONLY[..2] {
        if of(new, kind).len() > of(old, kind).len() {
            flaws.push(Flaw::forbidden(FIELD, format!("updates may not add a condition of type {kind:?}")));
        }
    }
}
