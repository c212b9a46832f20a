//! The size limits of etcd on a real server: a request over 1.5 MiB is refused, and one over 2 MiB is not even sent.
//!
//! Custom objects are stored as JSON, so the size of their requests is exact. Built-in ones are stored as protobuf,
//! without field names, so their size is estimated.

use std::io;

use kube::core::Status;
use serde_json::Value;

use super::super::{kinds::Kind, state::Target, status, storage::key};

/// The largest request that the database takes.
const TAKEN: usize = 3 * 512 * 1024;
/// The largest request that is sent to it.
const SENT: usize = 2 * 1024 * 1024;
/// What the members of the server's cluster add to a request when they agree on it.
const AGREEMENT: usize = 18;

/// Takes the owners of fields from an object that is too large with them, and refuses one that is too large without.
pub(super) fn fit(target: &Target, object: &mut Value) -> Result<(), Box<Status>> {
    let key = key(&target.namespace, object["metadata"]["name"].as_str().unwrap_or_default());
    let refused = check(&target.kind, &key, object);
    match object["metadata"].as_object_mut().and_then(|metadata| metadata.remove("managedFields")) {
        Some(_) if refused.is_err() => check(&target.kind, &key, object),
        Some(owners) => {
            object["metadata"]["managedFields"] = owners;
            Ok(())
        }
        None => refused,
    }
}

fn check(kind: &Kind, key: &str, object: &Value) -> Result<(), Box<Status>> {
    let path = path(kind, key).len();
    let stored = if kind.custom { as_json(object) } else { roughly(object) };
    let size = request(path, stored);
    if size > SENT {
        return Err(status::internal(format!(
            "rpc error: code = ResourceExhausted desc = trying to send message larger than max ({size} vs. {SENT})"
        )));
    }
    if size + AGREEMENT > TAKEN { Err(status::internal("etcdserver: request is too large")) } else { Ok(()) }
}

/// Where the database keeps an object.
pub(super) fn path(kind: &Kind, key: &str) -> String {
    let place = match (kind.group.as_str(), kind.plural.as_str()) {
        (group, plural) if kind.custom => format!("{group}/{plural}"),
        // Some have kept the names of old.
        ("", "services") => "services/specs".to_owned(),
        ("", "endpoints") => "services/endpoints".to_owned(),
        ("", "nodes") => "minions".to_owned(),
        ("", "replicationcontrollers") => "controllers".to_owned(),
        ("networking.k8s.io", "ingresses") => "ingress".to_owned(),
        (_, plural) => plural.to_owned(),
    };
    format!("/registry/{place}/{key}")
}

/// The size of a request that stores a value at a path unless there is one: a comparison and a write, each of them a
/// message with the path in it.
fn request(path: usize, value: usize) -> usize {
    let field = |length: usize| 1 + digits(length) + length;
    let comparison = field(2 + field(path) + 2);
    let write = field(field(field(path) + field(value)));
    comparison + write
}

/// How many bytes a length takes, at seven bits a byte.
fn digits(length: usize) -> usize {
    (usize::BITS - length.leading_zeros()).div_ceil(7).max(1) as usize
}

/// The size of an object as the server prints it, which escapes what HTML would misread. Its version is not part of it.
fn as_json(object: &Value) -> usize {
    let mut counted = Count(1);
    // A count does not fail.
    let _ = serde_json::to_writer(&mut counted, object);
    let version = object["metadata"]["resourceVersion"].as_str();
    counted.0 - version.map_or(0, |version| version.len() + r#""resourceVersion":"","#.len())
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let escaped = bytes.iter().filter(|byte| b"<>&".contains(byte)).count();
        self.0 += bytes.len() + escaped * (r"\u003c".len() - 1);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn roughly(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 2,
        Value::Number(_) => 4,
        Value::String(text) => 3 + text.len(),
        Value::Array(items) => items.iter().map(roughly).sum(),
        Value::Object(members) => 3 + members.values().map(roughly).sum::<usize>(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::cluster::FakeCluster;

    /// A definition whose objects have a text of any length.
    fn cluster() -> FakeCluster {
        let cluster = FakeCluster::new();
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
        let names = json!({"plural": "notes", "singular": "note", "kind": "Note", "listKind": "NoteList"});
        let spec = json!({"group": "test.dev", "scope": "Namespaced", "names": names, "versions": [version]});
        let (api_version, kind) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        let metadata = json!({"name": "notes.test.dev"});
        cluster
            .create(json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}))
            .expect("a definition");
        cluster
    }

    fn refusal(length: usize, filler: &str) -> Option<String> {
        let text = filler.repeat(length / filler.len());
        let note = json!({"apiVersion": "test.dev/v1", "kind": "Note", "metadata": {"name": "n"}, "text": text});
        cluster().create(note).err().map(|status| format!("{} {} {}", status.code, status.reason, status.message))
    }

    #[test]
    fn a_custom_object_of_one_and_a_half_mebibytes_is_the_largest() {
        assert_eq!(refusal(1_572_000, "x"), None);
        assert_eq!(refusal(1_573_000, "x").as_deref(), Some("500  etcdserver: request is too large"));
    }

    #[test]
    fn what_is_not_even_sent_says_how_large_it_is() {
        // Without its text the object is 202 bytes long, the path it is kept at 34, and that is named twice.
        let max = "rpc error: code = ResourceExhausted desc = trying to send message larger than max";
        assert_eq!(refusal(2_200_000, "x"), Some(format!("500  {max} (2200295 vs. 2097152)")));
    }

    #[test]
    fn letters_that_html_would_misread_count_as_their_escapes() {
        assert_eq!(refusal(260_000, "<"), None);
        assert_eq!(refusal(263_000, "<").as_deref(), Some("500  etcdserver: request is too large"));
    }

    #[test]
    fn built_in_objects_are_kept_without_escapes() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [
            {"name": "c", "image": "i", "args": ["\u{1}".repeat(1_000_000)]}
        ]}});
        assert!(cluster().create(pod).is_ok());
    }
}
