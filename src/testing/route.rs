//! Routes: from a method and a path to what the server is asked to do.
//!
//! Not here: the parts of a path, which [`Request`] reads.

use kube::core::Status;

use super::{
    accept::Accept,
    discovery::Page,
    kinds::{Connection, Kinds, NamedCall, Part, Rules},
    requests::Request,
    state::Target,
    status,
};

/// What a path leads to.
pub(super) enum Place {
    /// One of the pages on which the server describes itself.
    Page(Page),
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
    Get(&'r str, Option<Part>),
    Update(&'r str, Option<Part>),
    Patch(&'r str, Option<Part>),
    Delete(&'r str),
    /// Asks something of an object, or of the server.
    Ask(Option<(&'r str, NamedCall)>),
    /// Wants to speak to the node of a pod, or to what is behind a Service.
    Connect(&'r str, Connection),
    /// Reads what the server finds out when it is asked: all of it, or one.
    Report(Option<&'r str>),
}

/// Where a request points.
pub(super) fn place(request: &Request, kinds: &Kinds, accept: &Accept) -> Result<Place, Box<Status>> {
    let Request { path, group, version, resource, .. } = request;
    if let Some(page) = resource.is_empty().then(|| Page::at(kinds, request, accept)).flatten() {
        return Ok(Place::Page(page));
    }
    if path.starts_with("/version/") {
        return Err(status::unknown_resource());
    }
    if !path.starts_with("/api/") && (group.is_empty() || !kinds.has_group(group)) {
        return Ok(Place::Nowhere);
    }
    let Some(kind) = kinds.served(group, version, resource).cloned() else {
        // Of a group that only definitions make, nothing is known but their kinds.
        let known = kinds.has_built_in(group);
        return if known { Err(status::unknown_resource()) } else { Ok(Place::Nowhere) };
    };
    let namespace = request.namespace.clone().unwrap_or_default();
    if kind.custom {
        let of_all = kind.namespaced && ["list", "watch"].contains(&request.verb.as_str());
        if kind.namespaced == namespace.is_empty() && !of_all {
            return Ok(Place::Nowhere);
        }
    } else if !kind.namespaced && request.namespace.is_some() {
        return Err(status::unknown_resource());
    }
    Ok(Place::Resource(Target { kind, version: version.clone(), namespace }))
}

/// What a request wants there.
pub(super) fn call<'r>(request: &'r Request, target: &Target) -> Result<Call<'r>, Box<Status>> {
    let in_namespace = !target.namespace.is_empty();
    if target.kind.rules.contain(Rules::IS_CALL) {
        let found = request.name.is_none() && in_namespace == target.kind.namespaced;
        return match request.verb.as_str() {
            _ if !found => Err(status::unknown_resource()),
            "create" => Ok(Call::Ask(None)),
            _ => Err(status::method_not_allowed()),
        };
    }
    if target.kind.rules.contain(Rules::IS_REPORT) {
        return match request.verb.as_str() {
            _ if request.subresource.is_some() => Err(status::unknown_resource()),
            "list" | "watch" | "get" => Ok(Call::Report(request.name.as_deref())),
            _ => Err(status::method_not_allowed()),
        };
    }
    // Where there are only definitions nobody looks at the name.
    let creates = request.verb == "create" && request.subresource.is_none();
    let Some(name) = request.name.as_deref().filter(|_| !(target.kind.custom && creates)) else {
        return match request.verb.as_str() {
            "list" => Ok(Call::List),
            "watch" => Ok(Call::Watch),
            "create" if in_namespace == target.kind.namespaced => Ok(Call::Create),
            "deletecollection" if deletes_collection(request, target) => Ok(Call::DeleteCollection),
            "update" | "patch" if target.kind.custom => Err(status::bad_request("name must be provided")),
            _ => Err(not_allowed(request, target)),
        };
    };
    if target.kind.namespaced && !in_namespace {
        return Err(status::unknown_resource());
    }
    let part = match &request.subresource {
        None => None,
        Some(name) => {
            let part = target.kind.version(&target.version).and_then(|version| version.part(name));
            let missing = || match target.kind.custom {
                true => status::not_found(&target.kind, request.name.as_deref().unwrap_or_default()),
                false => status::unknown_resource(),
            };
            let part = part.ok_or_else(missing)?.clone();
            if !part.verbs().contains(&request.verb.as_str()) {
                return Err(not_allowed(request, target));
            }
            Some(part)
        }
    };
    match part {
        Some(Part::Call(call)) => return Ok(Call::Ask(Some((name, call)))),
        Some(Part::Node(connection)) => return Ok(Call::Connect(name, connection)),
        _ => {}
    }
    match request.verb.as_str() {
        "get" => Ok(Call::Get(name, part)),
        "watch" => Ok(Call::Watch),
        "update" => Ok(Call::Update(name, part)),
        "patch" => Ok(Call::Patch(name, part)),
        "delete" => Ok(Call::Delete(name)),
        _ => Err(not_allowed(request, target)),
    }
}

/// The refusal of a method, which custom kinds say in words of their own.
fn not_allowed(request: &Request, Target { kind, .. }: &Target) -> Box<Status> {
    if kind.custom { status::method_not_supported(kind, &request.verb) } else { status::method_not_allowed() }
}

/// Whether all objects there can be deleted at once: in one namespace they can be, in all they cannot.
fn deletes_collection(request: &Request, Target { kind, .. }: &Target) -> bool {
    kind.verbs().contains(&"deletecollection") && kind.namespaced == request.namespace.is_some()
}
