//! Pods, Jobs and CronJobs that are refused.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, refused, with, within},
};

const PODS: Kind = within("", "pods", "Pod");
const CRON_JOBS: Kind = within("batch", "cronjobs", "CronJob");
const JOBS: Kind = within("batch", "jobs", "Job");

pub async fn in_affinities(ground: Ground) {
    let cases = &[
        (
            pod(&json!({
                "affinity": {
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []},
                        "preferredDuringSchedulingIgnoredDuringExecution": [
                            {
                                "weight": 0,
                                "preference": {
                                    "matchExpressions": [
                                        {"key": "a b", "operator": "In", "values": ["c d"]},
                                        {"key": "a", "operator": "Like"}
                                    ]
                                }
                            }
                        ]
                    }
                }
            })),
            r#"
            spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key: Invalid value: "a b": <name>
            spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[1].operator: Invalid value: "Like": not a valid selector operator
            spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100
            spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term
        "#,
        ),
        (
            pod(&json!({
                "affinity": {
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["c d"]}]}]
                        }
                    },
                    "podAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": [{"labelSelector": {"matchLabels": {"a b": "c"}}, "namespaces": ["A_"]}]
                    },
                    "podAntiAffinity": {
                        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 101, "podAffinityTerm": {"topologyKey": "a b"}}]
                    }
                }
            })),
            r#"
            spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: "c d": <value>
            spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchLabels: Invalid value: "a b": <name>
            spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespace: Invalid value: "A_": <label>
            spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": <name>
            spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty
            spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty
            spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topologyKey: Invalid value: "a b": <name>
            spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100
        "#,
        ),
    ];
    refused(&ground, &PODS, cases).await;
}

