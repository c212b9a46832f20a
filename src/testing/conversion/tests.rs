//! Whatever a client says, it is converted.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Fields, autoscaler, event};

fn fields(object: Value) -> Fields {
    object.as_object().cloned().expect("an object")
}

/// Names that mean something to a conversion.
const NAMES: &[&str] = &[
    "annotations",
    "averageUtilization",
    "averageValue",
    "behavior",
    "conditions",
    "container",
    "containerResource",
    "currentMetrics",
    "current",
    "external",
    "metadata",
    "metric",
    "metricName",
    "metrics",
    "name",
    "object",
    "pods",
    "Policies",
    "policies",
    "regarding",
    "resource",
    "scaleUp",
    "ScaleUp",
    "selector",
    "source",
    "spec",
    "status",
    "target",
    "targetAverageValue",
    "targetCPUUtilizationPercentage",
    "currentCPUUtilizationPercentage",
    "targetValue",
    "type",
    "value",
];

fn values() -> impl Strategy<Value = Value> {
    let names = || proptest::sample::select(NAMES);
    let words = proptest::sample::select(&["", "cpu", "Resource", "Object", "x", "0", "2"]).prop_map(Value::from);
    let scalars =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (-9..9).prop_map(Value::from), words];
    scalars.prop_recursive(6, 64, 5, move |inner| {
        let object = proptest::collection::btree_map(names(), inner.clone(), 0..5);
        prop_oneof![
            proptest::collection::vec(inner, 0..3).prop_map(Value::from),
            object.prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// Metrics of all sources, with whatever in them.
fn metrics() -> impl Strategy<Value = Value> {
    let sources = proptest::sample::select(&["object", "pods", "resource", "containerResource", "external"]);
    let metric = (sources, values()).prop_map(|(source, value)| json!({"type": "Object", source: value}));
    proptest::collection::vec(prop_oneof![metric, values()], 0..3).prop_map(Value::from)
}

/// An autoscaler of any version, and with whatever in it.
fn autoscaler_of(spec: &Value, status: &Value, annotations: [&Value; 4]) -> Fields {
    let [metrics, current, behavior, conditions] = annotations.map(Value::to_string);
    let annotations = json!({
        "autoscaling.alpha.kubernetes.io/metrics": metrics,
        "autoscaling.alpha.kubernetes.io/current-metrics": current,
        "autoscaling.alpha.kubernetes.io/behavior": behavior,
        "autoscaling.alpha.kubernetes.io/conditions": conditions,
    });
    fields(json!({"metadata": {"annotations": annotations}, "spec": spec, "status": status}))
}

/// There and back, whichever version it is of.
fn everywhere(object: &Fields) {
    for [first, second] in [[autoscaler::store, autoscaler::show], [autoscaler::show, autoscaler::store]] {
        let mut object = object.clone();
        first(&mut object);
        second(&mut object);
        autoscaler::forget(&mut object);
    }
    let mut object = object.clone();
    event::show(&mut object);
    event::store(&mut object);
}

#[test]
fn what_annotations_say_in_a_wrong_form_means_nothing() {
    let said = |metrics: &Value, others: &Value| {
        let mut object = autoscaler_of(&json!({}), &json!({}), [metrics, metrics, others, others]);
        autoscaler::store(&mut object);
        Value::Object(object)
    };
    let nothing = json!({"metadata": {}, "spec": {}, "status": {}});
    for source in ["object", "pods", "resource", "containerResource", "external"] {
        for wrong in [json!("x"), json!(5), json!([]), json!(true), json!([5])] {
            assert_eq!(said(&json!([{"type": "Object", source: wrong}]), &wrong), nothing, "{source}: {wrong}");
        }
    }
    for wrong in [json!("x"), json!(5), json!([]), json!(true), json!(null)] {
        assert_eq!(said(&wrong, &wrong), nothing, "{wrong}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_said_keeps_an_autoscaler_from_the_other_version(
        spec in values(), status in values(), metrics in metrics(), current in metrics(), behavior in values(),
        conditions in values(),
    ) {
        everywhere(&autoscaler_of(&spec, &status, [&metrics, &current, &behavior, &conditions]));
        let spec = json!({"metrics": metrics, "behavior": behavior});
        let status = json!({"currentMetrics": current, "conditions": conditions});
        everywhere(&autoscaler_of(&spec, &status, [&Value::Null; 4]));
    }

    #[test]
    fn nothing_at_all_keeps_an_object_from_another_version(object in values()) {
        if let Value::Object(object) = object {
            everywhere(&object);
        }
    }
}
