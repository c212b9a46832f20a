//! Volumes, claims and classes that are refused.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, outside, refused, with, within},
};

const CLAIMS: Kind = within("", "persistentvolumeclaims", "PersistentVolumeClaim");
const VOLUMES: Kind = outside("", "persistentvolumes", "PersistentVolume");
const STORAGE_CLASSES: Kind = outside("storage.k8s.io", "storageclasses", "StorageClass");

pub async fn in_claims(ground: Ground) {
    let cases = &[
        (
            json!({}),
            "
            spec.accessModes: Required value: at least 1 access mode is required
            spec.resources[storage]: Required value
        ",
        ),
        (
            claim(&json!({
                "accessModes": ["Any", "ReadWriteOncePod", "ReadWriteOnce"],
                "resources": {"requests": {"storage": "0"}}, "storageClassName": "A_",
                "volumeAttributesClassName": "B_", "volumeMode": "Tape", "selector": {"matchLabels": {"a b": "c"}}
            })),
            r#"
            spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes
            spec.accessModes: Unsupported value: "Any": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"
            spec.resources[storage]: Invalid value: "0": must be greater than zero
            spec.selector.matchLabels: Invalid value: "a b": <name>
            spec.storageClassName: Invalid value: "A_": <subdomain>
            spec.volumeAttributesClassName: Invalid value: "B_": <subdomain>
            spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"
        "#,
        ),
        (
            claim(&json!({"dataSourceRef": {"kind": "Pod", "name": ""}})),
            r#"
            spec.dataSource.name: Required value
            spec.dataSource: Invalid value: "Pod": must be 'PersistentVolumeClaim' when referencing the default apiGroup
            spec.dataSourceRef.name: Required value
            spec.dataSourceRef: Invalid value: "Pod": must be 'PersistentVolumeClaim' when referencing the default apiGroup
        "#,
        ),
        (
            claim(&json!({
                "dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
                "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "b"}
            })),
            "spec: Invalid value: {}: must match dataSourceRef",
        ),
    ];
    refused(&ground, &CLAIMS, cases).await;
}

pub async fn in_volumes(ground: Ground) {
    let cases = &[
        (
            json!({}),
            r#"
            spec.accessModes: Required value
            spec.capacity: Required value
            spec.capacity: Unsupported value: null: supported values: "storage"
            spec: Required value: must specify a volume type
        "#,
        ),
        (
            volume(&json!({
                "capacity": {"storage": "0", "cpu": "-1"}, "persistentVolumeReclaimPolicy": "Forget",
                "accessModes": ["Any"]
            })),
            r#"
            spec.accessModes: Unsupported value: "Any": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"
            spec.capacity: Unsupported value: {"cpu":"-1","storage":"0"}: supported values: "storage"
            spec.capacity[cpu]: Invalid value: "-1": must be greater than zero
            spec.capacity[cpu]: Invalid value: -1: must be a valid resource quantity
            spec.capacity[storage]: Invalid value: "0": must be greater than zero
            spec.persistentVolumeReclaimPolicy: Unsupported value: "Forget": supported values: "Delete", "Recycle", "Retain"
        "#,
        ),
        (
            volume(&json!({"hostPath": {"path": "/a/../b", "type": "Socks"}, "nfs": {"server": "s", "path": "/"}})),
            r#"
            spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'
            spec.hostPath.type: Unsupported value: "Socks": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"
            spec.nfs: Forbidden: may not specify more than 1 volume type
        "#,
        ),
        (
            volume(&json!({
                "hostPath": {"path": "/"}, "persistentVolumeReclaimPolicy": "Recycle", "storageClassName": "A_",
                "volumeMode": "Tape"
            })),
            r#"
            spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'
            spec.storageClassName: Invalid value: "A_": <subdomain>
            spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"
        "#,
        ),
        (
            volume(&json!({"hostPath": null, "nfs": {"path": "x"}})),
            r#"
            spec.nfs.path: Invalid value: "x": must be an absolute path
            spec.nfs.server: Required value
        "#,
        ),
        (
            volume(&json!({"hostPath": null, "csi": {"driver": "A b", "nodePublishSecretRef": {}}})),
            r#"
            spec.csi.driver: Invalid value: "A b": <subdomain>
            spec.csi.nodePublishSecretRef.name: Required value
            spec.csi.nodePublishSecretRef.namespace: Required value
            spec.csi.volumeHandle: Required value
        "#,
        ),
        (
            volume(&json!({"hostPath": null, "local": {"path": "../a"}})),
            r#"
            spec.local.path: Invalid value: "../a": must not contain '..'
            spec.nodeAffinity: Required value: Local volume requires node affinity
        "#,
        ),
        (
            volume(&json!({
                "volumeAttributesClassName": "a",
                "nodeAffinity": {
                    "required": {
                        "nodeSelectorTerms": [
                            {
                                "matchExpressions": [
                                    {"key": "a b", "operator": "In", "values": []},
                                    {"key": "a", "operator": "Exists", "values": ["x"]},
                                    {"key": "a", "operator": "Gt", "values": ["x", "y"]},
                                    {"key": "a", "operator": "Like"}
                                ],
                                "matchFields": [
                                    {"key": "x", "operator": "In", "values": ["a", "b"]},
                                    {"key": "metadata.name", "operator": "Exists"}
                                ]
                            }
                        ]
                    }
                }
            })),
            r#"
            spec.csi: Required value: has to be specified when using volumeAttributesClassName
            spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: Invalid value: "a b": <name>
            spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'
            spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'
            spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[2].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'
            spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[3].operator: Invalid value: "Like": not a valid selector operator
            spec.nodeAffinity.required.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "x": not a valid field selector key
            spec.nodeAffinity.required.nodeSelectorTerms[0].matchFields[0].values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector
            spec.nodeAffinity.required.nodeSelectorTerms[0].matchFields[1].operator: Invalid value: "Exists": not a valid selector operator
        "#,
        ),
    ];
    refused(&ground, &VOLUMES, cases).await;
    let cases = &[
        (json!({"spec": {"volumeMode": "Block"}}), r#"volumeMode: Invalid value: "Block": field is immutable"#),
        (
            json!({
                "spec": {
                    "nodeAffinity": {
                        "required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "b", "operator": "Exists"}]}]}
                    }
                }
            }),
            r#"nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"b","Operator":"Exists","Values":null}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA"#,
        ),
    ];
    kept(&ground, &VOLUMES, &volume(&json!({
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}
    })), cases).await;
}

