//! Which objects are kept.

use kube_indexed_store::indexer::{Decoded, FieldSelector};
use kube_indexed_store::{Indexer, MemoryStore, Object, ObjectName, Store, StoreExt, Write};
use serde_json::{Value, json};

use crate::fixtures::with;

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
