//! Objects between the version a client speaks and the one they are kept in, where these differ in more than their name.
//!
//! That is so of Events: the two groups that have them show the same ones, and call most of what they tell differently.
//! Not here: custom kinds, whose versions differ in nothing but apiVersion.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{kinds::Kind, state::Target};

/// The fields of an Event, first as they are kept and then as the younger group calls them.
const OF_EVENTS: [(&str, &str); 7] = [
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

/// Makes of an object in some version of its kind one as it is kept.
pub(super) fn store(kind: &Kind, object: &mut Map<String, Value>) {
    object.insert("apiVersion".to_owned(), kind.stored_api_version().into());
    if kind.is_younger_event() {
        OF_EVENTS.iter().for_each(|(kept, shown)| rename(object, shown, kept));
        for field in ["reportingComponent", "reportingInstance"] {
            object.entry(field).or_insert_with(|| "".into());
        }
    }
}

/// Makes of an object as it is kept one in a version of its kind.
pub(super) fn show(kind: &Kind, version: &str, object: &mut Map<String, Value>) {
    object.insert("apiVersion".to_owned(), kind.api_version(version).into());
    if kind.is_younger_event() {
        OF_EVENTS.iter().for_each(|(kept, shown)| rename(object, kept, shown));
        object.retain(|field, value| !OMITTED.contains(&field.as_str()) || *value != "");
    }
}

/// An object as a request's version shows it.
pub(super) fn shown<'o>(target: &Target, object: &'o Value) -> Cow<'o, Value> {
    let Target { kind, version, .. } = target;
    let mut object = Cow::Borrowed(object);
    if object["apiVersion"] != *kind.api_version(version)
        && let Some(fields) = object.to_mut().as_object_mut()
    {
        show(kind, version, fields);
    }
    object
}

/// The path under which a field that selectors name is kept.
pub(super) fn stored_path<'p>(kind: &Kind, path: &'p str) -> Cow<'p, str> {
    let (first, rest) = path.split_once('.').map_or((path, ""), |(first, _)| (first, &path[first.len()..]));
    let kept = OF_EVENTS.iter().find(|(_, shown)| kind.is_younger_event() && *shown == first);
    kept.map_or(Cow::Borrowed(path), |(kept, _)| format!("{kept}{rest}").into())
}

fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = object.remove(from) {
        object.insert(to.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::kinds::Kinds;

    #[test]
    fn an_event_comes_back_from_the_younger_group_as_it_went_there() {
        let kinds = Kinds::new();
        let younger = kinds.find("events.k8s.io", "events").expect("it is built in");
        let kept = json!({
            "apiVersion": "v1", "kind": "Event", "count": 2, "message": "m", "eventTime": null, "source": {"host": "h"},
            "involvedObject": {"name": "n"}, "reportingComponent": "c", "reportingInstance": "", "firstTimestamp": null, "lastTimestamp": null,
        });
        let mut object = kept.as_object().cloned().expect("an object");
        show(younger, "v1", &mut object);
        assert_eq!(
            Value::Object(object.clone()),
            json!({
                "apiVersion": "events.k8s.io/v1", "kind": "Event", "deprecatedCount": 2, "note": "m", "eventTime": null,
                "deprecatedSource": {"host": "h"}, "regarding": {"name": "n"}, "reportingController": "c",
                "deprecatedFirstTimestamp": null, "deprecatedLastTimestamp": null,
            })
        );
        store(younger, &mut object);
        assert_eq!(Value::Object(object), kept);
        assert_eq!(stored_path(younger, "regarding.uid"), "involvedObject.uid");
        assert_eq!(stored_path(younger, "reportingController"), "reportingComponent");
    }
}
