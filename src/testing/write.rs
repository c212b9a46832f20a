//! Writes: what creating, replacing and patching do, stage by stage in the order in which the server goes. The order
//! decides which of several errors a client sees.
//!
//! 1. *decode*: the body, or what a patch makes of the object that is there, is an object of the kind the request is
//!    about;
//! 2. *admit*: it may come where it is to go, or means the object that is there, from which it takes its identity;
//! 3. *default*: what the client left out is filled in;
//! 4. *prepare*: what is the server's to say is set;
//! 5. *validate*: nothing is wrong with it;
//! 6. *commit*: it is new, or changes anything, and is stored;
//! 7. *settle*: what the server does on its own follows.
//!
//! Deletions have stages of their own. Not here: parts of objects, managed
//! fields, and how patches are applied ([`patch`](super::patch)).

mod collection;
mod create;
mod decode;
mod delete;
mod patch;
mod replace;

use std::sync::Arc;

use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{
    defaults,
    kinds::Kind,
    lifecycle::{self, Step},
    patch::Patch,
    prepare,
    state::{State, Target},
    status,
    storage::{Object, key},
    validation,
};

/// How a write is meant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Write {
    /// Check everything, store nothing.
    pub(super) dry_run: bool,
    /// Store it as it is: replace whatever is there, its version and frozen fields included, keep the status it brings, and
    /// give it the addresses it names.
    pub(super) force: bool,
}

/// What a write is to do.
enum Intent<'n> {
    Create,
    /// Replace the object of this name.
    Replace(&'n str),
    /// Patch the object of this name, which must be there.
    Patch(&'n str),
}

/// What came of a write.
pub(super) struct Outcome {
    pub(super) object: Arc<Object>,
    pub(super) created: bool,
    /// What the client should know although the write succeeded.
    pub(super) warnings: Vec<String>,
}

/// An object that may come into the store, once it is complete and valid.
struct Draft {
    object: Map<String, Value>,
    /// The object it takes the place of.
    live: Option<Arc<Object>>,
    /// The resourceVersion the client named; a new object must not have one.
    version: Option<String>,
    time: String,
}

impl State {
    pub(super) fn create(&mut self, target: &Target, object: Value, write: Write) -> Result<Outcome, Box<Status>> {
        let object = decode::decode(&self.kinds, target, object)?;
        self.write(target, &Intent::Create, object, write)
    }

    /// Replaces an object, or creates it where the kind allows that.
    pub(super) fn replace(
        &mut self,
        target: &Target,
        name: &str,
        object: Value,
        write: Write,
    ) -> Result<Outcome, Box<Status>> {
        let object = decode::decode(&self.kinds, target, object)?;
        self.write(target, &Intent::Replace(name), object, write)
    }

    /// Replaces an object by what the patch makes of it.
    pub(super) fn patch(
        &mut self,
        target: &Target,
        name: &str,
        patch: &Patch,
        write: Write,
    ) -> Result<Outcome, Box<Status>> {
        let patch::Decoded { object, warnings } = patch::decode(self, target, name, patch)?;
        let outcome = self.write(target, &Intent::Patch(name), object, write)?;
        Ok(Outcome { warnings, ..outcome })
    }

    /// The stages of a write after the first. Before the last one nothing is stored; settling is part of it, see `put`.
    fn write(
        &mut self,
        target: &Target,
        intent: &Intent<'_>,
        object: Map<String, Value>,
        write: Write,
    ) -> Result<Outcome, Box<Status>> {
        let kind = &target.kind;
        let Draft { mut object, live, version, time } = match *intent {
            Intent::Create => create::admit(self, target, object, write)?,
            Intent::Replace(name) => replace::admit(self, target, name, object, write)?,
            Intent::Patch(name) => replace::admit_patched(self, target, name, object)?,
        };
        defaults::apply(kind, &mut object, &time);
        match live.as_deref() {
            None => prepare::create(self, kind, &mut object, write)?,
            Some(live) => prepare::update(self, kind, live, &mut object, write)?,
        }
        let object = Value::Object(object);
        validate(kind, &object, live.as_deref(), write)?;
        match live {
            None => create::commit(self, target, version.as_deref(), object, write),
            Some(live) => Ok(replace::commit(self, target, live, object, write)),
        }
    }

    /// Stores an object, and does what follows from that.
    fn put(&mut self, kind: &Kind, key: &str, object: Value, write: Write) -> Arc<Object> {
        let object = self.storage.put(kind.id, key, object);
        let step = if write.force { Step::Forced(&object) } else { Step::Stored(&object) };
        lifecycle::settle(self, kind, &step);
        object
    }

    /// Takes an object away, and does what follows from that. Answers the revision at which it went.
    fn remove(&mut self, kind: &Kind, key: &str) -> u64 {
        let last = self.storage.get(kind.id, key).cloned();
        self.storage.remove(kind.id, key);
        let revision = self.storage.revision;
        if let Some(last) = last {
            lifecycle::settle(self, kind, &Step::Removed(&last));
        }
        revision
    }

    /// Puts a state in the place of another, if it is a change. An object that is being deleted goes with the last that
    /// holds it.
    pub(super) fn replace_live(&mut self, kind: &Kind, live: &Object, object: Value) {
        let key = key(&live.namespace, &live.name);
        if delete::released(kind, live, &object) {
            self.remove(kind, &key);
        } else if object != live.value {
            self.put(kind, &key, object, Write::default());
        }
    }
}

fn validate(kind: &Kind, object: &Value, live: Option<&Object>, write: Write) -> Result<(), Box<Status>> {
    let mut flaws = validation::flaws(kind, object);
    if let Some(live) = live.filter(|_| !write.force) {
        flaws.extend(validation::frozen(kind, &live.value, object));
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if flaws.is_empty() { Ok(()) } else { Err(status::invalid(kind, name, flaws)) }
}

/// The metadata of a decoded object, which has some.
fn metadata(object: &mut Map<String, Value>) -> &mut Map<String, Value> {
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    if !metadata.is_object() {
        *metadata = json!({});
    }
    metadata.as_object_mut().expect("it was just made an object")
}

/// A text that is there and not empty.
fn text(fields: &Map<String, Value>, field: &str) -> Option<String> {
    let found = fields.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.map(str::to_owned)
}
