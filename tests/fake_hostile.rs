//! What nobody should send: requests that chance has made of sensible ones, and what must hold whatever is sent.
//!
//! A few rounds as a test; `FUZZ_SECONDS=600` goes on for so long, `SEED=...` repeats a run, and `FUZZ_LOG=file` writes each
//! request down before it is sent.

use std::{
    collections::BTreeMap,
    fs,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::FutureExt;
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use kube_indexed_store::testing::{
    FakeCluster,
    objects::{config_map, definition, object},
};
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use tower::Service;

mod support;

use support::random::Random;

/// Texts for every place that has one.
const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "web",
    "default",
    "shop",
    "kube-system",
    "v1",
    "true",
    "null",
    "0",
    "-1",
    "1e309",
    "100Mi",
    "1.5",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "0x7f",
    "10.0.0.1",
    "10.0.0.300",
    "::1",
    "fd00::/129",
    "10.0.0.0/33",
    "2026-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:60.999999999+99:99",
    "-999999999999h",
    "P1Y",
    "example.org/a",
    "/",
    "..",
    "a/b",
    "é",
    "😀",
    "a\u{301}\u{202e}",
    "\u{0}",
    "\u{7f}\r\n",
    "\u{ffff}",
    "a=b,c!=d",
    "a in (b",
    "!",
    "f:a",
    "k:{}",
    "v:1",
    "i:-1",
    ".",
    "~1~0~2",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ",
    "AAAA",
    "AAA=",
    "(a{1000}){1000}",
    "(?:",
    "^[a-z]+$",
    "Foreground",
    "Orphan",
    "ClusterIP",
    "None",
    "IfNotPresent",
    "TCP",
    "Always",
    "kubernetes",
    "foregroundDeletion",
    "orphan",
    "apps/v1",
    "ConfigMap",
    "Widget",
    "example.org/v1",
    "{.spec.a[?(@.b==1)]}",
    ".spec[0]..a",
    "[0]",
    "%zz",
    "\"",
    "'",
    "---",
    "&a [*a]",
];
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "-0",
    "0.5",
    "1e3",
    "1e308",
    "-1e308",
    "5e-324",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "-2147483649",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "30000",
    "80",
];
const PARAMETERS: &[&str] = &[
    "limit",
    "continue",
    "labelSelector",
    "fieldSelector",
    "resourceVersion",
    "resourceVersionMatch",
    "watch",
    "allowWatchBookmarks",
    "sendInitialEvents",
    "timeoutSeconds",
    "dryRun",
    "fieldManager",
    "fieldValidation",
    "force",
    "gracePeriodSeconds",
    "propagationPolicy",
    "orphanDependents",
    "pretty",
    "includeObject",
    "hash",
];
const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "2",
    "5",
    "true",
    "false",
    "All",
    "Strict",
    "Warn",
    "Ignore",
    "NotOlderThan",
    "Exact",
    "Foreground",
    "Orphan",
    "Metadata",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "metadata.name%3Da",
    "a%3Db",
    "a+in+(b,c)",
    "%F0%9F%98%80",
    "%ff%00",
    "%+1",
    "eyJydiI6MSwic3RhcnQiOiJhIn0",
    "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTAsInN0YXJ0IjoiYVx1MDAwMCJ9",
];
const CONTENT_TYPES: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/apply-patch+cbor",
    "text/plain",
    ";",
    "",
];
const ACCEPTS: &[&str] = &[
    "application/json",
    "*/*",
    "application/yaml",
    "application/json;as=Table;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    "application/vnd.kubernetes.protobuf",
    "a;q=NaN,*/*;q=1e999",
    ",;=",
];

/// One served kind: where it is, and the schema of its objects.
#[derive(Clone)]
struct Kind {
    api_version: String,
    kind: String,
    plural: String,
    namespaced: bool,
    stored: bool,
}

struct Answer {
    /// Whether it is one to a HEAD, which has no body.
    head: bool,
    code: u16,
    body: Vec<u8>,
    media_type: String,
}

async fn send(cluster: &FakeCluster, request: Request<Vec<u8>>) -> Answer {
    let head = request.method() == Method::HEAD;
    let watches = request.uri().query().is_some_and(|query| query.contains("watch="));
    let response = cluster.clone().call(request.map(|body| Full::new(Bytes::from(body)))).await.expect("an answer");
    let code = response.status().as_u16();
    let media_type = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    assert!(
        response.headers().get_all("warning").iter().count() < 100,
        "a client reads no more than a hundred headers"
    );
    let mut body = Vec::new();
    let mut frames = response.into_body();
    let mut most = 20;
    while let Ok(Some(frame)) = timeout(Duration::from_secs(1), frames.frame()).await {
        body.extend(frame.expect("no fault").into_data().expect("data"));
        most -= usize::from(watches);
        if most == 0 {
            break;
        }
    }
    Answer { head, code, body, media_type: media_type.unwrap_or_default() }
}

