//! What the fake server knows of built-in kinds against what a real server says of them.
//!
//! `src/testing/shape/built_in.txt` and `zero.txt` are made here, from the server's own documents:
//! `WRITE_SHAPES=1 cargo test --test schema` with `KUBEBUILDER_ASSETS` set. Without `WRITE_SHAPES` they are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use std::time::Duration;

use http_body_util::BodyExt;
use kube_indexed_store::testing::FakeCluster;
use real::RealCluster;
use serde_json::{Map, Value, json};
use tower::Service;

mod real;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/shape");

async fn get(client: &kube::Client, path: &str) -> String {
    let request = http::Request::get(path).body(Vec::new()).expect("a request");
    client.request_text(request).await.unwrap_or_else(|problem| panic!("{path}: {problem}"))
}

/// The documents of all group versions, by path: `apis/apps/v1`.
async fn documents(client: &kube::Client) -> BTreeMap<String, Value> {
    let index: Value = serde_json::from_str(&get(client, "/openapi/v3").await).expect("JSON");
    let mut documents = BTreeMap::new();
    for (path, entry) in index["paths"].as_object().expect("paths") {
        if path == "api/v1" || (path.starts_with("apis/") && path.matches('/').count() == 2) {
            let text = get(client, entry["serverRelativeURL"].as_str().expect("an address")).await;
            documents.insert(path.clone(), serde_json::from_str(&text).expect("JSON"));
        }
    }
    documents
}

/// What is posted or put to a group version: the paths, and the types of the bodies.
fn bodies(document: &Value) -> impl Iterator<Item = (&String, &str)> {
    let paths = document["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, methods)| {
        ["post", "put"].into_iter().filter_map(move |method| {
            let body = &methods[method]["requestBody"]["content"]["*/*"]["schema"]["$ref"];
            Some((path, last(body.as_str()?, '/')))
        })
    })
}

fn last(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or_default()
}

/// All types that lead on from the bodies of requests.
fn reachable(documents: &BTreeMap<String, Value>) -> BTreeMap<&str, &Value> {
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(|to| last(to, '/')));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut types = BTreeMap::new();
    for document in documents.values() {
        let schemas = &document["components"]["schemas"];
        let mut open: Vec<&str> = bodies(document).map(|(_, body)| body).collect();
        while let Some(name) = open.pop() {
            if types.insert(name, &schemas[name]).is_none() {
                references(&schemas[name], &mut open);
            }
        }
    }
    types
}

/// The text of all types, a line each.
struct Writer<'d> {
    types: BTreeMap<&'d str, &'d Value>,
    /// Last parts of names that several types share.
    shared: BTreeSet<&'d str>,
}

impl<'d> Writer<'d> {
    fn new(types: BTreeMap<&'d str, &'d Value>) -> Self {
        let (mut seen, mut shared) = (BTreeSet::new(), BTreeSet::new());
        shared.extend(types.keys().map(|name| last(name, '.')).filter(|short| !seen.insert(*short)));
        Writer { types, shared }
    }

    fn text(&self) -> String {
        let structures = self.types.iter().filter(|(name, ty)| self.scalar(name, ty).is_none());
        let lines: BTreeSet<String> = structures.map(|(name, ty)| self.line(name, ty)).collect();
        lines.into_iter().collect()
    }

    /// `PodSpec`; `events.v1.Event` where others have that name, `autoscaling.v2.MetricSpec` where it is not of a v1.
    fn name(&self, name: &str) -> String {
        let mut parts: Vec<_> = name.rsplit('.').take(3).collect();
        parts.reverse();
        if self.shared.contains(parts[2]) || parts[1] != "v1" { parts.join(".") } else { parts[2].to_owned() }
    }

