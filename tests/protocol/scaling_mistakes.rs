//! Autoscalers and budgets that are refused.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, refused, with, within},
};

const AUTOSCALERS: Kind =
    Kind { version: "v2", ..within("autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler") };
const BUDGETS: Kind = within("policy", "poddisruptionbudgets", "PodDisruptionBudget");

pub async fn in_autoscalers(ground: Ground) {
    let cases = &[
        (
            json!({}),
            r#"
            spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`
            spec.maxReplicas: Required value: must be set and greater than 0
            spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group
            spec.scaleTargetRef.kind: Required value
            spec.scaleTargetRef.name: Required value
        "#,
        ),
        (
            autoscaler(&json!({
                "minReplicas": 0, "maxReplicas": -1,
                "scaleTargetRef": {"apiVersion": "a/b/c", "kind": "a/b", "name": ".."}
            })),
            r#"
            spec.maxReplicas: Invalid value: -1: must be greater than or equal to 1
            spec.maxReplicas: Invalid value: -1: must be greater than or equal to `minReplicas`
            spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas
            spec.minReplicas: Invalid value: 0: must be greater than or equal to 1
            spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c
            spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain '/'
            spec.scaleTargetRef.name: Invalid value: "..": may not be '..'
        "#,
        ),
        (
            autoscaler(&json!({"minReplicas": 5})),
            "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`",
        ),
        (
            autoscaler(&json!({
                "behavior": {
                    "scaleUp": {
                        "stabilizationWindowSeconds": -1, "selectPolicy": "Any",
                        "policies": [
                            {"type": "Steps", "value": 0, "periodSeconds": 0},
                            {"type": "Pods", "value": 1, "periodSeconds": 1801}
                        ]
                    },
                    "scaleDown": {"stabilizationWindowSeconds": 3601, "tolerance": "-1"}
                }
            })),
            r#"
            spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600
            spec.behavior.scaleDown.tolerance: Invalid value: "-1": must be greater than or equal to 0
            spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 0: must be greater than zero
            spec.behavior.scaleUp.policies[0].type: Unsupported value: "Steps": supported values: "Percent", "Pods"
            spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero
            spec.behavior.scaleUp.policies[1].periodSeconds: Invalid value: 1801: must be less than or equal to 1800
            spec.behavior.scaleUp.selectPolicy: Unsupported value: "Any": supported values: "Disabled", "Max", "Min"
            spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero
        "#,
        ),
    ];
    refused(&ground, &AUTOSCALERS, cases).await;
    let cases = &[
        (
            json!({"spec": {"maxReplicas": 0}}),
            "
            spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`
            spec.maxReplicas: Required value: must be set and greater than 0
        ",
        ),
        (
            json!({"spec": {"scaleTargetRef": {"apiVersion": "v1"}}}),
            r#"spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group"#,
        ),
    ];
    kept(&ground, &AUTOSCALERS, &autoscaler(&json!({})), cases).await;
}

pub async fn in_metrics(ground: Ground) {
    let cases = &[
        (
            autoscaler(&json!({
                "metrics": [
                    {}, {"type": "Resource"},
                    {"type": "Resource", "resource": {"name": "", "target": {"type": ""}}},
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Any", "averageUtilization": 0, "averageValue": "0", "value": "-1"}
                        }
                    },
                    {"type": "Pods", "pods": {"metric": {"name": ""}, "target": {"type": "AverageValue"}}},
                    {
                        "type": "Object",
                        "object": {
                            "describedObject": {"kind": "", "name": ""}, "metric": {"name": "a/b"},
                            "target": {"type": "Value"}
                        }
                    }
                ]
            })),
            r#"
            spec.metrics[0].type: Required value: must specify a metric source type
            spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"
            spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"
            spec.metrics[1].resource: Required value: must populate information for the given metric source
            spec.metrics[2].resource.name: Required value: must specify a resource name
            spec.metrics[2].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization
            spec.metrics[2].resource.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue
            spec.metrics[2].resource.target.type: Required value: must specify a metric target type
            spec.metrics[3].resource.target.averageUtilization: Invalid value: 0: must be greater than 0
            spec.metrics[3].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization
            spec.metrics[3].resource.target.averageValue: Invalid value: "0": must be positive
            spec.metrics[3].resource.target.type: Invalid value: "Any": must be either Utilization, Value, or AverageValue
            spec.metrics[3].resource.target.value: Invalid value: "-1": must be positive
            spec.metrics[4].pods.metric.name: Required value: must specify a metric name
            spec.metrics[4].pods.target.averageValue: Required value: must specify a positive target averageValue
            spec.metrics[5].object.describedObject.kind: Required value
            spec.metrics[5].object.describedObject.name: Required value
            spec.metrics[5].object.metric.name: Invalid value: "a/b": may not contain '/'
            spec.metrics[5].object.target.averageValue: Required value: must set either a target value or averageValue
        "#,
        ),
        (
            autoscaler(&json!({
                "metrics": [
                    {
                        "type": "External",
                        "external": {"metric": {"name": "x"}, "target": {"type": "Value", "value": "1", "averageValue": "2"}}
                    },
                    {
                        "type": "ContainerResource",
                        "containerResource": {"name": "time", "container": "A_", "target": {"type": "Utilization"}}
                    },
                    {
                        "type": "Pods",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5}},
                        "external": {"metric": {"name": "x"}, "target": {"type": "Value", "value": "1"}}
                    }
                ]
            })),
            r#"
            spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target
            spec.metrics[1].containerResource.container: Invalid value: "A_": <label>
            spec.metrics[1].containerResource.name: Invalid value: "time": must be a standard resource for containers
            spec.metrics[1].containerResource.name: Invalid value: "time": must be a standard resource type or fully qualified
            spec.metrics[1].containerResource.target.averageUtilization: Required value: must set either a target raw value or a target utilization
            spec.metrics[2].external: Forbidden: must populate the given metric source only
            spec.metrics[2].pods: Required value: must populate information for the given metric source
            spec.metrics[2].resource: Forbidden: must populate the given metric source only
        "#,
        ),
    ];
    refused(&ground, &AUTOSCALERS, cases).await;
}

pub async fn in_budgets(ground: Ground) {
    let cases = &[
        (
            json!({"spec": {"minAvailable": 1, "maxUnavailable": 1}}),
            r#"spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set"#,
        ),
        (
            json!({
                "spec": {
                    "minAvailable": "101%", "selector": {"matchLabels": {"a b": "c"}},
                    "unhealthyPodEvictionPolicy": "Never"
                }
            }),
            r#"
            spec.minAvailable: Invalid value: "101%": must not be greater than 100%
            spec.selector.matchLabels: Invalid value: "a b": <name>
            spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"
        "#,
        ),
        (
            json!({"spec": {"maxUnavailable": "few"}}),
            r#"spec.maxUnavailable: Invalid value: "few": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"#,
        ),
    ];
    refused(&ground, &BUDGETS, cases).await;
    let cases = &[
        (
            json!({"spec": {"maxUnavailable": 1}}),
            r#"spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set"#,
        ),
        (
            json!({"spec": {"minAvailable": -1}}),
            "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0",
        ),
    ];
    kept(&ground, &BUDGETS, &json!({"spec": {"minAvailable": 1}}), cases).await;
}

/// An autoscaler, but for these parts of its specification.
fn autoscaler(fields: &Value) -> Value {
    with(
        json!({"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}, "maxReplicas": 3}}),
        "/spec",
        fields,
    )
}
