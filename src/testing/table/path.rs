//! Paths to what a column of a custom kind shows: `.spec.x`, `.status.conditions[?(@.type=="Ready")].status`.
//!
//! Not here: everything but the first value a path leads to, slices, and scripts.

use serde_json::Value;

/// A path; one that cannot be read leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Option<Vec<Step>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    /// From the end where it is negative.
    Index(i64),
    All,
    /// This field and whatever has it below.
    Descend(String),
    Filter(Filter),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Filter {
    path: Vec<Step>,
    /// Nothing where it is enough that there is a value.
    compared: Option<(Operator, Value)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Path {
    pub(super) fn read(text: &str) -> Self {
        Path(steps(text))
    }

    /// The first value it leads to.
    pub(super) fn first<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        found(value, self.0.as_ref()?).into_iter().next()
    }
}

fn steps(mut text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while !text.is_empty() {
        let (step, rest) = match text.strip_prefix('[') {
            Some(inner) => bracket(inner)?,
            None => {
                let (field, descends) = match text.strip_prefix("..") {
                    Some(rest) => (rest, true),
                    None => (text.strip_prefix('.').unwrap_or(text), false),
                };
                let (name, rest) = name(field);
                match (name.as_str(), descends) {
                    ("", _) => return None,
                    ("*", false) => (Step::All, rest),
                    (_, true) => (Step::Descend(name), rest),
                    (_, false) => (Step::Field(name), rest),
                }
            }
        };
        steps.push(step);
        text = rest;
    }
    // Each further one multiplies what is to be looked at, and how many there are is the client's choice.
    let descents = steps.iter().filter(|step| matches!(step, Step::Descend(_))).count();
    (descents < 2).then_some(steps)
}

/// A name up to the next step. A backslash takes the meaning from what follows.
fn name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, character)) = chars.next() {
        match character {
            '.' | '[' => return (name, &text[at..]),
            '\\' => name.extend(chars.next().map(|(_, character)| character)),
            _ => name.push(character),
        }
    }
    (name, "")
}

/// What stands in brackets, and what follows them.
fn bracket(text: &str) -> Option<(Step, &str)> {
    if let Some(filter) = text.strip_prefix("?(") {
        let end = filter.find(")]")?;
        return Some((Step::Filter(self::filter(&filter[..end])?), &filter[end + 2..]));
    }
    let (inside, rest) = match text.chars().next()? {
        quote @ ('\'' | '"') => {
            let inside = &text[1..];
            let end = inside.find(quote)?;
            let rest = inside[end + 1..].strip_prefix(']')?;
            return Some((Step::Field(inside[..end].to_owned()), rest));
        }
        _ => text.split_once(']')?,
    };
    let step = match inside.trim() {
        "*" => Step::All,
        number => Step::Index(number.parse().ok()?),
    };
    Some((step, rest))
}

fn filter(text: &str) -> Option<Filter> {
    const OPERATORS: [(&str, Operator); 6] = [
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];
    let split = OPERATORS.iter().find_map(|(sign, operator)| Some((text.split_once(sign)?, *operator)));
    let (path, compared) = match split {
        None => (text, None),
        Some(((path, literal), operator)) => {
            let literal = literal.trim();
            let quoted = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            let value = match quoted {
                Some(text) => text.into(),
                None => serde_json::from_str(literal).ok()?,
            };
            (path, Some((operator, value)))
        }
    };
    let path = path.trim().strip_prefix('@')?;
    // Filters in filters are not read: how deep they go is the client's choice.
    if path.contains("?(") {
        return None;
    }
    Some(Filter { path: steps(path)?, compared })
}

impl Filter {
    fn holds(&self, value: &Value) -> bool {
        let Some(found) = found(value, &self.path).into_iter().next() else { return false };
        let Some((operator, wanted)) = &self.compared else { return true };
        let ordering = match (found, wanted) {
            (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
            (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
            _ => None,
        };
        match operator {
            Operator::Equal => ordering.map_or(found == wanted, |ordering| ordering.is_eq()),
            Operator::Unequal => ordering.map_or(found != wanted, |ordering| ordering.is_ne()),
            Operator::Less => ordering.is_some_and(|ordering| ordering.is_lt()),
            Operator::AtMost => ordering.is_some_and(|ordering| ordering.is_le()),
            Operator::Greater => ordering.is_some_and(|ordering| ordering.is_gt()),
            Operator::AtLeast => ordering.is_some_and(|ordering| ordering.is_ge()),
        }
    }
}

fn found<'v>(value: &'v Value, steps: &[Step]) -> Vec<&'v Value> {
    let mut values = vec![value];
    for step in steps {
        values = values.into_iter().flat_map(|value| taken(value, step)).collect();
    }
    values
}

fn taken<'v>(value: &'v Value, step: &Step) -> Vec<&'v Value> {
    match step {
        Step::Field(name) => value.get(name).into_iter().collect(),
        Step::Index(index) => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let place = if *index < 0 { index.saturating_add(length) } else { *index };
            usize::try_from(place).ok().and_then(|place| items.get(place)).into_iter().collect()
        }
        Step::All => below(value),
        Step::Filter(filter) => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            items.iter().filter(|item| filter.holds(item)).collect()
        }
        Step::Descend(name) => {
            let (mut found, mut open) = (Vec::new(), vec![value]);
            while let Some(value) = open.pop() {
                found.extend(value.get(name));
                open.extend(below(value).into_iter().rev());
            }
            found
        }
    }
}

fn below(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_the_first_value_there_is() {
        let object = json!({
            "metadata": {"labels": {"a.b/c": "label"}},
            "spec": {"x": 1, "list": [{"n": "one", "v": 1}, {"n": "two", "v": 2}]},
            "status": {"conditions": [
                {"type": "Synced", "status": "False"},
                {"type": "Ready", "status": "True"},
            ]},
        });
        let leads = [
            (".spec.x", json!(1)),
            ("spec.x", json!(1)),
            (r".metadata.labels.a\.b/c", json!("label")),
            (".metadata.labels['a.b/c']", json!("label")),
            (".spec.list[0].n", json!("one")),
            (".spec.list[-1].n", json!("two")),
            (".spec.list[*].v", json!(1)),
            (".spec.list[?(@.v>1)].n", json!("two")),
            (".spec.list[?(@.n)].n", json!("one")),
            (r#".status.conditions[?(@.type=="Ready")].status"#, json!("True")),
            (".status.conditions[?(@.type == 'Ready')].status", json!("True")),
            ("..status.conditions[0].status", json!("False")),
        ];
        for (path, value) in leads {
            assert_eq!(Path::read(path).first(&object), Some(&value), "{path}");
        }
    }

    #[test]
    fn other_paths_lead_nowhere() {
        let object = json!({"spec": {"list": [1]}});
        let nowhere = [
            ".spec.x.y",
            ".spec.list[1]",
            ".spec.list[-2]",
            ".spec.list[",
            ".",
            "..",
            "..spec..list",
            ".spec.list[?(@",
            ".spec.list[?(1)]",
            ".spec['x",
            ".spec.list[a]",
            ".spec.list[?(@[?(@.a)].b)]",
            ".spec.list[9223372036854775807]",
        ];
        for path in nowhere {
            assert_eq!(Path::read(path).first(&object), None, "{path}");
        }
    }
}
