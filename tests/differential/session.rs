//! A random session: what one client might ask in a row, and what it remembers of the answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    bodies::{anything, direct, garble, labels, part, places, spoil},
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

    fn object(&mut self, kind: &Kind) -> Value {
        let mut object = kind.objects[self.random.below(kind.objects.len())].clone();
        let name = self.name();
        let random = &mut self.random;
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        if random.percent(60) {
            metadata["labels"] = labels(random);
        }
        if !kind.namespaced {
            metadata["labels"]["session"] = json!(self.word);
        }
        if random.percent(10) {
            metadata["annotations"] = json!({"a": random.pick(&["", "x", "é"])});
        }
        if random.percent(8) {
            metadata["finalizers"] =
                json!([random.pick(&["example.com/hold", "orphan", "foregroundDeletion", "bad", "a/b/c"])]);
        }
        if random.percent(4) {
            metadata["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": random.pick(&["u", "", "v"])}]);
        }
        object
    }

    fn create(&mut self, kind: &Kind) -> Request {
        let mut object = self.object(kind);
        let namespace = self.namespace_of();
        let random = &mut self.random;
        match random.below(30) {
            0 | 1 => {
                object["metadata"]["generateName"] = json!(format!("{}-g-", self.word));
                object["metadata"]["name"] = Value::Null;
            }
            2 => {
                object["metadata"]["name"] =
                    json!(random.pick(&["A", "a_b", "", "a..b", "-a", "a/b", "ä", ".", "..", "a b", "a%b"]))
            }
            3 => object["metadata"]["namespace"] = json!(random.pick(&["default", "Other", ""])),
            4 => object["apiVersion"] = json!(random.pick(&["v1", "v2", "", "apps/v1", "a/b/c", "apps"])),
            5 => object["kind"] = json!(random.pick(&["Pod", "Nothing", "", "List"])),
            6 => object["metadata"]["resourceVersion"] = json!(random.pick(&["1", "x", "0"])),
            7 => object["metadata"]["uid"] = json!("0f0e0d0c-0000-4000-8000-000000000001"),
            8 => object["metadata"]["generateName"] = json!(random.pick(&["A", "a_", "-", "x."])),
            _ => {}
        }
        if random.percent(35) {
            spoil(&mut object, random);
        }
        let path = kind.path(&namespace);
        let options = self.write_options(false);
        self.write("POST", &path, options, &object)
    }

    /// A request with a body that is sometimes YAML, and sometimes no good.
    fn write(&mut self, method: &str, path: &str, options: String, body: &Value) -> Request {
        let mut text = body.to_string();
        let mut media_type = JSON;
        if self.random.percent(6) {
            text = garble(&text, &mut self.random);
        }
        match self.random.below(40) {
            0 => media_type = "application/yaml",
            1 => {
                media_type = self.random.pick(&[
                    "text/plain",
                    "application/xml",
                    "application/json; charset=utf-8",
                    "",
                    "application/vnd.kubernetes.protobuf",
                    "nonsense",
                ])
            }
            _ => {}
        }
        self.request(method, &format!("{path}{options}"), media_type, text)
    }

    fn write_options(&mut self, apply: bool) -> String {
        let mut pairs = Vec::new();
        let random = &mut self.random;
        if random.percent(8) {
            pairs.push(pair("dryRun", random.pick(&["All", "All", "All", "all", ""])));
        }
        if random.percent(15) {
            pairs.push(pair("fieldValidation", random.pick(&["Strict", "Warn", "Ignore", "strict", ""])));
        }
        if random.percent(if apply { 97 } else { 15 }) {
            let manager =
                if random.percent(3) { "a".repeat(200) } else { random.pick(&["one", "two", "three"]).to_owned() };
            pairs.push(pair("fieldManager", manager));
        }
        if random.percent(if apply { 40 } else { 1 }) {
            pairs.push(pair("force", random.pick(&["true", "true", "false", "1", "x"])));
        }
        if random.percent(4) {
            pairs.push(pair("pretty", random.pick(&["true", "false", "1", ""])));
        }
        if random.percent(2) {
            pairs.push(pair(random.pick(&["nonsense", "limit", "watch", "gracePeriodSeconds"]), "1"));
        }
        query(&pairs)
    }

    fn get(&mut self, kind: &Kind) -> Request {
        let (path, _) = self.one(kind);
        let path = self.part_of(path);
        let mut pairs = Vec::new();
        if self.random.percent(20) {
            let version = self.version();
            pairs.push(pair("resourceVersion", version));
        }
        if self.random.percent(15) {
            pairs.push(pair("pretty", self.random.pick(&["true", "false", "1", ""])));
        }
        self.request("GET", &format!("{path}{}", query(&pairs)), JSON, String::new())
    }

    fn version(&mut self) -> String {
        match self.random.below(12) {
            0 => self.random.pick(&["x", "-1", "1.5", "", "00"]).to_owned(),
            1..4 => "0".to_owned(),
            _ if self.versions.is_empty() => "0".to_owned(),
            _ => self.versions[self.random.below(self.versions.len())].clone(),
        }
    }

    fn selectors(&mut self, pairs: &mut Vec<(String, String)>) {
        let random = &mut self.random;
        if random.percent(35) {
            let selectors = [
                "app=a",
                "app==b",
                "app!=a",
                "app in (a,b)",
                "app notin (a, c)",
                "app",
                "!app",
                "tier=",
                "app=a,tier!=x",
                "app in ()",
                "app in (a",
                "=a",
                "app=-",
                "app>1",
                "app<x",
                "a/b/c=d",
                ",",
                "app=a,",
                "app = a , tier in (x,)",
                "app in (,a)",
                "!",
                "app!",
                "app=a b",
                "-=a",
                "app=a=b",
                "x>5,x<7",
            ];
            pairs.push(pair("labelSelector", random.pick(&selectors)));
        }
        if random.percent(20) {
            let name = self.names[random.below(self.names.len())].clone();
            let selectors = [
                format!("metadata.name={name}"),
                format!("metadata.name!={name}"),
                format!("metadata.namespace={}", self.namespace),
                "metadata.labels.app=a".to_owned(),
                "status.phase=Pending".to_owned(),
                "spec.color=red".to_owned(),
                "spec.nodeName=".to_owned(),
                "type=Opaque".to_owned(),
                "nonsense".to_owned(),
                "metadata.name=a,metadata.name=b".to_owned(),
                "a=b=c".to_owned(),
                "metadata.name in (a)".to_owned(),
                ",".to_owned(),
                "metadata.name".to_owned(),
            ];
            pairs.push(pair("fieldSelector", &selectors[random.below(selectors.len())]));
        }
    }

    fn list(&mut self, kind: &Kind) -> Request {
        if !self.pages.is_empty() && self.random.percent(40) {
            let (target, token) = self.pages[self.random.below(self.pages.len())].clone();
            let (path, rest) = target.split_once('?').unwrap_or((&target, ""));
            let mut pairs: Vec<(String, String)> = form_urlencoded::parse(rest.as_bytes()).into_owned().collect();
            pairs.retain(|(name, _)| {
                name != "continue" && (name != "resourceVersion" && name != "resourceVersionMatch")
            });
            pairs.push(pair("continue", token));
            return self.request("GET", &format!("{path}{}", query(&pairs)), JSON, String::new());
        }
        let namespace = self.namespace_of();
        let mut pairs = Vec::new();
        self.selectors(&mut pairs);
        if self.random.percent(40) {
            pairs.push(pair("limit", self.random.pick(&["1", "2", "1", "2", "500", "0", "-1", "x"])));
        }
        if self.random.percent(35) {
            let version = self.version();
            pairs.push(pair("resourceVersion", version));
        }
        if self.random.percent(25) {
            pairs.push(pair("resourceVersionMatch", self.random.pick(&["Exact", "NotOlderThan", "exact", "", "None"])));
        }
        if self.random.percent(3) {
            pairs.push(pair("continue", self.random.pick(&["x", "", "e30", "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ"])));
        }
        if self.random.percent(5) {
            pairs.push(pair(
                self.random.pick(&["sendInitialEvents", "allowWatchBookmarks", "timeoutSeconds"]),
                self.random.pick(&["0", "false", "x", ""]),
            ));
        }
        let mut path = kind.path(&namespace);
        if !kind.namespaced {
            pairs.retain(|(name, _)| !["labelSelector", "limit"].contains(&name.as_str()));
            pairs.push(pair("labelSelector", format!("session={}", self.word)));
        }
        if self.random.percent(2) {
            path = format!("{path}/");
        }
        self.request("GET", &format!("{path}{}", query(&pairs)), JSON, String::new())
    }

    fn watch(&mut self, kind: &Kind) -> Request {
        let namespace = self.namespace.clone();
        let timeout = if self.random.percent(5) { -1 } else { 1 };
        let mut pairs = vec![pair("watch", self.random.pick(&["1", "true"])), pair("timeoutSeconds", timeout)];
        self.selectors(&mut pairs);
        if !kind.namespaced {
            pairs.retain(|(name, _)| name != "labelSelector");
            pairs.push(pair("labelSelector", format!("session={}", self.word)));
        }
        if self.random.percent(70) {
            let version = self.version();
            pairs.push(pair("resourceVersion", version));
        }
        if self.random.percent(30) {
            pairs.push(pair("sendInitialEvents", self.random.pick(&["true", "true", "true", "false", "x"])));
            pairs.push(pair(
                "resourceVersionMatch",
                self.random.pick(&["NotOlderThan", "NotOlderThan", "NotOlderThan", "Exact", ""]),
            ));
        }
        if self.random.percent(60) {
            pairs.push(pair("allowWatchBookmarks", "true"));
        }
        if self.random.percent(5) {
            pairs.push(pair("limit", "1"));
        }
        self.request("GET", &format!("{}{}", kind.path(&namespace), query(&pairs)), JSON, String::new())
    }

    fn put(&mut self, kind: &Kind) -> Request {
        let (path, seen) = self.one(kind);
        let path = self.part_of(path);
        let name = path.split('/').rev().find(|part| !PARTS.contains(part)).unwrap_or_default().to_owned();
        let mut object = match seen {
            Some(object) => object,
            None => self.object(kind),
        };
        if path.ends_with("/scale") {
            let metadata = json!({"name": name, "namespace": self.namespace});
            let replicas = anything(&mut self.random);
            let replicas = if self.random.percent(70) { json!(self.random.below(4)) } else { replicas };
            object = json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": {"replicas": replicas}});
        }
        if self.random.percent(25) {
            let from = self.object(kind);
            for (member, value) in from.as_object().into_iter().flatten() {
                if member != "metadata" && object["kind"] != "Scale" {
                    object[member] = value.clone();
                }
            }
            object["metadata"]["labels"] = labels(&mut self.random);
        }
        let random = &mut self.random;
        match random.below(16) {
            0 | 1 => object["metadata"]["resourceVersion"] = Value::Null,
            2 => object["metadata"]["resourceVersion"] = json!(random.pick(&["x", "0", "1", "", "-1"])),
            3 => object["metadata"]["uid"] = json!(random.pick(&["x", "", "0f0e0d0c-0000-4000-8000-000000000001"])),
            4 => object["metadata"]["name"] = json!(random.pick(&["other", "", "A"])),
            5 => object["kind"] = json!(random.pick(&["Other", "", "Pod"])),
            6 => object["metadata"]["namespace"] = json!(random.pick(&["default", ""])),
            7 => {
                object["metadata"]["managedFields"] =
                    [json!([]), json!([{}]), json!(null), json!([{"manager": "x"}])][random.below(4)].clone()
            }
            8 => {
                object["metadata"]["creationTimestamp"] =
                    [json!(null), json!("2020-01-01T00:00:00Z"), json!("x")][random.below(3)].clone()
            }
            9 => object["metadata"]["deletionTimestamp"] = json!("2020-01-01T00:00:00Z"),
            10 => object["metadata"]["finalizers"] = json!([random.pick(&["example.com/hold", "bad", "a.b/c"])]),
            _ => {}
        }
        for _ in 0..random.below(3) {
            spoil(&mut object, random);
        }
        let options = self.write_options(false);
        self.write("PUT", &path, options, &object)
    }

    fn patch(&mut self, kind: &Kind) -> Request {
        let (path, seen) = self.one(kind);
        let path = self.part_of(path);
        let seen = seen.unwrap_or_else(|| self.object(kind));
        let fresh = self.object(kind);
        let random = &mut self.random;
        let (mut media_type, body) = match random.below(10) {
            0..4 => ("application/merge-patch+json", merge(&seen, &fresh, random)),
            4..7 => ("application/json-patch+json", operations(&seen, random)),
            _ => {
                let mut patch = merge(&seen, &fresh, random);
                if random.percent(60) {
                    direct(&mut patch, random);
                }
                ("application/strategic-merge-patch+json", patch)
            }
        };
        if random.percent(3) {
            media_type = random.pick(&[
                "application/json",
                "text/plain",
                "",
                "application/merge-patch+json; charset=utf-8",
                "application/apply-patch+json",
            ]);
        }
        let mut text = body.to_string();
        if random.percent(4) {
            text = garble(&text, random);
        }
        let options = self.write_options(false);
        self.request("PATCH", &format!("{path}{options}"), media_type, text)
    }

    fn apply(&mut self, kind: &Kind) -> Request {
        let (path, _) = self.one(kind);
        let path = self.part_of(path);
        let name = path.split('/').rev().find(|part| !PARTS.contains(part)).unwrap_or_default().to_owned();
        let mut object = self.object(kind);
        let random = &mut self.random;
        if random.percent(60) {
            object = part(&object, random);
        }
        object["metadata"]["name"] = json!(name);
        match random.below(24) {
            0 => object["metadata"]["name"] = json!(random.pick(&["other", ""])),
            1 => object["metadata"]["managedFields"] = [json!([]), json!([{}]), json!(null)][random.below(3)].clone(),
            2 => object["metadata"]["uid"] = json!("0f0e0d0c-0000-4000-8000-000000000001"),
            3 => object["metadata"]["resourceVersion"] = json!(random.pick(&["1", "x", "0", ""])),
            4 => object["kind"] = json!(random.pick(&["Other", "", "Pod"])),
            5 => object["apiVersion"] = json!(random.pick(&["v1", "", "v9", "a/b/c"])),
            _ => {}
        }
        if random.percent(30) {
            spoil(&mut object, random);
        }
        let mut text = object.to_string();
        if random.percent(4) {
            text = garble(&text, random);
        }
        let options = self.write_options(true);
        self.request("PATCH", &format!("{path}{options}"), "application/apply-patch+yaml", text)
    }

    fn delete(&mut self, kind: &Kind) -> Request {
        let (path, seen) = self.one(kind);
        let (pairs, body) = self.deletion(&seen.unwrap_or_default());
        self.request("DELETE", &format!("{path}{}", query(&pairs)), JSON, body)
    }

    /// How something is to be deleted: parameters and a body.
    fn deletion(&mut self, seen: &Value) -> (Vec<(String, String)>, String) {
        let random = &mut self.random;
        let mut pairs = Vec::new();
        if random.percent(15) {
            pairs.push(pair("propagationPolicy", random.pick(&["Background", "Foreground", "Orphan", "x", ""])));
        }
        if random.percent(15) {
            pairs.push(pair("gracePeriodSeconds", random.pick(&["0", "5", "-1", "x", ""])));
        }
        if random.percent(5) {
            pairs.push(pair("dryRun", random.pick(&["All", "x"])));
        }
        let mut body = String::new();
        if random.percent(35) {
            let mut options = json!({"kind": "DeleteOptions", "apiVersion": "v1"});
            match random.below(9) {
                0 => options["preconditions"] = json!({"uid": seen["metadata"]["uid"]}),
                1 => options["preconditions"] = json!({"uid": "x"}),
                2 => options["preconditions"] = json!({"resourceVersion": seen["metadata"]["resourceVersion"]}),
                3 => options["preconditions"] = json!({"resourceVersion": "1", "uid": seen["metadata"]["uid"]}),
                4 => options["propagationPolicy"] = json!(random.pick(&["Foreground", "Orphan", "x", "Background"])),
                5 => options["orphanDependents"] = json!(random.percent(50)),
                6 => options["gracePeriodSeconds"] = anything(random),
                7 => options["dryRun"] = json!([random.pick(&["All", "x"])]),
                _ => options["kind"] = json!(random.pick(&["Other", "", "Pod"])),
            }
            if random.percent(20) {
                options["orphanDependents"] = json!(true);
            }
            body = options.to_string();
            if random.percent(10) {
                body = garble(&body, random);
            }
        }
        (pairs, body)
    }

    fn delete_collection(&mut self, kind: &Kind) -> Request {
        let (mut pairs, body) = self.deletion(&Value::Null);
        self.selectors(&mut pairs);
        if !kind.namespaced {
            pairs.retain(|(name, _)| name != "labelSelector");
            pairs.push(pair("labelSelector", format!("session={}", self.word)));
        }
        if self.random.percent(10) {
            pairs.push(pair("limit", "1"));
        }
        if self.random.percent(15) {
            let version = self.version();
            pairs.push(pair("resourceVersion", version));
        }
        if self.random.percent(8) {
            pairs.push(pair("resourceVersionMatch", self.random.pick(&["Exact", "NotOlderThan"])));
        }
        self.request("DELETE", &format!("{}{}", kind.path(&self.namespace), query(&pairs)), JSON, body)
    }

    fn discover(&mut self, kind: &Kind) -> Request {
        let group = kind.version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
        let paths = [
            kind.version.clone(),
            format!("{}/", kind.version),
            if group == "/api" { "/api/v1".to_owned() } else { group },
            "/version/x".to_owned(),
            "/readyz".to_owned(),
            "/livez/ping".to_owned(),
        ];
        let path = self.random.pick(&paths.each_ref().map(String::as_str)).to_owned();
        self.request("GET", &path, JSON, String::new())
    }

    /// Methods and paths that make no sense.
    fn stray(&mut self, kind: &Kind) -> Request {
        let all = kind.path(&self.namespace);
        let name = self.name();
        let paths = [
            all.clone(),
            format!("{all}/{name}"),
            format!("{all}/{name}/status"),
            format!("{all}/{name}/nonsense"),
            format!("{all}/{name}/scale/x"),
            format!("{all}/{name}/"),
            format!("{all}//{name}"),
            format!("{}/nonsense", kind.version),
            format!("{}/namespaces/{}/nonsense/{name}", kind.version, self.namespace),
            format!("{}9/{}", kind.version, kind.plural),
            "/nonsense".to_owned(),
            "/apis/nonsense".to_owned(),
            "/apis/nonsense/v1".to_owned(),
            "/apis/apps/v9".to_owned(),
            "/api/v2".to_owned(),
            format!("/api/v1/namespaces/{}/status", self.namespace),
            format!("/api/v1/namespaces/{}/finalize", self.namespace),
            format!("{}/{}/{name}", kind.version, kind.plural),
            format!("{}/namespaces//{}", kind.version, kind.plural),
            format!("{all}/a%2Fb"),
            format!("{all}/{name}?watch=1&timeoutSeconds=1"),
            format!("{}/watch/namespaces/{}/{}?timeoutSeconds=1", kind.version, self.namespace, kind.plural),
            format!("{all}/UPPER_case"),
        ];
        let path = self.random.pick(&paths.each_ref().map(String::as_str)).to_owned();
        let method = self
            .random
            .pick(&["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "NONSENSE"])
            .to_owned();
        // A collection of a kind without namespaces is also others'.
        let method = if method == "DELETE" && path == all { "PUT".to_owned() } else { method };
        // Lists of these are also others'.
        let path = if method == "GET" && path == all && !kind.namespaced { "/nonsense".to_owned() } else { path };
        let body = if ["POST", "PUT", "PATCH"].contains(&method.as_str()) {
            self.object(kind).to_string()
        } else {
            String::new()
        };
        let media_type = if method == "PATCH" { "application/merge-patch+json" } else { JSON };
        self.request(&method, &path, media_type, body)
    }
}

/// A merge patch.
fn merge(seen: &Value, fresh: &Value, random: &mut Random) -> Value {
    let mut patch = match random.below(6) {
        0 => json!({"metadata": {"labels": labels(random)}}),
        1 => json!({"metadata": {"annotations": {"a": random.pick(&["1", "2"]), "b": null}}}),
        2 => json!({"metadata": {"finalizers": random.pick(&[["example.com/hold"].as_slice(), &[]])}}),
        3 => {
            let mut part = part(seen, random);
            if let Some(metadata) = part["metadata"].as_object_mut() {
                metadata.retain(|name, _| ["labels", "annotations"].contains(&name.as_str()));
            }
            part
        }
        _ => {
            let mut part = part(fresh, random);
            if let Some(members) = part.as_object_mut() {
                members.remove("metadata");
            }
            part
        }
    };
    for _ in 0..random.below(3) {
        spoil(&mut patch, random);
    }
    if random.percent(5) {
        patch["metadata"]["resourceVersion"] =
            if random.percent(50) { seen["metadata"]["resourceVersion"].clone() } else { json!("1") };
    }
    patch
}

/// The operations of a JSON patch.
fn operations(seen: &Value, random: &mut Random) -> Value {
    let places: Vec<String> =
        places(seen).into_iter().filter(|place| !place.starts_with("/metadata/managedFields")).collect();
    let mut place = |random: &mut Random| match random.below(8) {
        0 => random
            .pick(&["/metadata/labels/new", "/nothing/here", "", "/", "x", "/spec/-", "/metadata/labels", "/a~2b"])
            .to_owned(),
        _ => places[random.below(places.len())].clone(),
    };
    let operation = |random: &mut Random, place: &mut dyn FnMut(&mut Random) -> String| {
        let at = place(random);
        let there = seen.pointer(&at).cloned().unwrap_or(json!("v"));
        match random.below(12) {
            0..3 => {
                json!({"op": "add", "path": at, "value": if random.percent(50) { anything(random) } else { there }})
            }
            3 | 4 => json!({"op": "remove", "path": at}),
            5 | 6 => json!({"op": "replace", "path": at, "value": anything(random)}),
            7 => json!({"op": "test", "path": at, "value": there}),
            8 => json!({"op": "test", "path": at, "value": anything(random)}),
            9 => json!({"op": "move", "from": at, "path": place(random)}),
            10 => json!({"op": "copy", "from": at, "path": place(random)}),
            _ => [
                json!({"op": "nonsense", "path": at}),
                json!({"op": "add", "path": at}),
                json!({"path": at}),
                json!({"op": "remove"}),
                json!(null),
            ][random.below(5)]
            .clone(),
        }
    };
    let count = 1 + random.below(3);
    Value::Array((0..count).map(|_| operation(random, &mut place)).collect())
}
