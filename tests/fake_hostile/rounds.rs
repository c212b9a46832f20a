//! Round after round of such requests.

use std::{fs, panic::AssertUnwindSafe, time::Instant};

use futures::FutureExt;
use kube_indexed_store::testing::{FakeCluster, objects::definition};
use serde_json::{Value, json};

use crate::{
    hostile::Hostile,
    requests::shown,
    server::{send, served},
    support::random::Random,
    whole::{check, invariants, listed, replayed, versionless},
};

/// One cluster that gets so many requests; answers what it said.
async fn round(seed: u64, requests: usize) -> Vec<u8> {
    const WATCHED: &[&str] = &["/api/v1/pods", "/api/v1/services", "/apis/apps/v1/deployments", "/api/v1/namespaces"];
    let cluster = FakeCluster::builder().seed(seed).build();
    cluster.namespace("shop");
    let widgets = definition("example.org", "Widget", "widgets")
        .set("spec.versions.0.subresources", json!({"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}}))
        .set("spec.versions.0.additionalPrinterColumns", json!([{"name": "A", "type": "string", "jsonPath": ".spec.a[?(@.b==\"c\")].d"}]));
    cluster.create(widgets).unwrap();
    let map = |fields: Value| json!({"type": "object", "properties": fields});
    let spec = map(json!({
        "number": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 9, "multipleOf": 3, "default": 3},
        "text": {"type": "string", "pattern": "^(a+)+$", "maxLength": 5, "enum": ["a", "aa", "web"], "nullable": true},
        "date": {"type": "string", "format": "date-time"},
        "bytes": {"type": "string", "format": "byte"},
        "port": {"x-kubernetes-int-or-string": true},
        "set": {"type": "array", "x-kubernetes-list-type": "set", "maxItems": 3, "items": {"type": "string"}},
        "keyed": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": {
            "type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "value": {"type": "number", "default": 0.5}},
        }},
        "map": {"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 2},
        "object": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-map-type": "atomic"},
        "deep": map(json!({"a": map(json!({"b": {"type": "string", "default": "c"}}))})),
    }));
    let gadgets = definition("example.org", "Gadget", "gadgets")
        .set("spec.versions.0.schema.openAPIV3Schema", map(json!({"spec": spec, "status": {"type": "object"}})));
    cluster.create(gadgets).unwrap();
    let (kinds, schemas, components) = served(&cluster).await;
    let mut hostile = Hostile { random: Random::seeded(seed), kinds, schemas, components };
    let mut starts = Vec::new();
    for path in WATCHED {
        starts.push((*path, listed(&cluster, path).await));
    }
    let log = std::env::var_os("FUZZ_LOG");
    let mut transcript = Vec::new();
    for number in 0..requests {
        let request = hostile.request(&cluster);
        let said = format!("seed {seed}, request {number}: {}", shown(&request));
        if let Some(log) = &log {
            fs::write(log, &said).unwrap();
        }
        let answered = AssertUnwindSafe(async {
            let answer = send(&cluster, request).await;
            check(&answer);
            answer
        })
        .catch_unwind()
        .await;
        let answer = answered.unwrap_or_else(|_| panic!("{said}"));
        if std::env::var_os("FUZZ_CODES").is_some() {
            eprintln!(
                "CODE {} {} {}",
                said.split(' ').nth(4).unwrap_or_default(),
                answer.code,
                String::from_utf8_lossy(&answer.body).chars().take(200).collect::<String>().replace('\n', " ")
            );
        }
        transcript.extend_from_slice(&answer.body);
    }
    let checked = AssertUnwindSafe(async {
        invariants(&cluster, &hostile.kinds).await;
        for (path, (since, state)) in starts {
            let unkind = |(key, mut object): (String, Value)| {
                object["apiVersion"].take();
                object["kind"].take();
                (key, object)
            };
            let replayed = replayed(&cluster, path, since, state).await.into_iter().map(unkind).collect();
            assert_eq!(listed(&cluster, path).await.1, replayed, "{path}");
        }
        let (before, dump) = (cluster.snapshot(), cluster.dump());
        for _ in 0..30 {
            send(&cluster, hostile.request(&cluster)).await;
        }
        cluster.restore(&before);
        let mut unversioned = dump.clone();
        unversioned.iter_mut().for_each(|object| drop(object["metadata"]["resourceVersion"].take()));
        let restored = versionless(&cluster);
        let only = |these: &[Value], those: &[Value]| {
            these.iter().filter(|one| !those.contains(one)).cloned().collect::<Vec<_>>()
        };
        assert_eq!(only(&restored, &unversioned), only(&unversioned, &restored));
        assert_eq!(restored, unversioned);
        invariants(&cluster, &hostile.kinds).await;
        for _ in 0..30 {
            send(&cluster, hostile.request(&cluster)).await;
        }
        cluster.rewind(&before);
        assert_eq!(cluster.dump(), dump);
        invariants(&cluster, &hostile.kinds).await;
        // What was stored under another schema may not come in under this one.
        let definitions = cluster.objects("customresourcedefinitions");
        if definitions.iter().any(|definition| definition["metadata"]["generation"] != 1) {
            return;
        }
        // Each namespace that is loaded is held by what holds new ones.
        if cluster.objects("Namespace").iter().any(|namespace| namespace["spec"]["finalizers"].is_null()) {
            return;
        }
        let (text, other) = (cluster.dump_yaml(), FakeCluster::new());
        // Every new cluster has it, although it may be deleted.
        if cluster.get("Namespace", "", "kube-node-lease").is_err() {
            other.delete("Namespace", "", "kube-node-lease").unwrap();
        }
        let report = other.load_yaml(&text);
        assert!(report.refused.is_empty(), "{:?}", report.refused.iter().map(ToString::to_string).collect::<Vec<_>>());
        let loaded = other.dump_yaml();
        let (loaded, text): (Vec<_>, Vec<_>) = (loaded.split("---\n").collect(), text.split("---\n").collect());
        let only = |these: &[&str], those: &[&str]| {
            these.iter().filter(|one| !those.contains(one)).map(|one| one.to_string()).collect::<Vec<_>>().concat()
        };
        assert_eq!(only(&loaded, &text), only(&text, &loaded));
    });
    checked.catch_unwind().await.unwrap_or_else(|_| panic!("after all of seed {seed}"));
    transcript
}

#[tokio::test(start_paused = true)]
async fn whatever_is_sent_is_answered_and_leaves_the_cluster_whole() {
    let mut random = Random::new();
    let start = Instant::now();
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    let one = std::env::var("ROUND").ok().and_then(|seed| seed.parse().ok());
    for number in 0.. {
        let seed = one.unwrap_or_else(|| random.next());
        let said = round(seed, 300).await;
        if number == 0 {
            assert!(said == round(seed, 300).await, "the same twice");
        }
        if one.is_some() || (number > 1 && start.elapsed().as_secs() > seconds) {
            break;
        }
    }
}
