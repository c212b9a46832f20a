//! Pods that are refused.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept_in, refused, with, within},
};

const PODS: Kind = within("", "pods", "Pod");

/// A pod, but for these parts of its specification.
fn pod(fields: &Value) -> Value {
    let labels = json!({"labels": {"a": "b"}});
    with(json!({"metadata": labels, "spec": {"containers": [{"name": "c", "image": "i"}]}}), "/spec", fields)
}

pub async fn in_variables(ground: Ground) {
    let cases = &[
        (
            pod(&json!({
                "containers": [
                    {
                        "name": "c", "image": "i",
                        "env": [
                            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": ""}}},
                            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.foo"}}},
                            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}},
                            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a b']"}}},
                            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['a_/B']"}}},
                            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name['a']"}}},
                            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.phase"}}},
                            {
                                "name": "A",
                                "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v2"}}
                            },
                            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.host"}}},
                            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a']"}}}
                        ]
                    }
                ]
            })),
            r#"
            spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Required value
            spec.containers[0].env[1].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.foo": error converting fieldPath: field label not supported: metadata.foo
            spec.containers[0].env[2].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"
            spec.containers[0].env[3].valueFrom.fieldRef: Invalid value: "a b": <name>
            spec.containers[0].env[4].valueFrom.fieldRef: Invalid value: "a_/b": prefix part <subdomain>
            spec.containers[0].env[5].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name['a']": error converting fieldPath: field label does not support subscript: metadata.name['a']
            spec.containers[0].env[6].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"
            spec.containers[0].env[7].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2
        "#,
        ),
        (
            pod(&json!({
                "containers": [
                    {
                        "name": "c", "image": "i",
                        "env": [
                            {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "cpu"}}},
                            {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": ""}}},
                            {
                                "name": "A",
                                "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}
                            },
                            {
                                "name": "A",
                                "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1m"}}
                            },
                            {
                                "name": "A",
                                "valueFrom": {
                                    "resourceFieldRef": {"resource": "requests.ephemeral-storage", "divisor": "3"}
                                }
                            },
                            {
                                "name": "A",
                                "valueFrom": {
                                    "resourceFieldRef": {"resource": "limits.hugepages-2Mi", "divisor": "3"}
                                }
                            },
                            {
                                "name": "A",
                                "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}
                            }
                        ]
                    }
                ]
            })),
            r#"
            spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "cpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"
            spec.containers[0].env[1].valueFrom.resourceFieldRef.resource: Required value
            spec.containers[0].env[2].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource
            spec.containers[0].env[3].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource
            spec.containers[0].env[4].valueFrom.resourceFieldRef.divisor: Invalid value: "requests.ephemeral-storage": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the local ephemeral storage resource
            spec.containers[0].env[5].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.hugepages-2Mi": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the hugepages resource
        "#,
        ),
        (
            pod(&json!({
                "containers": [
                    {
                        "name": "c", "image": "i",
                        "env": [
                            {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "M_", "key": "k k"}}},
                            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "m", "key": ".."}}},
                            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "m", "key": "..a"}}},
                            {
                                "name": "A",
                                "valueFrom": {"fileKeyRef": {"volumeName": "w", "path": "../a", "key": "k="}}
                            },
                            {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "", "path": "", "key": ""}}},
                            {
                                "name": "A",
                                "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "p", "key": "k"}}
                            }
                        ],
                        "envFrom": [{"prefix": "a=", "configMapRef": {"name": "m"}, "secretRef": {"name": "s"}}]
                    }
                ],
                "volumes": [{"name": "v", "configMap": {"name": "m"}}]
            })),
            r#"
            spec.containers[0].envFrom: Invalid value: "": may not have more than one field specified at a time
            spec.containers[0].envFrom[0].prefix: Invalid value: "a=": a valid environment variable name must consist only of printable ASCII characters other than '='
            spec.containers[0].env[0].valueFrom.configMapKeyRef.key: Invalid value: "k k": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')
            spec.containers[0].env[0].valueFrom.configMapKeyRef.name: Invalid value: "M_": <subdomain>
            spec.containers[0].env[1].valueFrom.secretKeyRef.key: Invalid value: "..": must not be '..'
            spec.containers[0].env[2].valueFrom.secretKeyRef.key: Invalid value: "..a": must not start with '..'
            spec.containers[0].env[3].valueFrom.fileKeyRef.key: Invalid value: "k=": a valid environment variable name must consist only of printable ASCII characters other than '='
            spec.containers[0].env[3].valueFrom.fileKeyRef.path: Invalid value: "../a": must not contain '..'
            spec.containers[0].env[3].valueFrom.fileKeyRef.volumeName: Not found: "w"
            spec.containers[0].env[4].valueFrom.fileKeyRef.key: Required value
            spec.containers[0].env[4].valueFrom.fileKeyRef.path: Required value
            spec.containers[0].env[4].valueFrom.fileKeyRef.volumeName: Not found: ""
            spec.containers[0].env[4].valueFrom.fileKeyRef.volumeName: Required value
            spec.containers[0].env[5].valueFrom.fileKeyRef.volumeName: Invalid value: "v": referenced volume must be of type emptyDir
        "#,
        ),
    ];
    refused(&ground, &PODS, cases).await;
}

