//! The cluster on a socket, for other programs.
//!
//! Not here: what is answered ([`service`](super::service)). This only carries the answers over HTTP/1.1, and failures
//! too: a refused request closes the connection before any answer, a body that fails closes it in the middle.

mod wire;

use std::{
    fmt, fs, io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time::sleep,
};
use tower::Service;

use super::cluster::FakeCluster;
use wire::{Flushes, Io, Sent};

/// Why a cluster cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is invalid, does not belong to this machine, or is in use.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address as it was given.
        address: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The kubeconfig could not be written.
    #[error("cannot write the kubeconfig {}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl FakeCluster {
    /// Serves the cluster on a socket, over HTTP/1.1 without TLS, until the [`Server`] is stopped or dropped.
    ///
    /// Port 0 picks a free port; see [`Server::address`]. Anyone who can reach the address may do anything. A cluster
    /// can be served on several addresses at once, and used in the process at the same time.
    ///
    /// Sockets need real time, so do not pause tokio's. Programs that compare timestamps with their own clock, as
    /// kubectl does for ages, need a cluster with [`Clock::system`](super::Clock::system).
    ///
    /// ```
    /// use k8s_openapi::api::core::v1::Namespace;
    /// use kube::{Api, Config, config::Kubeconfig};
    /// use kube_indexed_store::testing::FakeCluster;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let server = FakeCluster::new().serve("127.0.0.1:0").await?;
    ///
    /// let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig())?;
    /// let config = Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await?;
    /// let namespaces: Api<Namespace> = Api::all(config.try_into()?);
    /// assert_eq!(namespaces.list(&Default::default()).await?.items.len(), 4);
    ///
    /// server.stop().await;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ServeError::Bind`] if it cannot listen on the address.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, or in one without `enable_io`. The server ends with its runtime.
    pub async fn serve(&self, address: impl ToSocketAddrs + fmt::Display) -> Result<Server, ServeError> {
        let name = address.to_string();
        let failed = |source| ServeError::Bind { address: name, source };
        let bound = async {
            let listener = TcpListener::bind(address).await?;
            Ok((listener.local_addr()?, listener))
        };
        let (address, listener) = bound.await.map_err(failed)?;
        let (running, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(self.clone(), listener, stopped));
        Ok(Server { address, running, task })
    }
}

/// A cluster on a socket. Dropping it stops the server in the background; [`stop`](Server::stop) waits until it has
/// stopped.
///
/// The cluster keeps its state, and can be served again.
#[derive(Debug)]
#[must_use = "a server that is dropped stops"]
pub struct Server {
    address: SocketAddr,
    /// Closed when this is dropped, which is what ends the task.
    running: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL for clients on this machine, such as `http://127.0.0.1:6443`.
    pub fn url(&self) -> String {
        let mut address = self.address;
        match address {
            // Listening on all addresses is not one to connect to.
            SocketAddr::V4(all) if all.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            SocketAddr::V6(all) if all.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}")
    }

    /// A kubeconfig (YAML) with this server as its only cluster, and the namespace `default`.
    pub fn kubeconfig(&self) -> String {
        format!(
            "\
apiVersion: v1
kind: Config
current-context: fake
clusters:
- name: fake
  cluster:
    server: {}
contexts:
- name: fake
  context:
    cluster: fake
    namespace: default
    user: fake
users:
- name: fake
  user: {{}}
",
            self.url()
        )
    }

    /// Writes the [`kubeconfig`](Server::kubeconfig) to a file, and overwrites it if it exists.
    ///
    /// # Errors
    ///
    /// [`ServeError::Kubeconfig`] if the file cannot be written.
    pub fn write_kubeconfig(&self, path: impl AsRef<Path>) -> Result<(), ServeError> {
        let path = path.as_ref();
        fs::write(path, self.kubeconfig()).map_err(|source| ServeError::Kubeconfig { path: path.to_owned(), source })
    }

    /// Stops listening and cuts all connections, as when a server crashes: unfinished answers and watches end in the
    /// middle. Call [`Watches::close`](super::Watches::close) before, to let watches end cleanly.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the server stops all the same.
    pub async fn stop(self) {
        drop(self.running);
        // It neither panics nor is aborted, unless its runtime ends.
        let _ = self.task.await;
    }
}

/// Serves whoever connects, until the sender of `stopped` is dropped.
async fn accept(cluster: FakeCluster, listener: TcpListener, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(cluster.clone(), stream));
                }
                // One client that is gone already, or too many open files: others may do better.
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(cluster: FakeCluster, stream: TcpStream) {
    // Events are short and not to wait for one another. A connection that is gone says so by itself.
    let _ = stream.set_nodelay(true);
    let flushes = Arc::new(Flushes::default());
    let io = Io::new(stream, flushes.clone());
    let service = service_fn(|request: Request<Incoming>| {
        let answer = cluster.clone().call(request);
        let flushes = flushes.clone();
        async move { answer.await.map(|answer| answer.map(|body| Sent::new(body, flushes))) }
    });
    if let Err(error) = http1::Builder::new().serve_connection(io, service).await {
        tracing::debug!(%error, "a connection ended early");
    }
}
