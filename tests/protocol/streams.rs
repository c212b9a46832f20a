//! Lists by watch, and watches from now on.

use serde_json::{Value, json};

use crate::{
    ground::{Ground, Watch, text},
    kinds::{BOATS, CONFIG_MAPS, Kind},
    subject::Subject,
    support::failure,
};

const STREAM: &str = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
const FROM_NOW: &str = "watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
const BARE: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

fn version(object: &Value) -> String {
    text(&object["metadata"]["resourceVersion"])
}

/// The newest version there is.
async fn newest(ground: &Ground, all: &str) -> u64 {
    version(&ground.get(all).await.body).parse().expect("a number")
}

/// The mark after the initial events, without its version, which nobody can know; that version.
async fn end_mark(watch: &mut Watch) -> (Value, u64) {
    let mut mark = watch.next().await.expect("a mark");
    let version = mark["object"]["metadata"].as_object_mut().and_then(|metadata| metadata.remove("resourceVersion"));
    (mark, version.as_ref().map(text).and_then(|version| version.parse().ok()).expect("a version"))
}

fn mark(api_version: &str, kind: &str) -> Value {
    let metadata = json!({"annotations": {"k8s.io/initial-events-end": "true"}});
    json!({"type": "BOOKMARK", "object": {"kind": kind, "apiVersion": api_version, "metadata": metadata}})
}

/// A kind without fields of its own in its marks.
fn kind(ground: &Ground) -> &'static Kind {
    if ground.below(2) == 0 { &CONFIG_MAPS } else { &BOATS }
}

/// Where only the case's own objects are.
fn of_case(ground: &Ground, kind: &Kind) -> String {
    format!("{}?labelSelector=of%3Dcase&", ground.all(kind))
}

pub async fn what_is_there_comes_in_order_then_the_mark_of_its_end_then_what_happens(ground: Ground) {
    let kind = kind(&ground);
    let mut names = ground.names(4);
    let (last, labels) = (names.pop().expect("a name"), json!({"labels": {"of": "case"}}));
    let old = newest(&ground, &ground.all(kind)).await;
    let mut objects = Vec::new();
    for name in &names {
        objects.push(ground.create(kind, name, labels.clone()).await);
    }
    objects.sort_by_key(|object| text(&object["metadata"]["name"]));
    // A list brings the memory of the server to the newest version.
    let newest = newest(&ground, &ground.all(kind)).await;
    let mut watches = Vec::new();
    for from in [String::new(), "&resourceVersion=0".to_owned(), format!("&resourceVersion={old}")] {
        let path = format!("{}{STREAM}&allowWatchBookmarks=true{from}", of_case(&ground, kind));
        let mut watch = ground.watch(&path).await;
        for object in &objects {
            assert_eq!(watch.next().await, Some(json!({"type": "ADDED", "object": object})));
        }
        let (told, version) = end_mark(&mut watch).await;
        assert_eq!(told, mark(&text(&objects[0]["apiVersion"]), kind.kind));
        assert!(version >= newest, "{version} {newest}");
        watches.push(watch);
    }
    let created = ground.create(kind, &last, labels).await;
    for mut watch in watches {
        assert_eq!(watch.next().await, Some(json!({"type": "ADDED", "object": created})));
    }
}

pub async fn a_watch_without_a_version_marks_the_end_of_what_is_there_too(ground: Ground) {
    let (kind, name) = (kind(&ground), ground.name());
    let object = ground.create(kind, &name, json!({"labels": {"of": "case"}})).await;
    newest(&ground, &ground.all(kind)).await;
    let from = ground.pick(&["", "&resourceVersion=0"]);
    let path = format!("{}watch=1&allowWatchBookmarks=true{from}", of_case(&ground, kind));
    let mut watch = ground.watch(&path).await;
    assert_eq!(watch.next().await, Some(json!({"type": "ADDED", "object": object})));
    assert_eq!(end_mark(&mut watch).await.0, mark(&text(&object["apiVersion"]), kind.kind));
}

pub async fn of_an_empty_set_the_mark_comes_alone_and_to_clients_without_bookmarks_never(ground: Ground) {
    let (kind, names) = (kind(&ground), ground.names(2));
    let all = of_case(&ground, kind);
    let mut empty = ground.watch(&format!("{all}{STREAM}&allowWatchBookmarks=true")).await;
    let (told, _) = end_mark(&mut empty).await;
    assert_eq!(told["object"]["metadata"]["annotations"], json!({"k8s.io/initial-events-end": "true"}));
    let labels = json!({"labels": {"of": "case"}});
    ground.create(kind, &names[0], labels.clone()).await;
    let mut unmarked = ground.watch(&format!("{all}{STREAM}")).await;
    let added = |name: &str| [("ADDED".to_owned(), name.to_owned())];
    assert_eq!(unmarked.told(1).await, added(&names[0]));
    ground.create(kind, &names[1], labels).await;
    assert_eq!(unmarked.told(1).await, added(&names[1]));
}

pub async fn a_watch_without_initial_events_starts_now_or_after_its_version(ground: Ground) {
    let (kind, names) = (ground.quiet_kind(), ground.names(2));
    let path = format!("{}?{FROM_NOW}&resourceVersion=", ground.all(kind));
    let old = newest(&ground, &ground.all(kind)).await;
    ground.create(kind, &names[0], json!({})).await;
    // Any version will do for zero: a list brings the memory of the server to the newest one.
    newest(&ground, &ground.all(kind)).await;
    let mut after = ground.watch(&format!("{path}{old}")).await;
    let mut now = [ground.watch(&path).await, ground.watch(&format!("{path}0")).await];
    ground.create(kind, &names[1], json!({})).await;
    let added = |name: &String| ("ADDED".to_owned(), name.clone());
    assert_eq!(after.told(2).await, [added(&names[0]), added(&names[1])]);
    for watch in &mut now {
        assert_eq!(watch.told(1).await, [added(&names[1])]);
    }
}

