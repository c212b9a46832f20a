//! Each fault of the fake API server, as a client sees it: kube's client, kube's watcher, or this crate's.

use std::{
    future::Future,
    pin::pin,
    time::{Duration, SystemTime},
};

use futures::{Stream, StreamExt};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchParams},
    core::{Status, WatchEvent},
    runtime::watcher,
};
use kube_indexed_store::{
    Query,
    testing::{FakeCluster, Fault, Requests},
    watcher::{Resource, Watcher},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tower::Service;

mod support;

use support::{
    failure,
    http::{CONFIG_MAPS, get, open},
    random::Random,
    soon,
};

fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"a": "1"}})).unwrap()
}

/// A cluster with these ConfigMaps.
fn cluster(names: &[&str]) -> FakeCluster {
    let cluster = FakeCluster::new();
    for name in names {
        write(&cluster, name);
    }
    cluster
}

fn write(cluster: &FakeCluster, name: &str) {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    cluster.apply(object).unwrap();
}

fn api(cluster: &FakeCluster) -> Api<ConfigMap> {
    Api::namespaced(cluster.client(), "default")
}

async fn list(cluster: &FakeCluster) -> Result<Vec<String>, Error> {
    let listed = api(cluster).list(&ListParams::default()).await?;
    Ok(listed.into_iter().map(|object| object.metadata.name.unwrap()).collect())
}

/// The code of the Status a request was refused with.
fn refusal<T: std::fmt::Debug>(answer: Result<T, Error>) -> u16 {
    match answer {
        Err(Error::Api(status)) => status.code,
        other => panic!("{other:?}"),
    }
}

async fn watch(cluster: &FakeCluster) -> impl Stream<Item = Result<WatchEvent<ConfigMap>, Error>> + use<> {
    api(cluster).watch(&WatchParams::default().disable_bookmarks(), "0").await.unwrap()
}

