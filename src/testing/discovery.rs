//! What the server says of itself: groups, versions, resources, its own version and health.

mod aggregated;
mod health;
mod open_api;
mod open_api_v2;

use std::cmp::Reverse;

use http::{HeaderMap, Response};
use kube::core::Status;
use serde_json::{Value, json};

use super::{
    accept::{Accept, Encoding},
    answer::{self, Answer},
    body::Body,
    kinds::{Kind, Kinds, Version, priority},
    requests::Request,
    status, text,
};

/// A page of what the server says of itself.
pub(super) enum Page {
    /// A document in whatever encoding the client wants.
    Document(Value),
    /// Many documents in one.
    Aggregated(Value, Encoding),
    /// A document that is always indented JSON.
    Indented(Value),
    /// What the checks of the server's health say.
    Health(String),
    OpenApi(open_api::Page),
    OpenApiV2,
    /// One that is asked to do more than to be read.
    ReadOnly,
}

impl Page {
    /// The page at a path; nothing where there is none.
    pub(super) fn at(kinds: &Kinds, request: &Request, accept: &Accept) -> Option<Self> {
        let path = request.path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let aggregated = |groups: fn(&Kinds) -> Value| Some(Page::Aggregated(groups(kinds), accept.aggregated()?));
        match path.split('/').collect::<Vec<_>>()[..] {
            [""] if request.path == "/" => Some(Page::Indented(json!({"paths": paths(kinds)}))),
            ["openapi", "v2"] if request.path == open_api_v2::PATH => Some(Page::OpenApiV2),
            ["openapi", "v3", ..] => {
                let path = path.trim_start_matches("openapi/v3").trim_start_matches('/');
                Some(Page::OpenApi(open_api::Page::at(kinds, path)))
            }
            _ if request.verb != "get" && is_read_only(kinds, path) => Some(Page::ReadOnly),
            ["version"] => Some(Page::Indented(version())),
            ["healthz" | "livez" | "readyz", ..] => Some(Page::Health(health::report(path, request)?)),
            ["api"] => aggregated(aggregated::core).or_else(|| Some(Page::Document(versions()))),
            ["apis"] => aggregated(aggregated::groups).or_else(|| Some(Page::Document(all_groups(kinds)))),
            ["api", version] => resources(kinds, "", version).map(Page::Document),
            ["apis", group] if kinds.has_group(group) && !group.is_empty() => {
                let mut document = group_of(kinds, group);
                document["kind"] = "APIGroup".into();
                document["apiVersion"] = "v1".into();
                Some(Page::Document(document))
            }
            ["apis", group, version] => resources(kinds, group, version).map(Page::Document),
            _ => None,
        }
    }

    pub(super) fn response(
        self,
        request: &Request,
        headers: &HeaderMap,
        accept: &Accept,
    ) -> Result<Response<Body>, Box<Status>> {
        Ok(match self {
            Page::Document(document) => Answer::Json(200, printed(&document)).into_response(accept.document()?),
            Page::Aggregated(document, encoding) => aggregated::response(&printed(&document), encoding, headers),
            Page::Indented(document) => {
                accept.json_only()?;
                Answer::Json(200, document.to_string().into()).into_response(Encoding::Indented)
            }
            // One check of several says less of itself.
            Page::Health(report) if request.path.trim_matches('/').contains('/') => {
                answer::response(200, answer::PLAIN, Body::full(report))
            }
            Page::Health(report) => answer::plain(200, &report),
            Page::OpenApiV2 => open_api_v2::response(accept),
            Page::OpenApi(page) => return page.response(request, headers, accept),
            Page::ReadOnly => return Err(status::method_not_allowed()),
        })
    }
}

/// Some pages look at the method; the others answer whatever it is.
fn is_read_only(kinds: &Kinds, path: &str) -> bool {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["version" | "api"] | ["api", CORE] => true,
        ["apis", group, version] => {
            kinds.iter().any(|kind| kind.group == group && !kind.custom && kind.version(version).is_some())
        }
        _ => false,
    }
}

