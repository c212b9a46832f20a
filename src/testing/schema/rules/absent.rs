//! Rules in CEL where the feature `testing-cel` is off: nobody asks them, and a definition that has some is taken with a
//! warning.

use serde_json::Value;

use super::{Flaw, Judgement};

/// The rules of a schema, of which nothing is known.
#[derive(Debug)]
pub(super) struct Rules;

impl Rules {
    pub(super) fn new(_schema: &Value) -> Self {
        Rules
    }

    pub(super) fn is_empty(&self) -> bool {
        true
    }

    pub(super) fn judge(&self, _object: &Value, _old: Option<&Value>, _schema: &Value) -> Judgement {
        Judgement::default()
    }
}

/// What is said of the rules of a definition.
#[derive(Debug)]
pub(in crate::testing) struct Inspection {
    pub(in crate::testing) flaws: Vec<Flaw>,
    pub(in crate::testing) skipped: Vec<String>,
}

impl Inspection {
    pub(in crate::testing) fn of(path: &str, schema: &Value) -> Self {
        let why = || {
            format!("{path}: this fake cluster evaluates x-kubernetes-validations only with the feature testing-cel")
        };
        Inspection { flaws: Vec::new(), skipped: has_rules(schema).then(why).into_iter().collect() }
    }
}

/// Whether a schema or one in it has rules.
fn has_rules(schema: &Value) -> bool {
    let rules = schema["x-kubernetes-validations"].as_array().is_some_and(|rules| !rules.is_empty());
    let fields = schema["properties"].as_object().into_iter().flatten().map(|(_, field)| field);
    let below = fields.chain([&schema["items"], &schema["additionalProperties"]]).filter(|schema| schema.is_object());
    rules || below.into_iter().any(has_rules)
}
