//! What an indexer promises: settings that are checked, fields that are dropped while decoding, keys, and objects
//! that a client-side selector keeps out. What stores do with the results is in `tests/store`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;

use kube_indexed_store::indexer::{Decoded, Error, FieldSelector, IndexerBuilder, KeyProblem};
use kube_indexed_store::object::Kind;
use kube_indexed_store::path::Step;
use kube_indexed_store::{
    FieldPath, IndexKey, Indexed, Indexer, MemoryStore, Object, ObjectName, Store, StoreExt, Write,
};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::{Map, Value, json};

fn indexed(builder: IndexerBuilder, value: &Value) -> Indexed {
    let indexer = builder.build().unwrap();
    let decoded = indexer.decode(&serde_json::to_vec(value).unwrap()).unwrap().matching().unwrap();
    let converted = indexer.index(&Object::try_from(value.clone()).unwrap()).unwrap().matching().unwrap();
    let shown = |indexed: &Indexed| {
        let keys: Vec<_> =
            indexer.schema().indexes().iter().map(|index| indexed.keys(index.name()).map(<[_]>::to_vec)).collect();
        let problems: Vec<_> = indexed.problems().map(|(index, problem)| (index.to_owned(), problem.clone())).collect();
        (indexed.object().unwrap().to_value(), keys, problems)
    };
    assert_eq!(shown(&decoded), shown(&converted), "both ways into the store are one");
    decoded
}

fn filtered(builder: IndexerBuilder, value: &Value) -> Value {
    indexed(builder, value).object().unwrap().to_value()
}

fn keys(paths: &[&str], value: &Value) -> Vec<Vec<String>> {
    let indexed = indexed(Indexer::builder().index("i", paths.iter().copied()), value);
    let components = |key: &IndexKey| key.components().map(str::to_owned).collect();
    indexed.keys("i").unwrap().iter().map(components).collect()
}

fn problem(paths: &[&str], value: &Value) -> KeyProblem {
    let indexed = indexed(Indexer::builder().index("i", paths.iter().copied()), value);
    assert_eq!(indexed.keys("i"), Some(&[][..]));
    let problems: Vec<_> = indexed.problems().collect();
    let [("i", problem)] = problems[..] else { panic!("{problems:?}") };
    problem.clone()
}

/// An object with a name and these members.
fn with(members: Value) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "Thing", "metadata": {"namespace": "ns", "name": "web"}});
    value.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    value
}

fn message(error: &Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    message
}

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

#[test]
fn a_mistake_in_the_settings_is_found_at_build_and_says_what_where_and_the_way_out() {
    let builder = Indexer::builder;
    for (wrong, expected) in [
        (
            builder().index("i", ["spec.a b"]),
            "index \"i\" has a path that does not parse: invalid path: put a name that holds this character in brackets and quotes: ['...']\n  spec.a b\n        ^",
        ),
        (
            builder().remove_fields(["a..b"]),
            "remove_fields has a path that does not parse: invalid path: expected a field name\n  a..b\n    ^",
        ),
        (
            builder().keep_fields(["a["]),
            "keep_fields has a path that does not parse: invalid path: expected a position, `*` or a quoted name in the brackets\n  a[\n    ^",
        ),
        (
            builder().field_selector("status.phase"),
            "the field selector does not parse: \"status.phase\" is no condition: write path=value or path!=value",
        ),
        (
            builder().field_selector("a=b=c"),
            "the field selector does not parse: \"a=b=c\" has a second operator: write \\= for a plain =",
        ),
        (builder().index("i", ["a"]).index("i", ["b"]), "index \"i\" is declared twice: give one of them another name"),
        (builder().index("default", ["a"]), "index \"default\" is declared twice: give one of them another name"),
        (builder().index("i", [""; 0]), "index \"i\" has no paths: name at least one field to index by"),
        (builder().index_by([""; 0]), "index \"default\" has no paths: name at least one field to index by"),
        (
            builder().index("i", ["status.phase"]).remove_fields(["status"]),
            "index \"i\" reads status.phase, which remove_fields drops with status: keep that field, or index by another",
        ),
        (
            builder().index("i", ["a[*].b"]).remove_fields(["a[0].b"]),
            "index \"i\" reads a[*].b, which remove_fields drops with a[0].b: keep that field, or index by another",
        ),
        (
            builder().index("i", ["a[1].b"]).remove_fields(["a[0]"]),
            "index \"i\" reads a[1].b, which remove_fields drops with a[0]: keep that field, or index by another",
        ),
        (
            builder().index("i", ["metadata.managedFields[0].manager"]),
            "index \"i\" reads metadata.managedFields[0].manager, which is removed by default (see default_removals): keep that field, or index by another",
        ),
        (
            builder().index("i", ["spec.b"]).keep_fields(["spec.a"]),
            "index \"i\" reads spec.b, which keep_fields does not name: keep that field, or index by another",
        ),
        (
            builder().index("i", ["a[*].b"]).keep_fields(["a[0]"]),
            "index \"i\" reads a[*].b, which keep_fields does not name: keep that field, or index by another",
        ),
        (
            builder().index_by(["spec.a"]).keep_fields(["spec.b"]),
            "index \"default\" reads spec.a, which keep_fields does not name: keep that field, or index by another",
        ),
        (
            builder().keep_fields(["a[1].b"]),
            "keep_fields names a[1].b: a single element that is not the first would move; keep [*] or [0]",
        ),
    ] {
        assert_eq!(message(&wrong.build().unwrap_err()), expected);
    }
}

