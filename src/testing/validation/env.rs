//! What the server refuses in the variables of containers.

use serde_json::Value;

use super::{super::status::Flaw, downward, items, metadata::label_problems, path, problems, text, volume::Volumes};
use crate::selector::subdomain_problems;

const SOURCES: [&str; 5] = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

pub(super) fn check(container: &Value, field: &str, volumes: &Volumes<'_>, flaws: &mut Vec<Flaw>) {
    for (place, variable) in items(container, "env").iter().enumerate() {
        let field = format!("{field}.env[{place}]");
        match text(&variable["name"]) {
            "" => flaws.push(Flaw::required(format!("{field}.name"), "")),
            name => spelled(name, &format!("{field}.name"), flaws),
        }
        if !variable["valueFrom"].is_null() {
            source(variable, &format!("{field}.valueFrom"), volumes, flaws);
        }
    }
    for (place, source) in items(container, "envFrom").iter().enumerate() {
        all_of(source, &format!("{field}.envFrom"), place, flaws);
    }
}

fn spelled(name: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if !name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=') {
        let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
        flaws.push(Flaw::invalid(field, name, why));
    }
}

/// Where the value of a variable comes from.
fn source(variable: &Value, field: &str, volumes: &Volumes<'_>, flaws: &mut Vec<Flaw>) {
    let source = &variable["valueFrom"];
    let said: Vec<_> = SOURCES.into_iter().filter(|name| source[*name].is_object()).collect();
    for name in &said {
        let (reference, field) = (&source[*name], format!("{field}.{name}"));
        match *name {
            "fieldRef" => downward::field(reference, &field, &downward::OF_VARIABLES, flaws),
            "resourceFieldRef" => downward::resource(reference, &field, false, flaws),
            "fileKeyRef" => file(reference, &field, volumes, flaws),
            _ => key(reference, &field, flaws),
        }
    }
    let why = match said.len() {
        0 => "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        _ if !text(&variable["value"]).is_empty() => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    flaws.push(Flaw::invalid(field, "", why));
}

/// A key of a ConfigMap or a Secret.
fn key(reference: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    const RULE: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
                        'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
    let (name, key) = (text(&reference["name"]), text(&reference["key"]));
    flaws.extend(subdomain_problems(name).iter().map(|why| Flaw::invalid(format!("{field}.name"), name, why)));
    let field = format!("{field}.key");
    if key.is_empty() {
        return flaws.push(Flaw::required(field, ""));
    }
    if key.len() > 253 {
        flaws.push(Flaw::invalid(field.as_str(), key, "must be no more than 253 bytes"));
    }
    if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        flaws.push(Flaw::invalid(field.as_str(), key, RULE));
    }
    match key {
        "." | ".." => flaws.push(Flaw::invalid(field, key, &format!("must not be '{key}'"))),
        _ if key.starts_with("..") => flaws.push(Flaw::invalid(field, key, "must not start with '..'")),
        _ => {}
    }
}

/// A key of a file in a volume.
fn file(reference: &Value, field: &str, volumes: &Volumes<'_>, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    let [key, volume, file] = ["key", "volumeName", "path"].map(|name| text(&reference[name]));
    for (name, said) in [("key", key), ("volumeName", volume), ("path", file)] {
        if said.is_empty() {
            flaws.push(Flaw::required(path(name), ""));
        }
    }
    spelled(key, &path("key"), flaws);
    problems(&path("volumeName"), volume, label_problems(volume), flaws);
    path::forward(file, &path("path"), flaws);
    match volumes.get(volume) {
        None => flaws.push(Flaw::not_found(path("volumeName"), volume)),
        Some(found) if !found["emptyDir"].is_object() => {
            flaws.push(Flaw::invalid(path("volumeName"), volume, "referenced volume must be of type emptyDir"));
        }
        Some(_) => {}
    }
}

/// All that a ConfigMap or a Secret holds.
fn all_of(source: &Value, list: &str, place: usize, flaws: &mut Vec<Flaw>) {
    spelled(text(&source["prefix"]), &format!("{list}[{place}].prefix"), flaws);
    let kinds: Vec<_> = ["configMapRef", "secretRef"].into_iter().filter(|kind| source[*kind].is_object()).collect();
    for kind in &kinds {
        let (name, field) = (text(&source[*kind]["name"]), format!("{list}[{place}].{kind}.name"));
        if name.is_empty() {
            flaws.push(Flaw::required(field.as_str(), ""));
        }
        problems(&field, name, subdomain_problems(name), flaws);
    }
    match kinds.len() {
        0 => flaws.push(Flaw::invalid(list, "", "must specify one of: `configMapRef` or `secretRef`")),
        1 => {}
        _ => flaws.push(Flaw::invalid(list, "", "may not have more than one field specified at a time")),
    }
}
