//! The fake API server, as far as a real one cannot be asked: what it does in time, after compaction, and by the words of a
//! test. Its watches are in `tests/fake_watch`, and what both servers do is in `tests/protocol`.

use std::time::{Duration, SystemTime};

use kube_indexed_store::testing::{Clock, FakeCluster, objects};
use serde_json::{Value, json};
use tokio::time::Instant;

mod support;

use support::{
    config_map, failure,
    http::{CONFIG_MAPS, get, open, send},
    merge, panic, version,
};

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

fn status(code: u16, reason: &str, message: &str, details: Value) -> (u16, Value) {
    (code, failure(code, reason, message, details))
}

fn definition(group: &str, plural: &str, kind: &str, versions: &[&str]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .enumerate()
        .map(|(index, name)| {
            json!({
                "name": name, "served": true, "storage": index == 0, "subresources": {"status": {}},
                "selectableFields": [{"jsonPath": ".spec.x"}],
                "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                    "properties": {"spec": {
                        "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                        "properties": {"x": {"type": "string"}},
                    }},
                }},
            })
        })
        .collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind}, "versions": versions},
    })
}

#[tokio::test]
async fn a_definition_is_taken_with_a_warning_of_the_rules_in_it_that_cannot_be_evaluated() {
    let warning = |path: &str| {
        format!(
            "299 - \"spec.versions[0].schema.openAPIV3Schema{path}.x-kubernetes-validations[1]: this fake cluster does not \
             know semver, and skips the rule\""
        )
    };
    let field = |schema: Value| json!({"properties": {"spec": schema}});
    let rules = json!([{"rule": "type(self) == type(self)"}, {"rule": "semver('1.0.0').major() == 1"}]);
    let rules = json!({"type": "object", "x-kubernetes-validations": rules});
    let mut none = rules.clone();
    none["x-kubernetes-validations"] = json!([]);
    let list = json!({"type": "array", "items": rules.clone()});
    let map = json!({"type": "object", "additionalProperties": rules.clone()});
    let any_field = json!({"type": "object", "properties": {"x-kubernetes-validations": {"type": "string"}}});
    for (schema, warnings) in [
        (rules.clone(), vec![warning("")]),
        (field(rules), vec![warning(".properties[spec]")]),
        (field(list), vec![warning(".properties[spec].items")]),
        (field(map), vec![warning(".properties[spec].additionalProperties")]),
        (none, vec![]),
        (field(any_field), vec![]),
    ] {
        let mut definition = Value::from(objects::definition("example.com", "Thing", "things"));
        merge(&mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"], &schema);
        let cluster = FakeCluster::new();
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let headers = [("content-type", "application/json")];
        let answer = send(&cluster, "POST", path, &headers, &definition.to_string()).await;
        assert_eq!((answer.code, answer.warnings()), (201, warnings));

        let annotations = json!({"metadata": {"annotations": {"a": "b"}}}).to_string();
        let headers = [("content-type", "application/merge-patch+json")];
        let answer = send(&cluster, "PATCH", &format!("{path}/things.example.com"), &headers, &annotations).await;
        assert_eq!((answer.code, answer.warnings()), (200, vec![]), "the rules did not change");
    }
}

fn thing(name: &str, x: &str) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": name, "namespace": "default"}, "spec": {"x": x}})
}

fn with_things() -> FakeCluster {
    let cluster = FakeCluster::new();
    cluster.create(definition("example.com", "things", "Thing", &["v1", "v1beta1"])).unwrap();
    cluster
}

mod lists {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_version_yet_to_come_is_waited_for_three_seconds() {
        let cluster = FakeCluster::new();
        let ahead = cluster.revision() + 1;
        let path = format!("{CONFIG_MAPS}?resourceVersion={ahead}");
        let start = Instant::now();
        let response = open(&cluster, &path).await;
        assert_eq!(
            (start.elapsed(), response.headers()["retry-after"].to_str().unwrap()),
            (Duration::from_secs(3), "1")
        );
        let message = format!("Timeout: Too large resource version: {ahead}, current: {}", ahead - 1);
        let causes = json!([{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]);
        let details = json!({"causes": causes, "retryAfterSeconds": 1});
        assert_eq!(get(&cluster, &path).await, status(504, "Timeout", &message, details));

        let (list, _) = tokio::join!(get(&cluster, &path), async { cluster.create(config_map("a", "1")).unwrap() });
        assert_eq!(names(&list.1), ["a"]);
    }

