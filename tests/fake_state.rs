//! What tests say to a `testing::FakeCluster` and ask of it: objects in few words, its state as a whole, and the log of the
//! requests it got.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error, ResourceExt,
    api::{Patch, PatchParams, WatchEvent, WatchParams},
};
use kube_indexed_store::testing::{FakeCluster, Fault, Requests, objects};
use kube_indexed_store::watcher::{Resource, Restart, Watcher};
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt;

fn config_map(name: &str, data: Value) -> Value {
    objects::config_map(name).set("data", data).into()
}

fn owner(kind: &str, object: &Value) -> Value {
    json!([{"apiVersion": object["apiVersion"], "kind": kind, "name": object["metadata"]["name"], "uid": object["metadata"]["uid"]}])
}

/// The documents of a dump by kind and name.
fn documents(cluster: &FakeCluster) -> Vec<String> {
    let documents = kube_indexed_store::testing::manifests::read(cluster.dump_yaml().as_bytes());
    let objects = documents.into_iter().flat_map(|document| document.content.unwrap());
    objects.map(|object| format!("{} {}", object["kind"], object["metadata"]["name"]).replace('"', "")).collect()
}

#[test]
fn a_dump_names_definitions_then_namespaces_then_the_rest() {
    let cluster = FakeCluster::new();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    cluster.namespace("a");
    let widget = cluster.create(objects::object("example.org/v1", "Widget", "w")).unwrap();
    cluster.create(objects::secret("s").owner(&widget)).unwrap();
    cluster.create(objects::config_map("m")).unwrap();
    let expected = [
        "CustomResourceDefinition widgets.example.org",
        "Namespace a",
        "Namespace default",
        "Namespace kube-node-lease",
        "Namespace kube-public",
        "Namespace kube-system",
        "ConfigMap m",
        "Secret s",
        "Widget w",
    ];
    assert_eq!(documents(&cluster), expected);
}

#[test]
fn a_dump_leaves_out_what_each_server_sets_anew() {
    let cluster = FakeCluster::new();
    let mut object = config_map("held", json!({"a": "1"}));
    object["metadata"]["finalizers"] = json!(["example.org/hold"]);
    object["metadata"]["labels"] = json!({"a": "b"});
    cluster.create(object).unwrap();
    cluster.delete("ConfigMap", "default", "held").unwrap();
    let text = cluster.dump_yaml();
    let document = text.rsplit("---\n").next().unwrap();
    let expected = "\
apiVersion: v1
data:
  a: \"1\"
kind: ConfigMap
metadata:
  finalizers:
  - example.org/hold
  labels:
    a: b
  name: held
  namespace: default
";
    assert_eq!(document, expected);
}

#[test]
fn a_node_that_is_ready_is_so_after_a_dump_is_loaded() {
    let cluster = FakeCluster::new();
    let node = cluster.create(objects::node("n").ready()).unwrap();
    let taints = json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]);
    assert_eq!(node["spec"]["taints"], taints);
    let nothing = json!({"spec": {"taints": null}});
    cluster.patch("Node", "", "n", &kube::api::Patch::Merge(nothing)).unwrap();
    let other = FakeCluster::new();
    other.load_yaml(&cluster.dump_yaml()).complete().unwrap();
    assert_eq!(other.dump_yaml(), cluster.dump_yaml());
    assert_eq!(other.get("Node", "", "n").unwrap()["spec"]["taints"], Value::Null);
}

#[test]
fn a_dump_leaves_out_what_nobody_serves() {
    let cluster = FakeCluster::new();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    cluster.create(objects::object("example.org/v1", "Widget", "w")).unwrap();
    let unserved = objects::definition("example.org", "Widget", "widgets").set("spec.versions.0.served", false);
    cluster.apply(unserved).unwrap();
    assert!(!documents(&cluster).contains(&"Widget w".to_owned()));
    FakeCluster::new().load_yaml(&cluster.dump_yaml()).complete().unwrap();
}

#[test]
fn a_dump_does_not_tell_in_which_order_things_came() {
    let (one, other) = (FakeCluster::builder().seed(1).build(), FakeCluster::builder().seed(2).build());
    for name in ["a", "b"] {
        one.create(config_map(name, json!({"k": "v"}))).unwrap();
    }
    for name in ["b", "c", "a"] {
        other.create(config_map(name, json!({"k": "other"}))).unwrap();
        other.apply(config_map(name, json!({"k": "v"}))).unwrap();
    }
    other.delete("ConfigMap", "default", "c").unwrap();
    assert_eq!(one.dump_yaml(), other.dump_yaml());
}

