//! What an object loses on its way through the server's types: what a type does not tell from nothing at all, such as
//! a `hostNetwork` of false. Not here: lists and maps, which decoding knows.
//!
//! Types that tell nothing from empty keep it: `securityContext: {}`, `replicas: 0`, `storageClassName: ""`.

use serde_json::Value;

use super::Fields;

/// Flags that are not there when they say no.
const FLAGS: [&str; 18] = [
    "deprecated",
    "external",
    "globalDefault",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "immediate",
    "notReady",
    "paused",
    "preserveUnknownFields",
    "publishNotReadyAddresses",
    "readOnly",
    "required",
    "stdin",
    "stdinOnce",
    "tty",
    "unschedulable",
    "insecureSkipTLSVerify",
];

/// Numbers that are not there when they are 0.
const NUMBERS: [&str; 6] =
    ["healthCheckNodePort", "hostPort", "initialDelaySeconds", "minReadySeconds", "nodePort", "observedGeneration"];

/// Texts that are not there when they are empty.
const TEXTS: [&str; 31] = [
    "description",
    "clusterIP",
    "clusterName",
    "effect",
    "externalName",
    "externalTrafficPolicy",
    "fieldPath",
    "fsType",
    "generateName",
    "host",
    "hostIP",
    "hostname",
    "image",
    "key",
    "loadBalancerIP",
    "message",
    "nodeName",
    "operator",
    "path",
    "priorityClassName",
    "reason",
    "secretName",
    "serviceAccount",
    "serviceAccountName",
    "sessionAffinity",
    "subPath",
    "subPathExpr",
    "subdomain",
    "value",
    "volumeName",
    "workingDir",
];

/// What a client may have any names in: nothing in there has a meaning to the server's types.
const FREE: [&str; 7] = ["annotations", "binaryData", "data", "labels", "matchLabels", "parameters", "stringData"];

/// Takes out what means nothing.
pub(super) fn forget(object: &mut Fields) {
    object.retain(|name, value| {
        if !FREE.contains(&name.as_str()) && !matches!(name.as_str(), "openAPIV3Schema" | "fieldsV1") {
            inside(value);
        }
        kept(name, value)
    });
}

fn inside(value: &mut Value) {
    match value {
        Value::Object(fields) => forget(fields),
        Value::Array(items) => items.iter_mut().for_each(inside),
        _ => {}
    }
}

fn kept(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => false,
        // Decoding left out the empty ones that mean nothing.
        Value::Array(_) | Value::Object(_) => true,
        Value::Bool(said) => *said || !FLAGS.contains(&name),
        Value::Number(number) => number.as_f64() != Some(0.0) || !NUMBERS.contains(&name),
        Value::String(text) => !text.is_empty() || !TEXTS.contains(&name),
    }
}
