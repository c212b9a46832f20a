//! Lists in strategic merge patches.
//!
//! Items of the patch keep the patch's order, and items that only the server has keep theirs. Between the two, an item
//! of the server comes before the first item of the patch that it preceded.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{DIRECTIVE, Error, Outcome, go_type, in_go};
use crate::testing::shape::{Shape, Strategy};

/// The list after the patch; the item's shape says how objects merge.
pub(super) fn merge(
    mut live: Vec<Value>,
    patch: Vec<Value>,
    item: Shape<'_>,
    strategy: &Strategy,
) -> Outcome<Vec<Value>> {
    let Strategy::Merge(key) = strategy else { return Ok(patch) };
    if live.is_empty() && patch.is_empty() {
        return Ok(live);
    }
    check_types(&live, &patch)?;
    if !live.iter().chain(&patch).any(Value::is_object) {
        let mut merged: Vec<Value> = Vec::with_capacity(live.len() + patch.len());
        let mut seen = HashSet::new();
        merged.extend(live.iter().chain(&patch).filter(|scalar| seen.insert(*scalar)).cloned());
        return in_order(merged, &patch, &live, &Strategy::Merge(None));
    }
    let key =
        key.as_deref().ok_or_else(|| Error::Unforeseen("cannot merge lists without merge key for struct".into()))?;
    let patch = directed(&mut live, patch, key)?;
    let mut merged = live.clone();
    let mut places = places(&live, Some(key));
    for change in &patch {
        let name = named(change, key)?;
        match places.get(name).and_then(|place| merged.get_mut(*place)) {
            Some(Value::Object(current)) => {
                let change = change.as_object().cloned().unwrap_or_default();
                *current = super::merge(std::mem::take(current), change, item)?;
            }
            _ => {
                places.entry(name).or_insert(merged.len());
                merged.push(change.clone());
            }
        }
    }
    in_order(merged, &patch, &live, strategy)
}

/// Carries out the items that are directives: deletes from the live list, or replaces it as a whole. The rest of
/// the patch comes back.
fn directed(live: &mut Vec<Value>, patch: Vec<Value>, key: &str) -> Outcome<Vec<Value>> {
    let mut rest = Vec::new();
    let mut deleted = HashSet::new();
    let mut replaces = false;
    for change in patch {
        match change.get(DIRECTIVE).map(|directive| directive.as_str().unwrap_or_default()) {
            None => rest.push(change),
            Some("delete") => {
                deleted.insert(named(&change, key)?.clone());
            }
            Some("replace") => replaces = true,
            Some("merge") => {
                return Err(Error::Unforeseen("merging lists cannot yet be specified in the patch".into()));
            }
            Some(_) => {
                let directive = in_go(&change[DIRECTIVE]);
                return Err(Error::Unforeseen(format!("unknown patch type: {directive} in map: {}", in_go(&change))));
            }
        }
    }
    live.retain(|item| item.get(key).is_none_or(|name| !deleted.contains(name)));
    if replaces {
        *live = std::mem::take(&mut rest);
    }
    Ok(rest)
}

/// The scalars of a list that the patch does not name.
pub(super) fn without(mut live: Vec<Value>, patch: Vec<Value>) -> Outcome<Value> {
    check_types(&live, &patch)?;
    let patch: HashSet<&Value> = patch.iter().collect();
    live.retain(|item| !patch.contains(item));
    Ok(live.into())
}

/// Items that `order` names come in its order, others as in the live list.
pub(super) fn in_order(items: Vec<Value>, order: &[Value], live: &[Value], strategy: &Strategy) -> Outcome<Vec<Value>> {
    let key = match strategy {
        Strategy::Merge(Some(key)) if items.iter().any(Value::is_object) => Some(&**key),
        _ => None,
    };
    let (of_order, of_live) = (places(order, key), places(live, key));
    let place = |places: &HashMap<&Value, usize>, item: &Value| places.get(identity(item, key)?).copied();
    if let Some(key) = key {
        items.iter().chain(order).try_for_each(|item| named(item, key).map(drop))?;
    }
    let (mut patched, mut others): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|item| place(&of_order, item).is_some());
    patched.sort_by_key(|item| place(&of_order, item));
    others.sort_by_key(|item| place(&of_live, item).unwrap_or(usize::MAX));
    let mut patched = patched.into_iter().peekable();
    let mut ordered = Vec::new();
    for other in others {
        let at = place(&of_live, &other);
        let comes_first = |next: &Value| matches!((at, place(&of_live, next)), (Some(at), Some(next)) if at < next);
        while let Some(next) = patched.next_if(|next| !comes_first(next)) {
            ordered.push(next);
        }
        ordered.push(other);
    }
    ordered.extend(patched);
    Ok(ordered)
}

/// Whether the patch's items stand in the order that `order` asks for, and all in it.
pub(super) fn check_order(patch: &[Value], order: &[Value], strategy: &Strategy) -> Outcome<()> {
    let key = match strategy {
        Strategy::Merge(key) => key.as_deref(),
        _ => None,
    };
    if order.is_empty() {
        return Ok(());
    }
    let mut places = order.iter();
    for item in patch.iter().filter(|item| item.get(DIRECTIVE).is_none()) {
        if let Some(key) = key {
            named(item, key)?;
        }
        if !places.any(|place| same(place, item, key)) {
            let (patch, order) = (in_go(&patch.into()), in_go(&order.into()));
            return Err(Error::Unforeseen(format!(
                "The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n"
            )));
        }
    }
    Ok(())
}

/// Whether all items have one type, which is not that of lists.
pub(super) fn check_types(live: &[Value], patch: &[Value]) -> Outcome<()> {
    let mut types: Vec<&str> = live.iter().chain(patch).map(go_type).collect();
    types.dedup();
    match types[..] {
        [] => Err(Error::Unforeseen("no elements in any of the given slices".into())),
        ["[]interface {}", ..] => Err(Error::ListOfLists),
        [_] => Ok(()),
        _ => {
            let lists = format!("[{} {}]", in_go(&live.into()), in_go(&patch.into()));
            Err(Error::Unforeseen(format!("list element types are not identical: {lists}")))
        }
    }
}

fn same(a: &Value, b: &Value, key: Option<&str>) -> bool {
    identity(a, key).is_some() && identity(a, key) == identity(b, key)
}

/// What tells an item from others: its key where it has one, all of it where there are no keys.
fn identity<'v>(item: &'v Value, key: Option<&str>) -> Option<&'v Value> {
    key.map_or(Some(item), |key| item.get(key))
}

/// Where items stand in their list, the first of those that are the same.
fn places<'v>(list: &'v [Value], key: Option<&str>) -> HashMap<&'v Value, usize> {
    let mut places = HashMap::new();
    for (place, item) in list.iter().enumerate() {
        if let Some(item) = identity(item, key) {
            places.entry(item).or_insert(place);
        }
    }
    places
}

fn named<'v>(item: &'v Value, key: &str) -> Outcome<&'v Value> {
    match item {
        Value::Object(object) => object.get(key).ok_or_else(|| {
            Error::Unforeseen(format!("map: {} does not contain declared merge key: {key}", in_go(item)))
        }),
        other => {
            Err(Error::Unforeseen(format!("expected a map[string]interface {{}}, but received a {}", go_type(other))))
        }
    }
}
