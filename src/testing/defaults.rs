//! What the server fills in where a client leaves it open, and the forms it has for what means the same.
//!
//! Each kind has its defaults: the modules below have them in the groups in which the server has its kinds. Whoever
//! writes an object owns its defaults, so what the server sets on its own account is not here but in
//! [`prepare`](super::prepare).

mod container;
mod content;
mod network;
mod pod;
mod policy;
mod service;
mod status;
mod storage;
mod workload;

use serde_json::{Map, Value};

use super::{
    kinds::{CRDS, Kind},
    quantity, shape,
};

pub(super) use content::bear_name;
pub(super) use workload::TEMPLATE_GENERATION;

type Fields = Map<String, Value>;

/// Makes of the object a client sent the one it means. `time` is now.
pub(super) fn apply(kind: &Kind, object: &mut Fields, time: &str) {
    if kind.custom {
        return;
    }
    status::unsaid(kind, object);
    let zero = shape::zero(&kind.api_version(&kind.stored), &kind.kind);
    if let Some(zero) = zero.get("status").and_then(Value::as_object) {
        made(object, "status").into_iter().for_each(|status| fill_in(status, zero));
    }
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "configmaps") => content::config_map(object),
        ("", "secrets") => content::secret(object),
        ("", "namespaces") => content::namespace(object),
        ("", "nodes") => content::node(object),
        ("", "limitranges") => content::limit_range(object),
        ("", "resourcequotas") => content::resource_quota(object),
        ("" | "events.k8s.io", "events") => fill_in(object, zero),
        ("", "pods") => pod::pod(object),
        ("", "podtemplates") => pod::template(child(object, "template")),
        ("", "replicationcontrollers") => workload::replication_controller(object),
        ("", "services") => service::service(object),
        ("", "endpoints") => service::endpoints(object),
        ("", "persistentvolumes") => storage::volume(object),
        ("", "persistentvolumeclaims") => storage::claim(object),
        ("apps", "deployments") => workload::deployment(object),
        ("apps", "replicasets") => workload::replica_set(object),
        ("apps", "statefulsets") => workload::stateful_set(object),
        ("apps", "daemonsets") => workload::daemon_set(object),
        ("apps", "controllerrevisions") => default(object, "revision", 0),
        ("batch", "jobs") => workload::job(object),
        ("batch", "cronjobs") => workload::cron_job(object),
        ("autoscaling", _) => workload::autoscaler(object),
        ("discovery.k8s.io", _) => service::endpoint_slice(object),
        ("networking.k8s.io", "ingresses") => network::ingress(object),
        ("networking.k8s.io", "ingressclasses") => network::ingress_class(object),
        ("networking.k8s.io", "networkpolicies") => network::policy(object),
        ("rbac.authorization.k8s.io", _) => policy::access(object),
        ("admissionregistration.k8s.io", _) => policy::admission(object),
        ("flowcontrol.apiserver.k8s.io", _) => policy::flow(object),
        ("scheduling.k8s.io", _) => policy::priority_class(object),
        ("policy", _) => policy::disruption_budget(object),
        ("coordination.k8s.io", _) => {
            made(object, "spec");
        }
        ("storage.k8s.io", "storageclasses") => storage::class(object),
        ("storage.k8s.io", "csidrivers") => storage::driver(object),
        ("storage.k8s.io", "csinodes") => storage::node(object),
        ("storage.k8s.io", "csistoragecapacities") => storage::capacity(object),
        ("apiregistration.k8s.io", _) => content::api_service(object),
        ("resource.k8s.io", "resourceclaims") => storage::device_claim(object),
        ("resource.k8s.io", "resourceclaimtemplates") => storage::device_claim_template(object),
        ("resource.k8s.io", _) => storage::devices(object, time),
        (_, CRDS) => content::definition(object),
        _ => {}
    }
}

/// Sets what the server's types say where nobody said anything: counts of 0, lists that are not there.
fn fill_in(object: &mut Fields, zero: &Fields) {
    for (field, zero) in zero {
        match (object.get_mut(field), zero) {
            (None, _) => drop(object.insert(field.clone(), zero.clone())),
            (Some(Value::Object(fields)), Value::Object(zero)) => fill_in(fields, zero),
            _ => {}
        }
    }
}

/// Sets a field that is missing; an empty text is as good as missing.
fn default(object: &mut Fields, field: &str, value: impl Into<Value>) {
    if object.get(field).is_none_or(|found| *found == "") {
        object.insert(field.to_owned(), value.into());
    }
}

/// The same where 0 is as good as missing.
fn default_number(object: &mut Fields, field: &str, value: i64) {
    if object.get(field).is_none_or(|found| *found == 0) {
        object.insert(field.to_owned(), value.into());
    }
}

/// Takes out a field that says nothing.
fn nothing_as_absent(object: &mut Fields, field: &str) {
    let says_nothing = |value: &Value| *value == "" || value.as_object().is_some_and(Map::is_empty);
    if object.get(field).is_some_and(says_nothing) {
        object.remove(field);
    }
}

/// The object in a field, if one is there.
fn child<'o>(object: &'o mut Fields, field: &str) -> Option<&'o mut Fields> {
    object.get_mut(field)?.as_object_mut()
}

/// The object in a field, which is made where it is missing. Nothing where something else is there.
fn made<'o>(object: &'o mut Fields, field: &str) -> Option<&'o mut Fields> {
    object.entry(field).or_insert_with(|| Value::Object(Fields::new())).as_object_mut()
}

/// The objects in a list.
fn items<'o>(object: &'o mut Fields, field: &str) -> impl Iterator<Item = &'o mut Fields> {
    let items = object.get_mut(field).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// A text, empty where there is none.
fn text<'o>(object: &'o Fields, field: &str) -> &'o str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Brings the amounts of resources in a field into the server's form.
fn amounts(object: &mut Fields, field: &str) {
    child(object, field).into_iter().flat_map(Map::values_mut).for_each(|value| print(value, quantity::resource));
}

/// Brings the quantity in a field into the server's form.
fn amount(object: &mut Fields, field: &str) {
    object.get_mut(field).into_iter().for_each(|value| print(value, quantity::canonical));
}

fn print(value: &mut Value, form: fn(&str) -> Option<String>) {
    let said = match value {
        Value::String(text) => form(text),
        Value::Number(number) => form(&number.to_string()),
        _ => None,
    };
    said.into_iter().for_each(|form| *value = form.into());
}
