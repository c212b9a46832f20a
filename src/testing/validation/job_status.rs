//! What the server refuses in the status of a Job: it looks at what changed, and a Job ends once and in one way.
//!
//! Not here: whether the failed indexes are others than the completed ones.

use jiff::Timestamp;
use serde_json::Value;

use super::{super::status::Flaw, items, not_negative, printed, text};

pub(super) fn check(spec: &Value, had: &Value, status: &Value, flaws: &mut Vec<Flaw>) {
    for field in ["active", "succeeded", "failed", "ready", "terminating"] {
        not_negative(&status[field], &format!("status.{field}"), flaws);
    }
    ends(spec, had, status, flaws);
    indexes(spec, had, status, flaws);
    let count = |status: &Value, field: &str| status[field].as_i64().unwrap_or_default();
    if ["ready", "active"].iter().any(|field| had[*field] != status[*field])
        && count(status, "ready") > count(status, "active")
    {
        flaws.push(Flaw::invalid("status.ready", count(status, "ready"), "cannot set more ready pods than active"));
    }
    conditions(spec, had, status, flaws);
    for field in ["failed", "succeeded"] {
        let scales =
            field == "succeeded" && spec["completionMode"] == "Indexed" && spec["completions"] == spec["parallelism"];
        if count(status, field) < count(had, field) && !scales {
            let why = format!("cannot decrease the {field} counter");
            flaws.push(Flaw::invalid(format!("status.{field}"), count(status, field), &why));
        }
    }
    times_stay(spec, had, status, flaws);
    kept(had, status, flaws);
}

fn is(status: &Value, condition: &str) -> bool {
    let known = items(status, "conditions").iter().find(|found| found["type"] == condition);
    known.is_some_and(|found| found["status"] == "True")
}

fn is_finished(status: &Value) -> bool {
    is(status, "Complete") || is(status, "Failed")
}

/// What has to be so at the end of a Job, and what only then.
fn ends(spec: &Value, had: &Value, status: &Value, flaws: &mut Vec<Flaw>) {
    let turned = |condition: &str| is(had, condition) != is(status, condition);
    let changed = |field: &str| had[field] != status[field];
    let (complete, failed, finished) = (is(status, "Complete"), is(status, "Failed"), is_finished(status));
    let turned_finished = is_finished(had) != finished;
    let mut condition = |wrong: bool, why: &str| {
        flaws.extend(wrong.then(|| Flaw::unshown("status.conditions", why)));
    };
    condition(
        (turned("Complete") || turned("Failed")) && complete && failed,
        "cannot set Complete=True and Failed=true conditions",
    );
    condition(
        (turned("Complete") || turned("FailureTarget")) && complete && is(status, "FailureTarget"),
        "cannot set Complete=True and FailureTarget=true conditions",
    );
    condition(
        (turned("Failed") || changed("failedIndexes")) && failed && !is(status, "FailureTarget"),
        "cannot set Failed=True condition without the FailureTarget=true condition",
    );
    condition(
        (turned("Complete") || turned("SuccessCriteriaMet")) && complete && !is(status, "SuccessCriteriaMet"),
        "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
    );
    let (start, end) = (&status["startTime"], &status["completionTime"]);
    if turned("Complete") || changed("completionTime") {
        if !end.is_null() && !complete {
            let why = "cannot set completionTime when there is no Complete=True condition";
            flaws.push(Flaw::invalid("status.completionTime", end.clone(), why));
        }
        if end.is_null() && complete {
            let why = "completionTime is required for Complete jobs";
            flaws.push(Flaw::required("status.completionTime", why));
        }
    }
    let time = |time: &Value| text(time).parse::<Timestamp>().ok();
    if (changed("startTime") || changed("completionTime"))
        && time(end).zip(time(start)).is_some_and(|(end, start)| end < start)
    {
        flaws.push(Flaw::invalid("status.completionTime", end.clone(), "must be equal to or after `startTime`"));
    }
    if !finished {
        return;
    }
    let nothing_to_do = spec["suspend"] == true && spec["completions"] == 0;
    if (turned_finished || changed("startTime")) && start.is_null() && !nothing_to_do {
        flaws.push(Flaw::required("status.startTime", "startTime is required for finished job"));
    }
    for field in ["active", "terminating"] {
        let count = status[field].as_i64().filter(|count| *count > 0 && (turned_finished || changed(field)));
        let why = format!("{field}>0 is invalid for finished job");
        flaws.extend(count.map(|count| Flaw::invalid(format!("status.{field}"), count, &why)));
    }
    let uncounted = &status["uncountedTerminatedPods"];
    let some = ["succeeded", "failed"].iter().any(|list| !items(uncounted, list).is_empty());
    if some && (turned_finished || changed("uncountedTerminatedPods")) {
        let shown = printed(uncounted, &[("Succeeded", "null"), ("Failed", "null")]);
        flaws.push(Flaw::showing("status.uncountedTerminatedPods", &shown, "must be empty for finished job"));
    }
}

