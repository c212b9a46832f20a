//! When a request is answered, and what instead of the truth.

use std::time::Duration;

use kube::core::Status;

use super::{
    super::{answer, options, status},
    Failure, Fault, Gate, Outcome, Text,
};

/// How long requests wait.
impl Fault {
    /// Waits before the server looks at the request, on the clock of tokio.
    pub fn delay(self, delay: Duration) -> Self {
        self.delay_between(delay, delay)
    }

    /// Waits between so long and so long; how long is chance that repeats, see [`seed`](Fault::seed).
    pub fn delay_between(mut self, least: Duration, most: Duration) -> Self {
        self.effect.delay = Some((least, most.max(least)));
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
    /// Answers a Status: that of a code, with the reason and a message that go with it, or a whole one.
    ///
    /// # Panics
    ///
    /// If its code is not that of an error, 400 to 599.
    #[track_caller]
    pub fn status(self, failure: impl Into<Failure>) -> Self {
        self.outcome(Outcome::Status(failure.into().status()))
    }

    /// Gives the Status this reason.
    ///
    /// # Panics
    ///
    /// If no [`status`](Fault::status) was given before.
    #[track_caller]
    pub fn reason(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.answered_status().reason);
        self
    }

    /// Gives the Status this message.
    ///
    /// # Panics
    ///
    /// If no [`status`](Fault::status) was given before.
    #[track_caller]
    pub fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.answered_status().message);
        self
    }

    /// Asks the client to come back later, in the header, and in the Status where one is answered.
    ///
    /// # Panics
    ///
    /// If neither a [`status`](Fault::status) nor a text nor a page was given before.
    #[track_caller]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if let Outcome::Text(text) = &mut self.effect.outcome {
            text.retry_after = Some(wait);
            return self;
        }
        let details = self.answered_status().details.get_or_insert_with(|| status::details("", "", ""));
        details.retry_after_seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        self
    }

    /// Answers plain text as it is, as overloaded servers do, or as the log of a container.
    ///
    /// # Panics
    ///
    /// If there is no answer of this code: they are 200 to 599.
    #[track_caller]
    pub fn text(self, code: u16, text: &str) -> Self {
        self.answering(code, answer::PLAIN, text.to_owned())
    }

    /// Answers a page in HTML, as proxies in front of a server do with 502, 503 and 504.
    ///
    /// # Panics
    ///
    /// If there is no answer of this code: they are 200 to 599.
    #[track_caller]
    pub fn html(self, code: u16) -> Self {
        let reason = http::StatusCode::from_u16(code).ok().and_then(|code| code.canonical_reason()).unwrap_or("Error");
        let title = format!("{code} {reason}");
        let text = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
        self.answering(code, "text/html", text)
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

    /// Refuses to stream lists, as a server does that cannot; other requests, watches too, are none of its matter.
    pub fn without_watch_list(self) -> Self {
        let streaming = self.when(|request| request.param("sendInitialEvents").is_some());
        streaming.outcome(Outcome::Status(options::no_watch_list()))
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

    #[track_caller]
    fn answering(self, code: u16, content_type: &'static str, text: String) -> Self {
        assert!((200..600).contains(&code), "{code} is not the code of an answer; use 200 to 599");
        self.outcome(Outcome::Text(Text { code, content_type, text, retry_after: None }))
    }

    #[track_caller]
    fn answered_status(&mut self) -> &mut Status {
        match &mut self.effect.outcome {
            Outcome::Status(status) => status,
            _ => panic!("the fault answers no Status; say Fault::status first"),
        }
    }
}
