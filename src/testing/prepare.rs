//! The fields that the server sets itself, whatever the client sent: status, generation, and what admission adds
//! (protecting finalizers, tolerations, a priority, addresses).
//!
//! This comes after the defaults, and nobody owns these fields. Not here: writes to subresources.

mod certificate;
mod generation;
mod job;
mod limit_range;
mod pod;
mod priority;
mod zero;

use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{
    allocate,
    defaults::{self, TEMPLATE_GENERATION},
    kinds::{CRDS, Definition, Part},
    state::{State, Target},
    storage::Object,
    write::Write,
};

pub(super) use job::{share_labels, shares_labels};
pub(super) use limit_range::check as keeps_to_limits;
pub(super) use pod::quality;
pub(super) use priority::one_is_default;

type Fields = Map<String, Value>;

/// Completes an object that is new. One that comes through a door for tests keeps the status it brings.
pub(super) fn create(
    state: &mut State,
    target: &Target,
    object: &mut Fields,
    write: Write<'_>,
) -> Result<(), Box<Status>> {
    let kind = &target.kind;
    reset_status(target, object, write, &state.time());
    generation::begin(kind, object);
    if kind.custom {
        return Ok(());
    }
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "pods") => pod::create(state, object, write)?,
        ("", "services") if write.part.is_none() => allocate::create(state, object, write)?,
        ("", "namespaces") => {
            held_by(object.get_mut("spec"), "kubernetes");
            // Where the name is a generated one, it was not known before.
            defaults::bear_name(object);
        }
        ("", "persistentvolumes") => held_by(object.get_mut("metadata"), "kubernetes.io/pv-protection"),
        ("", "persistentvolumeclaims") => {
            held_by(object.get_mut("metadata"), "kubernetes.io/pvc-protection");
            same_source(object);
        }
        ("", "nodes") if write.force || (write.sets_status() && is_ready(object)) => {}
        ("", "nodes") => not_ready(object),
        ("storage.k8s.io", "volumeattributesclasses") => {
            held_by(object.get_mut("metadata"), "kubernetes.io/vac-protection");
        }
        ("apps", "daemonsets") => template_generation(object, 1),
        ("batch", "jobs") => job::select(object),
        (_, CRDS) => stored_version(object),
        _ => {}
    }
    Ok(())
}

/// Completes an object that takes the place of another.
pub(super) fn update(
    state: &mut State,
    target: &Target,
    live: &Object,
    object: &mut Fields,
    write: Write<'_>,
) -> Result<(), Box<Status>> {
    let kind = &target.kind;
    let live = &live.value;
    if !kind.custom && kind.is_core("services") {
        allocate::update(state, live, object, write)?;
    }
    keep_status(target, live, object, write);
    if !kind.custom {
        match (kind.group.as_str(), kind.plural.as_str()) {
            ("", "namespaces") => keep(object, live, "spec"),
            ("", "pods") => pod::update(live, object),
            ("", "persistentvolumeclaims") => same_source(object),
            ("apps", "daemonsets") => {
                let changed = live["spec"]["template"] != at(object, "spec")["template"];
                template_generation(object, counted(live).saturating_add(i64::from(changed)));
            }
            ("batch", "jobs") if write.force => job::select(object),
            ("certificates.k8s.io", _) => keep(object, live, "spec"),
            (_, CRDS) => stored_version(object),
            _ => {}
        }
    }
    generation::advance(target, live, object);
    Ok(())
}

/// Completes what was written of an object by the path of a part of it.
pub(super) fn part(target: &Target, part: &Part, live: &Object, object: &mut Fields, time: &str) {
    let live = &live.value;
    let of_request = target.kind.group == "certificates.k8s.io" && !target.kind.custom;
    match part {
        Part::EphemeralContainers | Part::Resize => generation::advance(target, live, object),
        Part::Approval => certificate::date(live, object, time),
        Part::Status if of_request => {
            certificate::keep_decisions(live, object);
            certificate::date(live, object, time);
        }
        Part::Status if target.kind.is_core("persistentvolumes") => phase_since(live, object, time),
        Part::Status if target.kind.is("apps", "daemonsets") => template_generation(object, counted(live)),
        _ => {}
    }
}

/// A new object has done nothing yet, except for what a test says of it.
fn reset_status(target: &Target, object: &mut Fields, write: Write<'_>, time: &str) {
    let kind = &target.kind;
    let kept = write.sets_status() && !kind.is_definition();
    if kind.custom {
        if kind.has_status(&target.version) && !kept {
            object.remove("status");
        }
    } else if let Some(mut status) = zero::status(kind, object, time) {
        match object.remove("status") {
            Some(Value::Object(said)) if kept => status.extend(said),
            _ => {}
        }
        object.insert("status".to_owned(), status.into());
    }
}

