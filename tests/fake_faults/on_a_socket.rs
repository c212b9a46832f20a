//! The same for clients of another program.

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{ListParams, PostParams, WatchParams},
};
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use kube_indexed_store::testing::Fault;
use kube_indexed_store::testing::Server;

use crate::{
    fixtures::{cluster, config_map, list, told},
    support::soon,
};

async fn remote(server: &Server) -> Api<ConfigMap> {
    let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Api::default_namespaced(Client::try_from(config).unwrap())
}

#[tokio::test]
async fn a_lost_connection_leaves_it_open_whether_it_happened() {
    let cluster = cluster(&[]);
    let server = cluster.serve("127.0.0.1:0").await.unwrap();
    for (name, fault) in
        [("before", Fault::on("create").cut_before_commit()), ("after", Fault::on("create").cut_after_commit())]
    {
        let fault = cluster.fault(fault);
        let lost = remote(&server).await.create(&PostParams::default(), &config_map(name)).await;
        assert!(lost.is_err() && fault.hits() == 1, "{lost:?}");
        fault.remove();
    }
    assert_eq!(list(&cluster).await.unwrap(), ["after"]);
}

#[tokio::test]
async fn answers_arrive_in_pieces_or_in_part_or_are_pages() {
    let cluster = cluster(&["a", "b"]);
    let server = cluster.serve("127.0.0.1:0").await.unwrap();
    let api = remote(&server).await;
    let parameters = ListParams::default();
    for (fault, whole) in [
        (Fault::on("list").frames_of(1), true),
        (Fault::on("list").cut_inside(1), false),
        (Fault::on("list").cut_inside(1).cleanly(), false),
        (Fault::on("list").html(502), false),
    ] {
        let fault = cluster.fault(fault);
        assert_eq!(soon(api.list(&parameters)).await.is_ok(), whole, "{fault:?}");
        fault.remove();
    }
    let fault = cluster.fault(Fault::on("watch").cut_inside(1).cleanly());
    let events = soon(api.watch(&WatchParams::default(), "0")).await.unwrap();
    assert_eq!(soon(events.map(told).collect::<Vec<_>>()).await, ["added a"]);
    fault.remove();
}

#[tokio::test]
async fn a_head_arrives_although_its_body_does_not() {
    let cluster = cluster(&["a"]);
    let server = cluster.serve("127.0.0.1:0").await.unwrap();
    cluster.fault(Fault::on("watch").hang_after_headers());
    let events = soon(remote(&server).await.watch(&WatchParams::default(), "0")).await.unwrap();
    assert_eq!(cluster.open_watches("configmaps"), 1);
    drop(events);
    soon(cluster.until(|cluster| cluster.open_watches("configmaps") == 0)).await;
}
