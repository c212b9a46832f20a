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
    /// Unlike a client's patch, this writes the status too, as its controller or kubelet would.
    ///
    /// [`Patch::Apply`](kube::api::Patch::Apply) is forced, so that it never conflicts with other field managers, and
    /// creates the object if it does not exist.
    ///
    /// # Errors
    ///
    /// The Status a server would answer to a PATCH: the object does not exist, the patch cannot be applied, or the
    /// result is invalid.
    ///
    /// # Panics
    ///
    /// If the cluster does not serve such a kind now: the name is wrong, or its CustomResourceDefinition is missing.
    #[track_caller]
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
        let kind = self.kind(kind);
        self.shared.update(|inner| {
            let target = target(&kind, namespace)?;
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
    /// A pod on a node stays Terminating until a kubelet ends it; a test plays the kubelet with
    /// [`delete_now`](FakeCluster::delete_now).
    ///
    /// # Errors
    ///
    /// The Status a server would answer: the object does not exist.
    ///
    /// # Panics
    ///
    /// If the cluster does not serve such a kind now: the name is wrong, or its CustomResourceDefinition is missing.
    #[track_caller]
    pub fn delete(&self, kind: &str, namespace: &str, name: &str) -> Result<Value, Box<Status>> {
        let target = target(&self.kind(kind), namespace)?;
        self.shared.update(|inner| Ok(inner.state.delete(&target, name, &Deletion::default())?.answer))
    }

    /// Deletes an object with a grace period of 0, as the kubelet does once a pod has ended. This also removes a pod
    /// that is already Terminating. Finalizers still hold it. Kind and namespace are given as for
    /// [`FakeCluster::delete`].
    ///
    /// ```
    /// use kube_indexed_store::testing::{FakeCluster, objects::pod};
    ///
    /// let cluster = FakeCluster::new();
    /// cluster.create(pod("web").set("spec.nodeName", "one").ready())?;
    /// cluster.delete("Pod", "default", "web")?;
    /// assert!(cluster.get("Pod", "default", "web")?["metadata"]["deletionTimestamp"].is_string());
    /// cluster.delete_now("Pod", "default", "web")?;
    /// assert!(cluster.get("Pod", "default", "web").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The Status a server would answer: the object does not exist.
    ///
    /// # Panics
    ///
    /// If the cluster does not serve such a kind now: the name is wrong, or its CustomResourceDefinition is missing.
    #[doc(alias("grace_period", "force", "kubelet"))]
    #[track_caller]
    pub fn delete_now(&self, kind: &str, namespace: &str, name: &str) -> Result<Value, Box<Status>> {
        let target = target(&self.kind(kind), namespace)?;
        let now = Deletion { grace: Some(0), ..Deletion::default() };
        self.shared.update(|inner| Ok(inner.state.delete(&target, name, &now)?.answer))
    }

    /// The current state of an object, in the storage version of its kind. Kind and namespace are given as for
    /// [`FakeCluster::delete`].
    ///
    /// # Errors
    ///
    /// The Status a server would answer: the object does not exist.
    ///
    /// # Panics
    ///
    /// If the cluster does not serve such a kind now: the name is wrong, or its CustomResourceDefinition is missing.
    #[track_caller]
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Result<Value, Box<Status>> {
        let target = target(&self.kind(kind), namespace)?;
        self.shared.read(|inner| Ok(inner.state.find(&target.kind, &target.namespace, name)?.value.clone()))
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
        match found {
            Ok(kind) => kind,
            Err(why) => panic!("{why}"),
        }
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

fn target(kind: &Arc<Kind>, namespace: &str) -> Result<Target, Box<Status>> {
    stored(kind)?;
    let namespace = in_namespace(kind, namespace).to_owned();
    Ok(Target { version: kind.stored.clone(), namespace, kind: kind.clone() })
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
    let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    if api_version.is_empty() || kind.is_empty() {
        return Err(status::bad_request("the object names no kind and apiVersion"));
    }
    target_in(state, api_version, kind, text(&object["metadata"]["namespace"]))
}

/// Where an object of a kind in a version belongs.
pub(super) fn target_in(state: &State, api_version: &str, kind: &str, namespace: &str) -> Result<Target, Box<Status>> {
    let (kind, version) = state.kinds.of_object(api_version, kind).ok_or_else(|| unknown(api_version, kind))?;
    stored(kind)?;
    let namespace = in_namespace(kind, namespace);
    Ok(Target { kind: kind.clone(), version: version.to_owned(), namespace: namespace.to_owned() })
}

/// An unknown kind says which one it is, and that a definition may be missing.
fn unknown(api_version: &str, kind: &str) -> Box<Status> {
    let mut refusal = status::unknown_resource();
    let why = format!(": no served kind {kind:?} in {api_version:?}; is its CustomResourceDefinition missing?");
    refusal.message.push_str(&why);
    refusal
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
