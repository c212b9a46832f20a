//! What makes an object unacceptable: its metadata here, the rest by kind in the modules below.
//!
//! It covers what people get wrong, not all the server checks: schemas of custom kinds, affinities and security contexts
//! of pods are not looked at.

mod container;
mod content;
mod ingress;
mod network;
mod pod;
mod policy;
mod storage;
mod update;
mod volume;
mod workload;

use serde_json::{Map, Value};

use super::{
    kinds::{CRDS, Definition, Kind, Names},
    status::Flaw,
};
use crate::selector;

pub(super) use content::unreadable;

/// Everything wrong with an object that is to be stored, in the server's order.
pub(super) fn flaws(kind: &Kind, object: &Value) -> Vec<Flaw> {
    let mut flaws = metadata(kind, object);
    if kind.custom {
        return flaws;
    }
    match kind.plural.as_str() {
        "pods" => pod::pod(object, &mut flaws),
        "podtemplates" => pod::template(&object["template"], "template", &mut flaws),
        "replicationcontrollers" => workload::replication_controller(object, &mut flaws),
        "replicasets" => workload::replica_set(object, &mut flaws),
        "statefulsets" => workload::stateful_set(object, &mut flaws),
        "daemonsets" => workload::daemon_set(object, &mut flaws),
        "jobs" => workload::job(object, &mut flaws),
        "cronjobs" => workload::cron_job(object, &mut flaws),
        "persistentvolumes" => storage::volume(object, &mut flaws),
        "persistentvolumeclaims" => storage::claim(object, &mut flaws),
        "storageclasses" => storage::class(object, &mut flaws),
        "roles" | "clusterroles" => policy::role(object, kind.namespaced, &mut flaws),
        "rolebindings" | "clusterrolebindings" => policy::binding(object, kind.namespaced, &mut flaws),
        "poddisruptionbudgets" => policy::disruption_budget(object, &mut flaws),
        "horizontalpodautoscalers" => policy::autoscaler(object, &mut flaws),
        "leases" => policy::lease(object, &mut flaws),
        "priorityclasses" => policy::priority_class(object, &mut flaws),
        "ingresses" => ingress::check(object, &mut flaws),
        "services" => network::service(object, &mut flaws),
        "endpointslices" => network::endpoint_slice(object, &mut flaws),
        "configmaps" => content::config_map(object, &mut flaws),
        "secrets" => content::secret(object, &mut flaws),
        "deployments" => workload::deployment(object, &mut flaws),
        CRDS => definition(object, &mut flaws),
        _ => {}
    }
    flaws
}

/// What a replacement must not change; `old` is what it replaces.
pub(super) fn frozen(kind: &Kind, old: &Value, new: &Value) -> Vec<Flaw> {
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
    // The server looks at metadata twice, and tells all it finds.
    flaws.extend(flaws.clone());
    flaws.extend(metadata(kind, new));
    if !kind.custom {
        update::frozen(kind, old, new, &mut flaws);
    }
    flaws
}

pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn metadata(kind: &Kind, object: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let metadata = &object["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    if !text("generateName").is_empty() {
        for problem in name_problems(kind, text("generateName"), true) {
            flaws.push(Flaw::invalid("metadata.generateName", text("generateName"), &problem));
        }
    }
    if text("name").is_empty() {
        flaws.push(Flaw::required("metadata.name", "name or generateName is required"));
    }
    for problem in name_problems(kind, text("name"), false) {
        flaws.push(Flaw::invalid("metadata.name", text("name"), &problem));
    }
    labels(metadata["labels"].as_object(), "metadata.labels", &mut flaws);
    let annotations = metadata["annotations"].as_object();
    let mut bytes = 0;
    for (key, value) in annotations.into_iter().flatten() {
        for problem in selector::key_problems(&key.to_lowercase()) {
            flaws.push(Flaw::invalid("metadata.annotations", key.as_str(), &problem));
        }
        bytes += key.len() + value.as_str().map_or(0, str::len);
    }
    if bytes > 256 * 1024 {
        flaws.push(Flaw::too_long("metadata.annotations", 256 * 1024));
    }
    for owner in metadata["ownerReferences"].as_array().into_iter().flatten() {
        for (field, why) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                flaws.push(Flaw::invalid(format!("metadata.ownerReferences.{field}"), "", why));
            }
        }
    }
    for (index, name) in finalizers(object).into_iter().enumerate() {
        let field = format!("metadata.finalizers[{index}]");
        for problem in selector::key_problems(name) {
            flaws.push(Flaw::invalid(&field, name, &problem));
        }
        if !name.contains('/') && !["foregroundDeletion", "orphan", "kubernetes"].contains(&name) {
            flaws.push(Flaw::invalid(
                &field,
                name,
                "name is neither a standard finalizer name nor is it fully qualified",
            ));
        }
    }
    flaws
}

