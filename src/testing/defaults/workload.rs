//! Defaults of the kinds that run pods, and of autoscalers.

use serde_json::{Value, json};

use super::{Fields, amount, child, default, items, made, pod, storage, text};

pub(super) fn deployment(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "replicas", 1);
    default(spec, "revisionHistoryLimit", 10);
    default(spec, "progressDeadlineSeconds", 600);
    rolling(spec, "strategy", [("maxUnavailable", json!("25%")), ("maxSurge", json!("25%"))]);
    pod::template(child(spec, "template"));
}

/// The annotation that says how often the template of a DaemonSet changed.
pub(in crate::testing) const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

pub(super) fn daemon_set(object: &mut Fields) {
    // A field of old, which is an annotation now, and 0 where it is missing.
    if let Some(annotations) = made(object, "metadata").and_then(|metadata| made(metadata, "annotations")) {
        default(annotations, TEMPLATE_GENERATION, "0");
    }
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "revisionHistoryLimit", 10);
    rolling(spec, "updateStrategy", [("maxUnavailable", json!(1)), ("maxSurge", json!(0))]);
    pod::template(child(spec, "template"));
}

pub(super) fn stateful_set(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "podManagementPolicy", "OrderedReady");
    default(spec, "replicas", 1);
    default(spec, "revisionHistoryLimit", 10);
    if let Some(strategy) = made(spec, "updateStrategy") {
        if text(strategy, "type").is_empty() {
            default(strategy, "type", "RollingUpdate");
            made(strategy, "rollingUpdate");
        }
        let rolls = text(strategy, "type") == "RollingUpdate";
        if let Some(rolling) = child(strategy, "rollingUpdate").filter(|_| rolls) {
            default(rolling, "partition", 0);
        }
    }
    if let Some(policy) = made(spec, "persistentVolumeClaimRetentionPolicy") {
        default(policy, "whenDeleted", "Retain");
        default(policy, "whenScaled", "Retain");
    }
    for claim in items(spec, "volumeClaimTemplates") {
        default(claim, "apiVersion", "v1");
        default(claim, "kind", "PersistentVolumeClaim");
        storage::claim(claim);
    }
    pod::template(child(spec, "template"));
}

pub(super) fn replica_set(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "replicas", 1);
    pod::template(child(spec, "template"));
}

pub(super) fn replication_controller(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "replicas", 1);
    pod::template(child(spec, "template"));
    let labels = template_labels(spec);
    if !labels.is_null() {
        default(spec, "selector", labels.clone());
        if let Some(metadata) = made(object, "metadata") {
            default(metadata, "labels", labels);
        }
    }
}

pub(super) fn job(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    job_spec(spec);
    let labels = template_labels(spec);
    if let Some(metadata) = made(object, "metadata").filter(|_| !labels.is_null()) {
        default(metadata, "labels", labels);
    }
}

pub(super) fn cron_job(object: &mut Fields) {
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "concurrencyPolicy", "Allow");
    default(spec, "suspend", false);
    default(spec, "successfulJobsHistoryLimit", 3);
    default(spec, "failedJobsHistoryLimit", 1);
    // A template of jobs gets none of their defaults, those of its pods it does.
    if let Some(spec) = child(spec, "jobTemplate").and_then(|template| child(template, "spec")) {
        pod::template(child(spec, "template"));
    }
}

fn job_spec(spec: &mut Fields) {
    if !spec.contains_key("completions") && !spec.contains_key("parallelism") {
        default(spec, "completions", 1);
    }
    default(spec, "parallelism", 1);
    let by_index = spec.contains_key("backoffLimitPerIndex");
    default(spec, "backoffLimit", if by_index { i32::MAX } else { 6 });
    default(spec, "completionMode", "NonIndexed");
    default(spec, "suspend", false);
    let by_policy = spec.contains_key("podFailurePolicy");
    default(spec, "podReplacementPolicy", if by_policy { "Failed" } else { "TerminatingOrFailed" });
    default(spec, "manualSelector", false);
    for rule in child(spec, "podFailurePolicy").into_iter().flat_map(|policy| items(policy, "rules")) {
        items(rule, "onPodConditions").for_each(|pattern| default(pattern, "status", "True"));
    }
    pod::template(child(spec, "template"));
}

pub(super) fn autoscaler(object: &mut Fields) {
    if let Some(status) = child(object, "status") {
        items(status, "currentMetrics").for_each(|metric| amounts_of(metric, "current"));
    }
    let Some(spec) = made(object, "spec") else { return };
    default(spec, "minReplicas", 1);
    default(
        spec,
        "metrics",
        json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]),
    );
    items(spec, "metrics").for_each(|metric| amounts_of(metric, "target"));
    let Some(behavior) = child(spec, "behavior") else { return };
    let rule = |kind: &str, value: i32, seconds: i32| json!({"type": kind, "value": value, "periodSeconds": seconds});
    if let Some(up) = made(behavior, "scaleUp") {
        amount(up, "tolerance");
        default(up, "stabilizationWindowSeconds", 0);
        default(up, "selectPolicy", "Max");
        default(up, "policies", json!([rule("Pods", 4, 15), rule("Percent", 100, 15)]));
    }
    if let Some(down) = made(behavior, "scaleDown") {
        amount(down, "tolerance");
        default(down, "selectPolicy", "Max");
        default(down, "policies", json!([rule("Percent", 100, 15)]));
    }
}

/// Brings the quantities of a metric into the server's form.
fn amounts_of(metric: &mut Fields, field: &str) {
    for source in ["resource", "containerResource", "pods", "object", "external"] {
        if let Some(amounts) = child(metric, source).and_then(|source| child(source, field)) {
            ["value", "averageValue"].into_iter().for_each(|field| amount(amounts, field));
        }
    }
}

/// How pods are replaced: a few at a time unless something else is said.
fn rolling(spec: &mut Fields, field: &str, defaults: [(&str, Value); 2]) {
    let Some(strategy) = made(spec, field) else { return };
    default(strategy, "type", "RollingUpdate");
    if text(strategy, "type") != "RollingUpdate" {
        return;
    }
    if let Some(rolling) = made(strategy, "rollingUpdate") {
        defaults.into_iter().for_each(|(field, value)| default(rolling, field, value));
    }
}

fn template_labels(spec: &Fields) -> Value {
    spec.get("template").map(|template| template["metadata"]["labels"].clone()).unwrap_or_default()
}
