//! What the server refuses in DaemonSets.

use serde_json::Value;

use super::{super::status::Flaw, not_negative, pod, printed, share, text, workload};

const STRATEGY: &str = "spec.updateStrategy";

pub(super) fn check(spec: &Value, flaws: &mut Vec<Flaw>) {
    workload::selected(spec, "daemonset", false, flaws);
    pod::lasts(&spec["template"], workload::TEMPLATE, "DaemonSet", flaws);
    not_negative(&spec["minReadySeconds"], "spec.minReadySeconds", flaws);
    let strategy = &spec["updateStrategy"];
    match text(&strategy["type"]) {
        "OnDelete" => {}
        "RollingUpdate" => rolling(&strategy["rollingUpdate"], flaws),
        _ => {
            let shown = printed(strategy, &[("Type", "\"\""), ("RollingUpdate", "null")]);
            flaws.push(Flaw::unsupported_as(STRATEGY, &shown, &["RollingUpdate", "OnDelete"]));
        }
    }
    not_negative(&spec["revisionHistoryLimit"], "spec.revisionHistoryLimit", flaws);
}

/// Pods are replaced before their successors are there, or after.
fn rolling(rolling: &Value, flaws: &mut Vec<Flaw>) {
    let [unavailable, surge] = ["maxUnavailable", "maxSurge"].map(|part| {
        share(&rolling[part], &format!("{STRATEGY}.rollingUpdate.{part}"), true, flaws);
        match &rolling[part] {
            // What is no percentage counts as none.
            Value::String(said) => said.strip_suffix('%').and_then(|percent| percent.parse().ok()).unwrap_or(0),
            number => number.as_i64().unwrap_or_default(),
        }
    });
    match (unavailable != 0, surge != 0) {
        (true, true) => {
            let why = "may not be set when maxUnavailable is non-zero";
            flaws.push(Flaw::invalid(format!("{STRATEGY}.rollingUpdate.maxSurge"), rolling["maxSurge"].clone(), why));
        }
        (false, false) => {
            let why = "cannot be 0 when maxSurge is 0";
            flaws.push(Flaw::required(format!("{STRATEGY}.rollingUpdate.maxUnavailable"), why));
        }
        _ => {}
    }
}
