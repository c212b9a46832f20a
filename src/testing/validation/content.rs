//! What the server refuses in ConfigMaps and Secrets, and what it cannot even decode.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::super::{
    kinds::Kind,
    status::{Flaw, json_type},
};

const LARGEST: usize = 1024 * 1024;

pub(super) fn config_map(object: &Value, flaws: &mut Vec<Flaw>) {
    let binary = object["binaryData"].as_object();
    let mut bytes = 0;
    for (key, value) in object["data"].as_object().into_iter().flatten() {
        keys(key, "data", flaws);
        if binary.is_some_and(|binary| binary.contains_key(key)) {
            flaws.push(Flaw::invalid(format!("data[{key}]"), key.as_str(), "duplicate of key present in binaryData"));
        }
        bytes += value.as_str().map_or(0, str::len);
    }
    for (key, value) in binary.into_iter().flatten() {
        keys(key, "binaryData", flaws);
        bytes += decoded_length(value);
    }
    if bytes > LARGEST {
        flaws.push(Flaw::too_long("[]", LARGEST));
    }
}

pub(super) fn secret(object: &Value, flaws: &mut Vec<Flaw>) {
    let mut bytes = 0;
    for (key, value) in object["data"].as_object().into_iter().flatten() {
        keys(key, "data", flaws);
        bytes += decoded_length(value);
    }
    if bytes > LARGEST {
        flaws.push(Flaw::too_long("data", LARGEST));
    }
    let required: &[&str] = match object["type"].as_str().unwrap_or_default() {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    for key in required {
        if object["data"][key].is_null() {
            flaws.push(Flaw::required(format!("data[{key}]"), ""));
        }
    }
}

fn decoded_length(value: &Value) -> usize {
    value.as_str().and_then(|text| STANDARD.decode(text).ok()).map_or(0, |bytes| bytes.len())
}

fn keys(key: &str, field: &str, flaws: &mut Vec<Flaw>) {
    let field = format!("{field}[{key}]");
    if key.len() > 253 {
        flaws.push(Flaw::invalid(&field, key, "must be no more than 253 characters"));
    }
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        flaws.push(Flaw::invalid(&field, key, KEY_RULE));
    }
    if key == "." {
        flaws.push(Flaw::invalid(field, key, "must not be '.'"));
    } else if key == ".." {
        flaws.push(Flaw::invalid(field, key, "must not be '..'"));
    } else if key.starts_with("..") {
        flaws.push(Flaw::invalid(field, key, "must not start with '..'"));
    }
}

const KEY_RULE: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
                        'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/// The type of a Secret never changes, and what is marked immutable keeps its data.
pub(super) fn frozen(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    if old["type"] != new["type"] {
        flaws.push(Flaw::invalid("type", new["type"].clone(), "field is immutable"));
    }
    if old["immutable"] != true {
        return;
    }
    for field in ["immutable", "data", "binaryData"] {
        if old[field] != new[field] {
            flaws.push(Flaw::forbidden(field, "field is immutable when `immutable` is set"));
        }
    }
}

/// Why the object cannot be decoded into its kind at all, if so: text where the server has text, base64
/// where it has bytes.
pub(in super::super) fn unreadable(kind: &Kind, object: &Value) -> Option<String> {
    let metadata = &object["metadata"];
    for field in ["labels", "annotations"] {
        if let Some(problem) = not_text(metadata, field, &format!("ObjectMeta.metadata.{field}")) {
            return Some(problem);
        }
    }
    for field in ["name", "generateName", "namespace", "uid", "resourceVersion"] {
        let found = json_type(&metadata[field]);
        if !metadata[field].is_null() && found != "string" {
            return Some(mismatch(found, &format!("ObjectMeta.metadata.{field}"), "string"));
        }
    }
    if kind.custom {
        return None;
    }
    match kind.plural.as_str() {
        "configmaps" => not_text(object, "data", "ConfigMap.data").or_else(|| not_base64(object, "binaryData")),
        "secrets" => not_text(object, "stringData", "Secret.stringData").or_else(|| not_base64(object, "data")),
        "pods" => environment(&object["spec"], "spec"),
        "daemonsets" | "deployments" | "jobs" | "replicasets" | "statefulsets" => {
            environment(&object["spec"]["template"]["spec"], "spec.template.spec")
        }
        _ => None,
    }
}

fn environment(spec: &Value, field: &str) -> Option<String> {
    for list in ["initContainers", "containers"] {
        for container in spec[list].as_array().into_iter().flatten() {
            for variable in container["env"].as_array().into_iter().flatten() {
                let found = json_type(&variable["value"]);
                if !variable["value"].is_null() && found != "string" {
                    return Some(mismatch(found, &format!("EnvVar.{field}.{list}.env.value"), "string"));
                }
            }
        }
    }
    None
}

fn not_text(object: &Value, field: &str, path: &str) -> Option<String> {
    let Value::Object(fields) = &object[field] else {
        let found = json_type(&object[field]);
        return (found != "null").then(|| mismatch(found, path, "map[string]string"));
    };
    let values = fields.values();
    let mut types = values.filter(|value| !value.is_null()).map(json_type);
    types.find(|found| *found != "string").map(|found| mismatch(found, path, "string"))
}

fn not_base64(object: &Value, field: &str) -> Option<String> {
    for value in object[field].as_object()?.values().filter(|value| !value.is_null()) {
        let Some(text) = value.as_str() else {
            return Some(mismatch(json_type(value), &format!("Secret.{field}"), "[]uint8"));
        };
        if let Some(at) = illegal_byte(text) {
            return Some(format!("illegal base64 data at input byte {at}"));
        }
    }
    None
}

/// Where the server's decoder stops: at the byte that does not belong, or where an incomplete group of four
/// starts. Line ends do not count.
fn illegal_byte(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    loop {
        let mut group_start = None;
        for place in 0..4 {
            let Some((at, byte)) = bytes.next() else {
                return group_start;
            };
            group_start.get_or_insert(at);
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {}
                b'=' if place >= 2 => {
                    if place == 2 {
                        match bytes.next() {
                            Some((_, b'=')) => {}
                            Some(_) => return Some(at),
                            None => return Some(text.len()),
                        }
                    }
                    return bytes.next().map(|(at, _)| at);
                }
                _ => return Some(at),
            }
        }
    }
}

fn mismatch(found: &str, field: &str, wanted: &str) -> String {
    format!("json: cannot unmarshal {found} into Go struct field {field} of type {wanted}")
}

#[cfg(test)]
mod tests {
    use super::illegal_byte;

    #[test]
    fn illegal_base64_is_found_where_the_server_finds_it() {
        for (text, at) in [
            ("", None),
            ("aGk=", None),
            ("aG\nk=\n", None),
            ("%%%", Some(0)),
            ("not base64!", Some(3)),
            ("abc", Some(0)),
            ("abcde", Some(4)),
            ("ab==cd", Some(4)),
            ("a===", Some(1)),
            ("abc=d", Some(4)),
            ("ab=c", Some(2)),
        ] {
            assert_eq!(illegal_byte(text), at, "{text}");
        }
    }
}
