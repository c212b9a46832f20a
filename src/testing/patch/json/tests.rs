//! JSON patches, operation by operation and at their limits.

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
    assert_eq!(patched(boat.clone(), json!([{"op": "test", "path": "/crew/cook", "value": null}])), Ok(boat.clone()));
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
        Err("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp".into())
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
fn copies_that_double_each_time_end_at_three_mebibytes() {
    let doubling = |count| Value::from(vec![json!({"op": "copy", "from": "/a", "path": "/a/-"}); count]);
    let failed = Patch::decode(doubling(100)).unwrap().apply(json!({"a": ["x"]})).unwrap_err();
    assert!(matches!(failed, Error::Failed { at: 15..25, why: "too much is copied" }), "{failed}");
    assert!(Patch::decode(doubling(10)).unwrap().apply(json!({"a": ["x"]})).is_ok());
}

#[test]
fn a_document_that_is_moved_into_itself_again_and_again_is_refused_where_no_text_is_as_deep() {
    let wrapping = |count: usize| {
        let wrap = [
            json!({"op": "add", "path": "/x", "value": {}}),
            json!({"op": "move", "from": "/a", "path": "/x/a"}),
            json!({"op": "move", "from": "/x", "path": "/a"}),
        ];
        Patch::decode(wrap.iter().cycle().take(3 * count).cloned().collect()).unwrap().apply(json!({"a": {}}))
    };
    assert!(wrapping(MAX_DEPTH - 2).is_ok());
    let failed = wrapping(3_000).unwrap_err();
    assert!(matches!(failed, Error::Failed { why: "the document is nested too deep", .. }), "{failed}");
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
