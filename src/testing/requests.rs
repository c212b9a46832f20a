//! One request, as the server understands it.
//!
//! Not here: all requests ([`log`](super::log)), and answers, of which only the HTTP status and the message of a
//! refusal are kept.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Uri, header, request::Parts};
use serde_json::Value;

use super::{
    kinds::{Kind, Kinds},
    yaml,
};

/// One request: what was asked, for which resource, and how it was answered.
///
/// It prints as `GET /api/v1/secrets?limit=500 200`, without the status while there is no answer. Neither `Display` nor
/// `Debug` prints the body, because it may be a Secret; read it with [`body`](Request::body).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`; for paths that are not of a
    /// resource, such as `/version`, the HTTP method in lower case.
    pub verb: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The version within the group.
    pub version: String,
    /// The plural name of the resource; empty for paths that are not of a resource.
    pub resource: String,
    /// The subresource, such as `status` or `scale`.
    pub subresource: Option<String>,
    /// The namespace, if the path has one.
    pub namespace: Option<String>,
    /// The name of the object, if the path has one. The path of a create has none.
    pub name: Option<String>,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The decoded query parameters, in the order they were sent.
    pub query: Vec<(String, String)>,
    /// The `Accept` header. It shows whether the client asked for metadata only, or for a Table.
    pub accept: Option<String>,
    /// The `Content-Type` header. It shows the kind of a patch.
    pub content_type: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The HTTP status of the answer; `None` while there is no answer.
    pub answered: Option<u16>,
    /// Why it was refused: the message of the Status in the answer. `None` for all other answers, and while there is
    /// none.
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::Secret;
    /// # use kube::Api;
    /// # use kube_indexed_store::testing::FakeCluster;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// let secrets: Api<Secret> = Api::default_namespaced(cluster.client());
    /// secrets.list(&Default::default()).await?;
    /// secrets.get_opt("a").await?;
    /// let refused: Vec<_> = cluster.requests().iter().filter_map(|request| request.message.clone()).collect();
    /// assert_eq!(refused, [r#"secrets "a" not found"#]);
    /// # Ok::<(), kube::Error>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub message: Option<String>,
    /// When it came: how long after the cluster was made, on tokio's clock. With paused time this is exact, and the
    /// same in each run.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use k8s_openapi::api::core::v1::Secret;
    /// # use kube::{Api, api::ListParams};
    /// # use kube_indexed_store::testing::{FakeCluster, Fault};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// cluster.fault(Fault::on("list").times(2).status(503).retry_after(Duration::from_secs(20)));
    /// let secrets: Api<Secret> = Api::default_namespaced(cluster.client_with_retries());
    /// secrets.list(&ListParams::default()).await?;
    /// let came: Vec<_> = cluster.requests().iter().map(|request| request.at.as_secs()).collect();
    /// assert_eq!(came, [0, 20, 40]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub at: Duration,
    pub(super) method: Method,
    payload: Payload,
    /// How many requests came before.
    pub(super) place: usize,
    /// The kind it is about, if the cluster served it when the request came.
    kind: Option<Arc<Kind>>,
}

#[derive(Clone, Default, PartialEq, Eq)]
struct Payload(Bytes);

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        for (index, (name, value)) in self.query.iter().enumerate() {
            write!(f, "{}{name}={value}", if index == 0 { '?' } else { '&' })?;
        }
        self.answered.map_or(Ok(()), |code| write!(f, " {code}"))
    }
}

