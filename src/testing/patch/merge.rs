//! Merge patch as the API server does it.
//!
//! The rules are those of RFC 7386 with one difference: if the patch replaces an object by a list, nulls inside the
//! list stay. Everywhere else, nulls in new objects are left out.

use serde_json::{Map, Value};

use super::{cannot_unmarshal, drop_nulls};

/// Why a merge patch was refused: a bad request, always.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::testing) enum Error {
    #[error("error decoding patch: {0}")]
    Malformed(String),
    #[error("Invalid JSON Patch")]
    Null,
}

/// The document with the patch's members in place of its own.
pub(in crate::testing) fn apply(mut document: Map<String, Value>, patch: Value) -> Result<Map<String, Value>, Error> {
    match patch {
        Value::Object(patch) => {
            merge(&mut document, patch);
            Ok(document)
        }
        Value::Null => Err(Error::Null),
        other => Err(Error::Malformed(cannot_unmarshal(&other, "map[string]interface {}"))),
    }
}

fn merge(document: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, change) in patch {
        match (document.get_mut(&name), change) {
            (_, Value::Null) => drop(document.remove(&name)),
            (Some(Value::Object(current)), Value::Object(change)) => merge(current, change),
            (Some(current @ Value::Object(_)), change) => *current = change,
            (_, mut change) => {
                drop_nulls(&mut change);
                document.insert(name, change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn patched(document: Value, patch: Value) -> Value {
        let Value::Object(document) = document else { panic!("documents are objects") };
        apply(document, patch).map(Value::Object).expect("a patch")
    }

    #[test]
    fn null_removes_and_the_rest_replaces() {
        let barn = json!({"hay": {"bales": 3, "dry": true}, "cats": ["tom"]});
        let patch = json!({"hay": {"bales": 4, "dry": null}, "cats": [], "dogs": null});
        assert_eq!(patched(barn, patch), json!({"hay": {"bales": 4}, "cats": []}));
    }

    #[test]
    fn what_is_new_comes_without_its_nulls() {
        let patch = json!({"hay": {"bales": null, "straw": {"dry": null}}, "cats": [{"tom": null}, null]});
        assert_eq!(patched(json!({}), patch), json!({"hay": {"straw": {}}, "cats": [{}, null]}));
        let patch = json!({"hay": {"bales": null}});
        assert_eq!(patched(json!({"hay": "all of it"}), patch), json!({"hay": {}}));
    }

    #[test]
    fn a_list_in_place_of_an_object_keeps_its_nulls() {
        let patch = json!({"hay": [{"dry": null}]});
        assert_eq!(patched(json!({"hay": {}}), patch.clone()), json!({"hay": [{"dry": null}]}));
        assert_eq!(patched(json!({"hay": []}), patch), json!({"hay": [{}]}));
    }

    #[test]
    fn only_objects_are_patches() {
        let refusal = |patch| apply(Map::new(), patch).map_err(|error| error.to_string());
        assert_eq!(
            refusal(json!([1])),
            Err("error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
                .into())
        );
        assert_eq!(refusal(json!(null)), Err("Invalid JSON Patch".into()));
    }

    fn objects() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), "[a-c]".prop_map(Value::from)];
        let value = leaf.prop_recursive(3, 16, 4, |inner| {
            proptest::collection::btree_map("[a-c]", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect()))
        });
        proptest::collection::btree_map("[a-c]", value, 0..4).prop_map(|map| Value::Object(map.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn patching_twice_is_patching_once(document in objects(), patch in objects()) {
            let mut document = document;
            drop_nulls(&mut document);
            let once = patched(document, patch.clone());
            prop_assert_eq!(patched(once.clone(), patch), once);
        }
    }
}
