//! Faults at work: which of them acts on a request, what waits at their gates, and the handles tests keep.

use std::sync::Arc;

use tokio::sync::watch;

use super::{
    super::{cluster::Shared, requests::Request},
    Effect, Fault,
};

/// A rule at work.
#[derive(Debug)]
struct Rule {
    id: u64,
    fault: Fault,
    matched: usize,
    hits: usize,
    waiting: usize,
    open: bool,
}

/// The rules of a cluster, oldest first.
#[derive(Debug, Default)]
pub(in super::super) struct Rules {
    rules: Vec<Rule>,
    next: u64,
    /// Tells whenever a gate opens or somebody comes to one.
    changed: watch::Sender<()>,
}

impl Rules {
    pub(in super::super) fn add(&mut self, fault: Fault) -> u64 {
        self.next += 1;
        self.rules.push(Rule { id: self.next, fault, matched: 0, hits: 0, waiting: 0, open: false });
        self.next
    }

    /// The rule that acts on a request, which thereby counts.
    pub(in super::super) fn hit(&mut self, request: &Request) -> Option<(u64, Effect)> {
        for rule in self.rules.iter_mut().filter(|rule| rule.fault.matches(request)) {
            rule.matched += 1;
            let due = rule.matched > rule.fault.skip && rule.fault.times.is_none_or(|times| rule.hits < times);
            if due {
                rule.hits += 1;
                return Some((rule.id, rule.fault.effect.clone()));
            }
        }
        None
    }

    fn rule(&self, id: u64) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    fn change(&mut self, id: u64, change: impl FnOnce(&mut Rule)) {
        if let Some(rule) = self.rules.iter_mut().find(|rule| rule.id == id) {
            change(rule);
        }
        self.changed.send_replace(());
    }

    fn remove(&mut self, id: u64) {
        self.rules.retain(|rule| rule.id != id);
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

/// A rule given to a cluster. Dropping the handle changes nothing.
#[derive(Debug, Clone)]
pub struct FaultHandle {
    pub(in super::super) shared: Arc<Shared>,
    pub(in super::super) id: u64,
}

impl FaultHandle {
    /// Takes the rule back; what waits at its gate goes on.
    pub fn remove(&self) {
        self.shared.update(|inner| inner.rules.remove(self.id));
    }

    /// Opens the gate, for what waits and for all that come.
    pub fn open(&self) {
        self.shared.update(|inner| inner.rules.change(self.id, |rule| rule.open = true));
    }

    /// How many requests the rule has acted on.
    pub fn hits(&self) -> usize {
        self.shared.read(|inner| inner.rules.rule(self.id).map_or(0, |rule| rule.hits))
    }

    /// Returns once so many requests wait at the gate at the same time.
    pub async fn reached(&self, waiting: usize) {
        self.shared.until_faults(|rules| rules.rule(self.id).is_none_or(|rule| rule.waiting >= waiting)).await;
    }
}
