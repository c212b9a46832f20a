//! The fake API server answers as a real one does: lists, watches, writes, faults.

use std::time::{Duration, SystemTime};

use http::{Request, Response};
use http_body_util::BodyExt;
use kube_indexed_store::testing::{Body, Clock, FakeCluster, Fault};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tower::Service;

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

async fn send(cluster: &FakeCluster, method: &str, path: &str, body: impl Into<String>) -> Response<Body> {
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    cluster.clone().call(request).await.unwrap()
}

/// The code and the body of an answer.
async fn ask(cluster: &FakeCluster, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let response = send(cluster, method, path, body).await;
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(bytes.last(), Some(&b'\n'));
    (code, serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into()))
}

async fn get(cluster: &FakeCluster, path: &str) -> (u16, Value) {
    ask(cluster, "GET", path, Value::Null).await
}

/// A watch being read line by line.
struct Watch(Body, Vec<u8>);

impl Watch {
    async fn open(cluster: &FakeCluster, path: &str) -> Self {
        let response = send(cluster, "GET", path, "").await;
        assert_eq!(response.status(), 200);
        Watch(response.into_body(), Vec::new())
    }

    /// The next event; nothing at a clean end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.1.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.1.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let frame = self.0.frame().await?.expect("no cut");
            self.1.extend_from_slice(frame.data_ref().unwrap());
        }
    }

    /// The next event as type, name, resourceVersion.
    async fn short(&mut self) -> (String, String, u64) {
        let event = timeout(Duration::from_secs(600), self.next()).await.expect("an event in time").expect("no end");
        let metadata = &event["object"]["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&event["type"]), text(&metadata["name"]), text(&metadata["resourceVersion"]).parse().unwrap_or_default())
    }

    async fn is_silent(&mut self) -> bool {
        timeout(Duration::from_secs(20), self.next()).await.is_err()
    }
}

fn config_map(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"a": value}})
}

fn labelled(name: &str, label: &str) -> Value {
    let mut object = config_map(name, "1");
    object["metadata"]["labels"] = json!({"n": label});
    object
}

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

fn status(code: u16, reason: &str, message: &str, details: Value) -> (u16, Value) {
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "code": code, "details": details,
    });
    let fields = status.as_object_mut().unwrap();
    fields.retain(|_, value| !value.is_null());
    if !reason.is_empty() {
        fields.insert("reason".to_owned(), reason.into());
    }
    (code, status)
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

fn thing(name: &str, x: &str) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": name, "namespace": "default"}, "spec": {"x": x}})
}

const THINGS: &str = "/apis/example.com/v1/namespaces/default/things";

fn with_things() -> FakeCluster {
    let cluster = FakeCluster::new();
    cluster.create(definition("example.com", "things", "Thing", &["v1", "v1beta1"])).unwrap();
    cluster
}

mod lists {
    use super::*;

    #[tokio::test]
    async fn items_of_built_in_kinds_omit_kind_and_api_version() {
        let cluster = FakeCluster::new();
        let one = cluster.create(config_map("one", "1")).unwrap();
        let (code, list) = get(&cluster, CONFIG_MAPS).await;
        let mut item = one.clone();
        item.as_object_mut().unwrap().retain(|field, _| !["kind", "apiVersion"].contains(&field.as_str()));
        let metadata = json!({"resourceVersion": version(&one).to_string()});
        let expected = json!({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": metadata, "items": [item]});
        assert_eq!((code, list), (200, expected));
    }

    #[tokio::test]
    async fn items_of_custom_kinds_carry_both_and_continue_is_always_there() {
        let cluster = with_things();
        let one = cluster.create(thing("one", "1")).unwrap();
        let metadata = json!({"continue": "", "resourceVersion": cluster.revision().to_string()});
        let expected =
            json!({"kind": "ThingList", "apiVersion": "example.com/v1", "metadata": metadata, "items": [one]});
        assert_eq!(get(&cluster, THINGS).await, (200, expected));
    }

    #[tokio::test]
    async fn an_empty_list_is_a_list_even_in_a_namespace_that_does_not_exist() {
        let cluster = FakeCluster::new();
        let (code, list) = get(&cluster, "/api/v1/namespaces/nope/secrets").await;
        assert_eq!((code, &list["kind"], &list["items"]), (200, &json!("SecretList"), &json!([])));
    }

    #[tokio::test]
    async fn the_order_is_that_of_keys_not_of_namespaces() {
        let cluster = FakeCluster::new();
        for namespace in ["a", "a-b"] {
            cluster.namespace(namespace);
            let mut object = config_map("x", "1");
            object["metadata"]["namespace"] = namespace.into();
            cluster.create(object).unwrap();
        }
        let (_, list) = get(&cluster, "/api/v1/configmaps").await;
        let namespaces: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|item| &item["metadata"]["namespace"]).collect();
        assert_eq!(namespaces, ["a-b", "a"]);
    }

    #[tokio::test]
    async fn pages_show_the_state_of_the_first_page() {
        let cluster = FakeCluster::new();
        for index in 0..5 {
            cluster.create(config_map(&format!("p{index}"), "1")).unwrap();
        }
        let revision = cluster.revision();
        let (_, first) = get(&cluster, &format!("{CONFIG_MAPS}?limit=2")).await;
        let token = format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":{revision},\"start\":\"/p1\\u0000\"}}");
        let token = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, token);
        let metadata = json!({"resourceVersion": revision.to_string(), "continue": token, "remainingItemCount": 3});
        assert_eq!((names(&first), &first["metadata"]), (vec!["p0", "p1"], &metadata));

