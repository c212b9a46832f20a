//! Names and amounts of resources, such as `cpu: 500m`.

use serde_json::Value;

use super::{
    super::{quantity, status::Flaw},
    name, text,
};
use crate::selector::key_problems;

/// What is counted: whole numbers only.
const COUNTED: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];
const MEASURED: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "requests.storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];
const OF_CONTAINERS: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// Whether it can be limited by a quota under this name.
pub(super) fn is_of_quotas(resource: &str) -> bool {
    let huge = resource.starts_with("hugepages-") || resource.starts_with("requests.hugepages-");
    huge || COUNTED.contains(&resource) || MEASURED.contains(&resource)
}

/// Whether nodes have it on their own.
fn is_native(resource: &str) -> bool {
    !resource.contains('/') || resource.contains("kubernetes.io/")
}

/// Whether it is one that somebody added to the nodes.
fn is_extended(resource: &str) -> bool {
    let asked = resource.starts_with("requests.");
    !is_native(resource) && !asked && key_problems(&format!("requests.{resource}")).is_empty()
}

/// Whether more of it may be promised than there is.
pub(super) fn is_overcommitted(resource: &str) -> bool {
    is_native(resource) && !resource.starts_with("hugepages-")
}

/// Any resource.
pub(super) fn any(resource: &str, field: &str, flaws: &mut Vec<Flaw>) {
    let before = flaws.len();
    name::qualified(resource, field, flaws);
    if flaws.len() == before && !resource.contains('/') && resource != "storage" && !is_of_quotas(resource) {
        flaws.push(Flaw::invalid(field, resource, "must be a standard resource type or fully qualified"));
    }
}

/// One that containers have.
pub(super) fn of_container(resource: &str, field: &str, flaws: &mut Vec<Flaw>) {
    any(resource, field, flaws);
    if !resource.contains('/') {
        if !OF_CONTAINERS.contains(&resource) && !resource.starts_with("hugepages-") {
            flaws.push(Flaw::invalid(field, resource, "must be a standard resource for containers"));
        }
    } else if !is_native(resource) && !is_extended(resource) {
        flaws.push(Flaw::invalid(field, resource, "doesn't follow extended resource name standard"));
    }
}

/// One that a quota limits.
pub(super) fn of_quota(resource: &str, field: &str, flaws: &mut Vec<Flaw>) {
    any(resource, field, flaws);
    if !resource.contains('/') && !is_of_quotas(resource) {
        flaws.push(Flaw::invalid(field, resource, "must be a standard resource for quota"));
    }
}

/// An amount, not less than nothing.
pub(super) fn not_negative(amount: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if quantity::nanos(text(amount)).is_some_and(|nanos| nanos < 0) {
        flaws.push(Flaw::invalid(field, text(amount), "must be greater than or equal to 0"));
    }
}

/// An amount of a resource: not less than nothing, and whole where the resource is counted.
pub(super) fn amount(resource: &str, amount: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    const ONE: i128 = 1_000_000_000;
    not_negative(amount, field, flaws);
    let broken = quantity::nanos(text(amount)).is_some_and(|nanos| nanos % ONE != 0);
    if broken && (COUNTED.contains(&resource) || is_extended(resource)) {
        flaws.push(Flaw::invalid(field, text(amount), "must be an integer"));
    }
}
