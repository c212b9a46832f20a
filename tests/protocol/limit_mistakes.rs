//! Limits and quotas that are refused.

use serde_json::json;

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, refused, within},
};

const LIMIT_RANGES: Kind = within("", "limitranges", "LimitRange");
const PODS: Kind = within("", "pods", "Pod");
const RESOURCE_QUOTAS: Kind = within("", "resourcequotas", "ResourceQuota");

pub async fn in_limits(ground: Ground) {
    let cases = &[
        (
            json!({
                "spec": {
                    "limits": [
                        {"type": "Any"}, {"type": "a b"}, {"type": "PersistentVolumeClaim"},
                        {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi", "bad": "1"}}
                    ]
                }
            }),
            r#"
            spec.limits[0].type: Invalid value: "Any": must be a standard limit type or fully qualified
            spec.limits[1].type: Invalid value: "a b": <name>
            spec.limits[2].limits: Required value: either minimum or maximum storage value is required, but neither was provided
            spec.limits[3].max[bad]: Invalid value: "bad": must be a standard resource type or fully qualified
            spec.limits[3].type: Duplicate value: "PersistentVolumeClaim"
        "#,
        ),
        (
            json!({
                "spec": {
                    "limits": [
                        {
                            "type": "Container", "min": {"cpu": "2", "memory": "1Gi"},
                            "max": {"cpu": "1", "memory": "1Gi"}, "default": {"cpu": "3"},
                            "defaultRequest": {"cpu": "4"}, "maxLimitRequestRatio": {"cpu": "500m", "memory": "2"}
                        },
                        {
                            "type": "Pod", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "1"},
                            "max": {"pods": "1"}
                        }
                    ]
                }
            }),
            r#"
            spec.limits[0].defaultRequest[cpu]: Invalid value: "4": default request value 4 is greater than default limit value 3
            spec.limits[0].defaultRequest[cpu]: Invalid value: "4": default request value 4 is greater than max value 1
            spec.limits[0].default[cpu]: Invalid value: "1": default value 3 is greater than max value 1
            spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1
            spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "2": ratio 2 is greater than max/min = 1.000000
            spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1
            spec.limits[1].default: Forbidden: may not be specified when `type` is 'Pod'
            spec.limits[1].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'
            spec.limits[1].max[pods]: Invalid value: "pods": must be a standard resource for containers
        "#,
        ),
        (
            json!({
                "spec": {
                    "limits": [
                        {
                            "type": "Container", "min": {"cpu": "2"}, "default": {"cpu": "1", "example.com/x": "2"},
                            "defaultRequest": {"cpu": "1", "example.com/x": "1"}
                        }
                    ]
                }
            }),
            r#"
            spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1
            spec.limits[0].defaultRequest[example.com/x]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in example.com/x
            spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1
        "#,
        ),
    ];
    refused(&ground, &LIMIT_RANGES, cases).await;
    let cases = &[(
        json!({"spec": {"limits": [{"type": "Any", "min": {"cpu": "2"}, "max": {"cpu": "1"}}]}}),
        r#"
            spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1
            spec.limits[0].type: Invalid value: "Any": must be a standard limit type or fully qualified
        "#,
    )];
    kept(&ground, &LIMIT_RANGES, &json!({"spec": {"limits": [{"type": "Pod"}]}}), cases).await;
}

pub async fn in_resources_of_containers(ground: Ground) {
    let cases = &[(
        json!({
            "spec": {
                "containers": [
                    {
                        "name": "c", "image": "i",
                        "resources": {
                            "limits": {"cpu": "1", "time": "1", "example.com/x": "2"},
                            "requests": {"cpu": "2", "example.com/x": "1500m", "a b": "1"}
                        }
                    },
                    {
                        "name": "d", "image": "i",
                        "resources": {"limits": {"hugepages-2Mi": "2Mi"}, "requests": {"example.com/y": "1"}}
                    }
                ]
            }
        }),
        r#"
            spec.containers[0].resources.limits[time]: Invalid value: "time": must be a standard resource for containers
            spec.containers[0].resources.limits[time]: Invalid value: "time": must be a standard resource type or fully qualified
            spec.containers[0].resources.requests: Invalid value: "1500m": must be equal to example.com/x limit of 2
            spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1
            spec.containers[0].resources.requests[a b]: Invalid value: "a b": <name>
            spec.containers[0].resources.requests[a b]: Invalid value: "a b": must be a standard resource for containers
            spec.containers[0].resources.requests[example.com/x]: Invalid value: "1500m": must be an integer
            spec.containers[0].resources.requests[time]: Invalid value: "time": must be a standard resource for containers
            spec.containers[0].resources.requests[time]: Invalid value: "time": must be a standard resource type or fully qualified
            spec.containers[1].resources.limits: Required value: Limit must be set for non overcommitable resources
            spec.containers[1].resources: Forbidden: HugePages require cpu or memory
        "#,
    )];
    refused(&ground, &PODS, cases).await;
}