        cluster.create(config_map("p20", "1")).unwrap();
        cluster.delete("configmaps", "default", "p4").unwrap();
        let (_, second) = get(&cluster, &format!("{CONFIG_MAPS}?limit=2&continue={token}")).await;
        assert_eq!((names(&second), &second["metadata"]["remainingItemCount"]), (vec!["p2", "p3"], &json!(1)));
        let (_, rest) = get(&cluster, &format!("{CONFIG_MAPS}?continue={token}")).await;
        let metadata = json!({"resourceVersion": revision.to_string()});
        assert_eq!((names(&rest), &rest["metadata"]), (vec!["p2", "p3", "p4"], &metadata));
    }

    #[tokio::test]
    async fn with_a_selector_pages_count_nothing_and_the_last_may_be_empty() {
        let cluster = FakeCluster::new();
        for (name, label) in [("p0", "0"), ("p1", "1"), ("p2", "0"), ("p3", "1")] {
            cluster.create(labelled(name, label)).unwrap();
        }
        let (_, page) = get(&cluster, &format!("{CONFIG_MAPS}?limit=2&labelSelector=n%3D0")).await;
        assert_eq!((names(&page), page["metadata"].get("remainingItemCount")), (vec!["p0", "p2"], None));
        let token = page["metadata"]["continue"].as_str().unwrap();
        let (_, last) = get(&cluster, &format!("{CONFIG_MAPS}?limit=2&labelSelector=n%3D0&continue={token}")).await;
        assert_eq!((names(&last), last["metadata"].get("continue")), (vec![], None));
    }

    #[tokio::test]
    async fn resource_versions_choose_the_state() {
        let cluster = FakeCluster::new();
        let first = version(&cluster.create(config_map("a", "1")).unwrap());
        cluster.create(config_map("b", "1")).unwrap();
        let newest = cluster.revision();
        for (query, expected, revision) in [
            ("", vec!["a", "b"], newest),
            ("resourceVersion=0&limit=1", vec!["a", "b"], newest),
            (&format!("resourceVersion={first}"), vec!["a", "b"], newest),
            (&format!("resourceVersion=00{first}"), vec!["a", "b"], newest),
            (&format!("resourceVersion={first}&limit=5"), vec!["a"], first),
            (&format!("resourceVersion={first}&resourceVersionMatch=Exact"), vec!["a"], first),
            (&format!("resourceVersion={first}&resourceVersionMatch=NotOlderThan&limit=1"), vec!["a"], newest),
            ("limit=-1", vec!["a", "b"], newest),
        ] {
            let (_, list) = get(&cluster, &format!("{CONFIG_MAPS}?{query}")).await;
            assert_eq!((names(&list), version(&list)), (expected, revision), "{query}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_version_yet_to_come_is_waited_for_three_seconds() {
        let cluster = FakeCluster::new();
        let ahead = cluster.revision() + 1;
        let path = format!("{CONFIG_MAPS}?resourceVersion={ahead}");
        let start = Instant::now();
        let response = send(&cluster, "GET", &path, "").await;
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

    #[tokio::test]
    async fn bad_parameters_get_the_answers_of_the_server() {
        let cluster = FakeCluster::new();
        for (query, code, message) in [
            ("limit=abc", 400, "strconv.ParseInt: parsing \"abc\": invalid syntax"),
            ("limit=", 400, "strconv.ParseInt: parsing \"\": invalid syntax"),
            (
                "continue=garbage",
                400,
                "invalid continue token: continue key is not valid: invalid character '\\u0081' looking for beginning of value",
            ),
            (
                "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIvcDFcdTAwMDAifQ&resourceVersion=5",
                400,
                "specifying resource version is not allowed when using continue",
            ),
            (
                "resourceVersion=abc",
                400,
                "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax",
            ),
            (
                "resourceVersion=-1",
                400,
                "invalid resource version: resourceVersion: Invalid value: \"-1\": strconv.ParseUint: parsing \"-1\": invalid syntax",
            ),
            (
                "resourceVersionMatch=Exact",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
            ),
            (
                "resourceVersionMatch=Exact&resourceVersion=0",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            ),
            (
                "resourceVersionMatch=Nope&resourceVersion=1",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Unsupported value: \"Nope\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
            ),
            (
                "sendInitialEvents=true",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
            ),
            ("labelSelector=a%3D%3D%3Db", 400, "unable to parse requirement: found '=', expected: identifier"),
            (
                "fieldSelector=data.a%3D1",
                400,
                "\"data.a\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
            ),
            ("fieldSelector=metadata.name", 400, "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
            (
                "watch=1&resourceVersion=abc",
                500,
                "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax",
            ),
            (
                "watch=true&resourceVersionMatch=Exact&resourceVersion=5",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: [resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided, resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"]",
            ),
            (
                "watch=true&sendInitialEvents=true",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            ),
            (
                "watch=true&sendInitialEvents=false",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            ),
            (
                "watch=true&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: [resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"]",
            ),
            (
                "watch=true&continue=abc",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided",
            ),
            ("watch=true&timeoutSeconds=abc", 400, "strconv.ParseInt: parsing \"abc\": invalid syntax"),
            ("%ff=%zz&&=&a=b=c&limit=abc", 400, "strconv.ParseInt: parsing \"abc\": invalid syntax"),
        ] {
            let (answered, body) = get(&cluster, &format!("{CONFIG_MAPS}?{query}")).await;
            assert_eq!((answered, body["message"].as_str().unwrap()), (code, message), "{query}");
        }
    }

    #[tokio::test]
    async fn field_selectors_know_the_fields_of_their_kind() {
        let cluster = with_things();
        let secret = |name: &str, kind: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind});
        cluster.create(secret("a", "example.com/x")).unwrap();
        cluster.create(secret("b", "")).unwrap();
        cluster.create(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}})).unwrap();
        cluster.create(thing("t1", "a")).unwrap();
        cluster.create(thing("t2", "b")).unwrap();
        for (path, selector, expected) in [
            ("/api/v1/secrets", "type=Opaque", vec!["b"]),
            ("/api/v1/secrets", "type!=Opaque,metadata.name=a", vec!["a"]),
            ("/api/v1/pods", "status.phase==Pending,spec.nodeName=n,spec.hostNetwork=false", vec!["p"]),
            ("/api/v1/pods", "status.phase=Running", vec![]),
            (THINGS, "spec.x=b", vec!["t2"]),
            (THINGS, "metadata.namespace!=default", vec![]),
        ] {
            let (_, list) = get(&cluster, &format!("{path}?fieldSelector={selector}")).await;
            assert_eq!(names(&list), expected, "{path} {selector}");
        }
        for (path, message) in [
            ("/api/v1/pods", "field label not supported: zz"),
            ("/apis/batch/v1/jobs", "field label \"zz\" not supported for Job"),
            (
                "/apis/apps/v1/deployments",
                "\"zz\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
            ),
            (THINGS, "field label not supported: zz"),
        ] {
            assert_eq!(
                get(&cluster, &format!("{path}?fieldSelector=zz%3D1")).await,
                status(400, "BadRequest", message, Value::Null)
            );
        }
    }

    #[tokio::test]
    async fn metadata_alone_is_answered_where_the_client_asks_for_it() {
        let cluster = FakeCluster::new();
        let one = cluster.create(config_map("one", "secret")).unwrap();
        let accept =
            |path: &str, accept: &str| Request::get(path).header("accept", accept).body(String::new()).unwrap();
        let list = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        let single = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        let bare =
            json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": one["metadata"]});
        let metadata = json!({"resourceVersion": cluster.revision().to_string()});
        let bare_list = json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": [bare]});
        let object = format!("{CONFIG_MAPS}/one");
        for (path, header, code, expected) in [
            (CONFIG_MAPS, list, 200, Some(&bare_list)),
            (CONFIG_MAPS, &format!("{list},application/json"), 200, Some(&bare_list)),
            (&object, single, 200, Some(&bare)),
            (&object, "application/json;as=Nope;g=meta.k8s.io;v=v1,application/json", 200, Some(&one)),
            (CONFIG_MAPS, single, 406, None),
            (&object, list, 406, None),
            (CONFIG_MAPS, "text/html", 406, None),
        ] {
            let response = cluster.clone().call(accept(path, header)).await.unwrap();
            assert_eq!(response.status(), code, "{path} {header}");
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            if let Some(expected) = expected {
                assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), *expected);
            }
        }
        let request = accept(&format!("{CONFIG_MAPS}?watch=1"), single);
        let mut watch = Watch(cluster.clone().call(request).await.unwrap().into_body(), Vec::new());
        assert_eq!(watch.next().await, Some(json!({"type": "ADDED", "object": bare})));
    }
}

