//! Paths to objects and to their parts: what a write by one of them can change.
//!
//! The server takes from the object that is there what the path cannot change, and lets nobody own that by this path.
//! Not here: Scales, which are no parts of objects but objects of their own ([`scale`](super::scale)).

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::{
    super::{
        kinds::{Kind, Part},
        owners::{FieldSet, Scope},
        state::Target,
        storage::Object,
    },
    Draft, Write, metadata,
};

/// Which fields a client's write can change.
pub(super) fn scope(target: &Target, part: Option<&Part>) -> Scope<'static> {
    static STATUS: LazyLock<FieldSet> = LazyLock::new(|| FieldSet::of_fields([&["status"][..]]));
    static SPEC: LazyLock<FieldSet> = LazyLock::new(|| FieldSet::of_fields([&["spec"][..]]));
    static SPEC_AND_STATUS: LazyLock<FieldSet> =
        LazyLock::new(|| FieldSet::of_fields([&["spec"][..], &["status"][..]]));
    static SPEC_AND_METADATA: LazyLock<FieldSet> =
        LazyLock::new(|| FieldSet::of_fields([&["spec"][..], &["metadata"][..]]));
    static SPEC_AND_LABELS: LazyLock<FieldSet> =
        LazyLock::new(|| FieldSet::of_fields([&["spec"][..], &["metadata", "labels"][..]]));
    static SPEC_AND_OWNERS: LazyLock<FieldSet> = LazyLock::new(|| {
        FieldSet::of_fields([&["spec"][..], &["metadata", "ownerReferences"], &["metadata", "deletionTimestamp"]])
    });
    match part {
        None if is_request(&target.kind) => Scope::Without(&SPEC_AND_STATUS),
        None if !target.kind.has_status(&target.version) => Scope::All,
        None | Some(Part::Finalize) => Scope::Without(&STATUS),
        Some(Part::Scale(_)) => Scope::All,
        Some(Part::Status) => Scope::Without(match kept(&target.kind) {
            Kept::Nothing => &SPEC,
            Kept::Field("labels") => &SPEC_AND_LABELS,
            Kept::Field(_) => &SPEC_AND_OWNERS,
            Kept::Everything => &SPEC_AND_METADATA,
        }),
    }
}

/// What a write to the status leaves of the metadata.
enum Kept {
    Nothing,
    Field(&'static str),
    Everything,
}

fn kept(kind: &Kind) -> Kept {
    match kind.plural.as_str() {
        _ if kind.custom => Kept::Everything,
        "deployments" => Kept::Field("labels"),
        "pods" => Kept::Field("ownerReferences"),
        "flowschemas"
        | "prioritylevelconfigurations"
        | "resourceclaims"
        | "servicecidrs"
        | "validatingadmissionpolicies"
        | "volumeattachments" => Kept::Everything,
        _ => Kept::Nothing,
    }
}

/// Whether the kind is that of requests for certificates, whose specifications stay as they were made.
fn is_request(kind: &Kind) -> bool {
    kind.plural == "certificatesigningrequests" && !kind.custom
}

/// Keeps the status of an object that a test writes without one.
pub(super) fn complete(draft: &mut Draft, write: Write<'_>) {
    let Draft { object, live, .. } = draft;
    if write.sets_status() && write.part.is_none() && object.get("status").is_none_or(Value::is_null) {
        set_back(object, live.as_ref().and_then(|live| live.value.as_object()), "status");
    }
}

/// Sets back what a write to a part cannot change.
pub(super) fn confine(kind: &Kind, part: &Part, live: &Object, object: &mut Map<String, Value>) {
    let Some(live) = live.value.as_object() else { return };
    match part {
        Part::Status => status_of(kind, object, live),
        Part::Finalize => set_back(object, Some(live), "status"),
        Part::Scale(_) => {}
    }
}

/// Leaves of the new object its status, and its metadata as far as the kind allows that.
fn status_of(kind: &Kind, object: &mut Map<String, Value>, live: &Map<String, Value>) {
    const OWN: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];
    object.retain(|field, _| OWN.contains(&field.as_str()));
    let others = live.iter().filter(|(field, _)| !OWN.contains(&field.as_str()));
    object.extend(others.map(|(field, value)| (field.clone(), value.clone())));
    if let (true, Some(status)) = (kind.is_core("pods"), object.get_mut("status").and_then(Value::as_object_mut)) {
        let class = live.get("status").and_then(|status| status.get("qosClass"));
        class.into_iter().for_each(|class| drop(status.entry("qosClass").or_insert_with(|| class.clone())));
    }
    let metadata = metadata(object);
    let live = live.get("metadata").and_then(Value::as_object);
    match kept(kind) {
        Kept::Nothing => {}
        Kept::Field(field) => set_back(metadata, live, field),
        Kept::Everything => {
            let owners = metadata.remove_entry("managedFields");
            *metadata = live.cloned().unwrap_or_default();
            metadata.remove("managedFields");
            metadata.extend(owners);
        }
    }
}

/// Takes a field from the live object, where that has it.
fn set_back(object: &mut Map<String, Value>, live: Option<&Map<String, Value>>, field: &str) {
    match live.and_then(|live| live.get(field)) {
        Some(kept) => object.insert(field.to_owned(), kept.clone()),
        None => object.remove(field),
    };
}
