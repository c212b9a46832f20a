//! What the server adds to an object, or takes out, before it stores it.
//!
//! Only what programs that read Services, EndpointSlices, Secrets, ConfigMaps and Namespaces see; pods and
//! workloads stay as they were sent, and no cluster IPs or node ports are given out.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::kinds::{CRDS, Definition, Kind};

/// Makes of the object a client sent the one the server keeps. `time` is now.
pub(super) fn apply(kind: &Kind, object: &mut Map<String, Value>, time: &str) {
    if kind.custom {
        return;
    }
    match kind.plural.as_str() {
        "namespaces" => namespace(object),
        "services" => service(object),
        "endpointslices" => {
            for port in array(object.get_mut("ports")) {
                default(port, "name", "");
                default(port, "protocol", "TCP");
            }
        }
        "endpoints" => {
            for subset in array(object.get_mut("subsets")) {
                array(subset.get_mut("ports")).for_each(|port| default(port, "protocol", "TCP"));
            }
        }
        "secrets" => secret(object),
        "configmaps" => canonical_base64(object, "binaryData"),
        "ingresses" => default(object, "status", json!({"loadBalancer": {}})),
        "pods" => {
            object.entry("status").or_insert_with(|| json!({}));
            default_in(object, "status", "phase", "Pending");
        }
        CRDS => definition(object, time),
        _ => {}
    }
    for field in ["data", "binaryData"] {
        if object.get(field).and_then(Value::as_object).is_some_and(Map::is_empty) {
            object.remove(field);
        }
    }
}

fn array(value: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    value.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Sets a field that is missing; an empty text is as good as missing.
fn default(object: &mut Map<String, Value>, field: &str, value: impl Into<Value>) {
    if object.get(field).is_none_or(|found| *found == "") {
        object.insert(field.to_owned(), value.into());
    }
}

fn default_in(object: &mut Map<String, Value>, parent: &str, field: &str, value: impl Into<Value>) {
    if let Some(parent) = object.get_mut(parent).and_then(Value::as_object_mut) {
        default(parent, field, value);
    }
}

fn namespace(object: &mut Map<String, Value>) {
    let name = object.get("metadata").map(|metadata| metadata["name"].clone()).unwrap_or_default();
    default_in(object, "metadata", "labels", json!({}));
    if let Some(labels) = object.get_mut("metadata").and_then(|metadata| metadata["labels"].as_object_mut()) {
        labels.insert("kubernetes.io/metadata.name".to_owned(), name);
    }
    default(object, "spec", json!({}));
    default_in(object, "spec", "finalizers", json!(["kubernetes"]));
    default(object, "status", json!({}));
    default_in(object, "status", "phase", "Active");
}

fn service(object: &mut Map<String, Value>) {
    default(object, "status", json!({"loadBalancer": {}}));
    default(object, "spec", json!({}));
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    default(spec, "sessionAffinity", "None");
    match spec["sessionAffinity"].as_str() {
        Some("ClientIP") => default(spec, "sessionAffinityConfig", json!({"clientIP": {"timeoutSeconds": 10800}})),
        _ => {
            spec.remove("sessionAffinityConfig");
        }
    }
    default(spec, "type", "ClusterIP");
    for port in array(spec.get_mut("ports")) {
        default(port, "protocol", "TCP");
        let number = port.get("port").cloned();
        let target = port.get("targetPort");
        if target.is_none_or(|target| *target == 0 || *target == "") {
            port.extend(number.map(|number| ("targetPort".to_owned(), number)));
        }
    }
    let service_type = spec["type"].as_str().unwrap_or_default().to_owned();
    let external = spec.get("externalIPs").and_then(Value::as_array).is_some_and(|addresses| !addresses.is_empty());
    if ["NodePort", "LoadBalancer"].contains(&service_type.as_str()) || (service_type == "ClusterIP" && external) {
        default(spec, "externalTrafficPolicy", "Cluster");
    }
    if service_type != "ExternalName" {
        default(spec, "internalTrafficPolicy", "Cluster");
        if let Some(address) = spec.get("clusterIP").cloned().filter(|address| *address != "") {
            default(spec, "clusterIPs", json!([address]));
        }
    }
    if service_type == "LoadBalancer" {
        default(spec, "allocateLoadBalancerNodePorts", true);
    }
}

fn secret(object: &mut Map<String, Value>) {
    canonical_base64(object, "data");
    if let Some(Value::Object(plain)) = object.remove("stringData") {
        default(object, "data", json!({}));
        if let Some(data) = object.get_mut("data").and_then(Value::as_object_mut) {
            for (key, value) in plain {
                data.insert(key, STANDARD.encode(value.as_str().unwrap_or_default()).into());
            }
        }
    }
    default(object, "type", "Opaque");
}

/// Base64 loses its line ends, as it does on its way through bytes.
fn canonical_base64(object: &mut Map<String, Value>, field: &str) {
    for value in object.get_mut(field).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if let Value::String(text) = value {
            text.retain(|c| !matches!(c, '\r' | '\n'));
        }
    }
}

/// A definition is accepted and established at once, and says so.
fn definition(object: &mut Map<String, Value>, time: &str) {
    default(object, "spec", json!({}));
    default_in(object, "spec", "conversion", json!({"strategy": "None"}));
    let Some(defined) = Definition::read(&Value::Object(object.clone())) else {
        return;
    };
    let spec = &mut object["spec"];
    spec["names"]["singular"] = defined.singular.into();
    spec["names"]["listKind"] = defined.list.into();
    let condition = |name: &str, reason: &str, message: &str| json!({"type": name, "status": "True", "lastTransitionTime": time, "reason": reason, "message": message});
    let status = json!({
        "acceptedNames": spec["names"],
        "storedVersions": [defined.stored],
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
    });
    default(object, "status", status);
}
