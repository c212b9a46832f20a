//! Defaults of pods and pod templates.

use serde_json::{Value, json};

use super::{Fields, amount, amounts, child, container, default, first_of, items, made, storage, text};
use crate::testing::quantity;

/// A pod has more defaults than its template has.
pub(super) fn pod(object: &mut Fields) {
    if let Some(status) = child(object, "status") {
        first_of(status, "podIP", "podIPs", |address| json!({"ip": address}));
    }
    let Some(spec) = made(object, "spec") else { return };
    self::spec(spec);
    for list in ["initContainers", "containers"] {
        items(spec, list).for_each(container::requests_follow_limits);
    }
    pod_requests(spec);
    default(spec, "enableServiceLinks", true);
    if spec.get("hostNetwork") == Some(&Value::Bool(true)) {
        for list in ["initContainers", "containers"] {
            items(spec, list).for_each(container::ports_of_the_host);
        }
    }
}

pub(super) fn template(template: Option<&mut Fields>) {
    template.and_then(|template| child(template, "spec")).into_iter().for_each(spec);
}

fn spec(spec: &mut Fields) {
    default(spec, "dnsPolicy", "ClusterFirst");
    default(spec, "restartPolicy", "Always");
    default(spec, "schedulerName", "default-scheduler");
    default(spec, "terminationGracePeriodSeconds", 30);
    if spec.get("terminationGracePeriodSeconds").and_then(Value::as_i64).is_some_and(|seconds| seconds < 0) {
        spec.insert("terminationGracePeriodSeconds".to_owned(), 1.into());
    }
    made(spec, "securityContext");
    // One field under its old and its new name.
    let account = [text(spec, "serviceAccountName"), text(spec, "serviceAccount")];
    let account = account.into_iter().find(|name| !name.is_empty()).map(str::to_owned);
    for field in ["serviceAccountName", "serviceAccount"] {
        spec.extend(account.clone().map(|name| (field.to_owned(), name.into())));
    }
    amounts(spec, "overhead");
    child(spec, "resources").into_iter().for_each(container::resources);
    items(spec, "volumes").for_each(volume);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        items(spec, list).for_each(container::container);
    }
}

fn volume(volume: &mut Fields) {
    if volume.keys().all(|field| field == "name") {
        volume.insert("emptyDir".to_owned(), json!({}));
    }
    for (source, mode) in [("secret", 0o644), ("configMap", 0o644), ("projected", 0o644), ("downwardAPI", 0o644)] {
        child(volume, source).into_iter().for_each(|source| default(source, "defaultMode", mode));
    }
    if let Some(source) = child(volume, "emptyDir") {
        amount(source, "sizeLimit");
    }
    if let Some(source) = child(volume, "downwardAPI") {
        downward(source);
    }
    for source in child(volume, "projected").into_iter().flat_map(|source| items(source, "sources")) {
        child(source, "downwardAPI").into_iter().for_each(downward);
        child(source, "serviceAccountToken").into_iter().for_each(|token| default(token, "expirationSeconds", 3600));
    }
    if let Some(claim) = child(volume, "ephemeral").and_then(|source| child(source, "volumeClaimTemplate")) {
        child(claim, "spec").into_iter().for_each(storage::claim_spec);
    }
    if let Some(image) = child(volume, "image") {
        let policy = container::pull_policy(text(image, "reference"));
        default(image, "pullPolicy", policy);
    }
    storage::source(volume);
}

fn downward(source: &mut Fields) {
    for item in items(source, "items") {
        container::references(item);
    }
}

/// What a pod as a whole asks for, where it has limits and does not say: what its containers ask for, else its limits.
fn pod_requests(spec: &mut Fields) {
    let limits = child(spec, "resources").and_then(|resources| resources.get("limits")?.as_object().cloned());
    let Some(limits) = limits else { return };
    let mut sums = Fields::new();
    for asked in items(spec, "containers").filter_map(|container| container.get("resources")?["requests"].as_object()) {
        for (name, amount) in asked.iter().filter(|(name, _)| ["cpu", "memory"].contains(&name.as_str())) {
            sums.insert(name.clone(), sum(sums.get(name), amount));
        }
    }
    let Some(resources) = child(spec, "resources") else { return };
    let Some(requests) = made(resources, "requests") else { return };
    for (name, amount) in sums.into_iter().chain(limits) {
        requests.entry(name).or_insert(amount);
    }
}

/// Two amounts in the form of the first.
fn sum(first: Option<&Value>, second: &Value) -> Value {
    let (Some(first), Some(second)) = (first.and_then(Value::as_str), second.as_str()) else {
        return second.clone();
    };
    quantity::sum(first, second).map_or(Value::Null, Value::String)
}
