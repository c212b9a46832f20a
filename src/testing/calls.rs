//! Calls: kinds that are never stored, such as reviews and bindings. A request body is decoded and checked like an
//! object, answered, and not kept.
//!
//! Not here: what pods and nodes would answer ([`connections`](super::connections)).

mod access;
mod binding;
mod eviction;
mod identity;
mod tokens;

use std::sync::Arc;

use kube::core::Status;
use serde_json::Value;

use super::{
    cluster::Inner,
    kinds::{Kind, NamedCall},
    requests::Request,
    state::{State, Target},
    status,
    write::{Document, Write},
};

pub(super) use tokens::Tokens;

/// A call on its way to an answer.
pub(super) struct Question<'q> {
    /// Where it was sent.
    pub(super) target: &'q Target,
    /// The object it is about, where its path names one.
    pub(super) about: Option<(&'q str, NamedCall)>,
    pub(super) document: Document,
    pub(super) write: Write<'q>,
    /// The token of whoever asks.
    pub(super) token: Option<&'q str>,
}

/// What a call is read as.
pub(super) fn seen(target: &Target, about: Option<(&str, NamedCall)>) -> Target {
    match about {
        None => target.clone(),
        Some((_, call)) => Target { kind: Arc::new(Kind::of_call(call)), ..target.clone() },
    }
}

/// Answers a call: with what was asked, completed, or with how it went.
pub(super) fn answer(inner: &mut Inner, question: Question<'_>) -> Result<Value, Box<Status>> {
    let Question { target, about, document, write, token } = question;
    let Inner { state, rules, .. } = inner;
    let seen = seen(target, about);
    let asked = state.read_call(&seen, document, write, |asked| {
        if let Some((_, NamedCall::Token)) = about {
            tokens::complete(asked);
        }
    })?;
    let mut asked = Value::Object(asked);
    match (about, target.kind.plural.as_str()) {
        (Some((name, NamedCall::Binding)), _) => binding::bind(state, target, name, &asked, write),
        (Some((name, NamedCall::Eviction)), _) => eviction::evict(state, target, name, &asked, write),
        (Some((name, NamedCall::Token)), _) => {
            tokens::issue(state, target, name, &mut asked)?;
            Ok(asked)
        }
        (None, "bindings") => match asked["metadata"]["name"].as_str().unwrap_or_default().to_owned() {
            name if name.is_empty() => Err(status::bad_request("Name parameter required.")),
            name => binding::bind(state, &of_pods(state, target), &name, &asked, write),
        },
        (None, "tokenreviews") => identity::review(state, asked),
        (None, "selfsubjectreviews") => Ok(identity::of(state, token)),
        (None, "selfsubjectrulesreviews") => access::rules(&asked),
        (None, _) => {
            let forbidden = |mut request: Request| {
                request.recognize(&state.kinds);
                rules.would_forbid(&request).map(str::to_owned)
            };
            access::review(&target.kind, asked, forbidden)
        }
    }
}

/// The pods of the same namespace.
fn of_pods(state: &State, target: &Target) -> Target {
    Target { kind: state.kinds.pods().clone(), ..target.clone() }
}

/// A text, empty where there is none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
