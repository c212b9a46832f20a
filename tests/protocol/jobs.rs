//! Jobs: what they are given.

use serde_json::{Value, json};

use crate::{ground::Ground, mistakes::within};

pub async fn one_without_labels_has_those_of_its_pods(ground: Ground) {
    let jobs = within("batch", "jobs", "Job");
    let names = ground.names(4);
    for (name, (own, of_pods)) in names.iter().zip([
        (Value::Null, json!({"a": "b"})),
        (json!({}), json!({"a": "b"})),
        (Value::Null, Value::Null),
        (json!({"a": "b"}), json!({"a": "b"})),
    ]) {
        let name = name.replace('.', "-");
        let mut job = jobs.object(&name, json!({"labels": own}));
        let spec = json!({"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"});
        job["spec"] = json!({"template": {"metadata": {"labels": of_pods}, "spec": spec}});
        let made = ground.make(&ground.all(&jobs), &job).await;
        let uid = &made["metadata"]["uid"];
        let mut labels = json!({
            "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name,
            "controller-uid": uid, "job-name": name,
        });
        if of_pods.is_object() {
            labels["a"] = "b".into();
        }
        assert_eq!(made["spec"]["template"]["metadata"]["labels"], labels);
        let shared = own.as_object().is_none_or(serde_json::Map::is_empty);
        assert_eq!(made["metadata"]["labels"], if shared { labels } else { own });
        let owned = &made["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"]["f:labels"];
        let expected = if of_pods.is_object() { json!({".": {}, "f:a": {}}) } else { Value::Null };
        assert_eq!(*owned, expected);
        assert_eq!(ground.get(&ground.one(&jobs, &name)).await.body, made);
    }
}
