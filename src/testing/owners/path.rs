//! One step of a field path, and how steps are ordered, printed and stored.

use std::{cmp::Ordering, collections::BTreeMap, fmt};

use serde_json::Value;

/// The way from a value to one of its parts. Ordered as the server orders them: fields, then items by key, by value,
/// by place.
#[derive(Debug, Clone)]
pub(in crate::testing) enum Step {
    /// A field of a structure or an entry of a map.
    Field(String),
    /// The item of a list with these values in its keys.
    Key(BTreeMap<String, Value>),
    /// The item of a set.
    Value(Value),
    /// The item at a place.
    Index(i64),
}

/// A name in `fieldsV1` that is no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no step: {0}")]
pub(in crate::testing) struct NoStep(String);

impl NoStep {
    /// Where steps should be there is something else.
    pub(super) fn value(value: &Value) -> Self {
        NoStep(value.to_string())
    }
}

impl Step {
    pub(in crate::testing) fn field(name: impl Into<String>) -> Self {
        Step::Field(name.into())
    }

    /// The name `fieldsV1` gives it: `f:data`, `k:{"name":"web"}`, `v:"ship.example/anchor"`, `i:3`.
    pub(super) fn to_v1(&self) -> String {
        match self {
            Step::Field(name) => format!("f:{name}"),
            Step::Key(keys) => {
                let keys: serde_json::Map<_, _> =
                    keys.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                format!("k:{}", Value::Object(keys))
            }
            Step::Value(value) => format!("v:{value}"),
            Step::Index(at) => format!("i:{at}"),
        }
    }

    /// Nothing for a kind of step that later servers may know.
    pub(super) fn from_v1(text: &str) -> Result<Option<Self>, NoStep> {
        let no_step = || NoStep(text.to_owned());
        let (kind, rest) = text.split_at_checked(2).ok_or_else(no_step)?;
        Ok(Some(match kind {
            "f:" => Step::Field(rest.to_owned()),
            "k:" => {
                let keys: BTreeMap<String, Value> = serde_json::from_str(rest).map_err(|_| no_step())?;
                Step::Key(keys)
            }
            "v:" => Step::Value(serde_json::from_str(rest).map_err(|_| no_step())?),
            "i:" => Step::Index(rest.parse().map_err(|_| no_step())?),
            other if other.ends_with(':') => return Ok(None),
            _ => return Err(no_step()),
        }))
    }
}

/// As messages print it: `.data`, `[name="web"]`, `[="ship.example/anchor"]`, `[3]`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Field(name) => write!(f, ".{name}"),
            Step::Key(keys) => {
                let keys: Vec<_> = keys.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect();
                write!(f, "[{}]", keys.join(","))
            }
            Step::Value(value) => write!(f, "[={}]", shown(value)),
            Step::Index(at) => write!(f, "[{at}]"),
        }
    }
}

/// All steps of a path in a row: `.spec.containers[name="web"].image`.
pub(in crate::testing) fn shown_path(path: &[Step]) -> String {
    path.iter().map(Step::to_string).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Value::Object(object) => object.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect(),
        scalar => scalar.to_string(),
    }
}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Step::Field(a), Step::Field(b)) => a.cmp(b),
            (Step::Key(a), Step::Key(b)) => compare_pairs(a.iter(), b.iter()),
            (Step::Value(a), Step::Value(b)) => compare_values(a, b),
            (Step::Index(a), Step::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Step {
    fn rank(&self) -> u8 {
        match self {
            Step::Field(_) => 0,
            Step::Key(_) => 1,
            Step::Value(_) => 2,
            Step::Index(_) => 3,
        }
    }
}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Step {}

/// Whether two values are the same to those who merge: 1 is 1.0.
pub(in crate::testing) fn same(a: &Value, b: &Value) -> bool {
    a == b || compare_values(a, b) == Ordering::Equal
}

/// A total order: numbers, strings, truth values, lists, maps, null.
fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64().unwrap_or(f64::INFINITY).total_cmp(&b.as_f64().unwrap_or(f64::INFINITY)),
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let first = a.iter().zip(b).map(|(a, b)| compare_values(a, b)).find(|order| order.is_ne());
            first.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => compare_pairs(a.iter(), b.iter()),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn compare_pairs<'v>(
    mut a: impl Iterator<Item = (&'v String, &'v Value)>,
    mut b: impl Iterator<Item = (&'v String, &'v Value)>,
) -> Ordering {
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => a.0.cmp(b.0).then_with(|| compare_values(a.1, b.1)),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(pairs: &[(&str, Value)]) -> Step {
        Step::Key(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[test]
    fn steps_have_a_name_to_keep_and_one_to_show() {
        let port = key(&[("protocol", json!("UDP")), ("port", json!(53))]);
        let steps =
            [Step::field("data"), port, Step::Value(json!("ship.example/a")), Step::Value(json!(7)), Step::Index(3)];
        let kept = ["f:data", "k:{\"port\":53,\"protocol\":\"UDP\"}", "v:\"ship.example/a\"", "v:7", "i:3"];
        assert_eq!(steps.each_ref().map(Step::to_v1), kept);
        for (step, text) in steps.iter().zip(kept) {
            assert_eq!(Step::from_v1(text), Ok(Some(step.clone())));
        }
        assert_eq!(shown_path(&steps), ".data[port=53,protocol=\"UDP\"][=\"ship.example/a\"][=7][3]");
    }

    #[test]
    fn unknown_steps_are_ignored_and_nonsense_is_refused() {
        assert_eq!(Step::from_v1("z:later"), Ok(None));
        for text in ["", "f", "data", "k:name", "v:", "i:first"] {
            assert_eq!(Step::from_v1(text), Err(NoStep(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn fields_come_first_and_numbers_count() {
        let mut steps = [
            Step::Index(0),
            Step::Value(json!("a")),
            key(&[("port", json!(443))]),
            key(&[("port", json!(80))]),
            Step::field("z"),
            key(&[("name", json!("b"))]),
        ];
        steps.sort();
        let shown: Vec<_> = steps.iter().map(Step::to_string).collect();
        assert_eq!(shown, [".z", "[name=\"b\"]", "[port=80]", "[port=443]", "[=\"a\"]", "[0]"]);
    }

    #[test]
    fn whole_numbers_are_the_same_with_a_point() {
        assert!(same(&json!({"a": [1]}), &json!({"a": [1.0]})));
        assert!(!same(&json!(1), &json!("1")));
        assert!(!same(&json!(null), &json!({})));
    }
}
