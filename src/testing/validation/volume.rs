//! What the server refuses in the volumes of pods.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{super::status::Flaw, chosen, item_name, items, name, needed, one_of, path, projected, storage, text};

/// The volumes of a pod that nothing is wrong with, by name.
pub(super) type Volumes<'v> = HashMap<&'v str, &'v Value>;

/// What a source must name, and what the server calls that source.
const NAMED: [(&str, &str, &[&str]); 14] = [
    ("secret", "secret", &["secretName"]),
    ("configMap", "configMap", &["name"]),
    ("persistentVolumeClaim", "persistentVolumeClaim", &["claimName"]),
    ("hostPath", "hostPath", &["path"]),
    ("nfs", "nfs", &["server", "path"]),
    ("gitRepo", "gitRepo", &["repository"]),
    ("iscsi", "iscsi", &["targetPortal", "iqn"]),
    ("flexVolume", "flexVolume", &["driver"]),
    ("glusterfs", "glusterfs", &["endpoints", "path"]),
    ("awsElasticBlockStore", "awsElasticBlockStore", &["volumeID"]),
    ("gcePersistentDisk", "persistentDisk", &["pdName"]),
    ("azureFile", "azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", "vsphereVolume", &["volumePath"]),
    ("rbd", "rbd", &["image"]),
];

pub(super) fn volumes<'v>(spec: &'v Value, field: &str, flaws: &mut Vec<Flaw>) -> Volumes<'v> {
    let (mut volumes, mut seen) = (Volumes::new(), HashSet::new());
    for (place, volume) in items(spec, "volumes").iter().enumerate() {
        let field = format!("{field}[{place}]");
        let before = flaws.len();
        sources(volume, &field, flaws);
        let name = text(&volume["name"]);
        let new = seen.insert(name);
        item_name(&field, name, new, flaws);
        if flaws.len() == before {
            volumes.insert(name, volume);
        }
    }
    volumes
}

/// What the volumes of a pod need and those of a template may still get.
pub(super) fn only_of_pods(spec: &Value, flaws: &mut Vec<Flaw>) {
    for (place, volume) in items(spec, "volumes").iter().enumerate().filter(|(_, volume)| volume["image"].is_object()) {
        needed(&volume["image"]["reference"], &format!("spec.volumes[{place}].image.reference"), "", flaws);
    }
}

/// Where a volume comes from: one place.
fn sources(volume: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let sources = volume.as_object().into_iter().flatten().filter(|(name, _)| *name != "name");
    let mut sources: Vec<_> = sources.filter(|(_, source)| source.is_object()).map(|(name, _)| name.as_str()).collect();
    // The server looks at them in this order.
    let order =
        ["emptyDir", "hostPath", "secret", "nfs", "persistentVolumeClaim", "downwardAPI", "configMap", "projected"];
    sources.sort_by_key(|name| order.iter().position(|known| known == name).unwrap_or(order.len()));
    for more in sources.iter().skip(1) {
        flaws.push(Flaw::forbidden(format!("{field}.{more}"), "may not specify more than 1 volume type"));
    }
    let Some(kind) = sources.first() else { return };
    let named = NAMED.iter().find(|(source, ..)| source == kind);
    let (shown, names) = named.map_or((*kind, &[][..]), |(_, shown, names)| (shown, names));
    let (source, field) = (&volume[*kind], format!("{field}.{shown}"));
    for name in names {
        needed(&source[*name], &format!("{field}.{name}"), "", flaws);
    }
    self::source(kind, source, &field, flaws);
}

fn source(kind: &str, source: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    match kind {
        "emptyDir" if text(&source["sizeLimit"]).starts_with('-') => {
            flaws.push(Flaw::forbidden(path("sizeLimit"), "SizeLimit field must be a valid resource quantity"));
        }
        "hostPath" => {
            const TYPES: [&str; 8] =
                ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
            path::forward(text(&source["path"]), &path("path"), flaws);
            chosen(&source["type"], &path("type"), &TYPES, flaws);
        }
        "nfs" if !text(&source["path"]).starts_with('/') => {
            flaws.push(Flaw::invalid(path("path"), text(&source["path"]), "must be an absolute path"));
        }
        "csi" => {
            name::driver(text(&source["driver"]), &path("driver"), flaws);
            if source["nodePublishSecretRef"].is_object() {
                needed(&source["nodePublishSecretRef"]["name"], &path("nodePublishSecretRef.name"), "", flaws);
            }
        }
        "image" => one_of(&source["pullPolicy"], &path("pullPolicy"), &["Always", "IfNotPresent", "Never"], flaws),
        "secret" | "configMap" => {
            path::mode(&source["defaultMode"], &path("defaultMode"), flaws);
            projected::keys(source, field, flaws);
        }
        "downwardAPI" => {
            path::mode(&source["defaultMode"], &path("defaultMode"), flaws);
            items(source, "items").iter().for_each(|file| projected::of_pod(file, field, flaws));
        }
        "projected" => projected::check(source, field, flaws),
        "ephemeral" => ephemeral(&source["volumeClaimTemplate"], &path("volumeClaimTemplate"), flaws),
        "rbd" | "cephfs" if items(source, "monitors").is_empty() => {
            flaws.push(Flaw::required(path("monitors"), ""));
        }
        "fc" if items(source, "targetWWNs").is_empty() == items(source, "wwids").is_empty() => {
            let why = "must specify either targetWWNs or wwids, but not both";
            flaws.push(if items(source, "wwids").is_empty() {
                Flaw::required(path("targetWWNs"), why)
            } else {
                Flaw::invalid(path("targetWWNs"), source["targetWWNs"].clone(), why)
            });
        }
        _ => {}
    }
}

/// A claim that comes and goes with the pod, and has a name of its own.
fn ephemeral(template: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if !template.is_object() {
        return flaws.push(Flaw::required(field, ""));
    }
    let metadata = template["metadata"].as_object().into_iter().flatten();
    for (name, _) in metadata.filter(|(name, _)| !["annotations", "labels"].contains(&name.as_str())) {
        flaws.push(Flaw::forbidden(format!("{field}.metadata.{name}"), "cannot be set"));
    }
    storage::claim(&template["spec"], &format!("{field}.spec"), flaws);
}
