//! The effect of a fault on a request, as the service reads it.

use std::time::Duration;

use kube::core::Status;

use super::stream::Damage;

#[derive(Debug, Clone, Default)]
pub(in super::super) struct Effect {
    /// How long the request waits, at least and at most.
    pub(super) delay: Option<(Duration, Duration)>,
    pub(in super::super) gate: Option<Gate>,
    pub(in super::super) outcome: Outcome,
    pub(in super::super) damage: Option<Damage>,
}

impl Effect {
    /// Whether nothing was said of what happens.
    pub(super) fn is_nothing(&self) -> bool {
        let Effect { delay, gate, outcome, damage } = self;
        delay.is_none() && gate.is_none() && damage.is_none() && matches!(outcome, Outcome::Truth)
    }

    /// Whether events of a watch are all that something happens to.
    pub(super) fn is_about_events(&self) -> bool {
        self.damage.as_ref().is_some_and(Damage::is_about_events)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Gate {
    Before,
    After,
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub(in super::super) enum Outcome {
    #[default]
    Truth,
    Status(Box<Status>),
    /// What role-based access control answers this user.
    Forbidden(String),
    Text(Text),
    Hang,
    Refused,
    /// The connection is lost before the server looks.
    CutBefore,
    /// The connection is lost once the server has done what was asked.
    CutAfter,
}

/// An answer that a test writes.
#[derive(Debug, Clone)]
pub(in super::super) struct Text {
    pub(in super::super) code: u16,
    pub(in super::super) content_type: &'static str,
    pub(in super::super) text: String,
    pub(in super::super) retry_after: Option<Duration>,
}
