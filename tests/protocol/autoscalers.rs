//! HorizontalPodAutoscalers: two versions, of which the first keeps in annotations what it has no fields for.

use serde_json::{Value, json};

use crate::{
    ground::{Ground, text},
    kinds::Kind,
    owners::APPLY,
    support::merge,
};

const FIRST: Kind = Kind::new("autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler");
const SECOND: Kind = Kind { version: "v2", ..FIRST };
const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
const DAWN: &str = "2024-01-02T03:04:05Z";

/// An autoscaler, but for these parts of it.
fn autoscaler(kind: &Kind, name: &str, metadata: Value, spec: &Value) -> Value {
    let mut object = kind.object(name, metadata);
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"});
    object["spec"] = json!({"scaleTargetRef": target, "maxReplicas": 3});
    merge(&mut object["spec"], spec);
    object
}

fn annotation(name: &str) -> String {
    format!("autoscaling.alpha.kubernetes.io/{name}")
}

fn metric(kind: &str, member: &str, metric: Value) -> Value {
    json!({"type": kind, member: metric})
}

/// How much of the processor should be used.
fn share(percent: usize) -> Value {
    metric(
        "Resource",
        "resource",
        json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}}),
    )
}

/// The object as both versions show it now.
async fn both(ground: &Ground, name: &str) -> [Value; 2] {
    let [first, second] = [&FIRST, &SECOND].map(|kind| ground.one(kind, name));
    [ground.get(&first).await.body, ground.get(&second).await.body]
}

