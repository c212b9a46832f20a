//! Statuses that are refused: counts that cannot be, ends that are none.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::{DEPLOYMENTS, Kind},
    mistakes::{kept_in, within},
};

fn template(policy: &str) -> Value {
    let containers = json!([{"name": "c", "image": "i"}]);
    json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers, "restartPolicy": policy}})
}

fn workload() -> Value {
    json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template("Always")}})
}

async fn refused(ground: &Ground, kind: &Kind, fields: &Value, cases: &[(Value, &str)]) {
    let cases: Vec<_> = cases.iter().map(|(status, said)| (json!({"status": status}), *said)).collect();
    kept_in(ground, kind, "/status", fields, &cases).await;
}

pub async fn in_counts_of_replicas(ground: Ground) {
    let deployments = &[
        (
            json!({"readyReplicas": 2, "availableReplicas": 3, "observedGeneration": -1}),
            "
            status.observedGeneration: Invalid value: -1: must be greater than or equal to 0
            status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas
            status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas
            status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas
        ",
        ),
        (
            json!({"replicas": -4, "terminatingReplicas": -1}),
            "
            status.replicas: Invalid value: -4: must be greater than or equal to 0
            status.terminatingReplicas: Invalid value: -1: must be greater than or equal to 0
            status.updatedReplicas: Invalid value: 0: cannot be greater than status.replicas
            status.readyReplicas: Invalid value: 0: cannot be greater than status.replicas
            status.availableReplicas: Invalid value: 0: cannot be greater than status.replicas
        ",
        ),
    ];
    refused(&ground, &DEPLOYMENTS, &workload(), deployments).await;
    let sets = &[(
        json!({"replicas": 1, "currentReplicas": 2, "availableReplicas": 1}),
        "
            status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas
            status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas
        ",
    )];
    refused(&ground, &within("apps", "statefulsets", "StatefulSet"), &workload(), sets).await;
    let sets = &[(
        json!({"replicas": 1, "fullyLabeledReplicas": 2, "availableReplicas": 1}),
        "
            status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas
            status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas
        ",
    )];
    refused(&ground, &within("apps", "replicasets", "ReplicaSet"), &workload(), sets).await;
    let sets = &[(
        json!({"numberReady": -1, "numberAvailable": 4}),
        "status.numberReady: Invalid value: -1: must be greater than or equal to 0",
    )];
    refused(&ground, &within("apps", "daemonsets", "DaemonSet"), &workload(), sets).await;
}

pub async fn in_how_jobs_end(ground: Ground) {
    let jobs = within("batch", "jobs", "Job");
    let condition = |name: &str| json!({"type": name, "status": "True"});
    let (first, last) = ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z");
    let cases = &[
        (
            json!({"conditions": [condition("Complete")], "active": 1, "failed": -1}),
            "
            status.failed: Invalid value: -1: must be greater than or equal to 0
            status.completionTime: Required value: completionTime is required for Complete jobs
            status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition
            status.active: Invalid value: 1: active>0 is invalid for finished job
            status.startTime: Required value: startTime is required for finished job
            status.failed: Invalid value: -1: cannot decrease the failed counter
        ",
        ),
        (
            json!({"conditions": [condition("Failed"), condition("SuccessCriteriaMet")], "startTime": first, "ready": 1}),
            "
            status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition
            status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions
            status.ready: Invalid value: 1: cannot set more ready pods than active
        ",
        ),
        (
            json!({"startTime": last, "completionTime": first, "completedIndexes": "0-x", "failedIndexes": "1"}),
            "
            status.completionTime: Invalid value: \"2024-01-01T00:00:00Z\": cannot set completionTime when there is no Complete=True condition
            status.completionTime: Invalid value: \"2024-01-01T00:00:00Z\": must be equal to or after `startTime`
            status.completedIndexes: Invalid value: \"0-x\": error parsing completedIndexes: cannot convert string to integer for index: \"x\"
            status.completedIndexes: Invalid value: \"0-x\": cannot set non-empty completedIndexes when non-indexed completion mode
            status.failedIndexes: Invalid value: \"1\": cannot set non-null failedIndexes when backoffLimitPerIndex is null
        ",
        ),
    ];
    refused(&ground, &jobs, &json!({"spec": {"template": template("Never")}}), cases).await;
}

pub async fn in_statuses_of_pods(ground: Ground) {
    let pods = within("", "pods", "Pod");
    let cases = &[
        (
            json!({"podIP": "nope", "hostIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.3"}], "hostIP": "10.0.0.2"}),
            "
            status.podIPs[0]: Invalid value: \"nope\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
            status.hostIPs[0].ip: Invalid value: \"10.0.0.1\": must be equal to `hostIP`
            status.hostIPs: Invalid value: [{\"IP\":\"10.0.0.1\"},{\"IP\":\"10.0.0.3\"}]: may specify no more than one IP for each IP family
        ",
        ),
        (
            json!({"observedGeneration": -1, "conditions": [{"type": "a b", "status": "True"}]}),
            "
            status.conditions[0].Type: Invalid value: \"a b\": <name>
            status.observedGeneration: Invalid value: -1: must be a non-negative integer
        ",
        ),
    ];
    refused(&ground, &pods, &json!({"spec": template("Never")["spec"]}), cases).await;
    let name = ground.name();
    let mut pod = pods.object(&name, json!({}));
    pod["spec"] = template("Never")["spec"].clone();
    ground.make(&ground.all(&pods), &pod).await;
    for (said, addresses) in [
        (json!({"podIP": "10.0.0.1"}), json!(["10.0.0.1", [{"ip": "10.0.0.1"}]])),
        (json!({"podIP": "10.0.0.2"}), json!(["10.0.0.2", [{"ip": "10.0.0.2"}]])),
        (json!({"podIP": null, "podIPs": [{"ip": "10.0.0.3"}]}), json!(["10.0.0.3", [{"ip": "10.0.0.3"}]])),
    ] {
        let path = format!("{}/status", ground.one(&pods, &name));
        let status = ground.merge(&path, &json!({"status": said})).await.body["status"].clone();
        assert_eq!(json!([status["podIP"], status["podIPs"]]), addresses);
    }
}
