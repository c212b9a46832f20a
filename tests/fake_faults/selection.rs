//! Which requests a rule is about.

use kube_indexed_store::testing::{FakeCluster, Fault, Requests};
use tower::Service;

use crate::{
    fixtures::cluster,
    support::http::{CONFIG_MAPS, get},
};

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
    let filters: [(OfRule, OfLog, [bool; 3]); 10] = [
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
        // What is not served is known by a request.
        get(&cluster, paths[2], "nobody").await;
        let mark = cluster.mark();
        cluster.fault(fault(Fault::on("get").status(418)));
        let mut hit = Vec::new();
        for (path, agent) in paths.into_iter().zip(["program/1", "other program/1", "program/2"]) {
            hit.push(get(&cluster, path, agent).await == 418);
        }
        let found = narrow(cluster.requests().since(mark).verb("get"));
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
    assert_eq!((codes(CONFIG_MAPS).await, codes("/api/v1/configmaps").await), (vec![500, 500, 200, 200], vec![200; 4]));
    let always = cluster.fault(Fault::on("*").resource("configmaps").name("x").status(410));
    assert_eq!(codes(&format!("{CONFIG_MAPS}/x")).await, [410; 4]);
    always.remove();
    assert_eq!((codes(&format!("{CONFIG_MAPS}/x")).await, twice.hits()), (vec![404; 4], 2));
}
