//! The deepest, the longest, and the widest.

use kube_indexed_store::{Indexed, MemoryStore, Object, Store, StoreExt};
use serde_json::{Value, json};

use crate::fixtures::{check, find};
use crate::support::repack::repack;

/// As deep as objects may be, in maps and lists in turn.
fn deep(levels: usize) -> Value {
    let turn = |value, level| if level % 2 == 0 { json!({"a": value, "b": "12345"}) } else { json!([value, 1]) };
    let value = (0..levels - 1).fold(json!("1.2.3.4"), turn);
    json!({"metadata": {"name": "deep", "namespace": "shop"}, "spec": value})
}

#[test]
fn the_deepest_objects_are_packed_and_read_on_a_small_stack() {
    let value = deep(kube_indexed_store::object::MAX_DEPTH);
    let run = move || {
        let store = MemoryStore::new();
        for name in ["a", "b", "c", "d"] {
            let mut value = value.clone();
            value["metadata"]["name"] = name.into();
            store.apply(Indexed::new(Object::from_slice(value.to_string().as_bytes()).unwrap()).unwrap()).unwrap();
            check(find(&store.snapshot(), name), &value);
        }
        repack(&store);
        let (a, b) = (find(&store.snapshot(), "a").clone(), find(&store.snapshot(), "b").clone());
        assert_eq!(a.root().member("spec"), b.root().member("spec"));
        let spec = b.root().member("spec").unwrap().to_value();
        assert_eq!(spec.to_string(), value["spec"].to_string());
        // Dropping a `Value` this deep is no harder than reading it.
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn huge_maps_lists_and_texts_read_as_they_were_written() {
    let names =
        |prefix: &str, count: usize| Value::Object((0..count).map(|at| (format!("{prefix}{at}"), json!(at))).collect());
    let contents = [
        names("", 5_000),
        names("a-long-beginning-of-a-name-", 2_000),
        Value::from((0..5_000).map(|at| json!(format!("frontend-{}-{}", at % 7, at % 1_000))).collect::<Vec<_>>()),
        json!(["x-".repeat(1_000_000), "A".repeat(1 << 20), "é".repeat(500_000), "-".repeat(257)]),
        Value::from(vec![json!({}); 5_000]),
        Value::from(vec![json!({"a": {"b": ["c-d-e-f-g-h-i-j", "550e8400-e29b-41d4-a716-446655440000"]}}); 2_000]),
    ];
    let store = MemoryStore::new();
    let named = |name: &str, content: &Value| json!({"kind": "Huge", "metadata": {"name": name, "namespace": "shop"}, "spec": content});
    for round in 0..3 {
        for (at, content) in contents.iter().enumerate() {
            let value = named(&format!("{at}-{round}"), content);
            store.apply(Indexed::new(Object::try_from(value).unwrap()).unwrap()).unwrap();
        }
    }
    let before = store.snapshot();
    repack(&store);
    for snapshot in [before, store.snapshot()] {
        for round in 0..3 {
            for (at, content) in contents.iter().enumerate() {
                let name = format!("{at}-{round}");
                assert!(find(&snapshot, &name).to_value() == named(&name, content), "{name}");
            }
        }
    }
}
