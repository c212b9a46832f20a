//! How large objects may be where they are stored.
//!
//! Not here: the largest body the server reads, and what kinds allow themselves.

use kube::core::Status;
use serde_json::Value;

use super::super::{kinds::Kind, status};

/// The largest request etcd takes, and the largest the server sends to it.
const STORED: usize = 1536 * 1024;
const SENT: usize = 2 * 1024 * 1024;

/// Refuses what is too large. Custom objects are stored as JSON, others about as large as their texts.
pub(super) fn check(kind: &Kind, object: &Value) -> Result<(), Box<Status>> {
    let size = if kind.custom { object.to_string().len() } else { texts(object) };
    match size {
        0..=STORED => Ok(()),
        ..=SENT => Err(status::failure(500, "", "etcdserver: request is too large")),
        _ => {
            let why = format!("trying to send message larger than max ({size} vs. {SENT})");
            Err(status::failure(500, "", format!("rpc error: code = ResourceExhausted desc = {why}")))
        }
    }
}

/// The bytes of all texts in a value.
fn texts(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(texts).sum(),
        Value::Object(fields) => fields.values().map(texts).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::texts;

    #[test]
    fn only_texts_count() {
        assert_eq!(texts(&json!({"key": "four", "list": ["one", {"a": "b"}], "number": 12345, "none": null})), 8);
    }
}
