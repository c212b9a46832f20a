//! The Status answers of the API server, word for word.
//!
//! Not here: when each of them is due.

mod flaw;

use bytes::Bytes;
use kube::core::{
    Status,
    response::{StatusCause, StatusDetails, StatusSummary},
};
use serde_json::{Value, json};

pub(super) use flaw::{Flaw, problems};

use super::{
    kinds::Kind,
    owners::{Conflict, Conflicts},
    quoted::quoted,
};

/// A failure with a code, a reason (which may be empty) and a message.
pub(super) fn failure(code: u16, reason: &str, message: impl Into<String>) -> Box<Status> {
    Box::new(Status {
        status: Some(StatusSummary::Failure),
        code,
        message: message.into(),
        metadata: None,
        reason: reason.to_owned(),
        details: None,
    })
}

/// What a Status is about, which may be nothing.
pub(super) fn details(name: &str, group: &str, kind: &str) -> StatusDetails {
    StatusDetails {
        name: name.to_owned(),
        group: group.to_owned(),
        kind: kind.to_owned(),
        uid: String::new(),
        causes: Vec::new(),
        retry_after_seconds: 0,
    }
}

fn about(code: u16, reason: &str, message: String, kind: &Kind, name: &str) -> Box<Status> {
    failure(code, reason, message).with_details(details(name, &kind.group, &kind.plural)).boxed()
}

pub(super) fn bad_request(message: impl Into<String>) -> Box<Status> {
    failure(400, "BadRequest", message)
}

/// Errors the server did not foresee: 500 without a reason.
pub(super) fn internal(message: impl Into<String>) -> Box<Status> {
    failure(500, "", message)
}

/// Errors of the server's own making: 500, with the error as its cause.
pub(super) fn internal_error(why: &str) -> Box<Status> {
    let mut details = details("", "", "");
    let cause = StatusCause { reason: String::new(), message: why.to_owned(), field: String::new() };
    details.causes.push(cause);
    failure(500, "InternalError", format!("Internal error occurred: {why}")).with_details(details).boxed()
}

/// An apply would take what others own.
pub(super) fn owned(conflicts: &Conflicts) -> Box<Status> {
    let mut details = details("", "", "");
    let cause = |conflict: &Conflict| StatusCause {
        reason: "FieldManagerConflict".to_owned(),
        message: conflict.message(),
        field: conflict.field(),
    };
    details.causes = conflicts.iter().map(cause).collect();
    failure(409, "Conflict", conflicts.to_string()).with_details(details).boxed()
}

/// What admission refuses; `resource` is the plural with its group.
pub(super) fn refused(resource: &str, group: &str, name: &str, why: &str) -> Box<Status> {
    let plural = resource.split('.').next().unwrap_or_default();
    let message = format!("{resource} {name:?} is forbidden: {why}");
    failure(403, "Forbidden", message).with_details(details(name, group, plural)).boxed()
}

pub(super) fn not_found(kind: &Kind, name: &str) -> Box<Status> {
    about(404, "NotFound", format!("{} {} not found", kind.resource(), quoted(name)), kind, name)
}

/// The same about something that calls itself `kind`.
pub(super) fn not_found_as(kind: &str, name: &str) -> Box<Status> {
    failure(404, "NotFound", format!("{kind} {name:?} not found")).with_details(details(name, "", kind)).boxed()
}

pub(super) fn unknown_resource() -> Box<Status> {
    failure(404, "NotFound", "the server could not find the requested resource")
        .with_details(details("", "", ""))
        .boxed()
}

pub(super) fn method_not_allowed() -> Box<Status> {
    failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
        .with_details(details("", "", ""))
        .boxed()
}

/// The same of custom kinds, which say what it was about.
pub(super) fn method_not_supported(kind: &Kind, verb: &str) -> Box<Status> {
    let message = format!("{verb} is not supported on resources of kind {:?}", kind.resource());
    failure(405, "MethodNotAllowed", message).with_details(details("", &kind.group, &kind.plural)).boxed()
}

/// Nobody tells of changes of what is found out only when somebody asks.
pub(super) fn unwatchable(kind: &Kind) -> Box<Status> {
    let message = format!("watch is not supported on resources of kind {:?}", kind.plural);
    failure(405, "MethodNotAllowed", message).with_details(details("", "", &kind.plural)).boxed()
}

/// 406 from where the server looks at bare media types only.
pub(super) fn not_produced(types: &str) -> Box<Status> {
    let message = format!("406: Not Acceptable\n\nAvailable representations: {types}");
    failure(406, "NotAcceptable", message).with_details(details("", "", "")).boxed()
}

/// 415 without a word about what the server reads.
pub(super) fn unsupported_media_type() -> Box<Status> {
    failure(415, "UnsupportedMediaType", "415: Unsupported Media Type").with_details(details("", "", "")).boxed()
}

