//! What the server refuses in Events of either group. Those of the younger one stay as they are.

use serde_json::Value;

use super::{
    super::{kinds::Kind, status::Flaw},
    needed, printed, problems, text,
};
use crate::selector;

/// Limits of texts, in bytes.
const LIMITS: [(&str, usize); 3] = [("reportingInstance", 128), ("action", 128), ("reason", 128)];

pub(super) fn check(kind: &Kind, object: &Value, flaws: &mut Vec<Flaw>) {
    let old = kind.group.is_empty();
    let reporter = if old { "reportingComponent" } else { "reportingController" };
    let about = &object["involvedObject"];
    let (namespace, of_object) = (text(&object["metadata"]["namespace"]), text(&about["namespace"]));
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
        let name = text(&object["reportingComponent"]);
        needed(&name.into(), reporter, "", flaws);
        flaws.extend(selector::key_problems(name).iter().map(|why| Flaw::invalid(reporter, name, why)));
        for (field, limit) in LIMITS {
            needed(&object[field], field, "", flaws);
            if text(&object[field]).len() > limit {
                flaws.push(Flaw::invalid(field, "", &format!("can have at most {limit} characters")));
            }
        }
        if text(&object["message"]).len() > 1024 {
            flaws.push(Flaw::invalid("message", "", "can have at most 1024 characters"));
        }
    }
    problems("namespace", namespace, selector::subdomain_problems(namespace), flaws);
    if !old && object["metadata"]["resourceVersion"].is_null() {
        strict(object, flaws);
    }
}

/// What is asked of new Events of the younger group.
fn strict(object: &Value, flaws: &mut Vec<Flaw>) {
    series(&object["series"], flaws);
    needed(&object["eventTime"], "eventTime", "", flaws);
    let said = text(&object["type"]);
    if !["Normal", "Warning"].contains(&said) {
        flaws.push(Flaw::invalid("type", "", &format!("has invalid value: {said}")));
    }
    for field in ["firstTimestamp", "lastTimestamp"] {
        if !object[field].is_null() {
            flaws.push(Flaw::invalid(field, "", "needs to be unset"));
        }
    }
    let source = &object["source"];
    for (field, is_set) in [
        ("count", object["count"].as_i64().is_some_and(|count| count != 0)),
        ("source", ["component", "host"].iter().any(|part| !text(&source[*part]).is_empty())),
    ] {
        if is_set {
            flaws.push(Flaw::invalid(field, "", "needs to be unset"));
        }
    }
}

fn series(series: &Value, flaws: &mut Vec<Flaw>) {
    if series.is_object() {
        if series["count"].as_i64().unwrap_or_default() < 2 {
            flaws.push(Flaw::invalid("series.count", "", "should be at least 2"));
        }
        needed(&series["lastObservedTime"], "series.lastObservedTime", "", flaws);
    }
}

/// What an Event keeps when it is changed as one of the younger group, in the order of the server, which looks at the
/// reason twice.
const KEPT: [&str; 11] = [
    "reason",
    "message",
    "firstTimestamp",
    "lastTimestamp",
    "count",
    "reason",
    "type",
    "eventTime",
    "action",
    "reportingComponent",
    "reportingInstance",
];

pub(super) fn frozen(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    const PARTS: [&str; 7] = ["Kind", "Namespace", "Name", "UID", "APIVersion", "ResourceVersion", "FieldPath"];
    let mut immutable = |field: &str, shown: &str| flaws.push(Flaw::showing(field, shown, "field is immutable"));
    for field in ["involvedObject", "related", "source"] {
        let value = &new[field];
        let fields = if field == "source" { &["Component", "Host"][..] } else { &PARTS };
        let fields: Vec<_> = fields.iter().map(|part| (*part, "\"\"")).collect();
        if old[field] != *value {
            let printed =
                if field == "related" && value.is_null() { "null".to_owned() } else { printed(value, &fields) };
            immutable(field, &printed);
        }
    }
    for field in KEPT {
        let value = &new[field];
        if old[field] != *value {
            let nothing = match field {
                "count" => "0",
                "firstTimestamp" | "lastTimestamp" | "eventTime" => "null",
                _ => "\"\"",
            };
            let shown = if field == "reportingComponent" { "reportingController" } else { field };
            immutable(shown, &if value.is_null() { nothing.to_owned() } else { value.to_string() });
        }
    }
    if old["series"] != new["series"] {
        series(&new["series"], flaws);
    }
}
