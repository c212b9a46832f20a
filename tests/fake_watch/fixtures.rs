//! Events in few words, and what errors say.

use serde_json::{Value, json};

use crate::support::{failure, version};

pub const STREAM: &str = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
pub const FROM_NOW: &str = "watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan";

pub fn event(name: &str, object: &Value) -> (String, String, u64) {
    (name.to_owned(), object["metadata"]["name"].as_str().unwrap().to_owned(), version(object))
}

pub fn bookmark(version: u64) -> (String, String, u64) {
    ("BOOKMARK".to_owned(), String::new(), version)
}

pub fn end() -> (String, String, u64) {
    ("END".to_owned(), String::new(), 0)
}

/// The mark after the initial events of a kind without fields of its own.
pub fn end_mark(version: u64) -> Value {
    let metadata =
        json!({"resourceVersion": version.to_string(), "annotations": {"k8s.io/initial-events-end": "true"}});
    json!({"type": "BOOKMARK", "object": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata}})
}

pub fn too_old(asked: u64, oldest: u64) -> Value {
    failure(410, "Expired", &format!("too old resource version: {asked} ({oldest})"), Value::Null)
}