mod watches {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_watch_without_a_version_starts_with_what_is_there_in_key_order() {
        let cluster = FakeCluster::new();
        let b = version(&cluster.create(config_map("b", "1")).unwrap());
        let a = version(&cluster.create(config_map("a", "1")).unwrap());
        for query in ["watch=true", "watch=1&resourceVersion=0"] {
            let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?{query}&allowWatchBookmarks=true")).await;
            assert_eq!(watch.short().await, ("ADDED".into(), "a".into(), a));
            assert_eq!(watch.short().await, ("ADDED".into(), "b".into(), b));
            let metadata =
                json!({"resourceVersion": a.to_string(), "annotations": {"k8s.io/initial-events-end": "true"}});
            let end = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata});
            assert_eq!(watch.next().await, Some(json!({"type": "BOOKMARK", "object": end})));
            assert!(watch.is_silent().await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_from_a_version_gets_every_change_after_it_and_crossings_as_coming_and_going() {
        let cluster = FakeCluster::new();
        let start = cluster.revision();
        let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion={start}&labelSelector=n%3Dw");
        let mut live = Watch::open(&cluster, &path).await;
        let created = cluster.create(labelled("x", "w")).unwrap();
        cluster.replace(labelled("x", "w")).unwrap();
        let mut changed = labelled("x", "w");
        changed["data"]["a"] = "2".into();
        let changed = cluster.replace(changed).unwrap();
        let outside = cluster.replace(labelled("x", "other")).unwrap();
        cluster.replace(config_map("x", "3")).unwrap();
        let inside = cluster.replace(labelled("x", "w")).unwrap();
        cluster.delete("ConfigMap", "default", "x").unwrap();
        let mut left = changed.clone();
        left["metadata"]["resourceVersion"] = outside["metadata"]["resourceVersion"].clone();
        let mut gone = inside.clone();
        gone["metadata"]["resourceVersion"] = cluster.revision().to_string().into();
        let expected =
            [("ADDED", created), ("MODIFIED", changed), ("DELETED", left), ("ADDED", inside), ("DELETED", gone)];
        let mut late = Watch::open(&cluster, &path).await;
        for (name, object) in expected {
            let event = json!({"type": name, "object": object});
            assert_eq!((live.next().await, late.next().await), (Some(event.clone()), Some(event)));
        }
        assert!(live.is_silent().await && late.is_silent().await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_delete_between_a_list_and_its_watch_is_not_lost() {
        let cluster = FakeCluster::new();
        cluster.create(config_map("x", "1")).unwrap();
        let (_, list) = get(&cluster, CONFIG_MAPS).await;
        cluster.delete("cm", "default", "x").unwrap();
        let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion={}", version(&list));
        let mut watch = Watch::open(&cluster, &path).await;
        assert_eq!(watch.short().await, ("DELETED".into(), "x".into(), cluster.revision()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_of_one_namespace_or_one_name_sees_nothing_else() {
        let cluster = FakeCluster::new();
        cluster.namespace("other");
        let start = cluster.revision();
        let query = format!("watch=true&resourceVersion={start}");
        let mut namespaced = Watch::open(&cluster, &format!("/api/v1/namespaces/other/configmaps?{query}")).await;
        let mut named = Watch::open(&cluster, &format!("{CONFIG_MAPS}?{query}&fieldSelector=metadata.name%3Db")).await;
        let a = cluster.create(config_map("a", "1")).unwrap();
        let b = cluster.create(config_map("b", "1")).unwrap();
        assert_eq!(named.short().await, ("ADDED".into(), "b".into(), version(&b)));
        assert!(named.is_silent().await && namespaced.is_silent().await && version(&a) < version(&b));
    }

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
        assert_eq!(watch.0.frame().await.unwrap().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
        assert!(watch.0.frame().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn open_watches_can_be_cut_closed_and_failed() {
        let cluster = FakeCluster::new();
        let path = format!("{CONFIG_MAPS}?watch=true");
        let mut cut = Watch::open(&cluster, &path).await;
        cluster.watches().cut();
        assert_eq!(cut.0.frame().await.unwrap().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
        assert!(cut.0.frame().await.is_none());
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
            let mut body = send(&cluster, "GET", &path, "").await.into_body();
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
            bodies.push(send(&cluster, "GET", path, "").await.into_body());
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
    async fn a_created_object_gets_what_the_system_gives() {
        let cluster = FakeCluster::new();
        tokio::time::advance(Duration::from_secs(61)).await;
        let mut sent = config_map("c2", "1");
        sent["metadata"]["uid"] = "mine".into();
        sent["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z".into();
        sent["metadata"]["selfLink"] = "/x".into();
        let (code, created) = ask(&cluster, "POST", CONFIG_MAPS, sent).await;
        let uid = created["metadata"]["uid"].as_str().unwrap();
        assert!(uid.len() == 36 && &uid[14..15] == "4" && "89ab".contains(&uid[19..20]), "{uid}");
        let metadata = json!({
            "name": "c2", "namespace": "default", "uid": uid, "resourceVersion": cluster.revision().to_string(),
            "creationTimestamp": "2026-01-01T00:01:01Z",
            "managedFields": [{
                "manager": "unknown", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:01:01Z",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {".": {}, "f:a": {}}},
            }],
        });
        let expected = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}});
        assert_eq!((code, created), (201, expected));
    }

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

    #[tokio::test]
    async fn refused_creations_get_the_answers_of_the_server() {
        let cluster = FakeCluster::new();
        cluster.create(config_map("c1", "1")).unwrap();
        let named = |name: &str| json!({"metadata": {"name": name}});
        let details = |name: &str, kind: &str| json!({"name": name, "kind": kind});
        let namespace_path = "/api/v1/namespaces/nope/configmaps";
        for (path, body, expected) in [
            (
                CONFIG_MAPS,
                config_map("c1", "1"),
                status(409, "AlreadyExists", "configmaps \"c1\" already exists", details("c1", "configmaps")),
            ),
            (
                CONFIG_MAPS,
                json!({"metadata": {"name": "c2", "resourceVersion": "5"}}),
                status(500, "", "resourceVersion should not be set on objects to be created", Value::Null),
            ),
            (
                CONFIG_MAPS,
                json!({"metadata": {"name": "c3", "namespace": "kube-system"}}),
                status(
                    400,
                    "BadRequest",
                    "the namespace of the provided object does not match the namespace sent on the request",
                    Value::Null,
                ),
            ),
            (
                namespace_path,
                named("c3"),
                status(404, "NotFound", "namespaces \"nope\" not found", details("nope", "namespaces")),
            ),
            (
                CONFIG_MAPS,
                json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "c4"}}),
                status(
                    400,
                    "BadRequest",
                    "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion",
                    Value::Null,
                ),
            ),
            (
                CONFIG_MAPS,
                json!({"kind": "ConfigMap", "apiVersion": "v2", "metadata": {"name": "c4"}}),
                status(
                    400,
                    "BadRequest",
                    "ConfigMap in version \"v2\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is registered for version \"v2\" in scheme \"pkg/runtime/scheme.go:111\"",
                    Value::Null,
                ),
            ),
            (
                CONFIG_MAPS,
                json!({"metadata": {"name": "k"}, "data": {"a": 1}}),
                status(
                    400,
                    "BadRequest",
                    "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
                    Value::Null,
                ),
            ),
            (
                "/api/v1/namespaces/default/secrets",
                json!({"metadata": {"name": "s"}, "data": {"q": "%%%"}}),
                status(
                    400,
                    "BadRequest",
                    "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 0",
                    Value::Null,
                ),
            ),
            (
                "/api/v1/configmaps",
                named("x"),
                status(
                    405,
                    "MethodNotAllowed",
                    "the server does not allow this method on the requested resource",
                    json!({}),
                ),
            ),
        ] {
            assert_eq!(ask(&cluster, "POST", path, body.clone()).await, expected, "{body}");
        }
        let cause = json!({"reason": "FieldValueRequired", "message": "Required value: name or generateName is required", "field": "metadata.name"});
        let expected = status(
            422,
            "Invalid",
            "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required",
            json!({"kind": "ConfigMap", "causes": [cause]}),
        );
        assert_eq!(ask(&cluster, "POST", CONFIG_MAPS, json!({"metadata": {}})).await, expected);
    }

    #[tokio::test]
    async fn bodies_that_are_no_objects_are_refused_and_those_of_secrets_never_repeated() {
        let cluster = FakeCluster::new();
        let list = "json: cannot unmarshal array into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";
        let secrets = "/api/v1/namespaces/default/secrets";
        for (kind, path, body, expected) in [
            ("ConfigMap", CONFIG_MAPS, "", "unexpected end of JSON input (<empty>)".to_owned()),
            (
                "ConfigMap",
                CONFIG_MAPS,
                "{\"data\":{\"a\":\"1\"",
                "unexpected end of JSON input ({\"data\":{\"a\":\"1\")".to_owned(),
            ),
            ("ConfigMap", CONFIG_MAPS, "[1]", format!("{list} (5b315d)")),
            ("Secret", secrets, "", "unexpected end of JSON input (<empty>)".to_owned()),
            ("Secret", secrets, "{\"data\":{\"password\":\"hunter2\"", "unexpected end of JSON input".to_owned()),
            ("Secret", secrets, "[\"hunter2\"]", list.to_owned()),
        ] {
            let response = send(&cluster, "POST", path, body).await;
            assert_eq!(response.status(), 400);
            let answer: Value =
                serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
            let head = format!(
                "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: "
            );
            assert_eq!(answer["message"], head + &expected);
        }
        let large = send(&cluster, "POST", CONFIG_MAPS, " ".repeat(3 * 1024 * 1024 + 1)).await;
        assert_eq!(large.status(), 413);
        for metadata in [
            json!(5),
            json!([]),
            json!({"name": 5}),
            json!({"labels": [1]}),
            json!({"finalizers": {"a": 1}, "name": "n"}),
        ] {
            let (code, _) = ask(&cluster, "POST", CONFIG_MAPS, json!({"metadata": metadata})).await;
            assert!([400, 201].contains(&code), "{metadata}");
        }
    }

    #[tokio::test]
    async fn yaml_bodies_are_read_too_and_other_types_are_not() {
        let cluster = FakeCluster::new();
        let post = |kind: &'static str| {
            Request::post(CONFIG_MAPS).header("content-type", kind).body("metadata: {name: yam}\n".to_owned()).unwrap()
        };
        assert_eq!(cluster.clone().call(post("application/yaml")).await.unwrap().status(), 201);
        assert_eq!(cluster.clone().call(post("text/plain")).await.unwrap().status(), 415);
    }

    #[tokio::test]
    async fn a_replacement_must_be_of_the_same_object_and_version() {
        let cluster = FakeCluster::new();
        let created = cluster.create(config_map("c1", "1")).unwrap();
        let path = format!("{CONFIG_MAPS}/c1");
        let with = |field: &str, value: &str| {
            let mut object = config_map("c1", "2");
            object["metadata"][field] = value.into();
            object
        };
        let details = json!({"name": "c1", "kind": "configmaps"});
        let modified = "Operation cannot be fulfilled on configmaps \"c1\": the object has been modified; please apply your changes to the latest version and try again";
        let uid = created["metadata"]["uid"].as_str().unwrap();
        let other_uid = format!(
            "Operation cannot be fulfilled on configmaps \"c1\": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/c1, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: nope, UID in object meta: {uid}"
        );
        for (body, expected) in [
            (with("resourceVersion", "2"), status(409, "Conflict", modified, details.clone())),
            (with("resourceVersion", "99999999"), status(409, "Conflict", modified, details.clone())),
            (
                with("resourceVersion", "abc"),
                status(500, "", "strconv.ParseUint: parsing \"abc\": invalid syntax", Value::Null),
            ),
            (with("uid", "nope"), status(409, "Conflict", &other_uid, details.clone())),
            (
                with("name", "other"),
                status(
                    400,
                    "BadRequest",
                    "the name of the object (other) does not match the name on the URL (c1)",
                    Value::Null,
                ),
            ),
        ] {
            assert_eq!(ask(&cluster, "PUT", &path, body).await, expected);
        }
        assert_eq!(cluster.get("cm", "default", "c1").unwrap(), created);
        let missing =
            status(404, "NotFound", "configmaps \"new\" not found", json!({"name": "new", "kind": "configmaps"}));
        assert_eq!(ask(&cluster, "PUT", &format!("{CONFIG_MAPS}/new"), config_map("new", "1")).await, missing);
        let (code, replaced) =
            ask(&cluster, "PUT", &path, with("resourceVersion", &version(&created).to_string())).await;
        assert_eq!((code, &replaced["data"], version(&replaced)), (200, &json!({"a": "2"}), cluster.revision()));
        assert_eq!((&replaced["metadata"]["uid"], version(&replaced) > version(&created)), (&json!(uid), true));
    }

    #[tokio::test]
    async fn a_replacement_that_changes_nothing_keeps_its_version() {
        let cluster = FakeCluster::new();
        let created = cluster.create(config_map("c1", "1")).unwrap();
        assert_eq!(cluster.replace(config_map("c1", "1")).unwrap(), created);
        assert_eq!(version(&created), cluster.revision());
    }

    #[tokio::test]
    async fn kinds_that_are_never_overwritten_want_a_version() {
        let cluster = with_things();
        cluster.create(thing("t1", "a")).unwrap();
        let refused = cluster.replace(thing("t1", "b")).unwrap_err();
        assert_eq!(
            refused.message,
            "things.example.com \"t1\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"
        );
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l1"}, "spec": {"holderIdentity": "a"}});
        let (code, _) =
            ask(&cluster, "PUT", "/apis/coordination.k8s.io/v1/namespaces/default/leases/l1", lease.clone()).await;
        assert_eq!((code, cluster.replace(lease).unwrap_err().code), (201, 422));
    }

    #[tokio::test]
    async fn generations_count_changes_of_the_specification() {
        let cluster = with_things();
        let generation = |object: &Value| object["metadata"]["generation"].as_i64();
        let mut object = cluster.create(thing("t1", "a")).unwrap();
        assert_eq!(generation(&object), Some(1));
        object["metadata"]["labels"] = json!({"a": "b"});
        object["status"] = json!({"ready": true});
        let mut object = cluster.replace(object).unwrap();
        assert_eq!(generation(&object), Some(1));
        object["spec"]["x"] = "b".into();
        assert_eq!(generation(&cluster.replace(object).unwrap()), Some(2));
        assert_eq!(generation(&cluster.create(config_map("c", "1")).unwrap()), None);
    }

    #[tokio::test]
    async fn deleting_answers_a_status_or_for_some_kinds_the_object() {
        let cluster = FakeCluster::new();
        let created = cluster.create(config_map("d1", "1")).unwrap();
        let details = json!({"name": "d1", "kind": "configmaps", "uid": created["metadata"]["uid"]});
        let expected =
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
        let path = format!("{CONFIG_MAPS}/d1");
        assert_eq!(ask(&cluster, "DELETE", &path, Value::Null).await, (200, expected));
        let missing =
            status(404, "NotFound", "configmaps \"d1\" not found", json!({"name": "d1", "kind": "configmaps"}));
        assert_eq!(ask(&cluster, "DELETE", &path, Value::Null).await, missing);
        let mut account =
            cluster.create(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "s"}})).unwrap();
        let deleted = cluster.delete("sa", "default", "s").unwrap();
        account["metadata"]["resourceVersion"] = cluster.revision().to_string().into();
        assert_eq!(deleted, account);
    }

    #[tokio::test]
    async fn preconditions_of_a_deletion_must_hold() {
        let cluster = FakeCluster::new();
        let created = cluster.create(config_map("d1", "1")).unwrap();
        let uid = created["metadata"]["uid"].as_str().unwrap();
        let path = format!("{CONFIG_MAPS}/d1");
        let message = format!(
            "Operation cannot be fulfilled on ConfigMap \"d1\": the UID in the precondition (nope) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        );
        let expected = status(409, "Conflict", &message, json!({"name": "d1", "kind": "ConfigMap"}));
        assert_eq!(ask(&cluster, "DELETE", &path, json!({"preconditions": {"uid": "nope"}})).await, expected);
        let (code, _) = ask(&cluster, "DELETE", &path, json!({"preconditions": {"resourceVersion": "1"}})).await;
        assert_eq!(code, 409);
        let holds = json!({"preconditions": {"uid": uid, "resourceVersion": version(&created).to_string()}});
        assert_eq!(ask(&cluster, "DELETE", &path, holds).await.0, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn finalizers_hold_a_deleted_object_until_the_last_one_goes() {
        let cluster = FakeCluster::new();
        let mut object = config_map("f1", "1");
        object["metadata"]["finalizers"] = json!(["example.com/x"]);
        let created = cluster.create(&object).unwrap();
        let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion={}", version(&created));
        let mut watch = Watch::open(&cluster, &path).await;
        let (_, terminating) = ask(&cluster, "DELETE", &format!("{CONFIG_MAPS}/f1"), Value::Null).await;
        assert_eq!(terminating["metadata"]["deletionGracePeriodSeconds"], 0);
        assert_eq!(cluster.delete("cm", "default", "f1").unwrap(), terminating);
        let exists = cluster.create(config_map("f1", "1")).unwrap_err();
        assert_eq!(exists.message, "object is being deleted: configmaps \"f1\" already exists");
        object["metadata"]["finalizers"] = json!(["example.com/x", "example.com/y"]);
        let refused = cluster.replace(&object).unwrap_err();
        assert_eq!(
            refused.message,
            "ConfigMap \"f1\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"example.com/y\"}"
        );
        object["metadata"]["finalizers"] = json!([]);
        let released = cluster.replace(&object).unwrap();
        assert_eq!(version(&released), version(&terminating));
        assert_eq!(watch.next().await, Some(json!({"type": "MODIFIED", "object": terminating})));
        let mut gone = terminating.clone();
        gone["metadata"]["resourceVersion"] = cluster.revision().to_string().into();
        assert_eq!(watch.next().await, Some(json!({"type": "DELETED", "object": gone})));
        assert_eq!(cluster.get("cm", "default", "f1").unwrap_err().code, 404);
    }

    #[tokio::test]
    async fn deleting_a_collection_answers_what_was_there() {
        let cluster = FakeCluster::new();
        for (name, label) in [("a", "1"), ("b", "2"), ("c", "1")] {
            cluster.create(labelled(name, label)).unwrap();
        }
        let (code, list) = ask(&cluster, "DELETE", &format!("{CONFIG_MAPS}?labelSelector=n%3D1"), Value::Null).await;
        assert_eq!((code, names(&list)), (200, vec!["a", "c"]));
        assert_eq!(cluster.objects("cm").len(), 1);
    }

    #[tokio::test]
    async fn a_dry_run_answers_and_changes_nothing() {
        let cluster = FakeCluster::new();
        let before = cluster.revision();
        let (code, created) = ask(&cluster, "POST", &format!("{CONFIG_MAPS}?dryRun=All"), config_map("dry", "1")).await;
        assert_eq!((code, created["metadata"].get("resourceVersion"), cluster.revision()), (201, None, before));
        let (code, refused) = ask(&cluster, "POST", &format!("{CONFIG_MAPS}?dryRun=Foo"), config_map("dry", "1")).await;
        assert_eq!(
            (code, refused["message"].as_str().unwrap()),
            (
                422,
                "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Foo\"]: supported values: \"All\""
            )
        );
    }

    #[tokio::test]
    async fn deleting_a_namespace_deletes_what_is_in_it_and_waits_for_finalizers() {
        let cluster = FakeCluster::new();
        cluster.namespace("ns1");
        let in_namespace = |name: &str, finalizers: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "ns1", "finalizers": finalizers}});
        cluster.create(in_namespace("free", json!([]))).unwrap();
        let mut held = cluster.create(in_namespace("held", json!(["example.com/x"]))).unwrap();
        let answer = cluster.delete("ns", "", "ns1").unwrap();
        assert_eq!(answer["status"]["phase"], "Terminating");
        assert_eq!(cluster.objects("cm").len(), 1);
        let refused = cluster.create(in_namespace("x", json!([]))).unwrap_err();
        assert_eq!(
            refused.message,
            "configmaps \"x\" is forbidden: unable to create new content in namespace ns1 because it is being terminated"
        );
        held["metadata"]["finalizers"] = json!([]);
        held["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        cluster.replace(held).unwrap();
        assert_eq!(cluster.get("ns", "", "ns1").unwrap_err().code, 404);
    }

    #[tokio::test]
    async fn secrets_and_services_are_filled_in() {
        let cluster = FakeCluster::new();
        let secret = cluster.create(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s1"}, "stringData": {"p": "w"}, "data": {"q": "eA==\n"}})).unwrap();
        assert_eq!(
            (&secret["data"], &secret["type"], secret.get("stringData")),
            (&json!({"p": "dw==", "q": "eA=="}), &json!("Opaque"), None)
        );
        let service = cluster.create(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc1"}, "spec": {"ports": [{"port": 80}]}})).unwrap();
        let address = &service["spec"]["clusterIP"];
        assert!(address.as_str().unwrap().starts_with("10.0."));
        let spec = json!({
            "ports": [{"protocol": "TCP", "port": 80, "targetPort": 80}], "type": "ClusterIP",
            "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
            "clusterIP": address, "clusterIPs": [address], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
        });
        assert_eq!((&service["spec"], &service["status"]), (&spec, &json!({"loadBalancer": {}})));
        let empty = cluster
            .create(
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "em", "labels": {}}, "data": {}}),
            )
            .unwrap();
        assert_eq!((empty.get("data"), empty["metadata"].get("labels")), (None, None));
    }

    #[tokio::test]
    async fn immutable_fields_stay_unless_the_object_is_applied() {
        let cluster = FakeCluster::new();
        let secret = |kind: &str, value: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": kind, "immutable": true, "stringData": {"a": value}});
        cluster.create(secret("a/b", "1")).unwrap();
        let refused = cluster.replace(secret("x/y", "1")).unwrap_err();
        assert_eq!(refused.message, "Secret \"s\" is invalid: type: Invalid value: \"x/y\": field is immutable");
        let refused = cluster.replace(secret("a/b", "2")).unwrap_err();
        assert_eq!(
            refused.message,
            "Secret \"s\" is invalid: data: Forbidden: field is immutable when `immutable` is set"
        );
        assert_eq!(cluster.apply(secret("x/y", "2")).unwrap()["type"], "x/y");
    }
}

mod kinds {
    use super::*;