async fn get(cluster: &FakeCluster, path: &str) -> Value {
    let answer = send(cluster, Request::get(path).body(Vec::new()).unwrap()).await;
    if answer.code == 404 {
        return Value::Null;
    }
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{path}: {} {error}", answer.code))
}

/// Everything that is served, and the schemas of it by API version and kind.
async fn served(cluster: &FakeCluster) -> (Vec<Kind>, BTreeMap<(String, String), Value>, Map<String, Value>) {
    let mut kinds = Vec::new();
    let (mut schemas, mut components) = (BTreeMap::new(), Map::new());
    let mut versions = vec!["v1".to_owned()];
    for group in get(cluster, "/apis").await["groups"].as_array().unwrap() {
        let served = group["versions"].as_array().unwrap();
        versions.extend(served.iter().map(|version| version["groupVersion"].as_str().unwrap().to_owned()));
    }
    for version in versions {
        let base = if version == "v1" { "api/v1".to_owned() } else { format!("apis/{version}") };
        for resource in get(cluster, &format!("/{base}")).await["resources"].as_array().unwrap() {
            let text = |field: &str| resource[field].as_str().unwrap().to_owned();
            if !text("name").contains('/') {
                let namespaced = resource["namespaced"] == true;
                // What cannot be watched is not stored.
                let stored = resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&json!("watch")));
                let (kind, plural) = (text("kind"), text("name"));
                kinds.push(Kind { api_version: version.clone(), kind, plural, namespaced, stored });
            }
        }
        let document = get(cluster, &format!("/openapi/v3/{base}")).await;
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            for known in schema["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
                let key = (version.clone(), known["kind"].as_str().unwrap().to_owned());
                schemas.insert(key, schema.clone());
            }
            components.insert(name.clone(), schema.clone());
        }
    }
    (kinds, schemas, components)
}

struct Hostile {
    random: Random,
    kinds: Vec<Kind>,
    schemas: BTreeMap<(String, String), Value>,
    components: Map<String, Value>,
}

impl Hostile {
    fn text(&mut self) -> Value {
        self.random.pick(TEXTS).into()
    }

    fn number(&mut self) -> Value {
        serde_json::from_str(self.random.pick(NUMBERS)).unwrap()
    }

    /// Any value at all.
    fn anything(&mut self, depth: usize) -> Value {
        match self.random.below(if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => self.random.percent(50).into(),
            2 => self.number(),
            3 | 4 => self.text(),
            5 => (0..self.random.below(4)).map(|_| self.anything(depth - 1)).collect(),
            6 => (0..self.random.below(60)).fold(Value::Null, |inner, _| {
                if self.random.percent(50) { json!([inner]) } else { json!({"a": inner}) }
            }),
            _ => (0..self.random.below(4))
                .map(|_| (self.random.pick(TEXTS).to_owned(), self.anything(depth - 1)))
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    /// A value of a schema, more or less.
    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if self.random.percent(2) {
            return self.anything(3);
        }
        if depth == 0 {
            return Value::Null;
        }
        let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
        if let Some(schema) = reference.and_then(|path| self.components.get(path.rsplit('/').next()?)).cloned() {
            return self.value(&schema, depth);
        }
        match schema["type"].as_str() {
            Some("object") => {
                let mut object = Map::new();
                for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                    if self.random.percent(40) {
                        object.insert(name.clone(), self.value(schema, depth - 1));
                    }
                }
                if let Some(entries) = schema.get("additionalProperties") {
                    for _ in 0..self.random.below(3) {
                        object.insert(self.random.pick(TEXTS).to_owned(), self.value(entries, depth - 1));
                    }
                }
                object.into()
            }
            Some("array") => (0..self.random.below(4)).map(|_| self.value(&schema["items"], depth - 1)).collect(),
            Some("integer" | "number") => self.number(),
            Some("boolean") => self.random.percent(50).into(),
            Some("string") => self.text(),
            _ => self.anything(3),
        }
    }

    fn object(&mut self, kind: &Kind) -> Value {
        let schema = self.schemas.get(&(kind.api_version.clone(), kind.kind.clone())).cloned().unwrap_or_default();
        let mut object = self.value(&schema, 12);
        if let Some(fields) = object.as_object_mut().filter(|_| self.random.percent(95)) {
            fields.insert("apiVersion".to_owned(), kind.api_version.clone().into());
            fields.insert("kind".to_owned(), kind.kind.clone().into());
            let metadata = fields.entry("metadata").or_insert(Value::Null);
            if !metadata.is_object() || self.random.percent(70) {
                *metadata = json!({"name": self.random.name()});
            }
        }
        object
    }

