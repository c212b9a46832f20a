//! Objects as the bytes of an answer: compact JSON, fields of built-in kinds in the order of Go's structs.
//!
//! Not here: YAML, protobuf, Tables.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{conversion, defaults::TEMPLATE_GENERATION, kinds::Kind, storage::Object};

/// How objects are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Whole,
    /// Whole and in the version they are kept in, whatever was asked for: Tables are made of that.
    Kept,
    Metadata,
}

/// One of the texts an object can be printed as.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Print {
    /// Nothing for the version the object is kept in, and where none is shown.
    version: Option<String>,
    form: Form,
    /// The event that holds it, where it is a line of a watch.
    event: Option<&'static str>,
}

impl Print {
    fn new(kind: &Kind, version: &str, form: Form, event: Option<&'static str>) -> Self {
        let converted = form == Form::Whole && !kind.keeps(version);
        Print { version: converted.then(|| version.to_owned()), form, event }
    }
}

const OBJECT: [&str; 3] = ["kind", "apiVersion", "metadata"];
const METADATA: [&str; 12] = [
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
];

/// An object in the version and form asked for.
pub(super) fn object(kind: &Kind, version: &str, object: &Object, form: Form) -> Bytes {
    object.printed(Print::new(kind, version, form, None), || print(kind, version, object, form))
}

/// The line of a watch that tells what happened to an object.
pub(super) fn event(kind: &Kind, version: &str, object: &Object, form: Form, name: &'static str) -> Bytes {
    let made = || line(name, &print(kind, version, object, form));
    object.printed(Print::new(kind, version, form, Some(name)), made)
}

fn print(kind: &Kind, version: &str, object: &Object, form: Form) -> Bytes {
    match form {
        Form::Whole if !kind.keeps(version) => whole(kind, &in_version(kind, version, object)),
        Form::Whole | Form::Kept => whole(kind, &object.value),
        Form::Metadata => metadata(kind, &object.value),
    }
}

/// The object as a value in the version asked for.
pub(super) fn in_version(kind: &Kind, version: &str, object: &Object) -> Value {
    let mut value = object.value.clone();
    if let Some(fields) = value.as_object_mut() {
        conversion::show(kind, version, fields);
    }
    value
}

pub(super) fn whole(kind: &Kind, value: &Value) -> Bytes {
    if kind.custom { Bytes::from(value.to_string()) } else { ordered(value, &OBJECT) }
}