/// An event as a reader notes it down.
fn told(event: Result<WatchEvent<ConfigMap>, Error>) -> String {
    let name = |object: ConfigMap| object.metadata.name.unwrap();
    match event {
        Ok(WatchEvent::Added(object)) => format!("added {}", name(object)),
        Ok(WatchEvent::Modified(object)) => format!("modified {}", name(object)),
        Ok(WatchEvent::Deleted(object)) => format!("deleted {}", name(object)),
        Ok(WatchEvent::Bookmark(_)) => "bookmark".to_owned(),
        Ok(WatchEvent::Error(status)) => format!("error {}", status.code),
        // A line that is no event may still pass for a Status without a code.
        Err(Error::SerdeError(_)) => "undecodable".to_owned(),
        Err(Error::Api(status)) if status.code == 0 => "undecodable".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

/// What is told within a minute.
async fn minute(events: impl Stream<Item = Result<WatchEvent<ConfigMap>, Error>>) -> Vec<String> {
    let events = events.map(told).take_until(sleep(Duration::from_secs(50)));
    events.collect().await
}

/// What a watcher of kube's says to what there is, within a minute: what it was told at first, `synced`, and errors.
async fn streamed(cluster: &FakeCluster) -> Vec<String> {
    let events = watcher(api(cluster), watcher::Config::default().streaming_lists());
    let said = events.filter_map(async |event| match event {
        Ok(watcher::Event::InitApply(object)) => object.metadata.name,
        Ok(watcher::Event::InitDone) => Some("synced".to_owned()),
        Ok(_) => None,
        Err(_) => Some("error".to_owned()),
    });
    said.take_until(sleep(Duration::from_secs(1))).collect().await
}

fn start(cluster: &FakeCluster) -> Watcher {
    Watcher::builder(cluster.client(), Resource::new("v1", "configmaps")).start().unwrap()
}

async fn stored(watcher: &Watcher) -> Vec<String> {
    let objects = watcher.store().get(Query::all()).unwrap().await.unwrap();
    objects.iter().map(|object| object.name().unwrap().name().to_owned()).collect()
}

/// Whether nothing comes of it in an hour.
async fn hangs(future: impl Future) -> bool {
    timeout(Duration::from_secs(3600), future).await.is_err()
}

fn status(code: u16, reason: &str, message: &str, details: Value) -> (u16, Value) {
    (code, failure(code, reason, message, details))
}

mod requests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_status_may_ask_to_come_back_later_and_kubes_client_does() {
        let cluster = cluster(&["a"]);
        let wait = Duration::from_secs(7);
        cluster.fault(Fault::on("list").times(3).status(429).retry_after(wait).message("not now"));
        match list(&cluster).await {
            Err(Error::Api(status)) => {
                assert_eq!((status.code, status.reason.as_str()), (429, "TooManyRequests"));
                assert_eq!((status.message.as_str(), status.details.unwrap().retry_after_seconds), ("not now", 7));
            }
            other => panic!("{other:?}"),
        }
        let started = Instant::now();
        let patient: Api<ConfigMap> = Api::namespaced(cluster.client_with_retries(), "default");
        assert_eq!(patient.list(&ListParams::default()).await.unwrap().items.len(), 1);
        assert!(started.elapsed() >= 2 * wait, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn any_code_can_be_answered() {
        let cluster = cluster(&[]);
        for code in [400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503, 504] {
            cluster.fault(Fault::on("list").times(1).status(code));
            assert_eq!(refusal(list(&cluster).await), code);
        }
        cluster.fault(Fault::on("list").forbidden("somebody"));
        assert_eq!(refusal(list(&cluster).await), 403);
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_answers_a_page_in_html() {
        let cluster = cluster(&[]);
        for code in [502, 503] {
            cluster.fault(Fault::on("*").times(2).html(code).retry_after(Duration::from_secs(3)));
            let request = http::Request::get("/api/v1/secrets").body(String::new()).unwrap();
            let response = cluster.clone().call(request).await.unwrap();
            let head =
                ["content-type", "retry-after"].map(|name| response.headers()[name].to_str().unwrap().to_owned());
            assert_eq!(head, ["text/html", "3"]);
            let page = response.into_body().collect().await.unwrap().to_bytes();
            assert!(page.starts_with(format!("<html><head><title>{code} ").as_bytes()));
            assert_eq!(refusal(list(&cluster).await), code);
        }
        let watcher = start(&cluster);
        soon(watcher.wait_until_synced(Duration::from_secs(60))).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_late_by_what_was_said_or_by_chance_within_bounds() {
        let cluster = cluster(&[]);
        let lateness = async |fault: Fault| {
            let fault = cluster.fault(fault);
            let mut late = Vec::new();
            for _ in 0..20 {
                let started = Instant::now();
                list(&cluster).await.unwrap();
                late.push(started.elapsed());
            }
            fault.remove();
            late
        };
        let (least, most) = (Duration::from_secs(1), Duration::from_secs(5));
        assert!(lateness(Fault::on("list").delay(least)).await.iter().all(|late| *late == least));
        let jitter = |seed: u64| Fault::on("list").delay_between(least, most).seed(seed);
        let late = lateness(jitter(1)).await;
        assert!(late.iter().all(|late| (least..=most).contains(late)), "{late:?}");
        assert!(late.iter().min() != late.iter().max(), "{late:?}");
        assert_eq!((lateness(jitter(1)).await == late, lateness(jitter(2)).await == late), (true, false));
        // Bounds the wrong way round are one bound.
        assert!(lateness(Fault::on("list").delay_between(most, least)).await.iter().all(|late| *late == most));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_hangs_before_its_head_or_after_it() {
        let cluster = cluster(&["a"]);
        let before = cluster.fault(Fault::on("*").hang());
        let api = api(&cluster);
        assert!(hangs(list(&cluster)).await && hangs(api.watch(&WatchParams::default(), "0")).await);
        before.remove();
        let after = cluster.fault(Fault::on("*").hang_after_headers());
        assert!(hangs(list(&cluster)).await);
        let mut events = pin!(api.watch(&WatchParams::default().timeout(30), "0").await.unwrap());
        assert!(hangs(events.next()).await);
        after.remove();
        assert_eq!(list(&cluster).await.unwrap(), ["a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_connection_leaves_it_open_whether_it_happened() {
        for (fault, happened, lost) in [
            (Fault::on("create").refuse_connection(), false, "refused"),
            (Fault::on("create").cut_before_commit(), false, "cut"),
            (Fault::on("create").cut_after_commit(), true, "cut"),
        ] {
            let cluster = cluster(&[]);
            let fault = cluster.fault(fault);
            let error = api(&cluster).create(&PostParams::default(), &config_map("a")).await.unwrap_err();
            let Error::Service(error) = error else { panic!("{error}") };
            assert!(error.to_string().contains(lost), "{error}");
            fault.remove();
            let again = api(&cluster).create(&PostParams::default(), &config_map("a")).await;
            let names = list(&cluster).await.unwrap();
            assert_eq!((again.is_err(), names), (happened, vec!["a".to_owned()]), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_can_be_held_until_a_test_has_looked() {
        let cluster = cluster(&["a"]);
        let fault = cluster.fault(Fault::on("delete").cut_after_commit().gate_answer());
        let api = api(&cluster);
        let deletion = tokio::spawn(async move { api.delete("a", &DeleteParams::default()).await.is_err() });
        fault.reached(1).await;
        assert!(cluster.objects("ConfigMap").is_empty() && !deletion.is_finished());
        fault.open();
        assert!(deletion.await.unwrap());
    }
}

mod rules {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_rule_is_switched_on_and_off_and_counts_only_while_it_is_on() {
        let cluster = cluster(&[]);
        let fault = cluster.fault(Fault::on("list").nth(2).status(500));
        fault.disable();
        for _ in 0..3 {
            list(&cluster).await.unwrap();
        }
        fault.enable();
        list(&cluster).await.unwrap();
        assert_eq!((refusal(list(&cluster).await), fault.hits()), (500, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn chance_hits_about_as_many_as_it_should_and_the_same_again() {
        let hit = async |probability: f64, seed: u64| {
            let cluster = cluster(&[]);
            cluster.fault(Fault::on("list").probability(probability).seed(seed).status(500));
            let mut hit = Vec::new();
            for _ in 0..200 {
                hit.push(list(&cluster).await.is_err());
            }
            hit
        };
        let count = |hit: &[bool]| hit.iter().filter(|hit| **hit).count();
        let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
        let first = hit(0.25, seed).await;
        assert!((20..=85).contains(&count(&first)), "seed {seed}: {}", count(&first));
        assert_eq!(hit(0.25, seed).await, first, "seed {seed}");
        assert_ne!(hit(0.25, seed + 1).await, first, "seed {seed}");
        for (probability, expected) in [(0.0, 0), (-1.0, 0), (f64::NAN, 0), (1.0, 200), (7.0, 200)] {
            assert_eq!(count(&hit(probability, seed).await), expected, "{probability}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nth_and_times_mean_the_same_in_any_order() {
        for fault in [Fault::on("list").nth(2).times(2), Fault::on("list").times(2).nth(2)] {
            let cluster = cluster(&[]);
            let fault = cluster.fault(fault.status(500));
            let mut failed = Vec::new();
            for _ in 0..5 {
                failed.push(list(&cluster).await.is_err());
            }
            assert_eq!((failed, fault.hits()), (vec![false, true, true, false, false], 2));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_an_earlier_rule_acted_on_does_not_count_for_a_later_one() {
        let cluster = cluster(&[]);
        cluster.fault(Fault::on("list").times(2).status(500));
        cluster.fault(Fault::on("list").nth(2).status(503));
        let mut answers = Vec::new();
        for _ in 0..5 {
            answers.push(list(&cluster).await.map_or_else(|error| refusal::<()>(Err(error)), |_| 200));
        }
        assert_eq!(answers, [500, 500, 200, 503, 200]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rule_that_was_removed_tells_what_it_did() {
        let cluster = cluster(&[]);
        let (fault, other) = (cluster.fault(Fault::on("list").status(500)), cluster.fault(Fault::on("get").hang()));
        list(&cluster).await.unwrap_err();
        fault.remove();
        fault.remove();
        other.remove();
        list(&cluster).await.unwrap();
        assert_eq!((fault.hits(), other.hits()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_whole_status_is_answered_as_it_is() {
        let cluster = cluster(&["a"]);
        let missing = cluster.get("Secret", "default", "missing").unwrap_err();
        cluster.fault(Fault::on("list").times(1).status(missing.clone()));
        let Err(Error::Api(answered)) = list(&cluster).await else { panic!("no Status") };
        let said =
            |status: &Status| (status.code, status.reason.clone(), status.message.clone(), status.details.clone());
        assert_eq!(said(&answered), said(&missing));
        cluster.fault(Fault::on("watch").fail_after(1, *missing));
        assert_eq!(minute(watch(&cluster).await).await, ["added a", "error 404"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_when_it_is_said() {
        type Make = fn() -> Fault;
        let nonsense: [(Make, &str); 7] = [
            (
                || Fault::on("lists"),
                "there is no verb \"lists\"; there are get, list, watch, create, update, patch, delete, deletecollection and *",
            ),
            (|| Fault::on("list").status(200), "200 is no code of a failure: they are 400 to 599"),
            (|| Fault::on("list").html(600), "600 is no code of an answer: they are 200 to 599"),
            (|| Fault::on("list").text(0, ""), "0 is no code of an answer: they are 200 to 599"),
            (|| Fault::on("list").html(503).reason("Gone"), "the fault answers no Status; say Fault::status first"),
            (|| Fault::on("list").message("gone"), "the fault answers no Status; say Fault::status first"),
            (|| Fault::on("list").retry_after(Duration::ZERO), "the fault answers no Status; say Fault::status first"),
        ];
        for (make, expected) in nonsense {
            let panic = std::panic::catch_unwind(make).unwrap_err();
            assert_eq!(
                panic
                    .downcast_ref::<String>()
                    .map_or_else(|| panic.downcast_ref::<&str>().copied().unwrap(), String::as_str),
                expected
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rule_and_the_log_tell_requests_apart_by_the_same_things() {
        let get = async |cluster: &FakeCluster, path: &str, agent: &str| {
            let request = http::Request::get(path).header("user-agent", agent).body(String::new()).unwrap();
            cluster.clone().call(request).await.unwrap().status().as_u16()
        };
        let paths = [
            "/api/v1/namespaces/a/secrets/one",
            "/apis/networking.k8s.io/v1/namespaces/b/ingresses/two/status",
            "/apis/example.org/v1/namespaces/a/widgets/one",
        ];
        type OfRule = fn(Fault) -> Fault;
        type OfLog = fn(Requests) -> Requests;
        let filters: [(OfRule, OfLog, [bool; 3]); 11] = [
            (|fault| fault.resource("Secret"), |log| log.resource("Secret"), [true, false, false]),
            (|fault| fault.resource("ing"), |log| log.resource("ing"), [false, true, false]),
            (
                |fault| fault.resource("ingresses.networking.k8s.io"),
                |log| log.resource("ingresses.networking.k8s.io"),
                [false, true, false],
            ),
            (|fault| fault.resource("widgets"), |log| log.resource("widgets"), [false, false, true]),
            (
                |fault| fault.resource("widgets.example.org"),
                |log| log.resource("widgets.example.org"),
                [false, false, true],
            ),
            (|fault| fault.resource("Widget"), |log| log.resource("Widget"), [false, false, false]),
            (|fault| fault.group(""), |log| log.group(""), [true, false, false]),
            (|fault| fault.subresource("status"), |log| log.subresource("status"), [false, true, false]),
            (|fault| fault.namespace("a").name("one"), |log| log.namespace("a").name("one"), [true, false, true]),
            (|fault| fault.user_agent("program/"), |log| log.user_agent("program/"), [true, false, true]),
            (
                |fault| fault.when(|asked| asked.version == "v1" && asked.path.len() > 33),
                |log| log.when(|asked| asked.version == "v1" && asked.path.len() > 33),
                [false, true, true],
            ),
        ];
        for (number, (fault, narrow, expected)) in filters.into_iter().enumerate() {
            let cluster = FakeCluster::new();
            cluster.fault(fault(Fault::on("get").status(418)));
            let mut hit = Vec::new();
            for (path, agent) in paths.into_iter().zip(["program/1", "other program/1", "program/2"]) {
                hit.push(get(&cluster, path, agent).await == 418);
            }
            let found = narrow(cluster.requests().verb("get"));
            let found = paths.map(|path| found.iter().any(|request| request.path == path));
            assert_eq!((hit.as_slice(), found), (&expected[..], expected), "{number}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rule_knows_groups_resources_parts_namespaces_and_names() {
        let cluster = cluster(&[]);
        let paths = [
            ("/api/v1/namespaces/default/events", "events"),
            ("/apis/events.k8s.io/v1/namespaces/default/events", "grouped"),
            ("/apis/apps/v1/namespaces/default/deployments/a", "object"),
            ("/apis/apps/v1/namespaces/default/deployments/a/status", "status"),
            ("/apis/apps/v1/namespaces/other/deployments/b", "other"),
        ];
        let on = || Fault::on("*").status(418);
        for (fault, expected) in [
            (on().resource("events"), vec!["events", "grouped"]),
            (on().resource("events").group(""), vec!["events"]),
            (on().group("events.k8s.io"), vec!["grouped"]),
            (on().resource("deployments"), vec!["object", "status", "other"]),
            (on().resource("deployments").subresource("status"), vec!["status"]),
            (on().resource("deployments").subresource(""), vec!["object", "other"]),
            (on().namespace("other"), vec!["other"]),
            (on().name("a").subresource(""), vec!["object"]),
        ] {
            let fault = cluster.fault(fault);
            let mut hit = Vec::new();
            for (path, what) in paths {
                let request = http::Request::get(path).body(String::new()).unwrap();
                if cluster.clone().call(request).await.unwrap().status() == 418 {
                    hit.push(what);
                }
            }
            fault.remove();
            assert_eq!(hit, expected);
        }
    }

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
        let response = open(&cluster, "/api/v1/pods").await;
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
        let response = open(&cluster, "/api/v1/nodes").await;
        assert_eq!(response.headers()["retry-after"], "7");
        let expected = status(429, "TooManyRequests", "slow down", json!({"retryAfterSeconds": 7}));
        assert_eq!(get(&cluster, "/api/v1/nodes").await, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_holds_requests_before_or_answers_after_the_server_looked() {
        for (fault, expected) in [(Fault::on("get").gate(), 404), (Fault::on("get").gate_answer(), 200)] {
            let cluster = FakeCluster::new();
            write(&cluster, "x");
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
    async fn a_list_is_cut_behind_its_last_item_and_stays_whole_where_it_has_fewer() {
        let cluster = FakeCluster::new();
        let list = async |limit: usize| {
            let fault = cluster.fault(Fault::on("list").cut_after(limit));
            let body = open(&cluster, CONFIG_MAPS).await.into_body();
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
            write(&cluster, name);
        }
        let (whole, cut) = list(3).await;
        assert!(whole.ends_with("}]}\n") && !cut, "{whole}");
        let (received, cut) = list(2).await;
        assert!(format!("{received}]}}\n") == whole && cut, "{received}");
        let (received, cut) = list(1).await;
        assert!(whole.starts_with(&format!("{received},{{")) && cut, "{received}");
    }
}

mod bodies {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_list_that_is_cut_is_an_error_wherever_it_was_and_however_it_looks() {
        let cluster = cluster(&["a", "b"]);
        let cuts: [fn(usize) -> Fault; 3] = [
            |place| Fault::on("list").cut_after_bytes(50 * place),
            |place| Fault::on("list").cut_after(place),
            |place| Fault::on("list").cut_inside(place),
        ];
        for cut in cuts {
            for place in 0..3 {
                for fault in [cut(place), cut(place).cleanly()] {
                    let fault = cluster.fault(fault);
                    assert!(list(&cluster).await.is_err(), "{fault:?}");
                    fault.remove();
                }
            }
        }
        cluster.fault(Fault::on("list").cut_after(3).cut_inside(3));
        assert_eq!(list(&cluster).await.unwrap(), ["a", "b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_is_cut_behind_an_event_or_inside_one_and_fails_or_ends_there() {
        for (fault, lines, rest) in [
            (Fault::on("watch").cut_after(2), 2, false),
            (Fault::on("watch").cut_after(0), 0, false),
            (Fault::on("watch").cut_inside(1), 1, true),
            (Fault::on("watch").cut_after_bytes(10), 0, true),
            (Fault::on("watch").cut_after_bytes(0), 0, false),
        ] {
            for (fault, fails) in [(fault.clone(), true), (fault.cleanly(), false)] {
                let cluster = cluster(&["a", "b"]);
                let fault = cluster.fault(fault);
                let request = http::Request::get("/api/v1/configmaps?watch=true").body(String::new()).unwrap();
                let mut body = cluster.clone().call(request).await.unwrap().into_body();
                let mut received = Vec::new();
                let failed = loop {
                    match soon(body.frame()).await {
                        Some(Ok(frame)) => received.extend_from_slice(frame.data_ref().unwrap()),
                        Some(Err(error)) => break error.kind() == std::io::ErrorKind::UnexpectedEof,
                        None => break false,
                    }
                };
                let whole = received.iter().filter(|byte| **byte == b'\n').count();
                let incomplete = received.last().is_some_and(|byte| *byte != b'\n');
                assert_eq!((whole, incomplete, failed), (lines, rest, fails), "{fault:?}");
                drop(body);
                let told = minute(watch(&cluster).await).await;
                assert_eq!(told, ["added a", "added b"][..lines], "{fault:?}");
                assert_eq!(cluster.open_watches("configmaps"), 0);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_in_frames_of_one_byte_decode() {
        let cluster = cluster(&["a", "b"]);
        cluster.fault(Fault::on("*").frames_of(1));
        assert_eq!(list(&cluster).await.unwrap(), ["a", "b"]);
        let request = http::Request::get("/api/v1/configmaps").body(String::new()).unwrap();
        let mut body = cluster.clone().call(request).await.unwrap().into_body();
        while let Some(frame) = body.frame().await {
            assert_eq!(frame.unwrap().data_ref().unwrap().len(), 1);
        }
        let watcher = start(&cluster);
        soon(watcher.wait_until_synced(Duration::from_secs(60))).await.unwrap();
        soon(cluster.watch_established("configmaps")).await;
        write(&cluster, "c");
        sleep(Duration::from_secs(1)).await;
        assert_eq!(stored(&watcher).await, ["a", "b", "c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_that_does_not_decode_is_an_error_or_left_out() {
        let cluster = cluster(&["bad", "good"]);
        cluster.fault(Fault::on("*").undecodable("bad"));
        assert!(matches!(list(&cluster).await, Err(Error::SerdeError(_))));
        assert_eq!(minute(watch(&cluster).await).await, ["undecodable", "added good"]);
        let watcher = start(&cluster);
        soon(watcher.wait_until_synced(Duration::from_secs(60))).await.unwrap();
        assert_eq!((stored(&watcher).await, watcher.status().skipped), (vec!["good".to_owned()], 1));
    }
}

mod events {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn events_may_be_called_something_wrong_or_something_nobody_knows() {
        let cluster = cluster(&["a"]);
        cluster.fault(Fault::on("watch").event_type("ADDED", "DELETED").event_type("MODIFIED", "WEI\"RD"));
        let events = watch(&cluster).await;
        cluster
            .apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "y"}}))
            .unwrap();
        cluster.delete("cm", "default", "a").unwrap();
        assert_eq!(minute(events).await, ["deleted a", "undecodable", "deleted a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn events_come_twice_and_a_store_does_not_mind() {
        let cluster = cluster(&["a"]);
        cluster.fault(Fault::on("watch").duplicate_events());
        let events = watch(&cluster).await;
        cluster.delete("cm", "default", "a").unwrap();
        assert_eq!(minute(events).await, ["added a", "added a", "deleted a", "deleted a"]);
        let watcher = start(&cluster);
        soon(cluster.watch_established("configmaps")).await;
        write(&cluster, "b");
        sleep(Duration::from_secs(1)).await;
        assert_eq!(stored(&watcher).await, ["b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn events_change_places_by_pairs_but_not_with_bookmarks() {
        let cluster = cluster(&["a", "b", "c"]);
        cluster.fault(Fault::on("watch").reorder_events());
        let parameters = WatchParams::default().timeout(120);
        let events = api(&cluster).watch(&parameters, "0").await.unwrap();
        let mut events = pin!(events.map(told));
        for expected in ["added b", "added a", "added c", "bookmark"] {
            assert_eq!(soon(events.next()).await.unwrap(), expected);
        }
        write(&cluster, "d");
        assert!(timeout(Duration::from_secs(30), events.next()).await.is_err());
        write(&cluster, "e");
        write(&cluster, "f");
        cluster.watches().close();
        assert_eq!(events.collect::<Vec<_>>().await, ["added e", "added d", "added f"]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_mark_of_its_end_a_streamed_list_is_never_done() {
        let cluster = cluster(&["a"]);
        assert_eq!(streamed(&cluster).await, ["a", "synced"]);
        let fault = cluster.fault(Fault::on("watch").without_end_bookmark());
        assert_eq!(streamed(&cluster).await, ["a"]);
        fault.remove();
        assert_eq!(streamed(&cluster).await, ["a", "synced"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_streamed_list_is_refused_and_other_watches_are_not() {
        let cluster = cluster(&["a"]);
        let fault = cluster.fault(Fault::on("watch").without_watch_list().times(1));
        assert_eq!(minute(watch(&cluster).await).await, ["added a"]);
        assert_eq!((list(&cluster).await.unwrap(), fault.hits()), (vec!["a".to_owned()], 0));
        let streaming = api(&cluster).watch(&WatchParams::default().initial_events(), "0").await;
        let refused = streaming.map(drop).unwrap_err();
        let Error::Api(status) = refused else { panic!("{refused}") };
        assert!(status.code == 422 && status.message.ends_with("unless the WatchList feature gate is enabled"));
        assert_eq!((fault.hits(), streamed(&cluster).await), (1, vec!["a".to_owned(), "synced".to_owned()]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_watch_is_found_out_by_a_store_that_expects_bookmarks() {
        let cluster = cluster(&["a"]);
        let fault = cluster.fault(Fault::on("watch").silent());
        let watcher = start(&cluster);
        soon(cluster.watch_established("configmaps")).await;
        write(&cluster, "b");
        sleep(Duration::from_secs(140)).await;
        assert_eq!(stored(&watcher).await, ["a"]);
        fault.disable();
        sleep(Duration::from_secs(60)).await;
        assert_eq!(stored(&watcher).await, ["a", "b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_watch_ends_when_it_would() {
        let cluster = cluster(&["a"]);
        cluster.fault(Fault::on("watch").silent());
        let started = Instant::now();
        let events = api(&cluster).watch(&WatchParams::default().timeout(30), "0").await.unwrap();
        assert_eq!(events.map(told).collect::<Vec<_>>().await, Vec::<String>::new());
        assert_eq!(started.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_expire_in_the_middle_of_a_watch() {
        let cluster = cluster(&["a", "b", "c"]);
        let fault = cluster.fault(Fault::on("watch").fail_after(2, 401).frames_of(7));
        assert_eq!(minute(watch(&cluster).await).await, ["added a", "added b", "error 401"]);
        let watcher = start(&cluster);
        soon(cluster.watch_established("configmaps")).await;
        for name in ["d", "e", "f"] {
            write(&cluster, name);
        }
        sleep(Duration::from_secs(120)).await;
        assert!(fault.hits() > 2 && stored(&watcher).await.len() == 6);
    }
}

mod on_a_socket {
    use kube::{
        Client, Config,
        config::{KubeConfigOptions, Kubeconfig},
    };
    use kube_indexed_store::testing::Server;

    use super::*;

    async fn remote(server: &Server) -> Api<ConfigMap> {
        let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        Api::default_namespaced(Client::try_from(config).unwrap())
    }

    #[tokio::test]
    async fn a_lost_connection_leaves_it_open_whether_it_happened() {
        let cluster = cluster(&[]);
        let server = cluster.serve("127.0.0.1:0").await.unwrap();
        for (name, fault) in
            [("before", Fault::on("create").cut_before_commit()), ("after", Fault::on("create").cut_after_commit())]
        {
            let fault = cluster.fault(fault);
            let lost = remote(&server).await.create(&PostParams::default(), &config_map(name)).await;
            assert!(lost.is_err() && fault.hits() == 1, "{lost:?}");
            fault.remove();
        }
        assert_eq!(list(&cluster).await.unwrap(), ["after"]);
    }

    #[tokio::test]
    async fn answers_arrive_in_pieces_or_in_part_or_are_pages() {
        let cluster = cluster(&["a", "b"]);
        let server = cluster.serve("127.0.0.1:0").await.unwrap();
        let api = remote(&server).await;
        let parameters = ListParams::default();
        for (fault, whole) in [
            (Fault::on("list").frames_of(1), true),
            (Fault::on("list").cut_inside(1), false),
            (Fault::on("list").cut_inside(1).cleanly(), false),
            (Fault::on("list").html(502), false),
        ] {
            let fault = cluster.fault(fault);
            assert_eq!(soon(api.list(&parameters)).await.is_ok(), whole, "{fault:?}");
            fault.remove();
        }
        let fault = cluster.fault(Fault::on("watch").cut_inside(1).cleanly());
        let events = soon(api.watch(&WatchParams::default(), "0")).await.unwrap();
        assert_eq!(soon(events.map(told).collect::<Vec<_>>()).await, ["added a"]);
        fault.remove();
    }

    #[tokio::test]
    async fn a_head_arrives_although_its_body_does_not() {
        let cluster = cluster(&["a"]);
        let server = cluster.serve("127.0.0.1:0").await.unwrap();
        cluster.fault(Fault::on("watch").hang_after_headers());
        let events = soon(remote(&server).await.watch(&WatchParams::default(), "0")).await.unwrap();
        assert_eq!(cluster.open_watches("configmaps"), 1);
        drop(events);
        soon(cluster.until(|cluster| cluster.open_watches("configmaps") == 0)).await;
    }
}

mod together {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_happens_to_events_and_what_happens_to_bytes_adds_up() {
        let cluster = cluster(&["a", "b", "c"]);
        let delay = Duration::from_secs(2);
        let fault = Fault::on("watch").delay(delay).duplicate_events().reorder_events().event_type("ADDED", "MODIFIED");
        cluster.fault(fault.cut_after(5).cleanly().frames_of(3));
        let started = Instant::now();
        let told = minute(watch(&cluster).await).await;
        assert_eq!(told, ["modified b", "modified b", "modified a", "modified a"]);
        assert!(started.elapsed() >= delay);
    }

    /// Whatever is combined, requests are answered, fail or wait, and the cluster goes on.
    #[tokio::test(start_paused = true)]
    async fn no_combination_breaks_the_cluster() {
        let mut random = Random::new();
        let mut next = |below: u64| random.next() % below;
        let cluster = cluster(&["a", "b", "c"]);
        for round in 0..300 {
            let mut fault = Fault::on("*");
            for _ in 0..next(5) + 1 {
                let (number, wait) = (next(200) as usize, Duration::from_millis(next(3000)));
                fault = match next(26) {
                    0 => fault.delay(wait),
                    1 => fault.delay_between(wait, Duration::from_secs(1)),
                    2 => fault.gate(),
                    3 => fault.gate_answer(),
                    4 => fault.status(400 + number as u16),
                    5 => fault.status(429).retry_after(wait),
                    6 => fault.text(400 + number as u16, "text"),
                    7 => fault.html(number as u16 + 400),
                    8 => fault.forbidden("somebody"),
                    9 => fault.without_watch_list(),
                    10 => fault.hang(),
                    11 => fault.refuse_connection(),
                    12 => fault.cut_before_commit(),
                    13 => fault.cut_after_commit(),
                    14 => fault.hang_after_headers(),
                    15 => fault.cut_after_bytes(number),
                    16 => fault.cut_after(number % 4),
                    17 => fault.cut_inside(number % 4),
                    18 => fault.cleanly(),
                    19 => fault.frames_of(number % 9),
                    20 => fault.undecodable("b"),
                    21 => fault.event_type("ADDED", "\u{0}"),
                    22 => fault.duplicate_events(),
                    23 => fault.reorder_events(),
                    24 => fault.without_end_bookmark().silent(),
                    _ => fault.fail_after(number % 4, 401),
                };
            }
            let handle = cluster.fault(fault.probability(0.9).seed(next(100)));
            let patience = Duration::from_secs(5);
            let api = api(&cluster);
            let _ = timeout(patience, list(&cluster)).await;
            let _ = timeout(patience, streamed(&cluster)).await;
            let _ = timeout(patience, async {
                let events = api.watch(&WatchParams::default(), "0").await?;
                events.for_each(async |_| ()).await;
                Ok::<(), Error>(())
            })
            .await;
            let patch = Patch::Merge(json!({"data": {"round": round.to_string()}}));
            let _ = timeout(patience, api.patch("a", &PatchParams::default(), &patch)).await;
            handle.remove();
            assert_eq!(soon(list(&cluster)).await.unwrap(), ["a", "b", "c"], "round {round}");
            assert_eq!(*cluster.watches(), [], "round {round}");
        }
    }
}
