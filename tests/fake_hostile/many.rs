//! Many of a thing, which take no longer than they are.

use http::Request;
use kube_indexed_store::testing::{
    FakeCluster,
    objects::{config_map, definition, object},
};
use serde_json::{Map, Value, json};

use crate::server::{Answer, send};

/// How many of a thing a request has. Were its work to grow with the square of that, the test would take minutes.
const MANY: usize = 10_000;

async fn ask(cluster: &FakeCluster, method: &str, path: &str, media_type: &str, body: Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header("content-type", media_type);
    send(cluster, request.body(body.to_string().into_bytes()).unwrap()).await
}

fn named(kind: &str, metadata: Value, spec: Value) -> Value {
    let api_version = if kind == "Gadget" { "example.org/v1" } else { "v1" };
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
    if !spec.is_null() {
        object["spec"] = spec;
    }
    object
}

const GADGETS: &str = "/apis/example.org/v1/namespaces/default/gadgets";

const GADGET: &str = "/apis/example.org/v1/namespaces/default/gadgets/a";

const JSON: &str = "application/json";

/// A cluster with a kind whose lists are sets and maps.
fn gadgets() -> FakeCluster {
    let cluster = FakeCluster::new();
    let item = json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
    let spec = json!({
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "map": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": item},
    });
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": spec}}});
    cluster
        .create(definition("example.org", "Gadget", "gadgets").set("spec.versions.0.schema.openAPIV3Schema", schema))
        .unwrap();
    cluster
}

fn texts(prefix: &str) -> Vec<String> {
    (0..MANY).map(|number| format!("{prefix}{number}")).collect()
}

#[tokio::test]
async fn long_lists_of_custom_objects_take_no_longer_than_they_are() {
    let cluster = gadgets();
    let map: Vec<_> = texts("x").into_iter().map(|name| json!({"name": name})).collect();
    let spec = json!({"set": texts("x"), "map": map});
    let object = named("Gadget", json!({"name": "a"}), spec);
    assert_eq!(ask(&cluster, "POST", GADGETS, JSON, object.clone()).await.code, 201);
    let longer = json!([{"op": "add", "path": "/spec/map/-", "value": {"name": "y"}}]);
    assert_eq!(ask(&cluster, "PATCH", GADGET, "application/json-patch+json", longer).await.code, 200);
    let apply = format!("{GADGET}?fieldManager=a&force=true");
    assert_eq!(ask(&cluster, "PATCH", &apply, "application/apply-patch+yaml", object).await.code, 200);
}

#[tokio::test]
async fn many_managers_of_fields_take_no_longer_than_they_are() {
    for operation in ["Apply", "Update"] {
        let cluster = gadgets();
        let entry = |manager: String| {
            let fields = json!({"f:spec": {format!("f:{manager}"): {}}});
            let api_version = "example.org/v1";
            json!({"manager": manager, "operation": operation, "apiVersion": api_version, "fieldsType": "FieldsV1", "fieldsV1": fields})
        };
        let entries: Vec<_> = texts("m").into_iter().map(entry).collect();
        let object = named("Gadget", json!({"name": "a", "managedFields": entries}), Value::Null);
        assert_eq!(ask(&cluster, "POST", GADGETS, JSON, object).await.code, 201);
        let set = named("Gadget", json!({"name": "a"}), json!({"set": ["a"]}));
        for _ in 0..2 {
            let apply = format!("{GADGET}?fieldManager=a&force=true");
            assert_eq!(ask(&cluster, "PATCH", &apply, "application/apply-patch+yaml", set.clone()).await.code, 200);
        }
    }
}

#[tokio::test]
async fn long_strategic_patches_take_no_longer_than_they_are() {
    let cluster = FakeCluster::new();
    let maps = "/api/v1/namespaces/default/configmaps";
    let held = |prefix: &str| texts(prefix).into_iter().map(|name| format!("example.org/{name}")).collect::<Vec<_>>();
    let object = named("ConfigMap", json!({"name": "a", "finalizers": held("x")}), Value::Null);
    assert_eq!(ask(&cluster, "POST", maps, JSON, object).await.code, 201);
    let patch = json!({"metadata": {"finalizers": held("y"), "$setElementOrder/finalizers": held("y")}});
    let strategic = "application/strategic-merge-patch+json";
    assert_eq!(ask(&cluster, "PATCH", &format!("{maps}/a"), strategic, patch).await.code, 200);
    let services = "/api/v1/namespaces/default/services";
    let service = named("Service", json!({"name": "a"}), json!({"ports": [{"port": 1, "name": "a"}]}));
    assert_eq!(ask(&cluster, "POST", services, JSON, service).await.code, 201);
    let port = |(number, name)| json!({"name": name, "port": number + 1});
    let ports: Vec<_> = texts("x").into_iter().enumerate().map(port).collect();
    let patch = json!({"spec": {"ports": ports, "$retainKeys": ["ports"]}});
    assert_eq!(ask(&cluster, "PATCH", &format!("{services}/a"), strategic, patch).await.code, 200);
}

#[tokio::test]
async fn long_queries_and_many_warnings_are_answered_in_few_words() {
    let cluster = gadgets();
    let names: String = texts("").join("&");
    assert_eq!(ask(&cluster, "GET", &format!("{GADGETS}?{names}"), JSON, Value::Null).await.code, 200);
    let manager = format!("{GADGETS}?fieldManager={}", "%01".repeat(20_000));
    let refused = ask(&cluster, "POST", &manager, JSON, named("Gadget", json!({"name": "a"}), Value::Null)).await;
    assert!(refused.code == 422 && refused.body.len() < 10_000_000, "{} {}", refused.code, refused.body.len());
    // As many headers as these would be, no client reads.
    let unknown: Map<_, _> = texts(&"x".repeat(100)).into_iter().map(|name| (name, Value::Null)).collect();
    assert_eq!(
        ask(&cluster, "POST", GADGETS, JSON, named("Gadget", json!({"name": "a"}), unknown.into())).await.code,
        201
    );
}

#[tokio::test]
async fn a_chain_of_owners_goes_link_by_link() {
    let cluster = FakeCluster::new();
    let mut owner = cluster.create(config_map("a")).unwrap();
    for name in texts("x") {
        owner = cluster.create(config_map(&name).owner(&owner)).unwrap();
    }
    ask(&cluster, "DELETE", "/api/v1/namespaces/default/configmaps/a", JSON, json!({})).await;
    assert_eq!(cluster.objects("ConfigMap"), Vec::<Value>::new());
}

#[tokio::test]
async fn what_holds_much_content_goes_once_that_is_gone() {
    let cluster = gadgets();
    cluster.namespace("shop");
    for (place, name) in texts("x").into_iter().enumerate() {
        let (mut map, mut gadget) = (config_map(&format!("shop/{name}")), object("example.org/v1", "Gadget", &name));
        if place % 2 == 0 {
            (map, gadget) = (map.finalizer("example.org/a"), gadget.finalizer("example.org/a"));
        }
        cluster.create(map).unwrap();
        cluster.create(gadget).unwrap();
    }
    ask(&cluster, "DELETE", "/api/v1/namespaces/shop", JSON, json!({})).await;
    assert_eq!(cluster.objects("ConfigMap").len(), MANY / 2);
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.example.org";
    ask(&cluster, "DELETE", definition, JSON, json!({})).await;
    assert_eq!(cluster.objects("Gadget").len(), MANY / 2);
}