#[test]
fn the_identity_cannot_be_removed() {
    for (path, part) in [
        ("kind", "kind"),
        ("apiVersion", "apiVersion"),
        ("metadata", "name"),
        ("metadata['name']", "name"),
        ("{.metadata.namespace}", "namespace"),
        ("metadata.uid", "uid"),
        ("metadata.resourceVersion", "resourceVersion"),
    ] {
        let error = Indexer::builder().default_removals(false).remove_fields(["spec", path]).build().unwrap_err();
        let path: FieldPath = path.parse().unwrap();
        assert_eq!(
            error.to_string(),
            format!("remove_fields names {path}, which would remove {part}: a store cannot do without it")
        );
    }
}

#[test]
fn settings_that_agree_are_taken() {
    for fine in [
        Indexer::builder().index("i", ["status.phase"]).remove_fields(["status.conditions", "status.phases"]),
        Indexer::builder().index("i", ["spec.rules[*].host"]).keep_fields(["spec.rules"]),
        Indexer::builder().index("i", ["spec.rules[0].host"]).keep_fields(["spec.rules[*].host"]),
        Indexer::builder().index("i", ["metadata.uid"]).keep_fields(["spec"]),
        Indexer::builder().index("i", ["metadata.managedFields[0].manager"]).default_removals(false),
        Indexer::builder().index("i", ["a[0]"]).remove_fields(["b[0]", "a[0].x"]),
    ] {
        fine.build().unwrap();
    }
}

#[test]
fn what_has_no_name_is_no_object_for_a_store() {
    for text in [r#"{}"#, r#"{"metadata": {}}"#, r#"{"metadata": {"name": ""}}"#, r#"{"metadata": {"name": 7}}"#] {
        assert!(matches!(Indexer::default().decode(text.as_bytes()), Err(Error::NoName)), "{text}");
        assert!(matches!(Indexer::default().index(&Object::from_slice(text.as_bytes()).unwrap()), Err(Error::NoName)));
    }
    let error = Indexer::default().decode(b"[]").unwrap_err();
    assert_eq!(message(&error), "object does not decode: expected an object, found a list");
}

/// What a feed does with what an indexer says.
fn feed(store: &MemoryStore, indexer: &Indexer, value: &Value) {
    let write = match indexer.decode(&serde_json::to_vec(value).unwrap()).unwrap() {
        Decoded::Matching(indexed) => Write::Apply(indexed),
        Decoded::Unmatched { name, version } => Write::Delete { name, version },
    };
    store.write(vec![write]).unwrap();
}

