//! Which objects a list or a watch is about: namespace, label selector, field selector.
//!
//! Not here: fields beyond those the server indexes for a kind; asking for one is refused, as there.

use kube::core::Status;
use serde_json::Value;

use super::{kinds::Kind, quoted::quoted, state::Target, status, storage::Object};
use crate::selector::LabelSelector;

#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    namespace: String,
    labels: LabelSelector,
    fields: Vec<Term>,
    /// Whether it is about one namespace, or about a kind in none.
    placed: bool,
}

#[derive(Debug, Clone)]
struct Term {
    path: String,
    value: String,
    equal: bool,
}

impl Selection {
    /// The selection, if the kind has all the fields it names.
    pub(super) fn new(target: &Target, labels: &str, fields: &str) -> Result<Self, Box<Status>> {
        let (labels, fields) = read(labels, fields)?;
        fields.iter().try_for_each(|term| check(&target.kind, &target.version, &term.path))?;
        let placed = !target.kind.namespaced || !target.namespace.is_empty();
        Ok(Selection { namespace: target.namespace.clone(), labels, fields, placed })
    }

    /// Whether anything but the namespace narrows it.
    pub(super) fn has_selectors(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    /// The one name it is about, if it names one.
    pub(super) fn name(&self) -> Option<&str> {
        let named = self.fields.iter().find(|term| term.equal && term.path == "metadata.name");
        named.map(|term| term.value.as_str())
    }

    /// Whether there can be but one: it has a name, and where there are namespaces one of them.
    pub(super) fn is_of_one(&self) -> bool {
        self.placed && self.fields.iter().any(|term| term.path == "metadata.name" && term.equal)
    }

    pub(super) fn matches(&self, kind: &Kind, object: &Object) -> bool {
        let labels = &object.value["metadata"]["labels"];
        (self.namespace.is_empty() || self.namespace == object.namespace)
            && self.labels.matches(|key| labels[key].as_str().map(Into::into))
            && self.fields.iter().all(|term| (field(kind, &object.value, &term.path) == term.value) == term.equal)
    }
}

/// What two selectors say, if they say anything.
fn read(labels: &str, fields: &str) -> Result<(LabelSelector, Vec<Term>), Box<Status>> {
    let labels = labels.parse().map_err(|error: crate::selector::Error| status::bad_request(error.problem()))?;
    let mut terms: Vec<&str> = split(fields).filter(|term| !term.is_empty()).collect();
    terms.sort_unstable();
    let terms = terms.into_iter().map(|term| {
        let unclear = || format!("invalid selector: '{fields}'; can't understand '{term}'");
        let (path, equal, value) = parse(term).ok_or_else(unclear)?;
        let value = unescaped(value).map_err(|problem| format!("invalid field selector: {problem}"))?;
        Ok(Term { path: path.to_owned(), value, equal })
    });
    let terms: Result<Vec<Term>, String> = terms.collect();
    let mut terms = terms.map_err(status::bad_request)?;
    terms.retain(|term| !term.path.is_empty() || !term.value.is_empty());
    Ok((labels, terms))
}

/// Refuses selectors that say nothing, whatever kind they are about.
pub(super) fn check_syntax(labels: &str, fields: &str) -> Result<(), Box<Status>> {
    read(labels, fields).map(drop)
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

/// What stands before and behind the first operator of a term, and whether that means equal.
fn parse(term: &str) -> Option<(&str, bool, &str)> {
    let mut places = term.char_indices().map(|(at, _)| term.split_at(at));
    places.find_map(|(path, rest)| {
        let differs = rest.strip_prefix("!=").map(|value| (path, false, value));
        let equals = || rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')).map(|value| (path, true, value));
        differs.or_else(equals)
    })
}

/// A value without the backslashes before commas, equal signs and backslashes, which it cannot have otherwise.
fn unescaped(value: &str) -> Result<String, String> {
    let mut unescaped = String::new();
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        unescaped.push(match letter {
            '\\' => match letters.next() {
                Some(escaped @ ('\\' | ',' | '=')) => escaped,
                other => {
                    return Err(format!("invalid escape sequence: \\{}", other.map(String::from).unwrap_or_default()));
                }
            },
            ',' | '=' => return Err(format!("unescaped character in value: {}", u32::from(letter))),
            other => other,
        });
    }
    Ok(unescaped)
}

fn check(kind: &Kind, version: &str, path: &str) -> Result<(), Box<Status>> {
    let named = path == "metadata.name" || (path == "metadata.namespace" && kind.namespaced);
    let extra = kind.fields;
    let selectable = kind.version(version).is_some_and(|version| version.selectable.iter().any(|field| field == path));
    if named || selectable || extra.is_some_and(|fields| fields.iter().any(|(known, _)| *known == path)) {
        return Ok(());
    }
    if extra.is_none() && !kind.custom && path == "metadata.namespace" {
        return Ok(());
    }
    Err(status::bad_request(match extra {
        Some(_) if kind.plural == "jobs" && !kind.custom => {
            format!("field label {} not supported for Job", quoted(path))
        }
        None if !kind.custom => {
            format!("{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", quoted(path))
        }
        _ => format!("field label not supported: {path}"),
    }))
}

/// The value of a field as text, as selectors compare it.
fn field(kind: &Kind, object: &Value, path: &str) -> String {
    let stored = match (kind.plural.as_str(), path) {
        _ if kind.custom => path,
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
