//! The log of all requests to a cluster.
//!
//! Not here: what a request is ([`requests`](super::requests)).

use std::{fmt, ops::Deref, sync::Arc};

use super::{cluster::FakeCluster, filter::Filter, kinds::Kinds, patience::Wait, requests::Request};

/// Requests in the order they arrived. They can be filtered and counted, read as a slice, and printed one per line.
///
/// This is a copy of the log at the time of the call; later requests are not in it. Its entries are shared, so it is
/// cheap. Requests for a subresource such as `status` count too, unless [`subresource("")`](Requests::subresource)
/// excludes them. Calls of the direct methods, such as [`FakeCluster::create`], are not requests and are not logged.
///
/// ```
/// # use k8s_openapi::api::core::v1::Secret;
/// # use kube::{Api, api::ListParams};
/// # use kube_indexed_store::testing::FakeCluster;
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let cluster = FakeCluster::new();
/// let secrets: Api<Secret> = Api::default_namespaced(cluster.client());
/// secrets.list(&ListParams::default().labels("a=b")).await?;
/// let before = cluster.mark();
/// secrets.get_opt("missing").await?;
///
/// assert_eq!(cluster.requests().verb("list").resource("secrets").count(), 1);
/// assert_eq!(cluster.requests().since(before).to_string(), "GET /api/v1/namespaces/default/secrets/missing 404\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Requests {
    left: Entries,
    /// What words may mean: what was in the log, and the kinds the cluster served.
    all: Entries,
    kinds: Arc<Kinds>,
}

type Entries = Arc<Vec<Arc<Request>>>;

/// A position in the log, made by [`FakeCluster::mark`] and used by [`Requests::since`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(usize);

impl Requests {
    /// Keeps those with this verb, named as in [`Fault::on`](super::Fault::on).
    ///
    /// # Panics
    ///
    /// If there is no such verb.
    #[track_caller]
    pub fn verb(self, verb: &str) -> Self {
        match Filter::verb(verb) {
            Some(filter) => self.narrowed(&filter),
            None => self,
        }
    }

    /// Keeps those in this API group; the core group is `""`.
    pub fn group(self, group: &str) -> Self {
        self.narrowed(&Filter::Group(group.to_owned()))
    }

    /// Keeps those for this resource, under any name that kubectl takes: `secrets`, `Secret`, `deploy`,
    /// `ingresses.networking.k8s.io`. A resource that the cluster did not serve at the time of the request is found
    /// only by its plural name, with or without its group.
    ///
    /// # Panics
    ///
    /// If the cluster did not serve such a kind when this was taken, and no request in its log was for it: the name is
    /// wrong, or its CustomResourceDefinition is missing.
    #[track_caller]
    pub fn resource(self, resource: &str) -> Self {
        if let Some(why) = unknown(resource, &self.kinds, &self.all) {
            panic!("{why}");
        }
        self.narrowed(&Filter::Resource(resource.to_owned()))
    }

    /// Keeps those for this subresource, such as `status` or `scale`; `""` keeps those for whole objects.
    pub fn subresource(self, subresource: &str) -> Self {
        self.narrowed(&Filter::Subresource(subresource.to_owned()))
    }

    /// Keeps those in this namespace.
    pub fn namespace(self, namespace: &str) -> Self {
        self.narrowed(&Filter::Namespace(namespace.to_owned()))
    }

    /// Keeps those whose path names this object. A request that creates an object has no name in its path.
    pub fn name(self, name: &str) -> Self {
        self.narrowed(&Filter::Name(name.to_owned()))
    }

    /// Keeps those of clients whose `User-Agent` starts with this, such as those of
    /// [`client_with_user_agent`](FakeCluster::client_with_user_agent).
    pub fn user_agent(self, start: &str) -> Self {
        self.narrowed(&Filter::UserAgent(start.to_owned()))
    }

    /// Keeps those answered with this HTTP status.
    pub fn answered(self, code: u16) -> Self {
        self.when(|request| request.answered == Some(code))
    }

    /// Keeps those that arrived after a [mark](FakeCluster::mark).
    pub fn since(self, mark: Mark) -> Self {
        self.when(|request| request.place >= mark.0)
    }

    /// Keeps those for which the condition holds.
    pub fn when(self, mut condition: impl FnMut(&Request) -> bool) -> Self {
        let left = self.left.iter().filter(|request| condition(request)).cloned().collect();
        Requests { left: Arc::new(left), ..self }
    }

    /// How many are left.
    pub fn count(&self) -> usize {
        self.left.len()
    }

    fn narrowed(self, filter: &Filter) -> Self {
        self.when(|request| filter.passes(request))
    }
}