    /// The same with some other values, here and there.
    fn mutate(&mut self, value: &mut Value, chance: usize) {
        if self.random.below(1000) < chance {
            *value = self.anything(3);
            return;
        }
        match value {
            Value::Object(fields) => {
                fields.values_mut().for_each(|field| self.mutate(field, chance));
                if self.random.below(1000) < chance {
                    fields.insert(self.random.pick(TEXTS).to_owned(), self.anything(2));
                }
            }
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.mutate(item, chance));
                if self.random.below(1000) < chance {
                    let copy = items.first().cloned();
                    items.extend(copy);
                }
            }
            _ => {}
        }
    }

    /// A pointer to somewhere in a value, or nearly.
    fn pointer(&mut self, mut value: &Value) -> String {
        let mut path = String::new();
        while self.random.percent(80) {
            let step = match value {
                Value::Object(fields) if !fields.is_empty() => {
                    let at = self.random.below(fields.len());
                    fields.keys().nth(at).unwrap().clone()
                }
                Value::Array(items) if !items.is_empty() => self.random.below(items.len()).to_string(),
                _ => break,
            };
            path += &format!("/{}", step.replace('~', "~0").replace('/', "~1"));
            value = match value {
                Value::Object(fields) => &fields[&step],
                Value::Array(items) => &items[step.parse::<usize>().unwrap()],
                _ => break,
            };
        }
        if self.random.percent(20) {
            path += self.random.pick(&["/-", "/-1", "/01", "/99999999999999999999", "/a", "/~", "a", "/metadata"]);
        }
        path
    }

    fn json_patch(&mut self, live: &Value) -> Value {
        let operations = 1 + self.random.below(4);
        let made = (0..operations).map(|_| {
            let mut operation = json!({
                "op": self.random.pick(&["add", "remove", "replace", "move", "copy", "test", "ad"]),
                "path": self.pointer(live), "from": self.pointer(live), "value": self.anything(2),
            });
            self.mutate(&mut operation, 20);
            operation
        });
        made.collect()
    }

    /// A part of a live object, changed: what patches and configurations look like.
    fn part(&mut self, live: &Value, chance: usize) -> Value {
        match live {
            Value::Object(fields) => {
                let mut part = Map::new();
                for (name, field) in fields {
                    if self.random.percent(60) {
                        part.insert(
                            name.clone(),
                            if self.random.below(1000) < chance { self.anything(2) } else { self.part(field, chance) },
                        );
                    }
                }
                if self.random.percent(3) {
                    let directive = self.random.pick(&[
                        "$patch",
                        "$retainKeys",
                        "$setElementOrder/containers",
                        "$deleteFromPrimitiveList/finalizers",
                        "$setElementOrder/ports",
                    ]);
                    let value = if self.random.percent(50) {
                        self.random.pick(&["delete", "replace", "merge", "x"]).into()
                    } else {
                        self.anything(2)
                    };
                    part.insert(directive.to_owned(), value);
                }
                part.into()
            }
            Value::Array(items) => items.iter().filter(|_| true).map(|item| self.part(item, chance)).collect(),
            other => other.clone(),
        }
    }

    fn bytes(&mut self, value: &Value) -> Vec<u8> {
        let mut text = value.to_string().into_bytes();
        if self.random.percent(4) {
            for _ in 0..=self.random.below(4) {
                let at = self.random.below(text.len() + 1);
                let end = text.len().min(at + self.random.below(9));
                let piece = self.random.pick(&[
                    "", "{", "}", "[[[[", "\"a\":", ",", "\"", "\\u0000", "\\ud800", "é", "\n", "&a ", "*a", "1e999",
                    "- ",
                ]);
                text.splice(at..end, piece.bytes());
            }
        }
        if self.random.percent(1) {
            let deep = 100 + self.random.below(200_000);
            text = self.random.pick(&["[", "{\"a\":", "- ", "{", "&a [*a,", "? "]).repeat(deep).into_bytes();
        }
        text
    }

    fn request(&mut self, cluster: &FakeCluster) -> Request<Vec<u8>> {
        let at = self.random.below(self.kinds.len());
        // Kinds that much is said about are asked for more often.
        let dear = [
            "Pod",
            "Deployment",
            "Service",
            "Widget",
            "Gadget",
            "CustomResourceDefinition",
            "Namespace",
            "Ingress",
            "Job",
        ];
        let dear = self.random.percent(50).then(|| self.random.pick(&dear).to_owned());
        let kind =
            dear.and_then(|dear| self.kinds.iter().find(|kind| kind.kind == dear)).unwrap_or(&self.kinds[at]).clone();
        // The kind may be served no more.
        let mut objects = cluster.dump();
        objects.retain(|object| object["kind"] == kind.kind);
        let live = (!objects.is_empty()).then(|| objects[self.random.below(objects.len())].clone());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let namespace = match &live {
            Some(live) if self.random.percent(80) => text(&live["metadata"]["namespace"]),
            _ => self.random.pick(&["default", "shop", "kube-system", "none"]).to_owned(),
        };
        let mut path =
            if kind.api_version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{}", kind.api_version) };
        if kind.namespaced && self.random.percent(97) && !namespace.is_empty() {
            path += &format!("/namespaces/{namespace}");
        }
        path += &format!("/{}", kind.plural);
        let name = match &live {
            Some(live) if self.random.percent(80) => text(&live["metadata"]["name"]),
            _ => self.random.name(),
        };
        let live = live.unwrap_or_else(|| self.object(&kind));
        let (mut method, mut media_type) = ("GET", "application/json");
        let mut body = Vec::new();
        let named = |path: &mut String, random: &mut Random| {
            *path += &format!("/{name}");
            if random.percent(20) {
                *path += &format!("/{}", random.pick(&["status", "scale", "finalize", "log", "a/b"]));
            }
        };
        match self.random.below(20) {
            0 | 1 => {}
            2 => named(&mut path, &mut self.random),
            3..=7 => {
                method = "POST";
                let object = if self.random.percent(70) {
                    self.object(&kind)
                } else {
                    let mut object = if live.is_object() { live.clone() } else { json!({}) };
                    object["metadata"] = json!({"name": self.random.name()});
                    self.mutate(&mut object, 5);
                    object
                };
                body = self.bytes(&object);
            }
            8..=10 => {
                method = "PUT";
                named(&mut path, &mut self.random);
                let mut object = live.clone();
                self.mutate(&mut object, 10);
                body = self.bytes(&object);
            }
            11..=17 => {
                method = "PATCH";
                named(&mut path, &mut self.random);
                let patch = match self.random.below(4) {
                    0 => {
                        media_type = "application/json-patch+json";
                        self.json_patch(&live)
                    }
                    kind => {
                        media_type = CONTENT_TYPES[2 + kind];
                        let mut part = self.part(&live, 20);
                        if kind == 3 && part.is_object() {
                            part["apiVersion"] = live["apiVersion"].clone();
                            part["kind"] = live["kind"].clone();
                            part.get_mut("metadata")
                                .and_then(Value::as_object_mut)
                                .map(|metadata| metadata.remove("managedFields"));
                        }
                        part
                    }
                };
                body = self.bytes(&patch);
            }
            _ => {
                method = "DELETE";
                if self.random.percent(95) {
                    named(&mut path, &mut self.random);
                }
                if self.random.percent(50) {
                    let mut options = json!({"gracePeriodSeconds": self.number(), "propagationPolicy": "Foreground", "preconditions": {"uid": "a"}});
                    self.mutate(&mut options, 300);
                    body = self.bytes(&options);
                }
            }
        }
        if self.random.percent(2) {
            method = self.random.pick(&["OPTIONS", "HEAD", "TRACE", "CONNECT", "PURGE", "POST", "DELETE"]);
        }
        if self.random.percent(2) {
            path = self
                .random
                .pick(&[
                    "/",
                    "//",
                    "/api",
                    "/apis//",
                    "/api/v1/namespaces//pods",
                    "/version",
                    "/healthz/a",
                    "/readyz?verbose&exclude=a",
                    "/openapi/v3/api/v1",
                    "/openapi/v2",
                    "/apis/%2f/v1",
                    "/api/v1/%ff%00",
                    "/api/v1/namespaces/a%2Fb/pods/%2e%2e",
                    "/api/v1/watch/pods",
                    "*",
                ])
                .to_owned();
        }
        let mut separator = if path.contains('?') { '&' } else { '?' };
        for _ in 0..self.random.below(5) {
            let parameter = self.random.pick(PARAMETERS);
            if self.random.percent(60) {
                continue;
            }
            path += &format!("{separator}{parameter}={}", self.random.pick(VALUES));
            separator = '&';
        }
        if media_type == "application/apply-patch+yaml" && self.random.percent(90) {
            path +=
                &format!("{separator}fieldManager={}&force={}", self.random.pick(&["a", "b"]), self.random.percent(50));
        }
        if self.random.percent(3) {
            media_type = self.random.pick(CONTENT_TYPES);
        }
        let agents: [&[u8]; 5] = [b"a/1", b"", b"\xff\xfe", "é/😀".as_bytes(), b"Mozilla/5.0"];
        let agent = agents[self.random.below(5)];
        let path: String = path
            .chars()
            .flat_map(|c| {
                if c.is_ascii_graphic() && !"\"<>\\^`{|}#".contains(c) {
                    vec![c]
                } else {
                    format!("%{:02X}", c as u32 & 0xff).chars().collect()
                }
            })
            .collect();
        let mut request = Request::builder().method(method).uri(path).header("content-type", media_type);
        request = request.header("user-agent", HeaderValue::from_bytes(agent).unwrap());
        if self.random.percent(30) {
            request = request.header("accept", self.random.pick(ACCEPTS));
        }
        request.body(body).unwrap_or_else(|_| Request::new(Vec::new()))
    }
}

