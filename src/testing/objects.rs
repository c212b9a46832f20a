//! Objects for tests, in few words: what a test does not say is filled in so that a server takes the object.
//!
//! ```
//! use kube_indexed_store::testing::{FakeCluster, objects::*};
//! use serde_json::json;
//!
//! let cluster = FakeCluster::new();
//! cluster.namespace("shop");
//! cluster.create(config_map("shop/settings").data("color", "blue").label("app", "web"))?;
//! cluster.create(service("shop/web").port(80).set("spec.selector.app", "web"))?;
//! cluster.create(ingress("shop/web").host("shop.example.org").path("/", "web", 80))?;
//! cluster.create(endpoint_slice("shop/web-1").address("10.1.0.5").port(8080).label("kubernetes.io/service-name", "web"))?;
//! let web = cluster.create(deployment("shop/web").container("web", "nginx").set("spec.replicas", 3))?;
//! cluster.apply(pod("shop/web-1").owner(&web).container("web", "nginx").ready())?;
//!
//! cluster.create(definition("example.org", "Widget", "widgets"))?;
//! let widget = cluster.create(object("example.org/v1", "Widget", "shop/w").finalizer("example.org/hold"))?;
//! assert_eq!(widget["metadata"]["finalizers"], json!(["example.org/hold"]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is made so is [`Serialize`](serde::Serialize), a [`Value`] on demand, and [of a type](ObjectBuilder::typed) of k8s-openapi or of your
//! own, as kube's `Api` takes and gives them.
//!
//! Not here: kinds without a word of their own, for which [`object`] is, and the checks of a server.

mod builder;
mod path;
mod up;

use serde_json::{Value, json};

pub use builder::ObjectBuilder;

/// An object of any kind: `object("example.org/v1", "Widget", "ns/name")`.
///
/// A name is written `namespace/name`, or alone: then there is no namespace, or a cluster takes `default`.
pub fn object(api_version: &str, kind: &str, name: &str) -> ObjectBuilder {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {}});
    let name = match name.split_once('/') {
        Some((namespace, name)) => {
            object["metadata"]["namespace"] = namespace.into();
            name
        }
        None => name,
    };
    object["metadata"]["name"] = name.into();
    ObjectBuilder { object, stand_in: Value::Null, up: false }
}

/// A Namespace.
///
/// # Panics
///
/// If the name has a namespace.
#[track_caller]
pub fn namespace(name: &str) -> ObjectBuilder {
    at_cluster_scope("v1", "Namespace", name)
}

/// A ConfigMap without data.
pub fn config_map(name: &str) -> ObjectBuilder {
    object("v1", "ConfigMap", name)
}

/// A Secret without data.
pub fn secret(name: &str) -> ObjectBuilder {
    object("v1", "Secret", name)
}

/// A Service. Until it is given a port, it has port 80.
pub fn service(name: &str) -> ObjectBuilder {
    object("v1", "Service", name).standing_in("spec.ports", json!([{"port": 80}]))
}

/// An Ingress. Until it is given a host or a path, it sends everything to port 80 of the Service of its name.
pub fn ingress(name: &str) -> ObjectBuilder {
    let builder = object("networking.k8s.io/v1", "Ingress", name);
    let backend = backend(builder.object["metadata"]["name"].as_str().unwrap_or_default(), 80);
    builder.standing_in("spec.defaultBackend", backend)
}

/// An EndpointSlice for the Service that its label `kubernetes.io/service-name` names.
pub fn endpoint_slice(name: &str) -> ObjectBuilder {
    object("discovery.k8s.io/v1", "EndpointSlice", name).set("addressType", "IPv4").set("endpoints", json!([]))
}

/// A Pod. Until it is given a container, it has one called `main`.
pub fn pod(name: &str) -> ObjectBuilder {
    object("v1", "Pod", name).standing_in("spec.containers", main_container())
}

/// A Deployment of one Pod, which is labelled `app` with the Deployment's name. Until it is given a container, it has one
/// called `main`.
pub fn deployment(name: &str) -> ObjectBuilder {
    let builder = object("apps/v1", "Deployment", name);
    let labels = json!({"app": builder.object["metadata"]["name"]});
    let template = json!({"metadata": {"labels": labels}});
    let spec = json!({"replicas": 1, "selector": {"matchLabels": labels}, "template": template});
    builder.set("spec", spec).standing_in("spec.template.spec.containers", main_container())
}

/// A Node.
///
/// # Panics
///
/// If the name has a namespace.
#[track_caller]
pub fn node(name: &str) -> ObjectBuilder {
    at_cluster_scope("v1", "Node", name)
}

/// A CustomResourceDefinition: a namespaced kind in one version, `v1`, with whatever fields.
///
/// For a kind with a status of its own, as that of most controllers: [`with_status`](ObjectBuilder::with_status).
#[doc(alias("custom_resource_definition", "crd"))]
pub fn definition(group: &str, kind: &str, plural: &str) -> ObjectBuilder {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": schema});
    let names = json!({"kind": kind, "plural": plural, "singular": kind.to_lowercase()});
    object("apiextensions.k8s.io/v1", "CustomResourceDefinition", &format!("{plural}.{group}"))
        .set("spec", json!({"group": group, "scope": "Namespaced", "names": names, "versions": [version]}))
}

#[track_caller]
fn at_cluster_scope(api_version: &str, kind: &str, name: &str) -> ObjectBuilder {
    assert!(!name.contains('/'), "a {kind} is in no namespace; {name:?} is no name of one");
    object(api_version, kind, name)
}

fn main_container() -> Value {
    json!([container("main", "registry.k8s.io/pause")])
}

fn container(name: &str, image: &str) -> Value {
    json!({"name": name, "image": image})
}

fn backend(service: &str, port: u16) -> Value {
    json!({"service": {"name": service, "port": {"number": port}}})
}
