//! What an apply owns, takes, takes back, and refuses.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::testing::owners::{
    path::shown_path,
    typed::{self, set_of},
};

#[test]
fn an_apply_owns_what_it_says_and_no_maps_around_it() {
    let object = applied("rake", &json!({}), json!({"soil": "peat", "pot": "clay"}), false).expect("no conflict");
    let mut expected = fern(json!({"soil": "peat", "pot": "clay"}));
    let fields = json!({"f:data": {"f:pot": {}, "f:soil": {}}});
    expected["metadata"]["managedFields"] = json!([entry("rake", "Apply", fields)]);
    assert_eq!(object, expected);
}

#[test]
fn applying_the_same_again_changes_nothing() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat"}), false).expect("no conflict"));
    let again = Writer { now: LATER, ..writer("rake") };
    let config = fern(json!({"soil": "peat"}));
    assert_eq!(apply(&live, &config, &json!({}), config_map(), &again, false), Ok(live));
}

#[test]
fn what_another_owns_is_a_conflict_unless_forced() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat", "pot": "clay"}), false).expect("no conflict"));
    let data = json!({"soil": "sand", "light": "dim"});
    let refusal = applied("hose", &live, data.clone(), false).expect_err("a conflict");
    assert_eq!(refusal.to_string(), "Apply failed with 1 conflict: conflict with \"rake\": .data.soil");
    let Error::Conflicts(conflicts) = refusal else { panic!("a conflict") };
    let causes: Vec<_> = conflicts.iter().map(|conflict| (conflict.message(), conflict.field())).collect();
    assert_eq!(causes, [("conflict with \"rake\"".to_owned(), ".data.soil".to_owned())]);

    let forced = applied("hose", &live, data, true).expect("forced");
    assert_eq!(forced["data"], json!({"soil": "sand", "pot": "clay", "light": "dim"}));
    let rake = entry("rake", "Apply", json!({"f:data": {"f:pot": {}}}));
    let hose = entry("hose", "Apply", json!({"f:data": {"f:light": {}, "f:soil": {}}}));
    assert_eq!(owners(&forced), &json!([hose, rake]));
}

#[test]
fn two_may_own_the_same_value() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat"}), false).expect("no conflict"));
    let shared = applied("hose", &live, json!({"soil": "peat"}), false).expect("no conflict");
    let mut hose = entry("hose", "Apply", json!({"f:data": {"f:soil": {}}}));
    // Nothing changed, so there is no time of a change.
    hose.as_object_mut().expect("an entry").remove("time");
    assert_eq!(owners(&shared), &json!([hose, entry("rake", "Apply", json!({"f:data": {"f:soil": {}}}))]));
    let left = applied("rake", &shared, json!({}), false).expect("no conflict");
    assert_eq!(left["data"], json!({"soil": "peat"}));
}

#[test]
fn an_owner_takes_back_only_its_own_fields() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat", "pot": "clay"}), false).expect("no conflict"));
    let live = applied("hose", &live, json!({"light": "dim"}), false).expect("no conflict");
    let left = applied("rake", &live, json!({}), false).expect("no conflict");
    assert_eq!(left["data"], json!({"light": "dim"}));
    let rake = entry("rake", "Apply", json!({"f:data": {}}));
    let hose = entry("hose", "Apply", json!({"f:data": {"f:light": {}}}));
    assert_eq!(owners(&left), &json!([hose, rake]));
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fern"}});
    let left = apply(&left, &config, &json!({}), config_map(), &writer("hose"), false).expect("no conflict");
    assert_eq!(left["data"], Value::Null);
}

#[test]
fn several_conflicts_are_listed_by_owner() {
    let live = stored(applied("rake", &json!({}), json!({"a": "1", "b": "1"}), false).expect("no conflict"));
    let live = changed("spade", &live, |object| object["data"]["c"] = json!("1"));
    let refusal = applied("hose", &live, json!({"a": "2", "b": "2", "c": "2"}), false).expect_err("a conflict");
    assert_eq!(
        refusal.to_string(),
        "Apply failed with 3 conflicts: conflicts with \"rake\":\n- .data.a\n- .data.b\n\
         conflicts with \"spade\" using v1:\n- .data.c"
    );
}

