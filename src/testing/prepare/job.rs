//! Jobs select their pods by their own uid.

use serde_json::{Value, json};

use super::{Fields, at};

const UID: &str = "batch.kubernetes.io/controller-uid";

/// Labels the pods of a Job and selects them, unless its writer does that.
pub(super) fn select(job: &mut Fields) {
    if at(job, "spec")["manualSelector"] == true {
        return;
    }
    let (name, uid) = (at(job, "metadata")["name"].clone(), at(job, "metadata")["uid"].clone());
    let Some(spec) = job.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let made = |object: &mut Fields, field: &str| {
        object.entry(field).or_insert_with(|| json!({}));
    };
    let template = spec.get_mut("template").and_then(Value::as_object_mut);
    let metadata = template.and_then(|template| {
        made(template, "metadata");
        template.get_mut("metadata")?.as_object_mut()
    });
    let labels = metadata.and_then(|metadata| {
        made(metadata, "labels");
        metadata.get_mut("labels")?.as_object_mut()
    });
    let Some(labels) = labels else { return };
    for (label, value) in
        [("job-name", &name), ("batch.kubernetes.io/job-name", &name), ("controller-uid", &uid), (UID, &uid)]
    {
        labels.entry(label).or_insert_with(|| value.clone());
    }
    let labels = labels.clone();
    let selector = spec.entry("selector").or_insert_with(|| json!({})).as_object_mut();
    let selected = selector.map(|selector| selector.entry("matchLabels").or_insert_with(|| json!({})));
    if let Some(selected) = selected.and_then(Value::as_object_mut) {
        selected.entry(UID).or_insert(uid);
    }
    // A Job without labels takes those of its pods.
    if let Some(metadata) = job.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.entry("labels").or_insert_with(|| labels.into());
    }
}
