//! Objects between the version a client speaks and the one they are kept in, where these differ in more than their name.
//!
//! That is so of two kinds: Events, which two groups have, and HorizontalPodAutoscalers, whose second version says more
//! than the first. Not here: custom kinds, whose versions differ in nothing but apiVersion.

mod autoscaler;
mod event;
mod metric;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{kinds::Kind, state::Target};

type Fields = Map<String, Value>;

/// How a version and the one that is kept become each other.
struct Way {
    store: fn(&mut Fields),
    show: fn(&mut Fields),
}

/// Nothing where no version of the kind says anything in another way.
fn way(kind: &Kind, api_version: &str) -> Option<&'static Way> {
    match (kind.kind.as_str(), api_version) {
        _ if kind.custom => None,
        ("Event", "events.k8s.io/v1") => Some(&Way { store: event::store, show: event::show }),
        ("HorizontalPodAutoscaler", "autoscaling/v1") => {
            Some(&Way { store: autoscaler::store, show: autoscaler::show })
        }
        ("HorizontalPodAutoscaler", "autoscaling/v2") => Some(&Way { store: autoscaler::forget, show: |_| {} }),
        _ => None,
    }
}

/// Makes of an object in a version of its kind one as it is kept.
pub(super) fn store(kind: &Kind, version: &str, object: &mut Fields) {
    object.insert("apiVersion".to_owned(), kind.stored_api_version().into());
    if let Some(way) = way(kind, &kind.api_version(version)) {
        (way.store)(object);
    }
}

/// Makes of an object as it is kept one in a version of its kind.
pub(super) fn show(kind: &Kind, version: &str, object: &mut Fields) {
    let api_version = kind.api_version(version);
    if let Some(way) = way(kind, &api_version) {
        (way.show)(object);
    }
    object.insert("apiVersion".to_owned(), api_version.into());
}

/// An object as a request's version shows it.
pub(super) fn shown<'o>(target: &Target, object: &'o Value) -> Cow<'o, Value> {
    let Target { kind, version, .. } = target;
    let mut object = Cow::Borrowed(object);
    if object["apiVersion"] != *kind.api_version(version)
        && let Some(fields) = object.to_mut().as_object_mut()
    {
        show(kind, version, fields);
    }
    object
}

/// What an object of one version is in another, with all but its apiVersion; nothing where the two differ in nothing
/// else, or where the kind has no such version.
pub(super) fn between(kind: &Kind, from: &str, to: &str, object: &Value) -> Option<Value> {
    let ways = [from, to].map(|version| way(kind, version));
    let (from, to) = match ways {
        _ if from == to => return None,
        [None, None] => return None,
        [_, None] if to != kind.stored_api_version() => return None,
        [from, to] => (from, to),
    };
    let mut fields = object.as_object()?.clone();
    if let Some(way) = from {
        (way.store)(&mut fields);
    }
    if let Some(way) = to {
        (way.show)(&mut fields);
    }
    Some(fields.into())
}

/// The path under which a field that selectors name is kept.
pub(super) fn stored_path<'p>(kind: &Kind, path: &'p str) -> Cow<'p, str> {
    if kind.is_younger_event() { event::stored_path(path) } else { path.into() }
}
