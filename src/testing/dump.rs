//! All objects of a cluster: as values, and as manifests.
//!
//! Not here: reading one object ([`get`](FakeCluster::get)), and snapshots to come back to.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Map, Value};

use super::{
    cluster::FakeCluster,
    kinds::{Kind, Kinds},
    state::State,
    text, yaml,
};

impl FakeCluster {
    /// All objects of a kind in all namespaces, in the order of a list. The kind is given as for
    /// [`FakeCluster::delete`].
    ///
    /// # Panics
    ///
    /// If there is no such kind: the name is wrong, or its CustomResourceDefinition is missing.
    #[track_caller]
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let kind = self.kind(kind);
        self.shared.read(|inner| objects(&inner.state, &kind).collect())
    }

    /// All objects of a kind as manifests: its documents in [`dump_yaml`](FakeCluster::dump_yaml). The kind is given as
    /// for [`FakeCluster::delete`].
    ///
    /// ```
    /// use kube_indexed_store::testing::{FakeCluster, objects::config_map};
    ///
    /// let cluster = FakeCluster::new();
    /// cluster.create(config_map("a").data("color", "red"))?;
    /// assert_eq!(cluster.objects_yaml("ConfigMap"), "\
    /// apiVersion: v1
    /// data:
    ///   color: red
    /// kind: ConfigMap
    /// metadata:
    ///   name: a
    ///   namespace: default
    /// ");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As [`objects`](FakeCluster::objects).
    #[track_caller]
    pub fn objects_yaml(&self, kind: &str) -> String {
        let kind = self.kind(kind);
        let (objects, owners) =
            self.shared.read(|inner| (objects(&inner.state, &kind).collect(), owners(&inner.state)));
        manifests(objects, &owners)
    }

    /// All objects of all kinds, with every field: built-in kinds in a fixed order, then custom kinds in the order of
    /// their definition.
    pub fn dump(&self) -> Vec<Value> {
        self.shared.read(|inner| all(&inner.state.kinds).flat_map(|kind| objects(&inner.state, kind)).collect())
    }

    /// All objects of all kinds as manifests. Use the text as an expected result (a snapshot test), or
    /// [load](FakeCluster::load_yaml) it into another cluster, whose own `dump_yaml` is then the same text.
    ///
    /// CustomResourceDefinitions come first, then Namespaces, then the rest in the order of
    /// [`dump`](FakeCluster::dump). Documents are formatted as `kubectl get -o yaml` does.
    ///
    /// Fields that a server sets anew are left out: resourceVersion, creationTimestamp, generation, managedFields,
    /// deletionTimestamp and deletionGracePeriodSeconds, the status of a CustomResourceDefinition, and the uid, unless
    /// an owner reference or the object itself refers to it. So two runs that reach the same objects in different ways
    /// give the same text. Objects of a kind without a served version are left out, because nobody could create them.
    /// [`dump`](FakeCluster::dump) leaves out nothing.
    ///
    /// Loading fills in what every new object gets. So a namespace whose finalizer was removed has one again.
    ///
    /// ```
    /// use kube_indexed_store::testing::{FakeCluster, objects::config_map};
    ///
    /// let cluster = FakeCluster::new();
    /// cluster.create(config_map("a").data("on", "yes"))?;
    /// let text = cluster.dump_yaml();
    /// assert!(text.ends_with("\
    /// ---
    /// apiVersion: v1
    /// data:
    ///   \"on\": \"yes\"
    /// kind: ConfigMap
    /// metadata:
    ///   name: a
    ///   namespace: default
    /// "));
    ///
    /// let other = FakeCluster::new();
    /// other.load_yaml(&text).complete()?;
    /// assert_eq!(other.dump_yaml(), text);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dump_yaml(&self) -> String {
        let (objects, owners) = self.shared.read(|inner| {
            let kinds = &inner.state.kinds;
            let rest = dumped(kinds).filter(|kind| !comes_first(kinds, kind));
            let all = [kinds.definitions(), kinds.namespaces()].into_iter().chain(rest);
            (all.flat_map(|kind| objects(&inner.state, kind)).collect(), owners(&inner.state))
        });
        manifests(objects, &owners)
    }
}

/// The text of objects; those that are owners keep their uids.
fn manifests(objects: Vec<Value>, owners: &HashSet<String>) -> String {
    let documents = objects.into_iter().map(|mut object| {
        if object["kind"] == "CustomResourceDefinition" && object["apiVersion"] == "apiextensions.k8s.io/v1" {
            object.as_object_mut().map(|fields| fields.remove("status"));
        }
        let owns = object["metadata"]["uid"].as_str().is_some_and(|uid| owners.contains(uid));
        let keeps_uid = owns || names_itself(&object);
        if let Some(metadata) = object["metadata"].as_object_mut() {
            without_the_servers(metadata, keeps_uid);
        }
        yaml::emit(&object)
    });
    documents.collect::<Vec<_>>().join("---\n")
}

/// The uids that owner references name.
fn owners(state: &State) -> HashSet<String> {
    let objects = dumped(&state.kinds).flat_map(|kind| state.storage.objects(kind.id, ""));
    objects.flat_map(|object| named_owners(&object.value).map(str::to_owned)).collect()
}

/// The objects of a kind in a version that is served.
fn objects<'s>(state: &'s State, kind: &'s Kind) -> impl Iterator<Item = Value> + use<'s> {
    let served = if kind.serves(&kind.stored) { None } else { kind.versions.first() };
    let version = served.map_or(&kind.stored, |version| &version.name);
    state.storage.objects(kind.id, "").map(move |object| text::in_version(kind, version, object))
}

/// All kinds, but those whose objects another one shows as well.
fn all(kinds: &Kinds) -> impl Iterator<Item = &Arc<Kind>> {
    kinds.iter().filter(|kind| !kind.is_younger_event())
}

/// The kinds whose objects somebody could create.
fn dumped(kinds: &Kinds) -> impl Iterator<Item = &Arc<Kind>> {
    all(kinds).filter(|kind| !kind.versions.is_empty())
}

fn comes_first(kinds: &Kinds, kind: &Kind) -> bool {
    [kinds.definitions().id, kinds.namespaces().id].contains(&kind.id)
}

/// Takes out what loading gives anew.
fn without_the_servers(metadata: &mut Map<String, Value>, keeps_uid: bool) {
    const SERVERS: [&str; 6] = [
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ];
    metadata.retain(|field, _| !SERVERS.contains(&field.as_str()) && (field != "uid" || keeps_uid));
}

/// Whether an object names its own uid, as a Job does to select its pods.
fn names_itself(object: &Value) -> bool {
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
    !uid.is_empty() && object.to_string().matches(uid).count() > 1
}

/// The uids of those who own an object.
fn named_owners(object: &Value) -> impl Iterator<Item = &str> {
    let references = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    references.filter_map(|reference| reference["uid"].as_str())
}
