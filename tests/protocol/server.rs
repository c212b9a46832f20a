//! The servers that the cases are asked of.

use std::{any::Any, env, future, iter, pin::Pin};

use futures::{StreamExt, stream};
use k8s_openapi::api::{core::v1::Namespace, rbac::v1::ClusterRole};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DeleteParams, ListParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use kube_indexed_store::testing::FakeCluster;

use crate::{
    ground::Ground,
    kinds::KINDS,
    support::{
        random::Random,
        real::{RealCluster, random_word},
        served::served,
    },
};

/// What is asked.
pub type Case = fn(Ground) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server, and what keeps it running.
pub struct Server {
    client: Client,
    bare: bool,
    _running: Box<dyn Any + Send + Sync>,
}

/// How the names of namespaces begin, and with them those of objects.
const PREFIX: &str = "protocol-";

/// How many cases a real server is asked at a time.
const AT_A_TIME: usize = 16;

impl Server {
    pub async fn in_process() -> Self {
        Server::new(FakeCluster::new().client(), false, Box::new(())).await
    }

    /// Without controllers, as a real server is alone.
    pub async fn over_a_socket() -> Self {
        let cluster = FakeCluster::builder().controllers(false).build();
        let server = cluster.serve("127.0.0.1:0").await.expect("a free port");
        let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig()).expect("a kubeconfig");
        Server::new(client(kubeconfig).await, true, Box::new(server)).await
    }

    async fn real() -> Option<Self> {
        if let Some(file) = env::var_os("KUBECONFIG_E2E").filter(|file| !file.is_empty()) {
            let kubeconfig = Kubeconfig::read_from(file).expect("a kubeconfig");
            return Some(Server::new(client(kubeconfig).await, false, Box::new(())).await);
        }
        let cluster = RealCluster::start().await?;
        let kubeconfig = Kubeconfig::from_yaml(&cluster.kubeconfig()).expect("a kubeconfig");
        Some(Server::new(client(kubeconfig).await, true, Box::new(cluster)).await)
    }

    /// A server that knows the custom kinds.
    async fn new(client: Client, bare: bool, running: Box<dyn Any + Send + Sync>) -> Self {
        let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
        for kind in KINDS.iter().filter(|kind| kind.is_custom()) {
            let definition = serde_json::from_value(kind.definition()).expect("a definition");
            definitions.create(&PostParams::default(), &definition).await.expect("a new definition");
            served(&client, &kind.resource(), &kind.path("default")).await;
        }
        Server { client, bare, _running: running }
    }

    /// Takes away what is in no namespace.
    async fn forget(&self) {
        let definitions: Api<CustomResourceDefinition> = Api::all(self.client.clone());
        for kind in KINDS.iter().filter(|kind| kind.is_custom()) {
            definitions.delete(&kind.resource(), &DeleteParams::default()).await.expect("an answer");
        }
        let roles: Api<ClusterRole> = Api::all(self.client.clone());
        for role in roles.list_metadata(&ListParams::default()).await.expect("a list") {
            if role.name_any().starts_with(PREFIX) {
                roles.delete(&role.name_any(), &DeleteParams::default()).await.expect("an answer");
            }
        }
    }

    /// A namespace for one case.
    pub async fn ground(&self) -> Ground {
        self.ground_with(Random::new()).await
    }

    async fn ground_with(&self, random: Random) -> Ground {
        Ground::new(self.client.clone(), format!("{PREFIX}{}", random_word(8)), self.bare, random).await
    }

    /// Begins to delete the namespace of a case.
    async fn remove(&self, namespace: &str) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces.delete(namespace, &DeleteParams::default()).await.expect("an answer");
    }
}

/// A client that tells of every answer, where others ask again.
async fn client(kubeconfig: Kubeconfig) -> Client {
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let mut config = config.expect("a cluster");
    config.default_retry = false;
    Client::try_from(config).expect("a client")
}

/// Asks a real server all cases, `ROUNDS` times, and tells which of them it did not pass.
pub async fn ask_a_real_one(cases: Vec<(&'static str, Case)>) {
    let Some(server) = Server::real().await else { return };
    let server = &server;
    let rounds = env::var("ROUNDS").map_or(1, |rounds| rounds.parse().expect("ROUNDS is a number"));
    let asked = iter::repeat_n(cases, rounds).flatten().map(|(name, case)| async move {
        let seed = Random::seed();
        let ground = server.ground_with(Random::seeded(seed)).await;
        let namespace = ground.namespace.clone();
        let result = tokio::spawn(case(ground)).await;
        server.remove(&namespace).await;
        result.err().map(|_| format!("SEED={seed} {name}"))
    });
    let failed: Vec<_> = stream::iter(asked).buffer_unordered(AT_A_TIME).filter_map(future::ready).collect().await;
    server.forget().await;
    assert!(failed.is_empty(), "the real server does otherwise:\n{}", failed.join("\n"));
}