fn shown(request: &Request<Vec<u8>>) -> String {
    let body: String = String::from_utf8_lossy(request.body()).chars().take(4000).collect();
    format!("{} {}\n{:?}\n{body}\n", request.method(), request.uri(), request.headers())
}

/// What is told of an answer that says that something went wrong.
fn check(answer: &Answer) {
    if answer.code < 400 || answer.head || answer.media_type != "application/json" {
        assert!(answer.code < 400 || answer.body.len() < 100_000, "a short refusal");
        return;
    }
    let status: Value = serde_json::from_slice(&answer.body).expect("a Status");
    assert_eq!((&status["kind"], &status["apiVersion"]), (&json!("Status"), &json!("v1")), "{status}");
    assert_eq!((&status["code"], &status["status"]), (&json!(answer.code), &json!("Failure")), "{status}");
    assert!(answer.code != 500 || status["message"] != "", "{status}");
}

fn versionless(cluster: &FakeCluster) -> Vec<Value> {
    let mut objects = cluster.dump();
    objects.iter_mut().for_each(|object| drop(object["metadata"]["resourceVersion"].take()));
    objects
}

/// What must hold of a cluster at any time.
async fn invariants(cluster: &FakeCluster, kinds: &[Kind]) {
    let revision = cluster.revision();
    for kind in kinds.iter().filter(|kind| kind.stored) {
        let base = if kind.api_version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{}", kind.api_version) };
        let list = get(cluster, &format!("{base}/{}", kind.plural)).await;
        if list.is_null() {
            continue; // No longer served.
        }
        assert_eq!(list["metadata"]["resourceVersion"], revision.to_string(), "{list}");
        for item in list["items"].as_array().unwrap_or_else(|| panic!("{list}")) {
            let text = |field: &str| item["metadata"][field].as_str().unwrap_or_else(|| panic!("{field} of {item}"));
            assert!(text("resourceVersion").parse::<u64>().unwrap() <= revision);
            let within = if kind.namespaced { format!("/namespaces/{}", text("namespace")) } else { String::new() };
            let name = text("name").replace(' ', "%20");
            let one = get(cluster, &format!("{base}{within}/{}/{name}", kind.plural)).await;
            assert_eq!(&one["metadata"], &item["metadata"], "{}", kind.plural);
        }
        let table =
            Request::get(format!("{base}/{}", kind.plural)).header("accept", ACCEPTS[3]).body(Vec::new()).unwrap();
        let table = send(cluster, table).await;
        let table: Value = serde_json::from_slice(&table.body).unwrap();
        assert_eq!(table["kind"], "Table", "{table}");
        assert_eq!(table["rows"].as_array().map_or(0, Vec::len), list["items"].as_array().unwrap().len());
    }
}

