//! A store together with a kube `Controller`: the reconciler reads what it needs by index, and changes of the store
//! trigger it.
//!
//! `Controller::reconcile_on` needs kube's feature `unstable-runtime`.
//!
//! `cargo run --example controller`

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, future, stream};
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use kube::Api;
use kube::api::Patch;
use kube::runtime::Controller;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::Config;
use kube_indexed_store::snapshot::Entry;
use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::{Resource, Watcher};
use kube_indexed_store::{Indexer, Query, Store, store};
use serde_json::json;
use tokio::sync::mpsc;

const OBJECTS: &str = "
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: web}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {namespace: shop, name: web-limits, labels: {for: web}}
data: {rate: '10'}
";

struct Context {
    /// The ConfigMaps, by the Service they are for.
    settings: Arc<dyn Store>,
    done: mpsc::UnboundedSender<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = FakeCluster::new();
    cluster.load_yaml(OBJECTS).complete()?;
    let client = cluster.client();

    let indexer = Indexer::builder().index("by-service", ["metadata.namespace", "metadata.labels.for"]).build()?;
    let settings = Watcher::builder(client.clone(), Resource::of::<ConfigMap>()).indexer(indexer).start()?;
    // A reconciler that starts before the store is filled would not see what exists already.
    settings.wait_until_synced(Duration::from_secs(30)).await?;

    // A ConfigMap that is created, changed or deleted triggers the Services it is for and was for before.
    let triggers = settings.store().changes().flat_map(|diff| {
        let entries = diff.changes().iter().flat_map(|change| [change.old(), change.new()]).flatten();
        stream::iter(entries.flat_map(services).collect::<Vec<_>>())
    });

    let (done, mut reconciled) = mpsc::unbounded_channel();
    let context = Arc::new(Context { settings: Arc::clone(settings.store()), done });
    let controller = Controller::new(Api::<Service>::all(client), Config::default())
        .reconcile_on(triggers)
        .run(reconcile, |_, _: &store::Error, _| Action::requeue(Duration::from_secs(5)), context)
        .for_each(|_| future::ready(()));
    let controller = tokio::spawn(controller);

    println!("{}", reconciled.recv().await.unwrap_or_default());
    cluster.patch("ConfigMap", "shop", "web-limits", &Patch::Merge(json!({"data": {"rate": "20"}})))?;
    println!("{}", reconciled.recv().await.unwrap_or_default());
    cluster.delete("ConfigMap", "shop", "web-limits")?;
    println!("{}", reconciled.recv().await.unwrap_or_default());
    controller.abort();
    Ok(())
}

/// The Services that an entry is for, taken from its keys.
fn services(entry: &Entry) -> Vec<ObjectRef<Service>> {
    let keys = entry.keys("by-service").unwrap_or_default();
    let services = keys.iter().filter_map(|key| Some(ObjectRef::new(key.component(1)?).within(key.component(0)?)));
    services.collect()
}

async fn reconcile(service: Arc<Service>, context: Arc<Context>) -> Result<Action, store::Error> {
    let (namespace, name) = (service.metadata.namespace.as_deref(), service.metadata.name.as_deref());
    let (namespace, name) = (namespace.unwrap_or_default(), name.unwrap_or_default());
    let settings = context.settings.get(Query::index("by-service").with_prefix(&[namespace, name]))?.await?;
    let rate = settings.at(0).and_then(|found| found.get(&"data.rate".parse().ok()?)?.as_str().map(String::from));
    // The receiver is gone when the example ends.
    let _ = context.done.send(format!("reconciled {namespace}/{name}: {} ConfigMaps, rate {rate:?}", settings.len()));
    Ok(Action::await_change())
}
