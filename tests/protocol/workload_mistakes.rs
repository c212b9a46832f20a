//! What runs pods, and is refused.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    mistakes::{refused, with, within},
};

/// Something that runs pods, but for these parts of its specification.
fn workload(fields: &Value) -> Value {
    let containers = json!([{"name": "c", "image": "i"}]);
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}});
    with(json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}), "/spec", fields)
}

pub async fn in_stateful_sets(ground: Ground) {
    let cases = &[
        (
            workload(&json!({
                "ordinals": {"start": -1},
                "updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 1}},
                "volumeClaimTemplates": [
                    {
                        "metadata": {"name": "A_"},
                        "spec": {
                            "accessModes": ["x"], "storageClassName": "A_", "volumeMode": "x",
                            "dataSource": {"kind": "X"}, "resources": {"requests": {"storage": "-1"}}
                        }
                    },
                    {"metadata": {"name": "A_"}, "spec": {}}
                ],
                "template": {
                    "spec": {
                        "containers": [
                            {
                                "name": "c", "image": "i",
                                "volumeMounts": [
                                    {"name": "w", "mountPath": "/v"}, {"name": "A_", "mountPath": "/w"}
                                ]
                            }
                        ],
                        "subdomain": "A_"
                    }
                }
            })),
            r#"
            spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0
            spec.template.spec.containers[0].volumeMounts[0].name: Not found: "w"
            spec.template.spec.containers[0].volumeMounts[1].name: Not found: "A_"
            spec.template.spec.volumes[0].name: Invalid value: "A_": <label>
            spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'
            spec.volumeClaimTemplates[0].spec.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"
            spec.volumeClaimTemplates[0].spec.dataSource.name: Required value
            spec.volumeClaimTemplates[0].spec.dataSource: Invalid value: "X": must be 'PersistentVolumeClaim' when referencing the default apiGroup
            spec.volumeClaimTemplates[0].spec.resources[storage]: Invalid value: "-1": must be greater than zero
            spec.volumeClaimTemplates[0].spec.storageClassName: Invalid value: "A_": <subdomain>
            spec.volumeClaimTemplates[0].spec.volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"
            spec.volumeClaimTemplates[1].spec.accessModes: Required value: at least 1 access mode is required
            spec.volumeClaimTemplates[1].spec.resources[storage]: Required value
        "#,
        ),
        (
            workload(&json!({"updateStrategy": {"type": "Rolling"}})),
            r#"spec.updateStrategy: Invalid value: {"Type":"Rolling","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'"#,
        ),
    ];
    refused(&ground, &within("apps", "statefulsets", "StatefulSet"), cases).await;
}

/// Each claim is a volume of the pods.
pub async fn none_in_a_stateful_set_that_mounts_its_claims(ground: Ground) {
    let claim = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let container = json!({"name": "c", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/v"}]});
    let kind = within("apps", "statefulsets", "StatefulSet");
    let mut set = kind.object(&ground.name().replace('.', "-"), json!({}));
    set["spec"] = workload(&json!({
        "template": {"spec": {"containers": [container]}}, "volumeClaimTemplates": [{"metadata": {"name": "v"}, "spec": claim}],
    }))["spec"]
        .take();
    ground.make(&ground.all(&kind), &set).await;
}

pub async fn in_daemon_sets(ground: Ground) {
    let cases = &[
        (
            workload(&json!({"updateStrategy": {"rollingUpdate": {"maxUnavailable": "101%", "maxSurge": -1}}})),
            r#"
            spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: -1: may not be set when maxUnavailable is non-zero
            spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0
            spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%
        "#,
        ),
        (
            workload(&json!({"updateStrategy": {"rollingUpdate": {"maxUnavailable": "0%", "maxSurge": "x"}}})),
            r#"
            spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "x": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')
            spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0
        "#,
        ),
        (
            workload(&json!({"updateStrategy": {"type": "Rolling"}})),
            r#"spec.updateStrategy: Unsupported value: {"Type":"Rolling","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete""#,
        ),
    ];
    refused(&ground, &within("apps", "daemonsets", "DaemonSet"), cases).await;
}

pub async fn in_strategies_of_deployments(ground: Ground) {
    let cases = &[(
        workload(&json!({"strategy": {"type": "Rolling"}})),
        r#"spec.strategy: Unsupported value: {"Type":"Rolling","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate""#,
    )];
    refused(&ground, &within("apps", "deployments", "Deployment"), cases).await;
}
