//! JSON patch as the API server does it.
//!
//! The server's library differs from RFC 6902, and clients rely on that: `test` of something missing against null
//! or against nothing succeeds, `replace` of a missing member adds it, `copy` of a missing member copies null, `add`
//! without a value adds null, indexes count from the end when negative, and what precedes the first slash of a path
//! is ignored.

use serde_json::{Map, Value};

use super::{cannot_unmarshal, go_type};

/// More operations than this are refused.
const MOST_OPERATIONS: usize = 10_000;

/// Why a JSON patch was refused. [`Error::Malformed`] is a bad request, [`Error::TooMany`] an entity that is too
/// large, and for [`Error::Failed`] the server only says that it rejected the request: code 422, no causes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::testing) enum Error {
    #[error("error decoding patch: {0}")]
    Malformed(String),
    #[error("The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {0}")]
    TooMany(usize),
    #[error("operation {at}: {why}")]
    Failed { at: usize, why: &'static str },
}

/// A decoded patch.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::testing) struct Patch {
    operations: Vec<Map<String, Value>>,
    /// Members of operations that mean nothing: `json patch unknown field "[0].comment"`.
    pub(in crate::testing) unknown: Vec<String>,
}

impl Patch {
    /// Null is a patch without operations.
    pub(in crate::testing) fn decode(patch: Value) -> Result<Self, Error> {
        let items = match patch {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            other => return Err(Error::Malformed(cannot_unmarshal(&other, "[]handlers.jsonPatchOp"))),
        };
        let mut decoded = Patch::default();
        for (at, item) in items.into_iter().enumerate() {
            let operation = match item {
                Value::Null => Map::new(),
                Value::Object(operation) => operation,
                other => return Err(Error::Malformed(cannot_unmarshal(&other, "handlers.jsonPatchOp"))),
            };
            for (name, value) in &operation {
                match name.as_str() {
                    "value" => {}
                    "op" | "path" | "from" if value.is_string() || value.is_null() => {}
                    "op" | "path" | "from" => {
                        let found = go_type(value);
                        return Err(Error::Malformed(format!(
                            "json: cannot unmarshal {found} into Go struct field jsonPatchOp.{name} of type string"
                        )));
                    }
                    _ => decoded.unknown.push(format!("json patch unknown field \"[{at}].{name}\"")),
                }
            }
            decoded.operations.push(operation);
        }
        match decoded.operations.len() {
            count if count > MOST_OPERATIONS => Err(Error::TooMany(count)),
            _ => Ok(decoded),
        }
    }

    /// The document after all operations, or the first of them that failed.
    pub(in crate::testing) fn apply(&self, mut document: Value) -> Result<Value, Error> {
        for (at, operation) in self.operations.iter().enumerate() {
            perform(&mut document, operation).map_err(|why| Error::Failed { at, why })?;
        }
        Ok(document)
    }
}

type Outcome<T = ()> = Result<T, &'static str>;

fn perform(document: &mut Value, operation: &Map<String, Value>) -> Outcome {
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let path = || text("path").ok_or("no path");
    let from = || text("from").ok_or("no from");
    let value = || operation.get("value").cloned().unwrap_or_default();
    match text("op").unwrap_or_default() {
        "add" => Place::of(document, path()?)?.add(value()),
        "remove" => Place::of(document, path()?)?.remove().map(drop),
        "replace" if path()?.is_empty() => match value() {
            whole @ (Value::Object(_) | Value::Array(_)) => {
                *document = whole;
                Ok(())
            }
            _ => Err("a document is an object or an array"),
        },
        "replace" => Place::of(document, path()?)?.set(value()),
        "move" => {
            let moved = Place::of(document, from()?)?.remove()?;
            Place::of(document, path()?)?.add(moved)
        }
        "copy" => {
            let copied = Place::of(document, from()?)?.get()?.cloned().unwrap_or_default();
            Place::of(document, path()?)?.add(copied)
        }
        "test" => {
            let expected = operation.get("value").unwrap_or(&Value::Null);
            let same = match path()? {
                "" => document == expected,
                path => Place::of(document, path)?.get()?.unwrap_or(&Value::Null) == expected,
            };
            if same { Ok(()) } else { Err("the test failed") }
        }
        _ => Err("no such operation"),
    }
}

/// Where a path ends: a container, and a member of it that may not exist.
struct Place<'d> {
    container: Container<'d>,
    key: String,
}

