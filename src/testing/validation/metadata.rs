//! What is wrong with metadata.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    super::{
        kinds::{Kind, Names},
        quoted::quoted,
        status::Flaw,
    },
    address::{self, Form},
};
use crate::selector;

/// Whether the kind leaves its metadata to what the server does for all kinds, which comes when nothing else is wrong.
pub(super) fn is_looked_at_last(kind: &Kind) -> bool {
    kind.is_core("events") || kind.is("policy", "poddisruptionbudgets")
}

/// What is wrong with the metadata of any object.
pub(super) fn common(object: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for field in ["generateName", "name"] {
        let name = object["metadata"][field].as_str().unwrap_or_default();
        let problems = segment_problems(name).into_iter();
        flaws.extend(problems.map(|problem| Flaw::invalid(format!("metadata.{field}"), name, &problem)));
    }
    flaws.extend(words(object));
    flaws.extend(qualified(&object["metadata"]["finalizers"]));
    flaws
}

/// All that is wrong with the metadata of an object of this kind.
pub(super) fn whole(kind: &Kind, object: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let metadata = &object["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    if !text("generateName").is_empty() && !kind.is_core("replicationcontrollers") {
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
    super::not_negative(&metadata["generation"], "metadata.generation", &mut flaws);
    flaws.extend(words(object));
    const LENIENT: [&str; 4] =
        ["admissionregistration.k8s.io", "apiextensions.k8s.io", "coordination.k8s.io", "node.k8s.io"];
    let said = &metadata["finalizers"];
    flaws.extend(qualified(said));
    if !kind.custom && !LENIENT.contains(&kind.group.as_str()) {
        flaws.extend(owned(said, "metadata.finalizers"));
    }
    flaws
}

/// What is wrong with labels, annotations and owners.
pub(super) fn words(object: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let metadata = &object["metadata"];
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
    owners(&metadata["ownerReferences"], &mut flaws);
    flaws
}

/// What is wrong with owners: what they do not say, that they are Events, and that more than one is in control.
fn owners(references: &Value, flaws: &mut Vec<Flaw>) {
    const FIELD: &str = "metadata.ownerReferences";
    /// Each tells of all owners, so there are not to be too many of them.
    const MOST: usize = 8;
    let mut controllers: Vec<String> = Vec::new();
    for owner in references.as_array().into_iter().flatten() {
        let text = |field: &str| owner[field].as_str().unwrap_or_default();
        let version = text("apiVersion").rsplit('/').next().unwrap_or_default();
        if version.is_empty() || text("apiVersion").matches('/').count() > 1 {
            flaws.push(Flaw::invalid(format!("{FIELD}.apiVersion"), text("apiVersion"), "version must not be empty"));
        }
        for (field, why) in [("kind", "must not be empty"), ("name", "must not be empty"), ("uid", "must not be empty")]
        {
            if text(field).is_empty() {
                flaws.push(Flaw::invalid(format!("{FIELD}.{field}"), "", why));
            }
        }
        if (text("apiVersion"), text("kind")) == ("v1", "Event") {
            flaws.push(Flaw::showing(FIELD, &shown(owner), "/v1, Kind=Event is disallowed from being an owner"));
        }
        if owner["controller"] == true && controllers.len() <= MOST {
            controllers.push(format!("{}/{}", text("kind"), text("name")));
        }
    }
    let Some((first, others)) = controllers.split_first().filter(|(_, others)| !others.is_empty()) else { return };
    let all: Vec<_> = references.as_array().into_iter().flatten().map(shown).collect();
    let all = format!("[{}]", all.join(","));
    flaws.extend(others.iter().map(|other| {
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {other}"
        );
        Flaw::showing(FIELD, &all, &why)
    }));
}

/// An owner with its fields in the order in which the server has them.
fn shown(owner: &Value) -> String {
    let fields = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];
    let said = fields.into_iter().filter_map(|field| Some(format!("{field:?}:{}", owner.get(field)?)));
    format!("{{{}}}", said.collect::<Vec<_>>().join(","))
}

