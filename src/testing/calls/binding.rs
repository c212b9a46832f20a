//! Bindings: they assign a pod to a node, once and for all.

use kube::core::Status;
use serde_json::{Value, json};

use super::super::{
    kinds::Kind,
    lifecycle,
    state::{State, Target},
    status::{self, Flaw},
    storage::key,
    write::{self, Write},
};
use super::text;

/// What of a node its pods show.
const PLACES: [&str; 2] = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

pub(super) fn bind(
    state: &mut State,
    pods: &Target,
    name: &str,
    binding: &Value,
    write: Write<'_>,
) -> Result<Value, Box<Status>> {
    let (metadata, node) = (&binding["metadata"], &binding["target"]);
    if metadata["name"] != name {
        return Err(status::bad_request("name in URL does not match name in Binding object"));
    }
    let (kind, node_name) = (text(&node["kind"]), text(&node["name"]));
    let mut flaws = Vec::new();
    if !["", "Node"].contains(&kind) {
        flaws.push(Flaw::unsupported("target.kind", kind, &["Node", "<empty>"]));
    }
    if node_name.is_empty() {
        flaws.push(Flaw::required("target.name", ""));
    }
    if !flaws.is_empty() {
        return Err(status::internal(status::problems(&flaws)));
    }
    let live = state.find(&pods.kind, &pods.namespace, name)?.clone();
    for (what, field) in [("UID", "uid"), ("ResourceVersion", "resourceVersion")] {
        let (wanted, found) = (text(&metadata[field]), live.metadata(field));
        if !["", found].contains(&wanted) {
            return Err(write::other(&pods.kind, name, &key(&pods.namespace, name), what, wanted, found));
        }
    }
    let mut pod = live.value.clone();
    if let Some(why) = refusal(name, &pod) {
        let seen = Kind { plural: "pods/binding".to_owned(), ..(*pods.kind).clone() };
        return Err(status::conflict(&seen, name, &why));
    }
    pod["spec"]["nodeName"] = node_name.into();
    pod["status"].as_object_mut().map(|status| status.remove("nominatedNodeName"));
    add(&mut pod, "annotations", &metadata["annotations"]);
    add(&mut pod, "labels", &metadata["labels"]);
    let nodes = state.kinds.served("", "v1", "nodes").filter(|_| kind == "Node");
    if let Some(node) = nodes.and_then(|kind| state.find(kind, "", node_name).ok()) {
        let labels = node.value["metadata"]["labels"].as_object().into_iter().flatten();
        let places = labels.filter(|(label, _)| PLACES.contains(&label.as_str()));
        add(&mut pod, "labels", &Value::Object(places.map(|(label, value)| (label.clone(), value.clone())).collect()));
    }
    let time = state.time();
    lifecycle::set_condition(
        &mut pod,
        json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": time}),
    );
    if !write.dry_run {
        state.replace_live(&pods.kind, &live, pod);
    }
    Ok(status::done())
}

/// Why a pod comes to no node any more, if so.
fn refusal(name: &str, pod: &Value) -> Option<String> {
    let node = text(&pod["spec"]["nodeName"]);
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        Some(format!("pod {name} is being deleted, cannot be assigned to a host"))
    } else if !node.is_empty() {
        Some(format!("pod {name} is already assigned to node {node:?}"))
    } else {
        let gated = pod["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty());
        gated.then(|| format!("pod {name} has non-empty .spec.schedulingGates"))
    }
}

/// Adds labels or annotations to those of a pod.
fn add(pod: &mut Value, field: &str, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        pod["metadata"][field][name] = value.clone();
    }
}
