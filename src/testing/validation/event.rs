//! What the server refuses in new Events of either group.

use serde_json::Value;

use super::{
    super::{kinds::Kind, status::Flaw},
    needed, problems, text,
};
use crate::selector;

/// Limits of texts, in bytes.
const LIMITS: [(&str, usize); 3] = [("reportingInstance", 128), ("action", 128), ("reason", 128)];

pub(super) fn check(kind: &Kind, object: &Value, flaws: &mut Vec<Flaw>) {
    let old = kind.group.is_empty();
    let (about, reporter) =
        if old { ("involvedObject", "reportingComponent") } else { ("regarding", "reportingController") };
    let (namespace, of_object) = (text(&object["metadata"]["namespace"]), text(&object[about]["namespace"]));
    let timed = !object["eventTime"].is_null();
    let agree = match (timed, of_object) {
        (false, "") => namespace == "default",
        (false, other) => other == namespace,
        (true, "") => ["default", "kube-system"].contains(&namespace),
        (true, _) => true,
    };
    if !agree {
        flaws.push(Flaw::invalid("involvedObject.namespace", of_object, "does not match event.namespace"));
    }
    if timed {
        needed(&object[reporter], reporter, "", flaws);
        let name = text(&object[reporter]);
        flaws.extend(selector::key_problems(name).iter().map(|why| Flaw::invalid(reporter, name, why)));
        for (field, limit) in LIMITS {
            needed(&object[field], field, "", flaws);
            if text(&object[field]).len() > limit {
                flaws.push(Flaw::invalid(field, "", &format!("can have at most {limit} characters")));
            }
        }
        let message = if old { "message" } else { "note" };
        if text(&object[message]).len() > 1024 {
            flaws.push(Flaw::invalid("message", "", "can have at most 1024 characters"));
        }
    }
    problems("namespace", namespace, selector::subdomain_problems(namespace), flaws);
}
