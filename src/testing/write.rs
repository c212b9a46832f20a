//! Writes: the stages of a create, replace, patch and apply, in the server's order. The order decides which of several
//! errors a client sees, and which fields a writer owns.
//!
//! 1. *decode*: the body, or the result of a patch or an apply, is an object of the kind that the request is about;
//! 2. *admit*: a new object may be created where it says; a changed one takes its identity from the stored object;
//! 3. *default*: fields that the client left out are filled in;
//! 4. *own*: the writer becomes the owner of the fields it set;
//! 5. *prepare*: the server sets its own fields, and resets what the path (the object or a subresource) cannot change;
//! 6. *validate*: the object is valid, and not too large to store;
//! 7. *commit*: the object is stored if it is new or changed;
//! 8. *settle*: what the server does on its own follows.
//!
//! Deletions have stages of their own. Not here: how patches are applied ([`patch`](super::patch)), and field ownership
//! ([`owners`](super::owners)).

mod apply;
mod collection;
mod create;
mod decode;
mod delete;
mod document;
mod limits;
mod own;
mod part;
mod patch;
mod references;
mod replace;
mod scale;
mod syntax;

use std::sync::Arc;

use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{
    defaults,
    kinds::{Kind, Part},
    lifecycle::{self, Step},
    options::FieldValidation,
    patch::Patch,
    prepare,
    schema::Schema,
    state::{State, Target},
    status,
    storage::{Object, key},
    validation,
    warnings::Warnings,
};

pub(super) use apply::Configuration;
pub(super) use delete::warnings as deletion_warnings;
pub(super) use document::{Document, summary};
pub(super) use replace::other;
pub(super) use scale::{of as scale, selector_text};
pub(super) use syntax::complaint;

/// How a write is meant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Write<'w> {
    /// Check everything, store nothing.
    pub(super) dry_run: bool,
    /// Store it as it is: replace whatever is there, its version and frozen fields included, and give it the addresses
    /// it names.
    pub(super) force: bool,
    pub(super) author: Author<'w>,
    /// What becomes of fields a kind does not have.
    pub(super) validation: FieldValidation,
    /// The part of the object whose path the write came by.
    pub(super) part: Option<&'w Part>,
    /// Where to tell what the client should know. Without a client it goes to the log.
    pub(super) warnings: Option<&'w Warnings>,
}

impl Write<'_> {
    /// The same for what no client wrote as it is.
    fn unasked(self) -> Self {
        Write { validation: FieldValidation::Ignore, ..self }
    }

    /// Tells the client, or the log where there is none.
    fn warn(self, of: impl IntoIterator<Item = String>) {
        match self.warnings {
            Some(warnings) => warnings.add(of),
            None => of.into_iter().for_each(|warning| tracing::warn!("{warning}")),
        }
    }

    /// Whether a status may come with the object although it has a path of its own.
    pub(super) fn sets_status(self) -> bool {
        matches!(self.author, Author::Test)
    }
}

/// Who writes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Author<'w> {
    /// A test through one of its doors, which set statuses too and give nobody's fields an owner.
    #[default]
    Test,
    /// A client under the name of its field manager.
    Client(&'w str),
}

