//! Clients that say who they are.
//!
//! Not here: the plain client and the one with retries, which are the cluster's own.

use http::{HeaderValue, header};
use tower::util::MapRequest;

use super::cluster::{FakeCluster, in_a_runtime};

impl FakeCluster {
    /// A client that sends this `User-Agent`, to tell the clients of a test apart: the replicas of a program, or a
    /// program and the test. [`client`](FakeCluster::client) sends none.
    ///
    /// [`Requests::user_agent`], [`Fault::user_agent`] and [`OpenWatch::user_agent`] know the client by it. Writes that
    /// name no field manager get it as theirs, up to the first slash.
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::Secret;
    /// # use kube::Api;
    /// # use kube_indexed_store::testing::{FakeCluster, Fault};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let cluster = FakeCluster::new();
    /// // Replica `a` loses its connection, `b` does not.
    /// cluster.fault(Fault::on("*").user_agent("a").refuse_connection());
    /// let [a, b] = ["a", "b"].map(|name| Api::<Secret>::all(cluster.client_with_user_agent(name)));
    /// assert!(a.list(&Default::default()).await.is_err());
    /// assert!(b.list(&Default::default()).await.is_ok());
    /// assert_eq!(cluster.requests().user_agent("b").count(), 1);
    /// # Ok::<(), kube::Error>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the name cannot be the value of a header. Outside a tokio runtime, as [`client`](FakeCluster::client) does.
    ///
    /// [`Requests::user_agent`]: super::Requests::user_agent
    /// [`Fault::user_agent`]: super::Fault::user_agent
    /// [`OpenWatch::user_agent`]: super::OpenWatch::user_agent
    #[track_caller]
    pub fn client_with_user_agent(&self, name: &str) -> kube::Client {
        in_a_runtime();
        let Ok(name) = HeaderValue::from_str(name) else { panic!("{name:?} cannot be a User-Agent") };
        let named = move |mut request: http::Request<kube::client::Body>| {
            request.headers_mut().insert(header::USER_AGENT, name.clone());
            request
        };
        kube::Client::new(MapRequest::new(self.clone(), named), "default")
    }
}