pub async fn in_mounts(ground: Ground) {
    let cases = &[(
        pod(&json!({
            "containers": [
                {
                    "name": "c", "image": "i",
                    "volumeMounts": [
                        {"name": "v", "mountPath": "/a", "subPath": "/b"},
                        {"name": "v", "mountPath": "/b", "subPath": "../b", "subPathExpr": "c"},
                        {"name": "v", "mountPath": "/c", "subPathExpr": "/$(A)/.."},
                        {"name": "v", "mountPath": "/d", "mountPropagation": "Both"},
                        {"name": "v", "mountPath": "/e", "mountPropagation": "Bidirectional"},
                        {"name": "v", "mountPath": "/f", "recursiveReadOnly": "Enabled"},
                        {"name": "v", "mountPath": "/g", "recursiveReadOnly": "Yes", "readOnly": true},
                        {
                            "name": "v", "mountPath": "/h", "recursiveReadOnly": "IfPossible",
                            "readOnly": true, "mountPropagation": "HostToContainer"
                        }
                    ],
                    "volumeDevices": [
                        {"name": "v", "devicePath": "/a"}, {"name": "p", "devicePath": "/p"},
                        {"name": "p", "devicePath": "/p"}, {"name": "", "devicePath": ""},
                        {"name": "x", "devicePath": "../x"}
                    ]
                }
            ],
            "volumes": [
                {"name": "v", "emptyDir": {}}, {"name": "p", "persistentVolumeClaim": {"claimName": "p"}}
            ]
        })),
        r#"
            spec.containers[0].volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode
            spec.containers[0].volumeDevices[0].name: Invalid value: "v": must not already exist in volumeMounts
            spec.containers[0].volumeDevices[2].devicePath: Invalid value: "/p": must be unique
            spec.containers[0].volumeDevices[2].name: Invalid value: "p": must be unique
            spec.containers[0].volumeDevices[3].devicePath: Required value
            spec.containers[0].volumeDevices[3].name: Not found: ""
            spec.containers[0].volumeDevices[3].name: Required value
            spec.containers[0].volumeDevices[4].devicePath: Invalid value: "../x": can not contain backsteps ('..')
            spec.containers[0].volumeDevices[4].name: Not found: "x"
            spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers
            spec.containers[0].volumeMounts.mountPropagation: Unsupported value: "Both": supported values: "Bidirectional", "HostToContainer", "None"
            spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified
            spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true
            spec.containers[0].volumeMounts.recursiveReadOnly: Unsupported value: "Yes": supported values: "Disabled", "Enabled", "IfPossible"
            spec.containers[0].volumeMounts.subPath: Invalid value: "../b": must not contain '..'
            spec.containers[0].volumeMounts.subPath: Invalid value: "/b": must be a relative path
            spec.containers[0].volumeMounts.subPathExpr: Invalid value: "/$(A)/..": must be a relative path
            spec.containers[0].volumeMounts.subPathExpr: Invalid value: "/$(A)/..": must not contain '..'
            spec.containers[0].volumeMounts[0].mountPath: Invalid value: "/a": must not already exist as a path in volumeDevices
            spec.containers[0].volumeMounts[0].name: Invalid value: "v": must not already exist in volumeDevices
            spec.containers[0].volumeMounts[1].name: Invalid value: "v": must not already exist in volumeDevices
            spec.containers[0].volumeMounts[1].subPathExpr: Invalid value: "c": subPathExpr and subPath are mutually exclusive
            spec.containers[0].volumeMounts[2].name: Invalid value: "v": must not already exist in volumeDevices
            spec.containers[0].volumeMounts[3].name: Invalid value: "v": must not already exist in volumeDevices
            spec.containers[0].volumeMounts[4].name: Invalid value: "v": must not already exist in volumeDevices
            spec.containers[0].volumeMounts[5].name: Invalid value: "v": must not already exist in volumeDevices
            spec.containers[0].volumeMounts[6].name: Invalid value: "v": must not already exist in volumeDevices
            spec.containers[0].volumeMounts[7].name: Invalid value: "v": must not already exist in volumeDevices
        "#,
    )];
    refused(&ground, &PODS, cases).await;
}