#[test]
fn an_object_that_starts_to_match_enters_the_store_and_one_that_stops_leaves_it() {
    let indexer = Indexer::builder().field_selector("status.phase=Running").remove_fields(["status"]).build().unwrap();
    let store = MemoryStore::for_indexer(&indexer);
    let pod = |version: u64, phase: &str| json!({"metadata": {"name": "pod", "resourceVersion": version.to_string()}, "status": {"phase": phase}});
    for (version, phase, held) in [
        (1, "Pending", 0),
        (2, "Running", 1),
        (3, "Running", 1),
        (4, "Failed", 0),
        (3, "Running", 0),
        (5, "Running", 1),
    ] {
        feed(&store, &indexer, &pod(version, phase));
        assert_eq!(store.len(), held, "{phase} at {version}");
    }
    assert_eq!(
        store.snapshot().list().objects().map(Object::to_value).collect::<Vec<_>>(),
        [json!({"metadata": {"name": "pod", "resourceVersion": "5"}})],
        "selected by what is not kept"
    );
}

#[test]
fn what_does_not_match_is_told_with_its_name_and_version() {
    let indexer = Indexer::builder().field_selector("spec.a=1").keep_fields(["spec.b"]).build().unwrap();
    let value = json!({"metadata": {"namespace": "ns", "name": "web", "resourceVersion": "7"}, "spec": {"a": 2}});
    let object = Object::try_from(value.clone()).unwrap();
    for decoded in [indexer.decode(&serde_json::to_vec(&value).unwrap()).unwrap(), indexer.index(&object).unwrap()] {
        let Decoded::Unmatched { name, version } = decoded else { panic!("{decoded:?}") };
        assert_eq!((name, version), (ObjectName::new("ns", "web"), Some(7.into())));
    }
}

#[test]
fn a_field_selector_asks_for_values_as_they_print() {
    let value = with(json!({
        "text": "a=b,c", "yes": true, "float": 80.0, "null": null, "map": {"k": 1}, "empty": "",
        "list": [{"x": "1"}, 7, {"x": "2"}], "odd!": "!", "dotted.name": "d", "bracket": "['",
    }));
    for (selector, matches) in [
        ("", true),
        (",", true),
        ("yes=true", true),
        ("yes==true", true),
        ("yes!=true", false),
        ("float=80", true),
        ("float=80.0", false),
        ("null=", true),
        ("nothing=", true),
        ("nothing!=", false),
        ("empty=", true),
        ("text=", false),
        ("map=", false),
        ("map!=x", true),
        (r"text=a\=b\,c", true),
        (r"text=a\=b", false),
        ("list[*].x=2", true),
        ("list[*].x=3", false),
        ("list[*].x!=2", false),
        ("list[*].x!=3", true),
        ("list[2].x=2", true),
        ("list[1].x=2", false),
        ("['odd!']=!", true),
        ("['odd!']!=!", false),
        ("{.text}!=x,$.yes=true", true),
        (r"dotted\.name=d", true),
        ("['dotted.name']=d , yes = true", true),
        ("bracket=['", true),
        ("bracket=[',yes=false", false),
    ] {
        let parsed: FieldSelector = selector.parse().unwrap();
        assert_eq!(parsed.matches(&Object::try_from(value.clone()).unwrap()), matches, "{selector}");
        let indexer = Indexer::builder().field_selector(selector).build().unwrap();
        let decoded = indexer.decode(&serde_json::to_vec(&value).unwrap()).unwrap();
        assert_eq!(decoded.matching().is_some(), matches, "{selector} on what is decoded for it");
        assert_eq!(parsed.to_string().parse::<FieldSelector>(), Ok(parsed), "{selector}");
    }
}

// The rest is compared with definitions that are too slow and too simple to be wrong.

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![3 => "[ab]".prop_map(Value::from), 1 => Just(Value::Null), 1 => (0..2u8).prop_map(Value::from)]
}

/// Maps and lists of few names, so that paths meet them.
fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map("[abc]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_path(positions: std::ops::Range<usize>) -> impl Strategy<Value = FieldPath> {
    let step = prop_oneof![
        3 => "[abc]".prop_map(|name| format!(".{name}")),
        2 => Just("[*]".to_owned()),
        1 => positions.prop_map(|position| format!("[{position}]")),
    ];
    prop::collection::vec(step, 0..4).prop_map(|steps| format!("spec{}", steps.concat()).parse().unwrap())
}