pub async fn a_version_that_does_not_come_is_an_error_event_and_the_end(ground: Ground) {
    let all = ground.all(ground.quiet_kind());
    let ahead = newest(&ground, &all).await + 1_000_000_000;
    let mut watch = ground.watch(&format!("{all}?{STREAM}&resourceVersion={ahead}")).await;
    let error = watch.next().await.expect("an error");
    let message = text(&error["object"]["message"]);
    let start = format!("Timeout: Too large resource version: {ahead}, current: ");
    assert!(message.strip_prefix(&start).is_some_and(|current| current.parse::<u64>().is_ok()), "{message}");
    let causes = json!([{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]);
    let details = json!({"causes": causes, "retryAfterSeconds": 1});
    assert_eq!(error, json!({"type": "ERROR", "object": failure(504, "Timeout", &message, details)}));
    assert_eq!(watch.next().await, None);
}

pub async fn a_version_that_is_to_come_is_waited_for(ground: Ground) {
    let (kind, names) = (ground.quiet_kind(), ground.names(2));
    let all = ground.all(kind);
    let next = newest(&ground, &all).await + 1;
    let (list, watch) = (format!("{all}?resourceVersion={next}"), format!("{all}?{STREAM}&resourceVersion={next}"));
    let write = async {
        for name in &names {
            ground.create(kind, name, json!({})).await;
        }
    };
    // Whatever comes first, the list is not older than the version.
    let (list, mut watch, ()) = futures::join!(ground.get(&list), ground.watch(&watch), write);
    assert!(version(&list.body).parse::<u64>().expect("a number") >= next, "{list:?}");
    let mut names = names;
    let mut told: Vec<String> = watch.told(2).await.into_iter().map(|(_, name)| name).collect();
    names.sort();
    told.sort();
    assert_eq!(told, names);
}

pub async fn metadata_alone_is_streamed_with_its_own_mark(ground: Ground) {
    let subject = Subject::any(ground, &json!({"metadata": {"labels": {"of": "case"}}, "data": {"a": "1"}})).await;
    let object = subject.ground.get(&subject.path()).await.body;
    let all = of_case(&subject.ground, &subject.kind);
    let mut watch = subject.ground.watch_as(&format!("{all}{STREAM}&allowWatchBookmarks=true"), BARE).await;
    let bare = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
    assert_eq!(watch.next().await, Some(json!({"type": "ADDED", "object": bare})));
    assert_eq!(end_mark(&mut watch).await.0, mark("meta.k8s.io/v1", "PartialObjectMetadata"));
    let deleted = subject.ground.delete(&subject.path()).await;
    assert_eq!(deleted.code, 200);
    let event = watch.next().await.expect("an event");
    assert_eq!((&event["type"], &event["object"]["kind"]), (&json!("DELETED"), &json!("PartialObjectMetadata")));
    assert_eq!(event["object"].get("data"), None);
}

pub async fn a_watch_asked_for_lists_of_metadata_ends_at_the_first_event_and_tells_none(ground: Ground) {
    let (kind, name) = (ground.quiet_kind(), ground.name());
    let all = ground.all(kind);
    let from = newest(&ground, &all).await;
    ground.create(kind, &name, json!({})).await;
    for query in [STREAM.to_owned(), format!("watch=true&resourceVersion={from}")] {
        let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        let mut watch = ground.watch_as(&format!("{all}?{query}"), accept).await;
        assert_eq!(watch.next().await, None, "{query}");
    }
}

pub async fn a_watch_from_the_future_is_silent_until_it_is_passed(ground: Ground) {
    let kind = ground.quiet_kind();
    let all = ground.all(kind);
    // Others write meanwhile, so that nobody can say which version comes next.
    let ahead = newest(&ground, &all).await + 1_000_000_000;
    let path = format!("{all}?watch=true&timeoutSeconds=1&resourceVersion={ahead}");
    let mut watch = ground.watch(&path).await;
    ground.create(kind, &ground.name(), json!({})).await;
    assert_eq!(watch.next().await, None);
}

pub async fn bookmarks_come_before_the_end_and_tell_how_far_it_went(ground: Ground) {
    let (kind, name) = (kind(&ground), ground.name());
    let from = newest(&ground, &ground.all(kind)).await;
    let path = format!(
        "{}watch=true&allowWatchBookmarks=true&timeoutSeconds=3&resourceVersion={from}",
        of_case(&ground, kind)
    );
    let mut watch = ground.watch(&path).await;
    let created = ground.create(kind, &name, json!({"labels": {"of": "case"}})).await;
    assert_eq!(watch.told(1).await, [("ADDED".to_owned(), name)]);
    let mut bookmarks = 0;
    while let Some(event) = watch.any().await {
        let object = &event["object"];
        assert_eq!((&event["type"], &object["kind"]), (&json!("BOOKMARK"), &json!(kind.kind)));
        assert_eq!(object["metadata"].get("annotations"), None);
        let [seen, least] = [object, &created].map(|object| version(object).parse::<u64>().expect("a number"));
        assert!(seen >= least, "{seen} {least}");
        bookmarks += 1;
    }
    assert!(bookmarks > 0);
}
