//! The built-in kinds: one row each, by group.

mod row;

use super::{CRD_GROUP, CRDS, Connection, Kind, KindId, NamedCall, Names, Part, Rules, ScalePaths, fields};
use row::{Group, cluster, namespaced};

/// All of them under their numbers, in the order discovery lists their groups.
pub(super) fn kinds() -> impl Iterator<Item = Kind> {
    let rows = GROUPS.iter().flat_map(|group| group.kinds.iter().map(move |row| (group, row)));
    let kinds = rows.enumerate().map(|(number, (group, row))| row.within(group, KindId(number)));
    let mut events = None;
    kinds.map(move |mut kind| {
        // Two groups have the same ones.
        if kind.is_event() {
            kind.id = *events.get_or_insert(kind.id);
        }
        kind
    })
}

/// The kind of Scales, of which none are stored: each shows an object of a kind that scales.
pub(super) fn scale(namespaced: bool) -> Kind {
    let group = Group { name: "autoscaling", versions: &["v1"], kinds: &[] };
    let row = if namespaced { row::namespaced("", "Scale") } else { cluster("", "Scale") };
    row.within(&group, KindId(usize::MAX))
}

/// The kind of what is asked of an object.
pub(super) fn call(call: NamedCall) -> Kind {
    let (group, kind) = match call {
        NamedCall::Binding => ("", "Binding"),
        NamedCall::Eviction => ("policy", "Eviction"),
        NamedCall::Token => ("authentication.k8s.io", "TokenRequest"),
    };
    namespaced("", kind).with(CALL).within(&Group { name: group, versions: &["v1"], kinds: &[] }, KindId(usize::MAX))
}

const CALL: Rules = Rules::IS_CALL;
const GENERATION: Rules = Rules::COUNTS_GENERATIONS;
const NEEDS_VERSION: Rules = Rules::NEEDS_VERSION;
const CREATES_ON_REPLACE: Rules = Rules::CREATES_ON_REPLACE;
const ANSWERS_DELETED: Rules = Rules::ANSWERS_DELETED;

const STATUS: &[Part] = &[Part::Status];
const SCALE: &[Part] = &[Part::Scale(ScalePaths::BUILT_IN), Part::Status];
const APPROVAL: &[Part] = &[Part::Approval, Part::Status];
const PROXY: &[Part] = &[Part::Node(Connection::Proxy), Part::Status];
const TOKEN: &[Part] = &[Part::Call(NamedCall::Token)];
const OF_PODS: &[Part] = &[
    Part::Node(Connection::Attach),
    Part::Call(NamedCall::Binding),
    Part::EphemeralContainers,
    Part::Call(NamedCall::Eviction),
    Part::Node(Connection::Exec),
    Part::Node(Connection::Log),
    Part::Node(Connection::PortForward),
    Part::Node(Connection::Proxy),
    Part::Resize,
    Part::Status,
];
const FINALIZE: &[Part] = &[Part::Finalize, Part::Status];

/// What `kubectl get all` asks for.
const ALL: &str = "all";
const EXTENSIONS: &str = "api-extensions";

