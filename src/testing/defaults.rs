//! Defaults: the fields that the server fills in when a client leaves them out, and the canonical forms of values.
//!
//! First come the empty values of all fields that are always written (see [`Shape`](super::shape)), so that they stand
//! where the defaults below look for them. The modules below have the defaults of the kinds, by group. The writer of an
//! object owns its defaults. Fields that the server sets on its own account, and that nobody owns, are in
//! [`prepare`](super::prepare).

mod container;
mod content;
mod network;
mod pod;
mod policy;
mod service;
mod storage;
mod workload;

use serde_json::{Map, Value};

use super::{
    kinds::{CRDS, Kind},
    quantity,
};

pub(super) use content::bear_name;
pub(super) use workload::TEMPLATE_GENERATION;

type Fields = Map<String, Value>;

/// Makes of the object a client sent the one it means. `time` is now.
pub(super) fn apply(kind: &Kind, object: &mut Fields, time: &str) {
    if kind.custom {
        return;
    }
    kind.stored_shape().complete(object);
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "configmaps") => content::config_map(object),
        ("", "secrets") => content::secret(object),
        ("", "namespaces") => content::namespace(object),
        ("", "nodes") => content::node(object),
        ("", "limitranges") => content::limit_range(object),
        ("", "resourcequotas") => content::resource_quota(object),
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
        ("batch", "jobs") => workload::job(object),
        ("batch", "cronjobs") => workload::cron_job(object),
        ("autoscaling", _) => workload::autoscaler(object),
        ("discovery.k8s.io", _) => service::endpoint_slice(object),
        ("networking.k8s.io", "ingressclasses") => network::ingress_class(object),
        ("networking.k8s.io", "networkpolicies") => network::policy(object),
        ("rbac.authorization.k8s.io", _) => policy::access(object),
        ("admissionregistration.k8s.io", _) => policy::admission(object),
        ("flowcontrol.apiserver.k8s.io", _) => policy::flow(object),
        ("scheduling.k8s.io", _) => policy::priority_class(object),
        ("storage.k8s.io", "storageclasses") => storage::class(object),
        ("storage.k8s.io", "csidrivers") => storage::driver(object),
        ("storage.k8s.io", "csistoragecapacities") => storage::capacity(object),
        ("apiregistration.k8s.io", _) => content::api_service(object),
        ("resource.k8s.io", "resourceclaims") => storage::device_claim(object),
        ("resource.k8s.io", "resourceclaimtemplates") => storage::device_claim_template(object),
        ("resource.k8s.io", _) => storage::devices(object, time),
        (_, CRDS) => content::definition(object),
        _ => {}
    }
}

/// Sets a field that is missing; null and an empty text are as good as missing.
fn default(object: &mut Fields, field: &str, value: impl Into<Value>) {
    if object.get(field).is_none_or(|found| found.is_null() || *found == "") {
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

/// A field of old says the first of a list, and the list begins with what the field says, which counts where they differ.
fn first_of(object: &mut Fields, field: &str, list: &str, item: impl Fn(&str) -> Value) {
    let said = text(object, field).to_owned();
    let first = object.get(list).and_then(|list| list.get(0));
    if !said.is_empty() {
        if first != Some(&item(&said)) {
            object.insert(list.to_owned(), vec![item(&said)].into());
        }
    } else if let Some(first) = first.map(|first| first.get("ip").unwrap_or(first).clone()) {
        object.insert(field.to_owned(), first);
    }
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
