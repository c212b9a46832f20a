//! HTTP: from a request to an answer.
//!
//! Not here: patches, subresources, Tables, other media types than JSON and (in requests) YAML.

use std::{
    error::Error,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Limited};
use kube::core::Status;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::{
    body::Body,
    cluster::{FakeCluster, Shared},
    discovery,
    fault::{Damage, Effect, Gate, Outcome},
    listing,
    options::{Options, revision},
    requests::Request,
    selection::Selection,
    state::{Preconditions, Target, Write},
    status,
    text::{self, Form},
    watching, yaml,
};

impl<B> tower::Service<http::Request<B>> for FakeCluster
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<Body>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let shared = self.shared.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            Exchange::answer(shared, parts, body).await
        })
    }
}

/// The largest body the server reads.
const LARGEST: usize = 3 * 1024 * 1024;
/// How long the server waits for a revision that is yet to come.
const PATIENCE: Duration = Duration::from_secs(3);

/// One request on its way to an answer.
struct Exchange {
    shared: Arc<Shared>,
    request: Request,
    headers: HeaderMap,
    body: Result<Bytes, Box<Status>>,
    damage: Damage,
}

enum Answer {
    Json(u16, Bytes),
    List(listing::List),
    Watch(Body),
    NoPage,
}

impl Exchange {
    async fn answer<B>(shared: Arc<Shared>, parts: Parts, body: B) -> io::Result<Response<Body>>
    where
        B: http_body::Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let request = Request::new(&parts);
        let (id, effect) = shared.update(|inner| {
            inner.log.push(request.clone());
            (inner.log.len() - 1, inner.rules.hit(&request))
        });
        let body = match Limited::new(body, LARGEST).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                let message = format!("Request entity too large: limit is {LARGEST}");
                Err(status::failure(413, "RequestEntityTooLarge", message))
            }
            Err(_) => Err(status::bad_request("the body of the request could not be read")),
        };
        let mut exchange =
            Exchange { shared: shared.clone(), request, headers: parts.headers, body, damage: Damage::default() };
        let response = exchange.through(effect).await?;
        shared.update(|inner| inner.log[id].answered = Some(response.status().as_u16()));
        Ok(response)
    }

    /// Suffers what a fault does to the request, then answers it.
    async fn through(&mut self, fault: Option<(u64, Effect)>) -> io::Result<Response<Body>> {
        let Some((id, effect)) = fault else {
            return Ok(self.respond().await);
        };
        if let Some(delay) = effect.delay {
            sleep(delay).await;
        }
        if effect.gate == Some(Gate::Before) {
            self.wait_at_gate(id).await;
        }
        let response = match effect.outcome {
            Outcome::Answer => self.respond().await,
            Outcome::Status(status) => self.refuse(&status),
            Outcome::Forbidden(user) => {
                let Request { verb, group, resource, namespace, name, .. } = &self.request;
                self.refuse(&status::forbidden(&user, verb, group, resource, namespace.as_deref(), name.as_deref()))
            }
            Outcome::Text(code, text, retry_after) => {
                let mut response = plain(code, &format!("{text}\n"));
                retry_header(&mut response, retry_after.map(|wait| wait.as_secs()));
                response
            }
            Outcome::Hang => std::future::pending().await,
            Outcome::Refuse => {
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the connection was refused by a fault"));
            }
            Outcome::Damaged(damage) => {
                self.damage = damage;
                self.respond().await
            }
        };
        if effect.gate == Some(Gate::After) {
            self.wait_at_gate(id).await;
        }
        Ok(response)
    }

    async fn wait_at_gate(&self, id: u64) {
        struct Waiting<'s>(&'s Shared, u64);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.update(|inner| inner.rules.wait(self.1, false));
            }
        }
        self.shared.update(|inner| inner.rules.wait(id, true));
        let waiting = Waiting(&self.shared, id);
        self.shared.until(|inner| !inner.rules.is_closed(id)).await;
        drop(waiting);
    }

    async fn respond(&self) -> Response<Body> {
        match self.serve().await {
            Ok(Answer::Json(code, body)) => self.whole(code, body),
            Ok(Answer::List(list)) => self.list_response(list),
            Ok(Answer::Watch(body)) => json_response(200, body),
            Ok(Answer::NoPage) => plain(404, "404 page not found\n"),
            Err(status) => self.refuse(&status),
        }
    }

    fn refuse(&self, refusal: &Status) -> Response<Body> {
        let mut response = self.whole(refusal.code, status::text(refusal));
        let wait = refusal.details.as_ref().map(|details| u64::from(details.retry_after_seconds));
        retry_header(&mut response, wait.filter(|seconds| *seconds > 0));
        response
    }

    fn whole(&self, code: u16, body: Bytes) -> Response<Body> {
        let mut line = body.to_vec();
        line.push(b'\n');
        json_response(
            code,
            match self.damage.bytes {
                Some(limit) if limit < line.len() => Body::cut(line[..limit].to_vec().into()),
                _ => Body::full(line),
            },
        )
    }

    fn list_response(&self, list: listing::List) -> Response<Body> {
        let mut text = list.head.to_vec();
        for (index, item) in list.items.iter().enumerate() {
            if self.damage.objects == Some(index) {
                return json_response(200, Body::cut(text.into()));
            }
            if index > 0 {
                text.push(b',');
            }
            text.extend_from_slice(item);
        }
        if self.damage.objects == Some(list.items.len()) {
            return json_response(200, Body::cut(text.into()));
        }
        text.extend_from_slice(b"]}");
        self.whole(200, text.into())
    }

    async fn serve(&self) -> Result<Answer, Box<Status>> {
        let request = &self.request;
        let document = self.shared.read(|inner| discovery::document(&inner.state.kinds, request));
        if let Some(document) = document.filter(|_| request.resource.is_empty()) {
            return match request.verb.as_str() {
                "get" => Ok(Answer::Json(200, document.to_string().into())),
                _ => Err(status::method_not_allowed()),
            };
        }
        let Some(target) = self.target()? else {
            return Ok(Answer::NoPage);
        };
        let form = self.form()?;
        if request.subresource.is_some() {
            return Err(status::unknown_resource());
        }
        let collection = request.name.is_none();
        if target.kind.namespaced && target.namespace.is_empty() && !collection {
            return Err(status::unknown_resource());
        }
        match (request.verb.as_str(), collection) {
            ("list", true) => self.list(&target, form).await,
            ("watch", true) => self.watch(&target, form),
            ("get", false) => self.get(&target, form).await,
            ("create", true) if target.namespace.is_empty() == target.kind.namespaced => {
                Err(status::method_not_allowed())
            }
            ("create", true) => self.create(&target, form),
            ("update", false) => self.update(&target, form),
            ("delete", false) => self.delete(&target),
            ("deletecollection", true) => self.delete_collection(&target),
            _ => Err(status::method_not_allowed()),
        }
    }

    /// Where the request points; nothing outside of the API and in groups nobody serves.
    fn target(&self) -> Result<Option<Target>, Box<Status>> {
        let Request { path, group, version, resource, .. } = &self.request;
        let in_core = path.starts_with("/api/");
        self.shared.read(|inner| {
            let kinds = &inner.state.kinds;
            if !in_core && (group.is_empty() || !kinds.has_group(group)) {
                return Ok(None);
            }
            let kind = kinds.served(group, version, resource).ok_or_else(status::unknown_resource)?;
            let namespace = self.request.namespace.clone().unwrap_or_default();
            if !kind.namespaced && !namespace.is_empty() {
                return Err(status::unknown_resource());
            }
            Ok(Some(Target { kind, version: version.clone(), namespace }))
        })
    }

    /// The form of objects the client accepts: the first it names that the server has.
    fn form(&self) -> Result<Form, Box<Status>> {
        let accept = self.request.accept.as_deref().unwrap_or("*/*");
        let mut media_type_known = false;
        for offer in accept.split(',') {
            let mut parts = offer.split(';').map(str::trim);
            if !["application/json", "application/*", "*/*"].contains(&parts.next().unwrap_or_default()) {
                continue;
            }
            media_type_known = true;
            let listed = self.request.verb == "list";
            match parts.find_map(|part| part.strip_prefix("as=")) {
                None => return Ok(Form::Whole),
                Some("PartialObjectMetadata") if !listed => return Ok(Form::Metadata),
                Some("PartialObjectMetadataList") if listed => return Ok(Form::Metadata),
                Some(wrong @ ("PartialObjectMetadata" | "PartialObjectMetadataList")) => {
                    let (is, kind) = if listed { ("a list", "List") } else { ("not a list", "") };
                    let kind = format!("{}{kind}", self.request.resource);
                    let message = format!("you requested {wrong}, but the requested object is {is} ({kind})");
                    return Err(status::failure(406, "NotAcceptable", message));
                }
                Some(_) => {}
            }
        }
        let message = if media_type_known {
            "only the following media types are accepted: application/json"
        } else {
            "406: Not Acceptable\n\nAvailable representations: application/json, application/json;stream=watch"
        };
        Err(status::failure(406, "NotAcceptable", message))
    }

    async fn list(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = Options::read(&self.request.query)?;
        options.check()?;
        self.revision_reached(listing::awaited(&options)?).await?;
        let list = self.shared.read(|inner| listing::list(&inner.state, target, &options, form, &self.damage))?;
        Ok(Answer::List(list))
    }

    fn watch(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = Options::read(&self.request.query)?;
        options.check()?;
        let frames = watching::open(&self.shared, target, &options, form, self.damage.clone())?;
        Ok(Answer::Watch(Body::stream(frames)))
    }

    async fn get(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let asked = revision(self.request.param("resourceVersion").unwrap_or_default()).map_err(status::internal)?;
        self.revision_reached(asked.unwrap_or(0)).await?;
        self.shared.read(|inner| {
            let object = inner.state.find(&target.kind, &target.namespace, self.name())?;
            if self.damage.undecodable.as_ref() == Some(&object.name) {
                return Ok(Answer::Json(200, listing::UNDECODABLE));
            }
            Ok(Answer::Json(200, text::object(&target.kind, &target.version, object, form)))
        })
    }

    fn create(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let write = Write { dry_run: self.dry_run("CreateOptions")?, force: false };
        let object = self.object(target)?;
        let object = self.shared.update(|inner| inner.state.create(target, object, write))?;
        Ok(Answer::Json(201, text::object(&target.kind, &target.version, &object, form)))
    }

    fn update(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let write = Write { dry_run: self.dry_run("UpdateOptions")?, force: false };
        let object = self.object(target)?;
        let (object, created) = self.shared.update(|inner| inner.state.replace(target, self.name(), object, write))?;
        let code = if created { 201 } else { 200 };
        Ok(Answer::Json(code, text::object(&target.kind, &target.version, &object, form)))
    }

    fn delete(&self, target: &Target) -> Result<Answer, Box<Status>> {
        let (preconditions, dry_run) = self.delete_options()?;
        let name = self.name();
        let answer = self.shared.update(|inner| inner.state.delete(target, name, &preconditions, dry_run))?;
        Ok(Answer::Json(200, text::whole(&target.kind, &answer)))
    }

    /// Answers the list as it was before.
    fn delete_collection(&self, target: &Target) -> Result<Answer, Box<Status>> {
        let options = Options::read(&self.request.query)?;
        let selection = Selection::new(target, &options.labels, &options.fields)?;
        let (preconditions, dry_run) = self.delete_options()?;
        self.shared.update(|inner| {
            let list = listing::list(&inner.state, target, &options, Form::Whole, &self.damage)?;
            for (namespace, name) in listing::names(&inner.state, target, &selection) {
                let target = Target { namespace, ..target.clone() };
                inner.state.delete(&target, &name, &preconditions, dry_run)?;
            }
            Ok(Answer::List(list))
        })
    }

    fn name(&self) -> &str {
        self.request.name.as_deref().unwrap_or_default()
    }

    /// Waits a little for a revision that is yet to come.
    async fn revision_reached(&self, asked: u64) -> Result<(), Box<Status>> {
        let reached = self.shared.until(|inner| inner.state.storage.revision >= asked);
        if timeout(PATIENCE, reached).await.is_err() {
            let current = self.shared.read(|inner| inner.state.storage.revision);
            return Err(status::too_large_version(asked, current));
        }
        Ok(())
    }

    fn dry_run(&self, options: &str) -> Result<bool, Box<Status>> {
        dry_run(self.request.param("dryRun"), options)
    }

    /// The object in the body, which must be JSON or YAML.
    fn object(&self, target: &Target) -> Result<Value, Box<Status>> {
        let body = self.body.clone()?;
        let content_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let unrecognized = |why: &str| {
            let kind = &target.kind.kind;
            status::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {why}"
            ))
        };
        match content_type.unwrap_or("application/json").split(';').next().unwrap_or_default().trim() {
            "application/json" => serde_json::from_slice(&body).map_err(|error| {
                // What the body holds stays out of the message: it may be a Secret.
                if error.is_eof() {
                    let shown = if body.is_empty() { " (<empty>)" } else { "" };
                    return unrecognized(&format!("unexpected end of JSON input{shown}"));
                }
                unrecognized(&format!("invalid JSON at line {} column {}", error.line(), error.column()))
            }),
            "application/yaml" => {
                let body = std::str::from_utf8(&body).map_err(|_| unrecognized("invalid UTF-8"))?;
                yaml::parse(body).map_err(|problem| unrecognized(&problem.message))
            }
            _ => Err(status::failure(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
            )),
        }
    }

    fn delete_options(&self) -> Result<(Preconditions, bool), Box<Status>> {
        let body = self.body.clone()?;
        let options: Value = if body.is_empty() {
            Value::Null
        } else {
            let unreadable = |_| status::bad_request("the body of the request is no DeleteOptions in JSON");
            serde_json::from_slice(&body).map_err(unreadable)?
        };
        let policy = options["propagationPolicy"].as_str().or(self.request.param("propagationPolicy"));
        if let Some(policy) = policy.filter(|policy| !["Foreground", "Background", "Orphan"].contains(policy)) {
            let supported = ["Foreground", "Background", "Orphan", "nil"];
            let flaw = status::Flaw::unsupported("propagationPolicy", policy, &supported);
            return Err(status::invalid_as("meta.k8s.io", "DeleteOptions", "", vec![flaw]));
        }
        let text = |field: &str| options["preconditions"][field].as_str().map(str::to_owned);
        let preconditions = Preconditions { uid: text("uid"), version: text("resourceVersion") };
        let said = options["dryRun"][0].as_str().or(self.request.param("dryRun"));
        Ok((preconditions, dry_run(said, "DeleteOptions")?))
    }
}

fn dry_run(said: Option<&str>, options: &str) -> Result<bool, Box<Status>> {
    match said {
        None | Some("") => Ok(false),
        Some("All") => Ok(true),
        Some(other) => {
            let flaw = status::Flaw::unsupported("dryRun", vec![other], &["All"]);
            Err(status::invalid_as("meta.k8s.io", options, "", vec![flaw]))
        }
    }
}

fn response(code: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache, private"));
    response
}

fn json_response(code: u16, body: Body) -> Response<Body> {
    response(code, "application/json", body)
}

fn plain(code: u16, text: &str) -> Response<Body> {
    response(code, "text/plain; charset=utf-8", Body::full(text.to_owned()))
}

fn retry_header(response: &mut Response<Body>, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
}
