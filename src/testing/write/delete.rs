//! Deletions of one object: whether it is removed or marked, and what the server answers.
//!
//! An object is removed at once unless something holds it: finalizers, which it has or which the deletion adds
//! (propagation policies), a grace period (pods on a node), or content (namespaces, definitions).

use jiff::{SignedDuration, Timestamp};
use kube::core::Status;
use serde_json::{Value, json};

use super::super::{
    deletion::{Deletion, Policy},
    kinds::{Kind, Rules},
    lifecycle::{self, CLEANUP, Step},
    state::{State, Target},
    status,
    storage::{Object, key},
    text, validation,
};

/// What came of a deletion.
pub(in super::super) struct Deleted {
    /// What the server answers: the object, or a Status.
    pub(in super::super) answer: Value,
    /// Whether the object is gone.
    pub(in super::super) gone: bool,
}

/// How much time an object has left.
enum Grace {
    /// It has none, and is not asked.
    None,
    /// It is at its end already, in its own time.
    Pending,
    /// These seconds from now on.
    Seconds(i64),
}

impl State {
    /// Deletes, or marks for deletion while something holds the object.
    pub(in super::super) fn delete(
        &mut self,
        target: &Target,
        name: &str,
        deletion: &Deletion,
    ) -> Result<Deleted, Box<Status>> {
        let kind = &target.kind;
        let object = self.find(kind, &target.namespace, name)?.clone();
        let content = lifecycle::holds_content(kind);
        deletion.preconditions.check(kind, &object).map_err(|why| match content {
            true => status::conflict(kind, name, &why),
            false => status::precondition(kind, name, &why),
        })?;
        if kind.is_core("namespaces") && ["default", "kube-public", "kube-system"].contains(&name) {
            return Err(status::refused("namespaces", "", name, "this namespace may not be deleted"));
        }
        let held = |value: &Value| {
            let answer = text::in_version(kind, &target.version, &Object::new(value.clone()));
            Deleted { answer, gone: false }
        };
        let mut value = object.value.clone();
        if content && !object.terminating() {
            empty(kind, &mut value, deletion, &self.time());
            let value = self.mark(kind, &object, value, deletion);
            return Ok(held(&value));
        }
        if kind.is_core("namespaces") && value["spec"]["finalizers"].as_array().is_some_and(|held| !held.is_empty()) {
            return Ok(held(&value));
        }
        let grace = grace(kind, &mut value, deletion, &self.time());
        if matches!(grace, Grace::Pending) {
            return Ok(held(&value));
        }
        let finalizers = finalizers(kind, &value, deletion);
        let stays = !finalizers.is_empty();
        set_finalizers(&mut value, finalizers);
        match grace {
            Grace::Seconds(left) => {
                let value = self.mark(kind, &object, value, deletion);
                if stays || left > 0 {
                    return Ok(held(&value));
                }
                return Ok(self.take_away(target, &Object::new(value), deletion));
            }
            _ if stays => {
                end_now(&mut value, &self.time());
                let value = self.mark(kind, &object, value, deletion);
                return Ok(held(&value));
            }
            _ => {}
        }
        Ok(self.take_away(target, &object, deletion))
    }

    /// Stores an object that is to go, if that is news. Answers what is there now.
    fn mark(&mut self, kind: &Kind, live: &Object, value: Value, deletion: &Deletion) -> Value {
        if deletion.dry_run || value == live.value {
            return value;
        }
        let stored = self.storage.put(kind.id, &key(&live.namespace, &live.name), value);
        lifecycle::settle(self, kind, &Step::Marked(&stored));
        stored.value.clone()
    }

