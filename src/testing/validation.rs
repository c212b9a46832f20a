//! What makes an object unacceptable: what to look at for each kind here, the rest in the modules below.
//!
//! It covers what people get wrong, not all the server checks: affinities and security contexts of pods are not looked at.

mod advice;
mod certificate;
mod container;
mod content;
mod definition;
mod event;
mod frozen;
mod ingress;
mod metadata;
mod network;
mod pod;
mod pod_part;
mod policy;
mod storage;
mod structure;
mod update;
mod volume;
mod workload;

use serde_json::Value;

use super::{
    kinds::{CRDS, Kind},
    status::Flaw,
};

pub(super) use advice::advice;
pub(super) use metadata::new_finalizers;
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
    match kind.plural.as_str() {
        _ if kind.custom => {}
        "controllerrevisions" => needed(&object["data"], "data", "data is mandatory", &mut flaws),
        "ingressclasses" => needed(&object["spec"]["controller"], "spec.controller", "", &mut flaws),
        "runtimeclasses" => needed(&object["handler"], "handler", "", &mut flaws),
        "ingresses" => ingress::check(object, &mut flaws),
        "services" => network::service(object, &mut flaws),
        "endpointslices" => network::endpoint_slice(object, &mut flaws),
        "events" => event::check(kind, object, &mut flaws),
        "configmaps" => content::config_map(object, &mut flaws),
        "secrets" => content::secret(object, &mut flaws),
        "namespaces" => flaws.extend(metadata::of_content(&object["spec"]["finalizers"], "spec.finalizers")),
        CRDS => definition::check(object, &mut flaws),
        "pods" => pod::pod(object, &mut flaws),
        "podtemplates" => pod::template(&object["template"], "template", &mut flaws),
        "persistentvolumes" => storage::volume(object, &mut flaws),
        "persistentvolumeclaims" => storage::claim(object, &mut flaws),
        "storageclasses" => storage::class(object, &mut flaws),
        "roles" | "clusterroles" => policy::role(object, kind.namespaced, &mut flaws),
        "rolebindings" | "clusterrolebindings" => policy::binding(object, kind.namespaced, &mut flaws),
        "poddisruptionbudgets" => policy::disruption_budget(object, &mut flaws),
        "horizontalpodautoscalers" => policy::autoscaler(object, &mut flaws),
        "leases" => policy::lease(object, &mut flaws),
        "priorityclasses" => policy::priority_class(object, &mut flaws),
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
