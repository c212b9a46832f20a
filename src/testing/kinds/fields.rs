//! The fields that field selectors of built-in kinds support, beyond name and namespace.

/// Paths, each with the value that stands for an absent one.
pub(in super::super) type Fields = &'static [(&'static str, &'static str)];

pub(super) const PODS: Fields = &[
    ("spec.nodeName", ""),
    ("spec.restartPolicy", ""),
    ("spec.schedulerName", ""),
    ("spec.serviceAccountName", ""),
    ("spec.hostNetwork", "false"),
    ("status.phase", ""),
    ("status.podIP", ""),
    // It is known, and always empty.
    ("status.podIPs", ""),
    ("status.nominatedNodeName", ""),
];
pub(super) const NODES: Fields = &[("spec.unschedulable", "false")];
pub(super) const REPLICATION_CONTROLLERS: Fields = &[("status.replicas", "0")];
pub(super) const NAMESPACES: Fields = &[("status.phase", "")];
pub(super) const SECRETS: Fields = &[("type", "")];
pub(super) const SERVICES: Fields = &[("spec.clusterIP", ""), ("spec.type", "")];
pub(super) const EVENTS: Fields = &[
    ("involvedObject.kind", ""),
    ("involvedObject.namespace", ""),
    ("involvedObject.name", ""),
    ("involvedObject.uid", ""),
    ("involvedObject.apiVersion", ""),
    ("involvedObject.resourceVersion", ""),
    ("involvedObject.fieldPath", ""),
    ("reason", ""),
    ("reportingComponent", ""),
    ("source", ""),
    ("type", ""),
];
pub(super) const YOUNGER_EVENTS: Fields = &[
    ("regarding.kind", ""),
    ("regarding.namespace", ""),
    ("regarding.name", ""),
    ("regarding.uid", ""),
    ("regarding.apiVersion", ""),
    ("regarding.resourceVersion", ""),
    ("regarding.fieldPath", ""),
    ("reason", ""),
    ("reportingController", ""),
    ("type", ""),
];
pub(super) const JOBS: Fields = &[("status.successful", "0")];
pub(super) const CERTIFICATE_SIGNING_REQUESTS: Fields = &[("spec.signerName", "")];
pub(super) const RESOURCE_SLICES: Fields = &[("spec.nodeName", ""), ("spec.driver", "")];
