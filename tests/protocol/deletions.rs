//! Deletions with options: how they are said, what they mean, and which are refused.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground, text},
    kinds::{CONFIG_MAPS, DEPLOYMENTS},
    subject::Subject,
    support::config_map,
};

async fn delete(ground: &Ground, path: &str, options: &Value) -> Answer {
    ground.ask("DELETE", path, Some(("application/json", options))).await
}

fn containers() -> Value {
    json!([{"name": "c", "image": "i"}])
}

pub async fn options_come_from_the_body_or_else_from_the_parameters(ground: Ground) {
    let (kind, name) = (ground.built_in_kind(), ground.name());
    // It is held, so that nobody else ends it.
    ground.create(kind, &name, json!({"finalizers": ["example.com/x"]})).await;
    let one = ground.one(kind, &name);
    let path = format!("{one}?propagationPolicy=Orphan");
    let tried = delete(&ground, &path, &json!({"dryRun": ["All"]})).await;
    assert_eq!((tried.code, &tried.body["metadata"]["finalizers"]), (200, &json!(["example.com/x"])));
    assert_eq!(ground.get(&one).await.body["metadata"].get("deletionTimestamp"), None);
    let marked = ground.delete(&path).await;
    let mut finalizers: Vec<_> = marked.body["metadata"]["finalizers"].as_array().expect("finalizers").clone();
    finalizers.sort_by_key(text);
    assert_eq!((marked.code, finalizers), (200, vec![json!("example.com/x"), json!("orphan")]));
    ground.merge(&one, &json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(ground.get(&one).await.code, 404);
}

pub async fn options_that_mean_nothing_are_refused(ground: Ground) {
    let name = ground.name();
    ground.make(&ground.all(&CONFIG_MAPS), &config_map(&name, "1")).await;
    let path = ground.one(&CONFIG_MAPS, &name);
    let invalid = "DeleteOptions.meta.k8s.io \"\" is invalid: ";
    let policies = "\"Foreground\", \"Background\", \"Orphan\", \"nil\"";
    for (options, code, message) in [
        (
            json!({"kind": "Pod", "apiVersion": "v1"}),
            400,
            "no kind \"Pod\" is registered for version \"v1\" in scheme \"pkg/runtime/scheme.go:111\"".to_owned(),
        ),
        (
            json!({"gracePeriodSeconds": "soon"}),
            400,
            "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64"
                .to_owned(),
        ),
        (
            json!({"preconditions": {"uid": 5}}),
            400,
            "json: cannot unmarshal number into Go struct field Preconditions.preconditions.uid of type types.UID"
                .to_owned(),
        ),
        (
            json!({"orphanDependents": true, "propagationPolicy": "Orphan"}),
            422,
            format!(
                "{invalid}propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation cannot be both set"
            ),
        ),
        (
            json!({"propagationPolicy": "Away", "dryRun": ["Most"]}),
            422,
            format!(
                "{invalid}[propagationPolicy: Unsupported value: \"Away\": supported values: {policies}, dryRun: Unsupported value: [\"Most\"]: supported values: \"All\"]"
            ),
        ),
    ] {
        assert_eq!(delete(&ground, &path, &options).await.said(), (code, message), "{options}");
    }
    let said = ground.delete(&format!("{path}?gracePeriodSeconds=soon")).await.said();
    assert_eq!(said, (400, "strconv.ParseInt: parsing \"soon\": invalid syntax".to_owned()));
    assert_eq!(ground.get(&path).await.code, 200);
}

pub async fn a_mark_counts_as_a_generation(ground: Ground) {
    let subject = Subject::deployment(ground, &json!({"containers": containers()})).await;
    let held = json!({"metadata": {"finalizers": ["sea.example/a"]}});
    subject.ground.merge(&subject.path(), &held).await;
    let marked = subject.ground.delete(&subject.path()).await;
    assert_eq!((marked.code, &marked.body["metadata"]["generation"]), (200, &json!(2)));
    assert_eq!(marked.body["metadata"]["deletionGracePeriodSeconds"], 0);
    assert_eq!(subject.ground.delete(&subject.path()).await.body, marked.body);
    let freed = subject.ground.merge(&subject.path(), &json!({"metadata": {"finalizers": null}})).await;
    assert_eq!((freed.code, subject.ground.get(&subject.path()).await.code), (200, 404));
}

pub async fn who_asks_in_the_old_way_is_told_that_there_is_more_to_come(ground: Ground) {
    let (kind, name) = (ground.built_in_kind(), ground.name());
    ground.create(kind, &name, json!({"finalizers": ["sea.example/a"]})).await;
    let path = ground.one(kind, &name);
    assert_eq!(ground.delete(&format!("{path}?orphanDependents=false")).await.code, 202);
    assert_eq!(ground.delete(&path).await.code, 200);
    ground.merge(&path, &json!({"metadata": {"finalizers": null}})).await;
}

pub async fn a_policy_is_a_finalizer_until_someone_acts_on_it(ground: Ground) {
    if !ground.bare {
        return;
    }
    let (kind, name) = (ground.kind(), ground.name());
    ground.create(kind, &name, json!({})).await;
    let path = ground.one(kind, &name);
    for (policy, finalizer) in [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")] {
        let marked = ground.delete(&format!("{path}?propagationPolicy={policy}")).await;
        assert_eq!(marked.body["metadata"]["finalizers"], json!([finalizer]));
        // Without a word the policy stays.
        assert_eq!(ground.delete(&path).await.body, marked.body);
    }
    ground.delete(&format!("{path}?propagationPolicy=Background")).await;
    assert_eq!(ground.get(&path).await.code, 404);
}

pub async fn dependents_stay_where_nobody_collects_them(ground: Ground) {
    if !ground.bare {
        return;
    }
    let (kind, names) = (ground.namespaced_kind(), ground.names(2));
    let owner = ground.create(kind, &names[0], json!({})).await;
    let reference = json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": names[0], "uid": owner["metadata"]["uid"],
    });
    let dependent = ground.create(kind, &names[1], json!({"ownerReferences": [reference]})).await;
    ground.delete(&ground.one(kind, &names[0])).await;
    assert_eq!(ground.get(&ground.one(kind, &names[0])).await.code, 404);
    assert_eq!(ground.get(&ground.one(kind, &names[1])).await.body, dependent);
}

