//! Objects in few words.

use http_body_util::BodyExt;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ContainerStatus, Node, Pod},
};
use kube::runtime::{conditions, wait::Condition};
use kube_indexed_store::testing::{FakeCluster, objects};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{actions::base64, fixtures::owner, support::panic};

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
fn a_field_is_set_with_what_is_missing_on_the_way_to_it() {
    let widget = objects::object("example.org/v1", "Widget", "a/w");
    let widget = widget.set("spec.list.0.name.y", 4).set("spec.list.1", 1).set("spec.map.1", 3).set("spec.list.1", 2);
    let spec = json!({"list": [{"name": {"y": 4}}, 2], "map": {"1": 3}});
    let expected = json!({
        "apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"namespace": "a", "name": "w"}, "spec": spec,
    });
    assert_eq!(Value::from(widget), expected);
}

#[test]
fn a_path_that_does_not_fit_what_is_there_is_a_mistake() {
    let widget = || objects::object("example.org/v1", "Widget", "w").set("spec.list", json!([1]));
    for (path, expected) in [
        ("spec.list.2", "`spec.list` has 1 item; cannot set item 2"),
        ("spec.list.name", "`spec.list` is a list; \"name\" is no number in it"),
        ("spec.list.0.name", "`spec.list.0` is 1, which has no `name`"),
        ("metadata.name.foo", "`metadata.name` is \"w\", which has no `foo`"),
    ] {
        assert_eq!(panic(|| widget().set(path, 2)), expected);
    }
}

#[test]
fn what_is_at_cluster_scope_is_in_no_namespace() {
    assert_eq!(panic(|| objects::namespace("x/y")), "a Namespace is in no namespace; \"x/y\" is no name of one");
    assert_eq!(panic(|| objects::node("x/y")), "a Node is in no namespace; \"x/y\" is no name of one");
}

#[test]
fn an_object_is_of_the_type_it_is_made_into() {
    let said = panic(|| objects::config_map("a").typed::<k8s_openapi::api::core::v1::Secret>());
    assert!(said.starts_with("the object is not of this type: "), "{said}");
}

#[test]
fn a_definition_with_status_keeps_it_apart() {
    let cluster = FakeCluster::new();
    let definition = objects::definition("example.org", "Widget", "widgets").with_status();
    cluster.create(definition).unwrap();
    let widget = cluster.create(objects::object("example.org/v1", "Widget", "w").set("spec.size", 1)).unwrap();
    assert_eq!(widget["metadata"]["generation"], 1);
    let patch = |patch: Value| cluster.patch("Widget", "", "w", &kube::api::Patch::Merge(patch)).unwrap();
    assert_eq!(patch(json!({"status": {"ready": true}}))["metadata"]["generation"], 1);
    assert_eq!(patch(json!({"spec": {"size": 2}}))["metadata"]["generation"], 2);
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

#[test]
fn what_is_ready_is_so_in_any_order_of_words_and_a_status_that_is_said_counts_more() {
    let before = objects::deployment("web").ready().set("spec.replicas", 3).set("status.readyReplicas", 2);
    let after = objects::deployment("web").set("status.readyReplicas", 2).set("spec.replicas", 3).ready();
    assert_eq!(Value::from(before.clone()), Value::from(after));
    let counts = |name: &str| Value::from(before.clone())["status"][name].clone();
    assert_eq!([counts("replicas"), counts("readyReplicas"), counts("observedGeneration")], [3, 2, 1]);
    let before = objects::pod("web").ready().container("web", "nginx").set("status.podIP", "10.0.0.7");
    let after = objects::pod("web").set("status.podIP", "10.0.0.7").container("web", "nginx").ready();
    let pod = Value::from(before);
    assert_eq!(pod, Value::from(after));
    assert_eq!(pod["status"]["podIPs"], json!([{"ip": "10.0.0.7"}]));
    assert_eq!(pod["status"]["containerStatuses"][0]["name"], "web");
}

#[test]
fn a_pod_that_is_ready_has_all_its_containers_and_an_address_of_its_own() {
    let cluster = FakeCluster::new();
    let sidecar = json!({"name": "proxy", "image": "envoy", "restartPolicy": "Always"});
    let initial = json!([{"name": "copy", "image": "busybox"}, sidecar]);
    let pod = objects::pod("web").ready().container("one", "nginx").container("two", "nginx");
    cluster.create(pod.set("spec.initContainers", initial)).unwrap();
    cluster.create(objects::pod("other").ready()).unwrap();
    let [other, web] = &cluster.objects_as::<Pod>()[..] else { panic!("two pods") };
    assert!(conditions::is_pod_running().matches_object(Some(web)));
    let status = |pod: &Pod| pod.status.clone().unwrap();
    let ready = |statuses: Option<Vec<ContainerStatus>>| -> Vec<_> {
        statuses.unwrap_or_default().into_iter().map(|status| (status.name, status.ready)).collect()
    };
    let both = |one: &str, other: &str| vec![(one.to_owned(), true), (other.to_owned(), true)];
    assert_eq!(ready(status(web).container_statuses), both("one", "two"));
    assert_eq!(ready(status(web).init_container_statuses), both("copy", "proxy"));
    assert!(status(web).pod_ip.is_some() && status(web).pod_ip != status(other).pod_ip);
}

#[test]
fn a_deployment_that_is_ready_is_so_for_kube() {
    let cluster = FakeCluster::new();
    cluster.create(objects::deployment("web").ready().set("spec.replicas", 3)).unwrap();
    let web: Deployment = cluster.get_as("", "web").unwrap();
    assert!(conditions::is_deployment_completed().matches_object(Some(&web)));
    assert_eq!(web.status.unwrap().observed_generation, web.metadata.generation);
}

#[test]
fn a_node_that_is_ready_takes_pods_and_has_addresses() {
    let cluster = FakeCluster::new();
    cluster.create(objects::node("one").ready()).unwrap();
    cluster.create(objects::node("two")).unwrap();
    let [one, two] = &cluster.objects_as::<Node>()[..] else { panic!("two nodes") };
    let taints = |node: &Node| node.spec.clone().and_then(|spec| spec.taints).unwrap_or_default().len();
    assert_eq!((taints(one), taints(two)), (0, 1));
    let addresses = one.status.clone().unwrap().addresses.unwrap();
    assert_eq!(addresses.iter().map(|address| &*address.type_).collect::<Vec<_>>(), ["InternalIP", "Hostname"]);
}

#[tokio::test]
async fn what_is_ready_is_so_in_the_columns_of_kubectl() {
    let cluster = FakeCluster::new();
    cluster.create(objects::pod("web").ready().container("one", "nginx").container("two", "nginx")).unwrap();
    cluster.create(objects::deployment("web").ready().set("spec.replicas", 3)).unwrap();
    cluster.create(objects::node("web").ready()).unwrap();
    let row = async |path: &str| {
        let request = http::Request::get(path).header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        let answer = cluster.clone().oneshot(request.body(String::new()).unwrap()).await.unwrap();
        let table: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
        table["rows"][0]["cells"].as_array().unwrap()[1..4].to_vec()
    };
    assert_eq!(row("/api/v1/pods").await, [json!("2/2"), json!("Running"), json!("0")]);
    assert_eq!(row("/apis/apps/v1/deployments").await, [json!("3/3"), json!(3), json!(3)]);
    assert_eq!(row("/api/v1/nodes").await[0], "Ready");
}
