//! The server's mind: what creating, replacing and deleting do, in the order in which the server checks.
//!
//! Everything happens under one lock and at once. The namespace controller and the cleanup of custom kinds
//! are played here too: what they would delete later goes in the same breath.

use std::sync::Arc;

use kube::core::Status;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    defaults,
    kinds::{CRD_GROUP, CRDS, Kind, Kinds},
    status,
    storage::{Object, Storage, key},
    validation,
};

pub(super) struct State {
    pub(super) kinds: Kinds,
    pub(super) storage: Storage,
    random: Random,
    started: Instant,
}

/// Where a request points: a kind in one of its versions, and a namespace (empty: none, or all).
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) kind: Arc<Kind>,
    pub(super) version: String,
    pub(super) namespace: String,
}

/// How a write is meant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Write {
    /// Check everything, store nothing.
    pub(super) dry_run: bool,
    /// Replace whatever is there, its version and frozen fields included.
    pub(super) force: bool,
}

/// What must hold for a deletion to happen.
#[derive(Debug, Default)]
pub(super) struct Preconditions {
    pub(super) uid: Option<String>,
    pub(super) version: Option<String>,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        let mut state =
            State { kinds: Kinds::new(), storage: Storage::new(), random: Random(seed), started: Instant::now() };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            state.ensure_namespace(name);
        }
        state
    }

    pub(super) fn random(&mut self) -> u64 {
        self.random.next()
    }

    /// Now, counted from a fixed day on the clock of tokio.
    pub(super) fn time(&self) -> String {
        const EPOCH: i64 = 1_767_225_600; // 2026-01-01T00:00:00Z
        let elapsed = i64::try_from(self.started.elapsed().as_secs()).unwrap_or_default();
        jiff::Timestamp::from_second(EPOCH.saturating_add(elapsed)).unwrap_or_default().to_string()
    }

    pub(super) fn find(&self, kind: &Kind, namespace: &str, name: &str) -> Result<&Arc<Object>, Box<Status>> {
        let object = self.storage.get(&kind.group, &kind.plural, &key(namespace, name));
        object.ok_or_else(|| status::not_found(kind, name))
    }

    /// Creates a namespace unless it is there; a name that cannot be one is left alone.
    pub(super) fn ensure_namespace(&mut self, name: &str) {
        if let (None, Some(kind)) =
            (self.storage.get("", "namespaces", name), self.kinds.served("", "v1", "namespaces"))
        {
            let target = Target { kind, version: "v1".to_owned(), namespace: String::new() };
            let _ = self.create(&target, json!({"metadata": {"name": name}}), Write::default());
        }
    }

    pub(super) fn create(&mut self, target: &Target, object: Value, write: Write) -> Result<Arc<Object>, Box<Status>> {
        let kind = &target.kind;
        let mut object = self.decode(target, object)?;
        self.admit(target, &object)?;
        let time = self.time();
        let uid = self.random.uid();
        let suffix = self.random.suffix();
        let metadata = metadata(&mut object);
        if let (false, Some(prefix)) = (has_text(metadata, "name"), text(metadata, "generateName")) {
            let name = format!("{}{suffix}", prefix.chars().take(58).collect::<String>());
            metadata.insert("name".to_owned(), name.into());
        }
        for field in ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"] {
            metadata.remove(field);
        }
        metadata.insert("uid".to_owned(), uid.into());
        metadata.insert("creationTimestamp".to_owned(), time.clone().into());
        if kind.counts_generations() {
            metadata.insert("generation".to_owned(), 1.into());
        }
        let version = metadata.remove("resourceVersion");
        defaults::apply(kind, &mut object, &time);
        let object = Value::Object(object);
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        refuse(kind, &name, validation::flaws(kind, &object))?;
        if version.as_ref().and_then(Value::as_str).is_some_and(|version| !["", "0"].contains(&version)) {
            return Err(status::internal("resourceVersion should not be set on objects to be created"));
        }
        let key = key(&target.namespace, &name);
        if let Some(existing) = self.storage.get(&kind.group, &kind.plural, &key) {
            return Err(status::already_exists(kind, &name, existing.terminating()));
        }
        Ok(self.store(kind, &key, object, write))
    }

    pub(super) fn replace(
        &mut self,
        target: &Target,
        name: &str,
        object: Value,
        write: Write,
    ) -> Result<(Arc<Object>, bool), Box<Status>> {
        let kind = &target.kind;
        let mut object = self.decode(target, object)?;
        let given = metadata(&mut object);
        if !has_text(given, "name") {
            given.insert("name".to_owned(), name.into());
        }
        if given["name"] != name {
            let other = text(given, "name").unwrap_or_default();
            return Err(status::bad_request(format!(
                "the name of the object ({other}) does not match the name on the URL ({name})"
            )));
        }
        let version = text(given, "resourceVersion").filter(|version| !version.is_empty());
        let key = key(&target.namespace, name);
        let Some(old) = self.storage.get(&kind.group, &kind.plural, &key).cloned() else {
            if kind.creates_on_replace() && version.is_none() {
                return Ok((self.create(target, Value::Object(object), write)?, true));
            }
            return Err(status::not_found(kind, name));
        };
        if !write.force {
            self.check_replacement(kind, &key, &old, given, version.as_deref())?;
        }
        for field in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"] {
            match &old.value["metadata"][field] {
                Value::Null => given.remove(field),
                kept => given.insert(field.to_owned(), kept.clone()),
            };
        }
        given.remove("selfLink");
        given.insert("resourceVersion".to_owned(), old.metadata("resourceVersion").into());
        let time = self.time();
        defaults::apply(kind, &mut object, &time);
        let mut object = Value::Object(object);
        if let (true, Some(status)) = (kind.is_definition(), old.value.get("status")) {
            object["status"]["conditions"] = status["conditions"].clone();
        }
        let mut flaws = validation::flaws(kind, &object);
        if !write.force {
            flaws.extend(validation::frozen(kind, &old.value, &object));
        }
        refuse(kind, name, flaws)?;
        if object == old.value {
            return Ok((old, false));
        }
        if kind.counts_generations() && specification(kind, &old.value) != specification(kind, &object) {
            let generation = old.value["metadata"]["generation"].as_i64().unwrap_or_default();
            object["metadata"]["generation"] = (generation + 1).into();
        }
        if old.terminating() && validation::finalizers(&object).is_empty() && object["spec"]["finalizers"].is_null() {
            if !write.dry_run {
                self.remove(kind, &key);
            }
            return Ok((Arc::new(Object::new(object)), false));
        }
        Ok((self.store(kind, &key, object, write), false))
    }

    /// Identity first, then the version.
    fn check_replacement(
        &self,
        kind: &Kind,
        key: &str,
        old: &Object,
        given: &Map<String, Value>,
        version: Option<&str>,
    ) -> Result<(), Box<Status>> {
        let name = &old.name;
        let current = old.metadata("resourceVersion");
        match version.map(str::parse::<u64>) {
            Some(Err(_)) => {
                let version = version.unwrap_or_default();
                return Err(status::internal(format!("strconv.ParseUint: parsing {version:?}: invalid syntax")));
            }
            None if !kind.overwrites() => {
                let flaw = status::Flaw::invalid("metadata.resourceVersion", 0, "must be specified for an update");
                return Err(status::invalid_as(&kind.group, &kind.plural, name, vec![flaw]));
            }
            _ => {}
        }
        let uid = text(given, "uid").filter(|uid| !uid.is_empty());
        if let Some(uid) = uid.filter(|uid| uid != old.metadata("uid")) {
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{}/{key}, ResourceVersion: 0, AdditionalErrorMsg: \
                 Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                if kind.custom { format!("{}/{}", kind.group, kind.plural) } else { kind.plural.clone() },
                old.metadata("uid")
            );
            return Err(status::conflict(kind, name, &why));
        }
        match version.map(str::parse::<u64>) {
            Some(Ok(version)) if version != 0 && version.to_string() != current => {
                let why = "the object has been modified; please apply your changes to the latest version and try again";
                Err(status::conflict(kind, name, why))
            }
            _ => Ok(()),
        }
    }

    /// Deletes, or marks for deletion while finalizers remain. Answers what the server answers.
    pub(super) fn delete(
        &mut self,
        target: &Target,
        name: &str,
        preconditions: &Preconditions,
        dry_run: bool,
    ) -> Result<Value, Box<Status>> {
        let kind = &target.kind;
        let object = self.find(kind, &target.namespace, name)?.clone();
        for (wanted, what, found, hint) in [
            (
                &preconditions.uid,
                "UID",
                object.metadata("uid"),
                "The object might have been deleted and then recreated",
            ),
            (
                &preconditions.version,
                "ResourceVersion",
                object.metadata("resourceVersion"),
                "The object might have been modified",
            ),
        ] {
            if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != found) {
                let why = format!(
                    "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). {hint}"
                );
                return Err(status::precondition(kind, name, &why));
            }
        }
        if kind.is_core("namespaces") && ["default", "kube-public", "kube-system"].contains(&name) {
            let message = format!("namespaces {name:?} is forbidden: this namespace may not be deleted");
            return Err(status::failure(403, "Forbidden", message));
        }
        let key = key(&target.namespace, name);
        let content = kind.is_core("namespaces") || kind.is_definition();
        let stays = content || !validation::finalizers(&object.value).is_empty();
        let uid = object.metadata("uid").to_owned();
        let answer = |object: &Object| super::text::in_version(kind, &target.version, object);
        if !stays {
            if !dry_run {
                self.remove(kind, &key);
            }
            return Ok(if kind.answers_deleted() { answer(&object) } else { status::deleted(kind, name, &uid) });
        }
        if dry_run || object.terminating() {
            return Ok(answer(&object));
        }
        let mut value = object.value.clone();
        value["metadata"]["deletionTimestamp"] = self.time().into();
        if kind.is_core("namespaces") {
            value["status"]["phase"] = "Terminating".into();
        } else if kind.is_definition() {
            let mut finalizers: Vec<Value> = value["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
            finalizers.push(CLEANUP.into());
            value["metadata"]["finalizers"] = finalizers.into();
        } else {
            value["metadata"]["deletionGracePeriodSeconds"] = 0.into();
        }
        let object = self.storage.put(&kind.group, &kind.plural, &key, value);
        if content {
            self.delete_content(kind, &object);
        }
        Ok(answer(&object))
    }

    /// Deletes what a namespace holds, or the objects of a custom kind, and then the namespace or the kind.
    fn delete_content(&mut self, kind: &Kind, object: &Object) {
        let definition = super::kinds::custom(&object.value).filter(|_| kind.is_definition());
        let namespace = if definition.is_some() { String::new() } else { format!("{}/", object.name) };
        let of_definition = |kind: &Kind| match &definition {
            Some(defined) => kind.custom && kind.group == defined.group && kind.plural == defined.plural,
            None => kind.namespaced,
        };
        let kinds: Vec<_> = self.kinds.iter().filter(|kind| of_definition(kind)).cloned().collect();
        for kind in kinds {
            let revision = self.storage.revision;
            let Some(table) = self.storage.existing(&kind.group, &kind.plural) else {
                continue;
            };
            let objects: Vec<_> = table.at(revision, &namespace, "").map(|(_, object)| object.clone()).collect();
            for object in objects {
                let target =
                    Target { kind: kind.clone(), version: kind.stored.clone(), namespace: object.namespace.clone() };
                let _ = self.delete(&target, &object.name, &Preconditions::default(), false);
            }
        }
        self.finish(kind, &object.name);
    }

    /// Takes a terminating namespace or definition away once nothing is left in it.
    fn finish(&mut self, kind: &Kind, name: &str) {
        let Some(object) =
            self.storage.get(&kind.group, &kind.plural, name).filter(|object| object.terminating()).cloned()
        else {
            return;
        };
        let revision = self.storage.revision;
        let is_empty = |kind: &Kind, prefix: &str| {
            self.storage
                .existing(&kind.group, &kind.plural)
                .is_none_or(|table| table.at(revision, prefix, "").next().is_none())
        };
        if kind.is_definition() {
            let Some(defined) = super::kinds::custom(&object.value) else {
                return;
            };
            let own = validation::finalizers(&object.value).into_iter().any(|finalizer| finalizer != CLEANUP);
            if own || !is_empty(&defined, "") {
                return;
            }
            self.storage.remove(&kind.group, &kind.plural, name);
            self.kinds.forget(&object.value);
            self.storage.table(&defined.group, &defined.plural).removals += 1;
        } else {
            let prefix = format!("{name}/");
            if self.kinds.iter().filter(|kind| kind.namespaced).all(|kind| is_empty(kind, &prefix)) {
                self.storage.remove(&kind.group, &kind.plural, name);
            }
        }
    }

    fn remove(&mut self, kind: &Kind, key: &str) {
        self.storage.remove(&kind.group, &kind.plural, key);
        if let (Some((namespace, _)), Some(namespaces)) =
            (key.split_once('/'), self.kinds.served("", "v1", "namespaces"))
        {
            self.finish(&namespaces, namespace);
        }
        if let (true, Some(definitions)) = (kind.custom, self.kinds.served(CRD_GROUP, "v1", CRDS)) {
            self.finish(&definitions, &kind.resource());
        }
    }

    fn store(&mut self, kind: &Kind, key: &str, object: Value, write: Write) -> Arc<Object> {
        if write.dry_run {
            return Arc::new(Object::new(object));
        }
        let object = self.storage.put(&kind.group, &kind.plural, key, object);
        if kind.is_definition() {
            self.kinds.define(&object.value);
        }
        object
    }

    /// The object a body holds, with kind, stored apiVersion and the namespace of the request.
    fn decode(&self, target: &Target, object: Value) -> Result<Map<String, Value>, Box<Status>> {
        let kind = &target.kind;
        let unusable = |why: &str| {
            status::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: {why}",
                kind.kind, target.version, kind.kind
            ))
        };
        let Value::Object(mut object) = object else {
            return Err(unusable("json: cannot unmarshal a value that is not an object"));
        };
        let said = |field: &str| text(&object, field).filter(|said| !said.is_empty());
        let (api_version, kind_name) = (said("apiVersion"), said("kind"));
        let expected = kind.api_version(&target.version);
        if let Some(said) = api_version.as_ref().filter(|said| kind.custom && **said != expected) {
            return Err(status::bad_request(format!(
                "the API version in the data ({said}) does not match the expected API version ({expected})"
            )));
        }
        let said_kind = kind_name.as_deref().unwrap_or(&kind.kind);
        if said_kind != kind.kind && kind.custom {
            let name = object.get("metadata").and_then(|metadata| metadata["name"].as_str()).unwrap_or_default();
            let flaw = status::Flaw::invalid("kind", said_kind, &format!("must be {}", kind.kind));
            return Err(status::invalid_as(&kind.group, said_kind, name, vec![flaw]));
        }
        let said_version = api_version.as_deref().unwrap_or(&expected);
        if said_kind != kind.kind || said_version != expected {
            let group_version = said_version.rsplit('/').next().unwrap_or_default();
            let head = format!("{said_kind} in version {group_version:?} cannot be handled as a {}", kind.kind);
            let why = match self.kinds.of_object(said_version, said_kind) {
                Some(_) => {
                    format!("converting ({group_version}.{said_kind}) to (core.{}): unknown conversion", kind.kind)
                }
                None => format!(
                    "no kind {said_kind:?} is registered for version {said_version:?} in scheme \"pkg/runtime/scheme.go:111\""
                ),
            };
            return Err(status::bad_request(format!("{head}: {why}")));
        }
        if !object.get("metadata").is_none_or(|metadata| metadata.is_object() || metadata.is_null()) {
            return Err(unusable(
                "json: cannot unmarshal a value that is not an object into Go struct field .metadata",
            ));
        }
        if !object.get("metadata").is_some_and(Value::is_object) {
            object.insert("metadata".to_owned(), json!({}));
        }
        if let Some(problem) = validation::unreadable(kind, &Value::Object(object.clone())) {
            return Err(unusable(&problem));
        }
        object.insert("kind".to_owned(), kind.kind.clone().into());
        object.insert("apiVersion".to_owned(), kind.api_version(&kind.stored).into());
        let metadata = metadata(&mut object);
        metadata.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty()));
        match text(metadata, "namespace").filter(|namespace| !namespace.is_empty()) {
            _ if !kind.namespaced => drop(metadata.remove("namespace")),
            Some(other) if other != target.namespace => {
                return Err(status::bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request",
                ));
            }
            _ => drop(metadata.insert("namespace".to_owned(), target.namespace.clone().into())),
        }
        Ok(object)
    }

    /// Whether something new may come into the namespace and the kind.
    fn admit(&self, target: &Target, object: &Map<String, Value>) -> Result<(), Box<Status>> {
        let kind = &target.kind;
        let name = object.get("metadata").and_then(|metadata| metadata["name"].as_str()).unwrap_or_default();
        if kind.namespaced {
            match self.storage.get("", "namespaces", &target.namespace) {
                None => {
                    let namespaces = self.kinds.served("", "v1", "namespaces");
                    return Err(namespaces
                        .map_or_else(status::unknown_resource, |kind| status::not_found(&kind, &target.namespace)));
                }
                Some(namespace) if namespace.terminating() => {
                    return Err(status::namespace_terminating(kind, name, &target.namespace));
                }
                Some(_) => {}
            }
        }
        let definition = if kind.custom { self.storage.get(CRD_GROUP, CRDS, &kind.resource()) } else { None };
        if definition.is_some_and(|definition| definition.terminating()) {
            let message = format!(
                "{} {name:?} is forbidden: create not allowed while custom resource definition is terminating",
                kind.resource()
            );
            return Err(status::failure(403, "Forbidden", message));
        }
        Ok(())
    }
}

