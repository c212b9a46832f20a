//! Paths to objects and to their subresources: what a write through each of them can change.
//!
//! Fields that a path cannot change keep their stored values, and nobody gets to own them through that path. Not here:
//! Scales, which are objects of their own ([`scale`](super::scale)).

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
    static SPEC_AND_CERTIFICATE: LazyLock<FieldSet> =
        LazyLock::new(|| FieldSet::of_fields([&["spec"][..], &["status", "certificate"][..]]));
    match part {
        None if is_request(&target.kind) => Scope::Without(&SPEC_AND_STATUS),
        None if !target.kind.has_status(&target.version) => Scope::All,
        None | Some(Part::Finalize) => Scope::Without(&STATUS),
        // The server notes what was said there, although most of it cannot be changed.
        Some(Part::EphemeralContainers | Part::Resize) => Scope::All,
        Some(Part::Scale(_) | Part::Call(_) | Part::Node(_)) => Scope::All,
        Some(Part::Approval) => Scope::Without(&SPEC_AND_CERTIFICATE),
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

/// Keeps the status of an object that a test replaces by one without.
pub(super) fn complete(target: &Target, draft: &mut Draft, write: Write<'_>) {
    let Draft { object, live, .. } = draft;
    let said = object.get("status").is_some_and(|status| !status.is_null());
    if write.sets_status() && target.kind.has_status(&target.version) && !said {
        set_back(object, live.as_ref().and_then(|live| live.value.as_object()), "status");
    }
}

/// Sets back what a write to a part cannot change.
pub(super) fn confine(kind: &Kind, part: &Part, live: &Object, object: &mut Map<String, Value>) {
    let Some(live) = live.value.as_object() else { return };
    match part {
        Part::Status => status_of(kind, object, live),
        Part::Finalize => set_back(object, Some(live), "status"),
        Part::Approval => approval(object, live),
        Part::EphemeralContainers => of_spec(object, live, |spec, live| {
            let ephemeral = spec.remove_entry("ephemeralContainers");
            *spec = live.clone();
            spec.remove("ephemeralContainers");
            spec.extend(ephemeral);
        }),
        Part::Resize => of_spec(object, live, |spec, live| {
            let lists = ["containers", "initContainers"].map(|list| (list, resized(spec.get(list), live.get(list))));
            // What cannot be a resize stays as given, to be refused.
            if lists.iter().all(|(_, resized)| resized.is_ok()) {
                *spec = live.clone();
                let lists = lists.into_iter().filter_map(|(list, resized)| Some((list.to_owned(), resized.ok()??)));
                spec.extend(lists);
            }
        }),
        Part::Scale(_) | Part::Call(_) | Part::Node(_) => {}
    }
}

/// Leaves of the new object its metadata as the server lets it be, and what `change` makes of its specification.
fn of_spec(
    object: &mut Map<String, Value>,
    live: &Map<String, Value>,
    change: impl FnOnce(&mut Map<String, Value>, &Map<String, Value>),
) {
    if let (Some(spec), Some(live)) =
        (object.get_mut("spec").and_then(Value::as_object_mut), live.get("spec").and_then(Value::as_object))
    {
        change(spec, live);
    }
    set_back(object, Some(live), "status");
    keep_metadata(object, live);
}

/// The live containers with the resources of the new ones, if they are the same containers in the same order.
fn resized(new: Option<&Value>, live: Option<&Value>) -> Result<Option<Value>, ()> {
    let items = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
    let (new, mut containers) = (items(new), items(live));
    let names = |list: &[Value]| list.iter().map(|container| container["name"].clone()).collect::<Vec<_>>();
    if names(&new) != names(&containers) {
        return Err(());
    }
    for (container, new) in containers.iter_mut().filter_map(Value::as_object_mut).zip(&new) {
        for field in ["resources", "resizePolicy"] {
            set_back(container, new.as_object(), field);
        }
    }
    Ok(live.is_some().then_some(Value::Array(containers)))
}

/// Leaves of the new object what an approval may say: conditions, and metadata.
fn approval(object: &mut Map<String, Value>, live: &Map<String, Value>) {
    let conditions = object.get_mut("status").and_then(Value::as_object_mut);
    let conditions = conditions.and_then(|status| status.remove_entry("conditions"));
    for field in ["spec", "status"] {
        set_back(object, Some(live), field);
    }
    let status = object.entry("status").or_insert_with(|| Value::Object(Map::new()));
    if let Some(status) = status.as_object_mut() {
        status.remove("conditions");
        status.extend(conditions);
    }
}

/// Leaves of the new object its status, and its metadata as far as the kind allows that.
fn status_of(kind: &Kind, object: &mut Map<String, Value>, live: &Map<String, Value>) {
    const OWN: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];
    object.retain(|field, _| OWN.contains(&field.as_str()));
    let others = live.iter().filter(|(field, _)| !OWN.contains(&field.as_str()));
    object.extend(others.map(|(field, value)| (field.clone(), value.clone())));
    if kind.is_core("pods")
        && let Some(status) = object.get_mut("status").and_then(Value::as_object_mut)
        && !status.contains_key("qosClass")
    {
        set_back(status, live.get("status").and_then(Value::as_object), "qosClass");
    }
    match kept(kind) {
        Kept::Nothing => {}
        Kept::Field("ownerReferences") => {
            let live = live.get("metadata").and_then(Value::as_object);
            ["ownerReferences", "deletionTimestamp"].iter().for_each(|field| set_back(metadata(object), live, field));
        }
        Kept::Field(field) => set_back(metadata(object), live.get("metadata").and_then(Value::as_object), field),
        Kept::Everything => keep_metadata(object, live),
    }
}

/// Sets back all metadata but who owns what.
fn keep_metadata(object: &mut Map<String, Value>, live: &Map<String, Value>) {
    let metadata = metadata(object);
    let owners = metadata.remove_entry("managedFields");
    *metadata = live.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    metadata.remove("managedFields");
    metadata.extend(owners);
}

/// Takes a field from the live object, where that has it.
fn set_back(object: &mut Map<String, Value>, live: Option<&Map<String, Value>>, field: &str) {
    match live.and_then(|live| live.get(field)) {
        Some(kept) => object.insert(field.to_owned(), kept.clone()),
        None => object.remove(field),
    };
}
