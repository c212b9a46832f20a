//! What is wrong with a configuration before it is applied.

use std::{collections::BTreeSet, fmt};

use serde_json::Value;

use super::{
    path::{Step, shown_path},
    typed::identify,
};
use crate::testing::{
    patch::strategic::{go_type, in_go},
    shape::{Atom, Form, Scalar, Shape},
};

/// Why a value is not of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing) struct Problem {
    path: Vec<Step>,
    message: String,
}

/// All that is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing) struct Problems(Vec<Problem>);

/// `.spec.wings: field not declared in schema`, or a list of such lines.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |problem: &Problem| match &problem.path[..] {
            [] => problem.message.clone(),
            path => format!("{}: {}", shown_path(path), problem.message),
        };
        match &self.0[..] {
            [only] => f.write_str(&line(only)),
            problems => {
                f.write_str("errors:")?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {}", line(problem)))
            }
        }
    }
}

impl std::error::Error for Problems {}

/// Whether all values are of their types, all fields declared, and all items of lists told apart.
pub(in crate::testing) fn check(value: &Value, shape: Shape<'_>) -> Result<(), Problems> {
    let mut problems = Problems(Vec::new());
    problems.look(&mut Vec::new(), value, shape);
    if problems.0.is_empty() { Ok(()) } else { Err(problems) }
}

impl Problems {
    fn add(&mut self, path: &[Step], message: impl Into<String>) {
        self.0.push(Problem { path: path.to_vec(), message: message.into() });
    }

    fn look(&mut self, path: &mut Vec<Step>, value: &Value, shape: Shape<'_>) {
        match (shape.form(), value) {
            (Form::Anything, _) | (_, Value::Null) => {}
            (Form::Scalar(Scalar::Any), Value::Bool(_) | Value::Number(_) | Value::String(_))
            | (Form::Scalar(Scalar::String), Value::String(_))
            | (Form::Scalar(Scalar::Number), Value::Number(_))
            | (Form::Scalar(Scalar::Bool), Value::Bool(_)) => {}
            (Form::Scalar(Scalar::Any), _) => self.add(path, format!("expected any scalar, got &{{{}}}", in_go(value))),
            (Form::Scalar(Scalar::Bool), _) => self.add(path, format!("expected boolean, got &{{{}}}", in_go(value))),
            (Form::Scalar(Scalar::Number), _) => {
                self.add(path, format!("expected numeric (int or float), got {}", go_type(value)));
            }
            (Form::Scalar(Scalar::String), _) => {
                let value = as_go_writes(value);
                self.add(path, format!("expected string, got &value.valueUnstructured{{Value:{value}}}"));
            }
            (Form::Map, Value::Object(fields)) => {
                for (name, value) in fields {
                    path.push(Step::field(name));
                    match shape.member(name) {
                        Some(member) => self.look(path, value, member.shape),
                        None => self.add(path, "field not declared in schema"),
                    }
                    path.pop();
                }
            }
            (Form::Map, _) => self.add(path, format!("expected map, got &{{{}}}", in_go(value))),
            (Form::List, Value::Array(items)) => self.look_at_items(path, items, shape.atom(value), shape.item()),
            (Form::List, _) => self.add(path, format!("expected list, got &{{{}}}", in_go(value))),
        }
    }

    fn look_at_items(&mut self, path: &mut Vec<Step>, items: &[Value], list: Atom<'_>, shape: Shape<'_>) {
        let mut seen = BTreeSet::new();
        for (at, item) in items.iter().enumerate() {
            let step = match list {
                Atom::Leaf => Step::Index(i64::try_from(at).unwrap_or(i64::MAX)),
                list => match identify(list, item) {
                    Ok(step) => step,
                    Err(why) => return self.add(path, format!("element {at}: {why}")),
                },
            };
            if !seen.insert(step.clone()) {
                self.add(path, format!("duplicate entries for key {step}"));
            }
            path.push(step);
            self.look(path, item, shape);
            path.pop();
        }
    }
}

/// A value as Go writes it down: `map[string]interface {}{"a":1}`.
fn as_go_writes(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(as_go_writes).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{name:?}:{}", as_go_writes(value)));
            format!("map[string]interface {{}}{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{owners::typed::tests::garden, shape::Shapes};

    #[test]
    fn what_is_not_of_its_type_is_told() {
        let (shapes, ty) = garden();
        let told = |value| check(&value, Shape::new(&shapes, &ty)).map_err(|problems| problems.to_string());
        assert_eq!(told(json!({"beds": [{"name": "mint"}, {"name": "roses"}], "fence": {}})), Ok(()));
        assert_eq!(told(json!({"fence": {"gate": 1}})), Err(".fence.gate: field not declared in schema".into()));
        assert_eq!(
            told(json!({"beds": [{"name": "mint"}, {"name": "mint"}]})),
            Err(".beds: duplicate entries for key [name=\"mint\"]".into())
        );
        assert_eq!(
            told(json!({"beds": [{"size": 1}], "gate": 1})),
            Err("errors:\n  .beds: element 0: associative list with keys has an element that omits all key fields \
             [\"name\"] (and doesn't have default values for any key fields)\n  .gate: field not declared in schema"
                .into())
        );
    }

    #[test]
    fn values_of_the_wrong_type_are_told() {
        let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "height": {"type": "integer"},
            "sort": {"type": "string"},
            "ripe": {"type": "boolean"},
            "planted": {"type": "string", "format": "date-time"},
            "rows": {"type": "array", "items": {"type": "integer"}},
        }}}});
        let shapes = Shapes::custom("Tree", &schema);
        let told = |spec: Value| check(&json!({"spec": spec}), shapes.named("Tree")).map_err(|told| told.to_string());
        let all = json!({"height": 3, "sort": "oak", "ripe": null, "planted": "today", "rows": [1]});
        assert_eq!(told(all), Ok(()));
        for (spec, problem) in [
            (json!({"height": "3"}), ".spec.height: expected numeric (int or float), got string"),
            (json!({"sort": 3}), ".spec.sort: expected string, got &value.valueUnstructured{Value:3}"),
            (
                json!({"sort": {"a": [null]}}),
                ".spec.sort: expected string, got \
                 &value.valueUnstructured{Value:map[string]interface {}{\"a\":[]interface {}{interface {}(nil)}}}",
            ),
            (json!({"ripe": "no"}), ".spec.ripe: expected boolean, got &{no}"),
            (json!({"planted": {"a": 1}}), ".spec.planted: expected any scalar, got &{map[a:1]}"),
            (json!({"rows": 3}), ".spec.rows: expected list, got &{3}"),
            (json!({"rows": [true]}), ".spec.rows[0]: expected numeric (int or float), got bool"),
            (json!([]), ".spec: expected map, got &{[]}"),
        ] {
            assert_eq!(told(spec), Err(problem.to_owned()));
        }
    }
}
