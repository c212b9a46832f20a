//! Rows of storage.

use serde_json::{Value, json};

use super::cells::{Item, joined, list, or, plain, text};

/// Access modes in their short forms and in one order.
fn modes(item: &Item<'_>, path: &str) -> String {
    const SHORT: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let modes = item.list(path);
    joined(SHORT.iter().filter(|(mode, _)| modes.iter().any(|is| is == mode)).map(|(_, short)| *short), ",")
}

/// The class a volume or a claim names, the old way or the new one.
fn class_of<'i>(item: &'i Item<'_>) -> &'i str {
    let annotation = item.at("/metadata/annotations")["volume.beta.kubernetes.io/storage-class"].as_str();
    annotation.unwrap_or_else(|| item.text("/spec/storageClassName"))
}

fn set<'i>(item: &'i Item<'_>, path: &str) -> &'i str {
    item.at(path).as_str().unwrap_or("<unset>")
}

fn phase<'i>(item: &'i Item<'_>) -> &'i str {
    if item.is_terminating() { "Terminating" } else { item.text("/status/phase") }
}

pub(super) fn volume(item: &Item<'_>) -> Vec<Value> {
    let claim = item.at("/spec/claimRef");
    let claim =
        if claim.is_null() { String::new() } else { format!("{}/{}", text(claim, "/namespace"), text(claim, "/name")) };
    vec![
        item.name(),
        plain(item.at("/spec/capacity/storage")).into(),
        modes(item, "/spec/accessModes").into(),
        item.text("/spec/persistentVolumeReclaimPolicy").into(),
        phase(item).into(),
        claim.into(),
        class_of(item).into(),
        set(item, "/spec/volumeAttributesClassName").into(),
        item.text("/status/reason").into(),
        item.age(),
        set(item, "/spec/volumeMode").into(),
    ]
}

pub(super) fn claim(item: &Item<'_>) -> Vec<Value> {
    let volume = item.text("/spec/volumeName");
    let (capacity, modes) = if volume.is_empty() {
        Default::default()
    } else {
        (plain(item.at("/status/capacity/storage")), modes(item, "/status/accessModes"))
    };
    vec![
        item.name(),
        phase(item).into(),
        volume.into(),
        capacity.into(),
        modes.into(),
        class_of(item).into(),
        set(item, "/spec/volumeAttributesClassName").into(),
        item.age(),
        set(item, "/spec/volumeMode").into(),
    ]
}

pub(super) fn class(item: &Item<'_>) -> Vec<Value> {
    let annotations = item.at("/metadata/annotations");
    let default = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
        .iter()
        .any(|name| annotations[*name] == "true");
    let name = format!("{}{}", item.text("/metadata/name"), if default { " (default)" } else { "" });
    vec![
        name.into(),
        item.text("/provisioner").into(),
        or(item.text("/reclaimPolicy"), "Delete").into(),
        or(item.text("/volumeBindingMode"), "Immediate").into(),
        item.flag("/allowVolumeExpansion", false).into(),
        item.age(),
    ]
}

pub(super) fn attachment(item: &Item<'_>) -> Vec<Value> {
    vec![
        item.name(),
        item.text("/spec/attacher").into(),
        item.text("/spec/source/persistentVolumeName").into(),
        item.text("/spec/nodeName").into(),
        item.flag("/status/attached", false).into(),
        item.age(),
    ]
}

pub(super) fn attributes_class(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), item.text("/driverName").into(), item.age()]
}

pub(super) fn driver(item: &Item<'_>) -> Vec<Value> {
    let audiences = list(item.object, "/spec/tokenRequests").iter().map(|token| text(token, "/audience"));
    let unset = item.at("/spec/tokenRequests").is_null();
    let modes = joined(item.list("/spec/volumeLifecycleModes").iter().filter_map(Value::as_str), ",");
    vec![
        item.name(),
        item.flag("/spec/attachRequired", true).into(),
        item.flag("/spec/podInfoOnMount", false).into(),
        item.flag("/spec/storageCapacity", false).into(),
        if unset { "<unset>".into() } else { joined(audiences, ",").into() },
        item.flag("/spec/requiresRepublish", false).into(),
        or(&modes, "<none>").into(),
        item.age(),
    ]
}

pub(super) fn node(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), json!(item.list("/spec/drivers").len()), item.age()]
}