pub async fn in_volumes_of_pods(ground: Ground) {
    let cases = &[
        (
            pod(&json!({
                "volumes": [
                    {"name": "v0", "emptyDir": {"sizeLimit": "-1"}},
                    {"name": "v1", "hostPath": {"path": "/a/../b", "type": "Dir"}},
                    {
                        "name": "v2",
                        "secret": {
                            "secretName": "s", "defaultMode": 512,
                            "items": [
                                {"key": "", "path": ""}, {"key": "k", "path": "/a"},
                                {"key": "k", "path": "../a", "mode": -1}, {"key": "k", "path": "..a"}
                            ]
                        }
                    },
                    {"name": "v3", "nfs": {"server": "s", "path": "a"}},
                    {"name": "v4", "csi": {"driver": "A_", "nodePublishSecretRef": {}}},
                    {"name": "v5", "image": {"pullPolicy": "Often"}}, {"name": "v6", "ephemeral": {}},
                    {"name": "v7", "ephemeral": {"volumeClaimTemplate": {"metadata": {"name": "x"}, "spec": {}}}},
                    {"name": "v8", "iscsi": {}}, {"name": "v9", "fc": {}},
                    {"name": "v10", "gcePersistentDisk": {}}, {"name": "v11", "cephfs": {}}
                ]
            })),
            r#"
            spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity
            spec.volumes[10].persistentDisk.pdName: Required value
            spec.volumes[11].cephfs.monitors: Required value
            spec.volumes[1].hostPath.path: Invalid value: "/a/../b": must not contain '..'
            spec.volumes[1].hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"
            spec.volumes[2].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive
            spec.volumes[2].secret.items[0].key: Required value
            spec.volumes[2].secret.items[0].path: Required value
            spec.volumes[2].secret.items[1].path: Invalid value: "/a": must be a relative path
            spec.volumes[2].secret.items[2].mode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive
            spec.volumes[2].secret.items[2].path: Invalid value: "../a": must not contain '..'
            spec.volumes[2].secret.items[3].path: Invalid value: "..a": must not start with '..'
            spec.volumes[3].nfs.path: Invalid value: "a": must be an absolute path
            spec.volumes[4].csi.driver: Invalid value: "A_": <subdomain>
            spec.volumes[4].csi.nodePublishSecretRef.name: Required value
            spec.volumes[5].image.pullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"
            spec.volumes[5].image.reference: Required value
            spec.volumes[6].ephemeral.volumeClaimTemplate: Required value
            spec.volumes[7].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set
            spec.volumes[7].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required
            spec.volumes[7].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value
            spec.volumes[8].iscsi.iqn: Required value
            spec.volumes[8].iscsi.targetPortal: Required value
            spec.volumes[9].fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both
        "#,
        ),
        (
            pod(&json!({
                "volumes": [
                    {
                        "name": "v0",
                        "downwardAPI": {
                            "defaultMode": 1000,
                            "items": [{"path": "p"}, {"path": "", "fieldRef": {"fieldPath": "status.podIP"}}]
                        }
                    },
                    {
                        "name": "v1",
                        "downwardAPI": {
                            "items": [
                                {"path": "/a", "mode": 1000, "resourceFieldRef": {"resource": "limits.cpu"}},
                                {
                                    "path": "a", "fieldRef": {"fieldPath": "metadata.name"},
                                    "resourceFieldRef": {"resource": "limits.cpu", "containerName": "c"}
                                },
                                {
                                    "path": "b",
                                    "resourceFieldRef": {
                                        "resource": "limits.x", "containerName": "c", "divisor": "3"
                                    }
                                }
                            ]
                        }
                    },
                    {
                        "name": "v2",
                        "projected": {
                            "defaultMode": 1000,
                            "sources": [
                                {"secret": {"items": [{"key": "a", "path": "p"}]}},
                                {
                                    "configMap": {"name": "m", "items": [{"key": "a", "path": "p"}]},
                                    "downwardAPI": {
                                        "items": [{"path": "p", "fieldRef": {"fieldPath": "spec.nodeName"}}]
                                    }
                                }
                            ]
                        }
                    }
                ]
            })),
            r#"
            spec.volumes[0].downwardAPI.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive
            spec.volumes[0].downwardAPI.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"
            spec.volumes[0].downwardAPI.path: Required value
            spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required
            spec.volumes[1].downwardAPI.mode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive
            spec.volumes[1].downwardAPI.path: Invalid value: "/a": must be a relative path
            spec.volumes[1].downwardAPI.resourceFieldRef.containerName: Required value
            spec.volumes[1].downwardAPI.resourceFieldRef.resource: Unsupported value: "limits.x": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"
            spec.volumes[1].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously
            spec.volumes[2].projected.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive
            spec.volumes[2].projected.sources[0].secret.name: Required value
            spec.volumes[2].projected.sources[1].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"
            spec.volumes[2].projected.sources[1]: Forbidden: may not specify more than 1 volume type per source
            spec.volumes[2].projected: Invalid value: "m": conflicting duplicate paths
            spec.volumes[2].projected: Invalid value: "p": conflicting duplicate paths
        "#,
        ),
    ];
    refused(&ground, &PODS, cases).await;
}

