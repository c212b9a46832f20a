//! The keys an object is found by.

use kube_indexed_store::indexer::KeyProblem;
use kube_indexed_store::object::Kind;
use kube_indexed_store::{FieldPath, IndexKey, Indexer};
use serde_json::json;

use crate::fixtures::{indexed, keys, problem, with};

#[test]
fn the_default_index_is_namespace_and_name() {
    let indexer = Indexer::default();
    let [index] = indexer.schema().indexes() else { panic!("{:?}", indexer.schema()) };
    assert_eq!((index.name(), index.components(), index.is_by_name()), ("default", 2, true));
    let same = Indexer::builder().index_by(["{.metadata.namespace}", "metadata['name']"]).build().unwrap();
    assert_eq!(same.schema(), indexer.schema());
    let swapped = Indexer::builder().index_by(["metadata.name", "metadata.namespace"]).build().unwrap();
    assert!(!swapped.schema().indexes()[0].is_by_name());
}

#[test]
fn index_values_are_printed_scalars() {
    for (value, printed) in [
        (json!(""), ""),
        (json!(" A/b\u{0} "), " A/b\u{0} "),
        (json!(true), "true"),
        (json!(false), "false"),
        (json!(0), "0"),
        (json!(-7), "-7"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!(i64::MIN), "-9223372036854775808"),
        (json!(80.0), "80"),
        (json!(0.1), "0.1"),
        (json!(1e21), "1000000000000000000000"),
    ] {
        assert_eq!(keys(&["v"], &with(json!({"v": value}))), [[printed]], "{value}");
    }
}

#[test]
fn a_missing_or_null_field_is_that_objects_problem_in_that_index() {
    let path = || "spec.host".parse::<FieldPath>().unwrap();
    for value in [json!({}), json!({"spec": null}), json!({"spec": {"host": null}}), json!({"spec": [1]})] {
        assert_eq!(problem(&["metadata.name", "spec.host"], &with(value)), KeyProblem::Missing { path: path() });
    }
    let value = with(json!({"spec": {"rules": []}}));
    let each = "spec.rules[*].host".parse().unwrap();
    assert_eq!(problem(&["spec.rules[*].host"], &value), KeyProblem::Missing { path: each });
    assert_eq!(problem(&["spec.host"], &value).to_string(), "spec.host is missing");
}

#[test]
fn a_list_or_map_as_index_value_is_that_objects_problem_in_that_index() {
    for (value, kind, shown) in [
        (json!(["x"]), Kind::List, "spec.host is a list, not a single value"),
        (json!({"x": 1}), Kind::Map, "spec.host is a map, not a single value"),
    ] {
        let found = problem(&["spec.host"], &with(json!({"spec": {"host": value}})));
        assert_eq!(found, KeyProblem::NotScalar { path: "spec.host".parse().unwrap(), kind });
        assert_eq!(found.to_string(), shown);
    }
    let both = Indexer::builder().index("broken", ["spec"]).index("fine", ["metadata.name"]);
    let indexed = indexed(both, &with(json!({"spec": {}})));
    assert_eq!(indexed.keys("fine").unwrap(), [IndexKey::new(["web"])]);
    assert_eq!(indexed.problems().map(|(index, _)| index).collect::<Vec<_>>(), ["broken"]);
}

#[test]
fn the_namespace_of_a_cluster_scoped_object_is_the_empty_component() {
    for metadata in
        [json!({"name": "node"}), json!({"name": "node", "namespace": null}), json!({"name": "node", "namespace": ""})]
    {
        assert_eq!(keys(&["metadata.namespace", "metadata.name"], &json!({"metadata": metadata})), [["", "node"]]);
    }
}

#[test]
fn components_that_share_a_list_advance_together_in_whatever_order_they_stand() {
    let value = with(json!({"spec": {"rules": [
        {"host": "x", "http": {"paths": [{"path": "/1", "svc": "a"}, {"path": "/2", "svc": "b"}]}},
        {"host": "y", "http": {"paths": [{"path": "/3", "svc": "a"}]}},
        {"host": "no-paths"},
        {"http": {"paths": [{"path": "/no-host", "svc": "c"}]}},
    ]}}));
    let (host, path, service) =
        ("spec.rules[*].host", "spec.rules[*].http.paths[*].path", "spec.rules[*].http.paths[*].svc");
    assert_eq!(keys(&[host, path], &value), [["x", "/1"], ["x", "/2"], ["y", "/3"]]);
    assert_eq!(keys(&[path, host], &value), [["/1", "x"], ["/2", "x"], ["/3", "y"]]);
    assert_eq!(keys(&[service, path], &value), [["a", "/1"], ["a", "/3"], ["b", "/2"], ["c", "/no-host"]]);
    assert_eq!(keys(&[service, host], &value), [["a", "x"], ["a", "y"], ["b", "x"]]);
    assert_eq!(
        keys(&[path, "metadata.name", host], &value),
        [["/1", "web", "x"], ["/2", "web", "x"], ["/3", "web", "y"]]
    );
    assert_eq!(keys(&[host], &value), [["no-paths"], ["x"], ["y"]]);
}

#[test]
fn independent_lists_combine() {
    let value = with(json!({"a": ["1", "2"], "b": ["x", "y", "x"]}));
    assert_eq!(keys(&["b[*]", "a[*]"], &value), [["x", "1"], ["x", "2"], ["y", "1"], ["y", "2"]]);
    assert_eq!(keys(&["a[*]", "a[*]"], &value), [["1", "1"], ["2", "2"]], "a list is not independent of itself");
    assert_eq!(keys(&["a[*]", "a[0]"], &value), [["1", "1"], ["2", "1"]], "a position is");
}

#[test]
fn more_than_256_keys_are_that_objects_problem_however_they_come_about() {
    let numbers = |count: usize| (0..count).collect::<Vec<_>>();
    assert_eq!(keys(&["a[*]"], &with(json!({"a": numbers(256)}))).len(), 256);
    assert_eq!(problem(&["a[*]"], &with(json!({"a": numbers(257)}))), KeyProblem::TooMany);
    assert_eq!(keys(&["a[*]", "b[*]"], &with(json!({"a": numbers(16), "b": numbers(16)}))).len(), 256);
    assert_eq!(problem(&["a[*]", "b[*]"], &with(json!({"a": numbers(16), "b": numbers(17)}))), KeyProblem::TooMany);
    let repeated: Vec<_> = numbers(5_000).into_iter().map(|number| number % 3).collect();
    let value = with(json!({"a": repeated, "b": repeated}));
    assert_eq!(keys(&["a[*]", "b[*]"], &value).len(), 9, "keys count, not elements");
}

#[test]
fn long_lists_that_come_to_few_keys_are_indexed() {
    let rules = vec![json!({"host": "x", "path": "/"}); 600];
    assert_eq!(keys(&["a[*].host", "a[*].path"], &with(json!({"a": rules}))), [["x", "/"]]);
    assert_eq!(keys(&["a[*]"], &with(json!({"a": vec!["same"; 100_000]}))), [["same"]]);
}

#[test]
fn an_object_whose_lists_have_absurdly_many_combinations_is_given_up() {
    let value = with(json!({"a": (0..200).collect::<Vec<_>>(), "b": vec!["same"; 20_000]}));
    assert_eq!(problem(&["a[*]", "b[*]"], &value), KeyProblem::TooMany);
    assert_eq!(keys(&["b[*]"], &value), [["same"]]);
}
