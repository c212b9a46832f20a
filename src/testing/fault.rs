//! Faults: rules by which chosen requests fail, wait, or get a damaged answer.
//!
//! Deliberately not here: faults of open watches as a whole, which are methods of the cluster
//! ([`cut_watches`](super::FakeCluster::cut_watches) and its neighbours).

mod answer;
mod damage;
mod effect;
mod lines;
mod rules;
mod stream;

use super::requests::Request;

pub(super) use effect::{Effect, Gate, Outcome, Text};
pub use rules::FaultHandle;
pub(super) use rules::{Hit, Rules};
pub(super) use stream::Damage;

/// A rule: which requests, how many of them, and what happens to them.
///
/// Of several rules the first that applies acts. Without [`nth`](Fault::nth), [`times`](Fault::times) or
/// [`probability`](Fault::probability) it acts on every request it matches, until it is
/// [disabled](FaultHandle::disable) or [removed](FaultHandle::remove).
///
/// What happens has four parts, each of which may be said or not: how long the request waits ([`delay`](Fault::delay),
/// [`gate`](Fault::gate)), what is answered instead of the truth ([`status`](Fault::status), [`hang`](Fault::hang) and
/// others), what happens to the events of a watch ([`duplicate_events`](Fault::duplicate_events) and others), and how the
/// body arrives ([`cut_after_bytes`](Fault::cut_after_bytes), [`frames_of`](Fault::frames_of)). Of two that say the same
/// part, two answers or two cuts, the last counts; what does not fit the answer, such as events where it has none, does
/// nothing.
///
/// ```
/// # use kube_indexed_store::testing::{FakeCluster, Fault};
/// # use std::time::Duration;
/// let cluster = FakeCluster::new();
/// cluster.fault(Fault::on("list").resource("secrets").times(2).status(429).retry_after(Duration::from_secs(1)));
/// cluster.fault(Fault::on("watch").probability(0.1).seed(7).duplicate_events().frames_of(1));
/// let outage = cluster.fault(Fault::on("*").hang());
/// outage.remove();
/// ```
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing until it is given to a cluster"]
pub struct Fault {
    verb: String,
    group: Option<String>,
    resource: Option<String>,
    subresource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    /// A parameter that requests must have.
    param: Option<&'static str>,
    skip: usize,
    times: Option<usize>,
    probability: f64,
    seed: u64,
    effect: Effect,
}

/// Which requests.
impl Fault {
    /// Acts on requests with this verb (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, ...), or on all: `*`.
    pub fn on(verb: &str) -> Self {
        Fault {
            verb: verb.to_owned(),
            group: None,
            resource: None,
            subresource: None,
            namespace: None,
            name: None,
            param: None,
            skip: 0,
            times: None,
            probability: 1.0,
            seed: 0,
            effect: Effect::default(),
        }
    }

    /// Only on requests about this API group; the core group is the empty one.
    pub fn group(mut self, group: &str) -> Self {
        self.group = Some(group.to_owned());
        self
    }

    /// Only on requests about this resource, by its plural name, or a part of it.
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Only on requests about this part of an object, such as `status`; the empty one is the object itself.
    pub fn subresource(mut self, subresource: &str) -> Self {
        self.subresource = Some(subresource.to_owned());
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

    /// Only so many times.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Only on such a part of the requests, 0 for none and 1 for all. Which ones is chance that repeats: the same for
    /// the same requests and the same [seed](Fault::seed).
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Other choices of what this rule leaves to chance.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn matches(&self, request: &Request) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        (self.verb == "*" || self.verb == request.verb)
            && same(&self.group, Some(&request.group))
            && same(&self.resource, Some(&request.resource))
            && same(&self.subresource, Some(request.subresource.as_deref().unwrap_or_default()))
            && same(&self.namespace, request.namespace.as_deref())
            && same(&self.name, request.name.as_deref())
            && self.param.is_none_or(|param| request.param(param).is_some())
    }
}