    fn line(&self, name: &str, ty: &Value) -> String {
        let required: Vec<_> = ty["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = ty["properties"].as_object().expect("a structure").iter().map(|(name, field)| {
            let mark = if required.contains(&name.as_str()) { "*" } else { "" };
            format!("{name}{mark} {}{}", self.shape(field), strategy(field))
        });
        let atomic = if ty["x-kubernetes-map-type"] == "atomic" { "!" } else { "" };
        format!("{}{atomic}: {}\n", self.name(name), fields.collect::<Vec<_>>().join(", "))
    }

    /// What a type is that has no fields.
    fn scalar(&self, name: &str, ty: &Value) -> Option<&'static str> {
        match last(name, '.') {
            "Quantity" => Some("quantity"),
            "MicroTime" => Some("microtime"),
            _ if ty.get("properties").is_some() => None,
            _ => Some(scalar(ty)),
        }
    }

    fn shape(&self, schema: &Value) -> String {
        let reference = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref"));
        if let Some(name) = reference.and_then(Value::as_str).map(|to| last(to, '/')) {
            let atomic = if schema["x-kubernetes-map-type"] == "atomic" { "!" } else { "" };
            let scalar = self.scalar(name, self.types[name]).map(str::to_owned);
            return scalar.unwrap_or_else(|| format!("{}{atomic}", self.name(name)));
        }
        match schema["type"].as_str() {
            Some("array") => format!("[{}]{}", self.shape(&schema["items"]), self.keys(schema)),
            Some("object") if schema.get("additionalProperties").is_some() => {
                let atomic = if schema["x-kubernetes-map-type"] == "atomic" { "!" } else { "" };
                format!("{{{}}}{atomic}", self.shape(&schema["additionalProperties"]))
            }
            _ => scalar(schema).to_owned(),
        }
    }

    /// What tells the items of a list apart.
    fn keys(&self, list: &Value) -> String {
        match list["x-kubernetes-list-type"].as_str() {
            Some("set") => "#".to_owned(),
            Some("map") => {
                let item = list.pointer("/items/$ref").or_else(|| list.pointer("/items/allOf/0/$ref"));
                let item = item.and_then(Value::as_str).map(|to| self.types[last(to, '/')]);
                let keys =
                    list["x-kubernetes-list-map-keys"].as_array().expect("keys").iter().filter_map(Value::as_str);
                let keys = keys.map(|key| match item.map(|item| &item["properties"][key]["default"]) {
                    Some(Value::String(default)) if !default.is_empty() => format!("{key}={default}"),
                    _ => key.to_owned(),
                });
                format!("#{}", keys.collect::<Vec<_>>().join("+"))
            }
            _ => String::new(),
        }
    }
}

fn scalar(schema: &Value) -> &'static str {
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (_, Some("int-or-string")) => "intstr",
        (Some("string"), Some("byte")) => "bytes",
        (Some("string"), Some("date-time")) => "time",
        (Some("string"), None) => "string",
        (Some("integer"), Some("int32")) => "int32",
        (Some("integer"), _) => "int64",
        (Some("number"), _) => "number",
        (Some("boolean"), _) => "bool",
        _ => "any",
    }
}

/// How strategic patches merge a field.
fn strategy(field: &Value) -> String {
    let Some(strategy) = field["x-kubernetes-patch-strategy"].as_str() else { return String::new() };
    let key = field["x-kubernetes-patch-merge-key"].as_str();
    let words = strategy.split(',').map(|word| match (word, key) {
        ("merge", Some(key)) => format!("merge({key})"),
        (word, _) => word.to_owned(),
    });
    format!("~{}", words.collect::<Vec<_>>().join("+"))
}

/// What Go prints of empty objects, a line each: the end of the initial events tells.
async fn zeros(client: &kube::Client, documents: &BTreeMap<String, Value>) -> String {
    let lists = documents.iter().flat_map(|(group, document)| {
        let paths = document["paths"].as_object().expect("paths").iter();
        let stored =
            paths.filter(|(_, methods)| methods["get"]["x-kubernetes-action"] == "list" && methods["post"].is_object());
        stored.map(move |(path, _)| (group, path.replace("{namespace}", "default")))
    });
    let lines = lists.map(|(group, path)| async move {
        let watch = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
        let none = "fieldSelector=metadata.name%3Dnone&timeoutSeconds=1";
        let answer = get(client, &format!("{path}?{watch}&{none}")).await;
        let bookmark: Value = serde_json::from_str(answer.lines().next().expect("a bookmark")).expect("JSON");
        assert_eq!(bookmark["type"], "BOOKMARK", "{path}");
        let mut own: Map<String, Value> = serde_json::from_value(bookmark["object"].clone()).expect("an object");
        let [kind, ..] = ["kind", "apiVersion", "metadata"].map(|of_all| own.remove(of_all).unwrap_or_default());
        let version = group.strip_prefix("apis/").or_else(|| group.strip_prefix("api/")).expect("a group");
        format!("{version} {} {}\n", kind.as_str().expect("a kind"), Value::Object(own))
    });
    futures::future::join_all(lines).await.concat()
}

