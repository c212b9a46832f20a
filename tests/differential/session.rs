//! A random session: what one client might ask in a row, and what it remembers of the answers.

mod deletions;
mod patches;
mod reads;
mod strays;
mod writes;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    exchange::Request,
    kinds::{self, Kind},
    support::random::Random,
};

const JSON: &str = "application/json";
/// The parts of objects that have paths of their own.
const PARTS: [&str; 6] = ["status", "scale", "ephemeralcontainers", "resize", "finalize", "approval"];

/// What is asked next comes from chance and from what the real server answered so far.
pub struct Session {
    random: Random,
    namespace: String,
    /// What the names of all begin with that is in no namespace.
    word: String,
    kinds: Vec<Kind>,
    names: Vec<String>,
    /// The last answer about an object, by path.
    seen: BTreeMap<String, Value>,
    /// Versions that answers showed.
    versions: Vec<String>,
    /// Lists that go on, with their tokens.
    pages: Vec<(String, String)>,
    custom: Option<Value>,
}

fn query(pairs: &[(String, String)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    let text = text.finish();
    if text.is_empty() { text } else { format!("?{text}") }
}

fn pair(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

impl Session {
    /// A session about a few of the kinds, and in half of all cases a custom one.
    pub fn new(mut random: Random, namespace: String, built_in: &[Kind]) -> Self {
        let word = namespace.rsplit('-').next().unwrap_or_default().to_owned();
        let common = ["configmaps", "secrets", "services", "pods", "deployments", "namespaces"];
        let mut kinds: Vec<Kind> = Vec::new();
        for _ in 0..2 {
            let name = random.pick(&common).to_owned();
            kinds.extend(built_in.iter().find(|kind| kind.plural == name).cloned());
            kinds.push(built_in[random.below(built_in.len())].clone());
        }
        let mut custom = None;
        if random.percent(50) {
            let (definition, versions) = kinds::custom(&format!("{word}.example.com"));
            kinds.extend(versions);
            custom = Some(definition);
        }
        let names = ["a", "b", "web", "a.b"].map(|name| format!("{word}-{name}")).into();
        let (seen, versions, pages) = (BTreeMap::new(), Vec::new(), Vec::new());
        Session { random, namespace, word, kinds, names, seen, versions, pages, custom }
    }

    /// What is asked before all else.
    pub fn opening(&mut self) -> Vec<Request> {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}});
        let mut opening = vec![self.request("POST", "/api/v1/namespaces", JSON, namespace.to_string())];
        if let Some(definition) = self.custom.clone() {
            opening.push(self.request("POST", &kinds::definitions(), JSON, definition.to_string()));
        }
        // In one form, so that what comes after can build on it.
        for request in &mut opening {
            request.headers.retain(|(name, _)| name != "Accept");
        }
        opening
    }

    /// Whether it has a custom kind, and where its objects are.
    pub fn custom(&self) -> Option<String> {
        self.custom.as_ref()?;
        self.kinds.last().map(|kind| kind.path(&self.namespace))
    }

    /// Remembers what was answered.
    pub fn learn(&mut self, request: &Request, code: u16, body: &str) {
        let Ok(answer) = serde_json::from_str::<Value>(body) else { return };
        if let Some(version) = answer["metadata"]["resourceVersion"].as_str() {
            self.versions.push(version.to_owned());
        }
        let path = request.target.split('?').next().unwrap_or_default().to_owned();
        if let Some(token) = answer["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) {
            self.pages.push((request.target.clone(), token.to_owned()));
        }
        if let Some(name) = answer["metadata"]["name"].as_str().filter(|_| code < 300 && answer["kind"] != "Status") {
            let path = path.rsplit_once('/').filter(|(_, part)| PARTS.contains(part)).map_or(&*path, |(path, _)| path);
            let path = path.to_owned();
            let path = if path.ends_with(name) { path } else { format!("{path}/{name}") };
            let plain = !path.contains([' ', '%']);
            if plain && answer["kind"] != "Scale" && answer["metadata"]["creationTimestamp"].is_string() {
                self.seen.insert(path, answer);
            }
        }
    }

    /// What is asked next.
    pub fn next(&mut self) -> Request {
        let kind = self.kinds[self.random.below(self.kinds.len())].clone();
        match self.random.below(100) {
            0..20 => self.create(&kind),
            20..26 => self.get(&kind),
            26..40 => self.list(&kind),
            40..52 => self.put(&kind),
            52..67 => self.patch(&kind),
            67..79 => self.apply(&kind),
            79..89 => self.delete(&kind),
            89..91 => self.delete_collection(&kind),
            91..95 => self.watch(&kind),
            95..97 => self.discover(&kind),
            _ => self.stray(&kind),
        }
    }

    fn request(&mut self, method: &str, target: &str, media_type: &str, body: String) -> Request {
        let mut headers = vec![("User-Agent".to_owned(), "random/1.0".to_owned())];
        headers.push(("Accept".to_owned(), self.accept()));
        if !body.is_empty() || method != "GET" {
            headers.push(("Content-Type".to_owned(), media_type.to_owned()));
        }
        Request { method: method.to_owned(), target: target.to_owned(), headers, body }
    }

    fn accept(&mut self) -> String {
        if self.random.percent(85) {
            return JSON.to_owned();
        }
        let forms = [
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
            "application/json;as=Table;v=v1;g=meta.k8s.io",
            "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
            "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
            "application/json;as=Nothing;v=v1;g=meta.k8s.io",
            "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
            "application/yaml",
            "*/*",
            "text/html",
            "text/plain, application/json;q=0.5",
            "application/json;pretty=1",
            "application/yaml;as=Table;v=v1;g=meta.k8s.io",
        ];
        self.random.pick(&forms).to_owned()
    }

    fn namespace_of(&mut self) -> String {
        if self.random.percent(3) { "nowhere".to_owned() } else { self.namespace.clone() }
    }

    fn name(&mut self) -> String {
        let names = self.names.clone();
        names[self.random.below(names.len())].clone()
    }

    /// The path of an object, most often of one that was there.
    fn one(&mut self, kind: &Kind) -> (String, Option<Value>) {
        let all = kind.path(&self.namespace);
        let there: Vec<(String, Value)> = self
            .seen
            .iter()
            .filter(|(path, _)| path.starts_with(&format!("{all}/")))
            .map(|(path, object)| (path.clone(), object.clone()))
            .collect();
        if !there.is_empty() && self.random.percent(90) {
            let (path, object) = there[self.random.below(there.len())].clone();
            return (path, Some(object));
        }
        let namespace = self.namespace_of();
        (format!("{}/{}", kind.path(&namespace), self.name()), None)
    }

    /// A path's part, now and then.
    fn part_of(&mut self, path: String) -> String {
        match self.random.below(36) {
            0..6 => format!("{path}/status"),
            6..9 => format!("{path}/scale"),
            9 => format!("{path}/{}", self.random.pick(&["ephemeralcontainers", "resize", "finalize", "approval"])),
            _ => path,
        }
    }

    fn version(&mut self) -> String {
        match self.random.below(12) {
            0 => self.random.pick(&["x", "-1", "1.5", "", "00"]).to_owned(),
            1..4 => "0".to_owned(),
            _ if self.versions.is_empty() => "0".to_owned(),
            _ => self.versions[self.random.below(self.versions.len())].clone(),
        }
    }
}
