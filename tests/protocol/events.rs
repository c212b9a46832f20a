//! Events: two groups have the same ones and call what they tell differently.

use serde_json::{Map, Value, json};

use crate::{
    ground::{Ground, text},
    kinds::Kind,
    support::failure,
};

const OLDER: Kind = Kind::new("", "events", "Event");
const YOUNGER: Kind = Kind::new("events.k8s.io", "events", "Event");
const TIME: &str = "2024-01-02T03:04:05.678901Z";

/// An Event with this metadata and these fields, which may be null.
fn event(kind: &Kind, metadata: &Value, fields: Value) -> Value {
    let mut event = kind.object("", json!({}));
    let all = event.as_object_mut().expect("an object");
    all.extend(serde_json::from_value::<Map<_, _>>(fields).expect("fields"));
    event["metadata"] = metadata.clone();
    event
}

fn older(ground: &Ground, metadata: &Value) -> Value {
    let fields = json!({
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": ground.namespace}, "eventTime": TIME,
        "type": "Normal", "reason": "Made", "action": "Make", "message": "It is made.",
        "reportingComponent": "example.com/maker", "reportingInstance": "maker-1",
        "series": {"count": 2, "lastObservedTime": TIME},
        "source": {}, "firstTimestamp": null, "lastTimestamp": null,
    });
    event(&OLDER, metadata, fields)
}

fn younger(ground: &Ground, metadata: &Value) -> Value {
    let fields = json!({
        "regarding": {"kind": "Pod", "name": "p", "namespace": ground.namespace}, "eventTime": TIME,
        "type": "Normal", "reason": "Made", "action": "Make", "note": "It is made.",
        "reportingController": "example.com/maker", "reportingInstance": "maker-1",
        "series": {"count": 2, "lastObservedTime": TIME},
        "deprecatedSource": {}, "deprecatedFirstTimestamp": null, "deprecatedLastTimestamp": null,
    });
    event(&YOUNGER, metadata, fields)
}

pub async fn what_one_group_is_told_both_show(ground: Ground) {
    for told in [&YOUNGER, &OLDER] {
        let name = ground.name();
        let said = json!({"name": name});
        let said = if told.group.is_empty() { older(&ground, &said) } else { younger(&ground, &said) };
        let made = ground.make(&ground.all(told), &said).await;
        let metadata = &made["metadata"];
        assert_eq!(metadata["managedFields"][0]["apiVersion"], said["apiVersion"]);
        for (kind, event) in [(&OLDER, older(&ground, metadata)), (&YOUNGER, younger(&ground, metadata))] {
            assert_eq!(ground.get(&ground.one(kind, &name)).await.body, event);
            let mut item = event.clone();
            item.as_object_mut().expect("an object").retain(|field, _| field != "kind" && field != "apiVersion");
            assert_eq!(ground.get(&ground.all(kind)).await.body["items"], json!([item]));
            let mut again = event;
            again["metadata"] = json!({"name": name});
            let answer = ground.post(&ground.all(kind), &again).await;
            let message = format!("{} {name:?} already exists", kind.resource());
            assert_eq!(answer.body, failure(409, "AlreadyExists", &message, kind.details(&name)));
        }
        ground.delete(&ground.one(told, &name)).await;
    }
}

pub async fn what_one_group_changes_the_other_sees(ground: Ground) {
    let name = ground.name();
    let about = json!({"kind": "Pod", "name": "p", "namespace": ground.namespace});
    let (first, last) = ("2024-01-02T03:04:05Z", "2024-01-02T03:05:05Z");
    let fields = |count: u8, message: &str, last: &str| {
        json!({
            "involvedObject": about, "count": count, "message": message, "source": {"component": "c", "host": "h"},
            "firstTimestamp": first, "lastTimestamp": last, "eventTime": null,
            "reportingComponent": "", "reportingInstance": "",
        })
    };
    let made = ground.make(&ground.all(&OLDER), &event(&OLDER, &json!({"name": name}), fields(1, "once", first))).await;
    let since = text(&made["metadata"]["resourceVersion"]);
    let query = format!("watch=true&resourceVersion={since}&fieldSelector");
    let old_names = format!("{}?{query}=involvedObject.name%3Dp%2Csource%3Dc", ground.all(&OLDER));
    let new_names = format!("{}?{query}=regarding.name%3Dp", ground.all(&YOUNGER));
    let mut watches = [(&OLDER, ground.watch(&old_names).await), (&YOUNGER, ground.watch(&new_names).await)];

    let labelled = ground.merge(&ground.one(&YOUNGER, &name), &json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert_eq!(labelled.code, 200, "{labelled:?}");
    let twice = json!({"count": 2, "message": "twice", "lastTimestamp": last});
    let changed = ground.merge(&ground.one(&OLDER, &name), &twice).await.body;
    assert_eq!(changed, event(&OLDER, &changed["metadata"], fields(2, "twice", last)));
    let seen = ground.get(&ground.one(&YOUNGER, &name)).await.body;
    let fields = json!({
        "regarding": about, "deprecatedCount": 2, "note": "twice", "eventTime": null,
        "deprecatedSource": {"component": "c", "host": "h"},
        "deprecatedFirstTimestamp": first, "deprecatedLastTimestamp": last,
    });
    assert_eq!(seen, event(&YOUNGER, &changed["metadata"], fields));
    let applied = json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "reason": "Other"});
    let path = format!("{}?fieldManager=m&dryRun=All", ground.one(&YOUNGER, &name));
    let kept = ground.ask("PATCH", &path, Some(("application/apply-patch+yaml", &applied))).await;
    assert_eq!(kept.said().0, 422, "the reason stays: {kept:?}");

    let gone = ground.delete(&ground.one(&YOUNGER, &name)).await.body;
    let mut details = YOUNGER.details(&name);
    details["uid"] = changed["metadata"]["uid"].clone();
    assert_eq!(gone["details"], details);
    for (kind, watch) in &mut watches {
        let mut told = Vec::new();
        for _ in 0..3 {
            told.push(watch.next().await.expect("an event"));
        }
        let expected = if kind.group.is_empty() { &changed } else { &seen };
        let types: Vec<_> = told.iter().map(|event| text(&event["type"])).collect();
        assert_eq!(types, ["MODIFIED", "MODIFIED", "DELETED"]);
        assert_eq!((&told[0]["object"]["metadata"], &told[1]["object"]), (&labelled.body["metadata"], expected));
        let missing = ground.get(&ground.one(kind, &name)).await;
        let message = format!("{} {name:?} not found", kind.resource());
        assert_eq!(missing.body, failure(404, "NotFound", &message, kind.details(&name)));
    }
}