const GROUPS: &[Group] = &[
    Group {
        name: "",
        versions: &["v1"],
        kinds: &[
            namespaced("bindings", "Binding").with(CALL),
            cluster("componentstatuses", "ComponentStatus").short("cs").with(Rules::IS_REPORT),
            namespaced("configmaps", "ConfigMap").short("cm"),
            namespaced("endpoints", "Endpoints").short("ep").with(CREATES_ON_REPLACE).singular("endpoints"),
            namespaced("events", "Event").short("ev").with(CREATES_ON_REPLACE).fields(fields::EVENTS),
            namespaced("limitranges", "LimitRange").short("limits").with(CREATES_ON_REPLACE),
            cluster("namespaces", "Namespace")
                .parts(FINALIZE)
                .with(Rules::GOES_ALONE)
                .short("ns")
                .names(Names::Label)
                .with(ANSWERS_DELETED)
                .fields(fields::NAMESPACES),
            cluster("nodes", "Node").parts(PROXY).short("no").fields(fields::NODES),
            namespaced("persistentvolumeclaims", "PersistentVolumeClaim")
                .parts(STATUS)
                .short("pvc")
                .with(ANSWERS_DELETED),
            cluster("persistentvolumes", "PersistentVolume").parts(STATUS).short("pv").with(ANSWERS_DELETED),
            namespaced("pods", "Pod")
                .category(ALL)
                .parts(OF_PODS)
                .short("po")
                .with(GENERATION)
                .with(ANSWERS_DELETED)
                .fields(fields::PODS),
            namespaced("podtemplates", "PodTemplate").with(GENERATION).with(ANSWERS_DELETED),
            namespaced("replicationcontrollers", "ReplicationController")
                .category(ALL)
                .parts(SCALE)
                .short("rc")
                .with(GENERATION)
                .fields(fields::REPLICATION_CONTROLLERS),
            namespaced("resourcequotas", "ResourceQuota").parts(STATUS).short("quota").with(ANSWERS_DELETED),
            namespaced("secrets", "Secret").fields(fields::SECRETS),
            namespaced("serviceaccounts", "ServiceAccount").parts(TOKEN).short("sa").with(ANSWERS_DELETED),
            namespaced("services", "Service")
                .category(ALL)
                .parts(PROXY)
                .short("svc")
                .names(Names::Label)
                .with(CREATES_ON_REPLACE)
                .with(ANSWERS_DELETED)
                .fields(fields::SERVICES),
        ],
    },
    Group {
        name: "apiregistration.k8s.io",
        versions: &["v1"],
        kinds: &[cluster("apiservices", "APIService").names(Names::PathSegment).category(EXTENSIONS).parts(STATUS)],
    },
    Group {
        name: "apps",
        versions: &["v1"],
        kinds: &[
            namespaced("controllerrevisions", "ControllerRevision"),
            namespaced("daemonsets", "DaemonSet").category(ALL).parts(STATUS).short("ds").with(GENERATION),
            namespaced("deployments", "Deployment").category(ALL).parts(SCALE).short("deploy").with(GENERATION),
            namespaced("replicasets", "ReplicaSet").category(ALL).parts(SCALE).short("rs").with(GENERATION),
            namespaced("statefulsets", "StatefulSet")
                .category(ALL)
                .parts(SCALE)
                .short("sts")
                .names(Names::Label)
                .with(GENERATION),
        ],
    },
    Group {
        name: "events.k8s.io",
        versions: &["v1"],
        kinds: &[namespaced("events", "Event").short("ev").with(CREATES_ON_REPLACE).fields(fields::YOUNGER_EVENTS)],
    },
    Group {
        name: "authentication.k8s.io",
        versions: &["v1"],
        kinds: &[
            cluster("selfsubjectreviews", "SelfSubjectReview").with(CALL),
            cluster("tokenreviews", "TokenReview").with(CALL),
        ],
    },
    Group {
        name: "authorization.k8s.io",
        versions: &["v1"],
        kinds: &[
            namespaced("localsubjectaccessreviews", "LocalSubjectAccessReview").with(CALL),
            cluster("selfsubjectaccessreviews", "SelfSubjectAccessReview").with(CALL),
            cluster("selfsubjectrulesreviews", "SelfSubjectRulesReview").with(CALL),
            cluster("subjectaccessreviews", "SubjectAccessReview").with(CALL),
        ],
    },
    Group {
        name: "autoscaling",
        versions: &["v2", "v1"],
        kinds: &[namespaced("horizontalpodautoscalers", "HorizontalPodAutoscaler")
            .category(ALL)
            .parts(STATUS)
            .short("hpa")],
    },
    Group {
        name: "batch",
        versions: &["v1"],
        kinds: &[
            namespaced("cronjobs", "CronJob").category(ALL).parts(STATUS).short("cj").with(GENERATION),
            namespaced("jobs", "Job").category(ALL).parts(STATUS).with(GENERATION).fields(fields::JOBS),
        ],
    },
    Group {
        name: "certificates.k8s.io",
        versions: &["v1"],
        kinds: &[cluster("certificatesigningrequests", "CertificateSigningRequest")
            .parts(APPROVAL)
            .short("csr")
            .fields(fields::CERTIFICATE_SIGNING_REQUESTS)],
    },
    Group {
        name: "networking.k8s.io",
        versions: &["v1"],
        kinds: &[
            cluster("ingressclasses", "IngressClass").with(GENERATION),
            namespaced("ingresses", "Ingress").parts(STATUS).short("ing").with(GENERATION),
            cluster("ipaddresses", "IPAddress").short("ip").names(Names::Address),
            namespaced("networkpolicies", "NetworkPolicy").short("netpol").with(GENERATION),
            cluster("servicecidrs", "ServiceCIDR").parts(STATUS),
        ],
    },
    Group {
        name: "policy",
        versions: &["v1"],
        kinds: &[namespaced("poddisruptionbudgets", "PodDisruptionBudget")
            .parts(STATUS)
            .short("pdb")
            .with(GENERATION)
            .with(NEEDS_VERSION)],
    },
    Group {
        name: "rbac.authorization.k8s.io",
        versions: &["v1"],
        kinds: &[
            cluster("clusterrolebindings", "ClusterRoleBinding").names(Names::PathSegment).with(CREATES_ON_REPLACE),
            cluster("clusterroles", "ClusterRole").names(Names::PathSegment).with(CREATES_ON_REPLACE),
            namespaced("rolebindings", "RoleBinding").names(Names::PathSegment).with(CREATES_ON_REPLACE),
            namespaced("roles", "Role").names(Names::PathSegment).with(CREATES_ON_REPLACE),
        ],
    },
    Group {
        name: "storage.k8s.io",
        versions: &["v1"],
        kinds: &[
            cluster("csidrivers", "CSIDriver").with(NEEDS_VERSION).with(ANSWERS_DELETED),
            cluster("csinodes", "CSINode").with(NEEDS_VERSION).with(ANSWERS_DELETED),
            namespaced("csistoragecapacities", "CSIStorageCapacity").with(NEEDS_VERSION),
            cluster("storageclasses", "StorageClass").short("sc").with(ANSWERS_DELETED),
            cluster("volumeattachments", "VolumeAttachment").parts(STATUS).with(NEEDS_VERSION).with(ANSWERS_DELETED),
            cluster("volumeattributesclasses", "VolumeAttributesClass").short("vac").with(ANSWERS_DELETED),
        ],
    },
    Group {
        name: "admissionregistration.k8s.io",
        versions: &["v1"],
        kinds: &[
            cluster("mutatingadmissionpolicies", "MutatingAdmissionPolicy")
                .category(EXTENSIONS)
                .with(GENERATION)
                .with(NEEDS_VERSION),
            cluster("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding")
                .category(EXTENSIONS)
                .with(GENERATION)
                .with(NEEDS_VERSION),
            cluster("mutatingwebhookconfigurations", "MutatingWebhookConfiguration")
                .category(EXTENSIONS)
                .with(GENERATION)
                .with(NEEDS_VERSION),
            cluster("validatingadmissionpolicies", "ValidatingAdmissionPolicy")
                .category(EXTENSIONS)
                .parts(STATUS)
                .with(GENERATION)
                .with(NEEDS_VERSION),
            cluster("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding")
                .category(EXTENSIONS)
                .with(GENERATION)
                .with(NEEDS_VERSION),
            cluster("validatingwebhookconfigurations", "ValidatingWebhookConfiguration")
                .category(EXTENSIONS)
                .with(GENERATION)
                .with(NEEDS_VERSION),
        ],
    },
    Group {
        name: CRD_GROUP,
        versions: &["v1"],
        kinds: &[cluster(CRDS, "CustomResourceDefinition")
            .category(EXTENSIONS)
            .parts(STATUS)
            .short("crd crds")
            .with(GENERATION)],
    },
    Group {
        name: "scheduling.k8s.io",
        versions: &["v1"],
        kinds: &[cluster("priorityclasses", "PriorityClass").short("pc").with(GENERATION)],
    },
    Group {
        name: "coordination.k8s.io",
        versions: &["v1"],
        kinds: &[namespaced("leases", "Lease").with(NEEDS_VERSION).with(CREATES_ON_REPLACE)],
    },
    Group {
        name: "node.k8s.io",
        versions: &["v1"],
        kinds: &[cluster("runtimeclasses", "RuntimeClass").with(NEEDS_VERSION).with(CREATES_ON_REPLACE)],
    },
    Group {
        name: "discovery.k8s.io",
        versions: &["v1"],
        kinds: &[namespaced("endpointslices", "EndpointSlice").with(GENERATION)],
    },
    Group {
        name: "resource.k8s.io",
        versions: &["v1"],
        kinds: &[
            cluster("deviceclasses", "DeviceClass").with(GENERATION).with(ANSWERS_DELETED),
            namespaced("resourceclaims", "ResourceClaim").parts(STATUS).with(ANSWERS_DELETED),
            namespaced("resourceclaimtemplates", "ResourceClaimTemplate").with(ANSWERS_DELETED),
            cluster("resourceslices", "ResourceSlice")
                .with(GENERATION)
                .with(ANSWERS_DELETED)
                .fields(fields::RESOURCE_SLICES),
        ],
    },
    Group {
        name: "flowcontrol.apiserver.k8s.io",
        versions: &["v1"],
        kinds: &[
            cluster("flowschemas", "FlowSchema").parts(STATUS).with(GENERATION),
            cluster("prioritylevelconfigurations", "PriorityLevelConfiguration").parts(STATUS).with(GENERATION),
        ],
    },
];