/// What a patch made of an object: members by name, but metadata of built-in kinds in the order of Go's struct.
pub(super) fn patched(kind: &Kind, value: &Value) -> String {
    let Value::Object(fields) = value else { return value.to_string() };
    let members = fields.iter().map(|(name, field)| {
        let first: &[&str] = if name == "metadata" && !kind.custom { &METADATA } else { &[] };
        format!("{}:{}", json!(name), String::from_utf8_lossy(&ordered(field, first)))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// What the deletion of an object answers: the object as it was, or a Status, which has no other form.
pub(super) fn deleted(kind: &Kind, answer: &Value, form: Form) -> Bytes {
    match form {
        _ if answer["kind"] == "Status" => ordered(answer, &OBJECT),
        Form::Metadata => metadata(kind, answer),
        Form::Whole | Form::Kept => whole(kind, answer),
    }
}

/// Metadata as messages show it, in the order of Go's struct.
pub(super) fn metadata_text(metadata: &Value) -> String {
    String::from_utf8_lossy(&ordered(metadata, &METADATA)).into_owned()
}

fn metadata(kind: &Kind, value: &Value) -> Bytes {
    let metadata = alone(kind, &value["metadata"]);
    let value = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
    ordered(&value, &OBJECT)
}

fn is_daemon_set(kind: &Kind) -> bool {
    kind.group == "apps" && kind.plural == "daemonsets" && !kind.custom
}

/// Metadata without its object: the annotation that stands for a field is not there yet.
pub(super) fn alone(kind: &Kind, metadata: &Value) -> Value {
    let mut metadata = metadata.clone();
    if is_daemon_set(kind) {
        let annotations = metadata["annotations"].as_object_mut();
        let empty = annotations.is_some_and(|annotations| {
            annotations.remove(TEMPLATE_GENERATION);
            annotations.is_empty()
        });
        if let (true, Some(metadata)) = (empty, metadata.as_object_mut()) {
            metadata.remove("annotations");
        }
    }
    metadata
}

/// An object as a list holds it, without the brace that opens it: built-in kinds leave out kind and apiVersion there.
pub(super) fn item(kind: &Kind, version: &str, item: &Object, form: Form) -> Bytes {
    let text = object(kind, version, item, form);
    if kind.custom || form == Form::Metadata {
        return text.slice(1..);
    }
    let head = format!("{{\"kind\":{},\"apiVersion\":{},", json!(kind.kind), json!(kind.api_version(version)));
    let named = text.starts_with(head.as_bytes());
    text.slice(if named { head.len() } else { 1 }..)
}

/// A list of what was found out just now, of which there are no versions.
pub(super) fn found(kind: &Kind, version: &str, form: Form, items: impl Iterator<Item = Object>) -> Bytes {
    let (list, api_version) = match form {
        Form::Whole | Form::Kept => (kind.list.as_str(), kind.api_version(version)),
        Form::Metadata => ("PartialObjectMetadataList", "meta.k8s.io/v1".to_owned()),
    };
    let items = items.map(|object| format!("{{{}", String::from_utf8_lossy(&item(kind, version, &object, form))));
    let items = items.collect::<Vec<_>>().join(",");
    let (list, api_version) = (json!(list), json!(api_version));
    format!("{{\"kind\":{list},\"apiVersion\":{api_version},\"metadata\":{{}},\"items\":[{items}]}}").into()
}

/// A list up to its items.
pub(super) fn list_head(
    kind: &Kind,
    version: &str,
    form: Form,
    revision: u64,
    next: Option<(String, Option<usize>)>,
) -> Bytes {
    let mut metadata = Map::new();
    metadata.insert("resourceVersion".to_owned(), revision.to_string().into());
    if kind.custom && form != Form::Metadata {
        metadata.insert("continue".to_owned(), "".into());
    }
    if let Some((token, remaining)) = next {
        metadata.insert("continue".to_owned(), token.into());
        metadata.extend(remaining.map(|count| ("remainingItemCount".to_owned(), count.into())));
    }
    let metadata = ordered(&Value::Object(metadata), &["resourceVersion", "continue"]);
    let (list, api_version) = match form {
        Form::Whole | Form::Kept => (kind.list.as_str(), kind.api_version(version)),
        Form::Metadata => ("PartialObjectMetadataList", "meta.k8s.io/v1".to_owned()),
    };
    let mut head =
        format!("{{\"kind\":{},\"apiVersion\":{},\"metadata\":", json!(list), json!(api_version)).into_bytes();
    head.extend_from_slice(&metadata);
    head.extend_from_slice(b",\"items\":");
    head.into()
}

/// One line of a watch.
pub(super) fn line(name: &str, object: &[u8]) -> Bytes {
    [b"{\"type\":\"", name.as_bytes(), b"\",\"object\":", object, b"}\n"].concat().into()
}

/// The object of a bookmark: a resourceVersion and the fields its kind never omits.
pub(super) fn bookmark(kind: &Kind, version: &str, form: Form, revision: u64, initial_end: bool) -> Bytes {
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if initial_end {
        metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    if form == Form::Metadata {
        return self::metadata(kind, &json!({"metadata": metadata}));
    }
    if is_daemon_set(kind) {
        metadata["annotations"][TEMPLATE_GENERATION] = "0".into();
    }
    let mut value = Value::Object(kind.shape(version).zero());
    value["kind"] = kind.kind.as_str().into();
    value["apiVersion"] = kind.api_version(version).into();
    value["metadata"] = metadata;
    if kind.group == "apps" && ["deployments", "replicasets", "statefulsets"].contains(&kind.plural.as_str()) {
        // The server's own types count replicas that nobody has said.
        value["spec"]["replicas"] = 0.into();
    }
    whole(kind, &value)
}

/// An object with these fields first and the others after them, ordered by name.
pub(super) fn ordered(value: &Value, first: &[&str]) -> Bytes {
    let mut text = Vec::new();
    write(&mut text, value, first);
    text.into()
}

fn write(text: &mut Vec<u8>, value: &Value, first: &[&str]) {
    let Value::Object(fields) = value else {
        text.extend_from_slice(value.to_string().as_bytes());
        return;
    };
    text.push(b'{');
    let leading = first.iter().filter_map(|name| fields.get_key_value(*name));
    let others = fields.iter().filter(|(name, _)| !first.contains(&name.as_str()));
    for (index, (name, field)) in leading.chain(others).enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(Value::String(name.clone()).to_string().as_bytes());
        text.push(b':');
        write(text, field, if name == "metadata" && first == OBJECT { &METADATA } else { &[] });
    }
    text.push(b'}');
}

/// A compact JSON text as people read it: a member a line, two spaces a level.
pub(super) fn indented(json: &[u8]) -> Bytes {
    let mut text = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let line = |text: &mut Vec<u8>, depth: usize| {
        text.push(b'\n');
        text.resize(text.len() + 2 * depth, b' ');
    };
    for (place, byte) in json.iter().enumerate() {
        if quoted {
            text.push(*byte);
            quoted = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'{' | b'[' => {
                text.push(*byte);
                if !matches!(json.get(place + 1), Some(b'}' | b']')) {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            b'}' | b']' => {
                if !matches!(text.last(), Some(b'{' | b'[')) {
                    depth = depth.saturating_sub(1);
                    line(&mut text, depth);
                }
                text.push(*byte);
            }
            b',' => {
                text.push(*byte);
                line(&mut text, depth);
            }
            b':' => text.extend_from_slice(b": "),
            _ => {
                quoted = *byte == b'"';
                text.push(*byte);
            }
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_adds_nothing_but_white_space() {
        let value = json!({"a": [], "b": {}, "c": [1, {"d": "x: [\"y\\\\\"], {z}"}], "e": null});
        let text = indented(value.to_string().as_bytes());
        assert_eq!(text, serde_json::to_string_pretty(&value).unwrap());
    }
}