impl Request {
    pub(super) fn new(parts: &Parts) -> Self {
        let query = query(&parts.uri);
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        // Parts that are escaped or empty count like any others.
        let path = decoded(parts.uri.path());
        let mut segments = path.trim_matches('/').split('/').map(str::to_owned);
        let mut request = Request {
            verb: parts.method.as_str().to_lowercase(),
            group: String::new(),
            version: String::new(),
            resource: String::new(),
            subresource: None,
            namespace: None,
            name: None,
            path: parts.uri.path().to_owned(),
            query,
            accept: header(header::ACCEPT),
            content_type: header(header::CONTENT_TYPE),
            user_agent: header(header::USER_AGENT),
            answered: None,
            message: None,
            at: Duration::ZERO,
            method: parts.method.clone(),
            payload: Payload::default(),
            place: 0,
            kind: None,
        };
        match segments.next().as_deref() {
            Some("api") => {}
            Some("apis") => request.group = segments.next().unwrap_or_default(),
            _ => return request,
        }
        request.version = segments.next().unwrap_or_default();
        let mut rest: Vec<String> = segments.collect();
        // The old way to ask for a watch: by the path.
        let watched = rest.len() > 1 && rest[0] == "watch";
        if watched {
            rest.remove(0);
        }
        let below_namespace = rest.len() > 2 && !["status", "finalize"].contains(&rest[2].as_str());
        if rest.len() > 2 && rest[0] == "namespaces" && below_namespace {
            request.namespace = Some(rest[1].clone());
            rest.drain(..2);
        }
        let mut rest = rest.into_iter();
        let Some(resource) = rest.next() else {
            return request;
        };
        request.resource = resource;
        request.name = rest.next();
        request.subresource = rest.reduce(|path, part| path + "/" + &part);
        let watching = request.param("watch").is_some_and(|value| !["0", "false"].contains(&value));
        request.verb = match (&parts.method, request.name.is_some()) {
            (&Method::GET, _) if watched => "watch",
            _ if watched => return request,
            (&Method::GET, true) => "get",
            (&Method::GET, false) if watching => "watch",
            (&Method::GET, false) => "list",
            (&Method::POST, _) => "create",
            (&Method::PUT, _) => "update",
            (&Method::PATCH, _) => "patch",
            (&Method::DELETE, true) => "delete",
            (&Method::DELETE, false) => "deletecollection",
            _ => return request,
        }
        .to_owned();
        request
    }

    /// Remembers the kind it is about, which may be served no longer when somebody asks.
    pub(super) fn recognize(&mut self, kinds: &Kinds) {
        self.kind = kinds.find(&self.group, &self.resource).cloned();
    }

    /// Whether people call what it is about by this word.
    pub(super) fn is_about(&self, word: &str) -> bool {
        match &self.kind {
            Some(kind) => kind.is_called(word),
            None => self.resource == word || word.split_once('.') == Some((&self.resource, &self.group)),
        }
    }

    /// Its body has arrived.
    pub(super) fn sent(&mut self, body: Bytes) {
        self.payload = Payload(body);
    }

    /// It is answered; `message` says why it was refused.
    pub(super) fn answered(&mut self, code: u16, message: Option<String>) {
        self.answered = Some(code);
        self.message = message;
    }

    /// A request that nobody made, with the attributes by which reviews name one.
    pub(super) fn imagined(attributes: &Value) -> Self {
        let text = |field: &str| attributes[field].as_str().unwrap_or_default().to_owned();
        let said = |field: &str| Some(text(field)).filter(|text| !text.is_empty());
        Request {
            verb: text("verb"),
            group: text("group"),
            version: text("version"),
            resource: text("resource"),
            subresource: said("subresource"),
            namespace: said("namespace"),
            name: said("name"),
            path: text("path"),
            query: Vec::new(),
            accept: None,
            content_type: None,
            user_agent: None,
            answered: None,
            message: None,
            at: Duration::ZERO,
            method: Method::default(),
            payload: Payload::default(),
            place: 0,
            kind: None,
        }
    }

    /// The value of a query parameter; the first one if it is repeated.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as a value: the object, the patch, or the options of a deletion. Null if there is no body, if it has
    /// not arrived yet, or if it cannot be parsed.
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # use kube::{Api, api::{Patch, PatchParams}};
    /// # use kube_indexed_store::testing::{FakeCluster, objects::config_map};
    /// # use serde_json::json;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// cluster.create(config_map("a"))?;
    /// let api: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    /// api.patch("a", &PatchParams::default(), &Patch::Merge(json!({"data": {"k": "v"}}))).await?;
    /// let patches = cluster.requests().verb("patch");
    /// assert_eq!(patches[0].body(), json!({"data": {"k": "v"}}));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn body(&self) -> Value {
        if self.content_type.as_deref().is_some_and(|media_type| media_type.contains("yaml")) {
            let text = std::str::from_utf8(&self.payload.0).unwrap_or_default();
            return yaml::parse(text).unwrap_or_default();
        }
        serde_json::from_slice(&self.payload.0).unwrap_or_default()
    }
}

fn query(uri: &Uri) -> Vec<(String, String)> {
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))).collect()
}

/// Percent signs undone; what is not UTF-8 after that is replaced, what is no escape stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escape = escape.filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escape.unwrap_or(byte));
        rest = if escape.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
