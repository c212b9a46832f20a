//! What admission adds to pods: resources, a quality of service class, tolerations.
//!
//! Not here: their priority ([`priority`]), limits ([`limit_range`]).

use std::collections::BTreeMap;

use kube::core::Status;
use serde_json::{Value, json};

use super::{
    super::{quantity, state::State, write::Write},
    Fields, at, keep, limit_range, priority,
};

pub(super) fn create(state: &State, pod: &mut Fields, write: Write<'_>) -> Result<(), Box<Status>> {
    if !write.force {
        limit_range::fill_in(state, pod);
    }
    tolerate(pod);
    priority::give(state, pod, write)?;
    let class = quality(at(pod, "spec"));
    let time = state.time();
    let gated = at(pod, "spec")["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty());
    if let Some(status) = pod.get_mut("status").and_then(Value::as_object_mut) {
        status.entry("qosClass").or_insert_with(|| class.into());
        if gated {
            let message = "Scheduling is blocked due to non-empty scheduling gates";
            let condition = json!({
                "type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": message,
                "lastProbeTime": null, "lastTransitionTime": time,
            });
            status.entry("conditions").or_insert_with(|| json!([condition]));
        }
    }
    Ok(())
}

/// What a pod was given it keeps where its writer leaves it open.
pub(super) fn update(live: &Value, pod: &mut Fields) {
    tolerate(pod);
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return };
    for field in ["priority", "preemptionPolicy"] {
        if !spec.contains_key(field) {
            keep(spec, &live["spec"], field);
        }
    }
}

/// A pod stays for five minutes on a node that cannot be reached, unless it says how long.
fn tolerate(pod: &mut Fields) {
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let Some(tolerations) = spec.entry("tolerations").or_insert_with(|| json!([])).as_array_mut() else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let meant = |said: &Value, wanted: &str| said.as_str().is_none_or(|said| said.is_empty() || said == wanted);
        let tolerated = |said: &Value| meant(&said["key"], key) && meant(&said["effect"], "NoExecute");
        if !tolerations.iter().any(tolerated) {
            let toleration = json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
            tolerations.push(toleration);
        }
    }
}

/// How much a pod is promised: all it may use, some of it, or nothing.
pub(in super::super) fn quality(spec: &Value) -> &'static str {
    let (mut requests, mut limits) = (BTreeMap::new(), BTreeMap::new());
    let mut limited = true;
    let whole = ["limits", "requests"].iter().any(|part| spec["resources"][part].is_object());
    let lists = if whole { &[][..] } else { &["initContainers", "containers"][..] };
    let containers = lists.iter().flat_map(|list| spec[list].as_array().into_iter().flatten());
    for resources in containers.map(|container| &container["resources"]).chain(whole.then_some(&spec["resources"])) {
        let mut found = 0;
        for (part, sums) in [("requests", &mut requests), ("limits", &mut limits)] {
            for name in ["cpu", "memory"] {
                let amount = resources[part][name].as_str().and_then(quantity::nanos).filter(|amount| *amount > 0);
                if let Some(amount) = amount {
                    let sum: &mut i128 = sums.entry(name).or_default();
                    *sum = sum.saturating_add(amount);
                    found += i32::from(part == "limits");
                }
            }
        }
        limited &= found == 2;
    }
    match (requests.is_empty() && limits.is_empty(), limited && requests == limits) {
        (true, _) => "BestEffort",
        (false, true) => "Guaranteed",
        (false, false) => "Burstable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(resources: &Value) -> Value {
        json!({"containers": [{"name": "a", "resources": resources}]})
    }

    #[test]
    fn a_pod_is_promised_what_it_asks_for() {
        let all = json!({"cpu": "1", "memory": "1Gi"});
        for (resources, class) in [
            (json!({}), "BestEffort"),
            (json!({"requests": {"cpu": "0"}}), "BestEffort"),
            (json!({"requests": {"cpu": "1"}}), "Burstable"),
            (json!({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}), "Burstable"),
            (json!({"limits": all, "requests": all}), "Guaranteed"),
            (json!({"limits": all, "requests": {"cpu": "1000m", "memory": "1024Mi"}}), "Guaranteed"),
        ] {
            assert_eq!(quality(&spec(&resources)), class, "{resources}");
        }
    }

    #[test]
    fn a_toleration_of_everything_is_enough() {
        let mut pod = json!({"spec": {"tolerations": [{"operator": "Exists"}]}});
        let pod = pod.as_object_mut().unwrap();
        tolerate(pod);
        assert_eq!(pod["spec"]["tolerations"], json!([{"operator": "Exists"}]));
    }
}