    #[tokio::test]
    async fn compaction_expires_old_versions_and_tokens_which_come_back_fresh() {
        let cluster = FakeCluster::new();
        let first = version(&cluster.create(config_map("o0", "1")).unwrap());
        for name in ["o1", "o2", "o3"] {
            cluster.create(config_map(name, "1")).unwrap();
        }
        let (_, page) = get(&cluster, &format!("{CONFIG_MAPS}?limit=2")).await;
        let token = page["metadata"]["continue"].as_str().unwrap();
        cluster.create(config_map("o4", "1")).unwrap();
        cluster.compact();
        let gone = status(410, "Expired", "The resourceVersion for the provided list is too old.", Value::Null);
        assert_eq!(get(&cluster, &format!("{CONFIG_MAPS}?resourceVersion={first}&limit=1")).await, gone);
        let (code, expired) = get(&cluster, &format!("{CONFIG_MAPS}?limit=2&continue={token}")).await;
        assert_eq!((code, &expired["reason"]), (410, &json!("Expired")));
        let fresh = expired["metadata"]["continue"].as_str().unwrap();
        let (_, rest) = get(&cluster, &format!("{CONFIG_MAPS}?limit=9&continue={fresh}")).await;
        assert_eq!((names(&rest), version(&rest)), (vec!["o2", "o3", "o4"], cluster.revision()));
    }
}

mod writes {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_cluster_dates_what_happens_by_its_clock() {
        let created = |cluster: &FakeCluster| {
            let object = cluster.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}));
            object.unwrap()["metadata"]["creationTimestamp"].as_str().unwrap().to_owned()
        };
        let first = FakeCluster::new();
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let second = FakeCluster::builder().clock(Clock::starting_at(then)).build();
        tokio::time::sleep(Duration::from_secs(61)).await;
        assert_eq!(created(&first), "2026-01-01T00:01:01Z");
        assert_eq!(created(&second), "2001-09-09T01:47:41Z");
        let today = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let shown: k8s_openapi::jiff::Timestamp =
            created(&FakeCluster::builder().clock(Clock::system()).build()).parse().unwrap();
        assert!((today..today + 60).contains(&shown.as_second().try_into().unwrap()));
    }

    #[tokio::test]
    async fn bodies_of_secrets_are_not_repeated_where_a_server_would() {
        let cluster = FakeCluster::new();
        for body in ["{\"data\":{\"password\":\"hunter2\"", "[\"hunter2\"]"] {
            let answer = send(&cluster, "POST", "/api/v1/namespaces/default/secrets", &[], body).await;
            assert_eq!((answer.code, answer.text.contains("hunter2")), (400, false), "{}", answer.text);
        }
    }

    #[tokio::test]
    async fn what_is_applied_by_a_test_may_change_what_is_immutable() {
        let cluster = FakeCluster::new();
        let secret = |kind: &str| objects::secret("s").set("type", kind).set("immutable", true);
        cluster.create(secret("a/b")).unwrap();
        assert_eq!(cluster.replace(secret("x/y")).unwrap_err().code, 422);
        assert_eq!(cluster.apply(secret("x/y")).unwrap()["type"], "x/y");
    }

    #[tokio::test(start_paused = true)]
    async fn two_runs_of_one_history_are_byte_identical_and_another_seed_differs() {
        let run = |seed| {
            let cluster = FakeCluster::builder().seed(seed).build();
            cluster
                .create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "gen-"}}))
                .unwrap();
            let spec = json!({"type": "NodePort", "ports": [{"port": 80}]});
            cluster
                .create(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}))
                .unwrap();
            serde_json::to_string(&cluster.dump()).unwrap()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}

mod kinds {
    use super::*;

    #[tokio::test]
    async fn definitions_and_custom_objects_are_not_read_in_protobuf() {
        let cluster = with_things();
        let post = async |path: &str| {
            let headers = [("content-type", "application/vnd.kubernetes.protobuf")];
            let answer = send(&cluster, "POST", path, &headers, "k8s\0").await;
            (answer.code, serde_json::from_str::<Value>(&answer.text).unwrap())
        };
        let message = "this fake cluster reads neither custom objects nor their definitions in protobuf: send \
                       application/json or application/yaml";
        let refused = status(415, "UnsupportedMediaType", message, Value::Null);
        assert_eq!(post("/apis/example.com/v1/namespaces/default/things").await, refused);
        assert_eq!(post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").await, refused);
    }

    #[tokio::test]
    async fn doors_know_kinds_by_every_name_they_have() {
        let cluster = with_things();
        let object = cluster.create(thing("t1", "a")).unwrap();
        for word in ["Thing", "things", "thing", "things.example.com", "Thing.example.com"] {
            assert_eq!(cluster.get(word, "default", "t1").as_ref(), Ok(&object), "{word}");
        }
        assert_eq!(
            panic(|| cluster.get("things.other.com", "default", "t1")),
            "the cluster serves no kind that is called \"things.other.com\"; near it: things.example.com"
        );
    }
}