pub async fn in_schedules(ground: Ground) {
    for (field, said, why) in [
        ("schedule", "* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("schedule", "60 * * * *", "end of range (60) above maximum (59): 60"),
        ("schedule", "* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("schedule", "* * * * 7", "end of range (7) above maximum (6): 7"),
        ("schedule", "* * * foo *", r#"failed to parse int from foo: strconv.Atoi: parsing "foo": invalid syntax"#),
        ("schedule", "*/0 * * * *", "step of range should be a positive number: */0"),
        ("schedule", "*/-1 * * * *", "negative number (-1) not allowed: -1"),
        ("schedule", "5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("schedule", "1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("schedule", "1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("schedule", "1- * * * *", r#"failed to parse int from : strconv.Atoi: parsing "": invalid syntax"#),
        ("schedule", "@often", "unrecognized descriptor: @often"),
        ("schedule", "@every x", r#"failed to parse duration @every x: time: invalid duration "x""#),
        ("schedule", "@every 5", r#"failed to parse duration @every 5: time: missing unit in duration "5""#),
        ("schedule", "@every 5x", r#"failed to parse duration @every 5x: time: unknown unit "x" in duration "5x""#),
        ("timeZone", "", "timeZone must be nil or non-empty string"),
        ("timeZone", "Local", "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"),
        ("timeZone", "Nowhere/Else", "unknown time zone Nowhere/Else"),
        ("timeZone", "../x", "unknown time zone ../x"),
    ] {
        let cause = format!("spec.{field}: Invalid value: {said:?}: {why}");
        refused(&ground, &CRON_JOBS, &[(cron_job(&json!({field: said})), &cause)]).await;
    }
}

pub async fn in_cron_jobs(ground: Ground) {
    let cases = &[
        (cron_job(&json!({"schedule": ""})), "spec.schedule: Required value"),
        (
            cron_job(&json!({
                "concurrencyPolicy": "Queue", "startingDeadlineSeconds": -1, "successfulJobsHistoryLimit": -1,
                "failedJobsHistoryLimit": -1
            })),
            r#"
            spec.concurrencyPolicy: Unsupported value: "Queue": supported values: "Allow", "Forbid", "Replace"
            spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0
            spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0
            spec.successfulJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0
        "#,
        ),
        (
            cron_job(
                &json!({"jobTemplate": {"spec": {"manualSelector": true, "selector": {"matchLabels": {"a": "b"}}}}}),
            ),
            r#"
            spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"
            spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated
        "#,
        ),
    ];
    refused(&ground, &CRON_JOBS, cases).await;
    let cases = &[
        (
            json!({"spec": {"schedule": "x"}}),
            r#"spec.schedule: Invalid value: "x": expected exactly 5 fields, found 1: [x]"#,
        ),
        (
            json!({"spec": {"timeZone": "Nowhere"}}),
            r#"spec.timeZone: Invalid value: "Nowhere": unknown time zone Nowhere"#,
        ),
    ];
    kept(&ground, &CRON_JOBS, &cron_job(&json!({})), cases).await;
}

pub async fn in_how_jobs_count(ground: Ground) {
    let cases = &[
        (
            job(&json!({
                "podFailurePolicy": {
                    "rules": [
                        {}, {"action": "Retry", "onExitCodes": {"operator": "Is", "values": []}},
                        {
                            "action": "FailIndex",
                            "onExitCodes": {"operator": "In", "values": [2, 0, 0], "containerName": "x"}
                        },
                        {"action": "Ignore", "onPodConditions": [{"type": "a b", "status": "Maybe"}]}
                    ]
                }
            })),
            r#"
            spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]
            spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required
            spec.podFailurePolicy.rules[1].action: Unsupported value: "Retry": supported values: "Count", "FailIndex", "FailJob", "Ignore"
            spec.podFailurePolicy.rules[1].onExitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"
            spec.podFailurePolicy.rules[1].onExitCodes.values: Invalid value: []: at least one value is required
            spec.podFailurePolicy.rules[2].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set
            spec.podFailurePolicy.rules[2].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template
            spec.podFailurePolicy.rules[2].onExitCodes.values: Invalid value: [2,0,0]: must be ordered
            spec.podFailurePolicy.rules[2].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator
            spec.podFailurePolicy.rules[2].onExitCodes.values[2]: Duplicate value: 0
            spec.podFailurePolicy.rules[2].onExitCodes.values[2]: Invalid value: 0: must not be 0 for the In operator
            spec.podFailurePolicy.rules[3].onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"
            spec.podFailurePolicy.rules[3].onPodConditions[0].type: Invalid value: "a b": <name>
        "#,
        ),
        (
            job(&json!({
                "successPolicy": {"rules": [{"succeededCount": 1}]}, "backoffLimitPerIndex": -1,
                "maxFailedIndexes": -1, "managedBy": "x", "podReplacementPolicy": "Never"
            })),
            r#"
            spec.backoffLimitPerIndex: Invalid value: -1: must be greater than or equal to 0
            spec.backoffLimitPerIndex: Invalid value: -1: requires indexed completion mode
            spec.managedBy: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")
            spec.maxFailedIndexes: Invalid value: -1: must be greater than or equal to 0
            spec.maxFailedIndexes: Invalid value: -1: requires indexed completion mode
            spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"
            spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode
        "#,
        ),
        (
            job(&json!({
                "completionMode": "Indexed", "completions": 3, "parallelism": 200000, "maxFailedIndexes": 5,
                "successPolicy": {"rules": [
                    {}, {"succeededCount": 5}, {"succeededCount": -1}, {"succeededIndexes": "1-0"}, {"succeededIndexes": "3"},
                    {"succeededIndexes": "a"}, {"succeededIndexes": "0-1", "succeededCount": 3}
                ]}
            })),
            r#"
            spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified
            spec.maxFailedIndexes: Invalid value: 5: must be less than or equal to completions
            spec.parallelism: Invalid value: 200000: must be less than or equal to 100000 when completion mode is Indexed
            spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified
            spec.successPolicy.rules[1].succeededCount: Invalid value: 5: must be less than or equal to 3 (the number of specified completions)
            spec.successPolicy.rules[2].succeededCount: Invalid value: -1: must be greater than or equal to 0
            spec.successPolicy.rules[3].succeededIndexes: Invalid value: "1-0": error parsing succeededIndexes: non-increasing order, previous: 1, current: 0
            spec.successPolicy.rules[4].succeededIndexes: Invalid value: "3": error parsing succeededIndexes: too large index: "3"
            spec.successPolicy.rules[5].succeededIndexes: Invalid value: "a": error parsing succeededIndexes: cannot convert string to integer for index: "a"
            spec.successPolicy.rules[6].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)
        "#,
        ),
    ];
    refused(&ground, &JOBS, cases).await;
    let indexed = job(&json!({"completionMode": "Indexed", "completions": 3}));
    let cause = "metadata.name: Invalid value: \"a.b\": will not able to create pod with invalid DNS label: a.b-2";
    refused(&ground, &JOBS, &[(with(indexed, "", &json!({"metadata": {"name": "a.b"}})), cause)]).await;
}

/// A Job, but for these parts of its specification.
fn job(fields: &Value) -> Value {
    with(
        json!({"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}}),
        "/spec",
        fields,
    )
}

/// A CronJob, but for these parts of its specification.
fn cron_job(fields: &Value) -> Value {
    with(
        json!({
            "spec": {
                "schedule": "* * * * *",
                "jobTemplate": {
                    "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}
                }
            }
        }),
        "/spec",
        fields,
    )
}

/// A pod, but for these parts of its specification.
fn pod(fields: &Value) -> Value {
    with(json!({"spec": {"containers": [{"name": "c", "image": "i"}]}}), "/spec", fields)
}
