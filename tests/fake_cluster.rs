//! The fake API server, as far as a real one cannot be asked: what it does in time, after compaction, to its watches, and
//! by the words of a test. What both do is in `tests/protocol`.

use std::time::{Duration, SystemTime};

use http_body_util::BodyExt;
use kube_indexed_store::testing::{Clock, FakeCluster, objects};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

mod support;

use support::{
    config_map, failure,
    http::{CONFIG_MAPS, get, open, send},
    merge, panic,
    watch::Watch,
};

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

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

mod watches {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bookmarks_come_each_minute_and_on_demand_and_before_the_end() {
        let cluster = FakeCluster::new();
        let query =
            format!("watch=true&resourceVersion={}&allowWatchBookmarks=true&timeoutSeconds=150", cluster.revision());
        let mut watch = Watch::open(&cluster, &format!("/api/v1/services?{query}")).await;
        cluster.create(config_map("a", "1")).unwrap();
        cluster.watches().bookmark();
        let start = Instant::now();
        let bookmark = json!({
            "kind": "Service", "apiVersion": "v1", "metadata": {"resourceVersion": cluster.revision().to_string()},
            "spec": {}, "status": {"loadBalancer": {}},
        });
        for seconds in [0, 60, 120, 148] {
            assert_eq!(watch.next().await, Some(json!({"type": "BOOKMARK", "object": bookmark})));
            assert_eq!(start.elapsed().as_secs(), seconds);
        }
        assert_eq!((watch.next().await, start.elapsed().as_secs()), (None, 150));
    }

