//! What the server refuses in what runs pods: Deployments and their like, Jobs, CronJobs.
//!
//! StatefulSets and DaemonSets have files of their own.

use serde_json::Value;

use super::{
    super::status::Flaw, daemon_set, job, label_selector, not_negative, one_of, pod, printed, schedule, share,
    stateful_set, text,
};

pub(super) const TEMPLATE: &str = "spec.template";

/// Looks at an object of a kind that runs pods; others have nothing to look at here.
pub(super) fn check(plural: &str, object: &Value, flaws: &mut Vec<Flaw>) {
    match plural {
        "deployments" => deployment(object, flaws),
        "replicasets" => replica_set(object, flaws),
        "statefulsets" => stateful_set::check(&object["spec"], flaws),
        "daemonsets" => daemon_set::check(&object["spec"], flaws),
        "replicationcontrollers" => replication_controller(object, flaws),
        "jobs" => job(object, flaws),
        "cronjobs" => cron_job(object, flaws),
        _ => {}
    }
}

fn deployment(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    not_negative(&spec["replicas"], "spec.replicas", flaws);
    selected(spec, "deployment", true, flaws);
    pod::lasts(&spec["template"], TEMPLATE, "ReplicaSet", flaws);
    let strategy = &spec["strategy"];
    match text(&strategy["type"]) {
        "Recreate" if strategy["rollingUpdate"].is_object() => {
            let why = "may not be specified when strategy `type` is 'Recreate'";
            flaws.push(Flaw::forbidden("spec.strategy.rollingUpdate", why));
        }
        "Recreate" => {}
        "RollingUpdate" => rolling(&strategy["rollingUpdate"], flaws),
        _ => {
            let shown = printed(strategy, &[("Type", "\"\""), ("RollingUpdate", "null")]);
            flaws.push(Flaw::unsupported_as("spec.strategy", &shown, &["Recreate", "RollingUpdate"]));
        }
    }
    for field in ["minReadySeconds", "revisionHistoryLimit"] {
        not_negative(&spec[field], &format!("spec.{field}"), flaws);
    }
    if let Some(deadline) = spec["progressDeadlineSeconds"].as_i64() {
        not_negative(&spec["progressDeadlineSeconds"], "spec.progressDeadlineSeconds", flaws);
        if deadline <= spec["minReadySeconds"].as_i64().unwrap_or_default() {
            flaws.push(Flaw::invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
        }
    }
}

fn rolling(rolling: &Value, flaws: &mut Vec<Flaw>) {
    const FIELD: &str = "spec.strategy.rollingUpdate";
    let nothing = |value: &Value| *value == 0 || *value == "0%";
    for part in ["maxUnavailable", "maxSurge"] {
        share(&rolling[part], &format!("{FIELD}.{part}"), part == "maxUnavailable", flaws);
    }
    if nothing(&rolling["maxUnavailable"]) && nothing(&rolling["maxSurge"]) {
        let value = rolling["maxUnavailable"].clone();
        flaws.push(Flaw::invalid(format!("{FIELD}.maxUnavailable"), value, "may not be 0 when `maxSurge` is 0"));
    }
}

fn replica_set(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    for field in ["replicas", "minReadySeconds"] {
        not_negative(&spec[field], &format!("spec.{field}"), flaws);
    }
    // The server says deployment here, too.
    selected(spec, "deployment", true, flaws);
    pod::lasts(&spec["template"], TEMPLATE, "ReplicaSet", flaws);
}

fn replication_controller(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    not_negative(&spec["minReadySeconds"], "spec.minReadySeconds", flaws);
    let selector = spec["selector"].as_object().filter(|selector| !selector.is_empty());
    if selector.is_none() {
        flaws.push(Flaw::required("spec.selector", ""));
    }
    not_negative(&spec["replicas"], "spec.replicas", flaws);
    let template = &spec["template"];
    if template.is_null() {
        return flaws.push(Flaw::required(TEMPLATE, ""));
    }
    let bears = &template["metadata"]["labels"];
    if selector.is_some_and(|selector| selector.iter().any(|(key, value)| bears[key] != *value)) {
        let why = "`selector` does not match template `labels`";
        flaws.push(Flaw::invalid("spec.template.metadata.labels", bears.clone(), why));
    }
    pod::template(template, TEMPLATE, flaws);
    pod::lasts(template, TEMPLATE, "ReplicationController", flaws);
}

fn job(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let uid = &object["metadata"]["uid"];
    job_spec(spec, "spec", Some(uid), flaws);
    job::last_pod(object, flaws);
}

/// The specification of a Job of this uid, or of a template of one.
fn job_spec(spec: &Value, field: &str, uid: Option<&Value>, flaws: &mut Vec<Flaw>) {
    const UID: &str = "batch.kubernetes.io/controller-uid";
    let path = |name: &str| format!("{field}.{name}");
    let template = &spec["template"];
    let bears = &template["metadata"]["labels"];
    let selector = &spec["selector"];
    let numbers = ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"];
    let mut of_numbers = Vec::new();
    numbers.iter().for_each(|name| not_negative(&spec[*name], &path(name), &mut of_numbers));
    if selector.is_null() && uid.is_some() {
        flaws.push(Flaw::required(path("selector"), ""));
    }
    if let Some(uid) = uid.filter(|_| spec["manualSelector"] != true) {
        let own =
            selector["matchLabels"].as_object().is_some_and(|wanted| wanted.len() == 1 && wanted.get(UID) == Some(uid));
        if !own || selector["matchExpressions"].is_array() {
            flaws.push(Flaw::invalid(path("selector"), selector.clone(), "`selector` not auto-generated"));
        }
    }
    flaws.append(&mut of_numbers);
    one_of(&spec["completionMode"], &path("completionMode"), &["NonIndexed", "Indexed"], flaws);
    if spec["completionMode"] == "Indexed" && spec["completions"].is_null() {
        flaws.push(Flaw::required(path("completions"), "when completion mode is Indexed"));
    }
    job::check(spec, field, flaws);
    if uid.is_some() && (selector.is_null() || !label_selector::matches(selector, bears)) {
        let why = "`selector` does not match template `labels`";
        flaws.push(Flaw::invalid(format!("{field}.template.metadata.labels"), bears.clone(), why));
    }
    let field = path("template");
    pod::template(template, &field, flaws);
    pod::ends(template, &field, flaws);
}

fn cron_job(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    schedule::check(spec, flaws);
    not_negative(&spec["startingDeadlineSeconds"], "spec.startingDeadlineSeconds", flaws);
    let policies = ["Allow", "Forbid", "Replace"];
    one_of(&spec["concurrencyPolicy"], "spec.concurrencyPolicy", &policies, flaws);
    let job = &spec["jobTemplate"]["spec"];
    job_spec(job, "spec.jobTemplate.spec", None, flaws);
    if job["manualSelector"] == true {
        let supported = ["nil", "false"];
        flaws.push(Flaw::unsupported("spec.jobTemplate.spec.manualSelector", true, &supported));
    }
    if job["selector"].is_object() {
        let why = "`selector` will be auto-generated";
        flaws.push(Flaw::invalid("spec.jobTemplate.spec.selector", job["selector"].clone(), why));
    }
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        not_negative(&spec[field], &format!("spec.{field}"), flaws);
    }
    let name = text(&object["metadata"]["name"]);
    if name.len() > 52 {
        flaws.push(Flaw::invalid("metadata.name", name, "must be no more than 52 characters"));
    }
}

