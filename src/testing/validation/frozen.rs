//! Immutable fields, kind by kind.
//!
//! If a whole spec is immutable, the server's message shows the difference; this one says only that there is one.

use serde_json::{Value, json};

use super::{
    super::{kinds::CRDS, quantity, status::Flaw},
    content, definition, driver, node_selector, persistent_volume, printed, quota, service, service_range,
};

/// Fields that keep their first value, in the order of the server.
const KEPT: [(&str, &[&str]); 9] = [
    ("controllerrevisions", &["data"]),
    ("csistoragecapacities", &["nodeTopology", "storageClassName"]),
    ("daemonsets", &["spec.selector"]),
    ("deployments", &["spec.selector"]),
    ("endpointslices", &["addressType"]),
    ("ingressclasses", &["spec.controller"]),
    ("replicasets", &["spec.selector"]),
    ("runtimeclasses", &["handler"]),
    ("storageclasses", &["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"]),
];
/// Texts among them, which are empty where they are not there.
const TEXTS: [&str; 5] = ["addressType", "handler", "provisioner", "spec.controller", "storageClassName"];
const OF_JOBS: [&str; 6] = [
    "spec.selector",
    "spec.completionMode",
    "spec.podFailurePolicy",
    "spec.backoffLimitPerIndex",
    "spec.managedBy",
    "spec.successPolicy",
];
/// What may change in the specification of a StatefulSet.
const OF_STATEFUL_SETS: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

pub(super) fn check(plural: &str, old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    if let Some((_, fields)) = KEPT.iter().find(|(of, _)| *of == plural) {
        kept(fields, old, new, flaws);
    }
    match plural {
        "configmaps" | "secrets" => content::frozen(old, new, flaws),
        "jobs" => job(old, new, flaws),
        "statefulsets" => stateful_set(&old["spec"], &new["spec"], flaws),
        "pods" => pod(&old["spec"], &new["spec"], flaws),
        "persistentvolumeclaims" => claim(old, new, flaws),
        "persistentvolumes" => volume(&old["spec"], &new["spec"], flaws),
        "csidrivers" => {
            // The server misspells the first of these.
            for (field, shown) in
                [("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes")]
            {
                let value = &new["spec"][field];
                if old["spec"][field] != *value {
                    flaws.push(Flaw::invalid(format!("spec.{shown}"), value.clone(), "field is immutable"));
                }
            }
        }
        "csinodes" => driver::frozen_node(old, new, flaws),
        "volumeattachments" => driver::frozen_attachment(old, new, flaws),
        "volumeattributesclasses" => {
            for field in ["driverName", "parameters"] {
                if old[field] != new[field] {
                    flaws.push(Flaw::forbidden(field, format!("updates to {field} are forbidden.")));
                }
            }
        }
        "servicecidrs" => service_range::frozen(old, new, flaws),
        "ipaddresses" => service_range::frozen_address(old, new, flaws),
        "resourcequotas" => quota::frozen(old, new, flaws),
        "services" => service::frozen(&old["spec"], &new["spec"], flaws),
        CRDS => definition::frozen(old, new, flaws),
        "rolebindings" | "clusterrolebindings" => role(&old["roleRef"], &new["roleRef"], flaws),
        "priorityclasses" => {
            if old["value"] != new["value"] {
                flaws.push(Flaw::forbidden("value", "may not be changed in an update."));
            }
            kept(&["preemptionPolicy"], old, new, flaws);
        }
        _ => {}
    }
}

fn kept(fields: &[&str], old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    for field in fields {
        let at = |object| field.split('.').fold(object, |value: &Value, step| &value[step]).clone();
        if at(old) != at(new) {
            let shown = if at(new).is_null() && TEXTS.contains(field) { json!("") } else { at(new) };
            flaws.push(Flaw::invalid(*field, shown, "field is immutable"));
        }
    }
}

