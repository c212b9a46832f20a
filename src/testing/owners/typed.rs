//! Values with their types: which fields a value has, how two differ, and what is left without some fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    path::{Step, same},
    set::FieldSet,
};
use crate::testing::shape::{Atom, Key, Shape};

/// The fields that are set in a value: scalars, nulls, empty maps, whatever is one value, items of lists and entries
/// of maps. Structures are not fields themselves.
pub(super) fn set_of(value: &Value, shape: Shape<'_>) -> FieldSet {
    gather(value, shape).1
}

/// Whether a value is a field itself, and the fields below it.
fn gather(value: &Value, shape: Shape<'_>) -> (bool, FieldSet) {
    let mut set = FieldSet::default();
    match shape.atom(value) {
        Atom::Leaf => return (true, set),
        Atom::Map => {
            for (name, value) in value.as_object().into_iter().flatten() {
                let member = member(shape, name);
                let (own, below) = gather(value, member.0);
                let empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                if own || empty || !member.1 {
                    set.insert_member(Step::field(name));
                }
                set.insert_below(Step::field(name), below);
            }
        }
        list => {
            for (step, items) in grouped(list, items(Some(value))) {
                // Items nobody can tell apart have one owner together.
                if let [item] = items[..] {
                    set.insert_below(step.clone(), gather(item, shape.item()).1);
                }
                set.insert_member(step);
            }
        }
    }
    (false, set)
}

/// What a change adds, modifies and removes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Comparison {
    pub(super) added: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) removed: FieldSet,
}

impl Comparison {
    /// What the new value has that the old one has not.
    pub(super) fn taken(&self) -> FieldSet {
        self.modified.union(&self.added)
    }

    /// The comparison without those fields and all below them.
    pub(super) fn without(self, fields: &FieldSet) -> Self {
        let Comparison { added, modified, removed } = self;
        Comparison {
            added: added.without(fields),
            modified: modified.without(fields),
            removed: removed.without(fields),
        }
    }
}

/// What changed between two values. A map that appears is added with all that is in it.
pub(super) fn compare(old: &Value, new: &Value, shape: Shape<'_>) -> Comparison {
    compare_at(Some(old), Some(new), shape).below
}

/// What happened to a value itself, and to what is below it.
#[derive(Default)]
struct Change {
    added: bool,
    modified: bool,
    removed: bool,
    below: Comparison,
}

impl Comparison {
    fn insert(&mut self, step: Step, change: Change) {
        let Change { added, modified, removed, below } = change;
        for (set, member, below) in [
            (&mut self.added, added, below.added),
            (&mut self.modified, modified, below.modified),
            (&mut self.removed, removed, below.removed),
        ] {
            if member {
                set.insert_member(step.clone());
            }
            if !below.is_empty() {
                set.insert_below(step.clone(), below);
            }
        }
    }
}

fn compare_at(old: Option<&Value>, new: Option<&Value>, shape: Shape<'_>) -> Change {
    let mut change = Change { added: old.is_none(), removed: new.is_none(), ..Change::default() };
    let Some(present) = new.or(old).filter(|_| old != new) else { return Change::default() };
    let after = shape.atom(present);
    let before = old.map_or(after, |old| shape.atom(old));
    if before != after {
        compare_as(before, old, new, shape, &mut change);
    }
    compare_as(after, old, new, shape, &mut change);
    change
}

fn compare_as(atom: Atom<'_>, old: Option<&Value>, new: Option<&Value>, shape: Shape<'_>, out: &mut Change) {
    if atom == Atom::Leaf || (is_empty(atom, old) && is_empty(atom, new)) {
        out.modified |= matches!((old, new), (Some(old), Some(new)) if !same(old, new));
        return;
    }
    if atom == Atom::Map {
        let (old, new) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
        for (name, before) in old.into_iter().flatten() {
            let change = compare_at(Some(before), new.and_then(|new| new.get(name)), member(shape, name).0);
            out.below.insert(Step::field(name), change);
        }
        for (name, after) in new.into_iter().flatten() {
            if old.is_none_or(|old| !old.contains_key(name)) {
                out.below.insert(Step::field(name), compare_at(None, Some(after), member(shape, name).0));
            }
        }
        return;
    }
    let (mut before, mut after) = (grouped(atom, items(old)), grouped(atom, items(new)));
    let steps: BTreeSet<Step> = before.keys().chain(after.keys()).cloned().collect();
    for step in steps {
        let (old, new) = (before.remove(&step).unwrap_or_default(), after.remove(&step).unwrap_or_default());
        let change = match (&old[..], &new[..]) {
            ([] | [_], [] | [_]) => compare_at(old.first().copied(), new.first().copied(), shape.item()),
            ([_, _, ..], [_, _, ..]) => {
                let modified = old.len() != new.len() || !old.iter().zip(&new).all(|(old, new)| same(old, new));
                Change { modified, ..Change::default() }
            }
            // Items that occur twice count as one that nothing is known about.
            ([_, _, ..], _) => Change { removed: true, ..compare_at(None, new.first().copied(), shape.item()) },
            (_, [_, _, ..]) => Change { added: true, ..compare_at(old.first().copied(), None, shape.item()) },
        };
        out.below.insert(step, change);
    }
}

