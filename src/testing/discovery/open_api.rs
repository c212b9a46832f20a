//! OpenAPI v3: one document for each group version, and the index of them.
//!
//! A document has what clients use: the schemas of kinds, and for each path its operations and their parameters. Not
//! here: descriptions, paths of subresources, and OpenAPI v2.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{
    super::{
        accept::Accept,
        answer,
        body::Body,
        kinds::{Kind, Kinds, Rules, Version},
        requests::Request,
        shape::{Shapes, reference},
    },
    group_versions, groups,
};

/// What there is at a path of OpenAPI.
pub(in super::super) enum Page {
    /// The list of all documents.
    Index(Value),
    Document {
        path: String,
        document: Value,
        tag: String,
    },
    /// Nothing, in so many words.
    Nothing,
}

impl Page {
    /// `path` is what follows `/openapi/v3`.
    pub(super) fn at(kinds: &Kinds, path: &str) -> Self {
        if path.is_empty() {
            let mut paths = Map::new();
            let core = [(String::new(), "v1")].into_iter();
            let groups = groups(kinds);
            let others = groups
                .iter()
                .flat_map(|group| group_versions(kinds, group).into_iter().map(|version| (group.clone(), version)));
            for (group, version) in core.chain(others) {
                let name = place(&group, version);
                let tag = tag(&served(kinds, &group, version));
                paths.insert(name.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{name}?hash={tag}")}));
            }
            return Page::Index(json!({"paths": paths}));
        }
        let (group, version) = match path.split('/').collect::<Vec<_>>()[..] {
            ["api", version] => ("", version),
            ["apis", group, version] if !group.is_empty() => (group, version),
            _ => return Page::Nothing,
        };
        match &served(kinds, group, version)[..] {
            [] => Page::Nothing,
            served => Page::Document { path: path.to_owned(), document: document(served), tag: tag(served) },
        }
    }

    pub(super) fn response(
        self,
        request: &Request,
        headers: &HeaderMap,
        accept: &Accept,
    ) -> Result<Response<Body>, Box<Status>> {
        let (path, document, tag) = match self {
            Page::Nothing => return Ok(answer::bare(404)),
            Page::Index(index) => {
                let text = Bytes::from(index.to_string());
                return Ok(answer::response(200, "text/plain; charset=utf-8", Body::full(text)));
            }
            Page::Document { path, document, tag } => (path, document, tag),
        };
        accept.json_only()?;
        let quoted = format!("\"{tag}\"");
        let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == quoted.as_bytes());
        let asked = request.param("hash").filter(|hash| !hash.is_empty());
        let mut response = match asked {
            Some(hash) if hash != tag => answer::bare(301),
            _ if known => answer::bare(304),
            _ => answer::response(200, "application/json", Body::full(document.to_string())),
        };
        let headers = response.headers_mut();
        let value = |text: String| HeaderValue::try_from(text).ok();
        match asked {
            Some(hash) if hash != tag => {
                let there = value(format!("/openapi/v3/{path}?hash={tag}"));
                headers.extend(there.map(|there| (header::LOCATION, there)));
            }
            // Under this address it will never be anything else.
            Some(_) => drop(headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, immutable"))),
            None => {}
        }
        headers.extend(value(quoted).map(|tag| (header::ETAG, tag)));
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        Ok(response)
    }
}

/// A kind as one of its versions serves it.
type Served<'k> = (&'k Kind, &'k Version);

fn served<'k>(kinds: &'k Kinds, group: &str, version: &str) -> Vec<Served<'k>> {
    let kinds = kinds.iter().filter(|kind| kind.group == group);
    kinds.filter_map(|kind| Some((&**kind, kind.version(version)?))).collect()
}