    #[tokio::test]
    async fn what_nobody_serves_is_not_found_in_the_words_of_the_server() {
        let cluster = with_things();
        let unknown = status(404, "NotFound", "the server could not find the requested resource", json!({}));
        for path in [
            "/api/v1/namespaces/default/nothings",
            "/api/v1/namespaces/default/nothings/x",
            "/apis/apps/v9/deployments",
            "/api/v2",
            "/api/v1/nodes/x/y",
            "/api/v1/configmaps/x",
            "/apis/example.com/v9/things",
        ] {
            assert_eq!(get(&cluster, path).await, unknown, "{path}");
        }
        for path in ["/apis/nope.example.com/v1/things", "/apis/nope.example.com", "/nothing/here", "//", "/apis//v1/x"]
        {
            assert_eq!(get(&cluster, path).await, (404, json!("404 page not found\n")), "{path}");
        }
        let missing = status(
            404,
            "NotFound",
            "things.example.com \"none\" not found",
            json!({"name": "none", "group": "example.com", "kind": "things"}),
        );
        assert_eq!(get(&cluster, &format!("{THINGS}/none")).await, missing);
        let not_allowed = status(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
            json!({}),
        );
        for (method, path) in [
            ("PATCH", CONFIG_MAPS),
            ("PUT", CONFIG_MAPS),
            ("FOO", CONFIG_MAPS),
            ("POST", "/api/v1/namespaces/default/configmaps/x"),
        ] {
            assert_eq!(ask(&cluster, method, path, json!({})).await, not_allowed, "{method}");
        }
    }

