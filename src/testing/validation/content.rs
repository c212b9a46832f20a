//! What the server refuses in ConfigMaps and Secrets.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::super::status::Flaw;

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

/// What a controller remembers of what it controls: an object, whatever is in it.
pub(super) fn revision(object: &Value, flaws: &mut Vec<Flaw>) {
    super::not_negative(&object["revision"], "revision", flaws);
    let why = match &object["data"] {
        _ if !object["metadata"]["resourceVersion"].is_null() => return,
        Value::Object(_) => return,
        Value::Null => "data is mandatory",
        _ => "data must be a valid JSON object",
    };
    flaws.push(Flaw::required("data", why));
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
