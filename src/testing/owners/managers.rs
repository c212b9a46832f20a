//! All entries of one object: reading, writing, and what an update does to them.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use serde_json::{Value, json};

use super::{
    Writer,
    changes::Changes,
    entry::{Entry, Operation, Unreadable},
    set::FieldSet,
};
use crate::testing::shape::Shape;

/// More entries of updates than this are merged, the oldest first.
const MOST_UPDATES: usize = 10;
const OLD_UPDATES: &str = "ancient-changes";

/// The owners of an object's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::testing) struct Managers {
    pub(super) entries: Vec<Entry>,
}

impl Managers {
    pub(in crate::testing) fn read(object: &Value) -> Result<Self, Unreadable> {
        let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten().enumerate();
        let mut entries: Vec<_> = entries.map(|(at, entry)| Entry::read(entry, at)).collect::<Result<_, _>>()?;
        let mut seen = HashSet::new();
        entries.reverse();
        entries.retain(|entry| seen.insert(entry.identity()));
        entries.reverse();
        Ok(Managers { entries })
    }

    /// The entries to start from when `new` takes the place of `live`.
    pub(in crate::testing) fn of_write(live: &Value, new: &Value, subresource: &str) -> Self {
        let of_live = || Managers::read(live).unwrap_or_default();
        if !subresource.is_empty() {
            return of_live();
        }
        match new["metadata"]["managedFields"].as_array().map(Vec::as_slice) {
            Some([]) => Managers::default(),
            Some([entry]) if *entry == json!({}) => Managers::default(),
            Some(_) => Managers::read(new).unwrap_or_else(|_| of_live()),
            None => of_live(),
        }
    }

    /// Puts the entries into the object, in their order; none leave no trace.
    pub(in crate::testing) fn write(mut self, object: &mut Value) {
        if self.entries.is_empty() {
            if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("managedFields");
            }
            return;
        }
        self.entries.sort_by_cached_key(|entry| {
            let texts = [&entry.manager, &entry.api_version, &entry.subresource].map(String::clone);
            (entry.operation, entry.seconds(), texts)
        });
        object["metadata"]["managedFields"] = self.entries.iter().map(Entry::to_value).collect();
    }

    pub(in crate::testing) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The owners after an update. Stored objects without owners stay without.
    pub(in crate::testing) fn update(self, live: &Value, new: &Value, shape: Shape<'_>, writer: &Writer<'_>) -> Self {
        let created = live["metadata"]["uid"].as_str().unwrap_or_default().is_empty();
        if self.is_empty() && !created { self } else { self.record(live, new, shape, writer) }
    }

    /// What changed goes to the writer, whoever owned it; what is gone goes from all.
    pub(super) fn record(mut self, live: &Value, new: &Value, shape: Shape<'_>, writer: &Writer<'_>) -> Self {
        let changes = Changes::new(live, new, shape, writer, &self.entries);
        changes.leave(&mut self.entries);
        let set = changes.taken().difference(&UNOWNED);
        if !set.is_empty() {
            let entry = writer.entry(Operation::Update, set);
            match self.find(&entry.identity()) {
                Some(mine) => {
                    mine.set = mine.set.union(&entry.set);
                    mine.time = entry.time;
                }
                None => self.entries.push(entry),
            }
        }
        self.merge_oldest();
        self
    }

    pub(super) fn find(&mut self, identity: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.identity() == identity)
    }

    /// Merges the oldest updates of each version until there are few enough.
    fn merge_oldest(&mut self) {
        let mut updates: Vec<(i64, String)> = self
            .entries
            .iter()
            .filter(|entry| entry.operation == Operation::Update)
            .map(|entry| (entry.seconds(), entry.identity()))
            .collect();
        let mut surplus = updates.len().saturating_sub(MOST_UPDATES);
        updates.sort();
        let identities = self.entries.iter().map(Entry::identity).enumerate();
        let mut places: HashMap<String, usize> = identities.map(|(place, identity)| (identity, place)).collect();
        let mut first_of_version: HashMap<String, String> = HashMap::new();
        let mut gone = HashSet::new();
        for (_, identity) in updates {
            if surplus == 0 {
                break;
            }
            let Some(&place) = places.get(&identity) else { continue };
            let entry = self.entries[place].clone();
            let Some(first) = first_of_version.get(&entry.api_version).cloned() else {
                first_of_version.insert(entry.api_version, identity);
                continue;
            };
            let mut old = Entry { manager: OLD_UPDATES.into(), subresource: String::new(), ..entry };
            let bucket = old.identity();
            if bucket == identity {
                continue;
            }
            // The first of a version becomes the entry that takes in the others, if there is none yet.
            if let Some(target) = places.remove(&bucket).or_else(|| places.remove(&first)) {
                let mut set = std::mem::take(&mut self.entries[target].set);
                set.extend(&old.set);
                old.set = set;
                self.entries[target] = old;
                places.insert(bucket, target);
            }
            places.remove(&identity);
            gone.insert(place);
            surplus -= 1;
        }
        let mut place = 0..;
        self.entries.retain(|_| place.next().is_none_or(|place| !gone.contains(&place)));
    }
}

impl Writer<'_> {
    pub(super) fn entry(&self, operation: Operation, set: FieldSet) -> Entry {
        Entry {
            manager: if self.manager.is_empty() { "unknown".to_owned() } else { self.manager.to_owned() },
            operation,
            api_version: self.api_version.to_owned(),
            subresource: self.subresource.to_owned(),
            time: Some(self.now.to_owned()),
            set,
        }
    }
}

/// Fields that belong to nobody.
pub(super) static UNOWNED: LazyLock<FieldSet> = LazyLock::new(|| {
    let metadata = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    let mut set = FieldSet::of_fields([&["apiVersion"][..], &["kind"], &["metadata"]]);
    metadata.iter().for_each(|name| set = set.union(&FieldSet::of_fields([&["metadata", *name][..]])));
    set
});
