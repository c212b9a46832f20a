//! The fields of an empty object of a kind: those that the server prints even if nobody set them.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::{Map, Value};

/// The fields of an empty object of a built-in kind beside kind, apiVersion and metadata; none of any other.
pub(in crate::testing) fn zero(api_version: &str, kind: &str) -> &'static Map<String, Value> {
    static ZEROS: LazyLock<HashMap<&str, Map<String, Value>>> =
        LazyLock::new(|| read(include_str!("zero.txt")).expect("the table is well-formed"));
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    ZEROS.get(format!("{api_version} {kind}").as_str()).unwrap_or(&NONE)
}

/// A line each: `apps/v1 Deployment {..}`.
fn read(text: &'static str) -> Option<HashMap<&'static str, Map<String, Value>>> {
    let lines = text.lines().map(|line| {
        let fields = line.find('{')?;
        Some((line[..fields].trim_end(), serde_json::from_str(&line[fields..]).ok()?))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_differ_in_what_their_empty_objects_have() {
        assert_eq!(Value::Object(zero("v1", "Pod").clone()), json!({"spec": {"containers": null}, "status": {}}));
        assert_eq!(zero("v1", "ConfigMap"), &Map::new());
        assert_ne!(zero("v1", "Event"), zero("events.k8s.io/v1", "Event"));
        assert_eq!(zero("example.com/v1", "Pod"), &Map::new());
    }
}
