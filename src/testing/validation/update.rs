//! What makes an object unacceptable in the place of another.
//!
//! The server looks at metadata for all kinds alike, and then most kinds look again, so that a Status tells the same
//! several times. How often, and what comes first, differs from kind to kind.

use serde_json::Value;

use super::{
    super::{
        kinds::{Kind, Part},
        status::Flaw,
    },
    certificate, contents, event, finalizers, frozen, metadata, pod_part,
};

/// What is replaced, and the part of it that was written.
pub(in super::super) struct Old<'o> {
    pub(in super::super) value: &'o Value,
    pub(in super::super) part: Option<&'o Part>,
}

/// What a kind looks at on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// What must not change, and labels, annotations and owners.
    Changes,
    /// The same, and finalizers.
    ChangesAndFinalizers,
    /// The metadata as in a new object.
    Whole,
}

/// Everything wrong with an object that is to take the place of another, in the server's order.
pub(in super::super) fn update(kind: &Kind, old: &Old<'_>, new: &Value) -> Vec<Flaw> {
    let mut flaws = metadata::common(new);
    flaws.extend(changes(old.value, new));
    let looks = looks(kind, old.part);
    let whole = old.part != Some(&Part::Status);
    let contents = || if whole { contents(kind, new) } else { Vec::new() };
    let frozen = || match old.part {
        Some(Part::Status) => status(kind, old.value, new),
        part => frozen(kind, old.value, part, new),
    };
    // Pods are looked at as a whole before they are compared.
    let both = looks.contains(&Look::Whole) && looks.iter().any(|look| *look != Look::Whole);
    let last = !both || kind.is_core("pods");
    for look in looks {
        match look {
            Look::Whole => {
                flaws.extend(metadata::whole(kind, new));
                flaws.extend(contents());
            }
            Look::Changes | Look::ChangesAndFinalizers => {
                flaws.extend(changes(old.value, new));
                if *look == Look::ChangesAndFinalizers {
                    flaws.extend(metadata::owned(&new["metadata"]["finalizers"], "metadata.finalizers"));
                }
                if looks.contains(&Look::Whole) && !last {
                    flaws.extend(frozen());
                }
            }
        }
    }
    if !looks.contains(&Look::Whole) {
        flaws.extend(contents());
    }
    if last {
        flaws.extend(frozen());
    }
    flaws
}

fn looks(kind: &Kind, part: Option<&Part>) -> &'static [Look] {
    use Look::{Changes, ChangesAndFinalizers, Whole};
    match (kind.plural.as_str(), part) {
        _ if kind.custom || kind.is_definition() => &[Changes],
        _ if kind.is_core("events") => &[],
        ("cronjobs", Some(Part::Status)) | ("poddisruptionbudgets", _) => &[],
        ("events", _) => &[Changes],
        (_, Some(Part::Status | Part::Finalize)) => &[ChangesAndFinalizers],
        ("leases", _) => &[Changes],
        (
            "cronjobs"
            | "csidrivers"
            | "daemonsets"
            | "deployments"
            | "networkpolicies"
            | "podtemplates"
            | "priorityclasses"
            | "replicasets"
            | "replicationcontrollers"
            | "resourcequotas"
            | "services"
            | "statefulsets",
            _,
        ) => &[ChangesAndFinalizers],
        ("endpointslices" | "flowschemas" | "limitranges", _) => &[Whole],
        ("persistentvolumes", _) => &[Whole, Whole],
        ("jobs" | "namespaces" | "nodes" | "storageclasses", _) => &[Whole, ChangesAndFinalizers],
        _ if kind.group == "rbac.authorization.k8s.io" => &[Whole, ChangesAndFinalizers],
        _ if kind.group == "admissionregistration.k8s.io" => &[Whole],
        _ if kind.group == "node.k8s.io" => &[Whole, Changes],
        _ => &[ChangesAndFinalizers, Whole],
    }
}

/// What of the metadata must not change, and what is wrong with it then.
fn changes(old: &Value, new: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if !old["metadata"]["deletionTimestamp"].is_null() {
        let had = finalizers(old);
        let added: Vec<_> = finalizers(new).into_iter().filter(|name| !had.contains(name)).collect();
        if !added.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
            );
            flaws.push(Flaw::forbidden("metadata.finalizers", why));
        }
    }
    for field in ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        let new = &new["metadata"][field];
        if old["metadata"][field] != *new {
            flaws.push(Flaw::invalid(format!("metadata.{field}"), new.clone(), "field is immutable"));
        }
    }
    flaws.extend(metadata::words(new));
    flaws
}

/// What beside the metadata must not change.
fn frozen(kind: &Kind, old: &Value, part: Option<&Part>, new: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    match part {
        _ if kind.custom => {}
        Some(Part::EphemeralContainers) => pod_part::ephemeral_containers(old, new, &mut flaws),
        Some(Part::Resize) => pod_part::resize(old, new, &mut flaws),
        Some(Part::Approval) => certificate::check(old, part, new, &mut flaws),
        _ if kind.group == "events.k8s.io" => event::frozen(old, new, &mut flaws),
        _ => frozen::check(&kind.plural, old, new, &mut flaws),
    }
    flaws
}

/// What a status must not say.
fn status(kind: &Kind, old: &Value, new: &Value) -> Vec<Flaw> {
    if kind.plural == "certificatesigningrequests" && !kind.custom {
        let mut flaws = Vec::new();
        certificate::check(old, Some(&Part::Status), new, &mut flaws);
        return flaws;
    }
    let balanced = new["status"]["loadBalancer"]["ingress"].as_array().is_some_and(|ingress| !ingress.is_empty());
    if kind.is_core("services") && balanced && new["spec"]["type"] != "LoadBalancer" {
        let why = "may only be used when `spec.type` is 'LoadBalancer'";
        return vec![Flaw::forbidden("status.loadBalancer.ingress", why)];
    }
    Vec::new()
}
