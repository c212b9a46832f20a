//! JSON in the order in which the API server writes it: the fields of its types as they are declared, maps by key.
//!
//! `serde_json` orders everything by key, which would hand parsers that sort an order they never get. Where two types
//! disagree about two fields, the order here is that of one of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Fields of the types, each after those that precede it wherever both are.
const FIELDS: &str = "
    manager operation kind apiVersion time fieldsType fieldsV1 subresource metadata name generateName namespace
    uid controller blockOwnerDeletion resourceVersion generation creationTimestamp labels annotations
    ownerReferences managedFields addressType endpoints addresses immutable data spec status volumes configMap
    emptyDir projected sources serviceAccountToken downwardAPI expirationSeconds items key path defaultMode
    containers state lastState ready serving terminating restartCount image imageID containerID started command
    args protocol appProtocol port targetPort containerPort ports env value valueFrom fieldRef fieldPath
    resourceFieldRef secretKeyRef configMapKeyRef resources limits requests volumeMounts readOnly mountPath
    livenessProbe readinessProbe startupProbe httpGet scheme initialDelaySeconds timeoutSeconds periodSeconds
    successThreshold failureThreshold lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy
    restartPolicy terminationGracePeriodSeconds dnsPolicy serviceAccountName serviceAccount targetRef nodeName
    zone securityContext capabilities affinity schedulerName tolerations operator effect tolerationSeconds
    priority enableServiceLinks preemptionPolicy topologySpreadConstraints selector clusterIP clusterIPs type
    observedGeneration lastProbeTime lastTransitionTime sessionAffinity ipFamilies ipFamilyPolicy
    internalTrafficPolicy ingressClassName tls hosts secretName rules host http pathType backend phase
    conditions hostIP hostIPs podIP podIPs startTime containerStatuses qosClass
";

/// Fields that are maps with keys of the user's.
const MAPS: &[&str] = &["labels", "annotations", "matchLabels", "selector", "data", "limits", "requests", "fieldsV1"];

static RANKS: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| FIELDS.split_whitespace().zip(0..).collect());

/// A value as the server would write it.
pub struct Wire<'v> {
    value: &'v Value,
    by_key: bool,
}

impl<'v> Wire<'v> {
    pub fn new(value: &'v Value) -> Wire<'v> {
        Wire { value, by_key: false }
    }

    pub fn text(value: &Value) -> String {
        serde_json::to_string(&Wire::new(value)).expect("a value is JSON")
    }
}

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                if !self.by_key {
                    // What is not listed comes after, by key.
                    fields.sort_by_key(|(field, _)| RANKS.get(field.as_str()).copied().unwrap_or(usize::MAX));
                }
                serializer.collect_map(
                    fields.into_iter().map(|(key, value)| (key, Wire { value, by_key: MAPS.contains(&key.as_str()) })),
                )
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Wire::new)),
            scalar => scalar.serialize(serializer),
        }
    }
}