fn job(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    let indexed = new["spec"]["completionMode"] == "Indexed";
    let [before, completions] = [old, new].map(|job| &job["spec"]["completions"]);
    if !indexed {
        kept(&["spec.completions"], old, new, flaws);
    } else if before != completions && completions != &new["spec"]["parallelism"] {
        let why = "can only be modified in tandem with spec.parallelism";
        flaws.push(Flaw::invalid("spec.completions", completions.clone(), why));
    }
    let (selector, others) = OF_JOBS.split_at(1);
    kept(selector, old, new, flaws);
    if old["spec"]["suspend"] != true {
        kept(&["spec.template"], old, new, flaws);
    }
    kept(others, old, new, flaws);
}

fn stateful_set(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    if changed(old, new, &OF_STATEFUL_SETS) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', \
                   'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        flaws.push(Flaw::forbidden("spec", why));
    }
}

fn pod(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    for list in ["containers", "initContainers"] {
        let count = |spec: &Value| spec[list].as_array().map_or(0, Vec::len);
        if count(old) != count(new) {
            let why = "pod updates may not add or remove containers";
            return flaws.push(Flaw::forbidden(format!("spec.{list}"), why));
        }
    }
    let mut compared = new.clone();
    for list in ["containers", "initContainers"] {
        for (number, container) in compared[list].as_array_mut().into_iter().flatten().enumerate() {
            container["image"] = old[list][number]["image"].clone();
        }
    }
    let shortened = old["terminationGracePeriodSeconds"].as_i64().is_some_and(|seconds| seconds < 0)
        && new["terminationGracePeriodSeconds"] == 1;
    let free = if shortened { "terminationGracePeriodSeconds" } else { "" };
    let waits = !old["schedulingGates"].as_array().is_none_or(Vec::is_empty);
    let scheduled = if waits { ["nodeSelector", "affinity"] } else { [""; 2] };
    let kept = |toleration: &Value| {
        let alike = |other: &Value| !changed(toleration, other, &["tolerationSeconds"]);
        new["tolerations"].as_array().is_some_and(|tolerations| tolerations.iter().any(alike))
    };
    if !old["tolerations"].as_array().into_iter().flatten().all(kept) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        flaws.push(Flaw::forbidden("spec.tolerations", why));
    }
    let free = [free, scheduled[0], scheduled[1], "activeDeadlineSeconds", "schedulingGates", "tolerations"];
    if changed(old, &compared, &free) {
        let why = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
                   `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
                   `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
        flaws.push(Flaw::forbidden("spec", why));
    }
}

fn volume(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    if !persistent_volume::sources(old).eq(persistent_volume::sources(new)) {
        let why = "spec.persistentvolumesource is immutable after creation";
        flaws.push(Flaw::forbidden("spec.persistentvolumesource", why));
    }
    kept(&["volumeMode"], old, new, flaws);
    let affinity = &new["nodeAffinity"];
    if !old["nodeAffinity"].is_null() && old["nodeAffinity"] != *affinity {
        let why = "field is immutable, except for updating from beta label to GA";
        flaws.push(Flaw::showing("nodeAffinity", &node_selector::printed_affinity(affinity), why));
    }
}

fn claim(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    let bound = old["status"]["phase"] == "Bound";
    let mut compared = new["spec"].clone();
    if bound {
        compared["resources"]["requests"] = old["spec"]["resources"]["requests"].clone();
    }
    let unbound = old["spec"]["volumeName"].as_str().unwrap_or_default().is_empty();
    let class = if bound { "volumeAttributesClassName" } else { "" };
    // A claim of no class may get one late.
    let classless = old["spec"]["storageClassName"].is_null();
    let free = [class, if unbound { "volumeName" } else { "" }, if classless { "storageClassName" } else { "" }];
    if changed(&old["spec"], &compared, &free) {
        let why =
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        flaws.push(Flaw::forbidden("spec", why));
    }
    let size = |claim: &Value| quantity::nanos(claim["spec"]["resources"]["requests"]["storage"].as_str()?);
    let held = new["status"]["capacity"]["storage"].as_str().and_then(quantity::nanos).unwrap_or_default();
    if size(new).zip(size(old)).is_some_and(|(new, old)| new < old && new <= held) {
        let why = "field can not be less than status.capacity";
        flaws.push(Flaw::forbidden("spec.resources.requests.storage", why));
    }
    kept(&["volumeMode"], &old["spec"], &new["spec"], flaws);
}

