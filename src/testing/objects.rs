//! Short builders for the objects of a test. What a test leaves out is filled in, so that a server accepts the object.
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
//! let endpoints = endpoint_slice("shop/web-1").label("kubernetes.io/service-name", "web");
//! cluster.create(endpoints.address("10.1.0.5").port(8080))?;
//! let web = cluster.create(deployment("shop/web").container("web", "nginx").set("spec.replicas", 3))?;
//! cluster.apply(pod("shop/web-1").owner(&web).container("web", "nginx").ready())?;
//!
//! cluster.create(definition("example.org", "Widget", "widgets"))?;
//! let widget = cluster.create(object("example.org/v1", "Widget", "shop/w").finalizer("example.org/hold"))?;
//! assert_eq!(widget["metadata"]["finalizers"], json!(["example.org/hold"]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A builder is [`Serialize`](serde::Serialize), so the direct methods of a cluster take it as it is. It converts
//! into a [`Value`], and [`typed`](ObjectBuilder::typed) makes it a type of k8s-openapi or one of your own, for kube's
//! `Api`.
//!
//! Kinds without a function of their own start with [`object`]. Nothing is validated here; the server does that.

mod builder;
mod path;
mod up;

use serde_json::{Value, json};

pub use builder::ObjectBuilder;

/// An object of any kind: `object("example.org/v1", "Widget", "shop/widget")`.
///
/// A name is written `namespace/name`, or alone for a cluster-scoped object or the namespace `default`. This holds for
/// all functions of this module.
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

/// A Service. It has port 80 unless [`port`](ObjectBuilder::port) is called.
pub fn service(name: &str) -> ObjectBuilder {
    object("v1", "Service", name).standing_in("spec.ports", json!([{"port": 80}]))
}

/// An Ingress. Unless [`host`](ObjectBuilder::host) or [`path`](ObjectBuilder::path) is called, it sends everything to
/// port 80 of the Service of the same name.
pub fn ingress(name: &str) -> ObjectBuilder {
    let builder = object("networking.k8s.io/v1", "Ingress", name);
    let backend = backend(builder.object["metadata"]["name"].as_str().unwrap_or_default(), 80);
    builder.standing_in("spec.defaultBackend", backend)
}

/// An EndpointSlice without endpoints. Its Service is the one that its label `kubernetes.io/service-name` names; set it
/// with [`label`](ObjectBuilder::label).
pub fn endpoint_slice(name: &str) -> ObjectBuilder {
    object("discovery.k8s.io/v1", "EndpointSlice", name).set("addressType", "IPv4").set("endpoints", json!([]))
}

/// A Pod. It has one container, `main`, unless [`container`](ObjectBuilder::container) is called.
pub fn pod(name: &str) -> ObjectBuilder {
    object("v1", "Pod", name).standing_in("spec.containers", main_container())
}

/// A Deployment with one replica. Its pods have the label `app` with the Deployment's name. It has one container,
/// `main`, unless [`container`](ObjectBuilder::container) is called.
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

/// A CustomResourceDefinition of a namespaced kind with one version, `v1`, that accepts any fields.
///
/// Most controllers need the kind to have a status subresource: [`with_status`](ObjectBuilder::with_status).
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