fn place(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

/// A word that differs where documents do.
fn tag(served: &[Served<'_>]) -> String {
    let mut hasher = DefaultHasher::new();
    for (kind, version) in served {
        (&kind.kind, &kind.list, &kind.plural, kind.namespaced, &version.name).hash(&mut hasher);
        version.schema.as_ref().map(|schema| schema.document().to_string()).hash(&mut hasher);
    }
    format!("{:016X}", hasher.finish())
}

fn document(served: &[Served<'_>]) -> Value {
    let mut paths = Map::new();
    for (kind, version) in served {
        let base = format!("/{}", place(&kind.group, &version.name));
        let base = if kind.namespaced { format!("{base}/namespaces/{{namespace}}") } else { base };
        let collection = format!("{base}/{}", kind.plural);
        let operations = |actions: &[(&str, &str, &[&str])]| -> Map<String, Value> {
            let known = |action: &str| {
                let verb = match action {
                    "put" => "update",
                    "post" => "create",
                    action => action,
                };
                kind.verbs().contains(&verb)
            };
            let all = actions.iter().filter(|(_, action, _)| known(action)).map(|(method, action, parameters)| {
                ((*method).to_owned(), operation(kind, version, action, parameters))
            });
            all.collect()
        };
        let one = [
            ("get", "get", &[][..]),
            ("put", "put", &["dryRun", "fieldManager", "fieldValidation"]),
            ("patch", "patch", &["dryRun", "fieldManager", "fieldValidation", "force"]),
            ("delete", "delete", &["dryRun", "gracePeriodSeconds", "propagationPolicy"]),
        ];
        let all = [
            ("get", "list", &["labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "watch"][..]),
            ("post", "post", &["dryRun", "fieldManager", "fieldValidation"]),
        ];
        let paths_of = [(format!("{collection}/{{name}}"), operations(&one)), (collection, operations(&all))];
        let served = paths_of.into_iter().filter(|(_, operations)| !operations.is_empty());
        paths.extend(served.map(|(path, operations)| (path, operations.into())));
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "1.36"},
        "paths": paths,
        "components": {"schemas": schemas(served)},
    })
}

fn operation(kind: &Kind, version: &Version, action: &str, parameters: &[&str]) -> Value {
    let parameters = parameters.iter().map(|name| {
        let ty = match *name {
            "force" | "watch" => "boolean",
            "limit" | "gracePeriodSeconds" => "integer",
            _ => "string",
        };
        json!({"name": name, "in": "query", "schema": {"type": ty, "uniqueItems": true}})
    });
    json!({
        "parameters": parameters.collect::<Vec<_>>(),
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": meaning(kind, version, &kind.kind),
    })
}

fn meaning(kind: &Kind, version: &Version, name: &str) -> Value {
    json!({"group": kind.group, "version": version.name, "kind": name})
}

fn schemas(served: &[Served<'_>]) -> BTreeMap<String, Value> {
    let shapes = Shapes::built_in();
    let names = |kind: &Kind, version: &Version| match &version.schema {
        Some(_) => format!("{}.{}.{}", reversed(&kind.group), version.name, kind.kind),
        None => shapes.name_of(&kind.api_version(&version.name), &kind.kind),
    };
    let built_in = served.iter().filter(|(_, version)| version.schema.is_none());
    let roots = built_in.map(|(kind, version)| names(kind, version));
    let mut schemas = shapes.open_api(roots.chain(["ListMeta", "ObjectMeta"].map(str::to_owned)));
    for (kind, version) in served {
        let name = names(kind, version);
        if let Some(schema) = &version.schema {
            schemas.insert(name.clone(), custom(schema.document()));
        }
        if let Some(schema) = schemas.get_mut(&name) {
            schema["x-kubernetes-group-version-kind"] = json!([meaning(kind, version, &kind.kind)]);
        }
        if kind.rules.contain(Rules::IS_CALL) {
            continue;
        }
        let list = json!({
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"type": "string"},
                "items": {"type": "array", "items": reference(&name)},
                "kind": {"type": "string"},
                "metadata": reference("ListMeta"),
            },
            "x-kubernetes-group-version-kind": [meaning(kind, version, &kind.list)],
        });
        schemas.insert(format!("{name}List"), list);
    }
    schemas
}

/// The schema of a definition, with what all objects have.
fn custom(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    schema["properties"]["apiVersion"] = json!({"type": "string"});
    schema["properties"]["kind"] = json!({"type": "string"});
    schema["properties"]["metadata"] = json!({"allOf": [reference("ObjectMeta")]});
    schema
}

/// `com.example` of `example.com`.
fn reversed(group: &str) -> String {
    group.rsplit('.').collect::<Vec<_>>().join(".")
}
