//! Objects to put into a store, a store to put them into, and everything that can be seen of one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use kube_indexed_store::snapshot::{self, Entry, List};
use kube_indexed_store::store::{Error, Objects};
use kube_indexed_store::{Indexed, Indexer, Object, ObjectName, Query, Snapshot, Store, Write};
use serde_json::{Map, Value, json};

use crate::fixtures::{Fixture, wait};

pub const SERVICE: &str = "kubernetes.io/service-name";
pub const INDEXES: [&str; 4] = ["default", "by-service", "by-host", "by-route"];

/// Default by name; (namespace, service label); every host; host and path of every route. Drops the status.
static INDEXER: LazyLock<Indexer> = LazyLock::new(|| {
    Indexer::builder()
        .index("by-service", ["metadata.namespace", "metadata.labels['kubernetes.io/service-name']"])
        .index("by-host", ["spec.rules[*].host"])
        .index("by-route", ["spec.rules[*].host", "spec.rules[*].paths[*]"])
        .remove_fields(["status"])
        .build()
        .unwrap()
});

pub fn indexer() -> &'static Indexer {
    &INDEXER
}

pub fn store<F: Fixture>() -> F::Store {
    F::for_indexer(&INDEXER)
}

/// An object; an empty namespace is cluster scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Thing {
    pub namespace: String,
    pub name: String,
    pub version: Option<u64>,
    pub uid: Option<String>,
    pub labels: BTreeMap<String, Value>,
    pub rules: Vec<(Option<String>, Vec<String>)>,
    pub note: Option<Value>,
    pub status: Option<String>,
}

pub fn thing(namespace: &str, name: &str) -> Thing {
    Thing {
        namespace: namespace.into(),
        name: name.into(),
        version: None,
        uid: None,
        labels: BTreeMap::new(),
        rules: Vec::new(),
        note: None,
        status: None,
    }
}

impl Thing {
    pub fn at(mut self, version: u64) -> Thing {
        self.version = Some(version);
        self
    }

    pub fn uid(mut self, uid: &str) -> Thing {
        self.uid = Some(uid.into());
        self
    }

    pub fn label(mut self, key: &str, value: impl Into<Value>) -> Thing {
        self.labels.insert(key.into(), value.into());
        self
    }

    pub fn service(self, service: &str) -> Thing {
        self.label(SERVICE, service)
    }

    pub fn rule(mut self, host: &str, paths: &[&str]) -> Thing {
        self.rules.push((Some(host.into()), paths.iter().map(|&path| path.into()).collect()));
        self
    }

    pub fn note(mut self, note: impl Into<Value>) -> Thing {
        self.note = Some(note.into());
        self
    }

    pub fn status(mut self, status: &str) -> Thing {
        self.status = Some(status.into());
        self
    }

    pub fn identity(&self) -> ObjectName {
        ObjectName::new(&self.namespace, &self.name)
    }

    pub fn json(&self) -> Value {
        let mut metadata = Map::new();
        metadata.insert("name".into(), json!(self.name));
        if !self.namespace.is_empty() {
            metadata.insert("namespace".into(), json!(self.namespace));
        }
        if let Some(version) = self.version {
            metadata.insert("resourceVersion".into(), json!(version.to_string()));
        }
        if let Some(uid) = &self.uid {
            metadata.insert("uid".into(), json!(uid));
        }
        if !self.labels.is_empty() {
            metadata.insert("labels".into(), json!(self.labels));
        }
        let rule = |(host, paths): &(Option<String>, Vec<String>)| match host {
            Some(host) => json!({"host": host, "paths": paths}),
            None => json!({"paths": paths}),
        };
        let mut object = Map::from_iter([
            ("apiVersion".to_owned(), json!("example.org/v1")),
            ("kind".to_owned(), json!("Thing")),
            ("metadata".to_owned(), Value::Object(metadata)),
            ("spec".to_owned(), json!({"rules": self.rules.iter().map(rule).collect::<Vec<_>>()})),
        ]);
        if let Some(note) = &self.note {
            object.insert("note".into(), note.clone());
        }
        if let Some(status) = &self.status {
            object.insert("status".into(), json!({"phase": status}));
        }
        Value::Object(object)
    }

    pub fn object(&self) -> Object {
        Object::try_from(self.json()).unwrap()
    }

    /// As the indexer of these tests makes it.
    pub fn indexed(&self) -> Indexed {
        INDEXER.decode(&serde_json::to_vec(&self.json()).unwrap()).unwrap().matching().unwrap()
    }

    /// Without an indexer; keys are made by hand.
    pub fn by_hand(&self) -> Indexed {
        Indexed::new(self.object()).unwrap()
    }

    pub fn apply_by_hand(&self) -> Write {
        Write::Apply(self.by_hand())
    }

    pub fn apply(&self) -> Write {
        Write::Apply(self.indexed())
    }

    /// Its deletion, at the version of the thing.
    pub fn delete(&self) -> Write {
        Write::Delete { name: self.identity(), version: self.version.map(Into::into) }
    }
}

