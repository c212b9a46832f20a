//! What the server refuses in CSIDrivers, CSINodes, VolumeAttachments, CSIStorageCapacities and attributes classes.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::{
    super::status::Flaw, chosen, items, label_selector, name, needed, not_negative, persistent_volume, printed,
    resource, storage, text,
};
use crate::selector::subdomain_problems;

pub(super) fn driver(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    chosen(&spec["fsGroupPolicy"], "spec.fsGroupPolicy", &["File", "None", "ReadWriteOnceWithFSType"], flaws);
    let requests = items(spec, "tokenRequests");
    let mut audiences = HashSet::new();
    for (place, request) in requests.iter().enumerate() {
        let field = format!("spec.tokenRequests[{place}]");
        let audience = text(&request["audience"]);
        if !audiences.insert(audience) {
            flaws.push(Flaw::duplicate(format!("{field}.audience"), audience));
            continue;
        }
        let field = format!("{field}.expirationSeconds");
        match request["expirationSeconds"].as_i64() {
            Some(seconds @ ..600) => {
                flaws.push(Flaw::invalid(field, seconds, "may not specify a duration less than 10 minutes"));
            }
            Some(seconds @ 0x1_0000_0001..) => {
                flaws.push(Flaw::invalid(field, seconds, "may not specify a duration larger than 2^32 seconds"));
            }
            _ => {}
        }
    }
    for mode in items(spec, "volumeLifecycleModes") {
        chosen(mode, "spec.volumeLifecycleModes", &["Persistent", "Ephemeral"], flaws);
    }
    if let Some(seconds) = spec["nodeAllocatableUpdatePeriodSeconds"].as_i64().filter(|seconds| *seconds < 10) {
        let why = "must be greater than or equal to 10 seconds";
        flaws.push(Flaw::invalid("spec.nodeAllocatableUpdatePeriodSeconds", seconds, why));
    }
    let in_secrets = &spec["serviceAccountTokenInSecrets"];
    if !in_secrets.is_null() && requests.is_empty() {
        let why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
        flaws.push(Flaw::invalid("spec.serviceAccountTokenInSecrets", in_secrets.clone(), why));
    }
}

/// What drivers a node has.
pub(super) fn node(object: &Value, flaws: &mut Vec<Flaw>) {
    const LONGEST: usize = 256;
    let mut names = HashSet::new();
    for (place, driver) in items(&object["spec"], "drivers").iter().enumerate() {
        let field = format!("spec.drivers[{place}]");
        let name = text(&driver["name"]);
        name::driver(name, &format!("{field}.name"), flaws);
        needed(&driver["nodeID"], &format!("{field}.nodeID"), "", flaws);
        let id = text(&driver["nodeID"]);
        if id.len() > LONGEST {
            let why = format!("must be {LONGEST} characters or less");
            flaws.push(Flaw::invalid(format!("{field}.nodeID"), id, &why));
        }
        not_negative(&driver["allocatable"]["count"], &format!("{field}.allocatable.count"), flaws);
        if !names.insert(name) {
            flaws.push(Flaw::duplicate(format!("{field}.name"), name));
        }
        let mut keys = HashSet::new();
        for key in items(driver, "topologyKeys").iter().map(text) {
            if key.is_empty() {
                flaws.push(Flaw::required(&field, ""));
            }
            if !keys.insert(key) {
                flaws.push(Flaw::duplicate(&field, key));
            }
            name::qualified(key, &field, flaws);
        }
    }
}

/// A driver keeps what it said about a node, but for how many volumes it takes.
pub(super) fn frozen_node(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    const FIELDS: [(&str, &str); 4] =
        [("Name", "\"\""), ("NodeID", "\"\""), ("TopologyKeys", "null"), ("Allocatable", "null")];
    let said = |driver: &Value| {
        let [name, id, keys] = ["name", "nodeID", "topologyKeys"].map(|field| &driver[field]);
        printed(&json!({"name": name, "nodeID": id, "topologyKeys": keys}), &FIELDS)
    };
    let old: HashMap<_, _> =
        items(&old["spec"], "drivers").iter().map(|driver| (text(&driver["name"]), said(driver))).collect();
    for driver in items(&new["spec"], "drivers") {
        let new = said(driver);
        if old.get(text(&driver["name"])).is_some_and(|old| *old != new) {
            flaws.push(Flaw::showing("spec.drivers", &new, "field is immutable"));
        }
    }
}

pub(super) fn attachment(object: &Value, flaws: &mut Vec<Flaw>) {
    const SOURCE: &str = "spec.source";
    const NAME: &str = "spec.source.persistentVolumeName";
    let spec = &object["spec"];
    name::driver(text(&spec["attacher"]), "spec.attacher", flaws);
    let (volume, inline) = (spec["source"]["persistentVolumeName"].as_str(), &spec["source"]["inlineVolumeSpec"]);
    let why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    match (volume, inline.is_object()) {
        (None, false) => flaws.push(Flaw::required(SOURCE, why)),
        (Some(_), true) => flaws.push(Flaw::forbidden(SOURCE, why)),
        (Some(""), false) => flaws.push(Flaw::required(NAME, "must specify non empty persistentVolumeName")),
        (Some(_), false) => {}
        (None, true) => persistent_volume::inline(inline, "spec.source.inlineVolumeSpec", flaws),
    }
    name::subdomain(text(&spec["nodeName"]), "spec.nodeName", flaws);
    if let Some(volume) = volume {
        flaws.extend(subdomain_problems(volume).iter().map(|why| Flaw::invalid(NAME, volume, why)));
    }
}

pub(super) fn frozen_attachment(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    if old["spec"] == new["spec"] {
        return;
    }
    let spec = &new["spec"];
    let source = printed(&spec["source"], &[("PersistentVolumeName", "null"), ("InlineVolumeSpec", "null")]);
    let parts = [("Attacher", "\"\""), ("Source", source.as_str()), ("NodeName", "\"\"")];
    let named = json!({"attacher": spec["attacher"], "nodeName": spec["nodeName"]});
    flaws.push(Flaw::showing("spec", &printed(&named, &parts), "field is immutable"));
}

/// How much room there is.
pub(super) fn capacity(object: &Value, flaws: &mut Vec<Flaw>) {
    label_selector::check(&object["nodeTopology"], "nodeTopology", flaws);
    name::subdomain(text(&object["storageClassName"]), "storageClassName", flaws);
    resource::not_negative(&object["capacity"], "capacity", flaws);
}

pub(super) fn attributes_class(object: &Value, flaws: &mut Vec<Flaw>) {
    storage::provisioner(&object["driverName"], "driverName", flaws);
    storage::parameters(object, false, flaws);
}