fn check(file: &str, text: &str) {
    let path = format!("{FOLDER}/{file}");
    if std::env::var_os("WRITE_SHAPES").is_some() {
        fs::write(&path, text).expect("the file is written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).find(|(kept, said)| kept != said);
    assert!(
        kept == text,
        "{file} is not what the server says: {differs:?}; write it anew: WRITE_SHAPES=1 cargo test --test schema"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shapes_of_built_in_kinds_are_those_of_the_server() {
    let Some(cluster) = RealCluster::start().await else { return };
    let documents = documents(cluster.client()).await;
    check("built_in.txt", &Writer::new(reachable(&documents)).text());
    check("zero.txt", &zeros(cluster.client(), &documents).await);
}

/// What a server answers: the code, the warnings, and what it says of itself or of the object.
type Answered = (u16, Vec<String>, Value);

/// A question that both servers are asked: a method, a path, a type of a body and the body.
type Question = (&'static str, &'static str, &'static str, String);

fn request((method, path, media_type, body): &Question) -> http::Request<String> {
    let request = http::Request::builder().method(*method).uri(*path).header("content-type", *media_type);
    request.body(body.clone()).expect("a request")
}

async fn answered<B>(response: http::Response<B>) -> Answered
where
    B: http_body::Body<Error: std::fmt::Debug>,
{
    let (head, body) = response.into_parts();
    let warnings = head.headers.get_all("warning").iter().map(|warning| warning.to_str().expect("text").to_owned());
    let body = body.collect().await.expect("a body").to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let said = match body.pointer("/details/causes").and_then(Value::as_array) {
        _ if body["kind"] != "Status" => json!({"data": body["data"], "spec": body["spec"]}),
        // The server goes through maps in any order.
        Some(causes) => json!(causes.iter().map(Value::to_string).collect::<BTreeSet<_>>()),
        None => body["message"].clone(),
    };
    (head.status.as_u16(), warnings.collect(), said)
}

fn questions() -> Vec<Question> {
    let mut questions = Vec::new();
    let text = include_str!("schema/questions.txt");
    let (mut path, mut media_type) = ("", "application/json");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(' ') {
            Some(("at", said)) => path = said,
            Some(("as", said)) => media_type = said,
            _ => {
                let method = if media_type.contains("patch") { "PATCH" } else { "POST" };
                questions.push((method, path, media_type, line.replace("\\n", "\n")));
            }
        }
    }
    questions
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_taken_and_refused_as_by_the_server() {
    let Some(cluster) = RealCluster::start().await else { return };
    let mut fake = FakeCluster::new();
    let definition: Value = serde_json::from_str(include_str!("schema/definition.json")).expect("JSON");
    let things =
        [definition, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "1"}})];
    for mut object in things {
        fake.create(&object).expect("an object");
        if object["kind"] == "ConfigMap" {
            object["metadata"]["namespace"] = "default".into();
        }
        cluster.create(&object).await;
    }
    let mut differences = Vec::new();
    for question in questions() {
        let real = loop {
            let response = cluster.client().send(request(&question).map(|body| body.into_bytes().into())).await;
            match response.expect("an answer") {
                // The definition takes a moment.
                response if response.status() == 404 => tokio::time::sleep(Duration::from_millis(100)).await,
                response => break answered(response).await,
            }
        };
        let said = answered(fake.call(request(&question)).await.expect("an answer")).await;
        if real != said {
            differences.push(format!(
                "{} {}\n  real {} {:?} {}\n  fake {} {:?} {}",
                question.1, question.3, real.0, real.1, real.2, said.0, said.1, said.2
            ));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}