#[test]
fn cleared_entries_come_back_with_the_first_apply() {
    for cleared in [json!([]), json!([{}])] {
        let live = created("potter", fern(json!({"soil": "peat"})));
        let live = changed("spade", &live, |object| object["metadata"]["managedFields"] = cleared);
        assert_eq!(owners(&live), &Value::Null);
        let live = changed("spade", &live, |object| object["data"]["soil"] = json!("sand"));
        assert_eq!(owners(&live), &Value::Null);
        let live = applied("rake", &live, json!({"pot": "clay"}), false).expect("no conflict");
        let rake = entry("rake", "Apply", json!({"f:data": {"f:pot": {}}}));
        let before = entry("before-first-apply", "Update", json!({"f:data": {".": {}, "f:soil": {}}}));
        assert_eq!(owners(&live), &json!([rake, before]));
    }
}

#[test]
fn only_good_configurations_are_applied() {
    let refusal = |config: Value| {
        let outcome = apply(&json!({}), &config, &json!({}), config_map(), &writer("rake"), false);
        outcome.expect_err("refused").to_string()
    };
    let mut config = fern(json!({"soil": "peat"}));
    config["wings"] = json!(2);
    assert_eq!(
        refusal(config),
        "failed to create typed patch object (/fern; /v1, Kind=ConfigMap): .wings: field not declared in schema"
    );
    let mut config = fern(json!({}));
    config["metadata"]["managedFields"] = json!([]);
    assert_eq!(refusal(config), "metadata.managedFields must be nil");
    let mut live = fern(json!({}));
    live["metadata"]["managedFields"] = json!([{"operation": "Dig"}]);
    let outcome = apply(&live, &fern(json!({})), &json!({}), config_map(), &writer("rake"), false);
    assert_eq!(
        outcome.expect_err("refused").to_string(),
        "failed to decode managed fields: operation must be `Apply` or `Update`"
    );
}

#[test]
fn kubectl_takes_over_what_its_annotation_says() {
    const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let mut object = fern(json!({"soil": "peat", "pot": "<clay>"}));
    object["metadata"]["annotations"] = json!({ANNOTATION: object.to_string()});
    let live = created("kubectl-client-side-apply", object);

    let data = json!({"soil": "sand", "pot": "<clay>"});
    assert!(applied("rake", &live, data.clone(), false).is_err());
    let taken = applied("kubectl", &live, data.clone(), false).expect("no conflict");
    assert_eq!(taken["data"], data);
    let text = "{\"apiVersion\":\"v1\",\"data\":{\"pot\":\"\\u003cclay\\u003e\",\"soil\":\"sand\"},\
                \"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"fern\"}}\n";
    assert_eq!(taken["metadata"]["annotations"][ANNOTATION], json!(text));

    let edited = changed("spade", &live, |object| object["data"]["soil"] = json!("clay"));
    let refusal = applied("kubectl", &edited, data, false).expect_err("a conflict");
    assert_eq!(refusal.to_string(), "Apply failed with 1 conflict: conflict with \"spade\" using v1: .data.soil");
}

proptest! {
    #[test]
    fn what_was_applied_is_there_and_goes_when_it_is_no_longer_said(
        live in typed::tests::values(),
        config in typed::tests::values(),
    ) {
        let (shapes, ty) = typed::tests::garden();
        let ty = ty.field("metadata", crate::testing::shape::Type::Open);
        let shape = Shape::new(&shapes, &ty);
        let mut live = live;
        live["metadata"] = json!({"name": "plot"});
        let said = set_of(&config, shape);
        let mut config = config;
        config["metadata"] = json!({"name": "plot"});
        update(&json!({}), &mut live, shape, &writer("potter"));
        let live = stored(live);

        let with = apply(&live, &config, &json!({}), shape, &writer("rake"), true).expect("forced");
        prop_assert!(said.difference(&set_of(&with, shape)).is_empty());
        let again = apply(&with, &config, &json!({}), shape, &writer("rake"), false);
        prop_assert_eq!(again, Ok(with.clone()));

        let mine = Managers::read(&with).expect("readable");
        let others = mine.entries.iter().filter(|entry| entry.manager == "potter");
        let others = others.fold(FieldSet::default(), |set, entry| set.union(&entry.set));
        let empty = json!({"metadata": {"name": "plot"}});
        let without = apply(&with, &empty, &json!({}), shape, &writer("rake"), false).expect("no conflict");
        let left = set_of(&without, shape);
        // What only it said is gone, but for items in which others own something; what others own is there.
        prop_assert!(others.intersection(&set_of(&with, shape)).difference(&left).is_empty());
        let still = said.intersection(&left).difference(&typed::with_parents(&others, shape));
        let holders = still.paths().into_iter().filter(|path| !others.contains(path));
        for path in holders {
            prop_assert!(others.paths().iter().any(|other| other.starts_with(&path)), "{}", shown_path(&path));
        }
    }
}
