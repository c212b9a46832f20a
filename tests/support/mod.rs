//! What tests of several files share.
//!
//! `SEED` repeats a run. `REQUIRE` names what must be there, so that a test without it fails where it would pass with a
//! notice: `real` (a real API server), `kubectl`, `traces` (recorded exchanges), in any order between commas.

// Each file of tests needs a part of it.
#![allow(dead_code)]

pub mod http;
pub mod random;
pub mod real;
pub mod repack;
pub mod served;
pub mod watch;

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use kube_indexed_store::testing::objects;
use serde_json::{Value, json};

/// Says that something is missing that a test needs, and fails where `REQUIRE` names it.
pub fn skip(what: &str, why: &str) {
    let required = std::env::var("REQUIRE").unwrap_or_default();
    assert!(required.split(',').all(|word| word.trim() != what), "REQUIRE names {what}, but there is {why}");
    eprintln!("skipped: there is {why}");
}

/// What comes of it, which must not take longer than any test has time for.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(600), future).await.expect("in time")
}

/// What a panic says.
pub fn panic<T>(act: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(act)) else { panic!("it did not panic") };
    let text = panic.downcast_ref::<String>().cloned();
    text.unwrap_or_else(|| panic.downcast_ref::<&str>().copied().unwrap_or_default().to_owned())
}

/// A ConfigMap with a value of `a`.
pub fn config_map(name: &str, value: &str) -> Value {
    objects::config_map(name).data("a", value).into()
}

/// The version of an object or a list.
pub fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

/// A Status that tells of a failure.
pub fn failure(code: u16, reason: &str, message: &str, details: Value) -> Value {
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "code": code
    });
    for (field, value) in [("reason", json!(reason)), ("details", details)] {
        if !value.is_null() && value != "" {
            status[field] = value;
        }
    }
    status
}

/// Sets the members of a value, all the way down; null takes a member away.
pub fn merge(value: &mut Value, fields: &Value) {
    let Value::Object(fields) = fields else {
        *value = fields.clone();
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    for (name, field) in fields {
        match field {
            Value::Null => drop(value.as_object_mut().map(|object| object.remove(name))),
            field => merge(&mut value[name], field),
        }
    }
}
