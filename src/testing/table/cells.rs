//! Cells: which rows belong to which kind, and how fields are read for them.

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

/// The cells of a resource, `deployments.apps`.
pub(super) fn of(resource: &str) -> Cells {
    match resource {
        "configmaps" => cluster::config_map,
        "controllerrevisions.apps" => workload::controller_revision,
        "cronjobs.batch" => workload::cron_job,
        "csidrivers.storage.k8s.io" => volume::driver,
        "csinodes.storage.k8s.io" => volume::node,
        "certificatesigningrequests.certificates.k8s.io" => policy::signing_request,
        "clusterrolebindings.rbac.authorization.k8s.io" | "rolebindings.rbac.authorization.k8s.io" => policy::binding,
        "apiservices.apiregistration.k8s.io" => cluster::api_service,
        "daemonsets.apps" => workload::daemon_set,
        "deployments.apps" => workload::deployment,
        "deviceclasses.resource.k8s.io" | "resourceclaimtemplates.resource.k8s.io" | "serviceaccounts" => aged,
        "endpoints" => network::endpoints,
        "endpointslices.discovery.k8s.io" => network::endpoint_slice,
        "events" | "events.events.k8s.io" => cluster::event,
        "flowschemas.flowcontrol.apiserver.k8s.io" => policy::flow_schema,
        "horizontalpodautoscalers.autoscaling" => autoscaling::autoscaler,
        "ingressclasses.networking.k8s.io" => network::ingress_class,
        "ingresses.networking.k8s.io" => network::ingress,
        "ipaddresses.networking.k8s.io" => network::ip_address,
        "jobs.batch" => workload::job,
        "leases.coordination.k8s.io" => cluster::lease,
        "mutatingadmissionpolicies.admissionregistration.k8s.io" => policy::mutating_policy,
        "validatingadmissionpolicies.admissionregistration.k8s.io" => policy::validating_policy,
        "mutatingadmissionpolicybindings.admissionregistration.k8s.io"
        | "validatingadmissionpolicybindings.admissionregistration.k8s.io" => policy::policy_binding,
        "mutatingwebhookconfigurations.admissionregistration.k8s.io"
        | "validatingwebhookconfigurations.admissionregistration.k8s.io" => policy::webhooks,
        "namespaces" => cluster::namespace,
        "networkpolicies.networking.k8s.io" => network::policy,
        "nodes" => cluster::node,
        "persistentvolumeclaims" => volume::claim,
        "persistentvolumes" => volume::volume,
        "poddisruptionbudgets.policy" => policy::disruption_budget,
        "pods" => pod::pod,
        "podtemplates" => workload::pod_template,
        "priorityclasses.scheduling.k8s.io" => policy::priority_class,
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io" => policy::priority_level,
        "replicasets.apps" => workload::replica_set,
        "replicationcontrollers" => workload::replication_controller,
        "resourceclaims.resource.k8s.io" => cluster::resource_claim,
        "resourcequotas" => policy::quota,
        "resourceslices.resource.k8s.io" => cluster::resource_slice,
        "runtimeclasses.node.k8s.io" => cluster::runtime_class,
        "scales.autoscaling" => autoscaling::scale,
        "secrets" => cluster::secret,
        "servicecidrs.networking.k8s.io" => network::cidrs,
        "services" => network::service,
        "statefulsets.apps" => workload::stateful_set,
        "storageclasses.storage.k8s.io" => volume::class,
        "volumeattachments.storage.k8s.io" => volume::attachment,
        "volumeattributesclasses.storage.k8s.io" => volume::attributes_class,
        _ => created,
    }
}