/// What is to become of an object.
pub(super) enum Change<'c> {
    Replace(Document),
    Patch(&'c Patch),
    Apply(&'c Configuration),
}

/// What came of a write.
pub(super) struct Outcome {
    /// The object, or its Scale where that was written.
    pub(super) object: Arc<Object>,
    pub(super) created: bool,
}

/// An object that may come into the store, once it is complete and valid.
struct Draft {
    object: Map<String, Value>,
    /// The object it takes the place of.
    live: Option<Arc<Object>>,
    /// The resourceVersion the client named; a new object must not have one.
    version: Option<String>,
    time: String,
    /// Whether its fields have their owners already.
    owned: bool,
}

impl State {
    pub(super) fn create(
        &mut self,
        target: &Target,
        document: impl Into<Document>,
        write: Write<'_>,
    ) -> Result<Outcome, Box<Status>> {
        let mut object = decode::decode(&self.kinds, target, document.into(), write)?;
        references::dedup(&mut object, false, write);
        let draft = create::admit(self, target, object, write)?;
        self.write(target, draft, write)
    }

    /// What a document asks, with whoever asks it as its owner. `complete` fills in what it left out.
    pub(super) fn read_call(
        &self,
        target: &Target,
        document: Document,
        write: Write<'_>,
        complete: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<Map<String, Value>, Box<Status>> {
        let mut call = decode::decode(&self.kinds, target, document, write)?;
        complete(&mut call);
        Ok(own::update(target, None, call, write, &self.time()))
    }

    /// Changes the object of this name, or creates it where the kind or the way of the change allows that.
    pub(super) fn change(
        &mut self,
        target: &Target,
        name: &str,
        change: Change<'_>,
        write: Write<'_>,
    ) -> Result<Outcome, Box<Status>> {
        if let Some(Part::Scale(paths)) = write.part {
            return scale::change(self, target, name, paths, change, write);
        }
        let draft = match change {
            Change::Replace(document) => {
                let mut object = decode::decode(&self.kinds, target, document, write)?;
                references::dedup(&mut object, false, write);
                let mut draft = replace::admit(self, target, name, object, write)?;
                part::complete(target, &mut draft, write);
                draft
            }
            Change::Patch(patch) => {
                let live = self.find(&target.kind, &target.namespace, name)?;
                let mut object = patch::decode(&self.kinds, target, &live.value, patch, write)?;
                references::dedup(&mut object, true, write);
                replace::admit_patched(self, target, name, object)?
            }
            Change::Apply(configuration) => apply::admit(self, target, name, configuration, write)?,
        };
        self.write(target, draft, write)
    }

    /// The stages of a write after it was admitted. Before the last ones nothing is stored; settling is part of it, see
    /// `put`.
    fn write(&mut self, target: &Target, draft: Draft, write: Write<'_>) -> Result<Outcome, Box<Status>> {
        let kind = &target.kind;
        let Draft { mut object, live, version, time, owned } = draft;
        let shares_labels = prepare::shares_labels(kind, &object);
        defaults::apply(kind, &mut object, &time);
        if !owned {
            object = own::update(target, live.as_deref().map(|live| &live.value), object, write, &time);
        }
        if let Some(live) = &live {
            replace::keep(&mut object, live);
        }
        match (live.as_deref(), write.part) {
            (None, _) => {
                create::name(self, &mut object);
                prepare::create(self, target, &mut object, write)?;
                if shares_labels {
                    prepare::share_labels(&mut object);
                }
            }
            (Some(live), None | Some(Part::Scale(_))) => prepare::update(self, target, live, &mut object, write)?,
            (Some(live), Some(part)) => {
                part::confine(kind, part, live, &mut object);
                prepare::part(target, part, live, &mut object, &time);
            }
        }
        let mut object = Value::Object(object);
        validate(target, &object, live.as_deref(), write)?;
        let limited = write.part.is_none() && !write.force && !live.as_deref().is_some_and(Object::terminating);
        if limited && (live.is_none() || !kind.is_core("pods")) {
            prepare::keeps_to_limits(self, target, &object)?;
            prepare::one_is_default(self, target, &object)?;
        }
        prepare::store(target, &mut object);
        let old = live.as_deref().map(|live| &live.value);
        match write.part {
            _ if kind.custom => write.warn(validation::new_finalizers(&object, old)),
            None | Some(Part::Scale(_)) => write.warn(validation::advice(kind, &object, old)),
            Some(_) => {}
        }
        if !write.dry_run {
            limits::fit(target, &mut object)?;
        }
        match live {
            None => create::commit(self, target, version.as_deref(), object, write),
            Some(live) => Ok(replace::commit(self, target, live, object, write)),
        }
    }

    /// Stores an object, and does what follows from that.
    fn put(&mut self, kind: &Kind, key: &str, object: Value, write: Write<'_>) -> Arc<Object> {
        let object = self.storage.put(kind.id, key, object);
        let step = match write.part {
            _ if write.force => Step::Forced(&object),
            Some(Part::Status) => Step::Told(&object),
            _ => Step::Stored(&object),
        };
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
    pub(super) fn replace_live(&mut self, kind: &Kind, live: &Object, mut object: Value) {
        let key = key(&live.namespace, &live.name);
        if kind.is_definition() {
            own::by_server(kind, &live.value, &mut object, &self.time());
        }
        if delete::released(kind, live, &object) {
            self.remove(kind, &key);
        } else if object != live.value {
            self.put(kind, &key, object, Write::default());
        }
    }
}

fn validate(target: &Target, object: &Value, live: Option<&Object>, write: Write<'_>) -> Result<(), Box<Status>> {
    let kind = &target.kind;
    let mut flaws = match live.filter(|_| !write.force) {
        Some(live) => validation::update(kind, &validation::Old { value: &live.value, part: write.part }, object),
        None => validation::flaws(kind, object),
    };
    let (schema, old) = (kind.schema(&target.version), live.map(|live| &live.value));
    let look = if write.part == Some(&Part::Status) { Schema::flaws_of_status } else { Schema::flaws };
    flaws.extend(schema.into_iter().flat_map(|schema| look(schema, object, old)));
    flaws.extend(scale::flaws(target, object));
    if let Some(schema) = schema {
        let judgement = schema.judge(object, old, &flaws);
        write.warn(judgement.warnings);
        flaws.extend(judgement.flaws);
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