/// A selector that chooses the pods of the template, and the template. `wanted` says whether there must be one.
pub(super) fn selected(spec: &Value, kind: &str, wanted: bool, flaws: &mut Vec<Flaw>) {
    let (selector, template) = (&spec["selector"], &spec["template"]);
    let bears = &template["metadata"]["labels"];
    let mut unreadable = Vec::new();
    if selector.is_null() && wanted {
        flaws.push(Flaw::required("spec.selector", ""));
    }
    label_selector::check(selector, "spec.selector", &mut unreadable);
    let readable = unreadable.is_empty();
    flaws.append(&mut unreadable);
    if selector.as_object().is_some_and(serde_json::Map::is_empty) {
        let why = format!("empty selector is invalid for {kind}");
        flaws.push(Flaw::invalid("spec.selector", selector.clone(), &why));
    }
    match kind {
        _ if readable => {
            if selector.is_null() || !label_selector::matches(selector, bears) {
                let why = "`selector` does not match template `labels`";
                flaws.push(Flaw::invalid("spec.template.metadata.labels", bears.clone(), why));
            }
        }
        "daemonset" => {}
        // Nobody knows which pods are meant, so nobody looks at them.
        "statefulset" => return flaws.push(Flaw::invalid("spec.selector", selector.clone(), "")),
        _ => return flaws.push(Flaw::invalid("spec.selector", selector.clone(), "invalid label selector")),
    }
    pod::template(template, TEMPLATE, flaws);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::super::status::Flaw, check};

    fn flaws(plural: &str, mut spec: Value) -> Vec<Flaw> {
        // What the defaults say where nobody else does.
        for (field, default) in [
            ("podManagementPolicy", json!("OrderedReady")),
            ("strategy", json!({"type": "RollingUpdate"})),
            ("updateStrategy", json!({"type": "OnDelete"})),
        ] {
            spec[field] = default;
        }
        let mut flaws = Vec::new();
        check(plural, &json!({"spec": spec}), &mut flaws);
        flaws
    }

    fn template(labels: Value) -> Value {
        let containers = json!([{"name": "c", "image": "i"}]);
        json!({"metadata": {"labels": labels}, "spec": {"restartPolicy": "Always", "containers": containers}})
    }

    #[test]
    fn selectors_select_the_pods_of_the_template() {
        let labels = json!({"a": "b", "c": "d"});
        let mismatch = Flaw::invalid(
            "spec.template.metadata.labels",
            labels.clone(),
            "`selector` does not match template `labels`",
        );
        let with =
            |selector: Value| flaws("replicasets", json!({"selector": selector, "template": template(labels.clone())}));
        let requiring = |key: &str, operator: &str, values: Value| {
            with(json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}))
        };
        assert_eq!(with(json!({"matchLabels": {"a": "b"}})), []);
        assert_eq!(requiring("a", "In", json!(["x", "b"])), []);
        assert_eq!(requiring("a", "NotIn", json!(["x"])), []);
        assert_eq!(requiring("a", "Exists", json!(null)), []);
        assert_eq!(requiring("z", "DoesNotExist", json!(null)), []);
        for selects_others in [
            with(json!({"matchLabels": {"a": "b", "c": "e"}})),
            requiring("a", "In", json!(["x"])),
            requiring("a", "NotIn", json!(["b"])),
            requiring("z", "Exists", json!([])),
            requiring("a", "DoesNotExist", json!([])),
        ] {
            assert_eq!(selects_others, std::slice::from_ref(&mismatch));
        }
    }

    #[test]
    fn selectors_that_cannot_be_read_are_refused() {
        let selector = json!({"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]});
        let with = |plural: &str| flaws(plural, json!({"selector": selector, "template": template(json!({"a": "b"}))}));
        let operator = "spec.selector.matchExpressions[0].operator";
        let unknown = Flaw::invalid(operator, "Like", "not a valid selector operator");
        let invalid = |why: &str| Flaw::invalid("spec.selector", selector.clone(), why);
        assert_eq!(with("deployments"), [unknown.clone(), invalid("invalid label selector")]);
        assert_eq!(with("statefulsets"), [unknown.clone(), invalid("")]);
        assert_eq!(with("daemonsets"), [unknown]);
    }

    #[test]
    fn a_selector_must_be_there_and_select_something() {
        let spec = json!({"template": template(json!(null))});
        let mismatch =
            Flaw::invalid("spec.template.metadata.labels", json!(null), "`selector` does not match template `labels`");
        assert_eq!(flaws("deployments", spec.clone()), [Flaw::required("spec.selector", ""), mismatch.clone()]);
        assert_eq!(flaws("daemonsets", spec), [mismatch]);
        let empty = Flaw::invalid("spec.selector", json!({}), "empty selector is invalid for statefulset");
        assert_eq!(flaws("statefulsets", json!({"selector": {}, "template": template(json!({}))})), [empty]);
    }

    #[test]
    fn pods_of_jobs_end_and_others_go_on() {
        let policy = |policy: &str| {
            json!({"selector": {"matchLabels": {"a": "b"}}, "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"restartPolicy": policy, "containers": [{"name": "c", "image": "i"}]}
            }, "manualSelector": true})
        };
        let field = "spec.template.spec.restartPolicy";
        assert_eq!(flaws("daemonsets", policy("Never")), [Flaw::unsupported(field, "Never", &["Always"])]);
        assert_eq!(flaws("jobs", policy("Never")), []);
        assert_eq!(flaws("jobs", policy("Always")), [Flaw::required(field, r#"valid values: "OnFailure", "Never""#)]);
    }
}
