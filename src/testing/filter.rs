//! The conditions on requests, for faults and for the log.
//!
//! Not here: conditions on the answer, which only the log has.

use std::{fmt, sync::Arc};

use super::requests::Request;

/// A condition on a request.
#[derive(Clone)]
pub(super) enum Filter {
    Verb(&'static str),
    Group(String),
    Resource(String),
    Subresource(String),
    Namespace(String),
    Name(String),
    UserAgent(String),
    When(Arc<Condition>),
}

type Condition = dyn Fn(&Request) -> bool + Send + Sync;

const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

impl Filter {
    /// The verb that a test means, which may have called it as a method of kube; nothing for all: `*`.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub(super) fn verb(verb: &str) -> Option<Self> {
        let meant = match verb {
            "*" => return None,
            "replace" => "update",
            "delete_collection" => "deletecollection",
            verb => verb,
        };
        let known = VERBS.into_iter().find(|known| *known == meant);
        let Some(known) = known else { panic!("there is no verb {verb:?}; there are {} and *", VERBS.join(", ")) };
        Some(Filter::Verb(known))
    }

    pub(super) fn passes(&self, request: &Request) -> bool {
        match self {
            Filter::Verb(verb) => request.verb == *verb && !request.resource.is_empty(),
            Filter::Group(group) => request.group == *group,
            Filter::Resource(word) => request.is_about(word),
            Filter::Subresource(part) => request.subresource.as_deref().unwrap_or_default() == part,
            Filter::Namespace(namespace) => request.namespace.as_ref() == Some(namespace),
            Filter::Name(name) => request.name.as_ref() == Some(name),
            Filter::UserAgent(start) => request.user_agent.as_ref().is_some_and(|agent| agent.starts_with(start)),
            Filter::When(condition) => condition(request),
        }
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Verb(verb) => write!(f, "verb {verb:?}"),
            Filter::Group(group) => write!(f, "group {group:?}"),
            Filter::Resource(resource) => write!(f, "resource {resource:?}"),
            Filter::Subresource(part) => write!(f, "subresource {part:?}"),
            Filter::Namespace(namespace) => write!(f, "namespace {namespace:?}"),
            Filter::Name(name) => write!(f, "name {name:?}"),
            Filter::UserAgent(start) => write!(f, "user agent {start:?}"),
            Filter::When(_) => f.write_str("a condition"),
        }
    }
}
