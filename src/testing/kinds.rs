//! The kinds the server knows: every stored kind of Kubernetes 1.36's stable groups, and custom ones.
//!
//! Not here: kinds that are requests rather than objects (reviews, bindings, evictions), alpha and beta
//! groups, and component statuses.

use std::sync::Arc;

use serde_json::Value;

/// One kind: where it is served and the rules that differ from kind to kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) group: String,
    /// The served versions, the preferred one first.
    pub(super) versions: Vec<String>,
    /// The version objects are kept in; it need not be served.
    pub(super) stored: String,
    pub(super) plural: String,
    pub(super) singular: String,
    pub(super) kind: String,
    pub(super) list: String,
    pub(super) short: Vec<String>,
    pub(super) namespaced: bool,
    pub(super) custom: bool,
    /// Whether a custom kind has a status of its own, whose changes move no generation.
    pub(super) status: bool,
    /// Fields of a custom kind that field selectors may name, by version.
    pub(super) selectable: Vec<(String, String)>,
}

impl Kind {
    /// `configmaps`, `ingresses.networking.k8s.io`: what most messages call a kind.
    pub(super) fn resource(&self) -> String {
        dotted(&self.plural, &self.group)
    }

    /// `ConfigMap`, `Ingress.networking.k8s.io`: what messages about validation call it.
    pub(super) fn qualified(&self) -> String {
        dotted(&self.kind, &self.group)
    }

    pub(super) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    fn is(&self, names: &[&str]) -> bool {
        !self.custom && names.contains(&self.plural.as_str())
    }

    /// Whether the server counts changes of the specification in `metadata.generation`.
    pub(super) fn counts_generations(&self) -> bool {
        self.custom || self.is(&GENERATION)
    }

    /// Whether a replacement may leave out the resourceVersion.
    pub(super) fn overwrites(&self) -> bool {
        !self.custom && !self.is(&NEEDS_VERSION)
    }

    /// Whether a replacement of nothing creates.
    pub(super) fn creates_on_replace(&self) -> bool {
        self.is(&CREATES_ON_REPLACE)
    }

    /// Whether a deletion answers the object rather than a Status.
    pub(super) fn answers_deleted(&self) -> bool {
        self.is(&ANSWERS_DELETED)
    }

    /// How a name may look.
    pub(super) fn names(&self) -> Names {
        if self.is(&["namespaces", "services"]) {
            Names::Label
        } else if self.is(&["roles", "rolebindings", "clusterroles", "clusterrolebindings"]) {
            Names::PathSegment
        } else {
            Names::Subdomain
        }
    }

    pub(super) fn is_core(&self, plural: &str) -> bool {
        self.group.is_empty() && self.plural == plural
    }
}

pub(super) enum Names {
    Subdomain,
    Label,
    PathSegment,
}