const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

impl Kind {
    fn is_definition(&self) -> bool {
        self.group == CRD_GROUP && self.plural == CRDS
    }
}

fn refuse(kind: &Kind, name: &str, flaws: Vec<status::Flaw>) -> Result<(), Box<Status>> {
    if flaws.is_empty() { Ok(()) } else { Err(status::invalid(kind, name, flaws)) }
}

/// What a generation counts: everything but metadata and, where it is written apart, the status.
fn specification<'v>(kind: &Kind, object: &'v Value) -> Vec<(&'v String, &'v Value)> {
    let fields = object.as_object().into_iter().flatten();
    fields.filter(|(name, _)| *name != "metadata" && (*name != "status" || !kind.status)).collect()
}

/// The metadata of a decoded object, which has some.
fn metadata(object: &mut Map<String, Value>) -> &mut Map<String, Value> {
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    if !metadata.is_object() {
        *metadata = json!({});
    }
    metadata.as_object_mut().expect("it was just made an object")
}

fn text(fields: &Map<String, Value>, field: &str) -> Option<String> {
    fields.get(field)?.as_str().map(str::to_owned)
}

fn has_text(fields: &Map<String, Value>, field: &str) -> bool {
    fields.get(field).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

/// Splitmix64: names and uids that look random and repeat from run to run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A uid in the form of version 4.
    fn uid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            8 + (low >> 62),
            (low >> 48) & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }

    /// The five characters the server appends to a `generateName`.
    fn suffix(&mut self) -> String {
        const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..5).map(|_| char::from(ALPHABET[(self.next() % 27) as usize])).collect()
    }
}