enum Container<'d> {
    Object(&'d mut Map<String, Value>),
    Array(&'d mut Vec<Value>),
}

impl<'d> Place<'d> {
    fn of(document: &'d mut Value, path: &str) -> Outcome<Self> {
        // What stands before the first slash is nobody's business.
        let (_, path) = path.split_once('/').ok_or("a path has a slash")?;
        let (parents, key) = path.rsplit_once('/').map_or((None, path), |(parents, key)| (Some(parents), key));
        let mut container = Container::of(document)?;
        for parent in parents.into_iter().flat_map(|parents| parents.split('/')) {
            let next = match container {
                Container::Object(object) => object.get_mut(&unescaped(parent)),
                Container::Array(array) => {
                    let at = index(&unescaped(parent), array.len())?;
                    array.get_mut(at)
                }
            };
            container = Container::of(next.ok_or("the path leads nowhere")?)?;
        }
        Ok(Place { container, key: unescaped(key) })
    }

    fn get(&self) -> Outcome<Option<&Value>> {
        match &self.container {
            Container::Object(object) => Ok(object.get(&self.key)),
            Container::Array(array) => Ok(array.get(index(&self.key, array.len())?)),
        }
    }

    fn set(self, value: Value) -> Outcome {
        match self.container {
            Container::Object(object) => drop(object.insert(self.key, value)),
            Container::Array(array) => {
                let at = index(&self.key, array.len())?;
                array[at] = value;
            }
        }
        Ok(())
    }

    fn add(self, value: Value) -> Outcome {
        match self.container {
            Container::Object(object) => drop(object.insert(self.key, value)),
            Container::Array(array) if self.key == "-" => array.push(value),
            Container::Array(array) => {
                let at = index(&self.key, array.len() + 1)?;
                array.insert(at, value);
            }
        }
        Ok(())
    }

    fn remove(self) -> Outcome<Value> {
        match self.container {
            Container::Object(object) => object.remove(&self.key).ok_or("nothing to remove"),
            Container::Array(array) => {
                let at = index(&self.key, array.len())?;
                Ok(array.remove(at))
            }
        }
    }
}

impl<'d> Container<'d> {
    fn of(value: &'d mut Value) -> Outcome<Self> {
        match value {
            Value::Object(object) => Ok(Container::Object(object)),
            Value::Array(array) => Ok(Container::Array(array)),
            _ => Err("the path leads through a scalar"),
        }
    }
}

/// A place below `count`; negative ones count from there.
fn index(key: &str, count: usize) -> Outcome<usize> {
    let at: i64 = key.parse().map_err(|_| "not an index")?;
    let at = if at < 0 { count.checked_sub(at.unsigned_abs() as usize) } else { usize::try_from(at).ok() };
    at.filter(|at| *at < count).ok_or("the index is out of bounds")
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn patched(document: Value, patch: Value) -> Result<Value, Error> {
        Patch::decode(patch)?.apply(document)
    }

    fn failed(at: usize, why: &'static str) -> Result<Value, Error> {
        Err(Error::Failed { at, why })
    }

    #[test]
    fn a_missing_member_equals_null_and_nothing() {
        let boat = json!({"crew": {}});
        assert_eq!(
            patched(boat.clone(), json!([{"op": "test", "path": "/crew/cook", "value": null}])),
            Ok(boat.clone())
        );
        assert_eq!(patched(boat.clone(), json!([{"op": "test", "path": "/crew/cook"}])), Ok(boat.clone()));
        let wrong = json!([{"op": "test", "path": "/crew/cook", "value": "ann"}]);
        assert_eq!(patched(boat, wrong), failed(0, "the test failed"));
    }

    #[test]
    fn a_list_that_is_absent_can_be_tested_and_added() {
        let patch = json!([
            {"op": "test", "path": "/metadata/finalizers", "value": null},
            {"op": "add", "path": "/metadata/finalizers", "value": []},
            {"op": "add", "path": "/metadata/finalizers/-", "value": "ship.example/anchor"},
        ]);
        let expected = json!({"metadata": {"finalizers": ["ship.example/anchor"]}});
        assert_eq!(patched(json!({"metadata": {}}), patch.clone()), Ok(expected.clone()));
        assert_eq!(patched(expected, patch), failed(0, "the test failed"));
    }

    #[test]
    fn replacing_a_missing_member_adds_it_but_not_its_parents() {
        let patch = json!([{"op": "replace", "path": "/mast/height", "value": 9}]);
        assert_eq!(patched(json!({"mast": {}}), patch.clone()), Ok(json!({"mast": {"height": 9}})));
        assert_eq!(patched(json!({}), patch), failed(0, "the path leads nowhere"));
    }

    #[test]
    fn copying_or_adding_nothing_leaves_null() {
        let patch = json!([{"op": "copy", "from": "/a", "path": "/b"}, {"op": "add", "path": "/c"}]);
        assert_eq!(patched(json!({}), patch), Ok(json!({"b": null, "c": null})));
    }

    #[test]
    fn moving_or_removing_nothing_fails() {
        let moved = json!([{"op": "move", "from": "/a", "path": "/b"}]);
        assert_eq!(patched(json!({}), moved), failed(0, "nothing to remove"));
        assert_eq!(patched(json!({}), json!([{"op": "remove", "path": "/a"}])), failed(0, "nothing to remove"));
    }

    #[test]
    fn moved_members_keep_their_value() {
        let patch = json!([{"op": "move", "from": "/deck/0", "path": "/hold"}]);
        assert_eq!(patched(json!({"deck": [{"x": 1}, 2]}), patch), Ok(json!({"deck": [2], "hold": {"x": 1}})));
    }

    #[test]
    fn negative_indexes_count_from_the_end() {
        let row = json!({"row": ["a", "b"]});
        let at = |op: &str, index: &str| json!([{"op": op, "path": format!("/row/{index}"), "value": "c"}]);
        assert_eq!(patched(row.clone(), at("remove", "-1")), Ok(json!({"row": ["a"]})));
        assert_eq!(patched(row.clone(), at("replace", "-2")), Ok(json!({"row": ["c", "b"]})));
        assert_eq!(patched(row.clone(), at("add", "-1")), Ok(json!({"row": ["a", "b", "c"]})));
        assert_eq!(patched(row.clone(), at("add", "-3")), Ok(json!({"row": ["c", "a", "b"]})));
        assert_eq!(patched(row.clone(), at("add", "3")), failed(0, "the index is out of bounds"));
        assert_eq!(patched(row.clone(), at("remove", "-3")), failed(0, "the index is out of bounds"));
        assert_eq!(patched(row, at("replace", "-")), failed(0, "not an index"));
    }

    #[test]
    fn what_precedes_the_first_slash_is_ignored() {
        let patch = json!([{"op": "add", "path": "hull/paint", "value": "red"}]);
        assert_eq!(patched(json!({"hull": {}}), patch), Ok(json!({"hull": {}, "paint": "red"})));
        assert_eq!(patched(json!({}), json!([{"op": "add", "path": "hull"}])), failed(0, "a path has a slash"));
    }

    #[test]
    fn names_escape_slashes_and_tildes() {
        let patch = json!([{"op": "add", "path": "/labels/ship.example~1rig~0", "value": "sloop"}]);
        assert_eq!(patched(json!({"labels": {}}), patch), Ok(json!({"labels": {"ship.example/rig~": "sloop"}})));
    }

    #[test]
    fn the_whole_document_can_be_replaced_and_tested_only() {
        let patch = json!([
            {"op": "test", "path": "", "value": {"a": 1}},
            {"op": "replace", "path": "", "value": {"b": 2}},
        ]);
        assert_eq!(patched(json!({"a": 1}), patch), Ok(json!({"b": 2})));
        let scalar = json!([{"op": "replace", "path": "", "value": 3}]);
        assert_eq!(patched(json!({}), scalar), failed(0, "a document is an object or an array"));
        assert_eq!(patched(json!({}), json!([{"op": "remove", "path": ""}])), failed(0, "a path has a slash"));
    }

    #[test]
    fn the_first_failure_is_told() {
        let patch = json!([{"op": "add", "path": "/a", "value": 1}, {"op": "sink"}, {"op": "swim"}]);
        assert_eq!(patched(json!({}), patch), failed(1, "no such operation"));
    }

    #[test]
    fn patches_of_the_wrong_form_are_malformed() {
        let refusal = |patch| patched(json!({}), patch).map_err(|error| error.to_string());
        assert_eq!(
            refusal(json!({"op": "add"})),
            Err("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
                .into())
        );
        assert_eq!(
            refusal(json!(["add"])),
            Err("error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp".into())
        );
        assert_eq!(
            refusal(json!([{"op": "add", "path": 7}])),
            Err("error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string"
                .into())
        );
        assert_eq!(refusal(json!(null)), Ok(json!({})));
    }

    #[test]
    fn ten_thousand_operations_are_the_most() {
        let patch = |count| Value::from(vec![json!({"op": "add", "path": "/a", "value": 1}); count]);
        assert_eq!(patched(json!({}), patch(10_000)), Ok(json!({"a": 1})));
        assert_eq!(
            patched(json!({}), patch(10_001)).map_err(|error| error.to_string()),
            Err("The allowed maximum operations in a JSON patch is 10000, got 10001".into())
        );
    }

    #[test]
    fn members_without_meaning_are_told() {
        let patch = Patch::decode(json!([{"op": "test", "path": "/a"}, {"op": "test", "path": "/a", "why": "?"}]));
        assert_eq!(patch.expect("well-formed").unknown, ["json patch unknown field \"[1].why\""]);
    }

    /// Small documents with few names, so that paths meet.
    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), "[a-c]".prop_map(Value::from)];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map("[a-c]", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_change_and_its_undoing_leave_the_document(document in documents(), value in documents()) {
            let mut document = json!({"a": document, "list": []});
            document["b"] = json!("b");
            let patch = json!([
                {"op": "add", "path": "/list/0", "value": value},
                {"op": "move", "from": "/a", "path": "/list/-"},
                {"op": "test", "path": "/list/0", "value": value},
                {"op": "move", "from": "/list/1", "path": "/a"},
                {"op": "remove", "path": "/list/0"},
            ]);
            prop_assert_eq!(patched(document.clone(), patch), Ok(document));
        }
    }
}
