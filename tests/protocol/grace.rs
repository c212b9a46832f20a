//! The time that pods on nodes have to end.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground, text},
    support::merge,
};

fn all(ground: &Ground) -> String {
    format!("/api/v1/namespaces/{}/pods", ground.namespace)
}

/// A pod on a node that nobody has, with more fields. Returns its path.
async fn pod(ground: &Ground, fields: &Value) -> String {
    let name = ground.name();
    let spec = json!({"nodeName": "n", "containers": [{"name": "c", "image": "i"}]});
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec});
    merge(&mut pod, fields);
    ground.make(&all(ground), &pod).await;
    format!("{}/{name}", all(ground))
}

/// How long a pod has, and the seconds from its beginning to its end as far as that is a whole test.
fn left(pod: &Value) -> &Value {
    &pod["metadata"]["deletionGracePeriodSeconds"]
}

fn end(pod: &Value) -> jiff::Timestamp {
    text(&pod["metadata"]["deletionTimestamp"]).parse().expect("a time")
}

async fn delete(ground: &Ground, path: &str, parameters: &str) -> Answer {
    ground.delete(&format!("{path}?{parameters}")).await
}

pub async fn a_pod_on_a_node_has_time_to_end(ground: Ground) {
    let path = pod(&ground, &json!({})).await;
    let marked = ground.delete(&path).await;
    assert_eq!((marked.code, left(&marked.body), &marked.body["metadata"]["generation"]), (200, &json!(30), &json!(2)));
    let created: jiff::Timestamp = text(&marked.body["metadata"]["creationTimestamp"]).parse().expect("a time");
    // The request may have waited.
    assert!((30..90).contains(&end(&marked.body).duration_since(created).as_secs()), "{marked:?}");
    assert_eq!(ground.get(&path).await.body, marked.body);
}

pub async fn its_time_only_becomes_shorter(ground: Ground) {
    let path = pod(&ground, &json!({"spec": {"terminationGracePeriodSeconds": 20}})).await;
    let version = text(&ground.get(&path).await.body["metadata"]["resourceVersion"]);
    let mut ends = Vec::new();
    for (asked, seconds) in [
        ("gracePeriodSeconds=400", 400),
        ("", 400),
        ("gracePeriodSeconds=600", 400),
        ("gracePeriodSeconds=100", 100),
        ("gracePeriodSeconds=-7", 1),
    ] {
        let marked = delete(&ground, &path, asked).await;
        assert_eq!(left(&marked.body), seconds, "{asked}");
        ends.push(end(&marked.body));
    }
    assert!(ends[0] == ends[1] && ends[1] == ends[2] && ends[2] > ends[3] && ends[3] > ends[4], "{ends:?}");
    let gone = delete(&ground, &path, "gracePeriodSeconds=0").await;
    assert_eq!((gone.code, left(&gone.body)), (200, &json!(0)));
    assert_eq!(ground.get(&path).await.code, 404);
    let mut watch = ground.watch(&format!("{}?watch=true&resourceVersion={version}", all(&ground))).await;
    let told: Vec<_> = watch.told(5).await.into_iter().map(|(event, _)| event).collect();
    assert_eq!(told, ["MODIFIED", "MODIFIED", "MODIFIED", "MODIFIED", "DELETED"]);
}

pub async fn a_pod_without_a_node_goes_at_once_and_one_that_is_over_too(ground: Ground) {
    let path = pod(&ground, &json!({"spec": {"nodeName": null}})).await;
    ground.delete(&path).await;
    assert_eq!(ground.get(&path).await.code, 404);
    for phase in ["Succeeded", "Failed"] {
        let path = pod(&ground, &json!({})).await;
        ground.merge(&format!("{path}/status"), &json!({"status": {"phase": phase}})).await;
        ground.delete(&path).await;
        assert_eq!(ground.get(&path).await.code, 404, "{phase}");
    }
}

pub async fn the_last_finalizer_does_not_shorten_its_time(ground: Ground) {
    let path = pod(&ground, &json!({"metadata": {"finalizers": ["sea.example/a"]}})).await;
    let marked = ground.delete(&path).await;
    ground.merge(&path, &json!({"metadata": {"finalizers": null}})).await;
    let now = ground.get(&path).await;
    assert_eq!((now.code, left(&now.body), end(&now.body)), (200, &json!(30), end(&marked.body)));
    delete(&ground, &path, "gracePeriodSeconds=0").await;
    assert_eq!(ground.get(&path).await.code, 404);
}

pub async fn less_than_no_time_is_a_second(ground: Ground) {
    let path = pod(&ground, &json!({})).await;
    let marked = delete(&ground, &path, "gracePeriodSeconds=-1").await;
    assert_eq!((marked.code, left(&marked.body)), (200, &json!(1)));
    assert_eq!(ground.get(&path).await.body, marked.body);
}
