//! Settings that make no sense, and what no indexer takes.

use kube_indexed_store::indexer::Error;
use kube_indexed_store::{FieldPath, Indexer, Object};

use crate::fixtures::message;

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
