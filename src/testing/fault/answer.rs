//! When a request is answered, and what instead of the truth.

use std::time::Duration;

use kube::core::{
    Status,
    response::{StatusCause, StatusDetails},
};

use super::{
    super::{answer, options, status},
    Fault, Gate, Outcome, Text,
};

/// How long requests wait.
impl Fault {
    /// Waits before the server looks at the request, on the clock of tokio.
    pub fn delay(self, delay: Duration) -> Self {
        self.delay_between(delay, delay)
    }

    /// Waits between so long and so long; how long is chance that repeats, see [`seed`](Fault::seed).
    pub fn delay_between(mut self, least: Duration, most: Duration) -> Self {
        self.effect.delay = (least, most.max(least));
        self
    }

    /// Holds requests until the gate is [opened](super::FaultHandle::open), before the server looks at its state.
    pub fn gate(mut self) -> Self {
        self.effect.gate = Some(Gate::Before);
        self
    }

    /// Holds answers until the gate is [opened](super::FaultHandle::open): they tell of the state before that.
    pub fn gate_answer(mut self) -> Self {
        self.effect.gate = Some(Gate::After);
        self
    }
}

/// What is answered.
impl Fault {
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
        if let Outcome::Text(text) = &mut self.effect.outcome {
            text.retry_after = Some(wait);
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

    /// Answers plain text, as overloaded servers do.
    pub fn text(self, code: u16, text: &str) -> Self {
        let text = format!("{text}\n");
        self.outcome(Outcome::Text(Text { code, content_type: answer::PLAIN, text, retry_after: None }))
    }

    /// Answers a page in HTML, as proxies in front of a server do with 502, 503 and 504.
    pub fn html(self, code: u16) -> Self {
        let reason = http::StatusCode::from_u16(code).ok().and_then(|code| code.canonical_reason()).unwrap_or("Error");
        let title = format!("{code} {reason}");
        let text = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
        self.outcome(Outcome::Text(Text { code, content_type: "text/html", text, retry_after: None }))
    }

    /// Answers the 403 of role-based access control for this user. Reviews of access tell it before: a
    /// SelfSubjectAccessReview of a request that would be forbidden says so, a SubjectAccessReview where it is about
    /// this user. Asking counts as no request.
    ///
    /// ```
    /// # use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
    /// # use kube::{Api, api::PostParams};
    /// # use kube_indexed_store::testing::{FakeCluster, Fault};
    /// # use serde_json::{from_value, json};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// cluster.fault(Fault::on("list").resource("secrets").forbidden("system:serviceaccount:default:me"));
    ///
    /// let attributes = json!({"verb": "list", "resource": "secrets"});
    /// let review: SelfSubjectAccessReview = from_value(json!({"spec": {"resourceAttributes": attributes}}))?;
    /// let answer = Api::all(cluster.client()).create(&PostParams::default(), &review).await?;
    /// assert!(!answer.status.unwrap().allowed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forbidden(self, user: &str) -> Self {
        self.outcome(Outcome::Forbidden(user.to_owned()))
    }

    /// Answers 410 Expired over HTTP.
    pub fn expired(self) -> Self {
        self.status(410)
    }

    /// Refuses to stream lists, as a server does that cannot; other requests, watches too, are none of its matter.
    pub fn without_watch_list(mut self) -> Self {
        self.param = Some("sendInitialEvents");
        self.outcome(Outcome::Status(options::no_watch_list()))
    }

    /// Never answers.
    pub fn hang(self) -> Self {
        self.outcome(Outcome::Hang)
    }

    /// Refuses the connection: the client gets an error instead of an answer.
    pub fn refuse_connection(self) -> Self {
        self.outcome(Outcome::Refused)
    }

    /// Cuts the connection before the server looks at the request: the client gets an error, and nothing happened.
    pub fn cut_before_commit(self) -> Self {
        self.outcome(Outcome::CutBefore)
    }

    /// Cuts the connection once the server has done what was asked: the client gets an error, and it happened.
    pub fn cut_after_commit(self) -> Self {
        self.outcome(Outcome::CutAfter)
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
}
