//! Snapshots of a cluster, to return to later.
//!
//! Not here: the state as text ([`FakeCluster::dump_yaml`]).

use std::{collections::HashSet, fmt, sync::Arc};

use super::{
    allocate::Given,
    cluster::FakeCluster,
    kinds::{Kind, KindId, Kinds},
    lifecycle,
    state::State,
    storage::{Object, Table, key},
};

/// The state of a cluster at one moment: its objects and its custom kinds.
///
/// It shares the objects with the cluster, so it costs little more than a list of pointers. Clients, watches, faults,
/// the log of requests and the clock are not part of it.
#[derive(Clone)]
pub struct Snapshot {
    revision: u64,
    /// The definitions of the custom kinds that were served, in their order.
    definitions: Vec<Arc<Object>>,
    contents: Vec<Content>,
}

/// The objects of a kind in the order of their keys.
#[derive(Clone)]
struct Content {
    group: String,
    plural: String,
    /// The revision of the last change.
    changed: u64,
    objects: Vec<Arc<Object>>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects: usize = self.contents.iter().map(|content| content.objects.len()).sum();
        f.debug_struct("Snapshot").field("revision", &self.revision).field("objects", &objects).finish()
    }
}

impl FakeCluster {
    /// Takes a snapshot of the current state. It can be restored any number of times, in this cluster or in another
    /// one.
    ///
    /// ```
    /// use kube_indexed_store::testing::{FakeCluster, objects::config_map};
    ///
    /// let cluster = FakeCluster::new();
    /// cluster.create(config_map("a"))?;
    /// let before = cluster.snapshot();
    /// cluster.delete("ConfigMap", "default", "a")?;
    /// cluster.restore(&before);
    /// assert!(cluster.get("ConfigMap", "default", "a").is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        self.shared.read(|inner| Snapshot::of(&inner.state))
    }

    /// Returns to the state of a snapshot by writing and deleting objects. Objects that differ get new
    /// resourceVersions, and open watches see the changes as events; objects that are the same are not touched.
    ///
    /// Objects have their old uids, finalizers and deletion timestamps again. Nothing reacts to these writes: no
    /// garbage collection, no validation.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.shared.update(|inner| restore(&mut inner.state, snapshot));
    }

    /// Returns to the state of a snapshot by going back in time, as when etcd is restored from a backup. The
    /// resourceVersion falls back to that of the snapshot, and later writes use the same numbers again for other
    /// changes.
    ///
    /// Clients are not told, as with a real server:
    ///
    /// - open watches stay open and send nothing until the resourceVersion has passed theirs again, and then only later
    ///   changes;
    /// - a list or get that asks for a state at least as new as a resourceVersion that was lost is answered with 504
    ///   and "Too large resource version";
    /// - a new list shows the smaller resourceVersion;
    /// - the history before the snapshot is gone, so older resourceVersions are expired (410).
    ///
    /// Call [`restart`](FakeCluster::restart) afterwards to end the watches as well.
    pub fn rewind(&self, snapshot: &Snapshot) {
        self.shared.update(|inner| rewind(&mut inner.state, snapshot));
    }
}

impl Snapshot {
    fn of(state: &State) -> Self {
        let definitions = state.kinds.definitions().id;
        let served = state.kinds.iter().filter(|kind| kind.custom);
        let content = |kind: &Arc<Kind>| Content {
            group: kind.group.clone(),
            plural: kind.plural.clone(),
            changed: state.storage.table(kind.id).map_or(0, Table::last),
            objects: state.storage.objects(kind.id, "").cloned().collect(),
        };
        Snapshot {
            revision: state.storage.revision,
            definitions: served.filter_map(|kind| state.storage.get(definitions, &kind.resource()).cloned()).collect(),
            contents: state.kinds.iter().map(content).collect(),
        }
    }

    fn content(&self, kind: &Kind) -> Option<&Content> {
        self.contents.iter().find(|content| content.plural == kind.plural && content.group == kind.group)
    }

    fn objects(&self, kind: &Kind) -> &[Arc<Object>] {
        self.content(kind).map_or(&[], |content| &content.objects)
    }

    /// Serves the custom kinds that were served, and no others; answers which are served no longer.
    fn serve(&self, kinds: &mut Kinds) -> Vec<KindId> {
        let customs =
            |kinds: &Kinds| -> Vec<_> { kinds.iter().filter(|kind| kind.custom).map(|kind| kind.id).collect() };
        let mut gone = customs(kinds);
        gone.iter().for_each(|kind| kinds.forget(*kind));
        self.definitions.iter().for_each(|definition| kinds.define(&definition.value));
        let served = customs(kinds);
        gone.retain(|kind| !served.contains(kind));
        gone
    }
}

/// What holds others comes before them and goes after them.
fn restore(state: &mut State, snapshot: &Snapshot) {
    let holders = [state.kinds.definitions().clone(), state.kinds.namespaces().clone()];
    let contents =
        |kinds: &Kinds| -> Vec<_> { kinds.iter().filter(|kind| !lifecycle::holds_content(kind)).cloned().collect() };
    contents(&state.kinds).iter().for_each(|kind| remove_others(state, kind, snapshot));
    holders.iter().for_each(|kind| put_back(state, kind, snapshot));
    let gone = snapshot.serve(Arc::make_mut(&mut state.kinds));
    contents(&state.kinds).iter().for_each(|kind| put_back(state, kind, snapshot));
    holders.iter().rev().for_each(|kind| remove_others(state, kind, snapshot));
    gone.into_iter().for_each(|kind| state.storage.end(kind));
}

/// Takes away the objects of a kind that the snapshot does not have. Another one of the same name is no reason to stay.
fn remove_others(state: &mut State, kind: &Kind, snapshot: &Snapshot) {
    let identity =
        |object: &Arc<Object>| (object.namespace.clone(), object.name.clone(), object.metadata("uid").to_owned());
    let kept: HashSet<_> = snapshot.objects(kind).iter().map(identity).collect();
    let objects: Vec<_> = state.storage.objects(kind.id, "").cloned().collect();
    for object in objects.iter().filter(|object| !kept.contains(&identity(object))) {
        state.storage.remove(kind.id, &key(&object.namespace, &object.name));
    }
}

/// Puts the objects of a kind as the snapshot has them, as far as they are not.
fn put_back(state: &mut State, kind: &Kind, snapshot: &Snapshot) {
    for object in snapshot.objects(kind) {
        let key = key(&object.namespace, &object.name);
        if !state.storage.get(kind.id, &key).is_some_and(|live| same(live, object)) {
            state.lifecycle.heed(kind.id, object);
            state.storage.put(kind.id, &key, object.value.clone());
        }
    }
}

/// Whether two states of an object differ in their versions only.
fn same(one: &Arc<Object>, other: &Arc<Object>) -> bool {
    let unversioned = |object: &Object| {
        let mut value = object.value.clone();
        value["metadata"]["resourceVersion"].take();
        value
    };
    Arc::ptr_eq(one, other) || unversioned(one) == unversioned(other)
}

fn rewind(state: &mut State, snapshot: &Snapshot) {
    snapshot.serve(Arc::make_mut(&mut state.kinds));
    let contents = state.kinds.iter().filter_map(|kind| Some((kind.id, snapshot.content(kind)?)));
    let contents: Vec<_> =
        contents.map(|(kind, content)| (kind, content.changed, content.objects.as_slice())).collect();
    for (kind, _, objects) in &contents {
        objects.iter().for_each(|object| state.lifecycle.heed(*kind, object));
    }
    state.storage.rewind(snapshot.revision, contents.into_iter());
    state.given = Given::default();
}
