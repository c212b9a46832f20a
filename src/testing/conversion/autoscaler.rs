//! HorizontalPodAutoscalers: the first version knows one number, of the processor's use. What else the second one says,
//! the first keeps as texts in annotations.
//!
//! Not here: the defaults of both, which are the same.

use serde_json::{Map, Value, json};

use super::{Fields, metric};
use crate::testing::{
    quoted::html_safe,
    shape::{Shape, Shapes, decode},
};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
/// Once there were two more. They mean nothing now, and go with the others.
const ANNOTATIONS: [&str; 6] = [
    METRICS,
    CURRENT_METRICS,
    CONDITIONS,
    BEHAVIOR,
    "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
    "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
];

/// The processor's use, as it should be and as it is.
const TARGET: &str = "targetCPUUtilizationPercentage";
const CURRENT: &str = "currentCPUUtilizationPercentage";

/// The fields of a behavior, which is written as the server has it inside.
const OF_BEHAVIOR: [(&str, &str); 2] = [("ScaleUp", "scaleUp"), ("ScaleDown", "scaleDown")];
const OF_RULES: [(&str, &str); 4] = [
    ("StabilizationWindowSeconds", "stabilizationWindowSeconds"),
    ("SelectPolicy", "selectPolicy"),
    ("Policies", "policies"),
    ("Tolerance", "tolerance"),
];
const OF_POLICY: [(&str, &str); 3] = [("Type", "type"), ("Value", "value"), ("PeriodSeconds", "periodSeconds")];

/// The order in which the server writes what it keeps in annotations. Other fields follow by name.
const ORDER: [&str; 38] = [
    "type",
    "status",
    "lastTransitionTime",
    "reason",
    "message",
    "object",
    "pods",
    "resource",
    "containerResource",
    "external",
    "kind",
    "name",
    "apiVersion",
    "target",
    "metricName",
    "metricSelector",
    "targetValue",
    "currentValue",
    "targetAverageUtilization",
    "currentAverageUtilization",
    "targetAverageValue",
    "currentAverageValue",
    "selector",
    "averageValue",
    "container",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "values",
    "ScaleUp",
    "StabilizationWindowSeconds",
    "SelectPolicy",
    "Type",
    "Value",
    "PeriodSeconds",
    "Policies",
    "Tolerance",
];

/// Makes an autoscaler of the second version of one of the first. An annotation that cannot be read says nothing.
pub(super) fn store(object: &mut Fields) {
    let said = taken(object);
    let list = |name: &str, item: &str, made: fn(&Value) -> Value| {
        let items = said.get(name)?.as_array()?.iter();
        items.map(|value| typed(&made(value), Shapes::built_in().named(item))).collect::<Option<Vec<_>>>()
    };
    let behavior = said.get(BEHAVIOR).and_then(|behavior| {
        let behavior = behavior_of(behavior);
        typed(&behavior, Shapes::built_in().named("autoscaling.v2.HorizontalPodAutoscalerBehavior"))
    });
    let part = |object: &mut Fields, name: &str| match object.entry(name).or_insert_with(|| json!({})) {
        Value::Object(fields) => Some(std::mem::take(fields)),
        _ => None,
    };
    if let Some(mut spec) = part(object, "spec") {
        let mut metrics = list(METRICS, "autoscaling.v2.MetricSpec", metric::wanted).unwrap_or_default();
        metrics.extend(spec.remove(TARGET).filter(|share| !share.is_null()).map(|share| {
            let target = json!({"type": "Utilization", "averageUtilization": share});
            json!({"type": "Resource", "resource": {"name": "cpu", "target": target}})
        }));
        put(&mut spec, "metrics", metrics);
        let says = |behavior: &Value| behavior.as_object().is_some_and(|rules| !rules.is_empty());
        if let Some(behavior) = behavior.filter(says) {
            spec.insert("behavior".to_owned(), behavior);
        }
        object.insert("spec".to_owned(), spec.into());
    }
    if let Some(mut status) = part(object, "status") {
        let share = status.remove(CURRENT).filter(|share| !share.is_null()).map(|share| {
            let resource = json!({"name": "cpu", "current": {"averageUtilization": share}});
            json!({"type": "Resource", "resource": resource})
        });
        let metrics = list(CURRENT_METRICS, "autoscaling.v2.MetricStatus", metric::current);
        put(&mut status, "currentMetrics", metrics.unwrap_or_else(|| share.into_iter().collect()));
        let conditions = list(CONDITIONS, "autoscaling.v2.HorizontalPodAutoscalerCondition", Value::clone);
        put(&mut status, "conditions", conditions.unwrap_or_default());
        if status.get("currentReplicas").is_some_and(|count| *count == 0) {
            status.remove("currentReplicas");
        }
        object.insert("status".to_owned(), status.into());
    }
}

