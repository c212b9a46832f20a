//! Evictions: a pod is deleted if its PodDisruptionBudgets allow that.
//!
//! Not here: computing how many disruptions a budget allows. Its status says so.

use kube::core::{Status, response::StatusCause};
use serde_json::{Value, json};

use super::super::{
    deletion::Deletion,
    kinds::Part,
    lifecycle,
    state::{State, Target},
    status,
    storage::{Object, prefix},
    write::{self, Author, Change, Write},
};
use crate::selector::LabelSelector;

/// How many evictions nobody has confirmed may be open.
const MOST_OPEN: usize = 2000;

pub(super) fn evict(
    state: &mut State,
    pods: &Target,
    name: &str,
    eviction: &Value,
    write: Write<'_>,
) -> Result<Value, Box<Status>> {
    if eviction["metadata"]["name"] != name {
        return Err(status::bad_request("name in URL does not match name in Eviction object"));
    }
    let said = eviction.get("deleteOptions").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut deletion = Deletion::of(&said)?;
    deletion.dry_run |= write.dry_run;
    let pod = state.find(&pods.kind, &pods.namespace, name)?.clone();
    if !goes_anyway(&pod) {
        spend(state, pods, &pod, deletion.dry_run)?;
    }
    deletion.preconditions.check(&pods.kind, &pod).map_err(|why| status::precondition(&pods.kind, name, &why))?;
    if !deletion.dry_run {
        let mut value = pod.value.clone();
        lifecycle::set_condition(
            &mut value,
            json!({
                "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
                "message": "Eviction API: evicting", "lastProbeTime": null, "lastTransitionTime": state.time(),
            }),
        );
        state.replace_live(&pods.kind, &pod, value);
    }
    // It is another version now.
    deletion.preconditions.version = None;
    state.delete(pods, name, &deletion)?;
    Ok(status::done())
}

/// Whether a pod is at its end already, or never began.
fn goes_anyway(pod: &Object) -> bool {
    let phase = &pod.value["status"]["phase"];
    pod.terminating() || ["Failed", "Pending", "Succeeded"].iter().any(|known| *phase == **known)
}

/// Takes a disruption from the budget of a pod, if it has one that counts.
fn spend(state: &mut State, pods: &Target, pod: &Object, dry_run: bool) -> Result<(), Box<Status>> {
    let Some(kind) = state.kinds.served("policy", "v1", "poddisruptionbudgets").cloned() else { return Ok(()) };
    let prefix = prefix(&pods.namespace);
    let in_namespace = state.storage.objects(kind.id, &prefix);
    let budgets: Vec<_> = in_namespace.filter(|budget| guards(budget, pod)).cloned().collect();
    let budget = match &budgets[..] {
        [] => return Ok(()),
        [budget] => budget,
        _ => {
            return Err(status::internal(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            ));
        }
    };
    let (said, number) = (&budget.value["status"], |field: &str| number(&budget.value["status"][field]));
    let (healthy, wanted) = (number("currentHealthy"), number("desiredHealthy"));
    let enough = healthy >= wanted && wanted > 0;
    if !is_ready(pod) && (budget.value["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow" || enough) {
        return Ok(());
    }
    let name = budget.name.as_str();
    if number("observedGeneration") < self::number(&budget.value["metadata"]["generation"]) {
        return Err(refused(10, format!("The disruption budget {name} is still being processed by the server.")));
    }
    let forbidden = |why| Err(status::refused("poddisruptionbudget.policy", "policy", name, why));
    let allowed = number("disruptionsAllowed");
    if allowed < 0 {
        return forbidden("pdb disruptions allowed is negative");
    }
    if said["disruptedPods"].as_object().is_some_and(|open| open.len() > MOST_OPEN) {
        return forbidden("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
    }
    if allowed == 0 {
        return Err(refused(0, why_not(name, said, healthy, wanted)));
    }
    if dry_run {
        return Ok(());
    }
    let time = state.time();
    let mut value = budget.value.clone();
    value["status"]["disruptionsAllowed"] = (allowed - 1).into();
    value["status"]["disruptedPods"][&pod.name] = time.clone().into();
    if allowed == 1 {
        let condition = json!({
            "type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods", "message": "",
            "observedGeneration": said["observedGeneration"], "lastTransitionTime": time,
        });
        lifecycle::set_condition(&mut value, condition);
    }
    let target = Target { version: kind.stored.clone(), namespace: pods.namespace.clone(), kind };
    let write = Write { author: Author::Client("kube-apiserver"), part: Some(&Part::Status), ..Write::default() };
    state.change(&target, name, Change::Replace(value.into()), write).map(drop)
}

/// Whether a budget is about a pod.
fn guards(budget: &Object, pod: &Object) -> bool {
    let selector = &budget.value["spec"]["selector"];
    let labels = &pod.value["metadata"]["labels"];
    let selector = write::selector_text(selector).parse().ok().filter(|_: &LabelSelector| !selector.is_null());
    selector.is_some_and(|selector| selector.matches(|key| labels[key].as_str().map(Into::into)))
}

fn is_ready(pod: &Object) -> bool {
    let mut conditions = pod.value["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// Why a budget allows no disruption.
fn why_not(name: &str, said: &Value, healthy: i64, wanted: i64) -> String {
    let mut conditions = said["conditions"].as_array().into_iter().flatten();
    let condition = conditions.find(|condition| condition["type"] == "DisruptionAllowed");
    let condition = condition.filter(|condition| condition["status"] == "False");
    let [reason, message] =
        ["reason", "message"].map(|field| condition.and_then(|told| told[field].as_str()).unwrap_or_default());
    match (message, reason) {
        (message, "SyncFailed") if !message.is_empty() => {
            format!(
                "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
            )
        }
        _ if healthy <= wanted => {
            format!("The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently")
        }
        ("", _) => format!("The disruption budget {name} does not allow evicting pods currently"),
        (message, reason) => {
            format!("The disruption budget {name} does not allow evicting pods currently ({reason}): {message}")
        }
    }
}

fn refused(wait: u32, why: String) -> Box<Status> {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    let cause = StatusCause { reason: "DisruptionBudget".to_owned(), message: why, field: String::new() };
    let mut details = status::details("", "", "");
    details.causes.push(cause);
    details.retry_after_seconds = wait;
    status::failure(429, "TooManyRequests", message).with_details(details).boxed()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}
