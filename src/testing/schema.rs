//! Schemas of custom kinds, the `openAPIV3Schema` of a version: what they have no field for is pruned, what is missing
//! gets its default, and the rest is checked.
//!
//! Not here: rules in CEL (`x-kubernetes-validations`), which nobody evaluates.

mod check;
mod defaults;
mod embedded;
mod format;
mod lists;
mod number;
mod prune;

use std::{collections::HashMap, sync::OnceLock};

use regex::Regex;
use serde_json::{Value, json};

use super::{
    shape::{Shape, Shapes},
    status::Flaw,
};

/// A schema, made ready when its definition comes.
#[derive(Debug)]
pub(super) struct Schema {
    document: Value,
    shapes: Shapes,
    /// All patterns in it that are regular expressions, once an object is checked: to make them ready takes its time.
    patterns: OnceLock<HashMap<String, Regex>>,
}

impl Schema {
    /// The schema a version declares; without one everything is kept.
    pub(super) fn new(document: Option<&Value>) -> Self {
        let anything = || json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let document = document.filter(|document| document.is_object()).cloned().unwrap_or_else(anything);
        Schema { shapes: Shapes::custom(ROOT, &document), document, patterns: OnceLock::new() }
    }

    /// What the definition declares.
    pub(super) fn document(&self) -> &Value {
        &self.document
    }

    /// The fields objects have, and how they merge.
    pub(super) fn shape(&self) -> Shape<'_> {
        self.shapes.named(ROOT)
    }

    /// Removes what the schema has no field for, and nulls it has no use for. Tells the paths of the fields it removed,
    /// or why a resource in it is none.
    pub(super) fn prune(&self, object: &mut Value) -> Result<Vec<String>, String> {
        let mut unknown = prune::unknown_fields(object, &self.document);
        prune::nulls(object, Some(&self.document));
        unknown.extend(embedded::coerce(object, &self.document)?);
        Ok(unknown)
    }

    /// Gives fields that are missing their defaults.
    pub(super) fn fill_in(&self, object: &mut Value) {
        defaults::fill_in(object, &self.document);
    }

    /// What is wrong with an object. What was wrong with `old` and has not changed since may stay.
    pub(super) fn flaws(&self, object: &Value, old: Option<&Value>) -> Vec<Flaw> {
        let patterns = self.patterns.get_or_init(|| {
            let mut patterns = HashMap::new();
            collect(&self.document, &mut patterns);
            patterns
        });
        let mut flaws = check::Check { patterns }.flaws(object, old, &self.document);
        for more in [embedded::flaws, lists::flaws] {
            if old.is_none_or(|old| more(old, &self.document).is_empty()) {
                flaws.extend(more(object, &self.document));
            }
        }
        flaws
    }
}

/// The name of the only type of its own.
const ROOT: &str = "Object";

fn collect(schema: &Value, patterns: &mut HashMap<String, Regex>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Ok(pattern)) = schema["pattern"].as_str().map(Regex::new) {
                patterns.insert(pattern.as_str().to_owned(), pattern);
            }
            fields.values().for_each(|field| collect(field, patterns));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, patterns)),
        _ => {}
    }
}

/// Whether the schema says so.
fn says(schema: &Value, flag: &str) -> bool {
    schema[flag] == true
}

/// The schema of a field: its own, or that of all fields that have none.
fn of_field<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    let declared = schema["properties"].get(name);
    declared.or_else(|| schema.get("additionalProperties").filter(|others| others.is_object()))
}

/// `spec.list[0].name`.
fn child(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests;
