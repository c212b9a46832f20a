//! The way to a field: steps that are parted by dots, and number the items of lists.
//!
//! Not here: what is put there ([`ObjectBuilder::set`](super::ObjectBuilder::set)).

use serde_json::{Value, json};

/// The field at the end of a path, and what is missing on the way to it.
#[track_caller]
pub(super) fn field<'o>(object: &'o mut Value, path: &str) -> &'o mut Value {
    let mut field = object;
    let mut passed = 0;
    for step in path.split('.') {
        field = child(field, step, path[..passed].trim_end_matches('.'));
        passed += step.len() + 1;
    }
    field
}

/// The field or the item of the value at the end of a path, made if it is missing.
#[track_caller]
fn child<'o>(value: &'o mut Value, step: &str, path: &str) -> &'o mut Value {
    if value.is_null() {
        *value = if step == "0" { json!([]) } else { json!({}) };
    }
    match value {
        Value::Array(items) => {
            let Ok(index) = step.parse::<usize>() else { panic!("`{path}` is a list; {step:?} is no number in it") };
            let many = if items.len() == 1 { "item" } else { "items" };
            assert!(index <= items.len(), "`{path}` has {} {many}; cannot set item {index}", items.len());
            if index == items.len() {
                items.push(Value::Null);
            }
            &mut items[index]
        }
        Value::Object(fields) => fields.entry(step).or_insert(Value::Null),
        value => panic!("`{path}` is {value}, which has no `{step}`"),
    }
}
