//! The direct methods for tests: create, get, patch and so on without a client and without HTTP.
//!
//! The kind is any name that kubectl takes; an empty namespace means `default` for namespaced kinds.
//!
//! Not here: reading all objects at once ([`dump`](super::dump)).

use std::sync::Arc;

use kube::core::Status;
use serde::Serialize;
use serde_json::Value;

use super::{
    cluster::FakeCluster,
    deletion::Deletion,
    kinds::Kind,
    media,
    patch::{Language, Patch},
    state::{State, Target},
    status, text,
    write::{Change, Configuration, Outcome, Write},
};

impl FakeCluster {
    /// Creates an object. A namespaced object without a namespace goes to `default`.
    ///
    /// Unlike a client's create, this keeps the object's status, so that a ready pod takes one call. It writes no
    /// `metadata.managedFields`; the object gets them once a client applies something to it.
    ///
    /// # Errors
    ///
    /// The Status a server would answer: the object is invalid or exists already, or its kind or namespace does not
    /// exist.
    pub fn create(&self, object: impl Serialize) -> Result<Value, Box<Status>> {
        self.write(object, |state, target, object| {
            Ok(in_version(target, &state.create(target, object, Write::default())?))
        })
    }

    /// Replaces an object, as a PUT does: a resourceVersion must be the current one, and immutable fields must not
    /// change.
    ///
    /// Unlike a client's replace, this writes the status too, if the object has one; otherwise the status stays. If the
    /// stored object has managed fields, the changed fields get the manager `fake-cluster`.
    ///
    /// # Errors
    ///
    /// The Status a server would answer to a PUT.
    pub fn replace(&self, object: impl Serialize) -> Result<Value, Box<Status>> {
        self.write(object, |state, target, object| {
            Ok(in_version(target, &replace(state, target, object, Write::default())?))
        })
    }

    /// Creates an object or replaces the one of that name, whatever its resourceVersion, and even where immutable
    /// fields change. A created object keeps its `metadata.uid`, so that owner references to it stay valid.
    ///
    /// Use it to set up the state of a test. It is not server-side apply; for that, call [`patch`](FakeCluster::patch)
    /// with a [`Patch::Apply`](kube::api::Patch::Apply).
    ///
    /// # Errors
    ///
    /// The Status a server would answer to an invalid object.
    pub fn apply(&self, object: impl Serialize) -> Result<Value, Box<Status>> {
        self.write(object, |state, target, object| Ok(in_version(target, &apply(state, target, object)?)))
    }

    /// Patches an object, and returns it in the storage version of its kind. Kind and namespace are given as for
    /// [`FakeCluster::delete`].
    ///
    /// [`Patch::Apply`](kube::api::Patch::Apply) is forced, so that it never conflicts with other field managers, and
    /// creates the object if it does not exist.
    ///
    /// # Errors
    ///
    /// The Status a server would answer to a PATCH: the object or its kind does not exist, the patch cannot be applied,
    /// or the result is invalid.
    pub fn patch(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        patch: &kube::api::Patch<impl Serialize>,
    ) -> Result<Value, Box<Status>> {
        use kube::api::Patch as Said;
        let (language, text) = match patch {
            Said::Json(patch) => (Some(Language::Json), serde_json::to_vec(patch)),
            Said::Merge(patch) => (Some(Language::Merge), serde_json::to_vec(patch)),
            Said::Strategic(patch) => (Some(Language::Strategic), serde_json::to_vec(patch)),
            Said::Apply(configuration) => (None, serde_json::to_vec(configuration)),
            _ => return Err(status::unsupported_media_type()),
        };
        let text = text.map_err(|_| status::bad_request("the patch is not JSON"))?.into();
        self.shared.update(|inner| {
            let target = target(&inner.state, kind, namespace)?;
            let patch;
            let configuration;
            let change = match language {
                Some(language) => {
                    media::PatchType::of(&target.kind, language.media_type())?;
                    patch = Patch { language, text };
                    Change::Patch(&patch)
                }
                None => {
                    configuration = Configuration { text, force: true };
                    Change::Apply(&configuration)
                }
            };
            Ok(in_version(&target, &inner.state.change(&target, name, change, Write::default())?))
        })
    }

