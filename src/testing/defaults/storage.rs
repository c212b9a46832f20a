//! Defaults of volumes and claims, storage classes, drivers and devices.

use serde_json::json;

use super::{Fields, amount, amounts, child, default, default_number, items, made, nothing_as_absent, text};

pub(super) fn volume(object: &mut Fields) {
    made(object, "status").into_iter().for_each(|status| default(status, "phase", "Pending"));
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "persistentVolumeReclaimPolicy", "Retain");
    default(spec, "volumeMode", "Filesystem");
    amounts(spec, "capacity");
    nothing_as_absent(spec, "storageClassName");
    source(spec);
}

pub(super) fn claim(object: &mut Fields) {
    if let Some(status) = made(object, "status") {
        default(status, "phase", "Pending");
        amounts(status, "capacity");
    }
    made(object, "spec").into_iter().for_each(claim_spec);
}

pub(super) fn claim_spec(spec: &mut Fields) {
    default(spec, "volumeMode", "Filesystem");
    if let Some(resources) = made(spec, "resources") {
        amounts(resources, "requests");
        amounts(resources, "limits");
    }
}

/// Where a volume comes from, of a pod or of the cluster.
pub(super) fn source(volume: &mut Fields) {
    if let Some(path) = child(volume, "hostPath") {
        path.entry("type").or_insert_with(|| json!(""));
    }
    for (source, field, value) in [
        ("iscsi", "iscsiInterface", "default"),
        ("rbd", "pool", "rbd"),
        ("rbd", "user", "admin"),
        ("rbd", "keyring", "/etc/ceph/keyring"),
        ("azureDisk", "cachingMode", "ReadWrite"),
        ("azureDisk", "kind", "Shared"),
        ("azureDisk", "fsType", "ext4"),
        ("scaleIO", "storageMode", "ThinProvisioned"),
        ("scaleIO", "fsType", "xfs"),
    ] {
        child(volume, source).into_iter().for_each(|source| default(source, field, value));
    }
    child(volume, "azureDisk").into_iter().for_each(|disk| default(disk, "readOnly", false));
}

pub(super) fn class(object: &mut Fields) {
    default(object, "reclaimPolicy", "Delete");
    default(object, "volumeBindingMode", "Immediate");
}

pub(super) fn driver(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "attachRequired", true);
    for flag in ["podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"] {
        default(spec, flag, false);
    }
    default(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
    default(spec, "volumeLifecycleModes", json!(["Persistent"]));
}

pub(super) fn capacity(object: &mut Fields) {
    amount(object, "capacity");
    amount(object, "maximumVolumeSize");
}

/// Claims of devices, templates of them, and the slices that offer devices. `time` is now.
pub(super) fn devices(object: &mut Fields, time: &str) {
    let Some(spec) = made(object, "spec") else { return };
    for device in items(spec, "devices") {
        items(device, "taints").for_each(|taint| default(taint, "timeAdded", time));
        for capacity in child(device, "capacity").into_iter().flat_map(|all| all.values_mut()) {
            capacity.as_object_mut().into_iter().for_each(|capacity| amount(capacity, "value"));
        }
    }
}

pub(super) fn device_claim(object: &mut Fields) {
    made(object, "spec").into_iter().for_each(requests);
}

pub(super) fn device_claim_template(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    child(spec, "spec").into_iter().for_each(requests);
}

fn requests(spec: &mut Fields) {
    let Some(devices) = made(spec, "devices") else { return };
    for request in items(devices, "requests") {
        child(request, "exactly").into_iter().for_each(counted);
        items(request, "firstAvailable").for_each(counted);
    }
}

fn counted(request: &mut Fields) {
    default(request, "allocationMode", "ExactCount");
    if text(request, "allocationMode") == "ExactCount" {
        default_number(request, "count", 1);
    }
}
