//! What a replacement must leave as it is, by kind.
//!
//! Not here: metadata, which is the same for all kinds. Where the server prints what differs between two of its own types,
//! the sentence before that is all that is said.

use serde_json::{Value, json};

use super::{
    super::{kinds::Kind, status::Flaw},
    content, definition, items, storage,
};

pub(super) fn check(kind: &Kind, old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "secrets" | "configmaps") => content::frozen(old, new, flaws),
        ("", "pods") => pod(&old["spec"], &new["spec"], flaws),
        ("", "persistentvolumeclaims") => claim(old, new, flaws),
        ("", "persistentvolumes") if !storage::sources(&old["spec"]).eq(storage::sources(&new["spec"])) => {
            let why = "spec.persistentvolumesource is immutable after creation";
            flaws.push(Flaw::forbidden("spec.persistentvolumesource", why));
        }
        ("apps", "deployments" | "replicasets" | "daemonsets") => fields(old, new, &["/spec/selector"], flaws),
        ("apps", "statefulsets") => stateful_set(&old["spec"], &new["spec"], flaws),
        ("apps", "controllerrevisions") if old["data"] != new["data"] || old["revision"] != new["revision"] => {
            flaws.push(Flaw::invalid("data", new["data"].clone(), IMMUTABLE));
        }
        ("batch", "jobs") => {
            let frozen = [
                "/spec/completions",
                "/spec/selector",
                "/spec/template",
                "/spec/completionMode",
                "/spec/podFailurePolicy",
                "/spec/backoffLimitPerIndex",
                "/spec/managedBy",
                "/spec/successPolicy",
            ];
            fields(old, new, &frozen, flaws);
        }
        ("rbac.authorization.k8s.io", "rolebindings" | "clusterrolebindings") if old["roleRef"] != new["roleRef"] => {
            let role = &new["roleRef"];
            let shown = json!({"APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"]});
            flaws.push(Flaw::invalid("roleRef", shown, "cannot change roleRef"));
        }
        ("storage.k8s.io", "storageclasses") => {
            fields(old, new, &["/parameters", "/provisioner", "/reclaimPolicy", "/volumeBindingMode"], flaws);
        }
        ("storage.k8s.io", "csidrivers") if old["spec"]["attachRequired"] != new["spec"]["attachRequired"] => {
            // The server misspells this one.
            flaws.push(Flaw::invalid("spec.attachedRequired", new["spec"]["attachRequired"].clone(), IMMUTABLE));
        }
        ("storage.k8s.io", "volumeattachments") => fields(old, new, &["/spec"], flaws),
        ("scheduling.k8s.io", "priorityclasses") => {
            if old["value"] != new["value"] {
                flaws.push(Flaw::forbidden("value", "may not be changed in an update."));
            }
            fields(old, new, &["/preemptionPolicy"], flaws);
        }
        ("networking.k8s.io", "ingressclasses") => fields(old, new, &["/spec/controller"], flaws),
        ("node.k8s.io", "runtimeclasses") => fields(old, new, &["/handler"], flaws),
        ("discovery.k8s.io", "endpointslices") => fields(old, new, &["/addressType"], flaws),
        ("apiextensions.k8s.io", _) => definition::frozen(old, new, flaws),
        _ => {}
    }
}

const IMMUTABLE: &str = "field is immutable";

/// Fields that never change, by their paths.
fn fields(old: &Value, new: &Value, paths: &[&str], flaws: &mut Vec<Flaw>) {
    for path in paths {
        let (before, after) = (old.pointer(path), new.pointer(path));
        if before != after {
            let field = path.trim_start_matches('/').replace('/', ".");
            flaws.push(Flaw::invalid(field, after.cloned().unwrap_or_default(), IMMUTABLE));
        }
    }
}

/// Of a pod the images may change, and how long it may run.
fn pod(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    for list in ["containers", "initContainers"] {
        if items(old, list).len() != items(new, list).len() {
            let why = "pod updates may not add or remove containers";
            return flaws.push(Flaw::forbidden(format!("spec.{list}"), why));
        }
    }
    let mut allowed = new.clone();
    for list in ["containers", "initContainers"] {
        for (place, container) in items(old, list).iter().enumerate() {
            let image = container.get("image").map(|image| ("image".to_owned(), image.clone()));
            if let Some(allowed) = allowed[list][place].as_object_mut() {
                allowed.remove("image");
                allowed.extend(image);
            }
        }
    }
    let tolerated = items(old, "tolerations").iter().all(|toleration| items(new, "tolerations").contains(toleration));
    if let Some(allowed) = allowed.as_object_mut() {
        for field in ["activeDeadlineSeconds", "tolerations"] {
            allowed.remove(field);
            allowed.extend(old.get(field).map(|value| (field.to_owned(), value.clone())));
        }
    }
    // Whoever scheduled it lately may still open the gates.
    let gates = |spec: &Value| items(spec, "schedulingGates").len();
    if gates(new) < gates(old)
        && let Some(allowed) = allowed.as_object_mut()
    {
        allowed.extend(old.get("schedulingGates").map(|gates| ("schedulingGates".to_owned(), gates.clone())));
    }
    if allowed != *old || !tolerated {
        let why = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
                   `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
                   `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
        flaws.push(Flaw::forbidden("spec", why));
    }
}

fn stateful_set(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    const FREE: [&str; 7] = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let rest = |spec: &Value| -> Vec<(String, Value)> {
        let fields = spec.as_object().into_iter().flatten().filter(|(name, _)| !FREE.contains(&name.as_str()));
        fields.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    if rest(old) != rest(new) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', \
                   'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        flaws.push(Flaw::forbidden("spec", why));
    }
}

/// A claim is bound once, may get its class late, and may grow once it is bound.
fn claim(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    let (before, after) = (&old["spec"], &new["spec"]);
    let mut allowed = after.clone();
    let mut keep = |field: &str| {
        if let Some(allowed) = allowed.as_object_mut() {
            allowed.remove(field);
            allowed.extend(before.get(field).map(|value| (field.to_owned(), value.clone())));
        }
    };
    if before["volumeName"].is_null() {
        keep("volumeName");
    }
    if before["storageClassName"].is_null() {
        keep("storageClassName");
    }
    if old["status"]["phase"] == "Bound" {
        keep("resources");
        keep("volumeAttributesClassName");
    }
    if allowed != *before {
        let why =
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        flaws.push(Flaw::forbidden("spec", why));
    }
}
