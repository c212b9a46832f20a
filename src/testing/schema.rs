//! Schemas of custom kinds, the `openAPIV3Schema` of a version: unknown fields are pruned, missing ones get their
//! defaults, and values are validated.
//!
//! Not here: schemas that make no sense ([`validation`](super::validation)).

mod check;
mod defaults;
mod embedded;
pub(super) mod field_path;
mod format;
mod lists;
mod number;
mod patterns;
mod prune;
#[cfg(feature = "testing-cel")]
mod rules;
#[cfg(not(feature = "testing-cel"))]
#[path = "schema/rules/absent.rs"]
mod rules;

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{
    shape::{Shape, Shapes},
    status::Flaw,
};

pub(super) use patterns::Patterns;
pub(super) use rules::Inspection;

use rules::Rules;

/// A schema. What takes its time to make of it is made when it is needed: of most schemas nobody wants it.
#[derive(Debug)]
pub(super) struct Schema {
    document: Value,
    shapes: OnceLock<Shapes>,
    patterns: Patterns,
    rules: OnceLock<Rules>,
}

/// What the rules in CEL say of an object.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) flaws: Vec<Flaw>,
    /// Of what is wrong and was so before.
    pub(super) warnings: Vec<String>,
}

impl Schema {
    /// The schema a version declares; without one everything is kept.
    pub(super) fn new(document: Option<&Value>) -> Self {
        let anything = || json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let document = document.filter(|document| document.is_object()).cloned().unwrap_or_else(anything);
        Schema { document, shapes: OnceLock::new(), patterns: Patterns::default(), rules: OnceLock::new() }
    }

    /// What the definition declares.
    pub(super) fn document(&self) -> &Value {
        &self.document
    }

    /// The fields objects have, and how they merge.
    pub(super) fn shape(&self) -> Shape<'_> {
        self.shapes.get_or_init(|| Shapes::custom(ROOT, &self.document)).named(ROOT)
    }

    /// Removes what the schema has no field for. Tells the paths of the fields it removed, or why a resource in it is
    /// none.
    pub(super) fn prune(&self, object: &mut Value) -> Result<Vec<String>, String> {
        let mut unknown = prune::unknown_fields(object, &self.document);
        unknown.extend(embedded::coerce(object, &self.document)?);
        Ok(unknown)
    }

    /// Removes nulls the schema has no use for.
    pub(super) fn forget_nulls(&self, object: &mut Value) {
        prune::nulls(object, Some(&self.document));
    }

    /// Gives fields that are missing their defaults.
    pub(super) fn fill_in(&self, object: &mut Value) {
        defaults::fill_in(object, &self.document);
    }

    /// What is wrong with an object. What was wrong with `old` and has not changed since may stay.
    pub(super) fn flaws(&self, object: &Value, old: Option<&Value>) -> Vec<Flaw> {
        flaws(object, old, &self.document, &self.patterns)
    }

    /// The same where the status is written apart. It is looked at by itself, and messages tell its paths so.
    pub(super) fn flaws_of_status(&self, object: &Value, old: Option<&Value>) -> Vec<Flaw> {
        let schema = &self.document["properties"]["status"];
        let status = object.get("status").filter(|_| schema.is_object());
        let look =
            |status| check::Check { patterns: &self.patterns }.flaws(status, old.map(|old| &old["status"]), schema);
        let mut flaws: Vec<_> = status.into_iter().flat_map(look).map(|flaw| flaw.below("status")).collect();
        if old.is_none_or(|old| lists::flaws(old, &self.document).is_empty()) {
            flaws.extend(lists::flaws(object, &self.document));
        }
        flaws
    }

    /// What the rules in CEL say of an object of which these flaws are known. Where it lacks something or has something
    /// of a wrong type they are not asked.
    pub(super) fn judge(&self, object: &Value, old: Option<&Value>, known: &[Flaw]) -> Judgement {
        let rules = self.rules.get_or_init(|| Rules::new(&self.document));
        if !rules.is_empty() && known.iter().any(Flaw::keeps_from_rules) {
            let why = "some validation rules were not checked because the object was invalid; correct the existing \
                       errors to complete validation";
            return Judgement { flaws: vec![Flaw::invalid("<nil>", Value::Null, why)], warnings: Vec::new() };
        }
        rules.judge(object, old, &self.document)
    }
}

/// What is wrong with a value by a schema that need not be that of a kind.
pub(super) fn flaws(object: &Value, old: Option<&Value>, schema: &Value, patterns: &Patterns) -> Vec<Flaw> {
    let mut flaws = check::Check { patterns }.flaws(object, old, schema);
    for more in [embedded::flaws, lists::flaws] {
        if old.is_none_or(|old| more(old, schema).is_empty()) {
            flaws.extend(more(object, schema));
        }
    }
    flaws
}

/// The name of the only type of its own.
const ROOT: &str = "Object";

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
