//! What writes to the subresources of a pod may change: ephemeral containers can only be added, and a resize changes
//! only resources.
//!
//! If another field of such a container changes, the server's message shows the difference; this one does not.

use serde_json::{Value, json};

use super::{super::status::Flaw, items, text};
use crate::testing::prepare::quality;

/// The annotation of pods that a node made of a file.
const MIRROR: &str = "kubernetes.io/config.mirror";
const RESIZABLE: [&str; 2] = ["cpu", "memory"];

pub(super) fn ephemeral_containers(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    const FIELD: &str = "spec.ephemeralContainers";
    if is_static(old) {
        *flaws = vec![Flaw::forbidden("", "static pods do not support ephemeral containers")];
        return;
    }
    let after = items(&new["spec"], "ephemeralContainers");
    for before in items(&old["spec"], "ephemeralContainers") {
        let name = text(&before["name"]);
        let why = match after.iter().rfind(|container| container["name"] == before["name"]) {
            None => format!("existing ephemeral containers {name:?} may not be removed\n"),
            Some(after) if after != before => format!("existing ephemeral containers {name:?} may not be changed\n"),
            Some(_) => continue,
        };
        flaws.push(Flaw::forbidden(FIELD, why));
    }
}

pub(super) fn resize(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    if is_static(old) {
        *flaws = vec![Flaw::forbidden("", "static pods cannot be resized")];
        return;
    }
    if old["spec"]["os"]["name"] == "windows" {
        *flaws = vec![Flaw::forbidden("", "windows pods cannot be resized")];
        return;
    }
    if quality(&old["spec"]) != quality(&new["spec"]) {
        let why = "Pod QOS Class may not change as a result of resizing";
        flaws.push(Flaw::invalid("spec", old["status"]["qosClass"].clone(), why));
    }
    let running = items(&old["status"], "containerStatuses").iter().find(|told| told["state"]["running"].is_object());
    if running.is_some_and(|told| told["resources"].is_null()) {
        flaws.push(Flaw::forbidden("spec", "Pod running on node without support for resize"));
    }
    let before = flaws.len();
    ["containers", "initContainers"].iter().for_each(|list| same_containers(old, new, list, flaws));
    if flaws.len() > before {
        return;
    }
    for list in ["initContainers", "containers"] {
        for (place, [old, new]) in pairs(old, new, list).enumerate() {
            for part in ["requests", "limits"] {
                let [old, new] = [old, new].map(|container| &container["resources"][part]);
                if old.as_object().into_iter().flatten().any(|(name, _)| new[name].is_null()) {
                    let why = format!("resource {part} cannot be removed");
                    flaws.push(Flaw::forbidden(format!("spec.{list}[{place}].resources.{part}"), why));
                }
            }
        }
    }
    for (list, why) in [
        ("containers", "only cpu and memory resources are mutable"),
        ("initContainers", "only cpu and memory resources for init or sidecar containers are mutable"),
    ] {
        for (place, [old, new]) in pairs(old, new, list).enumerate() {
            if others(old) != others(new) {
                let init = list == "initContainers";
                let field = if init { format!("spec.{list}[{place}]") } else { "spec".to_owned() };
                flaws.push(Flaw::forbidden(field, why));
            }
        }
    }
}

fn same_containers(old: &Value, new: &Value, list: &str, flaws: &mut Vec<Flaw>) {
    if items(&old["spec"], list).len() != items(&new["spec"], list).len() {
        let why = format!("{list} may not be added or removed on resize");
        flaws.push(Flaw::forbidden(format!("spec.{list}"), why));
        return;
    }
    for (place, [old, new]) in pairs(old, new, list).enumerate() {
        if old["name"] != new["name"] {
            let why = format!("{list} may not be renamed or reordered on resize");
            flaws.push(Flaw::forbidden(format!("spec.{list}[{place}].name"), why));
        }
    }
}

/// The containers of two states of a pod, side by side.
fn pairs<'v>(old: &'v Value, new: &'v Value, list: &str) -> impl Iterator<Item = [&'v Value; 2]> {
    items(&old["spec"], list).iter().zip(items(&new["spec"], list)).map(|(old, new)| [old, new])
}

/// What of a container must stay: all but resources that can be resized, and how they are.
fn others(container: &Value) -> Value {
    let mut others = container.clone();
    let Some(fields) = others.as_object_mut() else { return others };
    fields.remove("resizePolicy");
    let mut resources = fields.remove("resources").unwrap_or_default();
    for part in ["requests", "limits"] {
        let left = resources[part].as_object_mut().map(std::mem::take).unwrap_or_default();
        let left: serde_json::Map<_, _> =
            left.into_iter().filter(|(name, _)| !RESIZABLE.contains(&name.as_str())).collect();
        fields.insert(part.to_owned(), json!(left));
    }
    others
}

fn is_static(pod: &Value) -> bool {
    !pod["metadata"]["annotations"][MIRROR].is_null()
}