/// What is left of a value without those fields. A map or list that was not empty and has nothing left is null.
pub(super) fn remove(value: &Value, fields: &FieldSet, shape: Shape<'_>) -> Value {
    match shape.atom(value) {
        Atom::Leaf => value.clone(),
        Atom::Map => {
            let mut left = Map::new();
            for (name, value) in value.as_object().into_iter().flatten() {
                let step = Step::field(name);
                if fields.has_member(&step) {
                    continue;
                }
                let value = match fields.below(&step) {
                    Some(below) => remove(value, below, member(shape, name).0),
                    None => value.clone(),
                };
                left.insert(name.clone(), value);
            }
            if left.is_empty() { Value::Null } else { Value::Object(left) }
        }
        list => {
            let mut left = Vec::new();
            for (at, item) in items(Some(value)).iter().enumerate() {
                let step = step_to(list, item, at);
                if fields.has_member(&step) {
                    continue;
                }
                left.push(match fields.below(&step) {
                    Some(below) => remove(item, below, shape.item()),
                    None => item.clone(),
                });
            }
            if left.is_empty() { Value::Null } else { Value::Array(left) }
        }
    }
}

/// The set with the fields of structures that its paths lead through.
pub(super) fn with_parents(set: &FieldSet, shape: Shape<'_>) -> FieldSet {
    let mut all = set.shallow();
    for (step, below) in set.children() {
        let (shape, declared) = match step {
            Step::Field(name) => member(shape, name),
            _ => (shape.item(), false),
        };
        if declared {
            all.insert_member(step.clone());
        }
        all.insert_below(step.clone(), with_parents(below, shape));
    }
    all
}

/// The type of a field and whether it is one of a structure; undeclared ones are open.
pub(super) fn member<'s>(shape: Shape<'s>, name: &str) -> (Shape<'s>, bool) {
    shape.member(name).map_or((shape.item(), false), |member| (member.shape, member.declared))
}

/// The items of a list; none for what is no list.
pub(super) fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn is_empty(atom: Atom<'_>, value: Option<&Value>) -> bool {
    match atom {
        Atom::Map => value.and_then(Value::as_object).is_none_or(Map::is_empty),
        _ => items(value).is_empty(),
    }
}

/// Items that have the same identity, in their order.
fn grouped<'v>(list: Atom<'_>, items: &'v [Value]) -> BTreeMap<Step, Vec<&'v Value>> {
    let mut groups: BTreeMap<Step, Vec<&Value>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        groups.entry(step_to(list, item, at)).or_default().push(item);
    }
    groups
}

/// The step to an item. One without identity goes by its place, so that it is not lost.
pub(super) fn step_to(list: Atom<'_>, item: &Value, at: usize) -> Step {
    identify(list, item).unwrap_or(Step::Index(i64::try_from(at).unwrap_or(i64::MAX)))
}

/// What tells an item from the others, or why nothing does.
pub(super) fn identify(list: Atom<'_>, item: &Value) -> Result<Step, String> {
    match (list, item) {
        (Atom::Keyed(_), Value::Null) => Err("associative list with keys may not have a null element".into()),
        (Atom::Keyed(keys), Value::Object(object)) => {
            let value = |key: &Key| object.get(&*key.name).or(key.default.as_ref()).cloned();
            let found: BTreeMap<String, Value> =
                keys.iter().filter_map(|key| Some((key.name.to_string(), value(key)?))).collect();
            if found.is_empty() {
                let names: Vec<_> = keys.iter().map(|key| format!("{:?}", key.name)).collect();
                return Err(format!(
                    "associative list with keys has an element that omits all key fields [{}] \
                     (and doesn't have default values for any key fields)",
                    names.join(" ")
                ));
            }
            Ok(Step::Key(found))
        }
        (Atom::Keyed(_), _) => Err("associative list with keys may not have non-map elements".into()),
        (_, Value::Null) => Err("associative list without keys has an element that's an explicit null".into()),
        (_, Value::Object(_)) => Err("associative list without keys has an element that's a map type".into()),
        (_, Value::Array(_)) => Err("not supported: associative list with lists as elements".into()),
        (_, scalar) => Ok(Step::Value(scalar.clone())),
    }
}

#[cfg(test)]
pub(super) mod tests;