fn printed(document: &Value) -> bytes::Bytes {
    text::ordered(document, &["kind", "apiVersion", "metadata", "name", "groupVersion"])
}

fn versions() -> Value {
    json!({
        "kind": "APIVersions",
        "versions": [CORE],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443"}],
    })
}

/// The only version of the group without a name.
const CORE: &str = "v1";

fn all_groups(kinds: &Kinds) -> Value {
    let groups: Vec<_> = groups(kinds).iter().map(|group| group_of(kinds, group)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// All paths there are, apart from those of resources.
fn paths(kinds: &Kinds) -> Vec<String> {
    let mut paths: Vec<_> =
        ["/api", "/api/v1", "/apis", "/apis/", open_api_v2::PATH, "/openapi/v3", "/openapi/v3/", "/version"]
            .map(str::to_owned)
            .into();
    for group in groups(kinds) {
        paths.extend(group_versions(kinds, &group).iter().map(|version| format!("/apis/{group}/{version}")));
        paths.push(format!("/apis/{group}"));
    }
    paths.extend(health::paths());
    paths.sort();
    paths
}

fn groups(kinds: &Kinds) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for kind in kinds.iter().filter(|kind| !kind.group.is_empty()) {
        if !groups.contains(&kind.group) {
            groups.push(kind.group.clone());
        }
    }
    groups
}

/// The versions of a group, the preferred one first.
fn group_versions<'k>(kinds: &'k Kinds, group: &str) -> Vec<&'k str> {
    let mut versions: Vec<&str> = Vec::new();
    for version in kinds.iter().filter(|kind| kind.group == group).flat_map(|kind| &kind.versions) {
        if !versions.contains(&version.name.as_str()) {
            versions.push(&version.name);
        }
    }
    versions.sort_by_key(|version| Reverse(priority(version)));
    versions
}

fn group_of(kinds: &Kinds, group: &str) -> Value {
    let versions = group_versions(kinds, group);
    let named = |version: &&str| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({
        "name": group,
        "versions": versions.iter().map(named).collect::<Vec<_>>(),
        "preferredVersion": versions.first().map(named),
    })
}

fn resources(kinds: &Kinds, group: &str, version: &str) -> Option<Value> {
    let served = kinds.iter().filter(|kind| kind.group == group);
    let served = served.filter_map(|kind| Some((kind, kind.version(version)?)));
    let resources: Vec<_> =
        served.flat_map(|(kind, version)| std::iter::once(whole(kind)).chain(parts(kind, version))).collect();
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    (!resources.is_empty()).then(|| {
        let mut list = json!({"kind": "APIResourceList", "groupVersion": group_version, "resources": resources});
        if !group.is_empty() {
            list["apiVersion"] = "v1".into();
        }
        list
    })
}

fn whole(kind: &Kind) -> Value {
    let mut resource = json!({
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": kind.verbs(),
    });
    name_otherwise(&mut resource, kind);
    resource
}

/// The short names of a kind, and the groups of kinds it is in.
fn name_otherwise(resource: &mut Value, kind: &Kind) {
    for (name, words) in [("shortNames", &kind.short), ("categories", &kind.categories)] {
        if !words.is_empty() {
            resource[name] = words.clone().into();
        }
    }
}

fn parts(kind: &Kind, version: &Version) -> impl Iterator<Item = Value> {
    version.parts.iter().map(|part| {
        let mut resource = json!({
            "name": format!("{}/{}", kind.plural, part.name()),
            "singularName": "",
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": part.verbs(),
        });
        if let Some((group, version, answered)) = part.answered(&kind.kind) {
            resource["kind"] = answered.into();
            if !version.is_empty() {
                resource["group"] = group.into();
                resource["version"] = version.into();
            }
        }
        resource
    })
}

fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "emulationMajor": "1",
        "emulationMinor": "36",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35",
        "gitVersion": "v1.36.3",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}
