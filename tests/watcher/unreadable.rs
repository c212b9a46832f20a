//! What cannot be read.

use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::{Value, json};

use crate::{
    fixtures::{SOON, config_map, current, eventually, failure, names, synced, watching, within},
    proxy::{Close, Proxy, lines, text},
};

#[tokio::test(start_paused = true)]
async fn one_object_that_does_not_decode_is_counted_and_the_others_are_kept() {
    let cluster = FakeCluster::new();
    for name in ["a", "bad", "c"] {
        cluster.create(config_map(name, "1")).unwrap();
    }
    cluster.fault(Fault::on("*").undecodable("bad"));
    let watcher = synced(watching(cluster.client())).await;
    assert_eq!((names(&watcher), watcher.status().skipped), (vec!["default/a".to_owned(), "default/c".to_owned()], 1));
    cluster.watch_established("configmaps").await;
    cluster.apply(config_map("bad", "2")).unwrap();
    cluster.create(config_map("d", "1")).unwrap();
    current(&watcher, &cluster).await;
    let status = watcher.status();
    assert_eq!((names(&watcher).len(), status.skipped, status.to_string()), (3, 2, "synced".to_owned()));
    assert!(status.last_skipped.is_some());
    assert_eq!(cluster.requests().verb("list").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn unknown_events_and_bookmarks_of_any_shape_do_no_harm() {
    let proxy = Proxy::default();
    let bookmark = |object: Value| json!({"type": "BOOKMARK", "object": object});
    proxy.script("watch", [lines(
        &[
            json!({"type": "SURPRISE", "object": {"metadata": {"name": "x"}}}),
            bookmark(json!({"kind": "Pod", "metadata": {"resourceVersion": "1001"}, "spec": {"containers": null}, "status": {}})),
            bookmark(json!({"metadata": {"name": null, "resourceVersion": "1002", "annotations": {"k8s.io/initial-events-end": "true"}}})),
            bookmark(json!({"metadata": {}})),
            bookmark(json!("nonsense")),
            json!({"type": "DELETED", "object": {"metadata": {"namespace": "default", "resourceVersion": "1003"}}}),
            bookmark(json!({"metadata": {"resourceVersion": "1004"}})),
        ],
        Close::Silent,
    )]);
    let watcher = synced(watching(proxy.client())).await;
    watcher.wait_for(&1004.into(), SOON).await.unwrap();
    assert_eq!((names(&watcher), proxy.lists(), proxy.watched_from().len()), (vec![], 1, 1));
}

#[tokio::test(start_paused = true)]
async fn no_failure_shows_what_is_in_an_object() {
    let odd = [
        json!({"type": "BOOKMARK", "object": "hunter2"}),
        json!({"type": "DELETED", "object": {"metadata": "hunter2"}}),
        json!({"type": "ADDED", "object": {"metadata": {"name": ["hunter2"]}, "data": "hunter2"}}),
        json!({"type": "ADDED", "object": "hunter2"}),
        json!({"type": "ERROR", "object": {"data": "hunter2"}}),
        json!({"type": ["hunter2"], "object": {}}),
        json!("hunter2"),
    ];
    for line in odd {
        let proxy = Proxy::default();
        proxy.script("watch", [lines(std::slice::from_ref(&line), Close::Silent)]);
        let watcher = synced(watching(proxy.client())).await;
        let told = || watcher.status().failure.or(watcher.status().last_skipped);
        eventually("told", || told().is_some()).await;
        let status = format!("{:?} {}", watcher.status(), watcher.status());
        assert!(!status.contains("hunter2"), "{line}: {status}");
        let last = told().unwrap();
        let mut error: Option<&dyn std::error::Error> = Some(&last);
        while let Some(cause) = error {
            assert!(!format!("{cause} {cause:?}").contains("hunter2"), "{line}: {cause}");
            error = cause.source();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_tells_the_same_in_whatever_order_and_with_whatever_between_its_members() {
    let mut object = within("default", config_map("a", "} \\\",\"type\":\"DELETED\" {"));
    object["metadata"]["resourceVersion"] = "1000".into();
    let (object, named) = (object.to_string(), r#"{"metadata":{"namespace":"default","name":"b"}}"#);
    for (kind, object) in [
        ("ADDED", &*object),
        ("MODIFIED", &object),
        ("MODIFIED", named),
        ("ADDED", r#"{"metadata":{"namespace":"default"}}"#),
        ("MODIFIED", r#"{"metadata":{"name":7}}"#),
        ("ADDED", r#"["metadata"]"#),
        ("ADDED", r#"{"metadata":"#),
        ("ADDED", "{}}"),
        ("ADDED", r#"{"metadata":{"name":"x"}},"more":{"a":1}"#),
        ("ADDED", r#"{"metadata":{"name":"x"}},"object":{"metadata":{"name":"y"}}"#),
        ("ADDED", r#"{"metadata":{"name":"x"}},"type":"DELETED""#),
        ("ADDEDMODIFIED", named),
        ("ADDED\",\"more\":\"", named),
    ] {
        let mut told = Vec::new();
        for line in [
            format!(r#"{{"type":"{kind}","object":{object}}}"#),
            format!(r#"{{ "type":"{kind}","object":{object}}}"#),
            format!("{{\"type\" : \"{kind}\",\t\"object\": {object} }}\r"),
            format!(r#"{{"object":{object},"type":"{kind}"}}"#),
        ] {
            let proxy = Proxy::default();
            proxy.script("watch", [text(200, &format!("{line}\n")), lines(&[], Close::Silent)]);
            let watcher = synced(watching(proxy.client())).await;
            eventually("watched or listed again", || proxy.watched_from().len() == 2).await;
            let status = watcher.status();
            let skipped = status.last_skipped.as_ref().map(ToString::to_string);
            // Where in the line something is wrong is another place each time.
            let place = |text: String| text.split(" at line").next().unwrap_or_default().to_owned();
            let from = proxy.watched_from()[1].clone();
            told.push((names(&watcher), from, skipped.map(place), place(failure(&status)), proxy.lists()));
        }
        assert!(told[1..].iter().all(|other| *other == told[0]), "{kind} {object}: {told:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_cut_is_told_again_by_the_next_watch() {
    let proxy = Proxy::default();
    let mut object = within("default", config_map("a", "1"));
    object["metadata"]["resourceVersion"] = "1000".into();
    let whole = format!("{}\n", json!({"type": "ADDED", "object": object}));
    let cut = format!("{whole}{}", &whole[..whole.len() / 2]);
    proxy.script("watch", [text(200, &cut), lines(&[], Close::Silent)]);
    let watcher = synced(watching(proxy.client())).await;
    eventually("watched again", || proxy.watched_from().len() == 2).await;
    assert_eq!((names(&watcher), proxy.watched_from()[1].clone()), (vec!["default/a".to_owned()], "1000".to_owned()));
    assert_eq!((failure(&watcher.status()), proxy.lists()), (String::new(), 1));
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_no_json_are_told_and_tried_again() {
    for html in
        ["<html><body>Sign in</body></html>", "<html>\n<body>Sign in</body>\n</html>\n", "{}", "[]", "null", "\"text\""]
    {
        let proxy = Proxy::default();
        proxy.script("list", [text(200, html)]);
        proxy.script("watch", [text(200, html)]);
        let watcher = watching(proxy.client()).start().unwrap();
        eventually("failed", || failure(&watcher.status()).starts_with("the answer to the list is no Kubernetes list"))
            .await;
        watcher.wait_until_synced(SOON).await.unwrap();
        eventually("failed", || failure(&watcher.status()).starts_with("the answer to the watch is no watch event"))
            .await;
        eventually("open", || {
            watcher.status().to_string() == "synced" && proxy.cluster.open_watches("configmaps") == 1
        })
        .await;
        assert_eq!(proxy.lists(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_in_html_are_told_in_short_and_on_one_line() {
    let proxy = Proxy::default();
    let page = format!("<html>\n<h1>502 Bad Gateway</h1>\n{}", "x".repeat(100_000));
    proxy.script("list", [text(502, &page)]);
    let watcher = watching(proxy.client()).start().unwrap();
    eventually("failed", || watcher.status().failure.is_some()).await;
    let told = failure(&watcher.status());
    assert!(told.starts_with("the server answered 502: <html> <h1>502 Bad Gateway</h1>"), "{told}");
    assert!(told.len() < 300 && !told.contains('\n'), "{told}");
    watcher.wait_until_synced(SOON).await.unwrap();
}
