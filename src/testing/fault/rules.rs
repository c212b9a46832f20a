//! The faults of a cluster: which of them acts on a request, what waits at their gates, and the handles tests keep.

use std::{collections::BTreeMap, time::Duration};

use tokio::sync::watch;

use super::{
    super::{cluster::FakeCluster, patience::Wait, random::Random, requests::Request},
    Effect, Fault, Outcome,
};

/// A rule at work.
#[derive(Debug)]
struct Rule {
    id: u64,
    fault: Fault,
    random: Random,
    enabled: bool,
    matched: usize,
    hits: usize,
    waiting: usize,
    open: bool,
}

impl Rule {
    /// Whether the rule acts on a request, which thereby counts.
    fn acts_on(&mut self, request: &Request) -> bool {
        if !self.enabled || !self.fault.matches(request) {
            return false;
        }
        self.matched += 1;
        let due = self.fault.is_due(self.matched, self.hits);
        let acts = due && self.random.part() < self.fault.probability;
        self.hits += usize::from(acts);
        acts
    }

    /// Whether the rule is sure to act on a request that does not count yet.
    fn would_act_on(&self, request: &Request) -> bool {
        self.enabled
            && self.fault.matches(request)
            && self.fault.is_due(self.matched + 1, self.hits)
            && self.fault.probability >= 1.0
    }
}

/// What a rule does to one request.
pub(in super::super) struct Hit {
    pub(in super::super) id: u64,
    pub(in super::super) delay: Duration,
    pub(in super::super) effect: Effect,
}

/// The rules of a cluster, oldest first.
#[derive(Debug, Default)]
pub(in super::super) struct Rules {
    rules: Vec<Rule>,
    /// How many requests those acted on that were taken back.
    removed: BTreeMap<u64, usize>,
    next: u64,
    /// Tells whenever a gate opens or somebody comes to one.
    changed: watch::Sender<()>,
}

impl Rules {
    pub(in super::super) fn add(&mut self, fault: Fault) -> u64 {
        self.next += 1;
        let random = Random(fault.seed);
        let (matched, hits, waiting) = (0, 0, 0);
        self.rules.push(Rule { id: self.next, fault, random, enabled: true, matched, hits, waiting, open: false });
        self.next
    }

    /// What the first rule that acts does to a request.
    pub(in super::super) fn hit(&mut self, request: &Request) -> Option<Hit> {
        let rule = self.rules.iter_mut().find_map(|rule| rule.acts_on(request).then_some(rule))?;
        let effect = rule.fault.effect.clone();
        let (least, most) = effect.delay.unwrap_or_default();
        let delay = least.saturating_add((most - least).mul_f64(rule.random.part()));
        Some(Hit { id: rule.id, delay, effect })
    }

    /// Whom a request would be forbidden, if it would be now. It does not count as one.
    pub(in super::super) fn would_forbid(&self, request: &Request) -> Option<&str> {
        let rule = self.rules.iter().find(|rule| rule.would_act_on(request))?;
        match &rule.fault.effect.outcome {
            Outcome::Forbidden(user) => Some(user),
            _ => None,
        }
    }

    fn rule(&self, id: u64) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    fn hits(&self, id: u64) -> usize {
        self.rule(id).map(|rule| rule.hits).or_else(|| self.removed.get(&id).copied()).unwrap_or_default()
    }

    fn change(&mut self, id: u64, change: impl FnOnce(&mut Rule)) {
        if let Some(rule) = self.rules.iter_mut().find(|rule| rule.id == id) {
            change(rule);
        }
        self.changed.send_replace(());
    }

    fn remove(&mut self, id: u64) {
        let removed = self.rules.extract_if(.., |rule| rule.id == id);
        self.removed.extend(removed.map(|rule| (id, rule.hits)));
        self.changed.send_replace(());
    }

    pub(in super::super) fn wait(&mut self, id: u64, waiting: bool) {
        self.change(id, |rule| {
            rule.waiting = if waiting { rule.waiting + 1 } else { rule.waiting.saturating_sub(1) };
        });
    }

    pub(in super::super) fn is_closed(&self, id: u64) -> bool {
        self.rule(id).is_some_and(|rule| !rule.open)
    }

    pub(in super::super) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}

/// A handle on a fault of a cluster. Dropping it leaves the fault in place.
#[derive(Debug, Clone)]
pub struct FaultHandle {
    pub(in super::super) cluster: FakeCluster,
    pub(in super::super) id: u64,
}

impl FaultHandle {
    /// Removes the fault. Requests that wait at its gate go on.
    pub fn remove(&self) {
        self.cluster.shared.update(|inner| inner.rules.remove(self.id));
    }

    /// Switches the fault off until it is [enabled](FaultHandle::enable) again. Requests that wait at its gate keep
    /// waiting. Requests that come meanwhile do not count for [`nth`](Fault::nth).
    pub fn disable(&self) {
        self.cluster.shared.update(|inner| inner.rules.change(self.id, |rule| rule.enabled = false));
    }

    /// Switches the fault on again.
    pub fn enable(&self) {
        self.cluster.shared.update(|inner| inner.rules.change(self.id, |rule| rule.enabled = true));
    }

    /// Opens the gate for good, for the requests that wait and for all that come later.
    pub fn open(&self) {
        self.cluster.shared.update(|inner| inner.rules.change(self.id, |rule| rule.open = true));
    }

    /// How many requests the fault has acted on. This also works after it was removed. A fault that should act and has
    /// 0 hits probably has a typing error in its conditions.
    ///
    /// To wait for the first: `cluster.until(|_| fault.hits() > 0).await`.
    pub fn hits(&self) -> usize {
        self.cluster.shared.read(|inner| inner.rules.hits(self.id))
    }

    /// Returns once this many requests wait at the gate at the same time, or the fault is removed.
    ///
    /// # Panics
    ///
    /// If fewer come in time: see [`until`](FakeCluster::until).
    #[track_caller]
    pub fn reached(&self, waiting: usize) -> impl Future<Output = ()> {
        let wait = Wait::new(format!("{waiting} requests at the gate of a fault"));
        let come = self
            .cluster
            .shared
            .until_faults(move |rules| rules.rule(self.id).is_none_or(|rule| rule.waiting >= waiting));
        self.cluster.patiently(wait, come)
    }
}