pub async fn pods_of_a_job_are_left_behind_with_a_warning(ground: Ground) {
    let all = format!("/apis/batch/v1/namespaces/{}/jobs", ground.namespace);
    let template = json!({"spec": {"restartPolicy": "Never", "containers": containers()}});
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "finalizers": ["example.com/x"]},
        "spec": {"template": template},
    });
    ground.make(&all, &job).await;
    let path = format!("{all}/j");
    let marked = ground.delete(&path).await;
    let warning = "299 - \"child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to \
                   remove them or set propagationPolicy=Orphan to suppress this warning\"";
    let finalizers = marked.body["metadata"]["finalizers"].as_array().expect("finalizers");
    assert_eq!((marked.warnings(), finalizers.contains(&json!("orphan"))), (vec![warning.to_owned()], true));
    let marked = ground.delete(&format!("{path}?propagationPolicy=Background")).await;
    assert_eq!((marked.warnings(), &marked.body["metadata"]["finalizers"]), (vec![], &json!(["example.com/x"])));
    ground.merge(&path, &json!({"metadata": {"finalizers": null}})).await;
}

pub async fn a_collection_is_deleted_as_far_as_its_options_reach(ground: Ground) {
    let kind = ground.quiet_kind();
    for (name, label) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "x")] {
        ground.create(kind, name, json!({"labels": {"of": label}})).await;
    }
    let delete = async |parameters: &str| {
        let list = ground.delete(&format!("{}?{parameters}", ground.all(kind))).await;
        let items = list.body["items"].as_array().expect("items");
        (list.code, items.iter().map(|item| text(&item["metadata"]["name"])).collect::<Vec<_>>().join(" "))
    };
    for (parameters, names) in [
        ("labelSelector=of%3Dx&dryRun=All", "a c d"),
        ("labelSelector=of%3Dx&limit=2", "a c"),
        ("fieldSelector=metadata.name%3Db", "b"),
        ("", "d"),
        ("", ""),
    ] {
        assert_eq!(delete(parameters).await, (200, names.to_owned()), "{parameters}");
    }
}

pub async fn they_answer_metadata_alone_where_they_answer_objects(ground: Ground) {
    let name = ground.name();
    let accounts = format!("/api/v1/namespaces/{}/serviceaccounts", ground.namespace);
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let mut metadata = ground.make(&accounts, &account).await["metadata"].take();
    let delete = async |path: &str, form: &str| {
        let accept = format!("application/json;as={form};g=meta.k8s.io;v=v1");
        ground.ask_text("DELETE", path, &[("accept", &accept)], "").await.body
    };
    let deleted = delete(&format!("{accounts}/{name}"), "PartialObjectMetadata").await;
    // It is told with the version of its end.
    assert_ne!(deleted["metadata"]["resourceVersion"], metadata["resourceVersion"]);
    metadata["resourceVersion"] = deleted["metadata"]["resourceVersion"].clone();
    let partial = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
    assert_eq!(deleted, partial);
    ground.create(&CONFIG_MAPS, &name, json!({})).await;
    assert_eq!(delete(&ground.one(&CONFIG_MAPS, &name), "PartialObjectMetadata").await["kind"], "Status");
    let list = delete(&ground.all(&DEPLOYMENTS), "PartialObjectMetadataList").await;
    assert_eq!((&list["kind"], &list["items"]), (&json!("PartialObjectMetadataList"), &json!(null)));
}

pub async fn pods_of_a_replication_controller_are_left_behind_without_a_word(ground: Ground) {
    let all = format!("/api/v1/namespaces/{}/replicationcontrollers", ground.namespace);
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers()}});
    let object = json!({
        "apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "r"},
        "spec": {"selector": {"a": "b"}, "template": template},
    });
    ground.make(&all, &object).await;
    let marked = ground.delete(&format!("{all}/r")).await;
    assert_eq!((marked.warnings(), &marked.body["metadata"]["finalizers"]), (vec![], &json!(["orphan"])));
}
