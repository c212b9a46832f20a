//! Events: the two groups that have them show the same ones, and call most of what they tell differently.

use std::borrow::Cow;

use super::Fields;

/// The fields of an Event, first as they are kept and then as the younger group calls them.
const FIELDS: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
];
/// What the younger group leaves out where it is empty.
const OMITTED: [&str; 2] = ["reportingController", "reportingInstance"];

pub(super) fn store(event: &mut Fields) {
    FIELDS.iter().for_each(|(kept, shown)| rename(event, shown, kept));
    for field in ["reportingComponent", "reportingInstance"] {
        event.entry(field).or_insert_with(|| "".into());
    }
}

pub(super) fn show(event: &mut Fields) {
    FIELDS.iter().for_each(|(kept, shown)| rename(event, kept, shown));
    event.retain(|field, value| !OMITTED.contains(&field.as_str()) || *value != "");
}

/// The path under which a field of the younger group is kept.
pub(super) fn stored_path(path: &str) -> Cow<'_, str> {
    let (first, rest) = path.split_once('.').map_or((path, ""), |(first, _)| (first, &path[first.len()..]));
    let kept = FIELDS.iter().find(|(_, shown)| *shown == first);
    kept.map_or(Cow::Borrowed(path), |(kept, _)| format!("{kept}{rest}").into())
}

fn rename(event: &mut Fields, from: &str, to: &str) {
    if let Some(value) = event.remove(from) {
        event.insert(to.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_event_comes_back_from_the_younger_group_as_it_went_there() {
        let kept = json!({
            "count": 2, "message": "m", "eventTime": null, "source": {"host": "h"}, "involvedObject": {"name": "n"},
            "reportingComponent": "c", "reportingInstance": "", "firstTimestamp": null, "lastTimestamp": null,
        });
        let mut event = kept.as_object().cloned().expect("an object");
        show(&mut event);
        assert_eq!(
            Value::Object(event.clone()),
            json!({
                "deprecatedCount": 2, "note": "m", "eventTime": null, "deprecatedSource": {"host": "h"},
                "regarding": {"name": "n"}, "reportingController": "c",
                "deprecatedFirstTimestamp": null, "deprecatedLastTimestamp": null,
            })
        );
        store(&mut event);
        assert_eq!(Value::Object(event), kept);
        assert_eq!(stored_path("regarding.uid"), "involvedObject.uid");
        assert_eq!(stored_path("reportingController"), "reportingComponent");
    }
}
