//! What the server refuses in statuses: counts that cannot be, addresses that are none.
//!
//! Not here: the status of a Job, which has rules of its own ([`job_status`](super::job_status)).

use serde_json::Value;

use super::{
    super::{kinds::Kind, status::Flaw},
    address::{self, Form},
    items, job_status, not_negative, printed, text,
};
use crate::selector;

/// How the replicas of a workload are counted.
struct Counts {
    /// None of these is below 0.
    all: &'static [&'static str],
    /// None of these is more than there are replicas.
    some: &'static [&'static str],
    /// Whether those that are available are ready.
    ready: Option<&'static str>,
}

const DEPLOYMENT: Counts = Counts {
    all: &[
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
        "collisionCount",
    ],
    some: &["updatedReplicas", "readyReplicas", "availableReplicas"],
    ready: Some("cannot be greater than readyReplicas"),
};
const REPLICA_SET: Counts = Counts {
    all: &[
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
        "terminatingReplicas",
    ],
    some: &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
    ready: Some("cannot be greater than readyReplicas"),
};
const STATEFUL_SET: Counts = Counts {
    all: &[
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ],
    some: &["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
    ready: Some("cannot be greater than status.readyReplicas"),
};
const DAEMON_SET: Counts = Counts {
    all: &[
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ],
    some: &[],
    ready: None,
};

/// Looks at a new status of a built-in kind.
pub(super) fn check(kind: &Kind, old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    let (had, status) = (&old["status"], &new["status"]);
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("apps", "deployments") => counts(&DEPLOYMENT, had, status, flaws),
        ("apps", "replicasets") | ("", "replicationcontrollers") => counts(&REPLICA_SET, had, status, flaws),
        ("apps", "statefulsets") => counts(&STATEFUL_SET, had, status, flaws),
        ("apps", "daemonsets") => counts(&DAEMON_SET, had, status, flaws),
        ("batch", "jobs") => job_status::check(&new["spec"], had, status, flaws),
        ("", "pods") => pod(had, status, flaws),
        ("", "namespaces") => {
            let (phase, when) = match new["metadata"]["deletionTimestamp"].is_string() {
                true => ("Terminating", "is not empty"),
                false => ("Active", "is empty"),
            };
            if status["phase"] != phase {
                let why = format!("may only be '{phase}' if `deletionTimestamp` {when}");
                flaws.push(Flaw::invalid("status.Phase", text(&status["phase"]), &why));
            }
        }
        ("autoscaling", _) => {
            for field in ["currentReplicas", "desiredReplicas"] {
                not_negative(&status[field], &format!("status.{field}"), flaws);
            }
        }
        _ => {}
    }
}

fn counts(counts: &Counts, had: &Value, status: &Value, flaws: &mut Vec<Flaw>) {
    let count = |field: &str| status[field].as_i64().unwrap_or_default();
    for field in counts.all {
        not_negative(&status[*field], &format!("status.{field}"), flaws);
    }
    for field in counts.some.iter().filter(|field| count(field) > count("replicas")) {
        flaws.push(Flaw::invalid(format!("status.{field}"), count(field), "cannot be greater than status.replicas"));
    }
    if let Some(why) = counts.ready.filter(|_| count("availableReplicas") > count("readyReplicas")) {
        flaws.push(Flaw::invalid("status.availableReplicas", count("availableReplicas"), why));
    }
    let collisions = "collisionCount";
    if counts.all.contains(&collisions)
        && had[collisions].as_i64().is_some_and(|had| status[collisions].as_i64().is_none_or(|now| now < had))
    {
        flaws.push(Flaw::invalid("status.collisionCount", count(collisions), "cannot be decremented"));
    }
}

fn pod(had: &Value, status: &Value, flaws: &mut Vec<Flaw>) {
    const OWN: [&str; 3] = ["PodScheduled", "Ready", "Initialized"];
    const NEGATIVE: &str = "must be a non-negative integer";
    let generation = |status: &Value, field: String, flaws: &mut Vec<Flaw>| {
        if let Some(number) = status["observedGeneration"].as_i64().filter(|number| *number < 0) {
            flaws.push(Flaw::invalid(field, number, NEGATIVE));
        }
    };
    for (index, condition) in items(status, "conditions").iter().enumerate() {
        let field = format!("status.conditions[{index}]");
        generation(condition, format!("{field}.observedGeneration"), flaws);
        let name = text(&condition["type"]);
        if !OWN.contains(&name) {
            let problems = selector::key_problems(name).into_iter();
            flaws.extend(problems.map(|why| Flaw::invalid(format!("{field}.Type"), name, &why)));
        }
    }
    generation(status, "status.observedGeneration".to_owned(), flaws);
    for list in ["podIPs", "hostIPs"] {
        let known = items(had, list);
        let addresses = items(status, list);
        if list == "hostIPs" && addresses.first().is_some_and(|first| first["ip"] != status["hostIP"]) {
            let why = "must be equal to `hostIP`";
            flaws.push(Flaw::invalid("status.hostIPs[0].ip", text(&addresses[0]["ip"]), why));
        }
        for (index, address) in addresses.iter().enumerate().filter(|(_, address)| !known.contains(address)) {
            let address = text(&address["ip"]);
            let problem = address::problem(address, Form::Clear);
            flaws.extend(problem.map(|why| Flaw::invalid(format!("status.{list}[{index}]"), address, &why)));
        }
        let has = |v4: bool| {
            addresses.iter().filter_map(|known| address::read(text(&known["ip"]))).any(|known| known.is_ipv4() == v4)
        };
        if addresses.len() > 2 || (addresses.len() == 2 && !(has(true) && has(false))) {
            let shown: Vec<_> = addresses.iter().map(|known| printed(known, &[("IP", "\"\"")])).collect();
            let why = "may specify no more than one IP for each IP family";
            flaws.push(Flaw::showing(format!("status.{list}"), &format!("[{}]", shown.join(",")), why));
        }
    }
}