fn meets(step: &Step, place: &Step) -> bool {
    step == place || (*step == Step::Each && matches!(place, Step::Index(_)))
}

fn leads_to(path: &FieldPath, place: &[Step]) -> bool {
    path.steps().len() >= place.len() && path.steps().iter().zip(place).all(|(step, place)| meets(step, place))
}

/// What is left of the value at a place.
fn left(value: &Value, place: &[Step], keep: Option<&[FieldPath]>, remove: &[FieldPath]) -> Option<Value> {
    if remove.iter().any(|path| path.steps().len() == place.len() && leads_to(path, place)) {
        return None;
    }
    let whole = |path: &FieldPath| path.steps().len() <= place.len() && leads_to(path, &place[..path.steps().len()]);
    let keep = keep.filter(|keep| !keep.iter().any(whole));
    let ways: Vec<&Step> = keep
        .into_iter()
        .flatten()
        .filter(|path| leads_to(path, place))
        .map(|path| &path.steps()[place.len()])
        .collect();
    let below = |step: Step| [place, &[step]].concat();
    match value {
        Value::Object(members) if keep.is_none() || ways.iter().any(|step| matches!(step, Step::Key(_))) => {
            let members = members.iter().filter_map(|(name, value)| {
                let step = Step::Key(name.as_str().into());
                if keep.is_some() && !ways.contains(&&step) {
                    return None;
                }
                Some((name.clone(), left(value, &below(step), keep, remove)?))
            });
            Some(Value::Object(members.collect()))
        }
        Value::Array(items) if keep.is_none() || ways.iter().any(|step| !matches!(step, Step::Key(_))) => {
            let items = items.iter().enumerate().filter_map(|(position, value)| {
                let step = Step::Index(position);
                let place = below(step.clone());
                if keep.is_some() && !ways.iter().any(|way| meets(way, &step)) {
                    return None;
                }
                let removed = remove.iter().any(|path| path.steps().len() == place.len() && leads_to(path, &place));
                (!removed).then(|| left(value, &place, keep, remove).unwrap_or(Value::Null))
            });
            Some(items.collect())
        }
        _ if keep.is_none() => Some(value.clone()),
        _ => None,
    }
}

/// The keys by the book: try every way to put a position for each list that the paths walk.
fn keys_by_the_book(value: &Value, paths: &[FieldPath]) -> BTreeSet<Vec<String>> {
    fn place(way: &[Step], positions: &BTreeMap<&[Step], usize>) -> Vec<Step> {
        let concrete = |(at, step): (usize, &Step)| match step {
            Step::Each => Step::Index(positions[&way[..at]]),
            step => step.clone(),
        };
        way.iter().enumerate().map(concrete).collect()
    }
    fn at<'v>(value: &'v Value, place: &[Step]) -> Option<&'v Value> {
        place.iter().try_fold(value, |value, step| match step {
            Step::Key(name) => value.as_object()?.get(&**name),
            Step::Index(position) => value.as_array()?.get(*position),
            Step::Each => unreachable!(),
        })
    }
    fn choose<'p>(
        value: &Value,
        paths: &'p [FieldPath],
        lists: &[&'p [Step]],
        positions: &mut BTreeMap<&'p [Step], usize>,
        keys: &mut BTreeSet<Vec<String>>,
    ) {
        let Some((list, rest)) = lists.split_first() else {
            let component = |path: &FieldPath| match at(value, &place(path.steps(), positions))? {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                value => Some(value.to_string()),
            };
            keys.extend(paths.iter().map(component).collect::<Option<Vec<_>>>());
            return;
        };
        let count = at(value, &place(list, positions)).and_then(Value::as_array).map_or(0, Vec::len);
        for position in 0..count {
            positions.insert(list, position);
            choose(value, paths, rest, positions, keys);
        }
        positions.remove(list);
    }
    let ways = paths.iter().flat_map(|path| {
        let steps = path.steps();
        steps.iter().enumerate().filter(|(_, step)| **step == Step::Each).map(move |(at, _)| &steps[..at])
    });
    // Outer lists first.
    let mut lists: Vec<_> = ways.collect::<BTreeSet<_>>().into_iter().collect();
    lists.sort_by_key(|way| way.len());
    let mut keys = BTreeSet::new();
    choose(value, paths, &lists, &mut BTreeMap::new(), &mut keys);
    keys
}

