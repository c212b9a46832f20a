//! Which objects a list or a watch is about: namespace, label selector, field selector.
//!
//! Not here: fields beyond those the server indexes for a kind; asking for one is refused, as there.

use kube::core::Status;
use serde_json::Value;

use super::{kinds::Kind, state::Target, status, storage::Object};
use crate::selector::LabelSelector;

#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    namespace: String,
    labels: LabelSelector,
    fields: Vec<Term>,
}

#[derive(Debug, Clone)]
struct Term {
    path: String,
    value: String,
    equal: bool,
}

impl Selection {
    pub(super) fn new(target: &Target, labels: &str, fields: &str) -> Result<Self, Box<Status>> {
        let labels: LabelSelector =
            labels.parse().map_err(|error: crate::selector::Error| status::bad_request(error.problem()))?;
        let mut terms = Vec::new();
        for term in split(fields).filter(|term| !term.is_empty()) {
            let term = parse(term).ok_or_else(|| {
                status::bad_request(format!("invalid selector: '{fields}'; can't understand '{term}'"))
            })?;
            check(&target.kind, &target.version, &term.path)?;
            terms.push(term);
        }
        Ok(Selection { namespace: target.namespace.clone(), labels, fields: terms })
    }

    /// Whether anything but the namespace narrows it.
    pub(super) fn has_selectors(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    pub(super) fn matches(&self, kind: &Kind, object: &Object) -> bool {
        let labels = &object.value["metadata"]["labels"];
        (self.namespace.is_empty() || self.namespace == object.namespace)
            && self.labels.matches(|key| labels[key].as_str().map(Into::into))
            && self.fields.iter().all(|term| (field(kind, &object.value, &term.path) == term.value) == term.equal)
    }
}

/// The terms between commas that no backslash precedes.
fn split(fields: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    fields.split(move |c| {
        let separates = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        separates
    })
}

fn parse(term: &str) -> Option<Term> {
    let at = term.find(['=', '!'])?;
    let (path, rest) = term.split_at(at);
    let (value, equal) = if let Some(value) = rest.strip_prefix("!=") {
        (value, false)
    } else {
        (rest.strip_prefix("==").or_else(|| rest.strip_prefix('='))?, true)
    };
    let mut unescaped = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        unescaped.push(if c == '\\' { chars.next()? } else { c });
    }
    Some(Term { path: path.to_owned(), value: unescaped, equal })
}

fn check(kind: &Kind, version: &str, path: &str) -> Result<(), Box<Status>> {
    let named = path == "metadata.name" || (path == "metadata.namespace" && kind.namespaced);
    let extra = kind.fields;
    let selectable = kind.version(version).is_some_and(|version| version.selectable.iter().any(|field| field == path));
    if named || selectable || extra.is_some_and(|fields| fields.iter().any(|(known, _)| *known == path)) {
        return Ok(());
    }
    if extra.is_none() && path == "metadata.namespace" {
        return Ok(());
    }
    Err(status::bad_request(match extra {
        Some(_) if kind.plural == "jobs" => format!("field label {path:?} not supported for Job"),
        None if !kind.custom => {
            format!("{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        }
        _ => format!("field label not supported: {path}"),
    }))
}

/// The value of a field as text, as selectors compare it.
fn field(kind: &Kind, object: &Value, path: &str) -> String {
    let stored = match (kind.plural.as_str(), path) {
        ("jobs", "status.successful") => "status.succeeded",
        ("events", "source") => "source.component",
        _ => path,
    };
    match stored.split('.').try_fold(object, |value, step| value.get(step)) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Bool(_) | Value::Number(_))) => value.to_string(),
        _ => {
            let fields = kind.fields.unwrap_or_default().iter();
            fields
                .filter(|(known, _)| *known == path)
                .map(|(_, absent)| (*absent).to_owned())
                .next()
                .unwrap_or_default()
        }
    }
}
