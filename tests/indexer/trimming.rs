//! What is kept of an object.

use kube_indexed_store::{IndexKey, Indexed, Indexer, ObjectName};
use serde_json::json;

use crate::fixtures::{filtered, indexed, with};

#[test]
fn managed_fields_and_the_last_applied_annotation_are_removed_unless_switched_off() {
    let metadata = json!({
        "name": "web",
        "managedFields": [{"manager": "kubectl"}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "kept": "yes"},
    });
    let value = json!({"metadata": metadata, "status": {}});
    assert_eq!(
        filtered(Indexer::builder(), &value),
        json!({"metadata": {"name": "web", "annotations": {"kept": "yes"}}, "status": {}})
    );
    assert_eq!(
        filtered(Indexer::builder().remove_fields(["status"]), &value),
        json!({"metadata": {"name": "web", "annotations": {"kept": "yes"}}}),
        "removals are added to them"
    );
    assert_eq!(filtered(Indexer::builder().default_removals(false), &value), value);
}

#[test]
fn removed_fields_are_named_in_any_spelling_of_the_path_language() {
    let value =
        with(json!({"spec": {"a": {"x.y/z": 1, "b": 2}, "list": [{"c": 1, "d": 2}, {"c": 3}], "n": [0, 1, 2]}}));
    let removals = ["spec.a['x.y/z']", "{.spec.list[*].c}", "$.spec.n[1]", r"spec.a.nothing\.there"];
    assert_eq!(
        filtered(Indexer::builder().remove_fields(removals), &value),
        with(json!({"spec": {"a": {"b": 2}, "list": [{"d": 2}, {}], "n": [0, 2]}}))
    );
}

#[test]
fn kept_fields_are_all_that_is_kept_beside_the_identity() {
    let value = json!({
        "apiVersion": "v1", "kind": "Thing",
        "metadata": {
            "name": "web", "namespace": "ns", "uid": "u", "resourceVersion": "7", "generation": 3, "labels": {"a": "b"},
        },
        "spec": {"rules": [{"host": "x", "port": 1}, {"host": "y"}, {"port": 2}], "other": 1},
        "status": {"phase": "Running"},
    });
    let kept = filtered(Indexer::builder().keep_fields(["spec.rules[*].host"]).keep_fields(["spec.other"]), &value);
    assert_eq!(
        kept,
        json!({
            "apiVersion": "v1", "kind": "Thing",
            "metadata": {"name": "web", "namespace": "ns", "uid": "u", "resourceVersion": "7"},
            "spec": {"rules": [{"host": "x"}, {"host": "y"}, {}], "other": 1},
        })
    );
    let nothing = Indexer::builder().keep_fields([""; 0]);
    assert_eq!(
        filtered(nothing, &value)["metadata"],
        json!({"name": "web", "namespace": "ns", "uid": "u", "resourceVersion": "7"})
    );
}

#[test]
fn kept_elements_stay_at_their_positions() {
    let value = with(json!({"a": [7, {"x": "one"}, [], {"x": "three", "y": 0}, null]}));
    let builder = || Indexer::builder().keep_fields(["a[*].x"]).index("i", ["a[3].x"]);
    assert_eq!(filtered(builder(), &value), with(json!({"a": [null, {"x": "one"}, null, {"x": "three"}, null]})));
    assert_eq!(indexed(builder(), &value).keys("i").unwrap(), [IndexKey::new(["three"])]);
    let first = Indexer::builder().keep_fields(["a[0].x"]);
    assert_eq!(filtered(first, &value), with(json!({"a": [null]})));
}

#[test]
fn a_dropped_field_is_skipped_and_never_built() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let text = format!(r#"{{"metadata": {{"name": "web"}}, "status": {deep}, "spec": {{"a": 1}}}}"#);
    assert!(Indexer::default().decode(text.as_bytes()).is_err(), "deeper than an object may be");
    for dropping in [Indexer::builder().remove_fields(["status"]), Indexer::builder().keep_fields(["spec"])] {
        let decoded = dropping.build().unwrap().decode(text.as_bytes()).unwrap().matching().unwrap();
        let expected = json!({"metadata": {"name": "web"}, "spec": {"a": 1}});
        assert_eq!(decoded.object().unwrap().to_value(), expected);
    }
}

#[test]
fn an_indexed_object_tells_its_name_uid_and_version() {
    let value = json!({"metadata": {"namespace": "ns", "name": "web", "uid": "u-1", "resourceVersion": "7"}});
    let whole = indexed(Indexer::builder(), &value);
    let reference = Indexed::reference(ObjectName::new("ns", "web"), None);
    let shown = |indexed: &Indexed| {
        (indexed.name().to_string(), indexed.uid().map(str::to_owned), indexed.version().map(ToString::to_string))
    };
    assert_eq!(shown(&whole), ("ns/web".into(), Some("u-1".into()), Some("7".into())));
    assert_eq!(shown(&reference), ("ns/web".into(), None, None));
    assert_eq!(shown(&reference.with_uid("u-2")), ("ns/web".into(), Some("u-2".into()), None));
}

#[test]
fn an_object_keeps_saying_what_it_is_and_an_item_of_a_list_is_told() {
    let indexer = Indexer::builder().keep_fields(["spec"]).build().unwrap();
    let decode = |text: &str| {
        let indexed = indexer.decode_item(text.as_bytes(), "apps/v1", "Deployment").unwrap().matching().unwrap();
        let object = indexed.object().unwrap().clone();
        (object.api_version().into_owned(), object.kind().into_owned())
    };
    let pair = |api_version: &str, kind: &str| (api_version.to_owned(), kind.to_owned());
    assert_eq!(decode(r#"{"metadata": {"name": "a"}}"#), pair("apps/v1", "Deployment"));
    assert_eq!(decode(r#"{"metadata": {"name": "a"}, "kind": "Own"}"#), pair("apps/v1", "Own"));
    assert_eq!(decode(r#"{"apiVersion": "v9", "metadata": {"name": "a"}}"#), pair("v9", "Deployment"));
}

#[test]
fn a_field_that_is_removed_by_default_is_kept_when_it_is_named() {
    let value = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "a", "managedFields": [{"manager": "kubectl"}], "labels": {"x": "y"}},
    });
    let kept = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "managedFields": [{"manager": "kubectl"}]}});
    assert_eq!(filtered(Indexer::builder().keep_fields(["metadata.managedFields[*].manager"]), &value), kept);
}
