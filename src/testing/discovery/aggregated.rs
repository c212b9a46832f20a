//! Discovery in two documents: all resources of the core group, and of all the others.
//!
//! Not here: the form of the beta (`v2beta1`), which servers of this version no longer have.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use serde_json::{Value, json};

use super::{
    super::{
        accept::Encoding,
        answer,
        body::Body,
        kinds::{Kind, Kinds, Version},
    },
    group_versions, name_otherwise,
};

pub(super) fn core(kinds: &Kinds) -> Value {
    list(vec![group(kinds, "", json!({}))])
}

pub(super) fn groups(kinds: &Kinds) -> Value {
    let groups = super::groups(kinds);
    list(groups.iter().map(|name| group(kinds, name, json!({"name": name}))).collect())
}

fn list(groups: Vec<Value>) -> Value {
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": groups,
    })
}

fn group(kinds: &Kinds, group: &str, metadata: Value) -> Value {
    let versions = group_versions(kinds, group).into_iter().map(|name| {
        let served = kinds.iter().filter(|kind| kind.group == group);
        let served = served.filter_map(|kind| Some(resource(kind, kind.version(name)?)));
        json!({"version": name, "resources": served.collect::<Vec<_>>(), "freshness": "Current"})
    });
    json!({"metadata": metadata, "versions": versions.collect::<Vec<_>>()})
}

fn resource(kind: &Kind, version: &Version) -> Value {
    // Built-in kinds are answered in their own group and version, and it is not said again.
    let own = |kind: &Kind| {
        let (group, version) = if kind.custom { (kind.group.as_str(), version.name.as_str()) } else { ("", "") };
        json!({"group": group, "version": version, "kind": kind.kind})
    };
    let mut resource = json!({
        "resource": kind.plural,
        "responseKind": own(kind),
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular,
        "verbs": kind.verbs(),
    });
    name_otherwise(&mut resource, kind);
    let parts = version.parts.iter().map(|part| {
        let answered = match part.answered(&kind.kind) {
            Some((group, version, kind)) => json!({"group": group, "version": version, "kind": kind}),
            None => own(kind),
        };
        json!({"subresource": part.name(), "responseKind": answered, "verbs": part.verbs()})
    });
    let parts: Vec<_> = parts.collect();
    if !parts.is_empty() {
        resource["subresources"] = parts.into();
    }
    resource
}

/// The answer, or that it is the one the client has.
pub(super) fn response(document: &Bytes, encoding: Encoding, headers: &HeaderMap) -> Response<Body> {
    let mut hasher = DefaultHasher::new();
    document.hash(&mut hasher);
    let tag = format!("\"{:016X}\"", hasher.finish());
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        answer::bare(304)
    } else {
        let media_type = match encoding {
            Encoding::Yaml => "application/yaml;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            Encoding::Json | Encoding::Indented => {
                "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
            }
        };
        answer::response(200, media_type, Body::full(encoding.encode(document)))
    };
    let headers = response.headers_mut();
    headers.extend(HeaderValue::try_from(tag).map(|tag| (header::ETAG, tag)).ok());
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public"));
    response
}
