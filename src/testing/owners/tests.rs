//! Ownership over several writes of one object.

mod applies;
mod kinds;
mod updates;

use serde_json::json;

use super::*;
use crate::testing::shape::Shapes;

const NOON: &str = "2026-05-01T12:00:00Z";

const LATER: &str = "2026-05-01T12:05:00Z";

fn writer(manager: &str) -> Writer<'_> {
    Writer { manager, api_version: "v1", subresource: "", scope: Scope::All, now: NOON, kind: None }
}

fn config_map() -> Shape<'static> {
    Shapes::built_in().kind("v1", "ConfigMap")
}

fn fern(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fern"}, "data": data})
}

/// The object as stored: with what the server adds.
fn stored(mut object: Value) -> Value {
    object["metadata"]["uid"] = json!("7d0");
    object
}

fn created(manager: &str, mut object: Value) -> Value {
    update(&json!({}), &mut object, config_map(), &writer(manager));
    stored(object)
}

fn changed(manager: &str, live: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut new = live.clone();
    change(&mut new);
    update(live, &mut new, config_map(), &writer(manager));
    new
}

fn applied(manager: &str, live: &Value, data: Value, force: bool) -> Result<Value, Error> {
    apply(live, &fern(data), &json!({}), config_map(), &writer(manager), force)
}

fn entry(manager: &str, operation: &str, fields: Value) -> Value {
    json!({
        "manager": manager, "operation": operation, "apiVersion": "v1", "time": NOON,
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    })
}

fn owners(object: &Value) -> &Value {
    &object["metadata"]["managedFields"]
}
