//! Cells: which row function belongs to which kind, and how fields are read for it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{age, autoscaling, cluster, network, pod, policy, volume, workload};

/// Makes the cells of a row.
pub(super) type Cells = fn(&Item<'_>) -> Vec<Value>;

/// An object whose row is made.
pub(super) struct Item<'o> {
    pub(super) object: &'o Value,
    pub(super) now: Timestamp,
}

impl Item<'_> {
    pub(super) fn name(&self) -> Value {
        self.object["metadata"]["name"].as_str().unwrap_or_default().into()
    }

    pub(super) fn age(&self) -> Value {
        self.since(&self.object["metadata"]["creationTimestamp"]).into()
    }

    /// How long ago a timestamp was.
    pub(super) fn since(&self, timestamp: &Value) -> String {
        let time = timestamp.as_str().and_then(|text| text.parse().ok());
        time.map_or_else(|| "<unknown>".to_owned(), |time| age::since(time, self.now))
    }

    pub(super) fn is_terminating(&self) -> bool {
        !self.object["metadata"]["deletionTimestamp"].is_null()
    }

    pub(super) fn text(&self, path: &str) -> &str {
        text(self.object, path)
    }

    pub(super) fn number(&self, path: &str) -> i64 {
        number(self.object, path)
    }

    pub(super) fn flag(&self, path: &str, absent: bool) -> bool {
        self.object.pointer(path).and_then(Value::as_bool).unwrap_or(absent)
    }

    pub(super) fn list(&self, path: &str) -> &[Value] {
        list(self.object, path)
    }

    pub(super) fn at(&self, path: &str) -> &Value {
        self.object.pointer(path).unwrap_or(&Value::Null)
    }
}

/// The text at a path, empty where there is none.
pub(super) fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a path, 0 where there is none.
pub(super) fn number(value: &Value, path: &str) -> i64 {
    value.pointer(path).and_then(Value::as_i64).unwrap_or_default()
}

/// The list at a path, empty where there is none.
pub(super) fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    value.pointer(path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A text, or what stands for an empty one.
pub(super) fn or<'t>(text: &'t str, empty: &'t str) -> &'t str {
    if text.is_empty() { empty } else { text }
}

/// A number or a text as it is; a quantity that is not there is 0.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "0".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn joined<'t>(texts: impl Iterator<Item = &'t str>, between: &str) -> String {
    texts.collect::<Vec<_>>().join(between)
}

/// The status of a condition, if there is such a condition.
pub(super) fn condition<'v>(conditions: &'v [Value], name: &str) -> Option<&'v str> {
    let condition = conditions.iter().find(|condition| condition["type"] == name)?;
    Some(condition["status"].as_str().unwrap_or_default())
}

/// Labels, `a=b,c=d`.
pub(super) fn labels(labels: &Value) -> String {
    let pairs = labels.as_object().into_iter().flatten();
    let pairs: Vec<_> = pairs.map(|(key, value)| format!("{key}={}", plain(value))).collect();
    or(&pairs.join(","), "<none>").to_owned()
}

/// A selector of labels as people write it; nothing where it selects everything, or nothing.
pub(super) fn requirements(selector: &Value) -> String {
    let equal = selector["matchLabels"].as_object().into_iter().flatten();
    let equal = equal.map(|(key, value)| (key.clone(), format!("{key}={}", plain(value))));
    let expressions = list(selector, "/matchExpressions").iter().map(|expression| {
        let key = text(expression, "/key");
        let mut values: Vec<_> = list(expression, "/values").iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let said = match text(expression, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        };
        (key.to_owned(), said)
    });
    let mut all: Vec<_> = equal.chain(expressions).collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all.into_iter().map(|(_, said)| said).collect::<Vec<_>>().join(",")
}

pub(super) fn selector(selector: &Value) -> String {
    or(&requirements(selector), "<none>").to_owned()
}

