//! What the server refuses in what runs pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs.
//!
//! Of pod templates only the labels and how pods restart are looked at.

use serde_json::Value;

use super::super::status::Flaw;

/// Whether a kind is one of these.
pub(super) fn runs_pods(plural: &str) -> bool {
    ["deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs"].contains(&plural)
}

pub(super) fn check(plural: &str, object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    match plural {
        "deployments" => {
            not_negative(spec, "spec", &["replicas"], flaws);
            selector(spec, "deployment", flaws);
            restarts(spec, flaws);
            strategy(&spec["strategy"], flaws);
            not_negative(spec, "spec", &["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"], flaws);
            let seconds = |field: &str| spec[field].as_i64();
            if let Some(deadline) = seconds("progressDeadlineSeconds")
                && deadline <= seconds("minReadySeconds").unwrap_or_default()
            {
                let why = "must be greater than minReadySeconds";
                flaws.push(Flaw::invalid("spec.progressDeadlineSeconds", deadline, why));
            }
        }
        "replicasets" | "statefulsets" => {
            not_negative(spec, "spec", &["replicas", "minReadySeconds"], flaws);
            selector(spec, if plural == "replicasets" { "deployment" } else { "statefulset" }, flaws);
            restarts(spec, flaws);
        }
        "daemonsets" => {
            selector(spec, "daemonset", flaws);
            restarts(spec, flaws);
            not_negative(spec, "spec", &["minReadySeconds", "revisionHistoryLimit"], flaws);
        }
        "jobs" => job(spec, "spec", flaws),
        "cronjobs" => job(&spec["jobTemplate"]["spec"], "spec.jobTemplate.spec", flaws),
        _ => {}
    }
}

fn job(spec: &Value, at: &str, flaws: &mut Vec<Flaw>) {
    let numbers = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    not_negative(spec, at, &numbers, flaws);
    let field = format!("{at}.template.spec.restartPolicy");
    match spec["template"]["spec"]["restartPolicy"].as_str() {
        Some("OnFailure" | "Never") => {}
        None | Some("" | "Always") => flaws.push(Flaw::required(field, r#"valid values: "OnFailure", "Never""#)),
        Some(other) => flaws.push(Flaw::unsupported(field, other, &["Never", "OnFailure"])),
    }
}

fn not_negative(spec: &Value, at: &str, fields: &[&str], flaws: &mut Vec<Flaw>) {
    let numbers = fields.iter().filter_map(|field| Some((field, spec[*field].as_i64()?)));
    let negative = numbers.filter(|(_, number)| *number < 0);
    let why = "must be greater than or equal to 0";
    flaws.extend(negative.map(|(field, number)| Flaw::invalid(format!("{at}.{field}"), number, why)));
}

fn restarts(spec: &Value, flaws: &mut Vec<Flaw>) {
    let policy = spec["template"]["spec"]["restartPolicy"].as_str().unwrap_or("Always");
    if policy != "Always" {
        flaws.push(Flaw::unsupported("spec.template.spec.restartPolicy", policy, &["Always"]));
    }
}

fn strategy(strategy: &Value, flaws: &mut Vec<Flaw>) {
    if strategy["type"] == "Recreate" && !strategy["rollingUpdate"].is_null() {
        let why = "may not be specified when strategy `type` is 'Recreate'";
        flaws.push(Flaw::forbidden("spec.strategy.rollingUpdate", why));
    }
}

/// A selector must be there, be readable, select something, and that the pods of the template.
fn selector(spec: &Value, owner: &str, flaws: &mut Vec<Flaw>) {
    let labels = &spec["template"]["metadata"]["labels"];
    let selector = &spec["selector"];
    if selector.is_null() {
        if owner != "daemonset" {
            flaws.push(Flaw::required("spec.selector", ""));
        }
        return flaws.push(no_match(labels));
    }
    let parts = ["matchLabels", "matchExpressions"].map(|part| &selector[part]);
    let empty = parts.iter().all(|part| {
        part.as_object().is_none_or(serde_json::Map::is_empty) && part.as_array().is_none_or(Vec::is_empty)
    });
    if empty {
        return flaws.push(Flaw::invalid(
            "spec.selector",
            selector.clone(),
            &format!("empty selector is invalid for {owner}"),
        ));
    }
    let mut unreadable = Vec::new();
    let requirements = selector["matchExpressions"].as_array().into_iter().flatten();
    for (number, requirement) in requirements.enumerate() {
        unreadable.extend(problem(requirement, &format!("spec.selector.matchExpressions[{number}]")));
    }
    if !unreadable.is_empty() {
        flaws.append(&mut unreadable);
        match owner {
            "daemonset" => {}
            "statefulset" => flaws.push(Flaw::invalid("spec.selector", selector.clone(), "")),
            _ => flaws.push(Flaw::invalid("spec.selector", selector.clone(), "invalid label selector")),
        }
    } else if !selects(selector, labels) {
        flaws.push(no_match(labels));
    }
}

fn no_match(labels: &Value) -> Flaw {
    let why = "`selector` does not match template `labels`";
    Flaw::invalid("spec.template.metadata.labels", labels.clone(), why)
}

/// Why a requirement cannot be read, if so.
fn problem(requirement: &Value, at: &str) -> Option<Flaw> {
    let no_values = requirement["values"].as_array().is_none_or(Vec::is_empty);
    match requirement["operator"].as_str().unwrap_or_default() {
        "In" | "NotIn" => no_values
            .then(|| Flaw::required(format!("{at}.values"), "must be specified when `operator` is 'In' or 'NotIn'")),
        "Exists" | "DoesNotExist" => (!no_values).then(|| {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            Flaw::forbidden(format!("{at}.values"), why)
        }),
        other => Some(Flaw::invalid(format!("{at}.operator"), other, "not a valid selector operator")),
    }
}

fn selects(selector: &Value, labels: &Value) -> bool {
    let mut equal = selector["matchLabels"].as_object().into_iter().flatten();
    let mut required = selector["matchExpressions"].as_array().into_iter().flatten();
    equal.all(|(key, value)| labels[key] == *value)
        && required.all(|requirement| {
            let label = &labels[requirement["key"].as_str().unwrap_or_default()];
            let named = requirement["values"].as_array().is_some_and(|values| values.contains(label));
            match requirement["operator"].as_str().unwrap_or_default() {
                "In" => named,
                "NotIn" => !named,
                "Exists" => !label.is_null(),
                _ => label.is_null(),
            }
        })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Flaw, check};

    fn flaws(plural: &str, spec: Value) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        check(plural, &json!({"spec": spec}), &mut flaws);
        flaws
    }

    fn template(labels: Value) -> Value {
        json!({"metadata": {"labels": labels}, "spec": {"restartPolicy": "Always"}})
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
            assert_eq!(selects_others, [mismatch.clone()]);
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
                "metadata": {"labels": {"a": "b"}}, "spec": {"restartPolicy": policy}
            }})
        };
        let field = "spec.template.spec.restartPolicy";
        assert_eq!(flaws("daemonsets", policy("Never")), [Flaw::unsupported(field, "Never", &["Always"])]);
        assert_eq!(flaws("jobs", policy("Never")), []);
        assert_eq!(flaws("jobs", policy("Always")), [Flaw::required(field, r#"valid values: "OnFailure", "Never""#)]);
    }
}
