//! What the server refuses in the policies of a Job: by index, on failure, on success.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    super::status::Flaw, chosen, items, job_status::counted, metadata::label_problems, name, not_negative, printed,
    text,
};

/// More indexes at once, and more failed ones, no Job has.
const MOST: i64 = 100_000;
/// What a Job with more indexes than the above may have.
const MOST_OF_MANY: i64 = 10_000;
const RULES: usize = 20;
const CODES: usize = 255;
const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];

/// Looks at the specification of a Job, in the field of this path.
pub(super) fn check(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    let failed = spec["maxFailedIndexes"].as_i64();
    for name in ["backoffLimitPerIndex", "maxFailedIndexes"] {
        not_negative(&spec[name], &path(name), flaws);
    }
    if failed.is_some() && spec["backoffLimitPerIndex"].is_null() {
        flaws.push(Flaw::required(path("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
    }
    if let Some(manager) = spec["managedBy"].as_str() {
        name::domain_path(manager, &path("managedBy"), flaws);
        if manager.len() > 63 {
            flaws.push(Flaw::too_long(path("managedBy"), 63));
        }
    }
    match text(&spec["completionMode"]) {
        "Indexed" => indexed(spec, field, flaws),
        "" | "NonIndexed" => {
            for name in ["backoffLimitPerIndex", "maxFailedIndexes"] {
                if let Some(number) = spec[name].as_i64() {
                    flaws.push(Flaw::invalid(path(name), number, "requires indexed completion mode"));
                }
            }
        }
        _ => {}
    }
    let policy = &spec["podFailurePolicy"];
    if policy.is_object() {
        failures(spec, &path("podFailurePolicy.rules"), flaws);
    }
    let supported = if policy.is_object() { &["Failed"][..] } else { &["Failed", "TerminatingOrFailed"] };
    chosen(&spec["podReplacementPolicy"], &path("podReplacementPolicy"), supported, flaws);
    let policy_of_success = &spec["successPolicy"];
    if policy_of_success.is_object() && spec["completionMode"] == "Indexed" {
        successes(spec, &path("successPolicy.rules"), flaws);
    } else if policy_of_success.is_object() {
        let fields = [("SucceededIndexes", "null"), ("SucceededCount", "null")];
        let rules = items(policy_of_success, "rules").iter().map(|rule| printed(rule, &fields));
        let shown = format!("{{\"Rules\":[{}]}}", rules.collect::<Vec<_>>().join(","));
        flaws.push(Flaw::showing(path("successPolicy"), &shown, "requires indexed completion mode"));
    }
    if policy.is_object() && spec["template"]["spec"]["restartPolicy"] == "OnFailure" {
        let why = "only \"Never\" is supported when podFailurePolicy is specified";
        flaws.push(Flaw::invalid(path("template.spec.restartPolicy"), "OnFailure", why));
    }
}

/// The pods of an indexed Job are called by their indexes, and each is a host of its name.
pub(super) fn last_pod(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let count = spec["completions"].as_i64().filter(|count| *count > 0 && spec["completionMode"] == "Indexed");
    let name = text(&object["metadata"]["name"]);
    let last = count.map(|count| format!("{name}-{}", count - 1));
    if let Some(last) = last.filter(|last| !label_problems(last).is_empty()) {
        let why = format!("will not able to create pod with invalid DNS label: {last}");
        flaws.push(Flaw::invalid("metadata.name", name, &why));
    }
}

fn indexed(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let [parallel, failed, all] = ["parallelism", "maxFailedIndexes", "completions"].map(|name| spec[name].as_i64());
    let many = all.is_some_and(|all| all > MOST) && !spec["backoffLimitPerIndex"].is_null();
    let of_many = format!(
        "must be less than or equal to {MOST_OF_MANY} when completions are above {MOST} and used with backoff limit per index"
    );
    let mut bound = |name: &str, number: Option<i64>, most: Option<i64>, why: String| {
        if let Some((number, _)) = number.zip(most).filter(|(number, most)| number > most) {
            flaws.push(Flaw::invalid(format!("{field}.{name}"), number, &why));
        }
    };
    let why = format!("must be less than or equal to {MOST} when completion mode is Indexed");
    bound("parallelism", parallel, Some(MOST), why);
    bound("maxFailedIndexes", failed, all, "must be less than or equal to completions".to_owned());
    bound("maxFailedIndexes", failed, Some(MOST), format!("must be less than or equal to {MOST}"));
    bound("parallelism", parallel, many.then_some(MOST_OF_MANY), of_many.clone());
    bound("maxFailedIndexes", failed, many.then_some(MOST_OF_MANY), of_many);
    if many && failed.is_none() {
        let why = format!("must be specified when completions is above {MOST}");
        flaws.push(Flaw::required(format!("{field}.maxFailedIndexes"), &why));
    }
}

/// What follows when a pod fails.
fn failures(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let rules = items(&spec["podFailurePolicy"], "rules");
    if rules.len() > RULES {
        flaws.push(Flaw::too_many(field, rules.len() as u64, RULES as u64));
    }
    for (place, rule) in rules.iter().enumerate() {
        let field = format!("{field}[{place}]");
        let of_action = format!("{field}.action");
        match text(&rule["action"]) {
            "" => {
                let why = "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]";
                flaws.push(Flaw::required(of_action, why));
            }
            "FailIndex" if spec["backoffLimitPerIndex"].is_null() => {
                let why = "requires the backoffLimitPerIndex to be set";
                flaws.push(Flaw::invalid(of_action, "FailIndex", why));
            }
            _ => chosen(&rule["action"], &of_action, &ACTIONS, flaws),
        }
        let (codes, conditions) = (&rule["onExitCodes"], items(rule, "onPodConditions"));
        if codes.is_object() {
            exit_codes(codes, &spec["template"]["spec"], &format!("{field}.onExitCodes"), flaws);
        }
        for (place, condition) in conditions.iter().enumerate() {
            let field = format!("{field}.onPodConditions[{place}]");
            name::qualified(text(&condition["type"]), &format!("{field}.type"), flaws);
            chosen(&condition["status"], &format!("{field}.status"), &["False", "True", "Unknown"], flaws);
        }
        let why = match (codes.is_object(), conditions.is_empty()) {
            (true, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
            (false, true) => "specifying one of OnExitCodes and OnPodConditions is required",
            _ => continue,
        };
        flaws.push(Flaw::unshown(field, why));
    }
}

fn exit_codes(codes: &Value, pod: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let operator = text(&codes["operator"]);
    match operator {
        "" => flaws.push(Flaw::required(format!("{field}.operator"), "valid values: [\"In\" \"NotIn\"]")),
        _ => chosen(&codes["operator"], &format!("{field}.operator"), &["In", "NotIn"], flaws),
    }
    if let Some(name) = codes["containerName"].as_str() {
        let mut containers = items(pod, "containers").iter().chain(items(pod, "initContainers"));
        if !containers.any(|container| container["name"] == name) {
            let why = "must be one of the container or initContainer names in the pod template";
            flaws.push(Flaw::invalid(format!("{field}.containerName"), name, why));
        }
    }
    let field = format!("{field}.values");
    let values = items(codes, "values");
    if values.is_empty() {
        flaws.push(Flaw::invalid(&field, codes["values"].clone(), "at least one value is required"));
    } else if values.len() > CODES {
        flaws.push(Flaw::too_many(&field, values.len() as u64, CODES as u64));
    }
    let mut seen = HashSet::new();
    for (place, value) in values.iter().enumerate() {
        let field = format!("{field}[{place}]");
        if operator == "In" && *value == 0 {
            flaws.push(Flaw::invalid(&field, 0, "must not be 0 for the In operator"));
        }
        if !seen.insert(value) {
            flaws.push(Flaw::duplicate(field, value.clone()));
        }
    }
    if !values.iter().map(Value::as_i64).is_sorted() {
        flaws.push(Flaw::invalid(field, codes["values"].clone(), "must be ordered"));
    }
}

/// When a Job is done before all of its indexes are.
fn successes(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let rules = items(&spec["successPolicy"], "rules");
    let all = spec["completions"].as_i64().unwrap_or_default();
    if rules.is_empty() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        flaws.push(Flaw::required(field, why));
    }
    if rules.len() > RULES {
        flaws.push(Flaw::too_many(field, rules.len() as u64, RULES as u64));
    }
    for (place, rule) in rules.iter().enumerate() {
        let field = format!("{field}[{place}]");
        let count = rule["succeededCount"].as_i64();
        if count.is_none() && rule["succeededIndexes"].is_null() {
            let why = "at least one of succeededCount or succeededIndexes must be specified";
            flaws.push(Flaw::required(&field, why));
        }
        let listed = rule["succeededIndexes"].as_str().map(|said| {
            counted(said, all).unwrap_or_else(|why| {
                let why = format!("error parsing succeededIndexes: {why}");
                flaws.push(Flaw::invalid(format!("{field}.succeededIndexes"), said, &why));
                0
            })
        });
        let field = format!("{field}.succeededCount");
        not_negative(&rule["succeededCount"], &field, flaws);
        let limits = [
            (Some(all), "the number of specified completions"),
            (listed, "the number of indexes in the specified succeededIndexes field"),
        ];
        for (most, what) in limits {
            if let (Some(count), Some(most)) = (count, most)
                && count > most
            {
                let why = format!("must be less than or equal to {most} ({what})");
                flaws.push(Flaw::invalid(field.as_str(), count, &why));
            }
        }
    }
}
