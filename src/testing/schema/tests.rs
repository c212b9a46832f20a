//! What a schema keeps, fills in and refuses.

use super::*;

#[test]
fn without_a_schema_everything_is_kept() {
    for document in [None, Some(json!("nonsense")), Some(json!([1]))] {
        let schema = Schema::new(document.as_ref());
        let whole = json!({"a": {"b": [null, 1]}, "metadata": {"name": "n"}});
        let mut object = whole.clone();
        assert_eq!(schema.prune(&mut object), Ok(vec![]));
        schema.forget_nulls(&mut object);
        schema.fill_in(&mut object);
        assert_eq!(object, whole);
        assert_eq!(schema.flaws(&object, None), vec![]);
    }
}

#[test]
fn nothing_matches_a_pattern_that_is_none() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}});
    let flaws = Schema::new(Some(&schema)).flaws(&json!({"a": "("}), None);
    assert_eq!(flaws, vec![Flaw::invalid("a", "(", "a in body should match '('")]);
}

#[test]
fn schemas_that_make_no_sense_refuse_or_allow_but_never_panic() {
    let schema = json!({
        "type": 5, "properties": [], "items": "x", "required": [1, "a"], "enum": {}, "anyOf": {"a": 1}, "not": null,
        "x-kubernetes-list-map-keys": 7, "additionalProperties": "yes", "minimum": "low", "default": {"a": 1},
    });
    let schema = Schema::new(Some(&schema));
    for mut value in [json!({}), json!({"a": [1]}), json!([{}]), json!(null), json!("text")] {
        let _ = schema.prune(&mut value);
        schema.forget_nulls(&mut value);
        schema.fill_in(&mut value);
        schema.flaws(&value, Some(&json!(5)));
    }
}

#[test]
fn embedded_resources_keep_what_all_objects_have() {
    let schema = json!({"type": "object", "properties": {"plan": {
        "type": "object", "x-kubernetes-embedded-resource": true, "properties": {"spec": {"type": "object"}},
    }}});
    let schema = Schema::new(Some(&schema));
    let mut object = json!({"plan": {
        "apiVersion": "v1", "kind": "Map", "data": {}, "spec": {"a": 1}, "metadata": {"name": "n", "wings": 1},
    }});
    let pruned = ["plan.data", "plan.spec.a", "plan.metadata.wings"].map(str::to_owned).to_vec();
    assert_eq!(schema.prune(&mut object), Ok(pruned));
    assert_eq!(object, json!({"plan": {"apiVersion": "v1", "kind": "Map", "spec": {}, "metadata": {"name": "n"}}}));
    assert_eq!(schema.flaws(&object, None), vec![]);
    let lacking = schema.flaws(&json!({"plan": {"kind": ""}}), None);
    let expected = vec![Flaw::required("plan.apiVersion", ""), Flaw::invalid("plan.kind", "", "must not be empty")];
    assert_eq!(lacking, expected);
}

#[test]
fn metadata_of_the_wrong_type_is_refused_wherever_it_is() {
    let plan = json!({"x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true});
    let schema = Schema::new(Some(&json!({"type": "object", "properties": {"plan": plan}})));
    let why = "plan.metadata: Invalid value: 5: json: cannot unmarshal number into Go value of type v1.ObjectMeta";
    assert_eq!(schema.prune(&mut json!({"plan": {"metadata": 5}})), Err(why.to_owned()));
    let why = "plan.kind: Invalid value: 5: must be a string";
    assert_eq!(schema.prune(&mut json!({"plan": {"kind": 5}})), Err(why.to_owned()));
}
