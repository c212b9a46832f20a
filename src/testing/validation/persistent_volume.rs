//! What the server refuses in a PersistentVolume.
//!
//! Not here: what is wrong with sources of volumes that only one provider has.

use serde_json::Value;

use super::{
    super::{quantity, status::Flaw},
    chosen, items,
    metadata::label_problems,
    name, needed, node_selector, one_of, problems, storage, text,
};
use crate::selector::subdomain_problems;

/// Where a volume may come from, in the order in which the server looks, and what has to be said of it.
const SOURCES: [(&str, &[&str]); 22] = [
    ("hostPath", &["path"]),
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("glusterfs", &["endpoints", "path"]),
    ("flocker", &[]),
    ("nfs", &["server", "path"]),
    ("rbd", &["monitors", "image"]),
    ("quobyte", &[]),
    ("cephfs", &["monitors"]),
    ("iscsi", &["targetPortal", "iqn"]),
    ("cinder", &["volumeID"]),
    ("fc", &[]),
    ("flexVolume", &["driver"]),
    ("azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("scaleIO", &[]),
    ("local", &["path"]),
    ("storageos", &[]),
    ("csi", &[]),
];
const SECRETS: [&str; 5] = [
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodeStageSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
];
const FILES: [&str; 8] =
    ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    modes(spec, "spec", flaws);
    capacity(&spec["capacity"], flaws);
    let policies = ["Delete", "Recycle", "Retain"];
    one_of(&spec["persistentVolumeReclaimPolicy"], "spec.persistentVolumeReclaimPolicy", &policies, flaws);
    affinity(&spec["nodeAffinity"], flaws);
    source(spec, "spec", flaws);
    if spec["local"].is_object() && !spec["nodeAffinity"].is_object() {
        flaws.push(Flaw::required("spec.nodeAffinity", "Local volume requires node affinity"));
    }
    let root = text(&spec["hostPath"]["path"]);
    let is_root = root.starts_with('/') && root.split('/').all(|part| ["", "."].contains(&part));
    if is_root && spec["persistentVolumeReclaimPolicy"] == "Recycle" {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        flaws.push(Flaw::forbidden("spec.persistentVolumeReclaimPolicy", why));
    }
    let class = text(&spec["storageClassName"]);
    problems("spec.storageClassName", class, subdomain_problems(class), flaws);
    chosen(&spec["volumeMode"], "spec.volumeMode", &["Block", "Filesystem"], flaws);
    if let Some(class) = spec["volumeAttributesClassName"].as_str() {
        match class {
            "" => flaws.push(Flaw::required("spec.volumeAttributesClassName", "an empty string is disallowed")),
            class => problems("spec.volumeAttributesClassName", class, subdomain_problems(class), flaws),
        }
        needed(&spec["csi"], "spec.csi", "has to be specified when using volumeAttributesClassName", flaws);
    }
}

/// A volume that is said in the place of one, as attachments do.
pub(super) fn inline(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    let why = "may not be specified in the context of inline volumes";
    for part in ["claimRef", "capacity", "nodeAffinity", "storageClassName"] {
        let said = &spec[part];
        if said.as_object().is_some_and(|fields| part != "capacity" || !fields.is_empty()) || !text(said).is_empty() {
            flaws.push(Flaw::forbidden(path(part), why));
        }
    }
    needed(&spec["csi"], &path("csi"), "has to be specified in the context of inline volumes", flaws);
    modes(spec, field, flaws);
    source(spec, field, flaws);
}

fn modes(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let field = format!("{field}.accessModes");
    if items(spec, "accessModes").is_empty() {
        flaws.push(Flaw::required(&field, ""));
    }
    storage::access_modes(spec, &field, flaws);
}

