//! Writes and reads of a client, and what they cost beyond the same through a door for tests, which gives no field an owner.

use std::time::{Duration, Instant};

use futures::future::join_all;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::ConfigMap};
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt};
use kube_indexed_store::testing::FakeCluster;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::table::{Table, grouped, times};

/// How many requests are on their way at once.
const TOGETHER: usize = 50;

pub async fn table(number: usize) -> Table {
    let mut table = Table::new(&["requests", "number", "seconds", "a second", "against the door"]);
    kind::<ConfigMap>(&mut table, "ConfigMap", number, config_map).await;
    kind::<Deployment>(&mut table, "Deployment", number, deployment).await;
    table
}

async fn kind<K>(table: &mut Table, what: &str, number: usize, object: fn(usize, &str) -> Value)
where
    K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
        + Clone
        + Serialize
        + DeserializeOwned
        + std::fmt::Debug,
{
    let mut row = |how: &str, taken: Duration, door: Duration| {
        let seconds = taken.as_secs_f64();
        let ratio = seconds / door.as_secs_f64();
        let what = format!("{what}, {how}");
        table.row(&what, [grouped(number as f64), times(seconds), grouped(number as f64 / seconds), times(ratio)]);
    };
    let cluster = FakeCluster::new();
    let started = Instant::now();
    (0..number).for_each(|place| drop(cluster.create(object(place, "one")).expect("it is new")));
    let door = started.elapsed();
    row("created through the door", door, door);

    let cluster = FakeCluster::new();
    let api: Api<K> = Api::default_namespaced(cluster.client());
    let posting = PostParams::default();
    let objects: Vec<K> = parsed(number, object, "one");
    let created = timed(&objects, async |object| api.create(&posting, object).await.map(drop)).await;
    row("created", created, door);

    let objects: Vec<K> = parsed(number, object, "two");
    let version = |object: &K| cluster.get(&K::kind(&()), "default", &object.name_any()).expect("it is there");
    let versions: Vec<_> =
        objects.iter().map(|object| version(object)["metadata"]["resourceVersion"].clone()).collect();
    let mut objects = objects;
    for (object, version) in objects.iter_mut().zip(&versions) {
        object.meta_mut().resource_version = version.as_str().map(str::to_owned);
    }
    let updated =
        timed(&objects, async |object| api.replace(&object.name_any(), &posting, object).await.map(drop)).await;
    row("updated", updated, door);

    let (patching, patch) = (PatchParams::default(), Patch::Merge(json!({"metadata": {"labels": {"tier": "front"}}})));
    let patched =
        timed(&objects, async |object| api.patch(&object.name_any(), &patching, &patch).await.map(drop)).await;
    row("patched", patched, door);

    let objects: Vec<K> = parsed(number, object, "three");
    let applying = PatchParams::apply("bench").force();
    let apply = async |object: &K| api.patch(&object.name_any(), &applying, &Patch::Apply(object)).await.map(drop);
    row("applied", timed(&objects, apply).await, door);
    row("applied again without a change", timed(&objects, apply).await, door);
    row("got", timed(&objects, async |object| api.get(&object.name_any()).await.map(drop)).await, door);

    let started = Instant::now();
    let listed = api.list(&ListParams::default().limit(500)).await.expect("a list").items.len();
    let listed_one_by_one = started.elapsed().mul_f64(number as f64 / listed as f64);
    row("in a list of 500", listed_one_by_one, door);
    delete_all(&cluster.client(), &objects).await;
}

/// Deletes objects, which must all be there.
async fn delete_all<K>(client: &Client, objects: &[K])
where
    K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api: Api<K> = Api::default_namespaced(client.clone());
    timed(objects, async |object| api.delete(&object.name_any(), &Default::default()).await.map(drop)).await;
    assert_eq!(api.list(&ListParams::default()).await.expect("a list").items.len(), 0);
}

fn parsed<K: DeserializeOwned>(number: usize, object: fn(usize, &str) -> Value, text: &str) -> Vec<K> {
    (0..number).map(|place| serde_json::from_value(object(place, text)).expect("it is of its kind")).collect()
}

/// How long it takes until all requests are answered.
async fn timed<K>(objects: &[K], ask: impl AsyncFn(&K) -> kube::Result<()>) -> Duration {
    let started = Instant::now();
    for some in objects.chunks(TOGETHER) {
        join_all(some.iter().map(|object| ask(object))).await.into_iter().for_each(|answer| answer.expect("an answer"));
    }
    started.elapsed()
}

fn config_map(place: usize, text: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": format!("settings-{place}"), "namespace": "default", "labels": {"app": "web"}},
        "data": {"number": place.to_string(), "text": text},
    })
}

fn deployment(place: usize, text: &str) -> Value {
    let container = json!({
        "name": "web", "image": format!("web:{text}"), "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "PLACE", "value": place.to_string()}, {"name": "TEXT", "value": text}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": format!("web-{place}"), "namespace": "default", "labels": {"app": "web"}},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
        },
    })
}