/// The server shows the reference with the names that its own code has for these fields.
fn role(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    if old != new {
        let shown = printed(new, &[("APIGroup", "\"\""), ("Kind", "\"\""), ("Name", "\"\"")]);
        flaws.push(Flaw::showing("roleRef", &shown, "cannot change roleRef"));
    }
}

/// Whether any field differs, but for those that are free to.
fn changed(old: &Value, new: &Value, free: &[&str]) -> bool {
    let fields =
        |spec: &Value| spec.as_object().into_iter().flatten().map(|(field, _)| field.clone()).collect::<Vec<_>>();
    let mut all = fields(old).into_iter().chain(fields(new));
    all.any(|field| !free.contains(&field.as_str()) && old[&field] != new[&field])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::cluster::FakeCluster;

    /// What a merge of fields into an object is refused with.
    fn refusal(object: &Value, change: impl FnOnce(&mut Value)) -> Option<String> {
        let cluster = FakeCluster::new();
        let mut changed = cluster.create(object.clone()).expect("an object");
        change(&mut changed);
        cluster.replace(changed).err().map(|status| status.message)
    }

    fn pod() -> Value {
        let spec = json!({"containers": [{"name": "c", "image": "i"}]});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    }

    #[test]
    fn a_pod_may_get_another_image_and_hardly_anything_else() {
        assert_eq!(refusal(&pod(), |pod| pod["spec"]["containers"][0]["image"] = "j".into()), None);
        assert_eq!(refusal(&pod(), |pod| pod["spec"]["activeDeadlineSeconds"] = 5.into()), None);
        assert_eq!(refusal(&pod(), |pod| pod["metadata"]["labels"] = json!({"a": "b"})), None);
        let refused = refusal(&pod(), |pod| pod["spec"]["nodeName"] = "n".into()).expect("a refusal");
        let start = "Pod \"p\" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,";
        assert!(refused.starts_with(start), "{refused}");
        let added = refusal(&pod(), |pod| {
            let container = json!({"name": "d", "image": "i"});
            pod["spec"]["containers"].as_array_mut().expect("containers").push(container);
        });
        let why = "Pod \"p\" is invalid: spec.containers: Forbidden: pod updates may not add or remove containers";
        assert_eq!(added.as_deref(), Some(why));
    }

    #[test]
    fn a_binding_keeps_its_role() {
        let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"});
        let api_version = "rbac.authorization.k8s.io/v1";
        let binding =
            json!({"apiVersion": api_version, "kind": "RoleBinding", "metadata": {"name": "b"}, "roleRef": role});
        let shown = r#"{"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"other"}"#;
        assert_eq!(
            refusal(&binding, |binding| binding["roleRef"]["name"] = "other".into()),
            Some(format!(
                "RoleBinding.rbac.authorization.k8s.io \"b\" is invalid: roleRef: Invalid value: {shown}: cannot change roleRef"
            ))
        );
    }

    #[test]
    fn a_storage_class_keeps_all_but_what_volumes_do_not_lean_on() {
        let api_version = "storage.k8s.io/v1";
        let class =
            json!({"apiVersion": api_version, "kind": "StorageClass", "metadata": {"name": "s"}, "provisioner": "a/b"});
        assert_eq!(refusal(&class, |class| class["allowVolumeExpansion"] = true.into()), None);
        let refused = refusal(&class, |class| {
            class["provisioner"] = "c/d".into();
            class["parameters"] = json!({"a": "b"});
        });
        let flaws = "[parameters: Invalid value: {\"a\":\"b\"}: field is immutable, provisioner: Invalid value: \"c/d\": field is immutable]";
        assert_eq!(refused, Some(format!("StorageClass.storage.k8s.io \"s\" is invalid: {flaws}")));
    }
}
