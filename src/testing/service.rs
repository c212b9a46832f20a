//! HTTP: a request is noted, suffers its fault, and is answered.
//!
//! Not here: what a path means ([`route`](super::route)), and media types ([`media`](super::media)).

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
use http::{HeaderMap, Response, request::Parts};
use http_body_util::{BodyExt, Limited};
use kube::core::Status;
use tokio::time::{sleep, timeout};

use super::{
    answer::{self, Answer},
    body::Body,
    cluster::{FakeCluster, Inner, Shared},
    deletion::Deletion,
    fault::{Effect, Gate, Outcome, stream},
    listing, media,
    options::{self, FieldValidation, Options, revision},
    patch::Patch,
    requests::Request,
    route::{self, Call, Place},
    state::Target,
    status::{self, Flaw},
    text::{self, Form},
    watching,
    write::Write,
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
        let exchange = Exchange { shared: shared.clone(), request, headers: parts.headers, body };
        let response = exchange.through(effect).await?;
        shared.update(|inner| inner.log[id].answered = Some(response.status().as_u16()));
        Ok(response)
    }

    /// Suffers what a fault does to the request, then answers it.
    async fn through(&self, fault: Option<(u64, Effect)>) -> io::Result<Response<Body>> {
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
            Outcome::Status(status) => answer::refusal(&status),
            Outcome::Forbidden(user) => {
                let Request { verb, group, resource, namespace, name, .. } = &self.request;
                let (namespace, name) = (namespace.as_deref(), name.as_deref());
                answer::refusal(&status::forbidden(&user, verb, group, resource, namespace, name))
            }
            Outcome::Text(code, text, retry_after) => {
                let mut response = answer::plain(code, &format!("{text}\n"));
                answer::retry_after(&mut response, retry_after.map(|wait| wait.as_secs()));
                response
            }
            Outcome::Hang => std::future::pending().await,
            Outcome::Refuse => {
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the connection was refused by a fault"));
            }
            Outcome::Damaged(damage) => {
                let response = self.respond().await;
                let streams = self.request.verb == "watch" && response.status().is_success();
                response.map(|body| stream::damaged(body, damage, streams))
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
        self.shared.until_faults(|rules| !rules.is_closed(id)).await;
        drop(waiting);
    }

    async fn respond(&self) -> Response<Body> {
        match self.serve().await {
            Ok(answer) => answer.into_response(),
            Err(status) => answer::refusal(&status),
        }
    }

    async fn serve(&self) -> Result<Answer, Box<Status>> {
        let target = match self.shared.read(|inner| route::place(&self.request, &inner.state.kinds))? {
            Place::Document(document) => return Ok(Answer::Json(200, document.to_string().into())),
            Place::Nowhere => return Ok(Answer::NoPage),
            Place::Resource(target) => target,
        };
        let form = media::form(&self.request)?;
        match route::call(&self.request, &target)? {
            Call::List => self.list(&target, form).await,
            Call::Watch => self.watch(&target, form),
            Call::Create => self.create(&target, form),
            Call::DeleteCollection => self.delete_collection(&target).await,
            Call::Get(name) => self.get(&target, name, form).await,
            Call::Update(name) => self.update(&target, name, form),
            Call::Delete(name) => self.delete(&target, name),
            Call::Patch(name) => self.patch(&target, name, form),
            Call::Part => Err(status::unknown_resource()),
        }
    }

    async fn list(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = Options::read(&self.request.query)?;
        options.check()?;
        self.revision_reached(listing::awaited(&options)?).await?;
        let list = self.shared.read(|inner| listing::list(&inner.state, target, &options, form))?;
        Ok(Answer::Json(200, list.text()))
    }

    fn watch(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = Options::read(&self.request.query)?;
        options.check()?;
        let frames = watching::open(&self.shared, target, &options, form)?;
        Ok(Answer::Watch(Body::stream(frames)))
    }

    async fn get(&self, target: &Target, name: &str, form: Form) -> Result<Answer, Box<Status>> {
        let asked = revision(self.request.param("resourceVersion").unwrap_or_default()).map_err(status::internal)?;
        self.revision_reached(asked.unwrap_or(0)).await?;
        self.shared.read(|inner| {
            let object = inner.state.find(&target.kind, &target.namespace, name)?;
            Ok(Answer::Json(200, text::object(&target.kind, &target.version, object, form)))
        })
    }

    fn create(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let write = Write { dry_run: self.dry_run("CreateOptions")?, force: false };
        let object = media::object(&target.kind, &self.headers, &self.body.clone()?)?;
        let created = self.shared.update(|inner| inner.state.create(target, object, write))?;
        Ok(Answer::Json(201, text::object(&target.kind, &target.version, &created.object, form)))
    }

    fn update(&self, target: &Target, name: &str, form: Form) -> Result<Answer, Box<Status>> {
        let write = Write { dry_run: self.dry_run("UpdateOptions")?, force: false };
        let object = media::object(&target.kind, &self.headers, &self.body.clone()?)?;
        let written = self.shared.update(|inner| inner.state.replace(target, name, object, write))?;
        let code = if written.created { 201 } else { 200 };
        Ok(Answer::Json(code, text::object(&target.kind, &target.version, &written.object, form)))
    }

    fn patch(&self, target: &Target, name: &str, form: Form) -> Result<Answer, Box<Status>> {
        const OPTIONS: &str = "PatchOptions";
        let language = media::patch_language(&target.kind, media::content_type(&self.headers).unwrap_or_default())?;
        let text = self.body.clone()?;
        let validation = FieldValidation::read(self.request.param("fieldValidation"), OPTIONS)?;
        let write = Write { dry_run: self.dry_run(OPTIONS)?, force: false };
        if self.request.param("force").is_some() {
            let flaw = Flaw::forbidden("force", "may not be specified for non-apply patch");
            return Err(status::invalid_as("meta.k8s.io", OPTIONS, "", vec![flaw]));
        }
        let patch = Patch { language, text, validation };
        let written = self.shared.update(|inner| inner.state.patch(target, name, &patch, write))?;
        let text = text::object(&target.kind, &target.version, &written.object, form);
        Ok(Answer::Warned(text, written.warnings))
    }

    fn delete(&self, target: &Target, name: &str) -> Result<Answer, Box<Status>> {
        let deletion = self.deletion()?;
        let deleted = self.shared.update(|inner| inner.state.delete(target, name, &deletion))?;
        let text = text::whole(&target.kind, &deleted.answer);
        // Whoever asks in the old way is told when there is more to come.
        Ok(if deletion.cascades && !deleted.gone {
            Answer::Json(202, text)
        } else {
            Answer::Warned(text, deleted.warnings)
        })
    }

    async fn delete_collection(&self, target: &Target) -> Result<Answer, Box<Status>> {
        let options = Options::read(&self.request.query)?;
        options.check()?;
        let deletion = self.deletion()?;
        self.revision_reached(listing::awaited(&options)?).await?;
        let delete = |inner: &mut Inner| inner.state.delete_collection(target, &options, &deletion);
        let (list, warnings) = self.shared.update(delete)?;
        Ok(Answer::Warned(list.text(), warnings))
    }

    /// Waits a little for a revision that is yet to come.
    async fn revision_reached(&self, asked: u64) -> Result<(), Box<Status>> {
        if timeout(PATIENCE, self.shared.reached(asked)).await.is_err() {
            let current = self.shared.read(|inner| inner.state.storage.revision);
            return Err(status::too_large_version(asked, current));
        }
        Ok(())
    }

    fn dry_run(&self, options: &str) -> Result<bool, Box<Status>> {
        options::dry_run(self.request.param("dryRun"), options)
    }

    fn deletion(&self) -> Result<Deletion, Box<Status>> {
        Deletion::read(&self.request, &self.headers, &self.body.clone()?)
    }
}
