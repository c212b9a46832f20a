//! What the server refuses in selectors of labels, and what they select.

use serde_json::Value;

use super::{super::status::Flaw, items, metadata::labels, problems, text};
use crate::selector::{key_problems, value_problems};

/// A selector of labels, as objects have them.
pub(super) fn check(selector: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    labels(selector["matchLabels"].as_object(), &format!("{field}.matchLabels"), flaws);
    for (place, requirement) in items(selector, "matchExpressions").iter().enumerate() {
        let field = format!("{field}.matchExpressions[{place}]");
        let values = items(requirement, "values");
        match text(&requirement["operator"]) {
            "In" | "NotIn" if values.is_empty() => {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                flaws.push(Flaw::required(format!("{field}.values"), why));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                flaws.push(Flaw::forbidden(format!("{field}.values"), why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => flaws.push(Flaw::invalid(format!("{field}.operator"), other, "not a valid selector operator")),
        }
        let key = text(&requirement["key"]);
        flaws.extend(key_problems(key).iter().map(|why| Flaw::invalid(format!("{field}.key"), key, why)));
        for (place, value) in values.iter().map(text).enumerate() {
            problems(&format!("{field}.values[{place}]"), value, value_problems(value), flaws);
        }
    }
}

/// Whether a selector chooses what bears these labels.
pub(super) fn matches(selector: &Value, labels: &Value) -> bool {
    let wanted = selector["matchLabels"].as_object().into_iter().flatten();
    let mut expressions = items(selector, "matchExpressions").iter();
    wanted.into_iter().all(|(key, value)| labels[key] == *value)
        && expressions.all(|requirement| {
            let found = &labels[text(&requirement["key"])];
            let among = items(requirement, "values").contains(found);
            match text(&requirement["operator"]) {
                "In" => among,
                "NotIn" => !among,
                "Exists" => !found.is_null(),
                _ => found.is_null(),
            }
        })
}
