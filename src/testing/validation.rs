//! What makes an object unacceptable: what to look at for each kind here, the rest in the modules below.
//!
//! It covers what manifests get wrong, not all the server checks: pod templates and address ranges are not looked at.

mod content;
mod ingress;
mod metadata;
mod network;
mod update;

use serde_json::Value;

use super::{
    kinds::{CRDS, Definition, Kind},
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
        "deployments" => content::deployment(object, &mut flaws),
        "namespaces" => flaws.extend(metadata::finalizers(&object["spec"]["finalizers"], "spec.finalizers")),
        CRDS => definition(object, &mut flaws),
        _ => {}
    }
    flaws
}

pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

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
