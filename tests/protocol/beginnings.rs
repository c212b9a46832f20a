//! What the server sets in a new object on its own, and what it counts.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::DEPLOYMENTS,
    subject::without_owners,
    support::{failure, soon},
};

fn containers() -> Value {
    json!([{"name": "c", "image": "i"}])
}

fn pods(ground: &Ground) -> String {
    format!("/api/v1/namespaces/{}/pods", ground.namespace)
}

pub async fn what_the_server_says_is_taken_from_nobody_else(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let said = json!({
        "uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z", "selfLink": "/x", "generation": 9,
        "deletionTimestamp": "2001-01-01T00:00:00Z", "deletionGracePeriodSeconds": 5, "labels": {"a": "b"},
    });
    let mut created = without_owners(ground.create(kind, &name, said).await);
    let uid = created["metadata"]["uid"].as_str().expect("an identity");
    let is_random = uid.len() == 36 && &uid[14..15] == "4" && "89ab".contains(&uid[19..20]);
    assert!(is_random, "{uid}");
    let time: jiff::Timestamp =
        created["metadata"]["creationTimestamp"].as_str().expect("a time").parse().expect("a time");
    assert!(time.as_second() > 1_600_000_000);
    let metadata = created["metadata"].as_object_mut().expect("metadata");
    let version = metadata.remove("resourceVersion").expect("a version");
    assert!(version.as_str().is_some_and(|version| version.parse::<u64>().is_ok()), "{version}");
    metadata.retain(|field, _| !["uid", "creationTimestamp"].contains(&field.as_str()));
    let mut expected = json!({"name": name, "labels": {"a": "b"}});
    if !kind.cluster {
        expected["namespace"] = ground.namespace.as_str().into();
    }
    // Kinds that count nothing keep what they are told.
    expected["generation"] = if kind.is_custom() { 1 } else { 9 }.into();
    assert_eq!(created["metadata"], expected);
}

pub async fn a_generation_counts_what_counts(ground: Ground) {
    let name = ground.name();
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers()}});
    let spec = json!({"selector": {"matchLabels": {"a": "b"}}, "template": template});
    let daemons = format!("/apis/apps/v1/namespaces/{}/daemonsets", ground.namespace);
    let object = |kind: &str| json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    ground.make(&ground.all(&DEPLOYMENTS), &object("Deployment")).await;
    ground.make(&daemons, &object("DaemonSet")).await;
    let annotated = json!({"metadata": {"annotations": {"x": "y"}}});
    for (change, generation) in [
        (json!({"metadata": {"labels": {"x": "y"}}}), 1),
        (json!({"status": {"replicas": 5}}), 1),
        (annotated.clone(), 2),
        (json!({"spec": {"replicas": 5}}), 3),
        (json!({"spec": {"replicas": 5}}), 3),
    ] {
        let patched = ground.merge(&ground.one(&DEPLOYMENTS, &name), &change).await.body;
        assert_eq!(patched["metadata"]["generation"], generation, "{change}");
    }
    let patched = ground.merge(&format!("{daemons}/{name}"), &annotated).await.body;
    assert_eq!(patched["metadata"]["generation"], 1);
}

pub async fn a_pod_has_the_priority_of_its_class(ground: Ground) {
    let (classes, class) = ("/apis/scheduling.k8s.io/v1/priorityclasses", ground.name());
    let object = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": class}, "value": 7,
        "preemptionPolicy": "Never",
    });
    ground.make(classes, &object).await;
    let pod = |class: &str| {
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
            "spec": {"containers": containers(), "priorityClassName": class},
        })
    };
    // The server's own memory of the class is filled a moment later, which nothing tells of.
    let spec = soon(async {
        loop {
            let answer = ground.post(&pods(&ground), &pod(&class)).await;
            if answer.code == 201 {
                break answer.body["spec"].clone();
            }
            assert_eq!(answer.code, 403, "{answer:?}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!((&spec["priority"], &spec["preemptionPolicy"]), (&json!(7), &json!("Never")));
    let computed = "must not be provided in pod spec; priority admission controller computed";
    for (field, value, why) in [
        ("priority", json!(8), format!("the integer value of priority (8) {computed} 7")),
        (
            "preemptionPolicy",
            json!("PreemptLowerPriority"),
            format!("the string value of PreemptionPolicy (PreemptLowerPriority) {computed} Never"),
        ),
    ] {
        let mut other = pod(&class);
        other["spec"][field] = value;
        let message = format!("pods \"p\" is forbidden: {why} from the given PriorityClass name");
        assert_eq!(ground.post(&pods(&ground), &other).await.said(), (403, message));
    }
    let missing = ground.name() + "-none";
    let message = format!("pods \"p\" is forbidden: no PriorityClass with name {missing} was found");
    assert_eq!(ground.post(&pods(&ground), &pod(&missing)).await.said(), (403, message));
    assert_eq!(ground.delete(&format!("{classes}/{class}")).await.code, 200);
}

pub async fn a_job_selects_its_pods_by_its_uid(ground: Ground) {
    let all = format!("/apis/batch/v1/namespaces/{}/jobs", ground.namespace);
    let template = json!({"spec": {"restartPolicy": "Never", "containers": containers()}});
    let job =
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": template}});
    let job = ground.make(&all, &job).await;
    let uid = &job["metadata"]["uid"];
    let labels = json!({
        "job-name": "j", "batch.kubernetes.io/job-name": "j",
        "controller-uid": uid, "batch.kubernetes.io/controller-uid": uid,
    });
    assert_eq!(job["spec"]["selector"], json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}));
    assert_eq!((&job["spec"]["template"]["metadata"]["labels"], &job["metadata"]["labels"]), (&labels, &labels));
}

pub async fn long_names_are_cut_before_what_makes_them_new(ground: Ground) {
    let (kind, prefix) = (ground.kind(), format!("{}-{}", ground.name(), "x".repeat(80)));
    let mut object = kind.object("", json!({"generateName": prefix}));
    object["metadata"].as_object_mut().and_then(|metadata| metadata.remove("name"));
    let created = ground.make(&ground.all(kind), &object).await;
    let name = created["metadata"]["name"].as_str().expect("a name");
    assert_eq!((name.len(), &name[..58], &created["metadata"]["generateName"]), (63, &prefix[..58], &json!(prefix)));
}

pub async fn what_is_only_tried_may_have_a_version(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let object = kind.object(&name, json!({"resourceVersion": "5"}));
    let tried = ground.post(&format!("{}?dryRun=All", ground.all(kind)), &object).await;
    assert_eq!((tried.code, &tried.body["metadata"]["resourceVersion"]), (201, &json!("5")));
    let why = "resourceVersion should not be set on objects to be created";
    assert_eq!(ground.post(&ground.all(kind), &object).await.body, failure(500, "", why, json!(null)));
}