/// The names and the images of containers.
pub(super) fn containers(containers: &[Value]) -> [Value; 2] {
    ["/name", "/image"].map(|field| joined(containers.iter().map(|container| text(container, field)), ",").into())
}

/// Name and age, for kinds that have no more to show.
pub(super) fn aged(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), item.age()]
}

/// What the server shows of kinds it has no columns for.
fn created(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), json!(item.text("/metadata/creationTimestamp"))]
}

/// The cells of a kind, `Deployment.apps`.
pub(super) fn of(kind: &str) -> Cells {
    match kind {
        "ConfigMap" => cluster::config_map,
        "ControllerRevision.apps" => workload::controller_revision,
        "CronJob.batch" => workload::cron_job,
        "CSIDriver.storage.k8s.io" => volume::driver,
        "CSINode.storage.k8s.io" => volume::node,
        "CertificateSigningRequest.certificates.k8s.io" => policy::signing_request,
        "ClusterRoleBinding.rbac.authorization.k8s.io" | "RoleBinding.rbac.authorization.k8s.io" => policy::binding,
        "APIService.apiregistration.k8s.io" => cluster::api_service,
        "DaemonSet.apps" => workload::daemon_set,
        "Deployment.apps" => workload::deployment,
        "DeviceClass.resource.k8s.io" | "ResourceClaimTemplate.resource.k8s.io" | "ServiceAccount" => aged,
        "Endpoints" => network::endpoints,
        "EndpointSlice.discovery.k8s.io" => network::endpoint_slice,
        "Event" | "Event.events.k8s.io" => cluster::event,
        "FlowSchema.flowcontrol.apiserver.k8s.io" => policy::flow_schema,
        "HorizontalPodAutoscaler.autoscaling" => autoscaling::autoscaler,
        "IngressClass.networking.k8s.io" => network::ingress_class,
        "Ingress.networking.k8s.io" => network::ingress,
        "IPAddress.networking.k8s.io" => network::ip_address,
        "Job.batch" => workload::job,
        "ComponentStatus" => cluster::component_status,
        "Lease.coordination.k8s.io" => cluster::lease,
        "MutatingAdmissionPolicy.admissionregistration.k8s.io" => policy::mutating_policy,
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io" => policy::validating_policy,
        "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io"
        | "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io" => policy::policy_binding,
        "MutatingWebhookConfiguration.admissionregistration.k8s.io"
        | "ValidatingWebhookConfiguration.admissionregistration.k8s.io" => policy::webhooks,
        "Namespace" => cluster::namespace,
        "NetworkPolicy.networking.k8s.io" => network::policy,
        "Node" => cluster::node,
        "PersistentVolumeClaim" => volume::claim,
        "PersistentVolume" => volume::volume,
        "PodDisruptionBudget.policy" => policy::disruption_budget,
        "Pod" => pod::pod,
        "PodTemplate" => workload::pod_template,
        "PriorityClass.scheduling.k8s.io" => policy::priority_class,
        "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io" => policy::priority_level,
        "ReplicaSet.apps" => workload::replica_set,
        "ReplicationController" => workload::replication_controller,
        "ResourceClaim.resource.k8s.io" => cluster::resource_claim,
        "ResourceQuota" => policy::quota,
        "ResourceSlice.resource.k8s.io" => cluster::resource_slice,
        "RuntimeClass.node.k8s.io" => cluster::runtime_class,
        "Scale.autoscaling" => autoscaling::scale,
        "Secret" => cluster::secret,
        "ServiceCIDR.networking.k8s.io" => network::cidrs,
        "Service" => network::service,
        "StatefulSet.apps" => workload::stateful_set,
        "StorageClass.storage.k8s.io" => volume::class,
        "VolumeAttachment.storage.k8s.io" => volume::attachment,
        "VolumeAttributesClass.storage.k8s.io" => volume::attributes_class,
        _ => created,
    }
}
