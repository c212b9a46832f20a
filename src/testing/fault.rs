//! Faults: rules by which chosen requests fail, wait, or get a damaged answer.
//!
//! Deliberately not here: faults of open watches as a whole, which happen to those
//! ([`Watches::cut`](super::Watches::cut) and its neighbours).

mod answer;
mod damage;
mod effect;
mod failure;
mod lines;
mod rules;
mod stream;

use std::sync::Arc;

#[cfg(doc)]
use super::FakeCluster;
use super::{filter::Filter, requests::Request};

pub(super) use effect::{Effect, Gate, Outcome, Text};
pub use failure::Failure;
pub use rules::FaultHandle;
pub(super) use rules::{Hit, Rules};
pub(super) use stream::Damage;

/// A rule: which requests, how many of them, and what happens to them.
///
/// Of several rules the first that applies acts; to those after it, the request does not count. Narrowed by several
/// conditions, it acts on requests that meet all of them, as [`Requests`](super::Requests) are. Without [`nth`](Fault::nth), [`times`](Fault::times) or
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
/// cluster.fault(Fault::on("replace").resource("Deployment").user_agent("my-controller").nth(2).status(409));
/// cluster.fault(Fault::on("watch").probability(0.1).seed(7).duplicate_events().frames_of(1));
/// let outage = cluster.fault(Fault::on("*").hang());
/// outage.remove();
/// ```
#[doc(alias("Reactor", "PrependReactor", "interceptor"))]
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing until it is given to a cluster"]
pub struct Fault {
    /// Requests must pass all of them.
    filters: Vec<Filter>,
    nth: Option<usize>,
    times: Option<usize>,
    probability: f64,
    seed: u64,
    effect: Effect,
}

/// Which requests.
impl Fault {
    /// Acts on requests with this verb (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`),
    /// or on all: `*`. The methods of kube that are called otherwise, `replace` and `delete_collection`, mean theirs. A verb
    /// is about resources: requests for `/version`, for discovery and the like are met by `*` alone.
    ///
    /// # Panics
    ///
    /// If there is no such verb.
    #[track_caller]
    pub fn on(verb: &str) -> Self {
        Fault {
            filters: Filter::verb(verb).into_iter().collect(),
            nth: None,
            times: None,
            probability: 1.0,
            seed: 0,
            effect: Effect::default(),
        }
    }

    /// Only on requests about this API group; the core group is the empty one.
    pub fn group(self, group: &str) -> Self {
        self.narrowed(Filter::Group(group.to_owned()))
    }

    /// Only on requests about this resource or a part of it, named as people do: `secrets`, `Secret`, `deploy`,
    /// `ingresses.networking.k8s.io`. The cluster must [know](FakeCluster::fault) it. One that it no longer serves at the time
    /// of the request goes by its plural name, with or without its group.
    pub fn resource(self, resource: &str) -> Self {
        self.narrowed(Filter::Resource(resource.to_owned()))
    }

    /// Only on requests about this part of an object, such as `status`; the empty one is the object itself.
    pub fn subresource(self, subresource: &str) -> Self {
        self.narrowed(Filter::Subresource(subresource.to_owned()))
    }

    /// Only on requests that name this namespace.
    pub fn namespace(self, namespace: &str) -> Self {
        self.narrowed(Filter::Namespace(namespace.to_owned()))
    }

    /// Only on requests that name this object.
    pub fn name(self, name: &str) -> Self {
        self.narrowed(Filter::Name(name.to_owned()))
    }

    /// Only on requests of a client whose `User-Agent` starts like this.
    pub fn user_agent(self, start: &str) -> Self {
        self.narrowed(Filter::UserAgent(start.to_owned()))
    }

    /// Only on requests for which the condition holds. It sees the request without its body, which comes later. It runs
    /// under the cluster's lock and must not ask the cluster: it panics then.
    ///
    /// ```
    /// # use kube_indexed_store::testing::{FakeCluster, Fault};
    /// let cluster = FakeCluster::new();
    /// cluster.fault(Fault::on("list").when(|list| list.param("continue").is_some()).status(410));
    /// ```
    pub fn when(self, condition: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.narrowed(Filter::When(Arc::new(condition)))
    }

    /// Only on the nth matching request from now on, counted from 1; with [`times`](Fault::times), on so many from the nth
    /// on.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn nth(mut self, nth: usize) -> Self {
        assert!(nth > 0, "requests are counted from 1; there is no request 0");
        self.nth = Some(nth);
        self
    }

    /// Only so many times.
    ///
    /// # Panics
    ///
    /// If that is 0.
    #[track_caller]
    pub fn times(mut self, times: usize) -> Self {
        assert!(times > 0, "a fault that acts 0 times does nothing");
        self.times = Some(times);
        self
    }

    /// Only on such a part of the requests, 0 for none and 1 for all. Which ones is chance that repeats: the same for
    /// the same requests and the same [seed](Fault::seed).
    ///
    /// # Panics
    ///
    /// If it is not between 0 and 1.
    #[track_caller]
    pub fn probability(mut self, probability: f64) -> Self {
        assert!((0.0..=1.0).contains(&probability), "a probability is between 0 and 1, and not {probability}");
        self.probability = probability;
        self
    }

    /// Other choices of what this rule leaves to chance.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn narrowed(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Why it would never do anything. `unknown` tells why a word names no resource.
    pub(super) fn nonsense(&self, unknown: impl Fn(&str) -> Option<String>) -> Option<String> {
        let other_verb = self.filters.iter().find_map(|filter| match filter {
            Filter::Verb(verb) if *verb != "watch" => Some(*verb),
            _ => None,
        });
        match other_verb {
            _ if self.effect.is_nothing() => {
                return Some(
                    "nothing was said of what the fault does; see Fault::status and its neighbours".to_owned(),
                );
            }
            Some(verb) if self.effect.is_about_events() => {
                return Some(format!("the answer to a {verb:?} has no events; say Fault::on(\"watch\")"));
            }
            _ => {}
        }
        self.filters.iter().find_map(|filter| match filter {
            Filter::Resource(word) => unknown(word),
            _ => None,
        })
    }

    fn matches(&self, request: &Request) -> bool {
        self.filters.iter().all(|filter| filter.passes(request))
    }

    /// Whether it is the turn of the request that is the `count`th it matches, after it acted on so many.
    fn is_due(&self, count: usize, hits: usize) -> bool {
        let times = self.times.or(self.nth.map(|_| 1));
        count >= self.nth.unwrap_or_default() && times.is_none_or(|times| hits < times)
    }
}
