//! Deletions of one object: its preconditions, whether it goes or is marked, and what the server answers.
//!
//! Not here: grace periods and propagation policies.

use kube::core::Status;
use serde_json::Value;

use super::super::{
    kinds::{Kind, Rules},
    lifecycle::{self, CLEANUP, Step},
    state::{State, Target},
    status,
    storage::{Object, key},
    text, validation,
};

/// What must hold for a deletion to happen.
#[derive(Debug, Default)]
pub(in super::super) struct Preconditions {
    pub(in super::super) uid: Option<String>,
    pub(in super::super) version: Option<String>,
}

impl State {
    /// Deletes, or marks for deletion while finalizers remain. Answers what the server answers.
    pub(in super::super) fn delete(
        &mut self,
        target: &Target,
        name: &str,
        preconditions: &Preconditions,
        dry_run: bool,
    ) -> Result<Value, Box<Status>> {
        let kind = &target.kind;
        let object = self.find(kind, &target.namespace, name)?.clone();
        preconditions.check(kind, &object)?;
        if kind.is_core("namespaces") && ["default", "kube-public", "kube-system"].contains(&name) {
            let message = format!("namespaces {name:?} is forbidden: this namespace may not be deleted");
            return Err(status::failure(403, "Forbidden", message));
        }
        let key = key(&target.namespace, name);
        let answer = |object: &Object| text::in_version(kind, &target.version, object);
        if !lifecycle::holds_content(kind) && validation::finalizers(&object.value).is_empty() {
            if !dry_run {
                self.remove(kind, &key);
            }
            let answers_object = kind.rules.contain(Rules::ANSWERS_DELETED);
            let uid = object.metadata("uid");
            return Ok(if answers_object { answer(&object) } else { status::deleted(kind, name, uid) });
        }
        if dry_run || object.terminating() {
            return Ok(answer(&object));
        }
        let object = self.storage.put(kind.id, &key, marked(kind, &object, self.time()));
        lifecycle::settle(self, kind, &Step::Terminating(&object));
        Ok(answer(&object))
    }
}

impl Preconditions {
    fn check(&self, kind: &Kind, object: &Object) -> Result<(), Box<Status>> {
        for (wanted, what, field, hint) in [
            (&self.uid, "UID", "uid", "The object might have been deleted and then recreated"),
            (&self.version, "ResourceVersion", "resourceVersion", "The object might have been modified"),
        ] {
            let found = object.metadata(field);
            if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != found) {
                let why = format!(
                    "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). {hint}"
                );
                return Err(status::precondition(kind, &object.name, &why));
            }
        }
        Ok(())
    }
}

/// The object as it is while it waits for its end.
fn marked(kind: &Kind, object: &Object, time: String) -> Value {
    let mut value = object.value.clone();
    value["metadata"]["deletionTimestamp"] = time.into();
    if kind.is_core("namespaces") {
        value["status"]["phase"] = "Terminating".into();
    } else if kind.is_definition() {
        let mut finalizers = value["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        finalizers.push(CLEANUP.into());
        value["metadata"]["finalizers"] = finalizers.into();
    } else {
        value["metadata"]["deletionGracePeriodSeconds"] = 0.into();
    }
    value
}