    #[tokio::test(start_paused = true)]
    async fn a_negative_timeout_ends_a_watch_at_once_and_none_after_half_an_hour_at_the_earliest() {
        let cluster = FakeCluster::new();
        let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=-1")).await;
        let start = Instant::now();
        assert_eq!((watch.next().await, start.elapsed()), (None, Duration::ZERO));
        let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
        assert_eq!(watch.next().await, None);
        assert!((30..=60).contains(&(start.elapsed().as_secs() / 60)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_from_the_future_is_silent_until_it_is_passed() {
        let cluster = FakeCluster::new();
        let ahead = cluster.revision() + 1;
        let path = format!("{CONFIG_MAPS}?watch=true&allowWatchBookmarks=true&resourceVersion={ahead}");
        let mut watch = Watch::open(&cluster, &path).await;
        assert!(timeout(Duration::from_secs(300), watch.next()).await.is_err());
        cluster.create(config_map("not-yet", "1")).unwrap();
        let seen = cluster.create(config_map("seen", "1")).unwrap();
        assert_eq!(watch.short().await, ("ADDED".into(), "seen".into(), version(&seen)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_from_before_the_window_gets_one_error_event_or_410_where_that_is_chosen() {
        for over_http in [false, true] {
            let cluster = FakeCluster::builder().answer_expired_watches_over_http(over_http).build();
            let old = cluster.revision();
            cluster.create(config_map("a", "1")).unwrap();
            cluster.compact();
            let newest = cluster.revision();
            let path = format!("/api/v1/secrets?watch=true&resourceVersion={old}");
            let message = format!("too old resource version: {old} ({newest})");
            let (_, gone) = status(410, "Expired", &message, Value::Null);
            Watch::open(&cluster, &format!("/api/v1/secrets?watch=true&resourceVersion={newest}")).await;
            if over_http {
                assert_eq!(get(&cluster, &path).await, (410, gone));
            } else {
                let mut watch = Watch::open(&cluster, &path).await;
                assert_eq!(watch.next().await, Some(json!({"type": "ERROR", "object": gone})));
                assert_eq!(watch.next().await, None);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_watch_outlives_compaction() {
        let cluster = FakeCluster::new();
        let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
        let a = cluster.create(config_map("a", "1")).unwrap();
        cluster.delete("cm", "default", "a").unwrap();
        cluster.compact();
        assert_eq!(watch.short().await, ("ADDED".into(), "a".into(), version(&a)));
        assert_eq!(watch.short().await, ("DELETED".into(), "a".into(), cluster.revision()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_is_cut_tells_what_came_before_and_nothing_that_came_after() {
        let cluster = FakeCluster::new();
        let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
        let a = cluster.create(config_map("a", "1")).unwrap();
        cluster.watches().cut();
        cluster.create(config_map("b", "1")).unwrap();
        assert_eq!(watch.short().await, ("ADDED".into(), "a".into(), version(&a)));
        assert_eq!(watch.body.frame().await.unwrap().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
        assert!(watch.body.frame().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn open_watches_can_be_cut_closed_and_failed() {
        let cluster = FakeCluster::new();
        let path = format!("{CONFIG_MAPS}?watch=true");
        let mut cut = Watch::open(&cluster, &path).await;
        cluster.watches().cut();
        assert_eq!(cut.body.frame().await.unwrap().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
        assert!(cut.body.frame().await.is_none());
        drop(cut);

        let mut closed = Watch::open(&cluster, &path).await;
        cluster.watches().close();
        assert_eq!(closed.next().await, None);

        let mut failed = Watch::open(&cluster, &path).await;
        let (_, error) = status(504, "Timeout", "context deadline exceeded", Value::Null);
        cluster.watches().fail(serde_json::from_value::<kube::core::Status>(error.clone()).unwrap());
        assert_eq!(failed.next().await, Some(json!({"type": "ERROR", "object": error})));
        assert_eq!(failed.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_is_behind_catches_up_in_frames_of_bounded_size() {
        for (count, length, most) in [(150, 1, 64), (8, 200_000, 2)] {
            let cluster = FakeCluster::new();
            let write = |value: &str| {
                for number in 0..count {
                    cluster.apply(config_map(&format!("{number:03}"), value)).unwrap();
                }
            };
            write(&"a".repeat(length));
            let path = format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=30");
            let mut body = open(&cluster, &path).await.into_body();
            write(&"b".repeat(length));
            let mut lines = Vec::new();
            while let Some(frame) = body.frame().await {
                lines.push(frame.unwrap().data_ref().unwrap().iter().filter(|byte| **byte == b'\n').count());
            }
            assert_eq!((lines.iter().max(), lines.iter().sum()), (Some(&most), 2 * count), "{lines:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_watches_share_the_bytes_of_an_event() {
        let cluster = FakeCluster::new();
        let mut bodies = Vec::new();
        for path in ["/api/v1/configmaps?watch=true", &format!("{CONFIG_MAPS}?watch=true&labelSelector=!n")] {
            bodies.push(open(&cluster, path).await.into_body());
        }
        let mut next = async || {
            let mut events = Vec::new();
            for body in &mut bodies {
                events.push(body.frame().await.unwrap().unwrap().into_data().unwrap());
            }
            events
        };
        cluster.create(config_map("x", "1")).unwrap();
        let added = next().await;
        cluster.apply(config_map("x", "2")).unwrap();
        let modified = next().await;
        cluster.delete("cm", "default", "x").unwrap();
        for (event, name) in [(added, "ADDED"), (modified, "MODIFIED"), (next().await, "DELETED")] {
            assert_eq!(event[0].as_ptr(), event[1].as_ptr(), "{name}");
            assert_eq!(serde_json::from_slice::<Value>(&event[0]).unwrap()["type"], name);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_test_can_wait_for_a_watch_and_see_it_go() {
        let cluster = FakeCluster::new();
        let opener = cluster.clone();
        let task = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let watch = Watch::open(&opener, "/api/v1/secrets?watch=true").await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            drop(watch);
        });
        cluster.watch_established("secrets").await;
        assert_eq!((cluster.open_watches("secrets"), cluster.open_watches("configmaps")), (1, 0));
        cluster.until(|cluster| cluster.open_watches("secrets") == 0).await;
        task.await.unwrap();
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