/// 422 without a word about what is wrong.
pub(super) fn rejected() -> Box<Status> {
    failure(422, "Invalid", "the server rejected our request due to an error in our request")
        .with_details(details("", "", ""))
        .boxed()
}

pub(super) fn already_exists(kind: &Kind, name: &str, terminating: bool) -> Box<Status> {
    let prefix = if terminating { "object is being deleted: " } else { "" };
    about(409, "AlreadyExists", format!("{prefix}{} {name:?} already exists", kind.resource()), kind, name)
}

pub(super) fn conflict(kind: &Kind, name: &str, why: &str) -> Box<Status> {
    let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.resource());
    about(409, "Conflict", message, kind, name)
}

/// Preconditions of deletions speak of the kind where other conflicts speak of the resource.
pub(super) fn precondition(kind: &Kind, name: &str, why: &str) -> Box<Status> {
    let group = kind.inner_group();
    let dotted = if group.is_empty() { kind.kind.clone() } else { kind.qualified() };
    let message = format!("Operation cannot be fulfilled on {dotted} {name:?}: {why}");
    failure(409, "Conflict", message).with_details(details(name, group, &kind.kind)).boxed()
}

pub(super) fn namespace_terminating(kind: &Kind, name: &str, namespace: &str) -> Box<Status> {
    let message = format!(
        "{} {name:?} is forbidden: unable to create new content in namespace {namespace} because it is being terminated",
        kind.resource()
    );
    let mut status = about(403, "Forbidden", message, kind, name);
    let cause = StatusCause {
        reason: "NamespaceTerminating".to_owned(),
        message: format!("namespace {namespace} is being terminated"),
        field: "metadata.namespace".to_owned(),
    };
    status.details.iter_mut().for_each(|details| details.causes.push(cause.clone()));
    status
}

/// What role-based access control answers.
pub(super) fn forbidden(
    user: &str,
    verb: &str,
    group: &str,
    resource: &str,
    namespace: Option<&str>,
    name: Option<&str>,
) -> Box<Status> {
    let plural = resource.split('/').next().unwrap_or_default();
    let subject = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
    let named = name.map(|name| format!(" {name:?}")).unwrap_or_default();
    let scope = match namespace {
        Some(namespace) => format!("in the namespace {namespace:?}"),
        None => "at the cluster scope".to_owned(),
    };
    let message = format!(
        "{subject}{named} is forbidden: User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {scope}"
    );
    failure(403, "Forbidden", message).with_details(details(name.unwrap_or_default(), group, plural)).boxed()
}

pub(super) fn too_large_version(asked: u64, current: u64) -> Box<Status> {
    let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
    let mut details = details("", "", "");
    details.retry_after_seconds = 1;
    details.causes.push(StatusCause {
        reason: "ResourceVersionTooLarge".to_owned(),
        message: "Too large resource version".to_owned(),
        field: String::new(),
    });
    failure(504, "Timeout", message).with_details(details).boxed()
}

pub(super) fn expired(message: impl Into<String>) -> Box<Status> {
    failure(410, "Expired", message)
}

/// 422 for an object of a kind.
pub(super) fn invalid(kind: &Kind, name: &str, flaws: Vec<Flaw>) -> Box<Status> {
    invalid_as(kind.inner_group(), &kind.kind, name, flaws)
}

/// 422 about something that calls itself `kind`, such as the options of a request.
pub(super) fn invalid_as(group: &str, kind: &str, name: &str, flaws: Vec<Flaw>) -> Box<Status> {
    let subject = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
    let problems = problems(&flaws);
    let mut details = details(name, group, kind);
    details.causes = flaws.into_iter().map(StatusCause::from).collect();
    failure(422, "Invalid", format!("{subject} {} is invalid: {problems}", quoted(name))).with_details(details).boxed()
}

/// The answer to a deletion that leaves nothing.
pub(super) fn deleted(kind: &Kind, name: &str, uid: &str) -> Value {
    let mut details = details(name, &kind.group, &kind.plural);
    details.uid = uid.to_owned();
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

/// The answer to an order that was carried out.
pub(super) fn done() -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})
}

/// A Status as it goes over the wire, kind and apiVersion included.
pub(super) fn value(status: &Status) -> Value {
    let mut value = serde_json::to_value(status).unwrap_or_default();
    value["kind"] = "Status".into();
    value["apiVersion"] = "v1".into();
    if value["metadata"].is_null() {
        value["metadata"] = json!({});
    }
    value
}

/// The bytes of a Status, in the server's order of fields and without a line end.
pub(super) fn text(status: &Status) -> Bytes {
    let value = value(status);
    super::text::ordered(&value, &["kind", "apiVersion", "metadata", "status", "message", "reason", "details", "code"])
}

/// What Go calls the type of a JSON value in its messages.
pub(super) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
