//! Requests as the server understands them, and the log of all it got.
//!
//! Not here: what answers say; of them the log keeps the code.

use std::{fmt, ops::Deref, sync::Arc};

use bytes::Bytes;
use http::{Method, Uri, header, request::Parts};
use serde_json::Value;

use super::{cluster::FakeCluster, yaml};

/// One request: what was asked, of which resource, and how it was answered.
///
/// It is shown as `GET /api/v1/secrets?limit=500 200`, or without the code while there is no answer. Nothing shows a body
/// unasked, which may be that of a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`; outside of
    /// resources the method in lower case.
    pub verb: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The version within the group.
    pub version: String,
    /// The plural name of the resource, empty outside of resources.
    pub resource: String,
    /// What follows the name: `status`, `scale`.
    pub subresource: Option<String>,
    /// The namespace, where the path names one.
    pub namespace: Option<String>,
    /// The object, where the path names one.
    pub name: Option<String>,
    /// The path as it was sent.
    pub path: String,
    /// The decoded parameters in their order.
    pub query: Vec<(String, String)>,
    /// The `Accept` header: metadata-only requests are told by it.
    pub accept: Option<String>,
    /// The `Content-Type` header: the kinds of patches are told by it.
    pub content_type: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The HTTP status of the answer; nothing while there is none.
    pub answered: Option<u16>,
    pub(super) method: Method,
    payload: Payload,
    /// How many requests came before.
    place: usize,
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
        let mut segments = parts.uri.path().split('/').filter(|segment| !segment.is_empty()).map(decoded);
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
            method: parts.method.clone(),
            payload: Payload::default(),
            place: 0,
        };
        match segments.next().as_deref() {
            Some("api") => {}
            Some("apis") => request.group = segments.next().unwrap_or_default(),
            _ => return request,
        }
        request.version = segments.next().unwrap_or_default();
        let mut rest: Vec<String> = segments.collect();
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

    /// The value of a parameter, the first where it is repeated.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as a value: the object, the patch, or the options of a deletion. Null where there is none, where it has not
    /// come yet, and where it cannot be read.
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

/// Requests in the order they came, to be narrowed, counted, looked at as a slice, and shown one a line.
///
/// It is what had come when it was taken: what comes later is not in it. Entries are shared, not copied.
///
/// ```
/// # use k8s_openapi::api::core::v1::Secret;
/// # use kube::{Api, api::ListParams};
/// # use kube_indexed_store::testing::FakeCluster;
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let cluster = FakeCluster::new();
/// let secrets: Api<Secret> = Api::default_namespaced(cluster.client());
/// secrets.list(&ListParams::default().labels("a=b")).await?;
/// let before = cluster.mark();
/// secrets.get_opt("missing").await?;
///
/// assert_eq!(cluster.requests().verb("list").resource("secrets").count(), 1);
/// assert_eq!(cluster.requests().since(before).to_string(), "GET /api/v1/namespaces/default/secrets/missing 404\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests(Arc<Vec<Arc<Request>>>);

/// A place in the log: what came before it, and what comes after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(usize);

impl Requests {
    /// Those with this verb.
    pub fn verb(self, verb: &str) -> Self {
        self.only(|request| request.verb == verb)
    }

    /// Those about this resource, by its plural name.
    pub fn resource(self, resource: &str) -> Self {
        self.only(|request| request.resource == resource)
    }

    /// Those about this part of objects: `status`, `scale`. Empty: those about objects as a whole.
    pub fn subresource(self, subresource: &str) -> Self {
        self.only(|request| request.subresource.as_deref().unwrap_or_default() == subresource)
    }

    /// Those that name this namespace.
    pub fn namespace(self, namespace: &str) -> Self {
        self.only(|request| request.namespace.as_deref() == Some(namespace))
    }

    /// Those that name this object.
    pub fn name(self, name: &str) -> Self {
        self.only(|request| request.name.as_deref() == Some(name))
    }

    /// Those of a client whose `User-Agent` starts like this.
    pub fn user_agent(self, start: &str) -> Self {
        self.only(|request| request.user_agent.as_deref().is_some_and(|agent| agent.starts_with(start)))
    }

    /// Those that were answered with this HTTP status.
    pub fn answered(self, code: u16) -> Self {
        self.only(|request| request.answered == Some(code))
    }

    /// Those that came after a [mark](FakeCluster::mark).
    pub fn since(self, mark: Mark) -> Self {
        self.only(|request| request.place >= mark.0)
    }

    /// Those for which the condition holds.
    pub fn only(self, mut condition: impl FnMut(&Request) -> bool) -> Self {
        Requests(Arc::new(self.0.iter().filter(|request| condition(request)).cloned().collect()))
    }

    /// How many are left.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Adds a request to the log, and answers its place there.
    pub(super) fn push(&mut self, request: Request) -> usize {
        let place = self.0.len();
        Arc::make_mut(&mut self.0).push(Arc::new(Request { place, ..request }));
        place
    }

    /// Notes what else is known of the request at a place of the log.
    pub(super) fn note(&mut self, place: usize, body: Option<Bytes>, answered: Option<u16>) {
        if let Some(request) = Arc::make_mut(&mut self.0).get_mut(place).map(Arc::make_mut) {
            request.payload = body.map_or_else(|| std::mem::take(&mut request.payload), Payload);
            request.answered = answered.or(request.answered);
        }
    }
}

impl Deref for Requests {
    type Target = [Arc<Request>];

    fn deref(&self) -> &[Arc<Request>] {
        &self.0
    }
}

impl IntoIterator for Requests {
    type Item = Arc<Request>;
    type IntoIter = std::vec::IntoIter<Arc<Request>>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|request| writeln!(f, "{request}"))
    }
}

impl FakeCluster {
    /// All requests so far, in the order they came. The cluster keeps them, bodies of writes included, as long as it is there.
    pub fn requests(&self) -> Requests {
        self.shared.read(|inner| inner.log.clone())
    }

    /// Marks this moment, for [`Requests::since`].
    pub fn mark(&self) -> Mark {
        Mark(self.requests().count())
    }

    /// Returns a request that came, or once it comes: the first that is left when all requests are narrowed so.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use k8s_openapi::api::core::v1::Secret;
    /// # use kube::{Api, api::ListParams};
    /// # use kube_indexed_store::testing::FakeCluster;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// let secrets: Api<Secret> = Api::default_namespaced(cluster.client());
    /// tokio::spawn(async move {
    ///     tokio::time::sleep(Duration::from_secs(60)).await;
    ///     secrets.list(&ListParams::default().limit(5)).await
    /// });
    /// let list = cluster.requested(|requests| requests.verb("list").resource("secrets")).await;
    /// assert_eq!(list.param("limit"), Some("5"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Dropping it changes nothing.
    pub async fn requested(&self, narrow: impl Fn(Requests) -> Requests) -> Arc<Request> {
        let mut found = None;
        self.until(|cluster| {
            found = narrow(cluster.requests()).first().cloned();
            found.is_some()
        })
        .await;
        found.expect("it waits until there is one")
    }
}
