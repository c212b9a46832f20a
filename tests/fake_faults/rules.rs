//! What a rule does, and how often.
use std::{
    panic::AssertUnwindSafe,
    time::{Duration, SystemTime},
};

use futures::FutureExt;
use http_body_util::BodyExt;
use kube::{Error, core::Status};
use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::json;

use crate::{
    fixtures::{cluster, list, minute, refusal, status, watch, write},
    support::{
        http::{CONFIG_MAPS, get, open},
        panic,
    },
};

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
    for (probability, expected) in [(0.0, 0), (1.0, 200)] {
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
    let said = |status: &Status| (status.code, status.reason.clone(), status.message.clone(), status.details.clone());
    assert_eq!(said(&answered), said(&missing));
    cluster.fault(Fault::on("watch").fail_after(1, *missing));
    assert_eq!(minute(watch(&cluster).await).await, ["added a", "error 404"]);
}

#[test]
fn what_makes_no_sense_is_refused_when_it_is_said() {
    const NO_STATUS: &str = "the fault answers no Status; say Fault::status first";
    let on = |verb: &str| Fault::on(verb);
    for (said, expected) in [
        (
            panic(|| on("lists")),
            "there is no verb \"lists\"; there are get, list, watch, create, update, patch, delete, deletecollection and *",
        ),
        (panic(|| on("list").status(200)), "200 is not an error code; use 400 to 599"),
        (panic(|| on("watch").fail_after(1, 42)), "42 is not an error code; use 400 to 599"),
        (panic(|| FakeCluster::new().watches().fail(200)), "200 is not an error code; use 400 to 599"),
        (panic(|| on("list").html(600)), "600 is not the code of an answer; use 200 to 599"),
        (panic(|| on("list").json(199, ())), "199 is not the code of an answer; use 200 to 599"),
        (panic(|| on("list").text(0, "")), "0 is not the code of an answer; use 200 to 599"),
        (panic(|| on("list").html(503).reason("Gone")), NO_STATUS),
        (panic(|| on("list").message("gone")), NO_STATUS),
        (panic(|| on("list").retry_after(Duration::ZERO)), NO_STATUS),
        (panic(|| on("list").nth(0)), "requests are counted from 1; there is no request 0"),
        (panic(|| on("list").times(0)), "a fault that acts 0 times does nothing"),
        (panic(|| on("list").probability(2.0)), "a probability is between 0 and 1, and not 2"),
        (panic(|| on("list").probability(-0.5)), "a probability is between 0 and 1, and not -0.5"),
        (panic(|| on("list").probability(f64::NAN)), "a probability is between 0 and 1, and not NaN"),
    ] {
        assert_eq!(said, expected);
    }
}

#[test]
fn a_fault_that_would_never_do_anything_is_refused_by_its_cluster() {
    let cluster = FakeCluster::new();
    let refused = |fault: Fault| panic(|| cluster.fault(fault));
    let nothing = "nothing was said of what the fault does; see Fault::status and its neighbours";
    assert_eq!(refused(Fault::on("get").times(1)), nothing);
    let no_events = "the answer to a \"list\" has no events; say Fault::on(\"watch\")";
    assert_eq!(refused(Fault::on("list").silent()), no_events);
    assert_eq!(refused(Fault::on("list").fail_after(1, 410)), no_events);
    let misspelt = "the cluster serves no kind that is called \"secrt\"; near it: secrets";
    assert_eq!(refused(Fault::on("list").resource("secrt").status(500)), misspelt);
    for fault in [Fault::on("get").delay(Duration::ZERO), Fault::on("*").silent(), Fault::on("watch").silent()] {
        cluster.fault(fault);
    }
}

#[tokio::test]
async fn a_resource_that_was_asked_for_may_fail_also_where_it_is_not_served() {
    let cluster = FakeCluster::new();
    let path = "/apis/example.org/v1/widgets";
    assert_eq!(get(&cluster, path).await.0, 404);
    cluster.fault(Fault::on("list").resource("widgets").status(503));
    assert_eq!(get(&cluster, path).await.0, 503);
}

#[tokio::test]
async fn a_condition_that_asks_its_cluster_panics_and_another_one_may_be_asked() {
    let (cluster, other) = (FakeCluster::new(), FakeCluster::new());
    let asking = |asked: &FakeCluster| {
        let asked = asked.clone();
        Fault::on("list").when(move |_| asked.revision() > 0).status(503)
    };
    let fault = cluster.fault(asking(&other));
    assert_eq!(get(&cluster, CONFIG_MAPS).await.0, 503);
    fault.remove();
    let fault = cluster.fault(asking(&cluster));
    let panic = AssertUnwindSafe(get(&cluster, CONFIG_MAPS)).catch_unwind().await.unwrap_err();
    let said = panic.downcast_ref::<&str>().copied();
    assert_eq!(said, Some("a condition must not ask its cluster; capture what it needs before"));
    fault.remove();
    assert_eq!(get(&cluster, CONFIG_MAPS).await.0, 200);
}

#[tokio::test]
async fn refusals_look_like_those_of_a_server() {
    let cluster = FakeCluster::new();
    cluster.fault(Fault::on("list").resource("secrets").forbidden("alice"));
    let message =
        "secrets is forbidden: User \"alice\" cannot list resource \"secrets\" in API group \"\" at the cluster scope";
    assert_eq!(get(&cluster, "/api/v1/secrets").await, status(403, "Forbidden", message, json!({"kind": "secrets"})));
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

#[tokio::test]
async fn a_verb_is_one_about_resources_and_all_are_all_there_is() {
    let cluster = FakeCluster::new();
    let fault = cluster.fault(Fault::on("get").status(503));
    assert_eq!((get(&cluster, "/version").await.0, get(&cluster, "/api/v1").await.0, fault.hits()), (200, 200, 0));
    assert_eq!((cluster.requests().verb("get").count(), cluster.requests().verb("*").count()), (0, 2));
    cluster.fault(Fault::on("*").status(503));
    assert_eq!(get(&cluster, "/version").await.0, 503);
}

#[tokio::test]
async fn a_text_arrives_as_it_was_given() {
    let cluster = FakeCluster::new();
    cluster.fault(Fault::on("get").text(200, "hello"));
    let body = open(&cluster, &format!("{CONFIG_MAPS}/x")).await.into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "hello");
}
