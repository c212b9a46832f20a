//! Jobs select their pods by their own uid.

use serde_json::{Map, Value, json};

use super::{super::kinds::Kind, Fields, at};

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
    let selector = spec.entry("selector").or_insert_with(|| json!({})).as_object_mut();
    let selected = selector.map(|selector| selector.entry("matchLabels").or_insert_with(|| json!({})));
    if let Some(selected) = selected.and_then(Value::as_object_mut) {
        selected.entry(UID).or_insert(uid);
    }
}

/// Whether a Job has no labels and so has those of its pods, with all that they are given later.
pub(in super::super) fn shares_labels(kind: &Kind, job: &Fields) -> bool {
    let labels = at(job, "metadata")["labels"].as_object();
    kind.is("batch", "jobs") && labels.is_none_or(Map::is_empty)
}

/// Gives a new Job the labels of its pods.
pub(in super::super) fn share_labels(job: &mut Fields) {
    let labels = at(job, "spec")["template"]["metadata"]["labels"].clone();
    if let Some(metadata) = job.get_mut("metadata").and_then(Value::as_object_mut).filter(|_| labels.is_object()) {
        metadata.insert("labels".to_owned(), labels);
    }
}