pub async fn in_probes_and_hooks(ground: Ground) {
    let cases = &[
        (
            pod(&json!({
                "containers": [
                    {
                        "name": "c", "image": "i",
                        "livenessProbe": {
                            "httpGet": {
                                "port": "Http_", "scheme": "http",
                                "httpHeaders": [{"name": "a b", "value": ""}, {"name": "", "value": ""}]
                            },
                            "terminationGracePeriodSeconds": 0
                        },
                        "readinessProbe": {"tcpSocket": {"port": 80}, "terminationGracePeriodSeconds": 5},
                        "startupProbe": {"grpc": {"port": 0}, "exec": {"command": ["a"]}, "successThreshold": 2},
                        "lifecycle": {
                            "preStop": {"sleep": {"seconds": 31}}, "postStart": {"sleep": {"seconds": -1}}
                        }
                    }
                ]
            })),
            r#"
            spec.containers[0].lifecycle.postStart.sleep: Invalid value: -1: must be non-negative and less than terminationGracePeriodSeconds (30)
            spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)
            spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: "": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')
            spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')
            spec.containers[0].livenessProbe.httpGet.port: Invalid value: "Http_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)
            spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: "http": supported values: "HTTP", "HTTPS"
            spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0
            spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes
            spec.containers[0].startupProbe.grpc: Forbidden: may not specify more than 1 handler type
            spec.containers[0].startupProbe.successThreshold: Invalid value: 2: must be 1
        "#,
        ),
        (
            pod(&json!({
                "initContainers": [
                    {"name": "i", "image": "i", "livenessProbe": {"tcpSocket": {"port": 0}}, "lifecycle": {}},
                    {
                        "name": "j", "image": "i", "restartPolicy": "Always",
                        "livenessProbe": {"tcpSocket": {"port": 0}}
                    },
                    {
                        "name": "k", "image": " i", "restartPolicy": "Sometimes",
                        "ports": [{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}]
                    }
                ],
                "containers": [
                    {
                        "name": "c", "image": "i",
                        "ports": [
                            {"containerPort": 80, "hostPort": 80, "hostIP": "1.2.3.4"},
                            {"containerPort": 81, "hostPort": 80, "hostIP": "1.2.3.4"}
                        ],
                        "restartPolicyRules": [
                            {"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}
                        ],
                        "resizePolicy": [
                            {"resourceName": "storage", "restartPolicy": "Never"},
                            {"resourceName": "storage", "restartPolicy": "NotRequired"}
                        ]
                    }
                ]
            })),
            r#"
            spec.containers[0].ports[1].hostPort: Duplicate value: "TCP/1.2.3.4/80"
            spec.containers[0].resizePolicy: Unsupported value: "Never": supported values: "NotRequired", "RestartContainer"
            spec.containers[0].resizePolicy: Unsupported value: "storage": supported values: "cpu", "memory"
            spec.containers[0].resizePolicy: Unsupported value: "storage": supported values: "cpu", "memory"
            spec.containers[0].resizePolicy[1]: Duplicate value: "storage"
            spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used
            spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always
            spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always
            spec.initContainers[0].ports[1].hostPort: Duplicate value: "TCP//80"
            spec.initContainers[1].livenessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive
            spec.initContainers[2].image: Invalid value: " i": must not have leading or trailing whitespace
            spec.initContainers[2].restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"
        "#,
        ),
    ];
    refused(&ground, &PODS, cases).await;
}

