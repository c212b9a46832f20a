//! Objects in stores, and whether they are what they were.

use kube_indexed_store::{Indexed, MemoryStore, Object, Snapshot, StoreExt, ValueRef};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::json::{Json, map, plain};

/// An object of that name, with the content in places that are kept in different ways.
pub fn named(name: &str, kind: &str, content: &Json) -> Json {
    let metadata = map([
        ("name", plain(&name.into())),
        ("namespace", plain(&"shop".into())),
        ("uid", plain(&format!("550e8400-e29b-41d4-a716-4466554{:05}", name.len()).into())),
        ("resourceVersion", plain(&"7".into())),
        ("labels", content.clone()),
    ]);
    map([("data", content.clone()), ("metadata", metadata), ("kind", plain(&kind.into())), ("spec", content.clone())])
}

pub fn object(json: &Json) -> Object {
    Object::from_slice(json.text().as_bytes()).unwrap()
}

pub fn indexed(json: &Json) -> Indexed {
    Indexed::new(object(json)).unwrap()
}

/// Exactly, as printed: -0.0 is not 0.0, and 80 is not 80.0.
#[track_caller]
pub fn check(object: &Object, expected: &Value) {
    check_value(object.root(), expected);
    let text = expected.to_string();
    assert_eq!(object.to_value().to_string(), text);
    assert_eq!(serde_json::to_string(object).unwrap(), text);
    assert_eq!(serde_json::to_value(object).unwrap().to_string(), text);
    assert_eq!(object.parse::<Value>().unwrap().to_string(), text);
    let deepest = object.values(&"spec[*]".parse().unwrap()).last().unwrap_or(object.root()).share();
    assert!(text.contains(&deepest.value().to_value().to_string()));
}

/// Every way down.
pub fn check_value(value: ValueRef<'_>, expected: &Value) {
    match expected {
        Value::Object(members) => {
            assert_eq!((value.len(), value.is_empty(), value.items().len()), (members.len(), members.is_empty(), 0));
            assert!(value.members().map(|(name, _)| name).eq(members.keys()));
            for (name, member) in members {
                check_value(value.member(name).unwrap(), member);
                assert!(members.contains_key(&format!("{name}a")) || value.member(&format!("{name}a")).is_none());
            }
        }
        Value::Array(items) => {
            assert_eq!((value.len(), value.is_empty(), value.members().len()), (items.len(), items.is_empty(), 0));
            for (at, item) in items.iter().enumerate() {
                check_value(value.item(at).unwrap(), item);
            }
            assert!(value.item(items.len()).is_none());
        }
        scalar => {
            assert_eq!(value.as_str().as_deref(), scalar.as_str());
            assert_eq!((value.as_bool(), value.is_null()), (scalar.as_bool(), scalar.is_null()));
            assert_eq!((value.as_u64(), value.as_i64()), (scalar.as_u64(), scalar.as_i64()));
            assert_eq!(value.as_f64().map(f64::to_bits), scalar.as_f64().map(f64::to_bits));
            assert_eq!((value.len(), value.members().len(), value.items().len()), (0, 0, 0));
            assert!(value.member("").is_none() && value.item(0).is_none());
            assert_eq!(value.share().value().to_value().to_string(), expected.to_string());
        }
    }
}

pub fn find<'s>(snapshot: &'s Snapshot, name: &str) -> &'s Object {
    snapshot.entry("shop", name).unwrap().object().unwrap()
}

/// Three objects of each content, so that everything enters the dictionary that may.
pub fn fill(store: &MemoryStore, contents: &[(Json, &'static str)]) -> Vec<(String, Value)> {
    let mut expected = Vec::new();
    for round in 0..3 {
        for (at, (content, kind)) in contents.iter().enumerate() {
            let name = format!("o-{round}-{at}");
            let json = named(&name, kind, content);
            store.apply(indexed(&json)).unwrap();
            expected.push((name, json.value()));
        }
    }
    expected
}

pub fn kind() -> impl Strategy<Value = &'static str> {
    select(&["ConfigMap", "Secret", "List", ""][..])
}

pub fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(leaves).sum::<usize>().max(1),
        Value::Object(members) => members.values().map(leaves).sum::<usize>().max(1),
        _ => 1,
    }
}

/// Puts a text in the place of one leaf.
pub fn tweak(value: &mut Value, mut at: usize, text: &str) {
    let below: Vec<&mut Value> = match value {
        Value::Array(items) if !items.is_empty() => items.iter_mut().collect(),
        Value::Object(members) if !members.is_empty() => members.values_mut().collect(),
        _ => return *value = text.into(),
    };
    for value in below {
        let leaves = leaves(value);
        if at < leaves {
            return tweak(value, at, text);
        }
        at -= leaves;
    }
}