/// A volume has a size and nothing else.
fn capacity(capacity: &Value, flaws: &mut Vec<Flaw>) {
    const ONE: i128 = 1_000_000_000;
    const FIELD: &str = "spec.capacity";
    let amounts = capacity.as_object().filter(|amounts| !amounts.is_empty());
    if amounts.is_none() {
        flaws.push(Flaw::required(FIELD, ""));
    }
    if amounts.is_none_or(|amounts| amounts.len() != 1 || !amounts.contains_key("storage")) {
        flaws.push(Flaw::unsupported(FIELD, capacity.clone(), &["storage"]));
    }
    for (name, amount) in amounts.into_iter().flatten() {
        let Some(nanos) = quantity::nanos(text(amount)).filter(|nanos| *nanos <= 0) else { continue };
        let field = format!("{FIELD}[{name}]");
        let whole = nanos / ONE;
        if whole < 0 {
            flaws.push(Flaw::showing(&field, &whole.to_string(), "must be a valid resource quantity"));
        }
        flaws.push(Flaw::invalid(field, text(amount), "must be greater than zero"));
    }
}

fn affinity(affinity: &Value, flaws: &mut Vec<Flaw>) {
    const FIELD: &str = "spec.nodeAffinity.required";
    match &affinity["required"] {
        _ if !affinity.is_object() => {}
        Value::Null => flaws.push(Flaw::required(FIELD, "must specify required node constraints")),
        required => node_selector::check(required, FIELD, flaws),
    }
}

/// Where a volume comes from: one place.
fn source(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let mut sources = SOURCES.iter().filter(|(name, _)| spec[*name].is_object());
    let Some((name, wanted)) = sources.next() else {
        return flaws.push(Flaw::required(field, "must specify a volume type"));
    };
    let (source, of_source) = (&spec[*name], format!("{field}.{name}"));
    for part in *wanted {
        let there = &source[*part];
        if text(there).is_empty() && there.as_array().is_none_or(Vec::is_empty) {
            flaws.push(Flaw::required(format!("{of_source}.{part}"), ""));
        }
    }
    let (path, of_path) = (text(&source["path"]), format!("{of_source}.path"));
    match *name {
        "hostPath" | "local" => {
            if path.split('/').any(|part| part == "..") {
                flaws.push(Flaw::invalid(of_path, path, "must not contain '..'"));
            }
            if !path.is_empty() && *name == "hostPath" {
                chosen(&source["type"], &format!("{of_source}.type"), &FILES, flaws);
            }
        }
        "nfs" if !path.starts_with('/') => {
            flaws.push(Flaw::invalid(of_path, path, "must be an absolute path"));
        }
        "fc" if ["targetWWNs", "wwids"].iter().all(|list| items(source, list).is_empty()) => {
            let why = "must specify either targetWWNs or wwids, but not both";
            flaws.push(Flaw::required(format!("{of_source}.targetWWNs"), why));
        }
        "csi" => csi(source, &of_source, flaws),
        _ => {}
    }
    for (more, _) in sources {
        flaws.push(Flaw::forbidden(format!("{field}.{more}"), "may not specify more than 1 volume type"));
    }
}

fn csi(source: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    name::driver(text(&source["driver"]), &format!("{field}.driver"), flaws);
    needed(&source["volumeHandle"], &format!("{field}.volumeHandle"), "", flaws);
    for secret in SECRETS.into_iter().filter(|secret| source[*secret].is_object()) {
        for (part, rule) in [("name", subdomain_problems as fn(&str) -> Vec<String>), ("namespace", label_problems)] {
            let field = format!("{field}.{secret}.{part}");
            let said = text(&source[secret][part]);
            needed(&source[secret][part], &field, "", flaws);
            problems(&field, said, rule(said), flaws);
        }
    }
}

/// Where a volume comes from: the parts of its specification that speak of nothing else.
pub(super) fn sources(spec: &Value) -> impl Iterator<Item = (&str, &Value)> {
    SOURCES.iter().map(|(name, _)| (*name, &spec[*name]))
}