/// What a watch tells since a revision, on top of what was there.
async fn replayed(
    cluster: &FakeCluster,
    path: &str,
    since: u64,
    mut state: BTreeMap<String, Value>,
) -> BTreeMap<String, Value> {
    let request = Request::get(format!("{path}?watch=true&resourceVersion={since}&timeoutSeconds=1"))
        .body(Vec::<u8>::new())
        .unwrap();
    let response = cluster.clone().call(request.map(|body| Full::new(Bytes::from(body)))).await.unwrap();
    let told = response.into_body().collect().await.unwrap().to_bytes();
    let mut newest = since;
    for line in told.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let event: Value = serde_json::from_slice(line).unwrap();
        let object = event["object"].clone();
        let version =
            object["metadata"]["resourceVersion"].as_str().unwrap_or_else(|| panic!("{event}")).parse().unwrap();
        assert!(version > newest, "{version} after {newest}");
        newest = version;
        let known = match event["type"].as_str().unwrap() {
            "DELETED" => state.remove(&key(&object)).is_some(),
            "MODIFIED" => state.insert(key(&object), object).is_some(),
            _ => state.insert(key(&object), object).is_none(),
        };
        assert!(known, "{event}");
    }
    state
}

fn key(object: &Value) -> String {
    format!("{}/{}", object["metadata"]["namespace"], object["metadata"]["name"])
}

