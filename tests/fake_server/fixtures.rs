//! A cluster on a socket, and clients of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use kube_indexed_store::testing::{FakeCluster, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::http::open;
use crate::support::random::Random;
use crate::support::soon;

pub const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

pub async fn serve(cluster: &FakeCluster) -> Server {
    cluster.serve("127.0.0.1:0").await.unwrap()
}

/// A client of its own, made from what the server prints.
pub async fn client(server: &Server) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    assert_eq!(config.default_namespace, "default");
    Client::try_from(config).unwrap()
}

pub async fn config_maps(server: &Server) -> Api<ConfigMap> {
    Api::default_namespaced(client(server).await)
}

pub fn config_map(name: &str, value: &str) -> ConfigMap {
    let mut object = ConfigMap::default();
    object.metadata.name = Some(name.to_owned());
    object.data = Some(BTreeMap::from([("a".to_owned(), value.to_owned())]));
    object
}

/// So many different names.
pub fn names(random: &mut Random, count: usize) -> Vec<String> {
    let mut names = BTreeSet::new();
    while names.len() < count {
        names.insert(random.name());
    }
    random.shuffled(names)
}

/// Sends a GET and reads until the server closes the connection, or has sent all it had for an answer: the head and the
/// chunks of the body, and whether the last chunk was among them.
pub async fn raw(address: SocketAddr, path: &str) -> (String, Vec<u8>, bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server would keep the connection open after a whole answer.
    let request = format!("GET {path} HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await.unwrap();
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return (String::from_utf8(bytes).unwrap(), Vec::new(), false);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let (mut rest, mut body) = (&bytes[end + 4..], Vec::new());
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return (head, body, true);
        }
        let chunk = &rest[end + 2..];
        body.extend_from_slice(&chunk[..length.min(chunk.len())]);
        rest = chunk.get(length + 2..).unwrap_or_default();
    }
    (head, body, false)
}

/// The body the cluster answers in process.
pub async fn in_process(cluster: &FakeCluster, path: &str) -> Vec<u8> {
    open(cluster, path).await.into_body().collect().await.unwrap().to_bytes().to_vec()
}
