//! What makes an object unacceptable: what to look at for each kind here, the rest in the modules below.
//!
//! It covers what manifests get wrong, not all the server checks: pod templates and address ranges are not looked at.

mod content;
mod definition;
mod frozen;
mod ingress;
mod metadata;
mod network;
mod structure;
mod update;
mod workload;

use serde_json::Value;

use super::{
    kinds::{CRDS, Kind},
    status::Flaw,
};

pub(super) use update::{Old, update};

/// Everything wrong with an object that is to be stored, in the server's order.
pub(super) fn flaws(kind: &Kind, object: &Value) -> Vec<Flaw> {
    let mut flaws = metadata::whole(kind, object);
    flaws.extend(contents(kind, object));
    flaws
}

/// What is wrong beside the metadata.
fn contents(kind: &Kind, object: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    match kind.plural.as_str() {
        _ if kind.custom => {}
        "ingresses" => ingress::check(object, &mut flaws),
        "services" => network::service(object, &mut flaws),
        "endpointslices" => network::endpoint_slice(object, &mut flaws),
        "configmaps" => content::config_map(object, &mut flaws),
        "secrets" => content::secret(object, &mut flaws),
        "namespaces" => flaws.extend(metadata::finalizers(&object["spec"]["finalizers"], "spec.finalizers")),
        CRDS => definition::check(object, &mut flaws),
        plural if workload::runs_pods(plural) => workload::check(plural, object, &mut flaws),
        _ => {}
    }
    flaws
}

pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
