//! What is wrong with a configuration before it is applied.

use std::{collections::BTreeSet, fmt};

use serde_json::Value;

use super::{
    path::{Step, shown_path},
    typed::{identify, items},
};
use crate::testing::shape::{Atom, Shape};

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

/// Whether all fields are declared, all items of lists can be told apart and none occurs twice.
pub(in crate::testing) fn check(value: &Value, shape: Shape<'_>) -> Result<(), Problems> {
    let mut problems = Vec::new();
    check_at(&mut Vec::new(), value, shape, &mut problems);
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

fn check_at(path: &mut Vec<Step>, value: &Value, shape: Shape<'_>, problems: &mut Vec<Problem>) {
    match shape.atom(value) {
        Atom::Leaf => {}
        Atom::Map => {
            for (name, value) in value.as_object().into_iter().flatten() {
                path.push(Step::field(name));
                match shape.member(name) {
                    Some(member) => check_at(path, value, member.shape, problems),
                    None => {
                        let message = "field not declared in schema".to_owned();
                        problems.push(Problem { path: path.clone(), message });
                    }
                }
                path.pop();
            }
        }
        list => {
            let mut seen = BTreeSet::new();
            for (at, item) in items(Some(value)).iter().enumerate() {
                let step = match identify(list, item) {
                    Ok(step) => step,
                    Err(why) => {
                        let message = format!("element {at}: {why}");
                        problems.push(Problem { path: path.clone(), message });
                        return;
                    }
                };
                if !seen.insert(step.clone()) {
                    let message = format!("duplicate entries for key {step}");
                    problems.push(Problem { path: path.clone(), message });
                }
                path.push(step);
                check_at(path, item, shape.item(), problems);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::owners::typed::tests::garden;

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
}
