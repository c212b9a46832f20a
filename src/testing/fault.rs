//! Faults: rules by which chosen requests fail, wait, or get a damaged answer.
//!
//! Deliberately not here: faults of open watches as a whole, which are methods of the cluster
//! ([`cut_watches`](super::FakeCluster::cut_watches) and its neighbours).

mod rules;
pub(super) mod stream;

use std::time::Duration;

use kube::core::{
    Status,
    response::{StatusCause, StatusDetails},
};

use super::{requests::Request, status};
use stream::Damage;

pub use rules::FaultHandle;
pub(super) use rules::Rules;

/// A rule: which requests, how many of them, and what happens to them.
///
/// Of several rules the first that applies acts. Without [`nth`](Fault::nth) or [`times`](Fault::times) it
/// acts on every request it matches, until it is removed. Delays and gates combine with the other effects.
///
/// ```
/// # use kube_indexed_store::testing::{FakeCluster, Fault};
/// # use std::time::Duration;
/// let cluster = FakeCluster::new();
/// cluster.fault(Fault::on("list").resource("secrets").times(2).status(429).retry_after(Duration::from_secs(1)));
/// let outage = cluster.fault(Fault::on("*").hang());
/// outage.remove();
/// ```
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing until it is given to a cluster"]
pub struct Fault {
    verb: String,
    resource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    skip: usize,
    times: Option<usize>,
    effect: Effect,
}

#[derive(Debug, Clone)]
pub(super) struct Effect {
    pub(super) delay: Option<Duration>,
    pub(super) gate: Option<Gate>,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Before,
    After,
}

#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Answer,
    Status(Box<Status>),
    Forbidden(String),
    Text(u16, String, Option<Duration>),
    Hang,
    Refuse,
    Damaged(Damage),
}

impl Fault {
    /// Acts on requests with this verb (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, ...), or on all: `*`.
    pub fn on(verb: &str) -> Self {
        Fault {
            verb: verb.to_owned(),
            resource: None,
            namespace: None,
            name: None,
            skip: 0,
            times: None,
            effect: Effect { delay: None, gate: None, outcome: Outcome::Answer },
        }
    }

    /// Only on requests about this resource, by its plural name.
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Only on requests that name this namespace.
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    /// Only on requests that name this object.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Only on the nth matching request from now on, counted from 1.
    pub fn nth(mut self, nth: usize) -> Self {
        self.skip = nth.saturating_sub(1);
        self.times = Some(1);
        self
    }

    /// Only on the next so many matching requests.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Answers a Status with this code, and the reason and a message that go with it.
    pub fn status(self, code: u16) -> Self {
        let (reason, message) = match code {
            400 => ("BadRequest", "the server rejected our request for an unknown reason"),
            401 => ("Unauthorized", "Unauthorized"),
            403 => ("Forbidden", "forbidden"),
            404 => ("NotFound", "the server could not find the requested resource"),
            409 => ("Conflict", "the server reported a conflict"),
            410 => ("Expired", "The resourceVersion for the provided list is too old."),
            429 => ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
            500 => ("InternalError", "an error on the server has prevented the request from succeeding"),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "the server was unable to return a response in the time allotted"),
            _ => ("", "the request failed"),
        };
        self.outcome(Outcome::Status(status::failure(code, reason, message)))
    }

    /// Gives the Status this reason.
    pub fn reason(self, reason: &str) -> Self {
        self.with_status(|status| reason.clone_into(&mut status.reason))
    }

    /// Gives the Status this message.
    pub fn message(self, message: &str) -> Self {
        self.with_status(|status| message.clone_into(&mut status.message))
    }

    /// Asks the client to come back later, in the header and in the Status.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if let Outcome::Text(_, _, retry_after) = &mut self.effect.outcome {
            *retry_after = Some(wait);
            return self;
        }
        self.with_status(|status| {
            let details = status.details.get_or_insert_with(|| StatusDetails {
                name: String::new(),
                group: String::new(),
                kind: String::new(),
                uid: String::new(),
                causes: Vec::<StatusCause>::new(),
                retry_after_seconds: 0,
            });
            details.retry_after_seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        })
    }

    /// Answers plain text, as proxies and overloaded servers do.
    pub fn text(self, code: u16, text: &str) -> Self {
        self.outcome(Outcome::Text(code, text.to_owned(), None))
    }

    /// Answers the 403 of role-based access control for this user.
    pub fn forbidden(self, user: &str) -> Self {
        self.outcome(Outcome::Forbidden(user.to_owned()))
    }

    /// Answers 410 Expired over HTTP.
    pub fn expired(self) -> Self {
        self.status(410)
    }

    /// Waits before the server looks at the request, on the clock of tokio.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.effect.delay = Some(delay);
        self
    }

    /// Holds requests until the gate is [opened](FaultHandle::open), before the server looks at its state.
    pub fn gate(mut self) -> Self {
        self.effect.gate = Some(Gate::Before);
        self
    }

    /// Holds answers until the gate is [opened](FaultHandle::open): they tell of the state before that.
    pub fn gate_answer(mut self) -> Self {
        self.effect.gate = Some(Gate::After);
        self
    }

    /// Never answers.
    pub fn hang(self) -> Self {
        self.outcome(Outcome::Hang)
    }

    /// Refuses the connection: the client gets an error instead of an answer.
    pub fn refuse_connection(self) -> Self {
        self.outcome(Outcome::Refuse)
    }

    /// Cuts the answer's body after so many bytes: the body then fails with an unexpected end.
    pub fn cut_after_bytes(self, bytes: usize) -> Self {
        self.damage(|damage| damage.bytes = Some(bytes))
    }

    /// Cuts the answer's body after so many objects of a list, or events of a watch.
    pub fn cut_after(self, objects: usize) -> Self {
        self.damage(|damage| damage.objects = Some(objects))
    }

    /// Damages the object of this name wherever the answer holds it: its metadata becomes a string.
    pub fn undecodable(self, name: &str) -> Self {
        self.damage(|damage| damage.undecodable = Some(name.to_owned()))
    }

    fn outcome(mut self, outcome: Outcome) -> Self {
        self.effect.outcome = outcome;
        self
    }

    fn with_status(mut self, change: impl FnOnce(&mut Status)) -> Self {
        if !matches!(self.effect.outcome, Outcome::Status(_)) {
            self = self.status(500);
        }
        if let Outcome::Status(status) = &mut self.effect.outcome {
            change(status);
        }
        self
    }

    fn damage(mut self, change: impl FnOnce(&mut Damage)) -> Self {
        if !matches!(self.effect.outcome, Outcome::Damaged(_)) {
            self.effect.outcome = Outcome::Damaged(Damage::default());
        }
        if let Outcome::Damaged(damage) = &mut self.effect.outcome {
            change(damage);
        }
        self
    }

    fn matches(&self, request: &Request) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        (self.verb == "*" || self.verb == request.verb)
            && same(&self.resource, Some(&request.resource))
            && same(&self.namespace, request.namespace.as_deref())
            && same(&self.name, request.name.as_deref())
    }
}