/// Makes an autoscaler of the first version of one of the second.
pub(super) fn show(object: &mut Fields) {
    taken(object);
    let mut notes = Vec::new();
    if let Some(Value::Object(spec)) = object.get_mut("spec") {
        let (shares, others): (Vec<_>, _) = list(spec.remove("metrics"))
            .into_iter()
            .partition(|metric| !share_of_processor(metric, "target").is_null());
        if let Some(first) = shares.first() {
            spec.insert(TARGET.to_owned(), share_of_processor(first, "target").clone());
        }
        notes.push((METRICS, written(others.iter().map(metric::as_wanted))));
        notes.push((BEHAVIOR, spec.remove("behavior").map(|behavior| text(&shown_behavior(&behavior)))));
    }
    if let Some(Value::Object(status)) = object.get_mut("status") {
        let metrics = list(status.remove("currentMetrics"));
        let mut shares = metrics.iter().map(|metric| share_of_processor(metric, "current"));
        if let Some(last) = shares.rfind(|share| !share.is_null()) {
            status.insert(CURRENT.to_owned(), last.clone());
        }
        notes.push((CURRENT_METRICS, written(metrics.iter().map(metric::as_current))));
        notes.push((CONDITIONS, written(list(status.remove("conditions")).into_iter())));
        status.entry("currentReplicas").or_insert_with(|| 0.into());
    }
    let mut notes = notes.into_iter().filter_map(|(name, note)| Some((name.to_owned(), note?.into()))).peekable();
    if notes.peek().is_some()
        && let Value::Object(metadata) = object.entry("metadata").or_insert_with(|| json!({}))
        && let Value::Object(annotations) = metadata.entry("annotations").or_insert_with(|| json!({}))
    {
        annotations.extend(notes);
    }
}

/// To the second version the annotations of the first mean nothing.
pub(super) fn forget(object: &mut Fields) {
    taken(object);
}

/// What the annotations say, which are taken away.
fn taken(object: &mut Fields) -> Fields {
    let mut said = Map::new();
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return said };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else { return said };
    for name in ANNOTATIONS {
        let text = annotations.remove(name);
        let read = text.as_ref().and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
        said.extend(read.map(|read: Value| (name.to_owned(), read)));
    }
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
    said
}

/// A value without what its type does not have, if it is of that type.
fn typed(value: &Value, shape: Shape<'_>) -> Option<Value> {
    decode::convert(value, shape).ok().map(|decoded| decoded.value)
}

fn put(fields: &mut Fields, name: &str, items: Vec<Value>) {
    if !items.is_empty() {
        fields.insert(name.to_owned(), items.into());
    }
}

fn list(items: Option<Value>) -> Vec<Value> {
    match items {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// How much of the processor a metric is about, in percent, where it is.
fn share_of_processor<'m>(metric: &'m Value, field: &str) -> &'m Value {
    match &metric["resource"] {
        resource if metric["type"] == "Resource" && resource["name"] == "cpu" => &resource[field]["averageUtilization"],
        _ => &Value::Null,
    }
}

/// A behavior as the server has it inside, every field of it.
fn shown_behavior(behavior: &Value) -> Value {
    shown(behavior, &OF_BEHAVIOR, |_, rules| {
        shown(rules, &OF_RULES, |field, value| match value {
            Value::Array(policies) if field == "policies" => {
                policies.iter().map(|policy| shown(policy, &OF_POLICY, |_, value| value.clone())).collect()
            }
            value => value.clone(),
        })
    })
}

fn shown(value: &Value, names: &[(&str, &str)], part: impl Fn(&str, &Value) -> Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    names.iter().map(|(inner, outer)| ((*inner).to_owned(), part(outer, &value[*outer]))).collect()
}

/// A behavior as clients have it. Its fields are known in capitals and small letters.
fn behavior_of(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let known = || OF_BEHAVIOR.iter().chain(&OF_RULES).chain(&OF_POLICY);
            let named = |name: &String| known().find(|(inner, _)| inner.eq_ignore_ascii_case(name));
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            fields.filter_map(|(name, value)| Some((named(name)?.1.to_owned(), behavior_of(value)))).collect()
        }
        Value::Array(items) => items.iter().map(behavior_of).collect(),
        other => other.clone(),
    }
}

/// Items as an annotation, where there are any.
fn written(items: impl Iterator<Item = Value>) -> Option<String> {
    let items: Vec<_> = items.collect();
    (!items.is_empty()).then(|| text(&items.into()))
}

/// A value as the server writes it into an annotation.
fn text(value: &Value) -> String {
    fn write(text: &mut String, value: &Value) {
        let separator = |text: &mut String, place: usize| {
            if place > 0 {
                text.push(',');
            }
        };
        match value {
            Value::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by_key(|(name, _)| ORDER.iter().position(|first| first == name).unwrap_or(ORDER.len()));
                text.push('{');
                for (place, (name, value)) in fields.into_iter().enumerate() {
                    separator(text, place);
                    *text += &format!("{}:", json!(name));
                    // Labels have no order but that of their names.
                    if name == "matchLabels" { *text += &value.to_string() } else { write(text, value) }
                }
                text.push('}');
            }
            Value::Array(items) => {
                text.push('[');
                for (place, item) in items.iter().enumerate() {
                    separator(text, place);
                    write(text, item);
                }
                text.push(']');
            }
            scalar => *text += &scalar.to_string(),
        }
    }
    let mut text = String::new();
    write(&mut text, value);
    html_safe(&text)
}