pub fn filled<'t, F: Fixture>(things: impl IntoIterator<Item = &'t Thing>) -> F::Store {
    let store = store::<F>();
    store.write(things.into_iter().map(Thing::apply).collect()).unwrap();
    store
}

pub fn names(list: &List) -> Vec<String> {
    list.iter().map(|entry| entry.name().to_string()).collect()
}

/// What a store answers, which must be at hand from then on, and what its bodies are one by one.
pub fn objects(store: &(impl Store + ?Sized), query: Query<'_>) -> Objects {
    let objects = wait(store.get(query).unwrap()).unwrap();
    let values = |objects: &Objects| objects.iter().map(Object::to_value).collect::<Vec<_>>();
    assert_eq!(values(&store.get(query).unwrap().now().unwrap()), values(&objects));
    assert_eq!((objects.len(), objects.is_empty()), (objects.iter().count(), objects.iter().next().is_none()));
    assert_eq!(objects.stale().count(), 0);
    let list = match store.snapshot().get(&query) {
        Err(snapshot::Error::LabelsElsewhere { .. }) => return objects,
        list => list.unwrap(),
    };
    let body = |entry: &Entry| wait(store.body(entry).get()).unwrap().unwrap().object().to_value();
    assert_eq!(list.iter().map(body).collect::<Vec<_>>(), values(&objects));
    objects
}

/// The names of what a query finds, which are the same in a snapshot.
pub fn found(store: &(impl Store + ?Sized), query: Query<'_>) -> Vec<String> {
    let found: Vec<_> = objects(store, query).iter().map(|object| object.name().unwrap().to_string()).collect();
    match store.snapshot().get(&query) {
        Err(error @ snapshot::Error::LabelsElsewhere { .. }) => {
            let selector = query.to_string().split_once(" with labels ").unwrap().1.to_owned();
            assert_eq!(Error::Index(error), Error::Index(snapshot::Error::LabelsElsewhere { selector }));
        }
        list => assert_eq!(names(&list.unwrap()), found),
    }
    found
}

pub fn under(store: &(impl Store + ?Sized), index: &str, prefix: &[&str]) -> Vec<String> {
    found(store, Query::index(index).with_prefix(prefix))
}

pub fn everything(store: &(impl Store + ?Sized)) -> Vec<String> {
    found(store, Query::all())
}

/// Everything that can be seen of a snapshot but its revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Names, versions and uids, in order.
    pub entries: Vec<(String, Option<String>, Option<String>)>,
    /// The objects, in order.
    pub objects: Vec<Value>,
    /// The names under every key prefix of every index.
    pub answers: BTreeMap<(String, Vec<String>), Vec<String>>,
    /// The names an index does not find.
    pub unindexed: BTreeMap<String, Vec<String>>,
}

pub fn seen(snapshot: &Snapshot) -> Seen {
    let entry = |entry: &Entry| {
        (
            entry.name().to_string(),
            entry.version().map(|version| version.to_string()),
            entry.uid().map(|uid| uid.into_owned()),
        )
    };
    let mut seen = Seen {
        entries: snapshot.list().iter().map(entry).collect(),
        objects: snapshot.list().objects().map(Object::to_value).collect(),
        answers: BTreeMap::new(),
        unindexed: BTreeMap::new(),
    };
    for index in snapshot.schema().indexes().iter().map(|index| index.name()) {
        let keys = snapshot.keys(&Query::index(index)).unwrap();
        let keys = keys.iter().map(|key| key.components().collect::<Vec<_>>());
        let prefixes = keys.flat_map(|key| (0..=key.len()).map(move |length| key[..length].to_vec()));
        for prefix in prefixes.collect::<BTreeSet<_>>() {
            let list = snapshot.get(&Query::index(index).with_prefix(&prefix)).unwrap();
            let prefix = prefix.into_iter().map(str::to_owned).collect();
            seen.answers.insert((index.to_owned(), prefix), names(&list));
        }
        let unindexed = snapshot.unindexed(index).unwrap().map(|(name, _)| name.to_string());
        seen.unindexed.insert(index.to_owned(), unindexed.collect());
    }
    seen
}

/// Everything that can be seen of a store now, wherever its bodies are.
pub fn shown(store: &(impl Store + ?Sized)) -> Seen {
    let objects = objects(store, Query::all()).iter().map(Object::to_value).collect();
    Seen { objects, ..seen(&store.snapshot()) }
}

impl Seen {
    /// What two snapshots share when a difference shows nothing: all but the versions, unless those stand for bodies.
    pub fn comparable(mut self) -> Seen {
        for object in &mut self.objects {
            object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        }
        if !self.objects.is_empty() {
            self.entries.iter_mut().for_each(|(_, version, _)| *version = None);
        }
        self
    }

    pub fn without_objects(self) -> Seen {
        Seen { objects: Vec::new(), ..self }
    }
}