/// A status is written apart.
fn keep_status(target: &Target, live: &Value, object: &mut Fields, write: Write<'_>) {
    let kind = &target.kind;
    let forced = write.sets_status() && !kind.is_definition() && object.get("status").is_some_and(Value::is_object);
    if kind.has_status(&target.version) && !forced {
        keep(object, live, "status");
    }
}

/// Makes an object what is stored of it.
pub(super) fn store(target: &Target, object: &mut Value) {
    if !target.kind.custom {
        target.kind.stored_shape().forget_empty(object);
    }
}

/// A field, null where it is missing.
fn at<'o>(object: &'o Fields, field: &str) -> &'o Value {
    object.get(field).unwrap_or(&Value::Null)
}

/// Sets a field to what it is in the live object.
fn keep(object: &mut Fields, live: &Value, field: &str) {
    match &live[field] {
        Value::Null => drop(object.remove(field)),
        kept => drop(object.insert(field.to_owned(), kept.clone())),
    }
}

/// Adds a finalizer unless it is there.
fn held_by(holder: Option<&mut Value>, finalizer: &str) {
    let Some(holder) = holder.and_then(Value::as_object_mut) else { return };
    let finalizers = holder.entry("finalizers").or_insert_with(|| json!([])).as_array_mut();
    if let Some(finalizers) = finalizers.filter(|finalizers| !finalizers.iter().any(|held| held == finalizer)) {
        finalizers.push(finalizer.into());
    }
}

/// A claim says where its data comes from under an old and a new name.
fn same_source(claim: &mut Fields) {
    let Some(spec) = claim.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let mut source = spec.get("dataSource").cloned();
    // Under the old name only claims and snapshots are known; the server forgets others.
    let old = source.take_if(|source| !spec.contains_key("dataSourceRef") && !is_copied(source));
    old.and_then(|_| spec.remove("dataSource"));
    match (source, spec.get("dataSourceRef").cloned()) {
        (Some(source), None) => drop(spec.insert("dataSourceRef".to_owned(), source)),
        (None, Some(source)) if source["namespace"].is_null() => drop(spec.insert("dataSource".to_owned(), source)),
        _ => {}
    }
}

/// Whether volumes were filled from it before there were others to fill them from.
fn is_copied(source: &Value) -> bool {
    let kinds = [("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot")];
    let said = |field: &str| source[field].as_str().unwrap_or_default();
    kinds.contains(&(said("apiGroup"), said("kind"))) && !said("name").is_empty()
}

/// Whether a node says that it is ready.
fn is_ready(node: &Fields) -> bool {
    let conditions = at(node, "status")["conditions"].as_array();
    conditions.into_iter().flatten().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// Nothing is to run on a node before it says that it is ready.
fn not_ready(node: &mut Fields) {
    let Some(spec) = node.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let taint = json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"});
    let taints = spec.entry("taints").or_insert_with(|| json!([])).as_array_mut();
    let same = |other: &Value| other["key"] == taint["key"] && other["effect"] == taint["effect"];
    if let Some(taints) = taints.filter(|taints| !taints.iter().any(same)) {
        taints.push(taint);
    }
}

/// A volume tells since when it has been in its phase, unless its writer does.
fn phase_since(live: &Value, volume: &mut Fields, time: &str) {
    const SINCE: &str = "lastPhaseTransitionTime";
    let Some(status) = volume.get_mut("status").and_then(Value::as_object_mut) else { return };
    let before = live["status"][SINCE].clone();
    if status.get("phase").unwrap_or(&Value::Null) != &live["status"]["phase"] {
        if status.get(SINCE).is_none_or(|said| *said == before) {
            status.insert(SINCE.to_owned(), time.into());
        }
    } else if !before.is_null() {
        status.entry(SINCE).or_insert(before);
    }
}

/// How often the template of a DaemonSet changed so far.
fn counted(set: &Value) -> i64 {
    let text = set["metadata"]["annotations"][TEMPLATE_GENERATION].as_str();
    text.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Tells how often the template of a DaemonSet changed.
fn template_generation(set: &mut Fields, generation: i64) {
    let Some(metadata) = set.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    if let Some(annotations) = metadata.entry("annotations").or_insert_with(|| json!({})).as_object_mut() {
        annotations.insert(TEMPLATE_GENERATION.to_owned(), generation.to_string().into());
    }
}

/// A definition tells in which versions there may be objects.
fn stored_version(definition: &mut Fields) {
    let Some(stored) = Definition::read(at(definition, "spec")).map(|defined| defined.stored) else { return };
    let Some(status) = definition.get_mut("status").and_then(Value::as_object_mut) else { return };
    match status.get_mut("storedVersions").and_then(Value::as_array_mut) {
        None => drop(status.insert("storedVersions".to_owned(), json!([stored]))),
        Some(known) if !known.iter().any(|known| *known == stored) => known.push(stored.into()),
        Some(_) => {}
    }
}
