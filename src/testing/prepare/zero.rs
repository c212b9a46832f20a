//! The initial status of an object.

use serde_json::{Map, Value, json};

use super::{super::kinds::Kind, at};

/// The status a new object of a built-in kind has, nothing where the kind has none or its writer may say it. `time`
/// is now.
pub(super) fn status(kind: &Kind, object: &Map<String, Value>, time: &str) -> Option<Map<String, Value>> {
    let Value::Object(mut status) = kind.stored_shape().zero().remove("status")? else { return None };
    let mut say = |field: &str, value: Value| drop(status.insert(field.to_owned(), value));
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "nodes") => return None,
        ("", "namespaces") => say("phase", "Active".into()),
        ("", "persistentvolumeclaims" | "pods") => say("phase", "Pending".into()),
        ("", "persistentvolumes") => {
            say("phase", "Pending".into());
            say("lastPhaseTransitionTime", time.into());
        }
        ("apiregistration.k8s.io", _) if at(object, "spec")["service"].is_null() => {
            let message = "Local APIServices are always available";
            let available = json!({"type": "Available", "status": "True", "reason": "Local", "message": message, "lastTransitionTime": time});
            say("conditions", json!([available]));
        }
        _ => {}
    }
    Some(status)
}
