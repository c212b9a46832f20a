//! Leases, priorities, classes of runtimes, and orders of requests that are refused.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, outside, refused, with, within},
};

const LEASES: Kind = within("coordination.k8s.io", "leases", "Lease");
const PRIORITY_CLASSES: Kind = outside("scheduling.k8s.io", "priorityclasses", "PriorityClass");
const RUNTIME_CLASSES: Kind = outside("node.k8s.io", "runtimeclasses", "RuntimeClass");
const FLOW_SCHEMAS: Kind = outside("flowcontrol.apiserver.k8s.io", "flowschemas", "FlowSchema");
const LEVELS: Kind =
    outside("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", "PriorityLevelConfiguration");

pub async fn in_leases_and_classes(ground: Ground) {
    let cases = &[(
        json!({"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}}),
        "
            spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0
            spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0
        ",
    )];
    refused(&ground, &LEASES, cases).await;
    let cases = &[
        (
            json!({"value": 2000000000}),
            "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
        ),
        (
            json!({"value": 1, "preemptionPolicy": "Ask"}),
            r#"preemptionPolicy: Unsupported value: "Ask": supported values: "PreemptLowerPriority", "Never""#,
        ),
    ];
    refused(&ground, &PRIORITY_CLASSES, cases).await;
    let cases = &[
        (json!({"value": 2}), "value: Forbidden: may not be changed in an update."),
        (json!({"preemptionPolicy": "Never"}), r#"preemptionPolicy: Invalid value: "Never": field is immutable"#),
    ];
    kept(&ground, &PRIORITY_CLASSES, &json!({"value": 1}), cases).await;
    let cases = &[
        (json!({}), "handler: Required value"),
        (
            json!({
                "handler": "A_", "overhead": {"podFixed": {"cpu": "-1", "time": "1"}},
                "scheduling": {
                    "nodeSelector": {"a b": "c d"},
                    "tolerations": [
                        {"key": "a b", "operator": "Like", "effect": "None"}, {"operator": "Equal"}, {"key": "a"},
                        {"key": "a"}
                    ]
                }
            }),
            r#"
            handler: Invalid value: "A_": <label>
            overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0
            overhead.limits[time]: Invalid value: "time": must be a standard resource for containers
            overhead.limits[time]: Invalid value: "time": must be a standard resource type or fully qualified
            scheduling.nodeSelector: Invalid value: "a b": <name>
            scheduling.nodeSelector: Invalid value: "c d": <value>
            scheduling.tolerations[0].effect: Unsupported value: "None": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"
            scheduling.tolerations[0].key: Invalid value: "a b": <name>
            scheduling.tolerations[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists"
            scheduling.tolerations[1].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"
            scheduling.tolerations[3]: Duplicate value: {"Key":"a","Operator":"","Value":"","Effect":"","TolerationSeconds":null}
        "#,
        ),
    ];
    refused(&ground, &RUNTIME_CLASSES, cases).await;
    let cases = &[(json!({"handler": "b"}), r#"handler: Invalid value: "b": field is immutable"#)];
    kept(&ground, &RUNTIME_CLASSES, &json!({"handler": "a"}), cases).await;
}

pub async fn in_flow_schemas(ground: Ground) {
    let cases = &[
        (json!({}), "spec.priorityLevelConfiguration.name: Required value: must reference a priority level"),
        (
            schema(&json!({
                "matchingPrecedence": 10001, "distinguisherMethod": {"type": "ByAge"},
                "priorityLevelConfiguration": {"name": "A_"}
            })),
            r#"
            spec.distinguisherMethod.type: Unsupported value: {"Type":"ByAge"}: supported values: "ByNamespace", "ByUser"
            spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000
            spec.priorityLevelConfiguration.name: Invalid value: "A_": <subdomain>
        "#,
        ),
        (
            schema(&json!({
                "rules": [
                    {},
                    {
                        "subjects": [
                            {"kind": "Robot"}, {"kind": "User"}, {"kind": "Group", "user": {"name": "a"}},
                            {"kind": "ServiceAccount", "serviceAccount": {"name": "", "namespace": "B_"}}
                        ],
                        "resourceRules": [
                            {},
                            {
                                "verbs": ["*", "get"], "apiGroups": ["*", "a"], "resources": ["*", "pods"],
                                "namespaces": ["*", "a"]
                            },
                            {"verbs": ["eat"], "apiGroups": ["a"], "resources": ["a"], "namespaces": ["A_"]}
                        ],
                        "nonResourceRules": [{}, {"verbs": ["get"], "nonResourceURLs": ["x", "/a/*/b", "//"]}]
                    }
                ]
            })),
            r#"
            spec.rules[0].subjects: Required value: subjects must contain at least one value
            spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty
            spec.rules[1].nonResourceRules[0].nonResourceURLs: Required value: nonResourceURLs must contain at least one value
            spec.rules[1].nonResourceRules[0].verbs: Required value: verbs must contain at least one value
            spec.rules[1].nonResourceRules[1].nonResourceURLs[0]: Invalid value: "x": must start with slash
            spec.rules[1].nonResourceRules[1].nonResourceURLs[1]: Invalid value: "/a/*/b": wildcard can only do suffix matching
            spec.rules[1].nonResourceRules[1].nonResourceURLs[2]: Invalid value: "//": must not contain double slash
            spec.rules[1].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group
            spec.rules[1].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace
            spec.rules[1].resourceRules[0].resources: Required value: resource rules must supply at least one resource
            spec.rules[1].resourceRules[0].verbs: Required value: verbs must contain at least one value
            spec.rules[1].resourceRules[1].apiGroups: Invalid value: ["*","a"]: if '*' is present, must not specify other api groups
            spec.rules[1].resourceRules[1].namespaces: Invalid value: ["*","a"]: if '*' is present, must not specify other namespaces
            spec.rules[1].resourceRules[1].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources
            spec.rules[1].resourceRules[1].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs
            spec.rules[1].resourceRules[2].namespaces[0]: Invalid value: "A_": each member of this list must be '*' or a DNS-1123 label; <label>
            spec.rules[1].resourceRules[2].verbs: Unsupported value: ["eat"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"
            spec.rules[1].subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"
            spec.rules[1].subjects[1].user: Required value: user is required when subject kind is 'User'
            spec.rules[1].subjects[2].group: Required value: group is required when subject kind is 'Group'
            spec.rules[1].subjects[2].user: Forbidden: user is forbidden when subject kind is not 'User'
            spec.rules[1].subjects[3].serviceAccount.name: Required value
            spec.rules[1].subjects[3].serviceAccount.namespace: Invalid value: "B_": <label>
        "#,
        ),
    ];
    refused(&ground, &FLOW_SCHEMAS, cases).await;
}

pub async fn in_priority_levels(ground: Ground) {
    let cases = &[
        (json!({}), "spec.type: Required value"),
        (json!({"spec": {"type": "Open"}}), r#"spec.type: Unsupported value: "Open": supported values: "Exempt", "Limited""#),
        (json!({"spec": {"type": "Limited"}}), "spec.limited: Required value: must not be empty when type is Limited"),
        (json!({"spec": {"type": "Exempt", "limited": {}}}), r#"
            spec.limited: Forbidden: must be nil if the type is not Limited
            spec.type: Invalid value: "Exempt": must be 'Exempt' if and only if `name` is 'exempt'
        "#),
        (level(&json!({
            "nominalConcurrencyShares": -1, "lendablePercent": 101, "borrowingLimitPercent": -1,
            "limitResponse": {"type": "Drop"}
        })), r#"
            spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer
            spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive
            spec.limited.limitResponse.type: Unsupported value: "Drop": supported values: "Queue", "Reject"
            spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer
        "#),
        (level(&json!({"limitResponse": {"type": "Queue"}})), "spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited"),
        (level(&json!({"limitResponse": {"queuing": {}}})), "spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited"),
        (level(&json!({"limitResponse": {"type": "Queue", "queuing": {"queues": -1, "handSize": -1, "queueLengthLimit": -1}}})), "
            spec.limited.limitResponse.queuing.handSize: Invalid value: -1: must be positive
            spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive
            spec.limited.limitResponse.queuing.queues: Invalid value: -1: must be positive
        "),
        (level(&json!({
            "limitResponse": {"type": "Queue", "queuing": {"queues": 20000000, "handSize": 60, "queueLengthLimit": 1}}
        })), "
            spec.limited.limitResponse.queuing.handSize: Invalid value: 60: required entropy bits of deckSize 20000000 and handSize 60 should not be greater than 60
            spec.limited.limitResponse.queuing.queues: Invalid value: 20000000: must not be greater than 10000000
        "),
    ];
    refused(&ground, &LEVELS, cases).await;
}

/// A level that limits, but for these parts of how it does.
fn level(fields: &Value) -> Value {
    with(
        json!({"spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}}),
        "/spec/limited",
        fields,
    )
}

/// A schema, but for these parts of its specification.
fn schema(fields: &Value) -> Value {
    with(
        json!({"spec": {"priorityLevelConfiguration": {"name": "catch-all"}, "matchingPrecedence": 100}}),
        "/spec",
        fields,
    )
}
