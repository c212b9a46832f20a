//! Controllers reconcile, wait and report.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use k8s_openapi::{
    api::core::v1::{ConfigMap, Pod},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ObjectMeta, Patch, PatchParams, PostParams},
    runtime::{
        Controller,
        controller::Action,
        events::{EventType, Recorder, Reporter},
        finalizer::{self, finalizer},
        wait, watcher,
    },
};
use kube_indexed_store::testing::{FakeCluster, Fault, objects};
use tokio::time::{sleep, timeout};

use crate::patience::DAY;

fn widgets(client: &Client) -> (Api<DynamicObject>, ApiResource) {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("example.org", "v1", "Widget"));
    (Api::namespaced_with(client.clone(), "default", &resource), resource)
}

/// Each Widget has a ConfigMap of its name, which is nobody's but its.
async fn reconcile(widget: Arc<DynamicObject>, client: Arc<Client>) -> Result<Action, finalizer::Error<kube::Error>> {
    let (api, _) = widgets(&client);
    let maps: Api<ConfigMap> = Api::namespaced((*client).clone(), "default");
    finalizer(&api, "example.org/map", widget, async |event| {
        match event {
            finalizer::Event::Apply(widget) => {
                if maps.get_opt(&widget.name_any()).await?.is_none() {
                    let metadata = ObjectMeta { name: widget.metadata.name.clone(), ..ObjectMeta::default() };
                    maps.create(&PostParams::default(), &ConfigMap { metadata, ..ConfigMap::default() }).await?;
                }
            }
            finalizer::Event::Cleanup(widget) => drop(maps.delete(&widget.name_any(), &DeleteParams::default()).await?),
        }
        Ok(Action::await_change())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_controller_with_a_finalizer_cleans_up_before_a_custom_object_goes() {
    let cluster = FakeCluster::new();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    let client = cluster.client();
    let (api, resource) = widgets(&client);
    let later = |_, _: &_, _| Action::requeue(Duration::from_secs(1));
    let controller = Controller::new_with(api, watcher::Config::default(), resource);
    tokio::spawn(controller.run(reconcile, later, Arc::new(client)).for_each(async |_| ()));

    cluster.create(objects::object("example.org/v1", "Widget", "default/w")).unwrap();
    cluster.until(|cluster| cluster.get("ConfigMap", "default", "w").is_ok()).await;
    let widget = cluster.get("Widget", "default", "w").unwrap();
    assert_eq!(widget["metadata"]["finalizers"], serde_json::json!(["example.org/map"]));

    let failing = cluster.fault(Fault::on("delete").resource("configmaps").times(2).status(500));
    cluster.delete("Widget", "default", "w").unwrap();
    let terminating = cluster.get("Widget", "default", "w").unwrap();
    assert!(terminating["metadata"]["deletionTimestamp"].is_string());
    cluster.until(|cluster| cluster.get("Widget", "default", "w").is_err()).await;
    assert!(cluster.get("ConfigMap", "default", "w").is_err());
    let cleanups = cluster.requests().verb("delete").resource("configmaps");
    assert_eq!((failing.hits(), cleanups.count()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_condition_is_awaited_until_it_holds() {
    let cluster = FakeCluster::new();
    let definitions: Api<CustomResourceDefinition> = Api::all(cluster.client());
    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    let established =
        tokio::spawn(wait::await_condition(definitions, "widgets.example.org", wait::conditions::is_crd_established()));
    let running = tokio::spawn(wait::await_condition(pods, "p", wait::conditions::is_pod_running()));
    cluster.watch_established("customresourcedefinitions").await;
    cluster.watch_established("pods").await;
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    let established = timeout(DAY, established).await.expect("established");
    assert_eq!(established.unwrap().unwrap().unwrap().name_any(), "widgets.example.org");
    cluster.apply(objects::pod("p")).unwrap();
    cluster.apply(objects::pod("p").ready()).unwrap();
    let running = timeout(DAY, running).await.expect("running");
    assert_eq!(running.unwrap().unwrap().unwrap().name_any(), "p");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_awaited_to_its_end() {
    let cluster = FakeCluster::new();
    cluster.create(objects::config_map("held").finalizer("example.org/hold")).unwrap();
    let api: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    let deletion = tokio::spawn({
        let api = api.clone();
        async move { wait::delete::delete_and_finalize(api, "held", &DeleteParams::default()).await }
    });
    cluster.watch_established("configmaps").await;
    sleep(Duration::from_secs(60)).await;
    assert!(!deletion.is_finished());
    let release = Patch::Merge(serde_json::json!({"metadata": {"finalizers": null}}));
    api.patch("held", &PatchParams::default(), &release).await.unwrap();
    deletion.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn events_that_are_published_again_are_counted() {
    let cluster = FakeCluster::new();
    let map = cluster.create(objects::config_map("a")).unwrap();
    let map: ConfigMap = serde_json::from_value(map).unwrap();
    let recorder = Recorder::new(cluster.client(), Reporter::from("tests"));
    let event = kube::runtime::events::Event {
        type_: EventType::Normal,
        reason: "Seen".to_owned(),
        note: Some("it was seen".to_owned()),
        action: "See".to_owned(),
        secondary: None,
    };
    for _ in 0..3 {
        recorder.publish(&event, &map.object_ref(&())).await.unwrap();
    }
    let events = cluster.objects("events.events.k8s.io");
    assert_eq!((events.len(), &events[0]["reason"], &events[0]["series"]["count"]), (1, &"Seen".into(), &3.into()));
}
