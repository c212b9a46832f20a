//! What the server refuses where containers mount volumes, or use them as devices.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{super::status::Flaw, items, path, text, volume::Volumes};

pub(super) fn check(container: &Value, field: &str, volumes: &Volumes<'_>, flaws: &mut Vec<Flaw>) {
    let mut paths = HashSet::new();
    let used_as_devices = places(container, "volumeDevices", "devicePath");
    for (place, mount) in items(container, "volumeMounts").iter().enumerate() {
        let list = format!("{field}.volumeMounts");
        let path = |name: &str| format!("{list}[{place}].{name}");
        let (name, said) = (text(&mount["name"]), text(&mount["mountPath"]));
        if name.is_empty() {
            flaws.push(Flaw::required(path("name"), ""));
        }
        if !volumes.contains_key(name) {
            flaws.push(Flaw::not_found(path("name"), name));
        }
        if said.is_empty() {
            flaws.push(Flaw::required(path("mountPath"), ""));
        }
        if !paths.insert(said) {
            flaws.push(Flaw::invalid(path("mountPath"), said, "must be unique"));
        }
        if used_as_devices.contains_key(name) {
            flaws.push(Flaw::invalid(path("name"), name, "must not already exist in volumeDevices"));
        }
        if used_as_devices.values().any(|path| *path == said) {
            let why = "must not already exist as a path in volumeDevices";
            flaws.push(Flaw::invalid(path("mountPath"), said, why));
        }
        let [part, expression] = ["subPath", "subPathExpr"].map(|name| text(&mount[name]));
        if !part.is_empty() && !expression.is_empty() {
            let why = "subPathExpr and subPath are mutually exclusive";
            flaws.push(Flaw::invalid(path("subPathExpr"), expression, why));
        }
        // The server does not say in which mount.
        path::descending(part, &format!("{list}.subPath"), flaws);
        path::descending(expression, &format!("{list}.subPathExpr"), flaws);
        propagation(mount, &container["securityContext"]["privileged"], &list, flaws);
    }
    devices(container, field, volumes, flaws);
}

/// Where each volume is; of several places the last one.
fn places<'c>(container: &'c Value, list: &str, path: &str) -> HashMap<&'c str, &'c str> {
    items(container, list).iter().map(|item| (text(&item["name"]), text(&item[path]))).collect()
}

fn propagation(mount: &Value, privileged: &Value, list: &str, flaws: &mut Vec<Flaw>) {
    let (propagation, read_only) = (&mount["mountPropagation"], &mount["recursiveReadOnly"]);
    let field = format!("{list}.mountPropagation");
    super::chosen(propagation, &field, &["Bidirectional", "HostToContainer", "None"], flaws);
    if propagation == "Bidirectional" && *privileged != true {
        let why = "Bidirectional mount propagation is available only to privileged containers";
        flaws.push(Flaw::forbidden(field, why));
    }
    let field = format!("{list}.recursiveReadOnly");
    match read_only.as_str() {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if mount["readOnly"] != true {
                flaws.push(Flaw::forbidden(field.as_str(), "may only be specified when readOnly is true"));
            }
            if propagation.as_str().is_some_and(|propagation| propagation != "None") {
                let why = "may only be specified when mountPropagation is None or not specified";
                flaws.push(Flaw::forbidden(field, why));
            }
        }
        Some(other) => flaws.push(Flaw::unsupported(field, other, &["Disabled", "Enabled", "IfPossible"])),
    }
}

fn devices(container: &Value, field: &str, volumes: &Volumes<'_>, flaws: &mut Vec<Flaw>) {
    let (mut names, mut paths) = (HashSet::new(), HashSet::new());
    let mounted = places(container, "volumeMounts", "mountPath");
    for (place, device) in items(container, "volumeDevices").iter().enumerate() {
        let path = |name: &str| format!("{field}.volumeDevices[{place}].{name}");
        let (name, said) = (text(&device["name"]), text(&device["devicePath"]));
        let mut wrong = |part: &str, value: &str, why: &str| flaws.push(Flaw::invalid(path(part), value, why));
        if !names.insert(name) && !name.is_empty() {
            wrong("name", name, "must be unique");
        }
        let volume = volumes.get(name);
        let claimed = |volume: &&Value| ["persistentVolumeClaim", "ephemeral"].iter().any(|of| volume[*of].is_object());
        if volume.is_some_and(|volume| !claimed(volume)) {
            wrong("name", name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
        }
        if paths.contains(said) {
            wrong("devicePath", said, "must be unique");
        }
        if said.split('/').any(|part| part == "..") {
            wrong("devicePath", said, "can not contain backsteps ('..')");
        } else {
            paths.insert(said);
        }
        if mounted.contains_key(name) {
            wrong("name", name, "must not already exist in volumeMounts");
        }
        if mounted.values().any(|path| *path == said) {
            wrong("devicePath", said, "must not already exist as a path in volumeMounts");
        }
        for (part, value) in [("name", name), ("devicePath", said)] {
            if value.is_empty() {
                flaws.push(Flaw::required(path(part), ""));
            }
        }
        if volume.is_none() {
            flaws.push(Flaw::not_found(path("name"), name));
        }
    }
}