/// What is wrong with finalizers that may be of any kind: they are names, and do not want both ways at once.
fn qualified(finalizers: &Value) -> Vec<Flaw> {
    const FIELD: &str = "metadata.finalizers";
    let names: Vec<_> = finalizers.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let problems = names.iter().flat_map(|name| {
        let problems = selector::key_problems(name).into_iter();
        problems.map(move |problem| Flaw::invalid(FIELD, *name, &problem))
    });
    let mut flaws: Vec<_> = problems.collect();
    if ["orphan", "foregroundDeletion"].iter().all(|way| names.contains(way)) {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        flaws.push(Flaw::invalid(FIELD, finalizers.clone(), why));
    }
    flaws
}

/// The finalizers that are the server's own.
const STANDARD: [&str; 3] = ["foregroundDeletion", "orphan", "kubernetes"];

/// What is unwise about the finalizers a custom object has and the old one had not: they do not say whose they are.
pub(in super::super) fn new_finalizers(object: &Value, old: Option<&Value>) -> Vec<String> {
    let had: HashSet<_> = old.map(super::finalizers).unwrap_or_default().into_iter().collect();
    let mut added = super::finalizers(object);
    added.retain(|name| !had.contains(name) && !name.contains('/') && !STANDARD.contains(name));
    added.sort_unstable();
    added.dedup();
    let advice = added.into_iter().map(|name| {
        let path = if name.contains('.') { " including a path (/)" } else { "" };
        format!(
            "metadata.finalizers: {}: prefer a domain-qualified finalizer name{path} to avoid accidental conflicts \
             with other finalizer writers",
            quoted(name)
        )
    });
    advice.collect()
}

/// What is wrong with finalizers of a namespace's content: they are names, and say whose they are.
pub(super) fn of_content(finalizers: &Value, field: &str) -> Vec<Flaw> {
    let names = finalizers.as_array().into_iter().flatten().filter_map(Value::as_str).enumerate();
    let flaws = names.flat_map(|(index, name)| {
        let field = format!("{field}[{index}]");
        let problems = selector::key_problems(name).into_iter();
        let qualified = problems.map(|problem| Flaw::invalid(&field, name, &problem)).collect::<Vec<_>>();
        qualified.into_iter().chain(nobodys(name, &field))
    });
    flaws.collect()
}

/// What is wrong with finalizers of built-in kinds beside what they are called: they say whose they are.
pub(super) fn owned(finalizers: &Value, field: &str) -> Vec<Flaw> {
    let names = finalizers.as_array().into_iter().flatten().filter_map(Value::as_str).enumerate();
    names.filter_map(|(index, name)| nobodys(name, &format!("{field}[{index}]"))).collect()
}

fn nobodys(name: &str, field: &str) -> Option<Flaw> {
    let wrong = !name.contains('/') && !STANDARD.contains(&name);
    wrong.then(|| Flaw::invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified"))
}

pub(super) fn labels(labels: Option<&Map<String, Value>>, field: &str, flaws: &mut Vec<Flaw>) {
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
    // A letter takes the place of the dash and of what is before it.
    let before = name.strip_suffix('-').filter(|_| prefix).and_then(|rest| rest.char_indices().next_back());
    let masked = before.map_or_else(|| name.to_owned(), |(place, _)| format!("{}a", &name[..place]));
    match kind.names {
        Names::Subdomain => selector::subdomain_problems(&masked),
        Names::Label => label_problems(&masked),
        Names::PathSegment => segment_problems(name),
        Names::Address => address::problem(name, Form::Canonical).into_iter().collect(),
    }
}

/// What is wrong with a name that stands in a path.
pub(super) fn segment_problems(name: &str) -> Vec<String> {
    if [".", ".."].contains(&name) {
        return vec![format!("may not be '{name}'")];
    }
    let found = ["/", "%"].into_iter().filter(|part| name.contains(part));
    found.map(|part| format!("may not contain '{part}'")).collect()
}

/// What is wrong with a DNS label (RFC 1123).
pub(super) fn label_problems(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 63 {
        problems.push("must be no more than 63 characters".to_owned());
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
