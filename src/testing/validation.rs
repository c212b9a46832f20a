//! What makes an object unacceptable: its metadata here, the rest by kind in the modules below.
//!
//! It covers what manifests get wrong, not all the server checks: pod templates and address ranges are not looked at.

mod content;
mod definition;
mod ingress;
mod network;
mod structure;

use serde_json::{Map, Value};

use super::{
    kinds::{CRDS, Kind, Names},
    status::Flaw,
};
use crate::selector;

/// Everything wrong with an object that is to be stored, in the server's order.
pub(super) fn flaws(kind: &Kind, object: &Value) -> Vec<Flaw> {
    let mut flaws = metadata(kind, object);
    if kind.custom {
        return flaws;
    }
    match kind.plural.as_str() {
        "ingresses" => ingress::check(object, &mut flaws),
        "services" => network::service(object, &mut flaws),
        "endpointslices" => network::endpoint_slice(object, &mut flaws),
        "configmaps" => content::config_map(object, &mut flaws),
        "secrets" => content::secret(object, &mut flaws),
        "deployments" => content::deployment(object, &mut flaws),
        CRDS => definition::check(object, &mut flaws),
        _ => {}
    }
    flaws
}

/// What a replacement must not change; `old` is what it replaces.
pub(super) fn frozen(kind: &Kind, old: &Value, new: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if !old["metadata"]["deletionTimestamp"].is_null() {
        let had = finalizers(old);
        let added: Vec<_> = finalizers(new).into_iter().filter(|name| !had.contains(name)).collect();
        if !added.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
            );
            flaws.push(Flaw::forbidden("metadata.finalizers", why));
        }
    }
    for field in ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        let new = &new["metadata"][field];
        if old["metadata"][field] != *new {
            flaws.push(Flaw::invalid(format!("metadata.{field}"), new.clone(), "field is immutable"));
        }
    }
    // The server looks at metadata twice, and tells all it finds.
    flaws.extend(flaws.clone());
    if kind.is_core("secrets") || kind.is_core("configmaps") {
        content::frozen(old, new, &mut flaws);
    }
    if kind.is_definition() {
        definition::frozen(old, new, &mut flaws);
    }
    flaws
}

pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn metadata(kind: &Kind, object: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let metadata = &object["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    if !text("generateName").is_empty() {
        for problem in name_problems(kind, text("generateName"), true) {
            flaws.push(Flaw::invalid("metadata.generateName", text("generateName"), &problem));
        }
    }
    if text("name").is_empty() {
        flaws.push(Flaw::required("metadata.name", "name or generateName is required"));
    }
    for problem in name_problems(kind, text("name"), false) {
        flaws.push(Flaw::invalid("metadata.name", text("name"), &problem));
    }
    labels(metadata["labels"].as_object(), "metadata.labels", &mut flaws);
    let annotations = metadata["annotations"].as_object();
    let mut bytes = 0;
    for (key, value) in annotations.into_iter().flatten() {
        for problem in selector::key_problems(&key.to_lowercase()) {
            flaws.push(Flaw::invalid("metadata.annotations", key.as_str(), &problem));
        }
        bytes += key.len() + value.as_str().map_or(0, str::len);
    }
    if bytes > 256 * 1024 {
        flaws.push(Flaw::too_long("metadata.annotations", 256 * 1024));
    }
    for owner in metadata["ownerReferences"].as_array().into_iter().flatten() {
        for (field, why) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                flaws.push(Flaw::invalid(format!("metadata.ownerReferences.{field}"), "", why));
            }
        }
    }
    for (index, name) in finalizers(object).into_iter().enumerate() {
        let field = format!("metadata.finalizers[{index}]");
        for problem in selector::key_problems(name) {
            flaws.push(Flaw::invalid(&field, name, &problem));
        }
        if !name.contains('/') && !["foregroundDeletion", "orphan", "kubernetes"].contains(&name) {
            flaws.push(Flaw::invalid(
                &field,
                name,
                "name is neither a standard finalizer name nor is it fully qualified",
            ));
        }
    }
    flaws
}

fn labels(labels: Option<&Map<String, Value>>, field: &str, flaws: &mut Vec<Flaw>) {
    for (key, value) in labels.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        for problem in selector::key_problems(key) {
            flaws.push(Flaw::invalid(field, key.as_str(), &problem));
        }
        for problem in selector::value_problems(value) {
            flaws.push(Flaw::invalid(field, value, &problem));
        }
    }
}

/// What is wrong with a name; a prefix may end with a dash, for more follows.
fn name_problems(kind: &Kind, name: &str, prefix: bool) -> Vec<String> {
    if name.is_empty() {
        return Vec::new();
    }
    let masked = match name.strip_suffix('-') {
        Some(rest) if prefix && !rest.is_empty() => format!("{rest}a"),
        _ => name.to_owned(),
    };
    match kind.names {
        Names::Subdomain => selector::subdomain_problems(&masked),
        Names::Label => label_problems(&masked),
        Names::PathSegment if [".", ".."].contains(&name) => vec![format!("may not be '{name}'")],
        Names::PathSegment => {
            let found = ["/", "%"].into_iter().filter(|part| name.contains(part));
            found.map(|part| format!("may not contain '{part}'")).collect()
        }
    }
}

/// What is wrong with a DNS label (RFC 1123).
fn label_problems(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 63 {
        problems.push("must be no more than 63 bytes".to_owned());
    }
    if !selector::is_dns_label(text) {
        let dotted = text.contains('.') && text.split('.').all(selector::is_dns_label);
        problems.push(if dotted { "must not contain dots".to_owned() } else { LABEL_RULE.to_owned() });
    }
    problems
}

const LABEL_RULE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                          start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
                          validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