#[test]
fn what_is_owned_follows_its_owner_also_after_a_dump_a_restoration_and_a_rewind() {
    let cluster = FakeCluster::builder().seed(1).build();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    let widget = cluster.create(objects::object("example.org/v1", "Widget", "w")).unwrap();
    cluster.create(objects::secret("s").owner(&widget)).unwrap();
    let comes_back: [&dyn Fn(&FakeCluster); 3] = [
        &|other| other.load_yaml(&cluster.dump_yaml()).complete().unwrap(),
        &|other| other.restore(&cluster.snapshot()),
        &|other| other.rewind(&cluster.snapshot()),
    ];
    for come_back in comes_back {
        let other = FakeCluster::builder().seed(2).build();
        come_back(&other);
        let secret = other.get("Secret", "default", "s").unwrap();
        assert_eq!(secret["metadata"]["ownerReferences"], owner("Widget", &widget));
        other.delete("Widget", "default", "w").unwrap();
        assert_eq!(other.get("Secret", "default", "s").unwrap_err().code, 404);
    }
}

#[test]
fn objects_of_many_kinds_are_the_same_after_a_dump_is_loaded() {
    use objects::*;
    let cluster = FakeCluster::new();
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}});
    let volume =
        json!({"capacity": {"storage": "1024Mi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}});
    let claim = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let made = [
        namespace("a").label("team", "b").finalizer("example.org/hold"),
        definition("example.org", "Widget", "widgets").set("spec.versions.0.subresources.status", json!({})),
        service("a/ports").set("spec.type", "NodePort").set("spec.selector.app", "web").port(80).port(443),
        service("a/headless").set("spec.clusterIP", "None"),
        ingress("a/web").host("x.io").path("/", "web", 80),
        endpoint_slice("a/web-1").address("10.1.0.1").port(80),
        pod("a/web-1").port(80).ready(),
        deployment("a/web").set("spec.replicas", 3).ready(),
        node("one").ready(),
        object("batch/v1", "Job", "a/j").set("spec.template", &template),
        object("batch/v1", "CronJob", "a/c")
            .set("spec", json!({"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}})),
        object("v1", "PersistentVolume", "v").set("spec", volume),
        object("v1", "PersistentVolumeClaim", "a/v").set("spec", claim),
        object("v1", "ServiceAccount", "a/s"),
        object("rbac.authorization.k8s.io/v1", "Role", "a/r").set("rules", rules),
        object("coordination.k8s.io/v1", "Lease", "a/l").set("spec.holderIdentity", "me"),
        object("example.org/v1", "Widget", "a/w").set("spec.a", 1).set("status.b", [1.5, 1e30]),
    ];
    for object in made {
        cluster.apply(&object).unwrap_or_else(|status| panic!("{object:?}: {}", status.message));
    }
    cluster.delete("PersistentVolumeClaim", "a", "v").unwrap();
    let text = cluster.dump_yaml();
    let other = FakeCluster::builder().seed(7).build();
    other.load_yaml(&text).complete().unwrap();
    assert_eq!(other.dump_yaml(), text);
}

#[derive(Debug, Clone)]
enum Action {
    Put(u8, Value),
    Delete(u8),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,20}", "([a-z0: #-]{0,4}\n){0,3}", ".{0,8}"]
}

/// Objects that a server takes: their names come from what the action numbers.
fn objects() -> impl Strategy<Value = Value> {
    let namespace = prop::sample::select(vec!["default", "kube-public", "other"]);
    let annotations = prop::collection::btree_map("[a-z]{1,5}", text(), 0..3);
    let data = prop::collection::btree_map("[a-z0-9._-]{2,5}", text(), 0..4)
        .prop_filter("`..` is no key", |data| data.keys().all(|key| !key.starts_with("..")));
    let spec = prop::collection::btree_map(
        "[a-z]{1,5}",
        prop_oneof![text().prop_map(Value::from), any::<i32>().prop_map(Value::from)],
        0..4,
    );
    (namespace, annotations, data, spec, 0..4).prop_map(|(namespace, annotations, data, spec, kind)| {
        let metadata = json!({"namespace": namespace, "annotations": annotations});
        let encoded = |text: &String| base64(text.as_bytes());
        match kind {
            0 => json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}),
            1 => {
                let data: serde_json::Map<_, _> =
                    data.iter().map(|(key, text)| (key.clone(), encoded(text).into())).collect();
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
            }
            2 => json!({"apiVersion": "example.org/v1", "kind": "Widget", "metadata": metadata, "spec": spec}),
            _ => json!({
                "apiVersion": "v1", "kind": "Service", "metadata": metadata,
                "spec": {"selector": {"app": "a"}, "ports": [{"port": 80, "targetPort": "web"}]},
            }),
        }
    })
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        3 => (0..6u8, objects()).prop_map(|(number, object)| Action::Put(number, object)),
        1 => (0..6u8).prop_map(Action::Delete),
    ];
    prop::collection::vec(action, 0..20)
}

fn act(cluster: &FakeCluster, action: Action) {
    match action {
        Action::Put(number, mut object) => {
            object["metadata"]["name"] = format!("n{number}").into();
            cluster.apply(object).unwrap();
        }
        Action::Delete(number) => {
            for kind in ["ConfigMap", "Secret", "Widget", "Service"] {
                let _ = cluster.delete(kind, "default", &format!("n{number}"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_dump_that_is_loaded_gives_the_same_dump(actions in actions(), seed in any::<u64>()) {
        let cluster = FakeCluster::builder().seed(seed).build();
        cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
        cluster.namespace("other");
        actions.into_iter().for_each(|action| act(&cluster, action));
        let text = cluster.dump_yaml();
        let other = FakeCluster::new();
        other.load_yaml(&text).complete().unwrap();
        prop_assert_eq!(other.dump_yaml(), text);
        let shape = |cluster: &FakeCluster| -> Vec<_> { cluster.dump().into_iter().map(|mut object| {
            for field in ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"] {
                object["metadata"].as_object_mut().unwrap().remove(field);
            }
            object
        }).collect() };
        prop_assert_eq!(shape(&other), shape(&cluster));
    }
}

#[test]
fn what_a_test_adds_takes_the_place_of_what_stood_in_for_it() {
    let service = Value::from(objects::service("a/web").port(80).port(443));
    assert_eq!(service["spec"], json!({"ports": [{"port": 80, "name": "port-80"}, {"port": 443, "name": "port-443"}]}));
    let ingress = objects::ingress("a/web").set("spec.ingressClassName", "c").host("x.io").path("/", "web", 80);
    let paths =
        json!([{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]);
    let rules = json!([{"host": "x.io", "http": {"paths": paths}}]);
    assert_eq!(Value::from(ingress)["spec"], json!({"ingressClassName": "c", "rules": rules}));
    let pod = objects::pod("a/web").container("one", "nginx").container("two", "nginx").port(80);
    let two = json!({"name": "two", "image": "nginx", "ports": [{"containerPort": 80}]});
    assert_eq!(Value::from(pod)["spec"], json!({"containers": [{"name": "one", "image": "nginx"}, two]}));
}

#[test]
fn what_a_test_set_stays_when_it_adds_more() {
    let pod = objects::pod("a/web").set("spec.containers.0.image", "nginx").container("two", "nginx");
    let names = |pod: &Value| {
        pod["spec"]["containers"].as_array().unwrap().iter().map(|c| c["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&pod.into()), ["main", "two"]);
    let pod = objects::pod("a/web").container("main", "registry.k8s.io/pause").container("two", "nginx");
    assert_eq!(names(&pod.into()), ["main", "two"]);
}

#[test]
fn a_field_is_set_whatever_is_on_the_way_to_it() {
    let widget = objects::object("example.org/v1", "Widget", "a/w");
    let widget =
        widget.set("spec.list.0.name", "x").set("spec.list.1", 2).set("spec.map.1", 3).set("spec.list.0.name.y", 4);
    let spec = json!({"list": [{"name": {"y": 4}}, 2], "map": {"1": 3}});
    let expected = json!({
        "apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"namespace": "a", "name": "w"}, "spec": spec,
    });
    assert_eq!(Value::from(widget), expected);
}

#[test]
#[should_panic = "there are 1 items, and no number 2"]
fn an_item_beyond_the_next_one_is_a_mistake() {
    drop(objects::object("example.org/v1", "Widget", "w").set("spec.list", json!([1])).set("spec.list.2", 2));
}

#[test]
#[should_panic = "a ConfigMap has no ports"]
fn what_a_kind_does_not_have_is_a_mistake() {
    drop(objects::config_map("a").port(80));
}

#[test]
fn data_is_encoded_as_its_kind_has_it() {
    let bytes = [0xff, 0];
    let map = Value::from(objects::config_map("a").data("text", "on").data("bytes", bytes));
    assert_eq!((&map["data"], &map["binaryData"]), (&json!({"text": "on"}), &json!({"bytes": base64(&bytes)})));
    let secret = Value::from(objects::secret("a").data("text", "on").data("bytes", bytes));
    assert_eq!(secret["data"], json!({"text": base64(b"on"), "bytes": base64(&bytes)}));
}

#[test]
fn an_owner_is_named_with_its_uid() {
    let cluster = FakeCluster::new();
    let parent = cluster.create(objects::config_map("parent")).unwrap();
    let child = cluster.create(objects::secret("child").owner(&parent)).unwrap();
    assert_eq!(child["metadata"]["ownerReferences"], owner("ConfigMap", &parent));
}

async fn call(cluster: &FakeCluster, request: http::request::Builder, body: impl Into<String>) -> u16 {
    let request = request.body(body.into()).unwrap();
    cluster.clone().oneshot(request).await.unwrap().status().as_u16()
}

const SECRETS: &str = "/api/v1/namespaces/default/secrets";

#[tokio::test]
async fn the_log_shows_what_was_asked_and_how_it_was_answered() {
    let cluster = FakeCluster::new();
    call(&cluster, http::Request::get("/api/v1/secrets?labelSelector=a%3Db&limit=5"), "").await;
    call(&cluster, http::Request::delete(format!("{SECRETS}/a")), "").await;
    call(&cluster, http::Request::get("/nowhere"), "").await;
    let expected = "\
GET /api/v1/secrets?labelSelector=a=b&limit=5 200
DELETE /api/v1/namespaces/default/secrets/a 404
GET /nowhere 404
";
    assert_eq!(cluster.requests().to_string(), expected);
}

#[tokio::test]
async fn the_log_and_faults_know_patches() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("x", json!({"a": "1"}))).unwrap();
    let api: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    cluster.fault(Fault::on("patch").resource("configmaps").name("x").times(1).status(503));
    let patch = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
    let Err(Error::Api(refusal)) = api.patch("x", &PatchParams::default(), &patch).await else { panic!("a refusal") };
    assert_eq!(refusal.code, 503);
    api.patch("x", &PatchParams::default(), &patch).await.unwrap();
    let media_type = Some("application/merge-patch+json");
    let log = cluster.requests().verb("patch").resource("configmaps").name("x");
    let told: Vec<_> = log.iter().map(|request| (request.content_type.as_deref(), request.answered)).collect();
    assert_eq!(told, [(media_type, Some(503)), (media_type, Some(200))]);
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_how_it_was_answered() {
    let cluster = FakeCluster::new();
    let path = "/apis/networking.k8s.io/v1/namespaces/a%2Db/ingresses/x/status?a=1&b=c+d%21";
    call(&cluster, http::Request::get(path), "").await;
    let requests = cluster.requests().resource("ingresses").verb("get").namespace("a-b").name("x");
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(
        (request.group.as_str(), request.version.as_str(), request.subresource.as_deref(), request.answered),
        ("networking.k8s.io", "v1", Some("status"), Some(404))
    );
    assert_eq!((request.param("a"), request.param("b"), request.param("c")), (Some("1"), Some("c d!"), None));
    call(&cluster, http::Request::get("/api/v1/secrets?watch=1&resourceVersion=1"), "").await;
    assert_eq!((cluster.requests().verb("watch").count(), cluster.requests().verb("list").count()), (1, 0));
}

#[tokio::test]
async fn a_request_without_an_answer_is_shown_without_a_code() {
    let cluster = FakeCluster::new();
    let gate = cluster.fault(Fault::on("get").gate());
    let asking = tokio::spawn({
        let cluster = cluster.clone();
        async move { call(&cluster, http::Request::get(format!("{SECRETS}/a")), "").await }
    });
    gate.reached(1).await;
    assert_eq!(cluster.requests().to_string(), format!("GET {SECRETS}/a\n"));
    gate.open();
    assert_eq!(asking.await.unwrap(), 404);
    assert_eq!(cluster.requests().to_string(), format!("GET {SECRETS}/a 404\n"));
}

#[tokio::test]
async fn the_log_is_narrowed_by_part_client_answer_and_moment() {
    let cluster = FakeCluster::new();
    let get = |path: &str| http::Request::get(format!("{SECRETS}/{path}"));
    call(&cluster, get("a").header("user-agent", "kubectl/v1.36.3 (linux/amd64)"), "").await;
    let mark = cluster.mark();
    call(&cluster, get("a/status"), "").await;
    cluster.create(objects::secret("b")).unwrap();
    call(&cluster, get("b").header("user-agent", "mine"), "").await;
    let paths = |requests: Requests| -> Vec<String> {
        requests.iter().map(|request| request.path.trim_start_matches(SECRETS).to_owned()).collect()
    };
    let all = cluster.requests();
    assert_eq!(paths(all.clone().subresource("status")), ["/a/status"]);
    assert_eq!(paths(all.clone().subresource("")), ["/a", "/b"]);
    assert_eq!(paths(all.clone().user_agent("kubectl/")), ["/a"]);
    assert_eq!(paths(all.clone().answered(200)), ["/b"]);
    assert_eq!(paths(all.clone().since(mark)), ["/a/status", "/b"]);
    assert_eq!(paths(all.clone().name("a").since(mark)), ["/a/status"]);
    assert_eq!(paths(all.since(cluster.mark())), [""; 0]);
}

#[tokio::test]
async fn the_log_has_the_bodies_of_writes_and_shows_them_on_demand_only() {
    let cluster = FakeCluster::new();
    let secret = json!({"metadata": {"name": "a"}, "data": {"k": "aGlkZGVu"}});
    let json = ("content-type", "application/json");
    call(&cluster, http::Request::post(SECRETS).header(json.0, json.1), secret.to_string()).await;
    let yaml = ("content-type", "application/yaml");
    call(&cluster, http::Request::post(SECRETS).header(yaml.0, yaml.1), "metadata: {name: b}\n").await;
    call(&cluster, http::Request::get(SECRETS), "").await;
    call(&cluster, http::Request::post(SECRETS).header(json.0, json.1), "{").await;
    let bodies: Vec<Value> = cluster.requests().iter().map(|request| request.body()).collect();
    assert_eq!(bodies, [secret, json!({"metadata": {"name": "b"}}), Value::Null, Value::Null]);
    assert!(!format!("{:?} {}", cluster.requests(), cluster.requests()).contains("aGlkZGVu"));
}

#[tokio::test]
async fn a_taken_log_stays_as_it_was_and_shares_its_entries() {
    let cluster = FakeCluster::new();
    call(&cluster, http::Request::get(SECRETS), "").await;
    let before = cluster.requests();
    call(&cluster, http::Request::get(SECRETS), "").await;
    let after = cluster.requests();
    assert_eq!((before.count(), after.count()), (1, 2));
    assert!(Arc::ptr_eq(&before[0], &after[0]));
}

#[tokio::test]
async fn the_log_keeps_as_many_requests_as_it_may_and_marks_stay_right() {
    let cluster = FakeCluster::builder().requests(3).build();
    let get = async |name: &str| call(&cluster, http::Request::get(format!("{SECRETS}/{name}")), "").await;
    let names = |requests: Requests| -> Vec<_> { requests.iter().filter_map(|request| request.name.clone()).collect() };
    for name in ["a", "b", "c"] {
        get(name).await;
    }
    let (mark, taken) = (cluster.mark(), cluster.requests());
    get("d").await;
    assert_eq!(
        (names(cluster.requests()), names(cluster.requests().since(mark))),
        (vec!["b".into(), "c".into(), "d".into()], vec!["d".to_owned()])
    );
    assert_eq!(cluster.requests().answered(404).count(), 3);
    cluster.forget_requests();
    assert_eq!((cluster.requests().count(), names(taken)), (0, vec!["a".into(), "b".into(), "c".into()]));
    get("e").await;
    assert_eq!(names(cluster.requests().since(mark)), ["e"]);
    assert_eq!(names(cluster.requests().since(cluster.mark())), [""; 0]);
}

#[tokio::test]
async fn a_request_that_was_forgotten_meanwhile_is_answered_all_the_same() {
    let cluster = FakeCluster::builder().requests(1).build();
    let gate = cluster.fault(Fault::on("create").gate());
    let created = tokio::spawn({
        let cluster = cluster.clone();
        let post = http::Request::post(SECRETS).header("content-type", "application/json");
        async move { call(&cluster, post, json!({"metadata": {"name": "a"}}).to_string()).await }
    });
    gate.reached(1).await;
    call(&cluster, http::Request::get(format!("{SECRETS}/a")), "").await;
    gate.open();
    assert_eq!(created.await.unwrap(), 201);
    assert_eq!(cluster.requests().to_string(), format!("GET {SECRETS}/a 404\n"));
}

#[test]
fn the_doors_take_no_namespace_for_default() {
    let cluster = FakeCluster::new();
    cluster.create(objects::secret("a")).unwrap();
    let patch = kube::api::Patch::Merge(json!({"metadata": {"labels": {"x": "y"}}}));
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

#[tokio::test(start_paused = true)]
async fn a_request_is_waited_for_until_it_is_as_wanted() {
    let cluster = FakeCluster::new();
    let mark = cluster.mark();
    call(&cluster, http::Request::get(format!("{SECRETS}/a")), "").await;
    let first = cluster.requested(|requests| requests.since(mark)).await;
    assert_eq!(first.name.as_deref(), Some("a"));
    let asking = tokio::spawn({
        let cluster = cluster.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            cluster.create(objects::secret("a")).unwrap();
            call(&cluster, http::Request::get(format!("{SECRETS}/a")), "").await
        }
    });
    let found = cluster.requested(|requests| requests.verb("get").answered(200)).await;
    assert_eq!((found.name.as_deref(), found.answered), (Some("a"), Some(200)));
    asking.await.unwrap();
}

/// The objects of a cluster without their versions.
fn unversioned(cluster: &FakeCluster) -> Vec<Value> {
    let mut objects = cluster.dump();
    objects.iter_mut().for_each(|object| drop(object["metadata"]["resourceVersion"].take()));
    objects.sort_by_key(|object| format!("{} {}", object["kind"], object["metadata"]));
    objects
}

/// An open watch of ConfigMaps, and what it has told so far.
struct Told(futures::stream::BoxStream<'static, kube::Result<WatchEvent<ConfigMap>>>);

impl Told {
    async fn watch(cluster: &FakeCluster) -> Told {
        let api: Api<ConfigMap> = Api::all(cluster.client());
        let version = cluster.revision().to_string();
        let parameters = WatchParams::default().timeout(86_400).disable_bookmarks();
        let request = kube::core::Request::new("/api/v1/configmaps").watch(&parameters, &version).unwrap();
        Told(Box::pin(api.into_client().request_events::<ConfigMap>(request.map(|_| Vec::new())).await.unwrap()))
    }

    /// `ADDED name version`.
    fn so_far(&mut self) -> Vec<String> {
        let shown =
            |name: &str, map: &ConfigMap| format!("{name} {} {}", map.name_any(), map.resource_version().unwrap());
        let events = std::iter::from_fn(|| self.0.next().now_or_never().flatten());
        let events = events.map(|event| match event.unwrap() {
            WatchEvent::Added(map) => shown("ADDED", &map),
            WatchEvent::Modified(map) => shown("MODIFIED", &map),
            WatchEvent::Deleted(map) => shown("DELETED", &map),
            other => panic!("{other:?}"),
        });
        events.collect()
    }

    fn is_over(&mut self) -> bool {
        matches!(self.0.next().now_or_never(), Some(None))
    }
}

#[tokio::test]
async fn what_differs_from_a_snapshot_comes_back_as_events_and_the_rest_is_untouched() {
    let cluster = FakeCluster::new();
    for name in ["changed", "deleted", "replaced", "same"] {
        cluster.create(config_map(name, json!({"k": "before"}))).unwrap();
    }
    let before = cluster.snapshot();
    let expected = unversioned(&cluster);
    let same = cluster.get("ConfigMap", "default", "same").unwrap();
    cluster.apply(config_map("changed", json!({"k": "after"}))).unwrap();
    cluster.delete("ConfigMap", "default", "deleted").unwrap();
    cluster.create(config_map("new", json!({}))).unwrap();
    cluster.delete("ConfigMap", "default", "replaced").unwrap();
    cluster.create(config_map("replaced", json!({"k": "before"}))).unwrap();
    let mut told = Told::watch(&cluster).await;
    let revision = cluster.revision();
    cluster.restore(&before);
    let events = ["DELETED new", "DELETED replaced", "MODIFIED changed", "ADDED deleted", "ADDED replaced"];
    let numbered: Vec<String> =
        events.iter().zip(revision + 1..).map(|(event, version)| format!("{event} {version}")).collect();
    assert_eq!((told.so_far(), cluster.revision()), (numbered, revision + 5));
    assert_eq!(unversioned(&cluster), expected);
    assert_eq!(cluster.get("ConfigMap", "default", "same").unwrap(), same);
    cluster.restore(&before);
    assert_eq!(cluster.revision(), revision + 5);
}

#[tokio::test]
async fn custom_kinds_come_and_go_with_a_snapshot() {
    let cluster = FakeCluster::new();
    let empty = cluster.snapshot();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    let widget = objects::object("example.org/v1", "Widget", "default/w");
    cluster.create(&widget).unwrap();
    let full = cluster.snapshot();
    let expected = unversioned(&cluster);
    cluster.restore(&empty);
    assert_eq!(cluster.create(&widget).unwrap_err().code, 404);
    assert_eq!(cluster.objects("CustomResourceDefinition"), [Value::Null; 0]);
    cluster.restore(&full);
    assert_eq!(unversioned(&cluster), expected);
    cluster.rewind(&empty);
    assert_eq!(cluster.create(&widget).unwrap_err().code, 404);
    cluster.rewind(&full);
    assert_eq!(unversioned(&cluster), expected);
}

#[tokio::test]
async fn a_watch_of_a_kind_that_a_snapshot_does_not_have_ends() {
    let cluster = FakeCluster::new();
    let empty = cluster.snapshot();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    cluster.create(objects::object("example.org/v1", "Widget", "default/w")).unwrap();
    let request = http::Request::get("/apis/example.org/v1/widgets?watch=true").body(String::new()).unwrap();
    let body = cluster.clone().oneshot(request).await.unwrap().into_body();
    cluster.restore(&empty);
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.iter().map(|event| &event["type"]).collect::<Vec<_>>(), ["ADDED", "DELETED"]);
}

#[test]
fn a_snapshot_is_the_start_of_other_clusters() {
    let base = FakeCluster::new();
    base.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    base.create(objects::object("example.org/v1", "Widget", "default/w")).unwrap();
    let snapshot = base.snapshot();
    let (one, two) = (FakeCluster::builder().seed(1).build(), FakeCluster::builder().seed(2).build());
    one.create(objects::definition("example.org", "Other", "others")).unwrap();
    for cluster in [&one, &two] {
        cluster.restore(&snapshot);
        assert_eq!(unversioned(cluster), unversioned(&base));
    }
    two.delete("Widget", "default", "w").unwrap();
    assert!(one.get("Widget", "default", "w").is_ok() && base.get("Widget", "default", "w").is_ok());
}

#[tokio::test(start_paused = true)]
async fn after_a_rewind_versions_are_smaller_and_watches_silent_until_they_are_beyond_again() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("old", json!({}))).unwrap();
    let backup = cluster.snapshot();
    let (revision, dump) = (cluster.revision(), cluster.dump());
    for number in 0..3 {
        cluster.create(config_map(&format!("lost-{number}"), json!({}))).unwrap();
    }
    let mut told = Told::watch(&cluster).await;
    let known = cluster.revision();
    cluster.rewind(&backup);
    assert_eq!((cluster.revision(), cluster.dump()), (revision, dump));
    for number in 0..3 {
        cluster.create(config_map(&format!("unseen-{number}"), json!({}))).unwrap();
    }
    assert_eq!((told.so_far(), cluster.revision(), cluster.open_watches("configmaps")), (vec![], known, 1));
    cluster.create(config_map("seen", json!({}))).unwrap();
    assert_eq!(told.so_far(), [format!("ADDED seen {}", known + 1)]);
}

#[tokio::test]
async fn a_watch_that_knew_nothing_newer_does_not_notice_a_rewind() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("a", json!({}))).unwrap();
    let mut told = Told::watch(&cluster).await;
    cluster.create(objects::secret("other")).unwrap();
    let backup = cluster.snapshot();
    cluster.create(objects::secret("lost")).unwrap();
    cluster.rewind(&backup);
    cluster.create(config_map("b", json!({}))).unwrap();
    assert_eq!(told.so_far(), [format!("ADDED b {}", cluster.revision())]);
}

#[tokio::test]
async fn a_restart_ends_the_watches_that_a_rewind_made_silent() {
    let cluster = FakeCluster::new();
    let backup = cluster.snapshot();
    cluster.create(config_map("lost", json!({}))).unwrap();
    let mut told = Told::watch(&cluster).await;
    cluster.rewind(&backup);
    cluster.restart();
    assert!(told.is_over());
}

#[tokio::test(start_paused = true)]
async fn what_a_client_knows_of_the_lost_future_is_too_large_after_a_rewind() {
    let cluster = FakeCluster::new();
    let backup = cluster.snapshot();
    cluster.create(objects::secret("lost")).unwrap();
    let known = cluster.revision();
    cluster.rewind(&backup);
    for path in [format!("{SECRETS}?resourceVersion={known}"), format!("{SECRETS}/lost?resourceVersion={known}")] {
        assert_eq!(call(&cluster, http::Request::get(path), "").await, 504);
    }
    let past = cluster.revision() - 1;
    let exact = format!("{SECRETS}?resourceVersion={past}&resourceVersionMatch=Exact");
    assert_eq!(call(&cluster, http::Request::get(exact), "").await, 410);
    let body = list(&cluster).await;
    assert_eq!(
        (body["metadata"]["resourceVersion"].as_str(), &body["items"]),
        (Some(&*(known - 1).to_string()), &json!([]))
    );
}

async fn list(cluster: &FakeCluster) -> Value {
    let request = http::Request::get(SECRETS).body(String::new()).unwrap();
    let body = cluster.clone().oneshot(request).await.unwrap().into_body();
    serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_watcher_of_this_crate_shows_the_older_state_after_a_rewind() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("old", json!({}))).unwrap();
    let backup = cluster.snapshot();
    cluster.create(config_map("lost", json!({}))).unwrap();
    let watcher = Watcher::builder(cluster.client(), Resource::new("v1", "configmaps")).start().unwrap();
    watcher.wait_until_synced(Duration::from_secs(60)).await.unwrap();
    let names = || watcher.store().snapshot().list().iter().map(|entry| entry.name().to_string()).collect::<Vec<_>>();
    assert_eq!(names(), ["default/lost", "default/old"]);
    cluster.rewind(&backup);
    while !watcher.status().restarts.contains_key(&Restart::Rewound) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(names(), ["default/old"]);
    cluster.create(config_map("new", json!({}))).unwrap();
    watcher.wait_for(&cluster.revision().into(), Duration::from_secs(600)).await.unwrap();
    assert_eq!(names(), ["default/new", "default/old"]);
}

#[tokio::test(start_paused = true)]
async fn the_reflector_of_kube_follows_a_state_that_is_restored() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("old", json!({"k": "before"}))).unwrap();
    let before = cluster.snapshot();
    cluster.apply(config_map("old", json!({"k": "after"}))).unwrap();
    cluster.create(config_map("new", json!({}))).unwrap();
    let (reader, writer) = kube::runtime::reflector::store::<ConfigMap>();
    let api: Api<ConfigMap> = Api::all(cluster.client());
    let events = kube::runtime::watcher(api, kube::runtime::watcher::Config::default());
    let mut events = Box::pin(kube::runtime::reflector(writer, events));
    let shown = |reader: &kube::runtime::reflector::Store<ConfigMap>| {
        let mut maps: Vec<_> =
            reader.state().iter().map(|map| (map.name_any(), map.data.clone().unwrap_or_default())).collect();
        maps.sort();
        maps
    };
    let data = |value: &str| std::collections::BTreeMap::from([("k".to_owned(), value.to_owned())]);
    while reader.len() < 2 {
        events.next().await.unwrap().unwrap();
    }
    cluster.restore(&before);
    while shown(&reader) != [("old".to_owned(), data("before"))] {
        events.next().await.unwrap().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happened_a_snapshot_brings_back_what_was(first in actions(), then in actions(), rewind in any::<bool>()) {
        let cluster = FakeCluster::new();
        cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
        cluster.namespace("other");
        first.into_iter().for_each(|action| act(&cluster, action));
        let (before, text) = (cluster.snapshot(), cluster.dump_yaml());
        let (expected, exact) = (unversioned(&cluster), cluster.dump());
        then.into_iter().for_each(|action| act(&cluster, action));
        if rewind {
            cluster.rewind(&before);
            prop_assert_eq!(cluster.dump(), exact);
        } else {
            cluster.restore(&before);
            prop_assert_eq!(unversioned(&cluster), expected);
        }
        prop_assert_eq!(cluster.dump_yaml(), text);
    }
}
