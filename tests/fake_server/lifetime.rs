//! How a server begins and ends.

use futures::StreamExt;
use kube::ResourceExt;
use kube::api::{ListParams, PostParams, WatchParams};
use kube::config::Kubeconfig;
use kube_indexed_store::testing::{FakeCluster, Fault, ServeError};
use tokio::net::{TcpListener, TcpStream};

use crate::fixtures::{CONFIG_MAPS, config_map, config_maps, raw, serve};
use crate::support::random::Random;
use crate::support::{self, soon};

#[tokio::test]
async fn stopping_breaks_what_hangs_and_what_watches() {
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let address = server.address();
    let api = config_maps(&server).await;
    let hanging = cluster.fault(Fault::on("get").hang());
    let get = tokio::spawn({
        let api = api.clone();
        async move { api.get("x").await }
    });
    let watch = format!("{CONFIG_MAPS}?watch=true&resourceVersion={}", cluster.revision());
    let watch = tokio::spawn(async move { raw(address, &watch).await });
    soon(cluster.watch_established("configmaps")).await;
    cluster.create(support::config_map("x", "1")).unwrap();
    soon(cluster.until(|_| hanging.hits() == 1)).await;
    assert!(!get.is_finished() && !watch.is_finished());

    soon(server.stop()).await;
    assert_eq!(cluster.open_watches("configmaps"), 0);
    soon(get).await.unwrap().unwrap_err();
    let (_, _, ended) = soon(watch).await.unwrap();
    assert!(!ended);
    soon(api.list(&ListParams::default())).await.unwrap_err();

    // The cluster is still there, and so is the address.
    hanging.remove();
    let again = cluster.serve(address).await.unwrap();
    assert_eq!(again.address(), address);
    assert_eq!(config_maps(&again).await.get("x").await.unwrap().name_any(), "x");
}

#[tokio::test]
async fn dropping_stops_too() {
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let (address, api) = (server.address(), config_maps(&server).await);
    let start = cluster.revision().to_string();
    let mut events = Box::pin(api.watch(&WatchParams::default(), &start).await.unwrap());
    soon(cluster.watch_established("configmaps")).await;
    drop(server);
    // kube tells some broken watches from ended ones, and some not.
    let last = soon(events.next()).await;
    assert!(!matches!(last, Some(Ok(_))), "{last:?}");
    soon(cluster.until(|cluster| cluster.open_watches("configmaps") == 0)).await;
    soon(async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn several_addresses_serve_one_cluster() {
    let name = Random::new().name();
    let cluster = FakeCluster::new();
    let (first, second) = (serve(&cluster).await, serve(&cluster).await);
    let created = config_maps(&first).await.create(&PostParams::default(), &config_map(&name, "1")).await.unwrap();
    first.stop().await;
    assert_eq!(config_maps(&second).await.get(&name).await.unwrap().uid(), created.uid());
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().map(|address| (address, taken)).unwrap();
    let cluster = FakeCluster::new();
    for address in [taken.0.to_string(), "no address".to_owned()] {
        let error = cluster.serve(&address).await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot listen on {address}"));
        let ServeError::Bind { address: named, source } = error else { panic!("{error:?}") };
        assert_eq!(named, address);
        assert!(!source.to_string().is_empty());
    }
}

#[tokio::test]
async fn the_kubeconfig_is_written_and_names_an_address_to_connect_to() {
    let folder = tempfile::tempdir().unwrap();
    let server = FakeCluster::new().serve("0.0.0.0:0").await.unwrap();
    assert_eq!(server.url(), format!("http://127.0.0.1:{}", server.address().port()));
    let file = folder.path().join("config");
    server.write_kubeconfig(&file).unwrap();
    let read = Kubeconfig::read_from(&file).unwrap();
    assert_eq!(read.clusters[0].cluster.as_ref().unwrap().server, Some(server.url()));
    assert_eq!(read.current_context.as_deref(), Some("fake"));

    let nowhere = folder.path().join("none/config");
    let error = server.write_kubeconfig(&nowhere).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write the kubeconfig {}", nowhere.display()));
}
