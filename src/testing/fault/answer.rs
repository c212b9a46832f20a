//! How long a request waits, and what is answered instead of the real answer.

use std::time::Duration;

use kube::core::Status;
use serde::Serialize;

use super::{
    super::{answer, options, status},
    Failure, Fault, Gate, Outcome, Text,
};

/// How long requests wait.
impl Fault {
    /// Delays the request before the server handles it, on tokio's clock.
    pub fn delay(self, delay: Duration) -> Self {
        self.delay_between(delay, delay)
    }

    /// Delays each request by a random time between two bounds; see [`seed`](Fault::seed).
    pub fn delay_between(mut self, least: Duration, most: Duration) -> Self {
        self.effect.delay = Some((least, most.max(least)));
        self
    }

    /// Holds requests until the gate is [opened](super::FaultHandle::open). The server handles them after that, with
    /// the state it has then.
    pub fn gate(mut self) -> Self {
        self.effect.gate = Some(Gate::Before);
        self
    }

    /// Handles requests at once, but holds their answers until the gate is [opened](super::FaultHandle::open). The
    /// answers show the state from before.
    pub fn gate_answer(mut self) -> Self {
        self.effect.gate = Some(Gate::After);
        self
    }
}

/// What is answered.
impl Fault {
    /// Answers with a Status: one for an HTTP code, with its usual reason and message, or a complete one.
    ///
    /// # Panics
    ///
    /// If the code is not an error code (400 to 599).
    #[track_caller]
    pub fn status(self, failure: impl Into<Failure>) -> Self {
        self.outcome(Outcome::Status(failure.into().status()))
    }

    /// Sets the reason of the Status.
    ///
    /// # Panics
    ///
    /// If [`status`](Fault::status) was not called before.
    #[track_caller]
    pub fn reason(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.answered_status().reason);
        self
    }

    /// Sets the message of the Status.
    ///
    /// # Panics
    ///
    /// If [`status`](Fault::status) was not called before.
    #[track_caller]
    pub fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.answered_status().message);
        self
    }

    /// Adds a Retry-After header, in whole seconds, and `retryAfterSeconds` to the Status if there is one.
    ///
    /// # Panics
    ///
    /// If none of [`status`](Fault::status), [`text`](Fault::text), [`json`](Fault::json) and [`html`](Fault::html) was
    /// called before.
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

    /// Answers with plain text: as an overloaded server does, or, with 200, the log of a pod.
    ///
    /// # Panics
    ///
    /// If the code is not from 200 to 599.
    #[track_caller]
    pub fn text(self, code: u16, text: &str) -> Self {
        self.answering(code, answer::PLAIN, text.to_owned())
    }

    /// Answers with JSON, whatever the cluster has: for a request that it does not serve, such as those to
    /// `metrics.k8s.io`, or an answer that no cluster would give.
    ///
    /// ```
    /// # use kube::{Api, api::{ApiResource, DynamicObject, GroupVersionKind}};
    /// # use kube_indexed_store::testing::{FakeCluster, Fault};
    /// # use serde_json::json;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// let used = json!({"name": "main", "usage": {"cpu": "20m", "memory": "64Mi"}});
    /// let metrics = json!({
    ///     "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
    ///     "metadata": {"namespace": "default", "name": "web"}, "containers": [used],
    /// });
    /// let of_web = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/web";
    /// cluster.fault(Fault::on("get").when(move |get| get.path == of_web).json(200, metrics));
    ///
    /// let kind = GroupVersionKind::gvk("metrics.k8s.io", "v1beta1", "PodMetrics");
    /// let kind = ApiResource::from_gvk_with_plural(&kind, "pods");
    /// let api: Api<DynamicObject> = Api::default_namespaced_with(cluster.client(), &kind);
    /// assert_eq!(api.get("web").await?.data["containers"][0]["usage"]["cpu"], "20m");
    /// # Ok::<(), kube::Error>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the code is not from 200 to 599, or the value cannot be serialized as JSON.
    #[track_caller]
    pub fn json(self, code: u16, value: impl Serialize) -> Self {
        match serde_json::to_string(&value) {
            Ok(text) => self.answering(code, "application/json", text),
            Err(error) => panic!("the answer cannot be serialized: {error}"),
        }
    }

    /// Answers with an HTML page, as proxies in front of a server do with 502, 503 and 504.
    ///
    /// # Panics
    ///
    /// If the code is not from 200 to 599.
    #[track_caller]
    pub fn html(self, code: u16) -> Self {
        let reason = http::StatusCode::from_u16(code).ok().and_then(|code| code.canonical_reason()).unwrap_or("Error");
        let title = format!("{code} {reason}");
        let text = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
        self.answering(code, "text/html", text)
    }

    /// Answers with 403, as role-based access control (RBAC) does for this user.
    ///
    /// Access reviews agree with it: a SelfSubjectAccessReview about a request that would be forbidden says that it is
    /// not allowed, and so does a SubjectAccessReview about this user. Such reviews do not count for
    /// [`times`](Fault::times) and [`nth`](Fault::nth).
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

    /// Refuses streaming lists, as a server without that feature does. It acts only on requests with
    /// `sendInitialEvents`; other lists and watches are untouched.
    pub fn without_watch_list(self) -> Self {
        let streaming = self.when(|request| request.param("sendInitialEvents").is_some());
        streaming.outcome(Outcome::Status(options::no_watch_list()))
    }

    /// Never answers. The server does not handle the request.
    pub fn hang(self) -> Self {
        self.outcome(Outcome::Hang)
    }

    /// Refuses the connection: the client gets a connection error instead of an answer.
    pub fn refuse_connection(self) -> Self {
        self.outcome(Outcome::Refused)
    }

    /// Cuts the connection before the server handles the request: the client gets an error, and nothing was written.
    pub fn cut_before_commit(self) -> Self {
        self.outcome(Outcome::CutBefore)
    }

    /// Cuts the connection after the server handled the request: the client gets an error although the write succeeded.
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
