//! Routes: from a method and a path to what the server is asked to do.
//!
//! Not here: the parts of a path, which [`Request`] reads.

use kube::core::Status;
use serde_json::Value;

use super::{discovery, kinds::Kinds, requests::Request, state::Target, status};

/// What a path leads to.
pub(super) enum Place {
    /// One of the documents in which the server describes itself.
    Document(Value),
    Resource(Target),
    /// Outside of the API, or in a group nobody serves.
    Nowhere,
}

/// What to do with a resource, and with which of its objects.
pub(super) enum Call<'r> {
    List,
    Watch,
    Create,
    DeleteCollection,
    Get(&'r str),
    Update(&'r str),
    Patch(&'r str),
    Delete(&'r str),
    /// Anything with a part of an object: its status, its scale.
    Part,
}

/// Where a request points.
pub(super) fn place(request: &Request, kinds: &Kinds) -> Result<Place, Box<Status>> {
    let Request { path, group, version, resource, .. } = request;
    if let Some(document) = resource.is_empty().then(|| discovery::document(kinds, request)).flatten() {
        return if request.verb == "get" { Ok(Place::Document(document)) } else { Err(status::method_not_allowed()) };
    }
    if !path.starts_with("/api/") && (group.is_empty() || !kinds.has_group(group)) {
        return Ok(Place::Nowhere);
    }
    let kind = kinds.served(group, version, resource).ok_or_else(status::unknown_resource)?.clone();
    let namespace = request.namespace.clone().unwrap_or_default();
    if !kind.namespaced && !namespace.is_empty() {
        return Err(status::unknown_resource());
    }
    Ok(Place::Resource(Target { kind, version: version.clone(), namespace }))
}

/// What a request wants there.
pub(super) fn call<'r>(request: &'r Request, target: &Target) -> Result<Call<'r>, Box<Status>> {
    let in_namespace = !target.namespace.is_empty();
    let Some(name) = request.name.as_deref() else {
        return match request.verb.as_str() {
            "list" => Ok(Call::List),
            "watch" => Ok(Call::Watch),
            "create" if in_namespace == target.kind.namespaced => Ok(Call::Create),
            "deletecollection" if target.kind.verbs().contains(&"deletecollection") => Ok(Call::DeleteCollection),
            _ => Err(status::method_not_allowed()),
        };
    };
    if request.subresource.is_some() {
        return Ok(Call::Part);
    }
    if target.kind.namespaced && !in_namespace {
        return Err(status::unknown_resource());
    }
    match request.verb.as_str() {
        "get" => Ok(Call::Get(name)),
        "update" => Ok(Call::Update(name)),
        "patch" => Ok(Call::Patch(name)),
        "delete" => Ok(Call::Delete(name)),
        _ => Err(status::method_not_allowed()),
    }
}