/// Metrics of all sources, and what the annotation of the first version says of all but the first.
fn metrics(percent: usize) -> (Value, &'static str) {
    let selector = json!({"matchLabels": {"name": "x", "app": "y"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]});
    let described = json!({"kind": "Ingress", "name": "<main>", "apiVersion": "networking.k8s.io/v1"});
    let metrics = json!([
        share(percent),
        metric(
            "Resource",
            "resource",
            json!({"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}})
        ),
        metric(
            "ContainerResource",
            "containerResource",
            json!({
                "name": "cpu", "container": "c", "target": {"type": "Utilization", "averageUtilization": 5}
            })
        ),
        metric(
            "Pods",
            "pods",
            json!({
                "metric": {"name": "p", "selector": selector}, "target": {"type": "AverageValue", "averageValue": "1500m"}
            })
        ),
        metric(
            "Object",
            "object",
            json!({
                "describedObject": described, "metric": {"name": "o"}, "target": {"type": "Value", "value": "2"}
            })
        ),
        metric(
            "Object",
            "object",
            json!({
                "describedObject": described, "metric": {"name": "o"}, "target": {"type": "AverageValue", "averageValue": "3"}
            })
        ),
        metric(
            "External",
            "external",
            json!({
                "metric": {"name": "e", "selector": {"matchLabels": {"a": "b"}}}, "target": {"type": "AverageValue", "averageValue": "4"}
            })
        ),
    ]);
    let said = concat!(
        r#"[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}},"#,
        r#"{"type":"ContainerResource","containerResource":{"name":"cpu","targetAverageUtilization":5,"container":"c"}},"#,
        r#"{"type":"Pods","pods":{"metricName":"p","targetAverageValue":"1500m","selector":{"matchLabels":{"app":"y","name":"x"},"#,
        r#""matchExpressions":[{"key":"k","operator":"In","values":["v"]}]}}},"#,
        r#"{"type":"Object","object":{"target":{"kind":"Ingress","name":"\u003cmain\u003e","apiVersion":"networking.k8s.io/v1"},"#,
        r#""metricName":"o","targetValue":"2"}},"#,
        r#"{"type":"Object","object":{"target":{"kind":"Ingress","name":"\u003cmain\u003e","apiVersion":"networking.k8s.io/v1"},"#,
        r#""metricName":"o","targetValue":"0","averageValue":"3"}},"#,
        r#"{"type":"External","external":{"metricName":"e","metricSelector":{"matchLabels":{"a":"b"}},"targetAverageValue":"4"}}]"#,
    );
    (metrics, said)
}

pub async fn what_the_first_version_has_no_fields_for_it_keeps_in_annotations(ground: Ground) {
    let (name, percent) = (ground.name(), 1 + ground.below(100));
    let (metrics, said) = metrics(percent);
    let behavior =
        json!({"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 20}], "tolerance": "0.1"}});
    let spec = json!({"minReplicas": 2, "metrics": metrics, "behavior": behavior});
    let made =
        ground.make(&ground.all(&SECOND), &autoscaler(&SECOND, &name, json!({"annotations": {"a": "b"}}), &spec)).await;
    let [first, second] = both(&ground, &name).await;
    assert_eq!((&second, &second["spec"]["metrics"]), (&made, &metrics));
    assert_eq!(second["metadata"]["annotations"], json!({"a": "b"}));
    let behavior = concat!(
        r#"{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":2,"PeriodSeconds":20}],"#,
        r#""Tolerance":"100m"},"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","#,
        r#""Policies":[{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null}}"#,
    );
    let mut metadata = second["metadata"].clone();
    metadata["annotations"] = json!({"a": "b", annotation("metrics"): said, annotation("behavior"): behavior});
    let mut expected =
        autoscaler(&FIRST, &name, metadata, &json!({"minReplicas": 2, "targetCPUUtilizationPercentage": percent}));
    expected["status"] = json!({"currentReplicas": 0, "desiredReplicas": 0});
    assert_eq!(first, expected);

    // Sent back as it is, it is the same again but for the order of the metrics.
    let kept = ground.put(&ground.one(&FIRST, &name), &first).await;
    assert_eq!((kept.code, &kept.body["spec"]), (200, &first["spec"]));
    let mut metrics = metrics.as_array().expect("metrics").clone();
    metrics.rotate_left(1);
    assert_eq!(both(&ground, &name).await[1]["spec"]["metrics"], json!(metrics));
}

pub async fn what_is_said_to_the_first_version_is_a_metric_of_the_second(ground: Ground) {
    let percent = 1 + ground.below(100);
    let pods = r#"[{"type":"Pods","pods":{"metricName":"q","targetAverageValue":"1000m"}}]"#;
    let of_pods = metric(
        "Pods",
        "pods",
        json!({"metric": {"name": "q"}, "target": {"type": "AverageValue", "averageValue": "1"}}),
    );
    let number = json!({"targetCPUUtilizationPercentage": percent});
    for (annotations, spec, expected) in [
        (json!({}), json!({}), json!([share(80)])),
        (json!({}), number.clone(), json!([share(percent)])),
        (json!({annotation("metrics"): pods}), json!({}), json!([of_pods])),
        (json!({annotation("metrics"): pods}), number.clone(), json!([of_pods, share(percent)])),
        (json!({annotation("metrics"): "[{\"type\":1}]"}), number.clone(), json!([share(percent)])),
        (json!({annotation("metrics"): "{"}), json!({}), json!([share(80)])),
    ] {
        let name = ground.name();
        let metadata = json!({"annotations": annotations});
        let made = ground.make(&ground.all(&FIRST), &autoscaler(&FIRST, &name, metadata.clone(), &spec)).await;
        let [first, second] = both(&ground, &name).await;
        assert_eq!(made, first);
        assert_eq!(
            (&second["spec"]["metrics"], &second["spec"]["minReplicas"]),
            (&expected, &json!(1)),
            "{annotations}"
        );
        assert_eq!(second["metadata"].get("annotations"), None);

        // To the second version these annotations mean nothing.
        let other = ground.name();
        ground.make(&ground.all(&SECOND), &autoscaler(&SECOND, &other, metadata, &json!({}))).await;
        let [_, second] = both(&ground, &other).await;
        assert_eq!((&second["spec"]["metrics"], second["metadata"].get("annotations")), (&json!([share(80)]), None));
    }
    let name = ground.name();
    let rules = r#"{"scaleup":{"selectpolicy":"Min","Policies":[{"type":"Pods","value":2,"periodSeconds":15}]}}"#;
    let metadata = json!({"annotations": {annotation("behavior"): rules}});
    ground.make(&ground.all(&FIRST), &autoscaler(&FIRST, &name, metadata, &json!({}))).await;
    let rule = |kind: &str, value: u8| json!([{"type": kind, "value": value, "periodSeconds": 15}]);
    let expected = json!({
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Min", "policies": rule("Pods", 2)},
        "scaleDown": {"selectPolicy": "Max", "policies": rule("Percent", 100)},
    });
    assert_eq!(both(&ground, &name).await[1]["spec"]["behavior"], expected);
}

pub async fn what_annotations_say_in_a_wrong_form_means_nothing(ground: Ground) {
    let mut texts: Vec<_> = [json!("x"), json!(5), json!([]), json!({"x": []}), json!(true), json!(null)].into();
    for source in ["object", "pods", "resource", "containerResource", "external"] {
        for wrong in [json!("x"), json!(5), json!([]), json!(true), json!([{}])] {
            texts.push(json!([{"type": "Object", source: wrong}]));
        }
    }
    for (source, field) in [
        ("object", "target"),
        ("object", "targetValue"),
        ("pods", "metricName"),
        ("resource", "name"),
        ("containerResource", "container"),
        ("external", "metricSelector"),
    ] {
        texts.push(json!([{"type": "Object", source: {field: [true]}}]));
    }
    for text in texts {
        let name = ground.name();
        // What a metric says is also a condition that says little.
        let condition = if text.is_array() { json!([5]) } else { text.clone() };
        let said = [("metrics", &text), ("current-metrics", &text), ("behavior", &text), ("conditions", &condition)];
        let annotations: Value =
            said.map(|(name, text)| (annotation(name), Value::from(text.to_string()))).into_iter().collect();
        let metadata = json!({"annotations": annotations});
        let first = autoscaler(&FIRST, &name, metadata, &json!({}));
        let made = ground.make(&ground.all(&FIRST), &first).await;
        assert_eq!(
            (&made["metadata"].get("annotations"), &made["spec"]["targetCPUUtilizationPercentage"]),
            (&None, &json!(80)),
            "{text}"
        );
        let kept = ground.put(&format!("{}/status", ground.one(&FIRST, &name)), &first).await;
        assert_eq!(kept.code, 200, "{text}");
        let second = both(&ground, &name).await[1].clone();
        assert_eq!(second["spec"]["metrics"], json!([share(80)]), "{text}");
        assert_eq!(second["spec"].get("behavior"), None, "{text}");
    }
}

pub async fn a_status_is_told_by_both_versions(ground: Ground) {
    let (name, percent) = (ground.name(), ground.below(100));
    ground.make(&ground.all(&SECOND), &autoscaler(&SECOND, &name, json!({}), &json!({}))).await;
    let metrics = json!([
        metric(
            "Resource",
            "resource",
            json!({"name": "cpu", "current": {"averageUtilization": percent, "averageValue": "3"}})
        ),
        metric("External", "external", json!({"metric": {"name": "m"}, "current": {"averageValue": "4"}})),
    ]);
    let condition =
        json!({"type": "AbleToScale", "status": "True", "lastTransitionTime": DAWN, "reason": "R", "message": "m"});
    let status = json!({
        "lastScaleTime": DAWN, "currentReplicas": 2, "desiredReplicas": 3, "currentMetrics": metrics, "conditions": [condition],
    });
    let told = ground.merge(&format!("{}/status", ground.one(&SECOND, &name)), &json!({"status": status})).await;
    assert_eq!(told.code, 200, "{told:?}");
    let [first, second] = both(&ground, &name).await;
    assert_eq!(second["status"], status);
    let expected = json!({
        "lastScaleTime": DAWN, "currentReplicas": 2, "desiredReplicas": 3, "currentCPUUtilizationPercentage": percent,
    });
    assert_eq!(first["status"], expected);
    let metrics = format!(
        r#"[{{"type":"Resource","resource":{{"name":"cpu","currentAverageUtilization":{percent},"currentAverageValue":"3"}}}},{{"type":"External","external":{{"metricName":"m","currentValue":"0","currentAverageValue":"4"}}}}]"#
    );
    let conditions = format!(
        r#"[{{"type":"AbleToScale","status":"True","lastTransitionTime":"{DAWN}","reason":"R","message":"m"}}]"#
    );
    let annotations = json!({annotation("current-metrics"): metrics, annotation("conditions"): conditions});
    assert_eq!(first["metadata"]["annotations"], annotations);

    let status = json!({"status": {"currentCPUUtilizationPercentage": 7}});
    let told = ground.merge(&format!("{}/status", ground.one(&FIRST, &name)), &status).await;
    assert_eq!(told.code, 200, "{told:?}");
    // What the annotation says counts for more.
    assert_eq!(told.body["status"]["currentCPUUtilizationPercentage"], percent);
}

pub async fn lists_watches_and_tables_are_of_the_version_asked_for(ground: Ground) {
    let (name, percent) = (ground.name(), 1 + ground.below(100));
    let mut watches = Vec::new();
    for kind in [&FIRST, &SECOND] {
        let path = format!("{}?watch=true&fieldSelector=metadata.name%3D{name}", ground.all(kind));
        watches.push(ground.watch(&path).await);
    }
    let (metrics, _) = metrics(percent);
    let spec = json!({"metrics": metrics});
    ground.make(&ground.all(&SECOND), &autoscaler(&SECOND, &name, json!({}), &spec)).await;
    let shown = both(&ground, &name).await;
    for ((kind, watch), object) in [&FIRST, &SECOND].into_iter().zip(&mut watches).zip(&shown) {
        let event = watch.next().await.expect("an event");
        assert_eq!(event, json!({"type": "ADDED", "object": object}));
        let path = format!("{}?fieldSelector=metadata.name%3D{name}", ground.all(kind));
        let mut item = object.clone();
        item.as_object_mut().expect("an object").retain(|field, _| field != "kind" && field != "apiVersion");
        assert_eq!(ground.get(&path).await.body["items"], json!([item]));
        for (include, held) in [
            ("Object", object.clone()),
            (
                "Metadata",
                json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": shown[1]["metadata"]}),
            ),
        ] {
            let path = format!("{path}&includeObject={include}");
            let mut table = ground.ask_text("GET", &path, &[("Accept", TABLE)], "").await.body;
            table["rows"][0]["cells"][6].take();
            let targets = format!("cpu: <unknown>/{percent}%, memory: <unknown>/1Gi + 5 more...");
            let cells = json!([name, "Deployment/d", targets, "1", 3, 0, null]);
            assert_eq!(table["rows"], json!([{"cells": cells, "object": held}]));
        }
    }
}

pub async fn who_owns_something_in_one_version_may_lose_it_in_the_other(ground: Ground) {
    let name = ground.name();
    let pods = r#"[{"type":"Pods","pods":{"metricName":"q","targetAverageValue":"1"}}]"#;
    let metadata = json!({"annotations": {annotation("metrics"): pods, "a": "b"}});
    let spec = json!({"targetCPUUtilizationPercentage": 50});
    let object = autoscaler(&FIRST, &name, metadata, &spec);
    ground.make(&format!("{}?fieldManager=one", ground.all(&FIRST)), &object).await;
    let patch = json!({"spec": {"metrics": [share(60)]}});
    let changed = ground.merge(&format!("{}?fieldManager=two", ground.one(&SECOND, &name)), &patch).await;
    let owner = |entry: &Value| json!([entry["manager"], entry["apiVersion"], entry["fieldsV1"]]);
    let owners = |object: &Value| -> Vec<Value> {
        object["metadata"]["managedFields"].as_array().into_iter().flatten().map(owner).collect()
    };
    let one = json!({
        "f:metadata": {"f:annotations": {".": {}, "f:a": {}}},
        "f:spec": {"f:maxReplicas": {}, "f:minReplicas": {}, "f:scaleTargetRef": {}},
    });
    let two = json!({"f:spec": {"f:metrics": {}}});
    assert_eq!(owners(&changed.body), [json!(["one", "autoscaling/v1", one]), json!(["two", "autoscaling/v2", two])]);

    // Whoever applies another number meets the owner of the metrics.
    let configuration = json!({
        "apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "spec": {"targetCPUUtilizationPercentage": 70},
    });
    let path = ground.one(&FIRST, &name);
    let conflict = ground.ask("PATCH", &format!("{path}?fieldManager=three"), Some((APPLY, &configuration))).await;
    let causes = json!([{
        "reason": "FieldManagerConflict", "message": "conflict with \"two\" using autoscaling/v2", "field": ".spec.metrics",
    }]);
    assert_eq!((conflict.code, &conflict.body["details"]["causes"]), (409, &causes), "{conflict:?}");
    let path = format!("{path}?fieldManager=three&force=true");
    let taken = ground.ask("PATCH", &path, Some((APPLY, &configuration))).await;
    assert_eq!((taken.code, &taken.body["spec"]["targetCPUUtilizationPercentage"]), (200, &json!(70)), "{taken:?}");
    let three = json!({"f:spec": {"f:targetCPUUtilizationPercentage": {}}});
    let expected = [json!(["three", "autoscaling/v1", three]), json!(["one", "autoscaling/v1", one])];
    assert_eq!(owners(&taken.body), expected);
    let applied = |metrics: Value| json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": {"metrics": metrics}});

    // The same in the other version: who applied the number owns the metrics now.
    let path = format!("{}?fieldManager=three", ground.one(&SECOND, &name));
    let again = ground.ask("PATCH", &path, Some((APPLY, &applied(json!([share(90)]))))).await;
    let three = json!({"f:spec": {"f:metrics": {}}});
    let expected = [json!(["three", "autoscaling/v2", three]), json!(["one", "autoscaling/v1", one])];
    assert_eq!((again.code, owners(&again.body)), (200, expected.to_vec()), "{again:?}");
    assert_eq!(both(&ground, &name).await[0]["spec"]["targetCPUUtilizationPercentage"], 90);
}

pub async fn an_object_of_one_version_is_not_written_to_the_other(ground: Ground) {
    for (there, said) in [(&FIRST, &SECOND), (&SECOND, &FIRST)] {
        let name = ground.name();
        let answer = ground.post(&ground.all(there), &autoscaler(said, &name, json!({}), &json!({}))).await;
        let message = format!(
            "the API version in the data (autoscaling/{}) does not match the expected API version (autoscaling/{})",
            said.version, there.version
        );
        assert_eq!((answer.code, text(&answer.body["message"])), (400, message));
    }
    // But a patch may make one of the other.
    let name = ground.name();
    ground.make(&ground.all(&SECOND), &autoscaler(&SECOND, &name, json!({}), &json!({}))).await;
    let patch = json!({"apiVersion": "autoscaling/v1", "spec": {"targetCPUUtilizationPercentage": 33}});
    let patched = ground.merge(&ground.one(&SECOND, &name), &patch).await;
    let unknown =
        ["spec.metrics", "status.currentMetrics"].map(|field| format!("299 - \"unknown field \\\"{field}\\\"\""));
    assert_eq!((patched.code, patched.warnings()), (200, unknown.to_vec()));
    assert_eq!(
        (&patched.body["apiVersion"], &patched.body["spec"]["metrics"]),
        (&json!("autoscaling/v2"), &json!([share(33)]))
    );
}