    /// Removes an object. It is answered with the version of its removal.
    fn take_away(&mut self, target: &Target, last: &Object, deletion: &Deletion) -> Deleted {
        let kind = &target.kind;
        let mut last = last.value.clone();
        let name = last["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let uid = last["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        if !deletion.dry_run {
            let removed = self.remove(kind, &key(&target.namespace, &name));
            last["metadata"]["resourceVersion"] = removed.to_string().into();
        }
        let answer = if kind.rules.contain(Rules::ANSWERS_DELETED) {
            text::in_version(kind, &target.version, &Object::new(last))
        } else {
            status::deleted(kind, &name, &uid)
        };
        Deleted { answer, gone: true }
    }
}

/// Whether an object that is being deleted may go, now that it is `object`.
pub(super) fn released(kind: &Kind, live: &Object, object: &Value) -> bool {
    let namespace = kind.is_core("namespaces");
    let content = namespace && object["spec"]["finalizers"].as_array().is_some_and(|held| !held.is_empty());
    let grace = live.value["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or_default();
    live.terminating() && validation::finalizers(object).is_empty() && !content && grace == 0
}

/// What the server says of dependents that nobody asked about, whether there is anything to delete or not.
pub(in super::super) fn warnings(kind: &Kind, deletion: &Deletion) -> Vec<String> {
    let warned = kind.group == "batch" && kind.plural == "jobs" && deletion.policy.is_none();
    let why = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them \
               or set propagationPolicy=Orphan to suppress this warning";
    warned.then(|| why.to_owned()).into_iter().collect()
}

/// The time an object has left, which is set in it. Only pods are given any: on a node they have their own time, and
/// it can only become shorter.
fn grace(kind: &Kind, value: &mut Value, deletion: &Deletion, now: &str) -> Grace {
    if !kind.is_core("pods") {
        return Grace::None;
    }
    let metadata = &value["metadata"];
    if let Some(end) = metadata["deletionTimestamp"].as_str() {
        let left = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or_default();
        let Some(asked) = deletion.grace.filter(|asked| *asked < left && left > 0) else {
            return if left == 0 { Grace::None } else { Grace::Pending };
        };
        let earlier = later(end, asked.saturating_sub(left));
        // What would lie in the past is now, and then the shortest time is what is left.
        let (end, left) = if earlier.as_str() < now { (now.to_owned(), asked.min(1)) } else { (earlier, asked) };
        value["metadata"]["deletionTimestamp"] = end.into();
        value["metadata"]["deletionGracePeriodSeconds"] = left.into();
        return Grace::Seconds(left);
    }
    let bound = value["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty());
    let over = ["Failed", "Succeeded"].iter().any(|phase| value["status"]["phase"] == *phase);
    let usual = value["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or_default();
    let left = if bound && !over { deletion.grace.unwrap_or(usual) } else { 0 };
    let left = if left < 0 { 1 } else { left };
    value["metadata"]["deletionTimestamp"] = later(now, left).into();
    value["metadata"]["deletionGracePeriodSeconds"] = left.into();
    count(value);
    Grace::Seconds(left)
}

/// A time some seconds after another; the same where there is no such time.
fn later(time: &str, seconds: i64) -> String {
    let moved =
        time.parse::<Timestamp>().ok().and_then(|time| time.checked_add(SignedDuration::from_secs(seconds)).ok());
    moved.map_or_else(|| time.to_owned(), |moved| moved.to_string())
}

/// The finalizers of an object that is deleted: with the one that stands for what becomes of its dependents.
fn finalizers(kind: &Kind, value: &Value, deletion: &Deletion) -> Vec<String> {
    let present = validation::finalizers(value);
    let of_policy = [Policy::Foreground, Policy::Orphan].map(Policy::finalizer);
    let asked = present.iter().find_map(|finalizer| match *finalizer {
        "orphan" => Some(Policy::Orphan),
        "foregroundDeletion" => Some(Policy::Foreground),
        _ => None,
    });
    // The first controllers of pods left them behind.
    let orphans = (kind.group == "batch" && kind.plural == "jobs") || kind.is_core("replicationcontrollers");
    let usual = if orphans { Policy::Orphan } else { Policy::Background };
    let policy = match kind.plural.as_str() {
        "events" if !kind.custom => Policy::Background,
        // Whoever wants a namespace without orphans waits for what is in it.
        "namespaces" if kind.is_core("namespaces") && deletion.cascades => Policy::Foreground,
        _ => deletion.policy.or(asked).unwrap_or(usual),
    };
    let others = present.iter().copied().filter(|finalizer| !of_policy.contains(&Some(*finalizer)));
    let finalizers: Vec<&str> = others.chain(policy.finalizer()).collect();
    // The same ones stay in their order.
    let same = finalizers.len() == present.len() && present.iter().all(|finalizer| finalizers.contains(finalizer));
    let finalizers = if same { present } else { finalizers };
    finalizers.into_iter().map(str::to_owned).collect()
}

fn set_finalizers(value: &mut Value, finalizers: Vec<String>) {
    if let Some(metadata) = value["metadata"].as_object_mut() {
        match finalizers.is_empty() {
            true => drop(metadata.remove("finalizers")),
            false => drop(metadata.insert("finalizers".to_owned(), finalizers.into())),
        }
    }
}

/// Marks an object that has no time left, and waits for its finalizers only.
fn end_now(value: &mut Value, now: &str) {
    if value["metadata"]["deletionTimestamp"].is_null() {
        count(value);
    }
    if value["metadata"]["deletionTimestamp"].as_str().is_none_or(|end| end > now) {
        value["metadata"]["deletionTimestamp"] = now.into();
    }
    value["metadata"]["deletionGracePeriodSeconds"] = 0.into();
}

/// That an object is to go is a new generation of it.
fn count(value: &mut Value) {
    if let Some(generation) = value["metadata"]["generation"].as_i64().filter(|generation| *generation > 0) {
        value["metadata"]["generation"] = generation.saturating_add(1).into();
    }
}

/// Marks what holds content, which is to go first.
fn empty(kind: &Kind, value: &mut Value, deletion: &Deletion, now: &str) {
    value["metadata"]["deletionTimestamp"] = now.into();
    if kind.is_definition() {
        let mut finalizers: Vec<_> = validation::finalizers(value).into_iter().map(str::to_owned).collect();
        if !finalizers.iter().any(|finalizer| finalizer == CLEANUP) {
            finalizers.push(CLEANUP.to_owned());
        }
        set_finalizers(value, finalizers);
        let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
        let terminating = json!({
            "type": "Terminating", "status": "True", "lastTransitionTime": now, "reason": "InstanceDeletionPending",
            "message": message,
        });
        lifecycle::set_condition(value, terminating);
    } else {
        value["status"]["phase"] = "Terminating".into();
        let finalizers = finalizers(kind, value, deletion);
        set_finalizers(value, finalizers);
    }
}
