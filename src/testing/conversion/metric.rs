//! What a HorizontalPodAutoscaler measures: the form that the first version has for it, within annotations, and that of
//! the second.

use serde_json::{Map, Value, json};

use super::super::quantity;

/// A field in the first form, where it is in the second, and what it is where nobody said it.
struct Field(&'static str, &'static str, Option<&'static str>);

type Sources = [(&'static str, &'static [Field]); 5];

const NONE: Option<&str> = None;
const EMPTY: Option<&str> = Some("");
const ZERO: Option<&str> = Some("0");

const WANTED: Sources = [
    (
        "object",
        &[
            Field("target", "/describedObject", NONE),
            Field("metricName", "/metric/name", EMPTY),
            Field("targetValue", "/target/value", ZERO),
            Field("selector", "/metric/selector", NONE),
            Field("averageValue", "/target/averageValue", NONE),
        ],
    ),
    (
        "pods",
        &[
            Field("metricName", "/metric/name", EMPTY),
            Field("targetAverageValue", "/target/averageValue", ZERO),
            Field("selector", "/metric/selector", NONE),
        ],
    ),
    (
        "resource",
        &[
            Field("name", "/name", EMPTY),
            Field("targetAverageUtilization", "/target/averageUtilization", NONE),
            Field("targetAverageValue", "/target/averageValue", NONE),
        ],
    ),
    (
        "containerResource",
        &[
            Field("name", "/name", EMPTY),
            Field("targetAverageUtilization", "/target/averageUtilization", NONE),
            Field("targetAverageValue", "/target/averageValue", NONE),
            Field("container", "/container", EMPTY),
        ],
    ),
    (
        "external",
        &[
            Field("metricName", "/metric/name", EMPTY),
            Field("metricSelector", "/metric/selector", NONE),
            Field("targetValue", "/target/value", NONE),
            Field("targetAverageValue", "/target/averageValue", NONE),
        ],
    ),
];

const CURRENT: Sources = [
    (
        "object",
        &[
            Field("target", "/describedObject", NONE),
            Field("metricName", "/metric/name", EMPTY),
            Field("currentValue", "/current/value", ZERO),
            Field("selector", "/metric/selector", NONE),
            Field("averageValue", "/current/averageValue", NONE),
        ],
    ),
    (
        "pods",
        &[
            Field("metricName", "/metric/name", EMPTY),
            Field("currentAverageValue", "/current/averageValue", ZERO),
            Field("selector", "/metric/selector", NONE),
        ],
    ),
    (
        "resource",
        &[
            Field("name", "/name", EMPTY),
            Field("currentAverageUtilization", "/current/averageUtilization", NONE),
            Field("currentAverageValue", "/current/averageValue", ZERO),
        ],
    ),
    (
        "containerResource",
        &[
            Field("name", "/name", EMPTY),
            Field("currentAverageUtilization", "/current/averageUtilization", NONE),
            Field("currentAverageValue", "/current/averageValue", ZERO),
            Field("container", "/container", EMPTY),
        ],
    ),
    (
        "external",
        &[
            Field("metricName", "/metric/name", EMPTY),
            Field("metricSelector", "/metric/selector", NONE),
            Field("currentValue", "/current/value", ZERO),
            Field("currentAverageValue", "/current/averageValue", NONE),
        ],
    ),
];

/// What is wanted, from the first form into the second.
pub(super) fn wanted(old: &Value) -> Value {
    let mut new = read(old, &WANTED);
    for (source, _) in WANTED {
        // What was said in the right form is an object, and so is its target.
        let Some(of_source) = new.get_mut(source).filter(|source| source.is_object()) else { continue };
        let target = &mut of_source["target"];
        let [value, average, share] =
            ["value", "averageValue", "averageUtilization"].map(|part| !target[part].is_null());
        let by_value = match source {
            "object" => !average,
            "external" => value,
            _ => false,
        };
        let zero = |value: &Value| value.as_str().and_then(quantity::nanos) == Some(0);
        if source == "object" && average && zero(&target["value"]) {
            target.as_object_mut().into_iter().for_each(|target| drop(target.remove("value")));
        }
        target["type"] = match (share, by_value) {
            (true, _) => "Utilization",
            (_, true) => "Value",
            _ => "AverageValue",
        }
        .into();
    }
    new
}

/// What is, from the first form into the second.
pub(super) fn current(old: &Value) -> Value {
    read(old, &CURRENT)
}

/// What is wanted, from the second form into the first.
pub(super) fn as_wanted(new: &Value) -> Value {
    write(new, &WANTED)
}

/// What is, from the second form into the first.
pub(super) fn as_current(new: &Value) -> Value {
    write(new, &CURRENT)
}

/// What is of a wrong type stays as it is, for others to find.
fn read(old: &Value, sources: &Sources) -> Value {
    if !old.is_object() {
        return old.clone();
    }
    let mut metric = json!({"type": ""});
    for field in ["type"].into_iter().chain(sources.iter().map(|(source, _)| *source)) {
        if !old[field].is_null() {
            metric[field] = old[field].clone();
        }
    }
    for (source, fields) in sources.iter().filter(|(source, _)| old[*source].is_object()) {
        let mut read = Map::new();
        for Field(name, path, unsaid) in *fields {
            let value = match (&old[*source][*name], unsaid) {
                (Value::Null, None) => continue,
                (Value::Null, Some(unsaid)) => json!(unsaid),
                (value, _) => value.clone(),
            };
            match path[1..].split_once('/') {
                None => drop(read.insert(path[1..].to_owned(), value)),
                Some((outer, inner)) => read.entry(outer).or_insert_with(|| json!({}))[inner] = value,
            }
        }
        metric[*source] = read.into();
    }
    metric
}

fn write(new: &Value, sources: &Sources) -> Value {
    let mut metric = json!({"type": new["type"].as_str().unwrap_or_default()});
    for (source, fields) in sources.iter().filter(|(source, _)| new[*source].is_object()) {
        let fields = fields.iter().filter_map(|Field(name, path, unsaid)| {
            let value = new[*source].pointer(path).filter(|value| !value.is_null()).cloned();
            Some(((*name).to_owned(), value.or_else(|| unsaid.map(Value::from))?))
        });
        metric[*source] = fields.collect();
    }
    metric
}
