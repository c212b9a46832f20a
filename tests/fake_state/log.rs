//! The log of the requests a cluster got.

use std::{sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error,
    api::{Patch, PatchParams},
};
use kube_indexed_store::testing::{FakeCluster, Fault, Requests, objects};
use serde_json::{Value, json};

use crate::{
    fixtures::{SECRETS, call, config_map},
    support::panic,
};

#[tokio::test]
async fn the_log_shows_what_was_asked_and_how_it_was_answered() {
    let cluster = FakeCluster::new();
    call(&cluster, http::Request::get("/api/v1/secrets?labelSelector=a%3Db&limit=5"), "").await;
    call(&cluster, http::Request::delete(format!("{SECRETS}/a")), "").await;
    call(&cluster, http::Request::get("/nowhere"), "").await;
    let expected = "\
GET /api/v1/secrets?labelSelector=a=b&limit=5 200
DELETE /api/v1/namespaces/default/secrets/a 404
GET /nowhere 404
";
    assert_eq!(cluster.requests().to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn the_log_tells_when_requests_came_and_why_they_were_refused() {
    let cluster = FakeCluster::new();
    let get = |name: &str| http::Request::get(format!("{SECRETS}/{name}"));
    cluster.create(objects::secret("a")).unwrap();
    cluster.fault(Fault::on("get").name("b").status(503).message("busy"));
    cluster.fault(Fault::on("get").name("c").delay(Duration::from_secs(7)).text(500, "broken"));
    for name in ["a", "b", "c", "d"] {
        tokio::time::advance(Duration::from_millis(250)).await;
        call(&cluster, get(name), "").await;
    }
    let told: Vec<_> = cluster.requests().iter().map(|it| (it.at.as_millis(), it.message.clone())).collect();
    let missing = Some("secrets \"d\" not found".to_owned());
    assert_eq!(told, [(250, None), (500, Some("busy".to_owned())), (750, None), (8000, missing)]);
}

#[tokio::test]
async fn clients_with_a_name_are_known_by_it() {
    let cluster = FakeCluster::new();
    let api = |client| Api::<ConfigMap>::default_namespaced(client);
    let [one, two] = ["one/1.0", "two"].map(|name| api(cluster.client_with_user_agent(name)));
    one.create(&Default::default(), &objects::config_map("a").data("k", "v").typed()).await.unwrap();
    let _watch = two.watch(&Default::default(), "0").await.unwrap();
    api(cluster.client()).get("a").await.unwrap();
    let agents: Vec<_> = cluster.requests().iter().map(|request| request.user_agent.clone()).collect();
    assert_eq!(agents, [Some("one/1.0".to_owned()), Some("two".to_owned()), None]);
    assert_eq!(cluster.watches()[0].user_agent.as_deref(), Some("two"));
    assert_eq!(cluster.get("ConfigMap", "", "a").unwrap()["metadata"]["managedFields"][0]["manager"], "one");
    let told = panic(|| drop(cluster.client_with_user_agent("two\nlines")));
    assert_eq!(told, "\"two\\nlines\" cannot be a User-Agent");
}

#[tokio::test]
async fn the_log_and_faults_know_patches() {
    let cluster = FakeCluster::new();
    cluster.create(config_map("x", json!({"a": "1"}))).unwrap();
    let api: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    cluster.fault(Fault::on("patch").resource("configmaps").name("x").times(1).status(503));
    let patch = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
    let Err(Error::Api(refusal)) = api.patch("x", &PatchParams::default(), &patch).await else { panic!("a refusal") };
    assert_eq!(refusal.code, 503);
    api.patch("x", &PatchParams::default(), &patch).await.unwrap();
    let media_type = Some("application/merge-patch+json");
    let log = cluster.requests().verb("patch").resource("configmaps").name("x");
    let told: Vec<_> = log.iter().map(|request| (request.content_type.as_deref(), request.answered)).collect();
    assert_eq!(told, [(media_type, Some(503)), (media_type, Some(200))]);
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_how_it_was_answered() {
    let cluster = FakeCluster::new();
    let path = "/apis/networking.k8s.io/v1/namespaces/a%2Db/ingresses/x/status?a=1&b=c+d%21";
    call(&cluster, http::Request::get(path), "").await;
    let requests = cluster.requests().resource("ingresses").verb("get").namespace("a-b").name("x");
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(
        (request.group.as_str(), request.version.as_str(), request.subresource.as_deref(), request.answered),
        ("networking.k8s.io", "v1", Some("status"), Some(404))
    );
    assert_eq!((request.param("a"), request.param("b"), request.param("c")), (Some("1"), Some("c d!"), None));
    call(&cluster, http::Request::get("/api/v1/secrets?watch=1&resourceVersion=1"), "").await;
    assert_eq!((cluster.requests().verb("watch").count(), cluster.requests().verb("list").count()), (1, 0));
}

#[tokio::test]
async fn a_request_without_an_answer_is_shown_without_a_code() {
    let cluster = FakeCluster::new();
    let gate = cluster.fault(Fault::on("get").gate());
    let asking = tokio::spawn({
        let cluster = cluster.clone();
        async move { call(&cluster, http::Request::get(format!("{SECRETS}/a")), "").await }
    });
    gate.reached(1).await;
    assert_eq!(cluster.requests().to_string(), format!("GET {SECRETS}/a\n"));
    gate.open();
    assert_eq!(asking.await.unwrap(), 404);
    assert_eq!(cluster.requests().to_string(), format!("GET {SECRETS}/a 404\n"));
}

#[tokio::test]
async fn the_log_is_narrowed_by_part_client_answer_and_moment() {
    let cluster = FakeCluster::new();
    let get = |path: &str| http::Request::get(format!("{SECRETS}/{path}"));
    call(&cluster, get("a").header("user-agent", "kubectl/v1.36.3 (linux/amd64)"), "").await;
    let mark = cluster.mark();
    call(&cluster, get("a/status"), "").await;
    cluster.create(objects::secret("b")).unwrap();
    call(&cluster, get("b").header("user-agent", "mine"), "").await;
    let paths = |requests: Requests| -> Vec<String> {
        requests.iter().map(|request| request.path.trim_start_matches(SECRETS).to_owned()).collect()
    };
    let all = cluster.requests();
    assert_eq!(paths(all.clone().subresource("status")), ["/a/status"]);
    assert_eq!(paths(all.clone().subresource("")), ["/a", "/b"]);
    assert_eq!(paths(all.clone().user_agent("kubectl/")), ["/a"]);
    assert_eq!(paths(all.clone().answered(200)), ["/b"]);
    assert_eq!(paths(all.clone().since(mark)), ["/a/status", "/b"]);
    assert_eq!(paths(all.clone().name("a").since(mark)), ["/a/status"]);
    assert_eq!(paths(all.since(cluster.mark())), [""; 0]);
}

#[tokio::test]
async fn the_log_has_the_bodies_of_writes_and_shows_them_on_demand_only() {
    let cluster = FakeCluster::new();
    let secret = json!({"metadata": {"name": "a"}, "data": {"k": "aGlkZGVu"}});
    let json = ("content-type", "application/json");
    call(&cluster, http::Request::post(SECRETS).header(json.0, json.1), secret.to_string()).await;
    let yaml = ("content-type", "application/yaml");
    call(&cluster, http::Request::post(SECRETS).header(yaml.0, yaml.1), "metadata: {name: b}\n").await;
    call(&cluster, http::Request::get(SECRETS), "").await;
    call(&cluster, http::Request::post(SECRETS).header(json.0, json.1), "{").await;
    let bodies: Vec<Value> = cluster.requests().iter().map(|request| request.body()).collect();
    assert_eq!(bodies, [secret, json!({"metadata": {"name": "b"}}), Value::Null, Value::Null]);
    assert!(!format!("{:?} {}", cluster.requests(), cluster.requests()).contains("aGlkZGVu"));
}

#[tokio::test]
async fn a_taken_log_stays_as_it_was_and_shares_its_entries() {
    let cluster = FakeCluster::new();
    call(&cluster, http::Request::get(SECRETS), "").await;
    let before = cluster.requests();
    call(&cluster, http::Request::get(SECRETS), "").await;
    let after = cluster.requests();
    assert_eq!((before.count(), after.count()), (1, 2));
    assert!(Arc::ptr_eq(&before[0], &after[0]));
}

#[tokio::test]
async fn the_log_keeps_as_many_requests_as_it_may_and_marks_stay_right() {
    let cluster = FakeCluster::builder().requests(3).build();
    let get = async |name: &str| call(&cluster, http::Request::get(format!("{SECRETS}/{name}")), "").await;
    let names = |requests: Requests| -> Vec<_> { requests.iter().filter_map(|request| request.name.clone()).collect() };
    for name in ["a", "b", "c"] {
        get(name).await;
    }
    let (mark, taken) = (cluster.mark(), cluster.requests());
    get("d").await;
    assert_eq!(
        (names(cluster.requests()), names(cluster.requests().since(mark))),
        (vec!["b".into(), "c".into(), "d".into()], vec!["d".to_owned()])
    );
    assert_eq!(cluster.requests().answered(404).count(), 3);
    cluster.forget_requests();
    assert_eq!((cluster.requests().count(), names(taken)), (0, vec!["a".into(), "b".into(), "c".into()]));
    get("e").await;
    assert_eq!(names(cluster.requests().since(mark)), ["e"]);
    assert_eq!(names(cluster.requests().since(cluster.mark())), [""; 0]);
}

#[tokio::test]
async fn a_request_that_was_forgotten_meanwhile_is_answered_all_the_same() {
    let cluster = FakeCluster::builder().requests(1).build();
    let gate = cluster.fault(Fault::on("create").gate());
    let created = tokio::spawn({
        let cluster = cluster.clone();
        let post = http::Request::post(SECRETS).header("content-type", "application/json");
        async move { call(&cluster, post, json!({"metadata": {"name": "a"}}).to_string()).await }
    });
    gate.reached(1).await;
    call(&cluster, http::Request::get(format!("{SECRETS}/a")), "").await;
    gate.open();
    assert_eq!(created.await.unwrap(), 201);
    assert_eq!(cluster.requests().to_string(), format!("GET {SECRETS}/a 404\n"));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_waited_for_until_it_is_as_wanted() {
    let cluster = FakeCluster::new();
    let mark = cluster.mark();
    call(&cluster, http::Request::get(format!("{SECRETS}/a")), "").await;
    let first = cluster.requested(|requests| requests.since(mark)).await;
    assert_eq!(first.name.as_deref(), Some("a"));
    let asking = tokio::spawn({
        let cluster = cluster.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(30)).await;
            cluster.create(objects::secret("a")).unwrap();
            call(&cluster, http::Request::get(format!("{SECRETS}/a")), "").await
        }
    });
    let found = cluster.requested(|requests| requests.verb("get").answered(200)).await;
    assert_eq!((found.name.as_deref(), found.answered), (Some("a"), Some(200)));
    asking.await.unwrap();
}

#[tokio::test]
async fn a_word_for_what_is_neither_served_nor_asked_for_is_a_mistake() {
    let cluster = FakeCluster::new();
    assert_eq!(cluster.requests().resource("secret").count(), 0);
    let misspelt = panic(|| cluster.requests().verb("create").resource("secrt").count());
    assert_eq!(misspelt, "the cluster serves no kind that is called \"secrt\"; near it: secrets");
    call(&cluster, http::Request::get("/apis/example.org/v1/widgets"), "").await;
    let narrowed = |word: &str| {
        (cluster.requests().resource(word).count(), cluster.requests().verb("create").resource(word).count())
    };
    assert_eq!((narrowed("widgets"), narrowed("widgets.example.org")), ((1, 0), (1, 0)));
    let other = panic(|| cluster.requests().resource("widgets.example.com"));
    assert_eq!(
        other,
        "the cluster serves no kind that is called \"widgets.example.com\"; is its CustomResourceDefinition missing?"
    );
}

#[test]
fn requests_that_were_taken_know_the_kinds_of_their_time() {
    let cluster = FakeCluster::new();
    let before = cluster.requests();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    assert_eq!(cluster.requests().resource("Widget").count(), 0);
    let missing = "the cluster serves no kind that is called \"Widget\"; is its CustomResourceDefinition missing?";
    assert_eq!(panic(|| before.resource("Widget")), missing);
}
