//! What the server has to look around for, at two sizes: where one object takes longer among more of them, the last column
//! says so. Where nothing grows it is about 1.

use std::time::{Duration, Instant};

use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};

use crate::table::{Table, grouped, times};

/// Makes a cluster ready, and measures what it then does with so many objects.
type Measured = fn(usize) -> Duration;

/// By how much the number is divided where there cannot be so many: the nodes have less than 2,700 ports to give out.
const MEASURED: [(&str, usize, Measured); 7] = [
    ("Services get addresses", 1, |number| made(number, |place| service(place, "ClusterIP"))),
    ("Services get ports of the nodes", 8, |number| made(number, |place| service(place, "NodePort"))),
    ("a chain of owners goes", 1, |number| removed(number, |place| place.checked_sub(1))),
    ("dependents of one owner go", 1, |number| removed(number, |place| (place > 0).then_some(0))),
    ("a namespace goes that one object holds", 1, namespace),
    ("custom objects go", 1, custom),
    ("definitions come", 20, |number| made(number, definition)),
];

pub fn table(number: usize) -> Table {
    let mut table = Table::new(&["among others", "number", "seconds", "each against a quarter as many"]);
    for (what, divided, measure) in MEASURED {
        let number = number / divided;
        let few = measure(number / 4).as_secs_f64();
        let many = measure(number).as_secs_f64();
        table.row(what, [grouped(number as f64), times(many), times(many / few / 4.0)]);
    }
    table
}

/// How long it takes to create so many objects.
fn made(number: usize, object: impl Fn(usize) -> Value) -> Duration {
    let cluster = FakeCluster::new();
    let started = Instant::now();
    (0..number).for_each(|place| drop(cluster.create(object(place)).expect("it is valid and new")));
    started.elapsed()
}

/// How long it takes until all objects are gone when the first is deleted, each of which has the owner it is told.
fn removed(number: usize, owner: impl Fn(usize) -> Option<usize>) -> Duration {
    let (cluster, mut uids) = (FakeCluster::new(), Vec::<Value>::new());
    for place in 0..number {
        let mut object = config_map(place);
        if let Some(owner) = owner(place) {
            let reference =
                json!({"apiVersion": "v1", "kind": "ConfigMap", "name": format!("o{owner}"), "uid": uids[owner]});
            object["metadata"]["ownerReferences"] = json!([reference]);
        }
        let created = cluster.create(object).expect("it is valid and new");
        uids.push(created["metadata"]["uid"].clone());
    }
    let started = Instant::now();
    cluster.delete("configmaps", "default", "o0").expect("it is there");
    let taken = started.elapsed();
    assert_eq!(cluster.objects("configmaps").len(), 0, "dependents go with their owners");
    taken
}

fn namespace(number: usize) -> Duration {
    let cluster = FakeCluster::new();
    cluster.namespace("crowded");
    for place in 0..number {
        let mut object = config_map(place);
        object["metadata"]["namespace"] = "crowded".into();
        if place + 1 == number {
            object["metadata"]["finalizers"] = json!(["example.com/held"]);
        }
        cluster.create(object).expect("it is valid and new");
    }
    let started = Instant::now();
    cluster.delete("namespaces", "", "crowded").expect("it is there");
    let taken = started.elapsed();
    assert_eq!(cluster.objects("configmaps").len(), 1, "one is held");
    taken
}

fn custom(number: usize) -> Duration {
    let cluster = FakeCluster::new();
    cluster.create(definition(0)).expect("it is valid");
    for place in 0..number {
        let object =
            json!({"apiVersion": "example.com/v1", "kind": "Thing0", "metadata": {"name": format!("o{place}")}});
        cluster.create(object).expect("it is valid and new");
    }
    let started = Instant::now();
    for place in 0..number {
        cluster.delete("thing0s", "default", &format!("o{place}")).expect("it is there");
    }
    started.elapsed()
}

fn config_map(place: usize) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("o{place}")}})
}

fn service(place: usize, kind: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("o{place}")},
        "spec": {"type": kind, "ports": [{"port": 80}]},
    })
}

fn definition(place: usize) -> Value {
    let text = json!({"type": "string", "pattern": "^[a-z]+$"});
    let fields: serde_json::Map<_, _> = (0..50).map(|field| (format!("field{field}"), text.clone())).collect();
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("thing{place}s.example.com")},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": format!("thing{place}s"), "kind": format!("Thing{place}")},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    })
}