/// Why a word names nothing: neither a kind that is served nor what any request was about.
fn unknown(word: &str, kinds: &Kinds, requests: &[Arc<Request>]) -> Option<String> {
    let known = kinds.named(word).is_some() || requests.iter().any(|request| request.is_about(word));
    (!known).then(|| kinds.unknown(word))
}

/// The requests that are kept, of all there were.
#[derive(Debug)]
pub(super) struct Log {
    kept: Entries,
    /// How many there were, and how many of them may be kept.
    count: usize,
    bound: usize,
}

impl Log {
    pub(super) fn new(bound: usize) -> Self {
        Log { kept: Entries::default(), count: 0, bound }
    }

    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Why a word names nothing.
    pub(super) fn unknown(&self, word: &str, kinds: &Kinds) -> Option<String> {
        unknown(word, kinds, &self.kept)
    }

    /// Adds a request.
    pub(super) fn push(&mut self, mut request: Request) -> Arc<Request> {
        request.place = self.count;
        let request = Arc::new(request);
        self.count += 1;
        let kept = Arc::make_mut(&mut self.kept);
        kept.push(request.clone());
        kept.drain(..kept.len().saturating_sub(self.bound));
        request
    }

    /// Notes what else is known of a request.
    pub(super) fn note(&mut self, mut request: Arc<Request>, fact: impl FnOnce(&mut Request)) -> Arc<Request> {
        let forgotten = self.count - self.kept.len();
        let place = request.place.checked_sub(forgotten);
        match place.and_then(|place| Arc::make_mut(&mut self.kept).get_mut(place)) {
            Some(kept) => {
                // Of two hands on one entry the first lets go, so that nothing is copied.
                drop(request);
                fact(Arc::make_mut(kept));
                kept.clone()
            }
            None => {
                fact(Arc::make_mut(&mut request));
                request
            }
        }
    }

    fn forget(&mut self) {
        self.kept = Entries::default();
    }
}

impl Deref for Requests {
    type Target = [Arc<Request>];

    fn deref(&self) -> &[Arc<Request>] {
        &self.left
    }
}

impl PartialEq for Requests {
    fn eq(&self, other: &Requests) -> bool {
        self.left == other.left
    }
}

impl Eq for Requests {}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Requests").field(&self.left).finish()
    }
}

impl IntoIterator for Requests {
    type Item = Arc<Request>;
    type IntoIter = std::vec::IntoIter<Arc<Request>>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.left).into_iter()
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|request| writeln!(f, "{request}"))
    }
}

impl FakeCluster {
    /// The requests so far, in the order they arrived, with the bodies of writes. Only the last 10,000 are kept, or as
    /// many as [`Builder::requests`] says.
    ///
    /// [`Builder::requests`]: super::Builder::requests
    #[doc(alias = "Actions")]
    pub fn requests(&self) -> Requests {
        self.shared.read(|inner| {
            let kept = || inner.log.kept.clone();
            Requests { left: kept(), all: kept(), kinds: inner.state.kinds.clone() }
        })
    }

    /// Empties the log. [`Requests`] already returned, and [marks](FakeCluster::mark), stay valid.
    pub fn forget_requests(&self) {
        self.shared.update(|inner| inner.log.forget());
    }

    /// Marks the current end of the log, for [`Requests::since`].
    pub fn mark(&self) -> Mark {
        Mark(self.shared.read(|inner| inner.log.count))
    }

    /// Waits for a request and returns it: the first that the given filter leaves in the log, whether it is there
    /// already or comes later. For one that comes later, take a [mark](FakeCluster::mark) before the call; the filter
    /// itself runs many times.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use k8s_openapi::api::core::v1::Secret;
    /// # use kube::{Api, api::ListParams};
    /// # use kube_indexed_store::testing::FakeCluster;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// let secrets: Api<Secret> = Api::default_namespaced(cluster.client());
    /// tokio::spawn(async move {
    ///     tokio::time::sleep(Duration::from_secs(30)).await;
    ///     secrets.list(&ListParams::default().limit(5)).await
    /// });
    /// let list = cluster.requested(|requests| requests.verb("list").resource("secrets")).await;
    /// assert_eq!(list.param("limit"), Some("5"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If none comes in time: see [`until`](FakeCluster::until). If the log [keeps](super::Builder::requests) no
    /// requests.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the cluster.
    #[track_caller]
    pub fn requested(&self, narrow: impl Fn(Requests) -> Requests) -> impl Future<Output = Arc<Request>> {
        let wait = Wait::new("a request");
        let keeps = self.shared.read(|inner| inner.log.bound > 0);
        assert!(keeps, "the log keeps no requests, so none can be waited for; see Builder::requests");
        async move {
            let comes = self.finds(|cluster| narrow(cluster.requests()).first().cloned());
            self.patiently(wait, comes).await
        }
    }
}