    #[tokio::test]
    async fn custom_objects_are_served_in_every_version_of_their_definition() {
        let cluster = with_things();
        cluster.create(thing("t1", "a")).unwrap();
        let mut beta = thing("t2", "b");
        beta["apiVersion"] = "example.com/v1beta1".into();
        assert_eq!(cluster.create(beta).unwrap()["apiVersion"], "example.com/v1beta1");
        for version in ["v1", "v1beta1"] {
            let (_, list) = get(&cluster, &format!("/apis/example.com/{version}/things")).await;
            let versions: Vec<_> =
                list["items"].as_array().unwrap().iter().map(|item| item["apiVersion"].as_str().unwrap()).collect();
            assert_eq!(versions, [format!("example.com/{version}"), format!("example.com/{version}")]);
        }
        let other = json!({"apiVersion": "example.com/v1", "kind": "Other", "metadata": {"name": "z"}});
        assert_eq!(
            ask(&cluster, "POST", THINGS, other).await.1["message"],
            "Other.example.com \"z\" is invalid: kind: Invalid value: \"Other\": must be Thing"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn deleting_a_definition_deletes_its_objects_ends_their_watches_and_closes_the_path() {
        let cluster = with_things();
        let one = cluster.create(thing("t1", "a")).unwrap();
        let mut watch = Watch::open(&cluster, &format!("{THINGS}?watch=true&resourceVersion={}", version(&one))).await;
        let (code, definition) = ask(
            &cluster,
            "DELETE",
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com",
            Value::Null,
        )
        .await;
        assert_eq!(
            (code, &definition["metadata"]["finalizers"]),
            (200, &json!(["customresourcecleanup.apiextensions.k8s.io"]))
        );
        assert_eq!(watch.short().await.0, "DELETED");
        assert_eq!(watch.next().await, None);
        assert_eq!(get(&cluster, THINGS).await, (404, json!("404 page not found\n")));
        cluster.create(super::definition("example.com", "things", "Thing", &["v1"])).unwrap();
        let (_, list) = get(&cluster, THINGS).await;
        assert_eq!(names(&list), Vec::<&str>::new());
        let mut watch = Watch::open(&cluster, &format!("{THINGS}?watch=true")).await;
        cluster.create(thing("t1", "a")).unwrap();
        assert_eq!(watch.short().await.0, "ADDED");
    }

    #[tokio::test]
    async fn kube_discovers_built_in_and_custom_kinds() {
        let cluster = with_things();
        let discovery = kube::Discovery::new(cluster.client()).run().await.unwrap();
        let resolve = |group: &str, kind: &str| {
            let (resource, _) = discovery.resolve_gvk(&kube::core::GroupVersionKind::gvk(group, "v1", kind)).unwrap();
            (resource.plural, resource.api_version)
        };
        assert_eq!(resolve("", "Endpoints"), ("endpoints".into(), "v1".into()));
        assert_eq!(resolve("networking.k8s.io", "Ingress"), ("ingresses".into(), "networking.k8s.io/v1".into()));
        assert_eq!(resolve("example.com", "Thing"), ("things".into(), "example.com/v1".into()));
        let version = cluster.client().apiserver_version().await.unwrap();
        assert_eq!((version.major.as_str(), version.minor.as_str()), ("1", "36"));
        let pinned = kube::core::GroupVersionKind::gvk("example.com", "v1beta1", "Thing");
        let (resource, capabilities) = kube::discovery::pinned_kind(&cluster.client(), &pinned).await.unwrap();
        assert_eq!((resource.plural.as_str(), capabilities.scope), ("things", kube::discovery::Scope::Namespaced));
    }

    #[tokio::test]
    async fn doors_know_kinds_by_every_name_they_have() {
        let cluster = with_things();
        let object = cluster.create(thing("t1", "a")).unwrap();
        for word in ["Thing", "things", "thing", "things.example.com", "Thing.example.com"] {
            assert_eq!(cluster.get(word, "default", "t1").as_ref(), Ok(&object), "{word}");
        }
        assert_eq!(cluster.get("things.other.com", "default", "t1").unwrap_err().code, 404);
    }
}

mod faults {
    use super::*;

    #[tokio::test]
    async fn a_rule_acts_on_what_it_names_as_often_as_it_says() {
        let cluster = FakeCluster::new();
        let codes = async |path: &str| {
            let mut codes = Vec::new();
            for _ in 0..4 {
                codes.push(get(&cluster, path).await.0);
            }
            codes
        };
        let second = cluster.fault(Fault::on("list").resource("secrets").nth(2).status(503));
        assert_eq!(codes("/api/v1/secrets").await, [200, 503, 200, 200]);
        assert_eq!((codes("/api/v1/configmaps").await, second.hits()), (vec![200; 4], 1));
        let twice = cluster.fault(Fault::on("list").namespace("default").times(2).status(500));
        assert_eq!(
            (codes(CONFIG_MAPS).await, codes("/api/v1/configmaps").await),
            (vec![500, 500, 200, 200], vec![200; 4])
        );
        let always = cluster.fault(Fault::on("*").resource("configmaps").name("x").status(410));
        assert_eq!(codes(&format!("{CONFIG_MAPS}/x")).await, [410; 4]);
        always.remove();
        assert_eq!((codes(&format!("{CONFIG_MAPS}/x")).await, twice.hits()), (vec![404; 4], 2));
    }

    #[tokio::test]
    async fn refusals_look_like_those_of_a_server() {
        let cluster = FakeCluster::new();
        cluster.fault(Fault::on("list").resource("secrets").forbidden("alice"));
        let message = "secrets is forbidden: User \"alice\" cannot list resource \"secrets\" in API group \"\" at the cluster scope";
        assert_eq!(
            get(&cluster, "/api/v1/secrets").await,
            status(403, "Forbidden", message, json!({"kind": "secrets"}))
        );
        cluster.fault(Fault::on("get").forbidden("alice"));
        let message = "ingresses.networking.k8s.io \"x\" is forbidden: User \"alice\" cannot get resource \"ingresses\" in API group \"networking.k8s.io\" in the namespace \"a\"";
        let details = json!({"name": "x", "group": "networking.k8s.io", "kind": "ingresses"});
        assert_eq!(
            get(&cluster, "/apis/networking.k8s.io/v1/namespaces/a/ingresses/x").await,
            status(403, "Forbidden", message, details)
        );

        cluster.fault(
            Fault::on("list")
                .resource("pods")
                .text(429, "Too many requests, please try again later.")
                .retry_after(Duration::from_secs(1)),
        );
        let response = send(&cluster, "GET", "/api/v1/pods", "").await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"], &response.headers()["content-type"]),
            (429, &"1".parse().unwrap(), &"text/plain; charset=utf-8".parse().unwrap())
        );
        cluster.fault(
            Fault::on("list")
                .resource("nodes")
                .status(429)
                .reason("TooManyRequests")
                .message("slow down")
                .retry_after(Duration::from_secs(7)),
        );
        let response = send(&cluster, "GET", "/api/v1/nodes", "").await;
        assert_eq!(response.headers()["retry-after"], "7");
        let expected = status(429, "TooManyRequests", "slow down", json!({"retryAfterSeconds": 7}));
        assert_eq!(get(&cluster, "/api/v1/nodes").await, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_can_be_late_never_answered_or_refused() {
        let cluster = FakeCluster::new();
        let slow = cluster.fault(Fault::on("list").delay(Duration::from_secs(30)));
        let start = Instant::now();
        assert_eq!((get(&cluster, CONFIG_MAPS).await.0, start.elapsed().as_secs()), (200, 30));
        slow.remove();
        let hung = cluster.fault(Fault::on("list").hang());
        assert!(timeout(Duration::from_secs(3600), send(&cluster, "GET", CONFIG_MAPS, "")).await.is_err());
        hung.remove();
        cluster.fault(Fault::on("list").refuse_connection());
        let request = Request::get(CONFIG_MAPS).body(String::new()).unwrap();
        assert_eq!(cluster.clone().call(request).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
        let answered: Vec<_> = cluster.requests().iter().map(|request| request.answered).collect();
        assert_eq!(answered, [Some(200), None, None]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_holds_requests_before_or_answers_after_the_server_looked() {
        for (fault, expected) in [(Fault::on("get").gate(), 404), (Fault::on("get").gate_answer(), 200)] {
            let cluster = FakeCluster::new();
            cluster.create(config_map("x", "1")).unwrap();
            let gate = cluster.fault(fault);
            let reader = cluster.clone();
            let answer = tokio::spawn(async move { get(&reader, &format!("{CONFIG_MAPS}/x")).await.0 });
            gate.reached(1).await;
            cluster.delete("cm", "default", "x").unwrap();
            assert!(!answer.is_finished());
            gate.open();
            assert_eq!((answer.await.unwrap(), get(&cluster, &format!("{CONFIG_MAPS}/x")).await.0), (expected, 404));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_can_be_cut_after_bytes_objects_and_events() {
        let cluster = FakeCluster::new();
        for name in ["a", "b", "c"] {
            cluster.create(config_map(name, "1")).unwrap();
        }
        let whole = String::from_utf8(
            send(&cluster, "GET", CONFIG_MAPS, "").await.into_body().collect().await.unwrap().to_bytes().to_vec(),
        )
        .unwrap();
        let received = async |fault: Fault, path: &str| {
            let handle = cluster.fault(fault);
            let mut body = send(&cluster, "GET", path, "").await.into_body();
            handle.remove();
            let mut received = Vec::new();
            while let Some(Ok(frame)) = body.frame().await {
                received.extend_from_slice(frame.data_ref().unwrap());
            }
            String::from_utf8(received).unwrap()
        };
        assert_eq!(received(Fault::on("list").cut_after_bytes(100), CONFIG_MAPS).await, whole[..100]);
        let cut = received(Fault::on("list").cut_after(2), CONFIG_MAPS).await;
        assert!(whole.starts_with(&cut) && cut.matches("\"uid\"").count() == 2 && cut.ends_with('}'), "{cut}");
        let path = format!("{CONFIG_MAPS}?watch=true");
        assert_eq!(received(Fault::on("watch").cut_after(2), &path).await.lines().count(), 2);
        assert_eq!(received(Fault::on("watch").cut_after_bytes(333), &path).await.len(), 333);
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_is_cut_behind_its_last_item_and_stays_whole_where_it_has_fewer() {
        let cluster = FakeCluster::new();
        let list = async |limit: usize| {
            let fault = cluster.fault(Fault::on("list").cut_after(limit));
            let body = send(&cluster, "GET", CONFIG_MAPS, "").await.into_body();
            fault.remove();
            let mut received = String::new();
            let mut frames = std::pin::pin!(body);
            loop {
                match frames.frame().await {
                    Some(Ok(frame)) => received.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap()),
                    Some(Err(_)) => break (received, true),
                    None => break (received, false),
                }
            }
        };
        assert!(list(0).await.0.ends_with("\"items\":["));
        for name in ["a", "b"] {
            cluster.create(config_map(name, "1")).unwrap();
        }
        let (whole, cut) = list(3).await;
        assert!(whole.ends_with("}]}\n") && !cut, "{whole}");
        let (received, cut) = list(2).await;
        assert!(format!("{received}]}}\n") == whole && cut, "{received}");
        let (received, cut) = list(1).await;
        assert!(whole.starts_with(&format!("{received},{{")) && cut, "{received}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_object_can_be_made_undecodable_in_every_answer() {
        let cluster = FakeCluster::new();
        cluster.create(config_map("good", "1")).unwrap();
        cluster.create(config_map("bad", "1")).unwrap();
        cluster.fault(Fault::on("*").undecodable("bad"));
        let (_, list) = get(&cluster, CONFIG_MAPS).await;
        let metadata: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|item| item["metadata"].is_object()).collect();
        assert_eq!(metadata, [false, true]);
        let mut watch = Watch::open(&cluster, &format!("{CONFIG_MAPS}?watch=true")).await;
        assert_eq!(watch.next().await.unwrap()["object"]["metadata"], "undecodable");
        assert_eq!(watch.short().await.1, "good");
        assert_eq!(get(&cluster, &format!("{CONFIG_MAPS}/bad")).await.1["metadata"], "undecodable");
        let path = format!("{CONFIG_MAPS}/bad");
        assert_eq!(ask(&cluster, "PUT", &path, config_map("bad", "2")).await.1["metadata"], "undecodable");
        assert_eq!(watch.next().await.unwrap()["object"]["metadata"], "undecodable");
    }
}

mod requests {
    use super::*;

    #[tokio::test]
    async fn the_log_tells_what_was_asked_and_how_it_was_answered() {
        let cluster = FakeCluster::new();
        let path = "/apis/networking.k8s.io/v1/namespaces/a%2Db/ingresses/x/status?a=1&b=c+d%21";
        get(&cluster, path).await;
        let requests = cluster.requests().resource("ingresses").verb("get").namespace("a-b").name("x");
        let [request] = &requests[..] else { panic!("{requests:?}") };
        assert_eq!(
            (request.group.as_str(), request.version.as_str(), request.subresource.as_deref(), request.answered),
            ("networking.k8s.io", "v1", Some("status"), Some(404))
        );
        assert_eq!((request.param("a"), request.param("b"), request.param("c")), (Some("1"), Some("c d!"), None));
        let _ = send(&cluster, "GET", "/api/v1/secrets?watch=1&resourceVersion=1", "").await;
        assert_eq!((cluster.requests().verb("watch").count(), cluster.requests().verb("list").count()), (1, 0));
    }
}