async fn listed(cluster: &FakeCluster, path: &str) -> (u64, BTreeMap<String, Value>) {
    let list = get(cluster, path).await;
    let version = list["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
    let items = list["items"].as_array().unwrap().iter().map(|item| {
        let mut item = item.clone();
        item["apiVersion"].take();
        item["kind"].take();
        (key(&item), item)
    });
    (version, items.collect())
}

/// One cluster that gets so many requests; answers what it said.
async fn round(seed: u64, requests: usize) -> Vec<u8> {
    const WATCHED: &[&str] = &["/api/v1/pods", "/api/v1/services", "/apis/apps/v1/deployments", "/api/v1/namespaces"];
    let cluster = FakeCluster::builder().seed(seed).build();
    cluster.namespace("shop");
    let widgets = definition("example.org", "Widget", "widgets")
        .set("spec.versions.0.subresources", json!({"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}}))
        .set("spec.versions.0.additionalPrinterColumns", json!([{"name": "A", "type": "string", "jsonPath": ".spec.a[?(@.b==\"c\")].d"}]));
    cluster.create(widgets).unwrap();
    let map = |fields: Value| json!({"type": "object", "properties": fields});
    let spec = map(json!({
        "number": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 9, "multipleOf": 3, "default": 3},
        "text": {"type": "string", "pattern": "^(a+)+$", "maxLength": 5, "enum": ["a", "aa", "web"], "nullable": true},
        "date": {"type": "string", "format": "date-time"},
        "bytes": {"type": "string", "format": "byte"},
        "port": {"x-kubernetes-int-or-string": true},
        "set": {"type": "array", "x-kubernetes-list-type": "set", "maxItems": 3, "items": {"type": "string"}},
        "keyed": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": {
            "type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "value": {"type": "number", "default": 0.5}},
        }},
        "map": {"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 2},
        "object": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-map-type": "atomic"},
        "deep": map(json!({"a": map(json!({"b": {"type": "string", "default": "c"}}))})),
    }));
    let gadgets = definition("example.org", "Gadget", "gadgets")
        .set("spec.versions.0.schema.openAPIV3Schema", map(json!({"spec": spec, "status": {"type": "object"}})));
    cluster.create(gadgets).unwrap();
    let (kinds, schemas, components) = served(&cluster).await;
    let mut hostile = Hostile { random: Random::seeded(seed), kinds, schemas, components };
    let mut starts = Vec::new();
    for path in WATCHED {
        starts.push((*path, listed(&cluster, path).await));
    }
    let log = std::env::var_os("FUZZ_LOG");
    let mut transcript = Vec::new();
    for number in 0..requests {
        let request = hostile.request(&cluster);
        let said = format!("seed {seed}, request {number}: {}", shown(&request));
        if let Some(log) = &log {
            fs::write(log, &said).unwrap();
        }
        let answered = AssertUnwindSafe(async {
            let answer = send(&cluster, request).await;
            check(&answer);
            answer
        })
        .catch_unwind()
        .await;
        let answer = answered.unwrap_or_else(|_| panic!("{said}"));
        if std::env::var_os("FUZZ_CODES").is_some() {
            eprintln!(
                "CODE {} {} {}",
                said.split(' ').nth(4).unwrap_or_default(),
                answer.code,
                String::from_utf8_lossy(&answer.body).chars().take(200).collect::<String>().replace('\n', " ")
            );
        }
        transcript.extend_from_slice(&answer.body);
    }
    let checked = AssertUnwindSafe(async {
        invariants(&cluster, &hostile.kinds).await;
        for (path, (since, state)) in starts {
            let unkind = |(key, mut object): (String, Value)| {
                object["apiVersion"].take();
                object["kind"].take();
                (key, object)
            };
            let replayed = replayed(&cluster, path, since, state).await.into_iter().map(unkind).collect();
            assert_eq!(listed(&cluster, path).await.1, replayed, "{path}");
        }
        let (before, dump) = (cluster.snapshot(), cluster.dump());
        for _ in 0..30 {
            send(&cluster, hostile.request(&cluster)).await;
        }
        cluster.restore(&before);
        let mut unversioned = dump.clone();
        unversioned.iter_mut().for_each(|object| drop(object["metadata"]["resourceVersion"].take()));
        let restored = versionless(&cluster);
        let only = |these: &[Value], those: &[Value]| {
            these.iter().filter(|one| !those.contains(one)).cloned().collect::<Vec<_>>()
        };
        assert_eq!(only(&restored, &unversioned), only(&unversioned, &restored));
        assert_eq!(restored, unversioned);
        invariants(&cluster, &hostile.kinds).await;
        for _ in 0..30 {
            send(&cluster, hostile.request(&cluster)).await;
        }
        cluster.rewind(&before);
        assert_eq!(cluster.dump(), dump);
        invariants(&cluster, &hostile.kinds).await;
        // What was stored under another schema may not come in under this one.
        let definitions = cluster.objects("customresourcedefinitions");
        if definitions.iter().any(|definition| definition["metadata"]["generation"] != 1) {
            return;
        }
        // Each namespace that is loaded is held by what holds new ones.
        if cluster.objects("Namespace").iter().any(|namespace| namespace["spec"]["finalizers"].is_null()) {
            return;
        }
        let (text, other) = (cluster.dump_yaml(), FakeCluster::new());
        // Every new cluster has it, although it may be deleted.
        if cluster.get("Namespace", "", "kube-node-lease").is_err() {
            other.delete("Namespace", "", "kube-node-lease").unwrap();
        }
        let report = other.load_yaml(&text);
        assert!(report.refused.is_empty(), "{:?}", report.refused.iter().map(ToString::to_string).collect::<Vec<_>>());
        let loaded = other.dump_yaml();
        let (loaded, text): (Vec<_>, Vec<_>) = (loaded.split("---\n").collect(), text.split("---\n").collect());
        let only = |these: &[&str], those: &[&str]| {
            these.iter().filter(|one| !those.contains(one)).map(|one| one.to_string()).collect::<Vec<_>>().concat()
        };
        assert_eq!(only(&loaded, &text), only(&text, &loaded));
    });
    checked.catch_unwind().await.unwrap_or_else(|_| panic!("after all of seed {seed}"));
    transcript
}

#[tokio::test(start_paused = true)]
async fn whatever_is_sent_is_answered_and_leaves_the_cluster_whole() {
    let mut random = Random::new();
    let start = Instant::now();
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    let one = std::env::var("ROUND").ok().and_then(|seed| seed.parse().ok());
    for number in 0.. {
        let seed = one.unwrap_or_else(|| random.next());
        let said = round(seed, 300).await;
        if number == 0 {
            assert!(said == round(seed, 300).await, "the same twice");
        }
        if one.is_some() || (number > 1 && start.elapsed().as_secs() > seconds) {
            break;
        }
    }
}

/// How many of a thing a request has. Were its work to grow with the square of that, the test would take minutes.
const MANY: usize = 10_000;

async fn ask(cluster: &FakeCluster, method: &str, path: &str, media_type: &str, body: Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header("content-type", media_type);
    send(cluster, request.body(body.to_string().into_bytes()).unwrap()).await
}

fn named(kind: &str, metadata: Value, spec: Value) -> Value {
    let api_version = if kind == "Gadget" { "example.org/v1" } else { "v1" };
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
    if !spec.is_null() {
        object["spec"] = spec;
    }
    object
}

const GADGETS: &str = "/apis/example.org/v1/namespaces/default/gadgets";
const GADGET: &str = "/apis/example.org/v1/namespaces/default/gadgets/a";
const JSON: &str = "application/json";

/// A cluster with a kind whose lists are sets and maps.
fn gadgets() -> FakeCluster {
    let cluster = FakeCluster::new();
    let item = json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
    let spec = json!({
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "map": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": item},
    });
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": spec}}});
    cluster
        .create(definition("example.org", "Gadget", "gadgets").set("spec.versions.0.schema.openAPIV3Schema", schema))
        .unwrap();
    cluster
}

fn texts(prefix: &str) -> Vec<String> {
    (0..MANY).map(|number| format!("{prefix}{number}")).collect()
}

#[tokio::test]
async fn long_lists_of_custom_objects_take_no_longer_than_they_are() {
    let cluster = gadgets();
    let map: Vec<_> = texts("x").into_iter().map(|name| json!({"name": name})).collect();
    let spec = json!({"set": texts("x"), "map": map});
    let object = named("Gadget", json!({"name": "a"}), spec);
    assert_eq!(ask(&cluster, "POST", GADGETS, JSON, object.clone()).await.code, 201);
    let longer = json!([{"op": "add", "path": "/spec/map/-", "value": {"name": "y"}}]);
    assert_eq!(ask(&cluster, "PATCH", GADGET, "application/json-patch+json", longer).await.code, 200);
    let apply = format!("{GADGET}?fieldManager=a&force=true");
    assert_eq!(ask(&cluster, "PATCH", &apply, "application/apply-patch+yaml", object).await.code, 200);
}

#[tokio::test]
async fn many_managers_of_fields_take_no_longer_than_they_are() {
    for operation in ["Apply", "Update"] {
        let cluster = gadgets();
        let entry = |manager: String| {
            let fields = json!({"f:spec": {format!("f:{manager}"): {}}});
            let api_version = "example.org/v1";
            json!({"manager": manager, "operation": operation, "apiVersion": api_version, "fieldsType": "FieldsV1", "fieldsV1": fields})
        };
        let entries: Vec<_> = texts("m").into_iter().map(entry).collect();
        let object = named("Gadget", json!({"name": "a", "managedFields": entries}), Value::Null);
        assert_eq!(ask(&cluster, "POST", GADGETS, JSON, object).await.code, 201);
        let set = named("Gadget", json!({"name": "a"}), json!({"set": ["a"]}));
        for _ in 0..2 {
            let apply = format!("{GADGET}?fieldManager=a&force=true");
            assert_eq!(ask(&cluster, "PATCH", &apply, "application/apply-patch+yaml", set.clone()).await.code, 200);
        }
    }
}

#[tokio::test]
async fn long_strategic_patches_take_no_longer_than_they_are() {
    let cluster = FakeCluster::new();
    let maps = "/api/v1/namespaces/default/configmaps";
    let held = |prefix: &str| texts(prefix).into_iter().map(|name| format!("example.org/{name}")).collect::<Vec<_>>();
    let object = named("ConfigMap", json!({"name": "a", "finalizers": held("x")}), Value::Null);
    assert_eq!(ask(&cluster, "POST", maps, JSON, object).await.code, 201);
    let patch = json!({"metadata": {"finalizers": held("y"), "$setElementOrder/finalizers": held("y")}});
    let strategic = "application/strategic-merge-patch+json";
    assert_eq!(ask(&cluster, "PATCH", &format!("{maps}/a"), strategic, patch).await.code, 200);
    let services = "/api/v1/namespaces/default/services";
    let service = named("Service", json!({"name": "a"}), json!({"ports": [{"port": 1, "name": "a"}]}));
    assert_eq!(ask(&cluster, "POST", services, JSON, service).await.code, 201);
    let port = |(number, name)| json!({"name": name, "port": number + 1});
    let ports: Vec<_> = texts("x").into_iter().enumerate().map(port).collect();
    let patch = json!({"spec": {"ports": ports, "$retainKeys": ["ports"]}});
    assert_eq!(ask(&cluster, "PATCH", &format!("{services}/a"), strategic, patch).await.code, 200);
}

#[tokio::test]
async fn long_queries_and_many_warnings_are_answered_in_few_words() {
    let cluster = gadgets();
    let names: String = texts("").join("&");
    assert_eq!(ask(&cluster, "GET", &format!("{GADGETS}?{names}"), JSON, Value::Null).await.code, 200);
    let manager = format!("{GADGETS}?fieldManager={}", "%01".repeat(20_000));
    let refused = ask(&cluster, "POST", &manager, JSON, named("Gadget", json!({"name": "a"}), Value::Null)).await;
    assert!(refused.code == 422 && refused.body.len() < 10_000_000, "{} {}", refused.code, refused.body.len());
    // As many headers as these would be, no client reads.
    let unknown: Map<_, _> = texts(&"x".repeat(100)).into_iter().map(|name| (name, Value::Null)).collect();
    assert_eq!(
        ask(&cluster, "POST", GADGETS, JSON, named("Gadget", json!({"name": "a"}), unknown.into())).await.code,
        201
    );
}

#[tokio::test]
async fn a_chain_of_owners_goes_link_by_link() {
    let cluster = FakeCluster::new();
    let mut owner = cluster.create(config_map("a")).unwrap();
    for name in texts("x") {
        owner = cluster.create(config_map(&name).owner(&owner)).unwrap();
    }
    ask(&cluster, "DELETE", "/api/v1/namespaces/default/configmaps/a", JSON, json!({})).await;
    assert_eq!(cluster.objects("ConfigMap"), Vec::<Value>::new());
}

#[tokio::test]
async fn what_holds_much_content_goes_once_that_is_gone() {
    let cluster = gadgets();
    cluster.namespace("shop");
    for (place, name) in texts("x").into_iter().enumerate() {
        let (mut map, mut gadget) = (config_map(&format!("shop/{name}")), object("example.org/v1", "Gadget", &name));
        if place % 2 == 0 {
            (map, gadget) = (map.finalizer("example.org/a"), gadget.finalizer("example.org/a"));
        }
        cluster.create(map).unwrap();
        cluster.create(gadget).unwrap();
    }
    ask(&cluster, "DELETE", "/api/v1/namespaces/shop", JSON, json!({})).await;
    assert_eq!(cluster.objects("ConfigMap").len(), MANY / 2);
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.example.org";
    ask(&cluster, "DELETE", definition, JSON, json!({})).await;
    assert_eq!(cluster.objects("Gadget").len(), MANY / 2);
}