pub async fn in_security_contexts(ground: Ground) {
    let padded = format!(
        r#"
            spec.containers[0].securityContext.appArmorProfile.type: Required value: type is required when appArmorProfile is set
            spec.containers[0].volumeDevices: Forbidden: when `hostUsers` is false
            spec.containers[1].securityContext.appArmorProfile.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"
            spec.containers[3].securityContext.appArmorProfile.localhostProfile: Invalid value: "": can only be set when AppArmor type is Localhost
            spec.initContainers[0].volumeDevices: Forbidden: when `hostUsers` is false
            spec.securityContext.appArmorProfile.localhostProfile: Invalid value: " {}": must not be padded with whitespace
            spec.securityContext.appArmorProfile.localhostProfile: Too long: may not be more than 4095 bytes
        "#,
        "p".repeat(4095)
    );
    let cases: &[(Value, &str)] = &[
        (
            pod(&json!({
                "containers": [
                    {
                        "name": "c", "image": "i",
                        "securityContext": {
                            "allowPrivilegeEscalation": false, "capabilities": {"add": ["CAP_SYS_ADMIN"]},
                            "procMount": "Unmasked"
                        }
                    }
                ],
                "securityContext": {
                    "runAsUser": -1, "fsGroup": -1, "runAsGroup": -1, "supplementalGroups": [-1],
                    "fsGroupChangePolicy": "x", "supplementalGroupsPolicy": "x",
                    "seccompProfile": {"type": "Localhost", "localhostProfile": "../p"},
                    "appArmorProfile": {"type": "Unconfined", "localhostProfile": "p"}
                },
                "hostPID": true, "shareProcessNamespace": true
            })),
            r#"
            spec.containers[0].securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`
            spec.containers[0].securityContext: Invalid value: {"Capabilities":{"Add":["CAP_SYS_ADMIN"],"Drop":null},"Privileged":null,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":"Unmasked","SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN
            spec.securityContext.appArmorProfile.localhostProfile: Invalid value: "p": can only be set when AppArmor type is Localhost
            spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive
            spec.securityContext.fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"
            spec.securityContext.runAsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive
            spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive
            spec.securityContext.seccompProfile.localhostProfile: Invalid value: "../p": must not contain '..'
            spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled
            spec.securityContext.supplementalGroupsPolicy: Unsupported value: "x": supported values: "Merge", "Strict"
            spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive
        "#,
        ),
        (
            pod(&json!({
                "containers": [
                    {
                        "name": "c", "image": "i",
                        "securityContext": {
                            "procMount": "Masked",
                            "windowsOptions": {"gmsaCredentialSpecName": "A_", "runAsUserName": ""},
                            "seccompProfile": {"type": "RuntimeDefault", "localhostProfile": "p"},
                            "appArmorProfile": {"type": "Localhost"}
                        }
                    }
                ],
                "securityContext": {
                    "seccompProfile": {}, "appArmorProfile": {"type": "x"},
                    "sysctls": [
                        {"name": "", "value": "1"}, {"name": "A B", "value": "1"},
                        {"name": "kernel.msgmax", "value": "1"}, {"name": "kernel.msgmax", "value": "1"},
                        {"name": "net.core.x", "value": "1"}
                    ]
                },
                "hostNetwork": true, "hostIPC": true, "hostUsers": false
            })),
            r#"
            spec.HostIPC: Forbidden: when `hostUsers` is false
            spec.containers[0].securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost
            spec.containers[0].securityContext.procMount: Unsupported value: "Masked": supported values: "Default", "Unmasked"
            spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid value: {"Type":"RuntimeDefault","LocalhostProfile":"p"}: can only be set when seccomp type is Localhost
            spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: "A_": <subdomain>
            spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "": runAsUserName cannot be an empty string
            spec.hostNetwork: Forbidden: when `hostUsers` is false
            spec.securityContext.appArmorProfile.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"
            spec.securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set
            spec.securityContext.sysctls[0].name: Required value
            spec.securityContext.sysctls[1].name: Invalid value: "A B": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$
            spec.securityContext.sysctls[2].name: Invalid value: "kernel.msgmax": may not be specified when 'hostIPC' is true
            spec.securityContext.sysctls[3].name: Duplicate value: "kernel.msgmax"
            spec.securityContext.sysctls[3].name: Invalid value: "kernel.msgmax": may not be specified when 'hostIPC' is true
            spec.securityContext.sysctls[4].name: Invalid value: "net.core.x": may not be specified when 'hostNetwork' is true
        "#,
        ),
        (
            pod(&json!({
                "containers": [
                    {
                        "name": "c", "image": "i",
                        "securityContext": {
                            "seccompProfile": {"type": "Local"},
                            "appArmorProfile": {"type": "Localhost", "localhostProfile": " x"}
                        }
                    }
                ]
            })),
            r#"
            spec.containers[0].securityContext.appArmorProfile.localhostProfile: Invalid value: " x": must not be padded with whitespace
            spec.containers[0].securityContext.seccompProfile.type: Unsupported value: "Local": supported values: "Localhost", "RuntimeDefault", "Unconfined"
        "#,
        ),
        (
            pod(&json!({
                "containers": [
                    {
                        "name": "c", "image": "i", "volumeDevices": [{"name": "v", "devicePath": "/d"}],
                        "securityContext": {"appArmorProfile": {"type": "", "localhostProfile": "p"}}
                    },
                    {
                        "name": "d", "image": "i", "volumeDevices": [],
                        "securityContext": {"appArmorProfile": {"type": "x", "localhostProfile": ""}}
                    },
                    {
                        "name": "e", "image": "i",
                        "securityContext": {
                            "appArmorProfile": {"type": "Localhost", "localhostProfile": "p".repeat(4095)}
                        }
                    },
                    {
                        "name": "f", "image": "i",
                        "securityContext": {"appArmorProfile": {"type": "RuntimeDefault", "localhostProfile": ""}}
                    }
                ],
                "initContainers": [
                    {"name": "i", "image": "i", "volumeDevices": [{"name": "v", "devicePath": "/d"}]}
                ],
                "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}], "hostUsers": false,
                "securityContext": {
                    "appArmorProfile": {"type": "Localhost", "localhostProfile": format!(" {}", "p".repeat(4095))}
                }
            })),
            &padded,
        ),
    ];
    refused(&ground, &PODS, cases).await;
}

pub async fn in_where_pods_run(ground: Ground) {
    // With the spaces between them, the first are as long as they may be, and the second longer by one.
    let named = |lengths: &[usize]| lengths.iter().map(|length| "a".repeat(*length)).collect::<Vec<_>>();
    let (many, long) = (named(&[vec![61; 32], vec![64]].concat()), named(&[vec![253; 8], vec![17]].concat()));
    let of_many =
        format!("spec.dnsConfig.searches: Invalid value: {}: must not have more than 32 search paths", json!(many));
    let of_long = format!(
        "spec.dnsConfig.searches: Invalid value: {}: must not have more than 2048 characters (including spaces) in the search list",
        json!(long)
    );
    let cases: &[(Value, &str)] = &[
        (
            pod(&json!({
                "topologySpreadConstraints": [
                    {},
                    {
                        "maxSkew": 1, "topologyKey": "k", "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 0,
                        "nodeAffinityPolicy": "x", "nodeTaintsPolicy": "y", "matchLabelKeys": ["a"]
                    },
                    {"maxSkew": 1, "topologyKey": "k", "whenUnsatisfiable": "ScheduleAnyway"},
                    {
                        "maxSkew": 1, "topologyKey": "l", "whenUnsatisfiable": "DoNotSchedule",
                        "matchLabelKeys": ["a", "a b"], "labelSelector": {"matchLabels": {"a": "b"}}
                    }
                ],
                "tolerations": [
                    {"key": "a", "operator": "Equal", "value": "b c"},
                    {"key": "a", "operator": "Gt", "value": "5"}, {"key": "a", "operator": "Any"}
                ],
                "schedulingGates": [{"name": ""}, {"name": "a b"}, {"name": "c"}, {"name": "c"}], "nodeName": "n",
                "readinessGates": [{"conditionType": "a b"}], "os": {"name": "x"},
                "resourceClaims": [
                    {"name": ""}, {"name": "a", "resourceClaimName": "A_"},
                    {"name": "a", "resourceClaimName": "x", "resourceClaimTemplateName": "y"}
                ]
            })),
            r#"
            spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared
            spec.os: Unsupported value: "x": supported values: "linux", "windows"
            spec.readinessGates[0].conditionType: Invalid value: "a b": <name>
            spec.resourceClaims[0].name: Required value
            spec.resourceClaims[0]: Invalid value: {"Name":"","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`
            spec.resourceClaims[1].resourceClaimName: Invalid value: "A_": <subdomain>
            spec.resourceClaims[2].name: Duplicate value: "a"
            spec.resourceClaims[2]: Invalid value: {"Name":"a","ResourceClaimName":"x","ResourceClaimTemplateName":"y"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified
            spec.schedulingGates[0]: Invalid value: "": <name>
            spec.schedulingGates[0]: Invalid value: "": name part must be non-empty
            spec.schedulingGates[1]: Invalid value: "a b": <name>
            spec.schedulingGates[3]: Duplicate value: "c"
            spec.tolerations[0].operator: Invalid value: "b c": <value>
            spec.tolerations[1].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"
            spec.tolerations[2].operator: Unsupported value: "Any": supported values: "Equal", "Exists"
            spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero
            spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty
            spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "": supported values: "DoNotSchedule", "ScheduleAnyway"
            spec.topologySpreadConstraints[1].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set
            spec.topologySpreadConstraints[1].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway
            spec.topologySpreadConstraints[1].minDomains: Invalid value: 0: must be greater than zero
            spec.topologySpreadConstraints[1].nodeAffinityPolicy: Unsupported value: "x": supported values: "Honor", "Ignore"
            spec.topologySpreadConstraints[1].nodeTaintsPolicy: Unsupported value: "y": supported values: "Honor", "Ignore"
            spec.topologySpreadConstraints[1].{topologyKey, whenUnsatisfiable}: Duplicate value: "{k, ScheduleAnyway}"
            spec.topologySpreadConstraints[3].matchLabelKeys[1]: Invalid value: "a b": <name>
            spec.topologySpreadConstraints[3][0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector
        "#,
        ),
        (
            pod(&json!({
                "dnsPolicy": "None",
                "dnsConfig": {
                    "nameservers": ["a", "1.1.1.1", "1.1.1.2", "01.1.1.3"], "searches": ["a b", "a_b.", "."],
                    "options": [{"name": ""}]
                },
                "hostnameOverride": "A_", "hostNetwork": true,
                "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["A_"]}], "os": {"name": ""}
            })),
            r#"
            spec.dnsConfig.nameservers: Invalid value: ["a","1.1.1.1","1.1.1.2","01.1.1.3"]: must not have more than 3 nameservers
            spec.dnsConfig.nameservers[0]: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
            spec.dnsConfig.nameservers[3]: Invalid value: "01.1.1.3": must not have leading 0s
            spec.dnsConfig.options[0]: Required value: must not be empty
            spec.dnsConfig.searches[0]: Invalid value: "a b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')
            spec.hostAliases[0].hostnames[0]: Invalid value: "A_": <subdomain>
            spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true
            spec.hostnameOverride: Invalid value: "A_": <subdomain>
            spec.os.name: Required value
        "#,
        ),
        (
            pod(&json!({"dnsPolicy": "None"})),
            "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
        ),
        (pod(&json!({"dnsConfig": {"searches": many}})), &of_many),
        (pod(&json!({"dnsConfig": {"searches": long}})), &of_long),
    ];
    refused(&ground, &PODS, cases).await;
}

pub async fn in_ephemeral_containers(ground: Ground) {
    let container = json!({
        "name": "e", "image": "i", "targetContainerName": "x", "ports": [{"containerPort": 80}],
        "resources": {"limits": {"cpu": "1"}}, "livenessProbe": {"tcpSocket": {"port": 80}}, "lifecycle": {},
        "restartPolicy": "Always", "volumeMounts": [{"name": "v", "mountPath": "/a", "subPath": "x"}],
    });
    let cases = &[(
        json!({"spec": {"ephemeralContainers": [container]}}),
        r#"
            spec.ephemeralContainers[0].lifecycle: Forbidden: cannot be set for an Ephemeral Container
            spec.ephemeralContainers[0].livenessProbe: Forbidden: cannot be set for an Ephemeral Container
            spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container
            spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container
            spec.ephemeralContainers[0].restartPolicy: Forbidden: cannot be set for an Ephemeral Container
            spec.ephemeralContainers[0].targetContainerName: Not found: "x"
            spec.ephemeralContainers[0].volumeMounts[0].name: Not found: "v"
            spec.ephemeralContainers[0].volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container
        "#,
    )];
    kept_in(&ground, &PODS, "/ephemeralcontainers", &pod(&json!({})), cases).await;
}