pub async fn in_storage_classes(ground: Ground) {
    let cases = &[
        (json!({}), "provisioner: Required value"),
        (
            json!({
                "provisioner": "A/b c", "reclaimPolicy": "Recycle", "volumeBindingMode": "Later",
                "parameters": {"": "a"}
            }),
            r#"
            parameters: Invalid value: "": field can not be empty.
            provisioner: Invalid value: "a/b c": <name>
            reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"
            volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"
        "#,
        ),
        (
            json!({
                "provisioner": "x",
                "allowedTopologies": [
                    {
                        "matchLabelExpressions": [
                            {"key": "a b", "values": []}, {"key": "a", "values": ["x", "x"]},
                            {"key": "a", "values": ["y"]}
                        ]
                    }
                ]
            }),
            r#"
            allowedTopologies[0].matchLabelExpressions[0].key: Invalid value: "a b": <name>
            allowedTopologies[0].matchLabelExpressions[0].values: Required value
            allowedTopologies[0].matchLabelExpressions[1].values[1]: Duplicate value: "x"
            allowedTopologies[0].matchLabelExpressions[2].key: Duplicate value: "a"
        "#,
        ),
    ];
    refused(&ground, &STORAGE_CLASSES, cases).await;
    let cases = &[(
        json!({
            "provisioner": "c/d", "parameters": {"a": "b"}, "reclaimPolicy": "Retain",
            "volumeBindingMode": "WaitForFirstConsumer"
        }),
        r#"
            parameters: Invalid value: {"a":"b"}: field is immutable
            provisioner: Invalid value: "c/d": field is immutable
            reclaimPolicy: Invalid value: "Retain": field is immutable
            volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable
        "#,
    )];
    kept(&ground, &STORAGE_CLASSES, &json!({"provisioner": "a/b"}), cases).await;
}

/// A volume, but for these parts of its specification.
fn volume(fields: &Value) -> Value {
    with(
        json!({"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}}}),
        "/spec",
        fields,
    )
}

/// A claim, but for these parts of its specification.
fn claim(fields: &Value) -> Value {
    with(
        json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
        "/spec",
        fields,
    )
}