fn labels(labels: Option<&Map<String, Value>>, field: &str, flaws: &mut Vec<Flaw>) {
    for (key, value) in labels.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        for problem in selector::key_problems(key) {
            flaws.push(Flaw::invalid(field, key.as_str(), &problem));
        }
        for problem in selector::value_problems(value) {
            flaws.push(Flaw::invalid(field, value, &problem));
        }
    }
}

/// What is wrong with a name; a prefix may end with a dash, for more follows.
fn name_problems(kind: &Kind, name: &str, prefix: bool) -> Vec<String> {
    if name.is_empty() {
        return Vec::new();
    }
    let masked = match name.strip_suffix('-') {
        Some(rest) if prefix && !rest.is_empty() => format!("{rest}a"),
        _ => name.to_owned(),
    };
    match kind.names {
        Names::Subdomain => selector::subdomain_problems(&masked),
        Names::Label => label_problems(&masked),
        Names::PathSegment if [".", ".."].contains(&name) => vec![format!("may not be '{name}'")],
        Names::PathSegment => {
            let found = ["/", "%"].into_iter().filter(|part| name.contains(part));
            found.map(|part| format!("may not contain '{part}'")).collect()
        }
    }
}

/// A text, empty where there is none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What is in a list, nothing where there is none.
fn items<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Tells what is wrong with a text that is there.
fn problems(field: &str, value: &str, found: Vec<String>, flaws: &mut Vec<Flaw>) {
    if !value.is_empty() {
        flaws.extend(found.iter().map(|why| Flaw::invalid(field, value, why)));
    }
}

/// A text that is there is one of these.
fn one_of(value: &Value, field: &str, known: &[&str], flaws: &mut Vec<Flaw>) {
    let said = text(value);
    if !said.is_empty() && !known.contains(&said) {
        flaws.push(Flaw::unsupported(field, said, known));
    }
}

fn not_negative(value: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if let Some(number) = value.as_i64().filter(|number| *number < 0) {
        flaws.push(Flaw::invalid(field, number, "must be greater than or equal to 0"));
    }
}

/// A number or a percentage, of no more than all where it is `limited`.
fn share(value: &Value, field: &str, limited: bool, flaws: &mut Vec<Flaw>) {
    let Some(said) = value.as_str() else { return not_negative(value, field, flaws) };
    let percent =
        said.strip_suffix('%').filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    match percent {
        None => {
            let why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', \
                       regex used for validation is '[0-9]+%')";
            flaws.push(Flaw::invalid(field, said, why));
        }
        Some(percent) if limited && percent.parse().is_ok_and(|percent: i64| percent > 100) => {
            flaws.push(Flaw::invalid(field, said, "must not be greater than 100%"));
        }
        Some(_) => {}
    }
}

fn port_problem(field: &str, number: i64) -> Option<Flaw> {
    let wrong = !(1..=65535).contains(&number);
    wrong.then(|| Flaw::invalid(field, number, "must be between 1 and 65535, inclusive"))
}

/// What is wrong with a DNS label (RFC 1123).
fn label_problems(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 63 {
        problems.push("must be no more than 63 bytes".to_owned());
    }
    if !selector::is_dns_label(text) {
        let dotted = text.contains('.') && text.split('.').all(selector::is_dns_label);
        problems.push(if dotted { "must not contain dots".to_owned() } else { LABEL_RULE.to_owned() });
    }
    problems
}

const LABEL_RULE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                          start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
                          validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

fn definition(object: &Value, flaws: &mut Vec<Flaw>) {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let spec = &object["spec"];
    match Definition::read(object) {
        Some(defined) if !name.is_empty() && name != defined.name() => {
            flaws.push(Flaw::invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
        }
        Some(_) => {}
        None => {
            for (value, field) in [
                (&spec["group"], "spec.group"),
                (&spec["names"]["plural"], "spec.names.plural"),
                (&spec["names"]["kind"], "spec.names.kind"),
            ] {
                if value.as_str().unwrap_or_default().is_empty() {
                    flaws.push(Flaw::required(field, ""));
                }
            }
            if spec["versions"].as_array().is_none_or(Vec::is_empty) {
                flaws.push(Flaw::required("spec.versions", ""));
            }
        }
    }
}