fn indexes(spec: &Value, had: &Value, status: &Value, flaws: &mut Vec<Flaw>) {
    let completions = spec["completions"].as_i64();
    for field in ["completedIndexes", "failedIndexes"].into_iter().filter(|field| had[*field] != status[*field]) {
        let path = format!("status.{field}");
        let Some(said) = status[field].as_str() else { continue };
        let read = field == "completedIndexes" || !spec["backoffLimitPerIndex"].is_null();
        if let Some(why) = completions.filter(|_| read).and_then(|completions| counted(said, completions).err()) {
            flaws.push(Flaw::invalid(path.as_str(), said, &format!("error parsing {field}: {why}")));
        }
        let why = match field {
            "completedIndexes" => "cannot set non-empty completedIndexes when non-indexed completion mode",
            _ => "cannot set non-null failedIndexes when backoffLimitPerIndex is null",
        };
        let wrong = match field {
            "completedIndexes" => !said.is_empty() && spec["completionMode"] != "Indexed",
            _ => spec["backoffLimitPerIndex"].is_null(),
        };
        flaws.extend(wrong.then(|| Flaw::invalid(path, said, why)));
    }
}

/// How many indexes below a number a text lists, or why it lists none: `1,3-5`.
pub(super) fn counted(said: &str, completions: i64) -> Result<i64, String> {
    let mut last = None;
    let mut count = 0;
    for interval in said.split_terminator(',') {
        let parts: Vec<_> = interval.split('-').collect();
        if parts.len() > 2 {
            return Err(format!(
                "the fragment {interval:?} violates the requirement that an index interval can have at most two parts \
                 separated by '-'"
            ));
        }
        let mut first = None;
        for part in parts {
            let Ok(index) = part.parse::<i64>() else {
                return Err(format!("cannot convert string to integer for index: {part:?}"));
            };
            if index >= completions {
                return Err(format!("too large index: {part:?}"));
            }
            if let Some(previous) = last.filter(|last| *last >= index) {
                return Err(format!("non-increasing order, previous: {previous}, current: {index}"));
            }
            // All of them are below the number of completions, and each is above the one before it.
            count += first.map_or(1, |first: i64| index.saturating_sub(first));
            first = Some(index);
            last = Some(index);
        }
    }
    Ok(count)
}

/// What goes together whenever it was said.
fn conditions(spec: &Value, had: &Value, status: &Value, flaws: &mut Vec<Flaw>) {
    let met = is(status, "SuccessCriteriaMet");
    for (wrong, why) in [
        (met && is(status, "Failed"), "cannot set SuccessCriteriaMet=True and Failed=true conditions"),
        (met && is(status, "FailureTarget"), "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
        (
            !met && !spec["successPolicy"].is_null() && is(status, "Complete"),
            "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True",
        ),
        (
            is(had, "Complete") && !is(had, "SuccessCriteriaMet") && met,
            "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions",
        ),
    ] {
        flaws.extend(wrong.then(|| Flaw::unshown("status.conditions", why)));
    }
}

fn times_stay(spec: &Value, had: &Value, status: &Value, flaws: &mut Vec<Flaw>) {
    let end = "completionTime";
    if !had[end].is_null() && !status[end].is_null() && had[end] != status[end] {
        flaws.push(Flaw::invalid("status.completionTime", status[end].clone(), "field is immutable"));
    }
    let start = &status["startTime"];
    let suspended = |status: &Value, is: &str| {
        items(status, "conditions").iter().any(|found| found["type"] == "Suspended" && found["status"] == is)
    };
    let resumes = suspended(had, "True") && suspended(status, "False");
    if !had["startTime"].is_null() && had["startTime"] != *start && spec["suspend"] != true && !resumes {
        let why = "field is immutable for unsuspended job once set";
        flaws.push(Flaw::invalid("status.startTime", start.clone(), why));
    }
}

/// What was once so and stays.
fn kept(had: &Value, status: &Value, flaws: &mut Vec<Flaw>) {
    for (condition, terminal) in
        [("Failed", "terminal "), ("Complete", "terminal "), ("FailureTarget", "terminal "), ("SuccessCriteriaMet", "")]
    {
        if is(had, condition) && !is(status, condition) {
            let why = format!("cannot disable the {terminal}{condition}=True condition");
            flaws.push(Flaw::unshown("status.conditions", &why));
        }
    }
}
