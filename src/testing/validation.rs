//! Validation of objects. This file says what is checked for each kind; the checks are in the modules below.
//!
//! It covers common mistakes, not everything that the server checks; of statuses, only those of pods and the counts.

mod address;
mod advice;
mod affinity;
mod api_service;
mod autoscaler;
mod certificate;
mod container;
mod content;
mod daemon_set;
mod definition;
mod dns;
mod downward;
mod driver;
mod endpoints;
mod env;
mod event;
mod flow;
mod frozen;
mod ingress;
mod job;
mod job_status;
mod label_selector;
mod limits;
mod metadata;
mod mount;
mod name;
mod network_policy;
mod node_selector;
mod path;
mod persistent_volume;
mod pod;
mod pod_part;
mod policy;
mod probe;
mod projected;
mod quota;
mod resource;
mod rule;
mod runtime_class;
mod schedule;
mod security;
mod service;
mod service_address;
mod service_range;
mod spread;
mod stateful_set;
mod status;
mod storage;
mod structure;
mod update;
mod volume;
mod webhook;
mod workload;

use serde_json::Value;

use super::{
    kinds::{CRDS, Kind},
    status::Flaw,
};

pub(super) use advice::advice;
pub(super) use metadata::new_finalizers;
pub(super) use service_address::cluster as addresses;
pub(super) use update::{Old, update};

/// Everything wrong with an object that is to be stored, in the server's order.
pub(super) fn flaws(kind: &Kind, object: &Value) -> Vec<Flaw> {
    if metadata::is_looked_at_last(kind) {
        let flaws = contents(kind, object);
        return if flaws.is_empty() { metadata::common(object) } else { flaws };
    }
    let mut flaws = metadata::whole(kind, object);
    flaws.extend(contents(kind, object));
    flaws
}

/// What is wrong beside the metadata.
fn contents(kind: &Kind, object: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let new = object["metadata"]["resourceVersion"].is_null();
    match kind.plural.as_str() {
        _ if kind.custom => {}
        "controllerrevisions" => content::revision(object, &mut flaws),
        "csidrivers" => driver::driver(object, &mut flaws),
        "csinodes" => driver::node(object, &mut flaws),
        "csistoragecapacities" => driver::capacity(object, &mut flaws),
        "volumeattachments" => driver::attachment(object, &mut flaws),
        "volumeattributesclasses" => driver::attributes_class(object, &mut flaws),
        "endpoints" => endpoints::endpoints(object, &mut flaws),
        "ingressclasses" => ingress::class(object, &mut flaws),
        "limitranges" => limits::check(object, &mut flaws),
        "networkpolicies" => network_policy::check(object, &mut flaws),
        "resourcequotas" => quota::check(object, &mut flaws),
        "mutatingwebhookconfigurations" | "validatingwebhookconfigurations" => webhook::check(object, &mut flaws),
        "apiservices" => api_service::check(object, &mut flaws),
        "flowschemas" => flow::schema(object, &mut flaws),
        "prioritylevelconfigurations" => flow::level(object, &mut flaws),
        "runtimeclasses" => runtime_class::check(object, &mut flaws),
        "ipaddresses" if new => service_range::address(object, &mut flaws),
        "servicecidrs" if new => service_range::check(object, &mut flaws),
        "certificatesigningrequests" if new => certificate::request(object, &mut flaws),
        "ingresses" => ingress::check(object, &mut flaws),
        "services" => service::check(object, &mut flaws),
        "endpointslices" => endpoints::slice(object, &mut flaws),
        "events" => event::check(kind, object, &mut flaws),
        "configmaps" => content::config_map(object, &mut flaws),
        "secrets" => content::secret(object, &mut flaws),
        "namespaces" => flaws.extend(metadata::of_content(&object["spec"]["finalizers"], "spec.finalizers")),
        CRDS => definition::check(object, &mut flaws),
        "pods" => pod::pod(object, &mut flaws),
        "podtemplates" => pod::template(&object["template"], "template", &mut flaws),
        "persistentvolumes" => persistent_volume::check(object, &mut flaws),
        "persistentvolumeclaims" => storage::claim(&object["spec"], "spec", &mut flaws),
        "storageclasses" => storage::class(object, &mut flaws),
        "roles" => policy::role(object, true, &mut flaws),
        "clusterroles" => {
            policy::role(object, false, &mut flaws);
            policy::aggregation(object, &mut flaws);
        }
        "rolebindings" | "clusterrolebindings" => policy::binding(object, kind.namespaced, &mut flaws),
        "poddisruptionbudgets" => policy::disruption_budget(object, &mut flaws),
        "horizontalpodautoscalers" => autoscaler::check(object, &mut flaws),
        "leases" => policy::lease(object, &mut flaws),
        "priorityclasses" if new => policy::priority_class(object, &mut flaws),
        plural => workload::check(plural, object, &mut flaws),
    }
    flaws
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

/// Something has to be there.
fn needed(value: &Value, field: &str, why: &str, flaws: &mut Vec<Flaw>) {
    if value.is_null() || value == "" {
        flaws.push(Flaw::required(field, why));
    }
}

/// An item of a list has a name, a DNS label that no other item has.
fn item_name(item: &str, name: &str, new: bool, flaws: &mut Vec<Flaw>) {
    let field = format!("{item}.name");
    if name.is_empty() {
        flaws.push(Flaw::required(field, ""));
    } else if !metadata::label_problems(name).is_empty() {
        problems(&field, name, metadata::label_problems(name), flaws);
    } else if !new {
        flaws.push(Flaw::duplicate(field, name));
    }
}

/// A text that is there is one of these.
fn one_of(value: &Value, field: &str, known: &[&str], flaws: &mut Vec<Flaw>) {
    let said = text(value);
    if !said.is_empty() && !known.contains(&said) {
        flaws.push(Flaw::unsupported(field, said, known));
    }
}

/// Something that is there is one of these, even where it is empty.
fn chosen(value: &Value, field: &str, known: &[&str], flaws: &mut Vec<Flaw>) {
    if let Some(said) = value.as_str().filter(|said| !known.contains(said)) {
        flaws.push(Flaw::unsupported(field, said, known));
    }
}

/// A struct as the server prints it, by the names that its own code has for these fields, with what it prints for those
/// that are not there.
fn printed(value: &Value, fields: &[(&str, &str)]) -> String {
    let shown = |(name, nothing): &(&str, &str)| {
        let found = value.as_object().into_iter().flatten().find(|(field, _)| field.eq_ignore_ascii_case(name));
        let found = found.filter(|(_, found)| !found.is_null()).map(|(_, found)| found.to_string());
        format!("{name:?}:{}", found.unwrap_or_else(|| (*nothing).to_owned()))
    };
    format!("{{{}}}", fields.iter().map(shown).collect::<Vec<_>>().join(","))
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

pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