pub async fn in_quotas(ground: Ground) {
    let cases = &[
        (
            json!({
                "spec": {
                    "hard": {"bad": "1", "a b": "1", "requests.cpu": "-1", "pods": "1500m", "count/x": "1m", "storage": "1"}
                }
            }),
            r#"
            spec.hard[a b]: Invalid value: "a b": <name>
            spec.hard[a b]: Invalid value: "a b": must be a standard resource for quota
            spec.hard[bad]: Invalid value: "bad": must be a standard resource for quota
            spec.hard[bad]: Invalid value: "bad": must be a standard resource type or fully qualified
            spec.hard[count/x]: Invalid value: "1m": must be an integer
            spec.hard[pods]: Invalid value: "1500m": must be an integer
            spec.hard[requests.cpu]: Invalid value: "-1": must be greater than or equal to 0
            spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota
        "#,
        ),
        (
            json!({"spec": {"hard": {"pods": "1", "cpu": "1"}, "scopes": ["Any", "BestEffort", "NotBestEffort"]}}),
            r#"
            spec.scopes: Invalid value: ["Any","BestEffort","NotBestEffort"]: conflicting scopes
            spec.scopes: Invalid value: ["Any","BestEffort","NotBestEffort"]: unsupported scope
            spec.scopes: Invalid value: ["Any","BestEffort","NotBestEffort"]: unsupported scope applied to resource
        "#,
        ),
        (
            json!({
                "spec": {
                    "hard": {"pods": "1"},
                    "scopeSelector": {
                        "matchExpressions": [
                            {"scopeName": "Any", "operator": "In"},
                            {"scopeName": "PriorityClass", "operator": "Like"},
                            {"scopeName": "BestEffort", "operator": "In", "values": ["a"]},
                            {"scopeName": "Terminating", "operator": "Exists", "values": ["a"]}
                        ]
                    }
                }
            }),
            r#"
            spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity
            spec.scopeSelector.matchExpressions.operator: Invalid value: "Like": not a valid selector operator
            spec.scopeSelector.matchExpressions.scopeName: Invalid value: "Any": unsupported scope
            spec.scopeSelector.matchExpressions.values: Invalid value: ["a"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector
            spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector
        "#,
        ),
        (
            json!({
                "spec": {
                    "hard": {"services": "1"},
                    "scopeSelector": {
                        "matchExpressions": [
                            {"scopeName": "Terminating", "operator": "Exists"},
                            {"scopeName": "NotTerminating", "operator": "Exists"}
                        ]
                    }
                }
            }),
            r#"
            spec.scopeSelector.matchExpressions: Invalid value: null: conflicting scopes
            spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"Terminating","Operator":"Exists","Values":null},{"ScopeName":"NotTerminating","Operator":"Exists","Values":null}]}: unsupported scope applied to resource
            spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"Terminating","Operator":"Exists","Values":null},{"ScopeName":"NotTerminating","Operator":"Exists","Values":null}]}: unsupported scope applied to resource
        "#,
        ),
    ];
    refused(&ground, &RESOURCE_QUOTAS, cases).await;
    let cases = &[
        (
            json!({"spec": {"scopes": ["NotBestEffort"]}}),
            r#"spec.scopes: Invalid value: ["NotBestEffort"]: field is immutable"#,
        ),
        (json!({"spec": {"scopes": null}}), "spec.scopes: Invalid value: null: field is immutable"),
        (
            json!({"spec": {"hard": {"pods": "-1", "x": "1"}}}),
            r#"
            spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0
            spec.hard[x]: Invalid value: "x": must be a standard resource for quota
            spec.hard[x]: Invalid value: "x": must be a standard resource type or fully qualified
        "#,
        ),
    ];
    kept(&ground, &RESOURCE_QUOTAS, &json!({"spec": {"hard": {"pods": "1"}, "scopes": ["BestEffort"]}}), cases).await;
}