    /// Deletes an object as a client does that gives no options: finalizers and grace periods hold it. Returns what a
    /// server answers: a Status, or the object.
    ///
    /// `kind` is any name that kubectl takes: `Secret`, `secrets`, `deploy`, `gateways.gateway.networking.k8s.io`. An
    /// empty `namespace` means `default`; for cluster-scoped kinds it is ignored.
    ///
    /// # Errors
    ///
    /// The Status a server would answer: the object or its kind does not exist.
    pub fn delete(&self, kind: &str, namespace: &str, name: &str) -> Result<Value, Box<Status>> {
        self.shared.update(|inner| {
            let target = target(&inner.state, kind, namespace)?;
            Ok(inner.state.delete(&target, name, &Deletion::default())?.answer)
        })
    }

    /// The current state of an object, in the storage version of its kind. Kind and namespace are given as for
    /// [`FakeCluster::delete`].
    ///
    /// # Errors
    ///
    /// The Status a server would answer: the object or its kind does not exist.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Result<Value, Box<Status>> {
        self.shared.read(|inner| {
            let target = target(&inner.state, kind, namespace)?;
            Ok(inner.state.find(&target.kind, &target.namespace, name)?.value.clone())
        })
    }

    /// Creates a namespace unless it exists.
    ///
    /// # Panics
    ///
    /// If the name is invalid, with the server's message. [`create`](FakeCluster::create) returns it as an error
    /// instead.
    #[track_caller]
    pub fn namespace(&self, name: &str) {
        if let Err(status) = self.shared.update(|inner| inner.state.ensure_namespace(name)) {
            panic!("{}", status.message);
        }
    }

    /// The kind of this name.
    #[track_caller]
    pub(super) fn kind(&self, word: &str) -> Arc<Kind> {
        let found = self.shared.read(|inner| {
            let kinds = &inner.state.kinds;
            kinds.named(word).cloned().ok_or_else(|| kinds.unknown(word))
        });
        found.unwrap_or_else(|why| panic!("{why}"))
    }

    fn write(
        &self,
        object: impl Serialize,
        change: impl FnOnce(&mut State, &Target, Value) -> Result<Value, Box<Status>>,
    ) -> Result<Value, Box<Status>> {
        let object = serde_json::to_value(object).map_err(|_| status::bad_request("the object is not JSON"))?;
        self.shared.update(|inner| {
            let target = target_of(&inner.state, &object)?;
            change(&mut inner.state, &target, object)
        })
    }
}

fn target(state: &State, kind: &str, namespace: &str) -> Result<Target, Box<Status>> {
    let kind = state.kinds.named(kind).ok_or_else(status::unknown_resource)?.clone();
    stored(&kind)?;
    let namespace = in_namespace(&kind, namespace).to_owned();
    Ok(Target { version: kind.stored.clone(), namespace, kind })
}

/// The direct methods are for stored kinds only. Others, such as reviews, are asked over HTTP.
fn stored(kind: &Kind) -> Result<(), Box<Status>> {
    if kind.is_stored() { Ok(()) } else { Err(status::method_not_allowed()) }
}

/// Where an object belongs by what it says of itself.
pub(super) fn target_of(state: &State, object: &Value) -> Result<Target, Box<Status>> {
    fn text(value: &Value) -> &str {
        value.as_str().unwrap_or_default()
    }
    let found = state.kinds.of_object(text(&object["apiVersion"]), text(&object["kind"]));
    let (kind, version) = found.ok_or_else(status::unknown_resource)?;
    stored(kind)?;
    let namespace = in_namespace(kind, text(&object["metadata"]["namespace"]));
    Ok(Target { kind: kind.clone(), version: version.to_owned(), namespace: namespace.to_owned() })
}

/// The namespace an object of a kind is in.
fn in_namespace<'n>(kind: &Kind, namespace: &'n str) -> &'n str {
    match namespace {
        _ if !kind.namespaced => "",
        "" => "default",
        namespace => namespace,
    }
}

/// What came of a write, in the version it was asked for in.
fn in_version(target: &Target, outcome: &Outcome) -> Value {
    text::in_version(&target.kind, &target.version, &outcome.object)
}

/// Creates or overwrites.
pub(super) fn apply(state: &mut State, target: &Target, mut object: Value) -> Result<Outcome, Box<Status>> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let force = Write { force: true, ..Write::default() };
    let exists = state.find(&target.kind, &target.namespace, &name).is_ok();
    if exists {
        return replace(state, target, object, force);
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
    }
    state.create(target, object, force)
}

fn replace(state: &mut State, target: &Target, object: Value, write: Write<'_>) -> Result<Outcome, Box<Status>> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    state.change(target, &name, Change::Replace(object.into()), write)
}
