//! Requests, more or less.

use http::{HeaderValue, Request};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};

use crate::{
    hostile::Hostile,
    support::random::Random,
    texts::{ACCEPTS, CONTENT_TYPES, PARAMETERS, VALUES},
};

impl Hostile {
    pub fn bytes(&mut self, value: &Value) -> Vec<u8> {
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

    pub fn request(&mut self, cluster: &FakeCluster) -> Request<Vec<u8>> {
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

pub fn shown(request: &Request<Vec<u8>>) -> String {
    let body: String = String::from_utf8_lossy(request.body()).chars().take(4000).collect();
    format!("{} {}\n{:?}\n{body}\n", request.method(), request.uri(), request.headers())
}
