//! What the server refuses in StatefulSets.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    super::status::Flaw, items, metadata::label_problems, not_negative, one_of, pod, printed, problems, storage, text,
    workload,
};

const STRATEGY: &str = "spec.updateStrategy";

pub(super) fn check(spec: &Value, flaws: &mut Vec<Flaw>) {
    if !["OrderedReady", "Parallel"].contains(&text(&spec["podManagementPolicy"])) {
        let why = "must be 'OrderedReady' or 'Parallel'";
        flaws.push(Flaw::invalid("spec.podManagementPolicy", spec["podManagementPolicy"].clone(), why));
    }
    strategy(&spec["updateStrategy"], flaws);
    for field in ["whenDeleted", "whenScaled"] {
        let path = format!("spec.persistentVolumeClaimRetentionPolicy.{field}");
        one_of(&spec["persistentVolumeClaimRetentionPolicy"][field], &path, &["Retain", "Delete"], flaws);
    }
    for (place, claim) in items(spec, "volumeClaimTemplates").iter().enumerate() {
        storage::claim(&claim["spec"], &format!("spec.volumeClaimTemplates[{place}].spec"), flaws);
    }
    for field in ["replicas", "minReadySeconds"] {
        not_negative(&spec[field], &format!("spec.{field}"), flaws);
    }
    not_negative(&spec["ordinals"]["start"], "spec.ordinals.start", flaws);
    let service = text(&spec["serviceName"]);
    problems("spec.serviceName", service, label_problems(service), flaws);
    let spec = &of_pods(spec);
    workload::selected(spec, "statefulset", true, flaws);
    pod::lasts(&spec["template"], workload::TEMPLATE, "StatefulSet", flaws);
}

fn strategy(strategy: &Value, flaws: &mut Vec<Flaw>) {
    let rolling = &strategy["rollingUpdate"];
    match text(&strategy["type"]) {
        "OnDelete" if rolling.is_object() => {
            let shown = printed(rolling, &[("Partition", "0"), ("MaxUnavailable", "null")]);
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            flaws.push(Flaw::showing(format!("{STRATEGY}.rollingUpdate"), &shown, why));
        }
        "OnDelete" => {}
        "RollingUpdate" => {
            not_negative(&rolling["partition"], &format!("{STRATEGY}.rollingUpdate.partition"), flaws);
        }
        _ => {
            let shown = printed(strategy, &[("Type", "\"\""), ("RollingUpdate", "null")]);
            flaws.push(Flaw::showing(STRATEGY, &shown, "must be 'RollingUpdate' or 'OnDelete'"));
        }
    }
}

/// The specification with its pods as they will be: each claim is a volume, and their names are not the template's.
fn of_pods(spec: &Value) -> Value {
    let mut spec = spec.clone();
    let names: Vec<_> =
        items(&spec, "volumeClaimTemplates").iter().map(|claim| claim["metadata"]["name"].clone()).collect();
    let Some(pod) = spec["template"]["spec"].as_object_mut() else { return spec };
    pod.remove("subdomain");
    pod.remove("hostname");
    if names.is_empty() {
        return spec;
    }
    let mut seen = HashSet::new();
    let claimed = names.iter().map(text).filter(|name| seen.insert(*name));
    let mut volumes: Vec<_> =
        claimed.map(|name| json!({"name": name, "persistentVolumeClaim": {"claimName": name}})).collect();
    let others = pod.remove("volumes");
    let others = others.iter().flat_map(|volumes| volumes.as_array()).flatten();
    volumes.extend(others.filter(|volume| !seen.contains(text(&volume["name"]))).cloned());
    pod.insert("volumes".to_owned(), volumes.into());
    spec
}
