//! What the server refuses in volumes, claims for them, and their classes.

use serde_json::Value;

use super::{
    super::{quantity, status::Flaw},
    items, one_of, problems, text, workload,
};
use crate::selector::{self, subdomain_problems};

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

pub(super) fn claim(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    if items(spec, "accessModes").is_empty() {
        flaws.push(Flaw::required("spec.accessModes", "at least 1 access mode is required"));
    }
    workload::selector(&spec["selector"], "spec.selector", flaws);
    access_modes(spec, flaws);
    let size = &spec["resources"]["requests"]["storage"];
    if size.is_null() {
        flaws.push(Flaw::required("spec.resources[storage]", ""));
    } else if quantity::nanos(text(size)).is_some_and(|size| size <= 0) {
        flaws.push(Flaw::invalid("spec.resources[storage]", text(size), "must be greater than zero"));
    }
    let class = text(&spec["storageClassName"]);
    if !class.is_empty() {
        problems("spec.storageClassName", class, subdomain_problems(class), flaws);
    }
    one_of(&spec["volumeMode"], "spec.volumeMode", &["Block", "Filesystem"], flaws);
}

fn access_modes(spec: &Value, flaws: &mut Vec<Flaw>) {
    let modes = items(spec, "accessModes");
    for mode in modes.iter().map(text).filter(|mode| !MODES.contains(mode)) {
        flaws.push(Flaw::unsupported("spec.accessModes", mode, &MODES));
    }
    if modes.len() > 1 && modes.iter().any(|mode| *mode == "ReadWriteOncePod") {
        flaws.push(Flaw::forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes"));
    }
}

pub(super) fn volume(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    if items(spec, "accessModes").is_empty() {
        flaws.push(Flaw::required("spec.accessModes", ""));
    }
    access_modes(spec, flaws);
    let capacity = spec["capacity"].as_object().filter(|capacity| !capacity.is_empty());
    if capacity.is_none() {
        flaws.push(Flaw::required("spec.capacity", ""));
    }
    if capacity.is_none_or(|capacity| capacity.len() != 1 || !capacity.contains_key("storage")) {
        flaws.push(Flaw::unsupported("spec.capacity", spec["capacity"].clone(), &["storage"]));
    }
    let policies = ["Delete", "Recycle", "Retain"];
    one_of(&spec["persistentVolumeReclaimPolicy"], "spec.persistentVolumeReclaimPolicy", &policies, flaws);
    let mut sources = sources(spec);
    if sources.next().is_none() {
        flaws.push(Flaw::required("spec", "must specify a volume type"));
    }
    for (more, _) in sources {
        flaws.push(Flaw::forbidden(format!("spec.{more}"), "may not specify more than 1 volume type"));
    }
    one_of(&spec["volumeMode"], "spec.volumeMode", &["Block", "Filesystem"], flaws);
}

/// Where a volume comes from: the parts of its specification that speak of nothing else.
pub(super) fn sources(spec: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let others = ["capacity", "claimRef", "nodeAffinity"];
    let parts = spec.as_object().into_iter().flatten();
    parts.filter(move |(name, part)| part.is_object() && !others.contains(&name.as_str()))
}

pub(super) fn class(object: &Value, flaws: &mut Vec<Flaw>) {
    let provisioner = text(&object["provisioner"]);
    if provisioner.is_empty() {
        flaws.push(Flaw::required("provisioner", ""));
    } else {
        let lower = provisioner.to_lowercase();
        problems("provisioner", &lower, selector::key_problems(&lower), flaws);
    }
    one_of(&object["reclaimPolicy"], "reclaimPolicy", &["Delete", "Retain"], flaws);
    let modes = ["Immediate", "WaitForFirstConsumer"];
    one_of(&object["volumeBindingMode"], "volumeBindingMode", &modes, flaws);
}
