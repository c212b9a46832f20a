//! Faults: rules by which chosen requests fail, wait, or get a damaged answer.
//!
//! Deliberately not here: ending watches that are open already ([`Watches::cut`](super::Watches::cut) and its
//! neighbours).

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

/// A rule that makes requests fail: which requests, how many of them, and what happens to them.
///
/// **Which:** a fault with several conditions acts on requests that meet all of them. If several faults match a
/// request, the first that was added acts; for the others the request does not count. Faults act on HTTP requests only,
/// not on the direct methods such as [`FakeCluster::create`](super::FakeCluster::create).
///
/// **How many:** all that match, until the fault is [disabled](FaultHandle::disable) or [removed](FaultHandle::remove),
/// unless [`nth`](Fault::nth), [`times`](Fault::times) or [`probability`](Fault::probability) choose some.
///
/// **What:** four independent parts:
///
/// - how long the request waits: [`delay`](Fault::delay), [`gate`](Fault::gate);
/// - what is answered instead: [`status`](Fault::status), [`hang`](Fault::hang) and others;
/// - what happens to the events of a watch: [`duplicate_events`](Fault::duplicate_events) and others;
/// - how the body arrives: [`cut_after_bytes`](Fault::cut_after_bytes), [`frames_of`](Fault::frames_of) and others.
///
/// If two settings concern the same part, such as two answers or two cuts, the later one wins. Settings that do not
/// apply to the answer, such as duplicated events on a list, are ignored.
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
    /// A fault for requests with this verb (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`,
    /// `deletecollection`), or for all requests: `*`. The names of kube's methods `replace` and `delete_collection`
    /// work too. Requests that are not for a resource, such as `/version` and discovery, match only `*`.
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

    /// Only requests in this API group; the core group is `""`.
    pub fn group(self, group: &str) -> Self {
        self.narrowed(Filter::Group(group.to_owned()))
    }

    /// Only requests for this resource and its subresources, under any name that kubectl takes: `secrets`, `Secret`,
    /// `deploy`, `ingresses.networking.k8s.io`. A resource that the cluster does not serve at the time of the request
    /// matches only by its plural name, with or without its group.
    /// [`FakeCluster::fault`](super::FakeCluster::fault) panics if it does not know the resource.
    pub fn resource(self, resource: &str) -> Self {
        self.narrowed(Filter::Resource(resource.to_owned()))
    }

    /// Only requests for this subresource, such as `status`; `""` means requests for whole objects.
    pub fn subresource(self, subresource: &str) -> Self {
        self.narrowed(Filter::Subresource(subresource.to_owned()))
    }

    /// Only requests in this namespace.
    pub fn namespace(self, namespace: &str) -> Self {
        self.narrowed(Filter::Namespace(namespace.to_owned()))
    }

    /// Only requests whose path names this object.
    pub fn name(self, name: &str) -> Self {
        self.narrowed(Filter::Name(name.to_owned()))
    }

    /// Only requests of clients whose `User-Agent` starts with this, such as those of
    /// [`client_with_user_agent`](super::FakeCluster::client_with_user_agent).
    pub fn user_agent(self, start: &str) -> Self {
        self.narrowed(Filter::UserAgent(start.to_owned()))
    }

    /// Only requests for which the condition holds. The body has not arrived yet when the condition is checked.
    ///
    /// `condition` runs under the cluster's lock: calling any method of [`FakeCluster`](super::FakeCluster) in it
    /// panics.
    ///
    /// ```
    /// # use kube_indexed_store::testing::{FakeCluster, Fault};
    /// let cluster = FakeCluster::new();
    /// cluster.fault(Fault::on("list").when(|list| list.param("continue").is_some()).status(410));
    /// ```
    pub fn when(self, condition: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.narrowed(Filter::When(Arc::new(condition)))
    }

    /// Only the nth matching request, counted from 1. Together with [`times`](Fault::times), that many from the nth on.
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

    /// Only this many times; later requests pass.
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

    /// Only a random part of the matching requests, from 0 (none) to 1 (all). The same requests and the same
    /// [seed](Fault::seed) give the same choices.
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

    /// The seed for this fault's random choices ([`probability`](Fault::probability),
    /// [`delay_between`](Fault::delay_between)). Default: 0.
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
