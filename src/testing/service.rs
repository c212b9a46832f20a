//! HTTP: a request is logged, its fault is applied, and it is answered.
//!
//! Not here: what a path means ([`route`](super::route)), media types ([`media`](super::media)), and what each verb
//! does ([`verbs`]).

mod verbs;

use std::{
    error::Error,
    future::{self, Future},
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Response, request::Parts};
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use kube::core::Status;
use tokio::time::sleep;

use super::{
    accept::Accept,
    answer::{self, Message},
    body::{Body, connection_lost},
    cluster::{FakeCluster, Shared},
    fault::{Damage, Effect, Gate, Hit, Outcome},
    kinds::Part,
    media::{self, PatchType},
    requests::Request,
    route::{self, Call, Place},
    state::Target,
    status,
    table::Printer,
    warnings::Warnings,
    write,
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
            request.at = inner.state.age();
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
            Some(body) => shared.update(|inner| inner.log.note(request, |request| request.sent(body.clone()))),
            None => request,
        };
        let exchange =
            Exchange { shared: shared.clone(), request, headers: parts.headers, body, warnings: Warnings::default() };
        let mut response = exchange.through(effect).await?;
        let code = response.status().as_u16();
        let message = response.extensions_mut().remove::<Message>().map(|message| message.0);
        shared.update(|inner| inner.log.note(exchange.request, |request| request.answered(code, message)));
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
        if let Call::Patch(..) = call {
            PatchType::of(&target.kind, media::content_type(&self.headers).unwrap_or_default())?;
        }
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
}

/// Where a request points as its client sees it: at an object, or at the Scale of one.
fn seen(target: &Target, part: &Option<Part>) -> Target {
    match part {
        Some(Part::Scale(_)) => write::scale(target),
        _ => target.clone(),
    }
}