fn dotted(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

pub(super) const CRD_GROUP: &str = "apiextensions.k8s.io";
pub(super) const CRDS: &str = "customresourcedefinitions";

/// All kinds, built-in ones first, in the order discovery lists their groups.
#[derive(Debug)]
pub(super) struct Kinds {
    kinds: Vec<Arc<Kind>>,
}

impl Kinds {
    pub(super) fn new() -> Self {
        let mut kinds = Vec::new();
        for (group, versions, rows) in BUILT_IN {
            for (plural, kind, short, scope) in *rows {
                let singular = if *plural == "endpoints" { "endpoints".to_owned() } else { kind.to_lowercase() };
                kinds.push(Arc::new(Kind {
                    group: (*group).to_owned(),
                    versions: versions.iter().map(|version| (*version).to_owned()).collect(),
                    stored: versions[0].to_owned(),
                    plural: (*plural).to_owned(),
                    singular,
                    kind: (*kind).to_owned(),
                    list: format!("{kind}List"),
                    short: short.split_terminator(' ').map(str::to_owned).collect(),
                    namespaced: *scope == Namespaced,
                    custom: false,
                    status: true,
                    selectable: Vec::new(),
                }));
            }
        }
        Kinds { kinds }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.kinds.iter()
    }

    pub(super) fn has_group(&self, group: &str) -> bool {
        self.iter().any(|kind| kind.group == group)
    }

    pub(super) fn served(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        let mut kinds = self.iter();
        let found = kinds.find(|kind| kind.group == group && kind.plural == plural)?;
        found.versions.iter().any(|served| served == version).then(|| found.clone())
    }

    /// The kind an object says it is, and the version it names.
    pub(super) fn of_object(&self, api_version: &str, kind: &str) -> Option<(Arc<Kind>, String)> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let found = self.iter().find(|known| known.group == group && known.kind == kind)?;
        found.versions.iter().any(|served| served == version).then(|| (found.clone(), version.to_owned()))
    }

    /// A kind as people name it: `Secret`, `secrets`, `ing`, `gateways.gateway.networking.k8s.io`.
    pub(super) fn named(&self, word: &str) -> Option<Arc<Kind>> {
        let lower = word.to_lowercase();
        let known = |kind: &Kind, word: &str| {
            kind.plural == word
                || kind.singular == word
                || kind.kind.to_lowercase() == word
                || kind.short.iter().any(|s| s == word)
        };
        let (word, group) = lower.split_once('.').unwrap_or((&lower, ""));
        self.iter().find(|kind| known(kind, word) && (group.is_empty() || kind.group == group)).cloned()
    }

    /// Serves (or serves anew) the kind a CustomResourceDefinition describes.
    pub(super) fn define(&mut self, definition: &Value) {
        let Some(kind) = custom(definition) else {
            return;
        };
        let known = self.kinds.iter_mut().find(|known| known.group == kind.group && known.plural == kind.plural);
        match known {
            Some(known) if known.custom => *known = Arc::new(kind),
            Some(_) => {}
            None => self.kinds.push(Arc::new(kind)),
        }
    }

    /// Stops serving it, and says which it was.
    pub(super) fn forget(&mut self, definition: &Value) -> Option<Arc<Kind>> {
        let kind = custom(definition)?;
        let position = self
            .kinds
            .iter()
            .position(|known| known.custom && known.group == kind.group && known.plural == kind.plural)?;
        Some(self.kinds.remove(position))
    }
}

/// The kind a CustomResourceDefinition describes, if it describes one.
pub(super) fn custom(definition: &Value) -> Option<Kind> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let spec = &definition["spec"];
    let names = &spec["names"];
    let (plural, kind) = (text(&names["plural"])?, text(&names["kind"])?);
    let declared = spec["versions"].as_array()?;
    let names_of = |flag: &'static str| {
        let flagged = declared.iter().filter(move |version| version[flag] == true);
        flagged.filter_map(|version| text(&version["name"]))
    };
    let mut versions: Vec<String> = names_of("served").collect();
    versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
    let mut selectable = Vec::new();
    for version in declared {
        for field in version["selectableFields"].as_array().into_iter().flatten() {
            if let (Some(version), Some(path)) = (text(&version["name"]), field["jsonPath"].as_str()) {
                selectable.push((version, path.trim_start_matches('.').to_owned()));
            }
        }
    }
    Some(Kind {
        group: text(&spec["group"])?,
        stored: names_of("storage").next().or_else(|| versions.first().cloned())?,
        versions,
        singular: text(&names["singular"]).unwrap_or_else(|| kind.to_lowercase()),
        list: text(&names["listKind"]).unwrap_or_else(|| format!("{kind}List")),
        short: names["shortNames"].as_array().into_iter().flatten().filter_map(text).collect(),
        namespaced: spec["scope"] != "Cluster",
        custom: true,
        status: declared.iter().any(|version| !version["subresources"]["status"].is_null()),
        selectable,
        plural,
        kind,
    })
}

