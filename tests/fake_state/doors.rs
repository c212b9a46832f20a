//! What tests say to a cluster without a client.

use std::time::{Duration, SystemTime};

use k8s_openapi::api::{
    authorization::v1::SelfSubjectAccessReview,
    autoscaling::{v1, v2},
    core::v1::{Pod, Secret},
    networking::v1beta1::IPAddress,
};
use kube::{ResourceExt, api::Patch};
use kube_indexed_store::testing::{Clock, FakeCluster, ManualClock, objects};
use serde_json::json;

use crate::support::panic;

#[test]
fn the_doors_take_no_namespace_for_default() {
    let cluster = FakeCluster::new();
    cluster.create(objects::secret("a")).unwrap();
    let patch = Patch::Merge(json!({"metadata": {"labels": {"x": "y"}}}));
    let patched = cluster.patch("secret", "", "a", &patch).unwrap();
    assert_eq!(cluster.get("Secret", "", "a").unwrap(), patched);
    cluster.delete("secrets", "", "a").unwrap();
    assert_eq!(cluster.get("Secret", "default", "a").unwrap_err().code, 404);
}

#[test]
#[should_panic(expected = "the cluster serves no kind that is called \"Widget\"")]
fn a_custom_kind_has_no_objects_to_show_before_it_is_defined() {
    FakeCluster::new().objects("Widget");
}

#[test]
#[should_panic(expected = "Namespace \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\"")]
fn a_namespace_that_cannot_be_is_refused_in_the_words_of_the_server() {
    FakeCluster::new().namespace("Bad_Name");
}

#[test]
fn a_word_for_no_kind_is_a_mistake_at_each_door() {
    let cluster = FakeCluster::new();
    let expected = "the cluster serves no kind that is called \"ConfgMap\"; near it: configmaps";
    assert_eq!(panic(|| cluster.get("ConfgMap", "default", "a")), expected);
    assert_eq!(panic(|| cluster.delete("ConfgMap", "default", "a")), expected);
    assert_eq!(panic(|| cluster.patch("ConfgMap", "default", "a", &Patch::Merge(json!({})))), expected);
    assert_eq!(cluster.get("ConfigMap", "default", "a").unwrap_err().code, 404);
}

#[test]
fn an_object_of_a_kind_that_is_not_served_is_refused_with_its_kind() {
    let cluster = FakeCluster::new();
    let widget = || objects::object("example.org/v1", "Widget", "w");
    let expected = "the server could not find the requested resource: no served kind \"Widget\" in \"example.org/v1\"; is its \
                    CustomResourceDefinition missing?";
    for answer in [cluster.create(widget()), cluster.replace(widget()), cluster.apply(widget())] {
        let refusal = answer.unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (404, expected));
    }
    let refusals = [cluster.create("hi").unwrap_err(), cluster.apply(json!({"kind": "Secret"})).unwrap_err()];
    for refusal in refusals {
        assert_eq!((refusal.code, refusal.message.as_str()), (400, "the object names no kind and apiVersion"));
    }
}

#[test]
fn objects_are_found_by_their_type_in_its_version() {
    let cluster = FakeCluster::new();
    for name in ["a/one", "b/one", "b/two"] {
        cluster.namespace(&name[..1]);
        cluster.create(objects::secret(name)).unwrap();
    }
    let names = |secrets: &[Secret]| {
        secrets.iter().map(|secret| secret.namespace().unwrap() + "/" + &secret.name_any()).collect::<Vec<_>>()
    };
    assert_eq!(names(&cluster.objects_as()), ["a/one", "b/one", "b/two"]);
    assert_eq!(names(&[cluster.get_as("b", "two").unwrap()]), ["b/two"]);
    assert_eq!(cluster.get_as::<Secret>("a", "two").unwrap_err().code, 404);
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    let metrics = json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]);
    let scaler = objects::object("autoscaling/v2", "HorizontalPodAutoscaler", "web");
    cluster
        .create(scaler.set("spec", json!({"scaleTargetRef": target, "maxReplicas": 3, "metrics": metrics})))
        .unwrap();
    let newer: v2::HorizontalPodAutoscaler = cluster.get_as("", "web").unwrap();
    assert_eq!(newer.spec.metrics.unwrap()[0].type_, "Resource");
    let older: v1::HorizontalPodAutoscaler = cluster.get_as("", "web").unwrap();
    assert_eq!((older.spec.max_replicas, older.spec.target_cpu_utilization_percentage), (3, Some(50)));
}

#[test]
fn a_type_that_is_not_served_is_a_mistake() {
    let cluster = FakeCluster::new();
    let expected = "the server could not find the requested resource: no served kind \"IPAddress\" in \
                    \"networking.k8s.io/v1beta1\"; is its CustomResourceDefinition missing?";
    assert_eq!(panic(|| cluster.get_as::<IPAddress>("", "a")), expected);
    assert_eq!(panic(|| cluster.objects_as::<IPAddress>()), expected);
}

#[test]
fn what_is_asked_is_not_found_by_its_type() {
    let cluster = FakeCluster::new();
    assert_eq!(cluster.get_as::<SelfSubjectAccessReview>("", "a").unwrap_err().code, 405);
}

#[test]
fn a_pod_on_a_node_goes_once_its_kubelet_is_played() {
    let cluster = FakeCluster::new();
    cluster.create(objects::pod("web").set("spec.nodeName", "one")).unwrap();
    cluster.delete("Pod", "", "web").unwrap();
    let web: Pod = cluster.get_as("", "web").unwrap();
    assert!(web.metadata.deletion_timestamp.is_some());
    cluster.delete_now("Pod", "", "web").unwrap();
    assert_eq!(cluster.get("Pod", "", "web").unwrap_err().code, 404);
    cluster.create(objects::pod("held").set("spec.nodeName", "one").finalizer("example.org/hold")).unwrap();
    cluster.delete_now("Pod", "", "held").unwrap();
    assert!(cluster.get("Pod", "", "held").is_ok());
}

#[test]
fn a_client_outside_of_a_runtime_is_told_where_to_be_made() {
    let cluster = FakeCluster::new();
    let expected = "a client needs a tokio runtime; make it inside of #[tokio::test]";
    assert_eq!(panic(|| cluster.client()), expected);
    assert_eq!(panic(|| cluster.client_with_retries()), expected);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line_once() {
    let report = FakeCluster::new().load_yaml("kind: ConfigMap\nmetadata: [");
    let said = report.refused[0].to_string();
    assert_eq!(said.matches("line ").count(), 1, "{said}");
}

#[test]
fn a_clock_shows_no_year_that_timestamps_cannot_show() {
    let clock = ManualClock::default();
    assert_eq!(panic(|| clock.advance(Duration::MAX)), "the clock can only show the years -9999 to 9999");
    clock.set(SystemTime::UNIX_EPOCH);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_tells_the_time_of_its_clock_with_fractions() {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let (running, standing) = (Clock::starting_at(then), ManualClock::starting_at(then));
    let clusters = [running, Clock::from(&standing)].map(|clock| FakeCluster::builder().clock(clock).build());
    let shown = || clusters.each_ref().map(|cluster| cluster.now().duration_since(then).unwrap().as_millis());
    assert_eq!(shown(), [0, 0]);
    tokio::time::advance(Duration::from_millis(1250)).await;
    standing.advance(Duration::from_millis(500));
    assert_eq!(shown(), [1250, 500]);
    let before = SystemTime::now();
    let system = FakeCluster::builder().clock(Clock::system()).build();
    assert!((before..before + Duration::from_secs(60)).contains(&system.now()));
}
