//! HTTP: a request is noted, suffers its fault, and is answered.
//!
//! Not here: what a path means ([`route`](super::route)), and media types ([`media`](super::media)).

use std::{
    error::Error,
    future::{self, Future},
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header, request::Parts};
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use kube::core::Status;
use tokio::time::{sleep, timeout};

use super::{
    accept::Accept,
    answer::{self, Answer},
    body::{Body, connection_lost},
    calls::{self, Question},
    cluster::{FakeCluster, Inner, Shared},
    connections,
    deletion::Deletion,
    fault::{Damage, Effect, Gate, Hit, Outcome},
    kinds::{Connection, NamedCall, Part},
    listing,
    media::{self, PatchType},
    options::{Options, WriteOptions, revision},
    patch::Patch,
    reports,
    requests::Request,
    route::{self, Call, Place},
    selection::Selection,
    state::Target,
    status,
    storage::Object,
    table::Printer,
    text::{self, Form},
    warnings::Warnings,
    watching,
    write::{self, Author, Change, Configuration, Write},
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
    request: Arc<Request>,
    headers: HeaderMap,
    body: Result<Bytes, Box<Status>>,
    warnings: Warnings,
}

impl Exchange {
    async fn answer<B>(shared: Arc<Shared>, parts: Parts, body: B) -> io::Result<Response<Body>>
    where
        B: http_body::Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut request = Request::new(&parts);
        let (request, effect) = shared.update(|inner| {
            request.recognize(&inner.state.kinds);
            let effect = inner.rules.hit(&request);
            (inner.log.push(request), effect)
        });
        let body = match Limited::new(body, LARGEST).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                let message = format!("Request entity too large: limit is {LARGEST}");
                Err(status::failure(413, "RequestEntityTooLarge", message))
            }
            Err(_) => Err(status::bad_request("the body of the request could not be read")),
        };
        let request = match body.as_ref().ok().filter(|body| !body.is_empty()) {
            Some(body) => shared.update(|inner| inner.log.note(request, Some(body.clone()), None)),
            None => request,
        };
        let exchange =
            Exchange { shared: shared.clone(), request, headers: parts.headers, body, warnings: Warnings::default() };
        let response = exchange.through(effect).await?;
        let code = response.status().as_u16();
        shared.update(|inner| inner.log.note(exchange.request, None, Some(code)));
        Ok(response)
    }

    /// Suffers what a fault does to the request, then answers it.
    async fn through(&self, fault: Option<Hit>) -> io::Result<Response<Body>> {
        let Some(Hit { id, delay, effect: Effect { gate, outcome, damage, .. } }) = fault else {
            return Ok(self.respond().await);
        };
        if !delay.is_zero() {
            sleep(delay).await;
        }
        if gate == Some(Gate::Before) {
            self.wait_at_gate(id).await;
        }
        let response = self.suffer(outcome, damage).await;
        if gate == Some(Gate::After) {
            self.wait_at_gate(id).await;
        }
        response
    }

    async fn suffer(&self, outcome: Outcome, damage: Option<Damage>) -> io::Result<Response<Body>> {
        let mut streams = false;
        let response = match outcome {
            Outcome::Truth => {
                let response = self.respond().await;
                streams = self.request.verb == "watch" && response.status().is_success();
                response
            }
            Outcome::Status(status) => self.refuse(&status),
            Outcome::Forbidden(user) => {
                let Request { verb, group, resource, namespace, name, .. } = &*self.request;
                let (namespace, name) = (namespace.as_deref(), name.as_deref());
                self.refuse(&status::forbidden(&user, verb, group, resource, namespace, name))
            }
            Outcome::Text(text) => answer::text(text),
            Outcome::Hang => future::pending().await,
            Outcome::Refused => {
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the connection was refused by a fault"));
            }
            Outcome::CutBefore => return Err(connection_lost()),
            Outcome::CutAfter => {
                self.respond().await;
                return Err(connection_lost());
            }
        };
        Ok(match damage {
            None => response,
            Some(damage) => response.map(|body| damage.done_to(body, streams)),
        })
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
        let accept = Accept::new(&self.request, &self.headers);
        let answer = self.serve(&accept).await;
        let mut response = answer.unwrap_or_else(|status| answer::refusal(&status, accept.refusals()));
        answer::warn(&mut response, self.warnings.take());
        if self.request.method == "HEAD" { response.map(|_| Body::full(Bytes::new())) } else { response }
    }

    fn refuse(&self, status: &Status) -> Response<Body> {
        answer::refusal(status, Accept::new(&self.request, &self.headers).refusals())
    }

    async fn serve(&self, accept: &Accept) -> Result<Response<Body>, Box<Status>> {
        let target = match self.shared.read(|inner| route::place(&self.request, &inner.state.kinds, accept))? {
            Place::Page(page) => return page.response(&self.request, &self.headers, accept),
            Place::Nowhere => return Ok(answer::no_page()),
            Place::Resource(target) => target,
        };
        let deprecation = || target.kind.version(&target.version).and_then(|version| version.deprecation.clone());
        // Of a custom kind it is told whatever comes after.
        self.warnings.add(deprecation().filter(|_| target.kind.custom));
        let call = route::call(&self.request, &target)?;
        self.warnings.add(deprecation().filter(|_| !target.kind.custom));
        let look = accept.objects(&self.request, &target.kind)?;
        if let Call::Connect(name, connection) = call {
            return self.connect(&target, name, connection);
        }
        let printer = look.table.map(|options| match &call {
            Call::Get(_, part) | Call::Update(_, part) | Call::Patch(_, part) => {
                Printer::new(&seen(&target, part), options)
            }
            _ => Printer::new(&target, options),
        });
        let answer = self.answer_to(call, &target, look.form).await?;
        if let Some(misfit) = look.misfit.filter(|_| !answer.is_status()) {
            return Err(misfit);
        }
        let answer = match printer {
            Some(printer) => answer.in_tables(printer, self.clock()),
            None if look.unfit => answer.without_events(),
            None => answer,
        };
        Ok(answer.into_response(look.encoding))
    }

    fn clock(&self) -> impl Fn() -> Timestamp + Send + 'static {
        let shared = self.shared.clone();
        move || shared.read(|inner| inner.state.now())
    }

    async fn answer_to(&self, call: Call<'_>, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        match call {
            Call::List => self.list(target, form).await,
            Call::Watch => self.watch(target, form).await,
            Call::Create => self.create(target, form),
            Call::DeleteCollection => self.delete_collection(target, form).await,
            Call::Get(name, part) => self.get(target, name, part, form).await,
            Call::Update(name, part) => self.update(target, name, part, form),
            Call::Delete(name) => self.delete(target, name, form),
            Call::Patch(name, part) => self.patch(target, name, part, form),
            Call::Ask(about) => self.ask(target, about, form),
            Call::Report(name) => self.report(target, name, form),
            Call::Connect(..) => Err(status::method_not_allowed()),
        }
    }

    async fn list(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = self.options()?;
        self.revision_reached(listing::awaited(&options)?).await?;
        let list = self.shared.read(|inner| listing::list(&inner.state, target, &options, form))?;
        Ok(Answer::Json(200, list.text()))
    }

    async fn watch(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = self.options()?;
        if options.initial_events == Some(true) {
            Selection::new(target, &options.labels, &options.fields)?;
            let asked = revision(&options.version).map_err(status::internal)?;
            if let Err(status) = self.revision_reached(asked.unwrap_or(0)).await {
                return Ok(Answer::Watch(Body::stream(watching::failed(&status))));
            }
        }
        let frames = watching::open(&self.shared, target, &options, form, self.request.user_agent.as_deref())?;
        Ok(Answer::Watch(Body::stream(frames)))
    }

    /// The options of a list or a watch, unless they are refused.
    fn options(&self) -> Result<Options, Box<Status>> {
        let options = Options::read(&self.request.query)?;
        options.check(self.shared.read(|inner| inner.features.watch_list))?;
        Ok(options)
    }

    async fn get(&self, target: &Target, name: &str, part: Option<Part>, form: Form) -> Result<Answer, Box<Status>> {
        let asked = revision(self.request.param("resourceVersion").unwrap_or_default()).map_err(status::internal)?;
        self.revision_reached(asked.unwrap_or(0)).await?;
        self.shared.read(|inner| match &part {
            Some(Part::Scale(paths)) => {
                let scale = inner.state.scale(target, name, paths)?;
                Ok(Answer::Json(200, printed(&seen(target, &part), &scale, form)))
            }
            _ => {
                let object = inner.state.find(&target.kind, &target.namespace, name)?;
                Ok(Answer::Json(200, printed(target, object, form)))
            }
        })
    }

    fn create(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = WriteOptions::read(&self.request, "CreateOptions", self.agent())?;
        let document = media::document(&target.kind, &self.headers, &self.body.clone()?)?;
        let created = self.shared.update(|inner| inner.state.create(target, document, self.write(&options, None)))?;
        Ok(Answer::Json(201, printed(target, &created.object, form)))
    }

    fn update(&self, target: &Target, name: &str, part: Option<Part>, form: Form) -> Result<Answer, Box<Status>> {
        let options = WriteOptions::read(&self.request, "UpdateOptions", self.agent())?;
        let seen = seen(target, &part);
        let change = Change::Replace(media::document(&seen.kind, &self.headers, &self.body.clone()?)?);
        let write = self.write(&options, part.as_ref());
        let written = self.shared.update(|inner| inner.state.change(target, name, change, write))?;
        let code = if written.created { 201 } else { 200 };
        Ok(Answer::Json(code, printed(&seen, &written.object, form)))
    }

    fn patch(&self, target: &Target, name: &str, part: Option<Part>, form: Form) -> Result<Answer, Box<Status>> {
        let said = PatchType::of(&target.kind, media::content_type(&self.headers).unwrap_or_default())?;
        let text = self.body.clone()?;
        let options = WriteOptions::of_patch(&self.request, said == PatchType::Apply, self.agent())?;
        let write = self.write(&options, part.as_ref());
        let change = |change: Change<'_>| self.shared.update(|inner| inner.state.change(target, name, change, write));
        let written = match said {
            PatchType::Apply => change(Change::Apply(&Configuration { text, force: options.force })),
            PatchType::Change(language) => change(Change::Patch(&Patch { language, text })),
        }?;
        let text = printed(&seen(target, &part), &written.object, form);
        Ok(Answer::Json(if written.created { 201 } else { 200 }, text))
    }

    fn ask(&self, target: &Target, about: Option<(&str, NamedCall)>, form: Form) -> Result<Answer, Box<Status>> {
        let options = WriteOptions::read(&self.request, "CreateOptions", self.agent())?;
        let seen = calls::seen(target, about);
        let document = media::document(&seen.kind, &self.headers, &self.body.clone()?)?;
        let part = about.map(|(_, call)| Part::Call(call));
        let write = self.write(&options, part.as_ref());
        let question = Question { target, about, document, write, token: self.token() };
        let answer = self.shared.update(|inner| calls::answer(inner, question))?;
        let text = match answer["kind"] == "Status" {
            true => text::whole(&seen.kind, &answer),
            false => printed(&seen, &Object::new(answer), form),
        };
        Ok(Answer::Json(201, text))
    }

    fn report(&self, target: &Target, name: Option<&str>, form: Form) -> Result<Answer, Box<Status>> {
        let options = self.options()?;
        if options.watch {
            return Err(status::unwatchable(&target.kind));
        }
        self.shared.read(|inner| match name {
            Some(name) => Ok(Answer::Json(200, printed(target, &reports::one(&inner.state, name)?, form))),
            None => Ok(Answer::Json(200, reports::all(&inner.state, target, &options, form)?)),
        })
    }

    fn connect(&self, target: &Target, name: &str, connection: Connection) -> Result<Response<Body>, Box<Status>> {
        self.shared.read(|inner| connections::answer(&inner.state, target, name, connection, &self.request))
    }

    fn delete(&self, target: &Target, name: &str, form: Form) -> Result<Answer, Box<Status>> {
        let deletion = self.deletion()?;
        self.warnings.add(write::deletion_warnings(&target.kind, &deletion));
        let deleted = self.shared.update(|inner| inner.state.delete(target, name, &deletion))?;
        // Whoever asks in the old way is told when there is more to come.
        let code = if deletion.cascades && !deleted.gone { 202 } else { 200 };
        Ok(Answer::Json(code, text::deleted(&target.kind, &deleted.answer, form)))
    }

    async fn delete_collection(&self, target: &Target, form: Form) -> Result<Answer, Box<Status>> {
        let options = self.options()?;
        let deletion = self.deletion()?;
        self.revision_reached(listing::awaited(&options)?).await?;
        let delete = |inner: &mut Inner| inner.state.delete_collection(target, &options, &deletion, form);
        let list = self.shared.update(delete)?;
        self.warnings.add(write::deletion_warnings(&target.kind, &deletion));
        Ok(Answer::Json(200, list.text()))
    }

    /// Waits a little for a revision that is yet to come.
    async fn revision_reached(&self, asked: u64) -> Result<(), Box<Status>> {
        if timeout(PATIENCE, self.shared.reached(asked)).await.is_err() {
            let current = self.shared.read(|inner| inner.state.storage.revision);
            return Err(status::too_large_version(asked, current));
        }
        Ok(())
    }

    /// How a write is meant.
    fn write<'w>(&'w self, options: &'w WriteOptions, part: Option<&'w Part>) -> Write<'w> {
        Write {
            dry_run: options.dry_run,
            force: false,
            author: Author::Client(&options.manager),
            validation: options.validation,
            part,
            warnings: Some(&self.warnings),
        }
    }

    /// What the client calls itself.
    fn agent(&self) -> &[u8] {
        self.headers.get(header::USER_AGENT).map_or(&[], HeaderValue::as_bytes)
    }

    /// The token by which the client says who it is.
    fn token(&self) -> Option<&str> {
        let said = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        said.strip_prefix("Bearer ")
    }

    fn deletion(&self) -> Result<Deletion, Box<Status>> {
        Deletion::read(&self.request, &self.headers, &self.body.clone()?)
    }
}

/// Where a request points as its client sees it: at an object, or at the Scale of one.
fn seen(target: &Target, part: &Option<Part>) -> Target {
    match part {
        Some(Part::Scale(_)) => write::scale(target),
        _ => target.clone(),
    }
}

fn printed(target: &Target, object: &Object, form: Form) -> Bytes {
    text::object(&target.kind, &target.version, object, form)
}
