//! Where a case takes place: a namespace of its own, and ways to ask about it.

use std::{collections::BTreeSet, time::Duration};

use http::HeaderMap;
use http_body_util::BodyExt;
use kube::{Client, client::Body};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    kinds::{KINDS, Kind},
    support::{self, random::Random},
};

/// Longer than any answer takes, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A namespace, and chance that can be repeated.
pub struct Ground {
    pub client: Client,
    pub namespace: String,
    /// Nobody acts on what is there: no controllers, but for those that are part of the server.
    pub bare: bool,
    random: Mutex<Random>,
    /// The names so far: none comes again.
    given: Mutex<BTreeSet<String>>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub code: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The text as JSON, or as it is where it is none.
    pub body: Value,
}

impl Answer {
    /// What a header says; nothing where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The code and the message of a Status.
    pub fn said(&self) -> (u16, String) {
        (self.code, text(&self.body["message"]))
    }

    pub fn warnings(&self) -> Vec<String> {
        self.headers.get_all("warning").iter().map(|warning| warning.to_str().expect("text").to_owned()).collect()
    }
}

impl Ground {
    pub async fn new(client: Client, namespace: String, bare: bool, random: Random) -> Self {
        let ground = Ground { client, namespace, bare, random: Mutex::new(random), given: Mutex::default() };
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ground.namespace}});
        assert_eq!(ground.post("/api/v1/namespaces", &object).await.code, 201);
        ground
    }

    /// A kind of which objects can be had for nothing.
    pub fn kind(&self) -> &'static Kind {
        self.random.lock().pick(&KINDS.each_ref())
    }

    /// Such a kind with objects in namespaces.
    pub fn namespaced_kind(&self) -> &'static Kind {
        self.kind_with(|kind| !kind.cluster)
    }

    /// Such a kind that every server has.
    pub fn built_in_kind(&self) -> &'static Kind {
        self.kind_with(|kind| !kind.is_custom())
    }

    /// Such a kind of which only the case makes objects.
    pub fn quiet_kind(&self) -> &'static Kind {
        self.kind_with(|kind| !kind.cluster && !kind.filled)
    }

    fn kind_with(&self, is_wanted: fn(&Kind) -> bool) -> &'static Kind {
        let kinds: Vec<&Kind> = KINDS.iter().filter(|kind| is_wanted(kind)).collect();
        self.random.lock().pick(&kinds)
    }

    /// So many names that this case has not had yet, and no other has.
    pub fn names(&self, count: usize) -> Vec<String> {
        let (mut random, mut given) = (self.random.lock(), self.given.lock());
        let mut names = BTreeSet::new();
        while names.len() < count {
            let name = format!("{}-{}", self.namespace, random.name());
            names.extend(given.insert(name.clone()).then_some(name));
        }
        random.shuffled(names)
    }

    pub fn name(&self) -> String {
        self.names(1).remove(0)
    }

    /// A number from zero on.
    pub fn below(&self, bound: usize) -> usize {
        self.random.lock().below(bound)
    }

    pub fn pick<'a>(&self, among: &[&'a str]) -> &'a str {
        self.random.lock().pick(among)
    }

    /// The path of a kind's objects here.
    pub fn all(&self, kind: &Kind) -> String {
        kind.path(&self.namespace)
    }

    /// The path of one object here.
    pub fn one(&self, kind: &Kind, name: &str) -> String {
        format!("{}/{name}", self.all(kind))
    }

    /// Creates an object, which must succeed; returns it.
    pub async fn create(&self, kind: &Kind, name: &str, metadata: Value) -> Value {
        let created = self.post(&self.all(kind), &kind.object(name, metadata)).await;
        assert_eq!(created.code, 201, "{created:?}");
        created.body
    }

    /// Creates an object by its path, which must succeed; returns it.
    pub async fn make(&self, all: &str, object: &Value) -> Value {
        let created = self.post(all, object).await;
        assert_eq!(created.code, 201, "{object} {created:?}");
        created.body
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, Some(("application/json", body))).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask("PUT", path, Some(("application/json", body))).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None).await
    }

    pub async fn merge(&self, path: &str, patch: &Value) -> Answer {
        self.ask("PATCH", path, Some(("application/merge-patch+json", patch))).await
    }

    /// Any request, with a body of any type.
    pub async fn ask(&self, method: &str, path: &str, body: Option<(&str, &Value)>) -> Answer {
        match body {
            Some((media_type, body)) => {
                self.ask_text(method, path, &[("Content-Type", media_type)], &body.to_string()).await
            }
            None => self.ask_text(method, path, &[], "").await,
        }
    }

    /// Any request at all.
    pub async fn ask_text(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let request = http::Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = self.send(request.body(body.to_owned().into_bytes()).expect("a request")).await;
        let (head, body) = response.into_parts();
        let bytes = timeout(PATIENCE, body.collect()).await.expect("an answer").expect("a whole body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| text.clone().into());
        Answer { code: head.status.as_u16(), headers: head.headers, text, body }
    }

    /// Opens a watch, which must succeed.
    pub async fn watch(&self, path: &str) -> Watch {
        self.watch_as(path, "application/json").await
    }

    /// Opens a watch of such objects.
    pub async fn watch_as(&self, path: &str, accept: &str) -> Watch {
        let request = http::Request::get(path).header("Accept", accept);
        let response = self.send(request.body(Vec::new()).expect("a request")).await;
        assert_eq!(response.status(), 200);
        Watch(support::watch::Watch::new(response.into_body()))
    }

    async fn send(&self, request: http::Request<Vec<u8>>) -> http::Response<Body> {
        let sent = self.client.send(request.map(Body::from));
        timeout(PATIENCE, sent).await.expect("an answer in time").expect("an answer")
    }
}

/// A watch that is open.
pub struct Watch(support::watch::Watch<Body>);

impl Watch {
    /// The next event, or nothing where the server ended the watch. Bookmarks that come by time do not count.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let event = self.any().await;
            let by_time = |event: &Value| {
                let object = &event["object"];
                event["type"] == "BOOKMARK" && object["kind"] != "Table" && object["metadata"]["annotations"].is_null()
            };
            if !event.as_ref().is_some_and(by_time) {
                return event;
            }
        }
    }

    /// The next event, whatever it is.
    pub async fn any(&mut self) -> Option<Value> {
        timeout(PATIENCE, self.0.next()).await.expect("an event in time")
    }

    /// So many events, as what happened and to whom.
    pub async fn told(&mut self, count: usize) -> Vec<(String, String)> {
        let mut told = Vec::new();
        while told.len() < count {
            let event = self.next().await.expect("an event");
            told.push((text(&event["type"]), text(&event["object"]["metadata"]["name"])));
        }
        told
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
