//! Strategic merge patch: a merge patch that can also merge lists.
//!
//! Maps merge. Lists are replaced unless their type says that they merge: lists of objects by a key, lists of scalars
//! by their values. Directives do the rest: `$patch: delete` and `$patch: replace` in a map or an item of a list,
//! `$retainKeys` lists the only fields to keep, `$deleteFromPrimitiveList/x` removes scalars from the list `x`,
//! `$setElementOrder/x` orders it. kubectl makes such patches for `apply`, `edit` and `patch`.
//!
//! Not here: making patches; custom kinds, for which servers refuse them.

mod list;

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{cannot_unmarshal, drop_nulls};
use crate::testing::shape::{Shape, Strategy};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Why a strategic merge patch was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::testing) enum Error {
    /// A bad request.
    #[error("{0}")]
    Malformed(String),
    /// Code 422, of which the server only says that it rejected the request.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// Code 500, without a reason.
    #[error("{0}")]
    Unforeseen(String),
}

type Object = Map<String, Value>;
type Outcome<T> = Result<T, Error>;

/// The document after the patch.
pub(in crate::testing) fn apply(document: Object, patch: Value, shape: Shape<'_>) -> Outcome<Object> {
    match patch {
        Value::Object(patch) => merge(document, patch, shape),
        Value::Null => merge(document, Object::new(), shape),
        other => Err(Error::Malformed(cannot_unmarshal(&other, "map[string]interface {}"))),
    }
}

fn merge(mut document: Object, mut patch: Object, shape: Shape<'_>) -> Outcome<Object> {
    match patch.remove(DIRECTIVE) {
        None => {}
        Some(directive) if directive == "replace" => return Ok(patch),
        Some(directive) if directive == "delete" => return Ok(Object::new()),
        Some(directive) => return Err(unknown_directive(&directive, patch)),
    }
    // A whole object says its kind, what is in it is of a named type.
    let kind = document.get("kind").cloned().unwrap_or_default();
    let of = shape.name().or(kind.as_str()).unwrap_or_default();
    retain(&mut document, &mut patch)?;
    order(&mut document, &mut patch, shape, of)?;
    for (name, change) in patch {
        let (name, deletes) = match name.strip_prefix(DELETE_FROM) {
            Some(list) => (list.to_owned(), true),
            None if name.starts_with(DELETE_FROM.trim_end_matches('/')) => {
                return Err(Error::Malformed("invalid patch format of primitive list".into()));
            }
            None => (name, false),
        };
        if change.is_null() {
            document.remove(&name);
            continue;
        }
        let member = shape.member(&name);
        let strategy = member.map_or(&Strategy::Usual, |member| member.strategy);
        let merged = match (document.remove(&name), change) {
            (Some(Value::Object(current)), Value::Object(change)) => match member {
                None => return Err(undeclared(of, &name)),
                Some(_) if *strategy == Strategy::Replace => Some(Value::Object(change)),
                Some(member) => Some(Value::Object(merge(current, change, member.shape)?)),
            },
            (Some(Value::Array(current)), Value::Array(change)) => match member {
                None => return Err(undeclared(of, &name)),
                Some(_) if deletes => Some(list::without(current, change)?),
                Some(member) => Some(list::merge(current, change, member.shape.item(), strategy)?.into()),
            },
            (current, _) if deletes => current,
            (Some(current), change) if same_type(&current, &change) => without_directives(change),
            (_, mut change) => {
                drop_nulls(&mut change);
                without_directives(change)
            }
        };
        if let Some(merged) = merged {
            document.insert(name, merged);
        }
    }
    Ok(document)
}

/// Takes `$retainKeys` out of the patch and all other fields out of the document.
fn retain(document: &mut Object, patch: &mut Object) -> Outcome<()> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let malformed = || Error::Malformed("invalid patch format of retainKeys".into());
    let keys = keys.as_array().ok_or_else(malformed)?;
    let keys: HashSet<&str> = keys.iter().filter_map(Value::as_str).collect();
    let retained = |name: &str| keys.contains(name);
    let exempt = |name: &str, value: &Value| {
        value.is_null() || name.starts_with(DELETE_FROM) || name.starts_with(ORDER) || retained(name)
    };
    if !patch.iter().all(|(name, value)| exempt(name, value)) {
        return Err(malformed());
    }
    document.retain(|name, _| retained(name));
    Ok(())
}

/// Takes each `$setElementOrder` and its list out of the patch and puts the merged list in order.
fn order(document: &mut Object, patch: &mut Object, shape: Shape<'_>, of: &str) -> Outcome<()> {
    let directives: Vec<String> =
        patch.keys().filter(|name| name.starts_with(ORDER.trim_end_matches('/'))).cloned().collect();
    for directive in directives {
        let order = array(patch.remove(&directive).unwrap_or_default())?;
        let name = directive
            .strip_prefix(ORDER)
            .ok_or_else(|| Error::Malformed("invalid patch format of setElementOrder list".into()))?;
        let current = document.get(name).cloned().map(array).transpose()?;
        let change = patch.get(name).cloned().map(array).transpose()?;
        let member = shape.member(name).ok_or_else(|| undeclared(of, name))?;
        if !member.declared {
            let why = "merging an object in json but data type is not struct, instead is: map";
            return Err(Error::Unforeseen(why.to_owned()));
        }
        list::check_order(change.as_deref().unwrap_or_default(), &order, member.strategy)?;
        patch.remove(name);
        let merged = match (current.clone(), change.clone()) {
            (None, None) => continue,
            (Some(current), None) => current,
            (None, Some(change)) => change.into_iter().filter_map(without_directives).collect(),
            (Some(current), Some(change)) => list::merge(current, change, member.shape.item(), member.strategy)?,
        };
        let live = current.unwrap_or_default();
        list::check_types(&live, change.as_deref().unwrap_or_default())?;
        let ordered = list::in_order(merged, &order, &live, member.strategy)?;
        document.insert(name.to_owned(), ordered.into());
    }
    Ok(())
}

/// What is left of a new value: no items and members that are directives.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(object) if object.contains_key(DIRECTIVE) => None,
        Value::Object(object) => Some(Value::Object(
            object.into_iter().filter_map(|(name, value)| Some((name, without_directives(value)?))).collect(),
        )),
        Value::Array(array) => Some(array.into_iter().filter_map(without_directives).collect()),
        scalar => Some(scalar),
    }
}

fn array(value: Value) -> Outcome<Vec<Value>> {
    match value {
        Value::Array(array) => Ok(array),
        other => Err(Error::Unforeseen(format!("expected a []interface {{}}, but received a {}", go_type(&other)))),
    }
}

fn undeclared(structure: &str, name: &str) -> Error {
    Error::Unforeseen(format!("unable to find api field in struct {structure} for the json field {name:?}"))
}

fn unknown_directive(directive: &Value, mut patch: Object) -> Error {
    patch.insert(DIRECTIVE.into(), directive.clone());
    Error::Unforeseen(format!("unknown patch type: {} in map: {}", in_go(directive), in_go(&Value::Object(patch))))
}

fn same_type(a: &Value, b: &Value) -> bool {
    go_type(a) == go_type(b)
}

/// The Go type a value has once decoded.
pub(in crate::testing) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// A value as Go prints it: `map[image:app:1 name:web]`.
pub(in crate::testing) fn in_go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(in_go).collect::<Vec<_>>().join(" ")),
        Value::Object(object) => {
            let members: Vec<_> = object.iter().map(|(name, value)| format!("{name}:{}", in_go(value))).collect();
            format!("map[{}]", members.join(" "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests;
