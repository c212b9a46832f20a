//! The servers that the cases are asked of.

use std::{any::Any, env, future::Future, pin::Pin};

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, Config,
    api::DeleteParams,
    config::{KubeConfigOptions, Kubeconfig},
};
use kube_indexed_store::testing::FakeCluster;

use crate::{
    ground::Ground,
    real::{RealCluster, random_word},
};

/// What is asked.
pub type Case = fn(Ground) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server, and what keeps it running.
pub struct Server {
    client: Client,
    _running: Box<dyn Any + Send + Sync>,
}

/// How many cases a real server is asked at a time.
const AT_A_TIME: usize = 16;

impl Server {
    pub fn in_process() -> Self {
        Server { client: FakeCluster::new().client(), _running: Box::new(()) }
    }

    pub async fn over_a_socket() -> Self {
        let server = FakeCluster::new().serve("127.0.0.1:0").await.expect("a free port");
        let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig()).expect("a kubeconfig");
        Server { client: client(kubeconfig).await, _running: Box::new(server) }
    }

    async fn real() -> Option<Self> {
        if let Some(file) = env::var_os("KUBECONFIG_E2E").filter(|file| !file.is_empty()) {
            let kubeconfig = Kubeconfig::read_from(file).expect("a kubeconfig");
            return Some(Server { client: client(kubeconfig).await, _running: Box::new(()) });
        }
        let cluster = RealCluster::start().await?;
        Some(Server { client: cluster.client().clone(), _running: Box::new(cluster) })
    }

    /// A namespace for one case.
    pub async fn ground(&self) -> Ground {
        Ground::new(self.client.clone(), format!("protocol-{}", random_word(8))).await
    }

    /// Begins to delete the namespace of a case.
    async fn remove(&self, namespace: &str) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces.delete(namespace, &DeleteParams::default()).await.expect("an answer");
    }
}

async fn client(kubeconfig: Kubeconfig) -> Client {
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    Client::try_from(config.expect("a cluster")).expect("a client")
}

/// Asks a real server all cases, and tells which of them it did not pass.
pub async fn ask_a_real_one(cases: Vec<(&'static str, Case)>) {
    let Some(server) = Server::real().await else { return };
    let server = &server;
    let asked = cases.into_iter().map(|(name, case)| async move {
        let ground = server.ground().await;
        let namespace = ground.namespace.clone();
        let result = tokio::spawn(case(ground)).await;
        server.remove(&namespace).await;
        (name, result)
    });
    let results: Vec<_> = stream::iter(asked).buffer_unordered(AT_A_TIME).collect().await;
    let failed: Vec<_> = results.into_iter().filter(|(_, result)| result.is_err()).map(|(name, _)| name).collect();
    assert!(failed.is_empty(), "the real server does otherwise: {}", failed.join(", "));
}
