//! Requests as the server understands them, and the log of all it got.
//!
//! Bodies are not kept: they may hold Secrets.

use std::ops::Deref;

use http::{Method, Uri, request::Parts};

/// One request: what was asked, of which resource, and how it was answered.
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
    /// The HTTP status of the answer; nothing while there is none.
    pub answered: Option<u16>,
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
            accept: header(http::header::ACCEPT),
            content_type: header(http::header::CONTENT_TYPE),
            answered: None,
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

/// Requests in the order they came, to be narrowed and counted.
///
/// ```
/// # use kube_indexed_store::testing::FakeCluster;
/// let cluster = FakeCluster::new();
/// assert_eq!(cluster.requests().verb("list").resource("secrets").count(), 0);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests(pub(super) Vec<Request>);

impl Requests {
    /// Those with this verb.
    pub fn verb(self, verb: &str) -> Self {
        self.only(|request| request.verb == verb)
    }

    /// Those about this resource, by its plural name.
    pub fn resource(self, resource: &str) -> Self {
        self.only(|request| request.resource == resource)
    }

    /// Those that name this namespace.
    pub fn namespace(self, namespace: &str) -> Self {
        self.only(|request| request.namespace.as_deref() == Some(namespace))
    }

    /// Those that name this object.
    pub fn name(self, name: &str) -> Self {
        self.only(|request| request.name.as_deref() == Some(name))
    }

    /// Those for which the condition holds.
    pub fn only(mut self, condition: impl FnMut(&Request) -> bool) -> Self {
        self.0.retain(condition);
        self
    }

    /// How many are left.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl Deref for Requests {
    type Target = [Request];

    fn deref(&self) -> &[Request] {
        &self.0
    }
}

impl IntoIterator for Requests {
    type Item = Request;
    type IntoIter = std::vec::IntoIter<Request>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