/// Stable before beta before alpha, then by number: `v2`, `v1`, `v1beta2`, `v1beta1`, `v1alpha1`.
fn priority(version: &str) -> (u8, u32, u32) {
    let Some(rest) = version.strip_prefix('v') else {
        return (0, 0, 0);
    };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let Ok(major) = rest[..digits].parse() else {
        return (0, 0, 0);
    };
    let stage = &rest[digits..];
    if stage.is_empty() {
        (3, major, 0)
    } else if let Some(Ok(minor)) = stage.strip_prefix("beta").map(str::parse) {
        (2, major, minor)
    } else if let Some(Ok(minor)) = stage.strip_prefix("alpha").map(str::parse) {
        (1, major, minor)
    } else {
        (0, 0, 0)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Namespaced,
    Cluster,
}
use Scope::{Cluster, Namespaced};

type Row = (&'static str, &'static str, &'static str, Scope);

/// Group, versions, and per kind: plural, kind, short names, scope.
const BUILT_IN: &[(&str, &[&str], &[Row])] = &[
    (
        "",
        &["v1"],
        &[
            ("configmaps", "ConfigMap", "cm", Namespaced),
            ("endpoints", "Endpoints", "ep", Namespaced),
            ("events", "Event", "ev", Namespaced),
            ("limitranges", "LimitRange", "limits", Namespaced),
            ("namespaces", "Namespace", "ns", Cluster),
            ("nodes", "Node", "no", Cluster),
            ("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", Namespaced),
            ("persistentvolumes", "PersistentVolume", "pv", Cluster),
            ("pods", "Pod", "po", Namespaced),
            ("podtemplates", "PodTemplate", "", Namespaced),
            ("replicationcontrollers", "ReplicationController", "rc", Namespaced),
            ("resourcequotas", "ResourceQuota", "quota", Namespaced),
            ("secrets", "Secret", "", Namespaced),
            ("serviceaccounts", "ServiceAccount", "sa", Namespaced),
            ("services", "Service", "svc", Namespaced),
        ],
    ),
    ("apiregistration.k8s.io", &["v1"], &[("apiservices", "APIService", "", Cluster)]),
    (
        "apps",
        &["v1"],
        &[
            ("controllerrevisions", "ControllerRevision", "", Namespaced),
            ("daemonsets", "DaemonSet", "ds", Namespaced),
            ("deployments", "Deployment", "deploy", Namespaced),
            ("replicasets", "ReplicaSet", "rs", Namespaced),
            ("statefulsets", "StatefulSet", "sts", Namespaced),
        ],
    ),
    ("events.k8s.io", &["v1"], &[("events", "Event", "ev", Namespaced)]),
    ("autoscaling", &["v2", "v1"], &[("horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa", Namespaced)]),
    ("batch", &["v1"], &[("cronjobs", "CronJob", "cj", Namespaced), ("jobs", "Job", "", Namespaced)]),
    ("certificates.k8s.io", &["v1"], &[("certificatesigningrequests", "CertificateSigningRequest", "csr", Cluster)]),
    (
        "networking.k8s.io",
        &["v1"],
        &[
            ("ingressclasses", "IngressClass", "", Cluster),
            ("ingresses", "Ingress", "ing", Namespaced),
            ("ipaddresses", "IPAddress", "ip", Cluster),
            ("networkpolicies", "NetworkPolicy", "netpol", Namespaced),
            ("servicecidrs", "ServiceCIDR", "", Cluster),
        ],
    ),
    ("policy", &["v1"], &[("poddisruptionbudgets", "PodDisruptionBudget", "pdb", Namespaced)]),
    (
        "rbac.authorization.k8s.io",
        &["v1"],
        &[
            ("clusterrolebindings", "ClusterRoleBinding", "", Cluster),
            ("clusterroles", "ClusterRole", "", Cluster),
            ("rolebindings", "RoleBinding", "", Namespaced),
            ("roles", "Role", "", Namespaced),
        ],
    ),
    (
        "storage.k8s.io",
        &["v1"],
        &[
            ("csidrivers", "CSIDriver", "", Cluster),
            ("csinodes", "CSINode", "", Cluster),
            ("csistoragecapacities", "CSIStorageCapacity", "", Namespaced),
            ("storageclasses", "StorageClass", "sc", Cluster),
            ("volumeattachments", "VolumeAttachment", "", Cluster),
            ("volumeattributesclasses", "VolumeAttributesClass", "vac", Cluster),
        ],
    ),
    (
        "admissionregistration.k8s.io",
        &["v1"],
        &[
            ("mutatingadmissionpolicies", "MutatingAdmissionPolicy", "", Cluster),
            ("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", "", Cluster),
            ("mutatingwebhookconfigurations", "MutatingWebhookConfiguration", "", Cluster),
            ("validatingadmissionpolicies", "ValidatingAdmissionPolicy", "", Cluster),
            ("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", "", Cluster),
            ("validatingwebhookconfigurations", "ValidatingWebhookConfiguration", "", Cluster),
        ],
    ),
    (CRD_GROUP, &["v1"], &[(CRDS, "CustomResourceDefinition", "crd crds", Cluster)]),
    ("scheduling.k8s.io", &["v1"], &[("priorityclasses", "PriorityClass", "pc", Cluster)]),
    ("coordination.k8s.io", &["v1"], &[("leases", "Lease", "", Namespaced)]),
    ("node.k8s.io", &["v1"], &[("runtimeclasses", "RuntimeClass", "", Cluster)]),
    ("discovery.k8s.io", &["v1"], &[("endpointslices", "EndpointSlice", "", Namespaced)]),
    (
        "resource.k8s.io",
        &["v1"],
        &[
            ("deviceclasses", "DeviceClass", "", Cluster),
            ("resourceclaims", "ResourceClaim", "", Namespaced),
            ("resourceclaimtemplates", "ResourceClaimTemplate", "", Namespaced),
            ("resourceslices", "ResourceSlice", "", Cluster),
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["v1"],
        &[
            ("flowschemas", "FlowSchema", "", Cluster),
            ("prioritylevelconfigurations", "PriorityLevelConfiguration", "", Cluster),
        ],
    ),
];

const GENERATION: [&str; 25] = [
    CRDS,
    "cronjobs",
    "daemonsets",
    "deployments",
    "deviceclasses",
    "endpointslices",
    "flowschemas",
    "ingressclasses",
    "ingresses",
    "jobs",
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "mutatingwebhookconfigurations",
    "networkpolicies",
    "poddisruptionbudgets",
    "pods",
    "podtemplates",
    "priorityclasses",
    "prioritylevelconfigurations",
    "replicasets",
    "replicationcontrollers",
    "resourceslices",
    "statefulsets",
    "validatingadmissionpolicies",
    "validatingwebhookconfigurations",
];

const NEEDS_VERSION: [&str; 13] = [
    "csidrivers",
    "csinodes",
    "csistoragecapacities",
    "leases",
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "mutatingwebhookconfigurations",
    "poddisruptionbudgets",
    "runtimeclasses",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "validatingwebhookconfigurations",
    "volumeattachments",
];

const CREATES_ON_REPLACE: [&str; 10] = [
    "clusterrolebindings",
    "clusterroles",
    "endpoints",
    "events",
    "leases",
    "limitranges",
    "rolebindings",
    "roles",
    "runtimeclasses",
    "services",
];

const ANSWERS_DELETED: [&str; 16] = [
    "csidrivers",
    "csinodes",
    "deviceclasses",
    "namespaces",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "podtemplates",
    "resourceclaims",
    "resourceclaimtemplates",
    "resourcequotas",
    "resourceslices",
    "serviceaccounts",
    "services",
    "storageclasses",
    "volumeattachments",
];