/// Rules as Ingresses have them, with gaps.
fn rules() -> impl Strategy<Value = Value> {
    let member = |name: &'static str, value: BoxedStrategy<Value>| {
        prop::option::weighted(0.85, value).prop_map(move |value| Some((name.to_owned(), value?)))
    };
    let map =
        |members: Vec<Option<(String, Value)>>| Value::Object(members.into_iter().flatten().collect::<Map<_, _>>());
    let route =
        (member("path", scalar().boxed()), member("svc", scalar().boxed())).prop_map(move |(a, b)| map(vec![a, b]));
    let routes = prop::collection::vec(route, 0..4).prop_map(Value::from).boxed();
    let tags = prop::collection::vec(scalar(), 0..3).prop_map(Value::from).boxed();
    let rule = (member("host", scalar().boxed()), member("paths", routes), member("tags", tags.clone()))
        .prop_map(move |(a, b, c)| map(vec![a, b, c]));
    (prop::collection::vec(rule, 0..4), tags)
        .prop_map(|(rules, tags)| json!({"rules": rules, "tags": tags, "one": "1"}))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_filter_keeps_what_is_named_and_removes_what_is_named_and_touches_nothing_else(
        tree in tree(),
        keep in prop::option::of(prop::collection::vec(any_path(0..1), 0..4)),
        remove in prop::collection::vec(any_path(0..3), 0..4),
    ) {
        let value = with(json!({"spec": tree}));
        let texts = |paths: &[FieldPath]| paths.iter().map(FieldPath::to_string).collect::<Vec<_>>();
        let mut builder = Indexer::builder().remove_fields(texts(&remove));
        if let Some(keep) = &keep {
            builder = builder.keep_fields(texts(keep));
        }
        let identity = ["apiVersion", "kind", "metadata"].map(|path| path.parse().unwrap());
        let keep = keep.map(|keep| [&keep[..], &identity].concat());
        prop_assert_eq!(filtered(builder, &value), left(&value, &[], keep.as_deref(), &remove).unwrap());
    }

    #[test]
    fn keys_of_any_paths_in_any_order_are_those_of_every_consistent_choice_of_positions(
        rules in rules(),
        paths in subsequence(vec![
            "spec.rules[*].host", "spec.rules[*].paths[*].path", "spec.rules[*].paths[*].svc", "spec.rules[*].tags[*]",
            "spec.tags[*]", "spec.one", "spec.rules[0].host", "spec.rules[*].paths[0].svc", "spec.rules[0].paths[*].svc",
        ], 1..5).prop_shuffle(),
    ) {
        let value = with(json!({"spec": rules}));
        let parsed: Vec<FieldPath> = paths.iter().map(|path| path.parse().unwrap()).collect();
        let expected: Vec<_> = keys_by_the_book(&value, &parsed).into_iter().collect();
        prop_assume!(expected.len() <= 256);
        prop_assert_eq!(keys(&paths, &value), expected);
    }

    #[test]
    fn a_field_selector_that_is_printed_parses_to_the_same_selector(
        names in prop::collection::vec("[a!=,.\\\\'\\[\\]*\"é ]{1,4}", 1..4), value in r#"[a!=,\\'"\[\]*.é]{0,6}"#, not: bool, which: Index,
    ) {
        let path = FieldPath::of(names.iter().map(String::as_str));
        let escaped = value.replace('\\', r"\\").replace(',', r"\,").replace('=', r"\=");
        let quoted: String = names.iter().map(|name| format!("['{}']", name.replace('\\', r"\\").replace('\'', r"\'"))).collect();
        let others = ["a=1", "b!=2", ""];
        let text = format!("{quoted}{}{escaped},{}", if not { "!=" } else { "=" }, which.get(&others));
        let selector: FieldSelector = text.parse().unwrap();
        prop_assert_eq!(selector.to_string().parse::<FieldSelector>().unwrap(), selector.clone());
        prop_assert!(selector.to_string().starts_with(&path.to_string()), "{} is not {}", selector, path);
    }
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
