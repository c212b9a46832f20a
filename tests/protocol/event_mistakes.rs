//! Events of the younger group that are refused: new ones, and changes of what they tell.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, refused, with, within},
};

const EVENTS: Kind = within("events.k8s.io", "events", "Event");

pub async fn in_new_events(ground: Ground) {
    let event = |fields: Value| with(event(&ground), "", &fields);
    let cases = &[
        (
            event(json!({"eventTime": null, "type": "Odd"})),
            "
            eventTime: Required value
            type: Invalid value: \"\": has invalid value: Odd
        ",
        ),
        (
            event(
                json!({"action": "", "reason": "x".repeat(129), "note": "x".repeat(1025), "reportingController": "a b"}),
            ),
            "
            action: Required value
            message: Invalid value: \"\": can have at most 1024 characters
            reason: Invalid value: \"\": can have at most 128 characters
            reportingController: Invalid value: \"a b\": <name>
        ",
        ),
        (
            event(json!({"series": {"count": 1}, "deprecatedCount": 1, "deprecatedSource": {"component": "a"}})),
            "
            count: Invalid value: \"\": needs to be unset
            series.count: Invalid value: \"\": should be at least 2
            series.lastObservedTime: Required value
            source: Invalid value: \"\": needs to be unset
        ",
        ),
    ];
    refused(&ground, &EVENTS, cases).await;
}

pub async fn in_changes_of_events(ground: Ground) {
    let space = &ground.namespace;
    let q = format!(
        "involvedObject: Invalid value: {{\"Kind\":\"Pod\",\"Namespace\":{space:?},\"Name\":\"q\",\"UID\":\"\",\
         \"APIVersion\":\"\",\"ResourceVersion\":\"\",\"FieldPath\":\"\"}}: field is immutable"
    );
    let cases = &[
        (json!({"regarding": {"name": "q"}}), q.as_str()),
        (
            json!({"reason": "e", "note": "n", "type": "Warning", "action": "z"}),
            "
            action: Invalid value: \"z\": field is immutable
            message: Invalid value: \"n\": field is immutable
            reason: Invalid value: \"e\": field is immutable
            reason: Invalid value: \"e\": field is immutable
            type: Invalid value: \"Warning\": field is immutable
        ",
        ),
        (
            json!({"eventTime": "2025-01-01T00:00:00.000000Z"}),
            "eventTime: Invalid value: \"2025-01-01T00:00:00.000000Z\": field is immutable",
        ),
    ];
    kept(&ground, &EVENTS, &event(&ground), cases).await;
}

fn event(ground: &Ground) -> Value {
    json!({
        "regarding": {"kind": "Pod", "name": "p", "namespace": ground.namespace},
        "eventTime": "2024-01-01T00:00:00.000000Z", "type": "Normal", "reason": "d", "action": "c",
        "reportingController": "a", "reportingInstance": "b",
    })
}
