//! Watches.

use serde_json::{Value, json};

use crate::ground::{Ground, text};

async fn version(ground: &Ground, all: &str) -> String {
    text(&ground.get(all).await.body["metadata"]["resourceVersion"])
}

fn told(events: &[(&str, &str)]) -> Vec<(String, String)> {
    events.iter().map(|(event, name)| ((*event).to_owned(), (*name).to_owned())).collect()
}

pub async fn a_watch_tells_all_changes_after_its_version(ground: Ground) {
    let kind = ground.quiet_kind();
    let all = ground.all(kind);
    let names = ground.names(3);
    ground.create(kind, &names[0], json!({})).await;
    let from = version(&ground, &all).await;
    let mut watch = ground.watch(&format!("{all}?watch=true&resourceVersion={from}")).await;
    let (mut expected, mut exists) = (Vec::new(), [true, false, false]);
    for step in 0..12 {
        let chosen = ground.below(names.len());
        let name = &names[chosen];
        let event = match (exists[chosen], ground.below(3)) {
            (false, _) => {
                ground.create(kind, name, json!({})).await;
                exists[chosen] = true;
                "ADDED"
            }
            (true, 0) => {
                ground.delete(&ground.one(kind, name)).await;
                exists[chosen] = false;
                "DELETED"
            }
            (true, _) => {
                let patch = json!({"metadata": {"annotations": {"step": step.to_string()}}});
                // The second one changes nothing.
                ground.merge(&ground.one(kind, name), &patch).await;
                ground.merge(&ground.one(kind, name), &patch).await;
                "MODIFIED"
            }
        };
        expected.push((event.to_owned(), name.clone()));
    }
    assert_eq!(watch.told(expected.len()).await, expected);
    let mut late = ground.watch(&format!("{all}?watch=true&resourceVersion={from}")).await;
    assert_eq!(late.told(expected.len()).await, expected);
}

pub async fn a_watch_without_a_version_begins_with_what_is_there(ground: Ground) {
    let kind = ground.quiet_kind();
    let all = ground.all(kind);
    let mut names = ground.names(5);
    let later = names.pop().expect("a name");
    for name in &names {
        ground.create(kind, name, json!({})).await;
    }
    // Any version will do for it: a list brings the memory of the server to the newest one.
    ground.get(&all).await;
    let version = ground.pick(&["", "&resourceVersion=0"]);
    let mut watch = ground.watch(&format!("{all}?watch=true{version}")).await;
    names.sort();
    let expected: Vec<_> = names.into_iter().map(|name| ("ADDED".to_owned(), name)).collect();
    assert_eq!(watch.told(expected.len()).await, expected);
    ground.create(kind, &later, json!({})).await;
    assert_eq!(watch.told(1).await, [("ADDED".to_owned(), later)]);
}

pub async fn what_leaves_a_selection_is_deleted_and_what_enters_it_is_added(ground: Ground) {
    let (kind, name) = (ground.quiet_kind(), ground.name());
    let all = ground.all(kind);
    let from = version(&ground, &all).await;
    let mut watch = ground.watch(&format!("{all}?watch=true&resourceVersion={from}&labelSelector=in%3Dyes")).await;
    ground.create(kind, &name, json!({"labels": {"in": "yes"}})).await;
    let path = ground.one(kind, &name);
    let left = ground.merge(&path, &json!({"metadata": {"labels": {"in": "no"}}})).await;
    ground.merge(&path, &json!({"metadata": {"annotations": {"unseen": "yes"}}})).await;
    ground.merge(&path, &json!({"metadata": {"labels": {"in": "yes"}}})).await;
    let added = watch.next().await.expect("an event");
    let deleted = watch.next().await.expect("an event");
    // What is told is what was selected, with the version of its leaving.
    let mut object: Value = added["object"].clone();
    object["metadata"]["resourceVersion"] = left.body["metadata"]["resourceVersion"].clone();
    assert_eq!([&added["type"], &deleted["type"]], ["ADDED", "DELETED"]);
    assert_eq!(deleted["object"]["metadata"]["labels"], object["metadata"]["labels"]);
    assert_eq!(deleted["object"]["metadata"]["resourceVersion"], object["metadata"]["resourceVersion"]);
    assert_eq!(watch.told(1).await, told(&[("ADDED", &name)]));
}

pub async fn a_watch_of_one_name_sees_nothing_else(ground: Ground) {
    let (kind, names) = (ground.quiet_kind(), ground.names(2));
    let all = ground.all(kind);
    let from = version(&ground, &all).await;
    let query = format!("watch=true&resourceVersion={from}&fieldSelector=metadata.name%3D{}", names[1]);
    let mut watch = ground.watch(&format!("{all}?{query}")).await;
    for name in &names {
        ground.create(kind, name, json!({})).await;
    }
    ground.delete(&ground.one(kind, &names[0])).await;
    ground.delete(&ground.one(kind, &names[1])).await;
    assert_eq!(watch.told(2).await, told(&[("ADDED", &names[1]), ("DELETED", &names[1])]));
}

pub async fn a_watch_with_a_negative_timeout_ends_at_once(ground: Ground) {
    let all = ground.all(ground.quiet_kind());
    let from = version(&ground, &all).await;
    let mut watch = ground.watch(&format!("{all}?watch=true&resourceVersion={from}&timeoutSeconds=-1")).await;
    assert_eq!(watch.next().await, None);
}

pub async fn a_watch_ends_after_its_timeout(ground: Ground) {
    let all = ground.all(ground.quiet_kind());
    let from = version(&ground, &all).await;
    let mut watch = ground.watch(&format!("{all}?watch=true&resourceVersion={from}&timeoutSeconds=1")).await;
    assert_eq!(watch.next().await, None);
}

pub async fn a_list_by_watch_ends_with_a_bookmark(ground: Ground) {
    let (kind, name) = (ground.quiet_kind(), ground.name());
    ground.create(kind, &name, json!({})).await;
    let query = "watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    let mut watch = ground.watch(&format!("{}?{query}&timeoutSeconds=1", ground.all(kind))).await;
    assert_eq!(watch.told(1).await, told(&[("ADDED", &name)]));
    let bookmark = watch.next().await.expect("a bookmark");
    let end = json!({"k8s.io/initial-events-end": "true"});
    assert_eq!(
        (text(&bookmark["type"]), &bookmark["object"]["metadata"]["annotations"]),
        ("BOOKMARK".to_owned(), &end)
    );
}

pub async fn the_path_of_a_watch_may_say_that_it_is_one(ground: Ground) {
    let names = ground.names(2);
    let kind = crate::kinds::SECRETS;
    for name in &names {
        ground.create(&kind, name, json!({})).await;
    }
    let watched = ground.all(&kind).replacen("/v1/", "/v1/watch/", 1);
    let mut watch = ground.watch(&format!("{watched}/{}", names[0])).await;
    assert_eq!(watch.told(1).await, told(&[("ADDED", &names[0])]));
    ground.delete(&ground.one(&kind, &names[1])).await;
    ground.delete(&ground.one(&kind, &names[0])).await;
    assert_eq!(watch.told(1).await, told(&[("DELETED", &names[0])]));
    let other = ground.get(&format!("{watched}/{}?fieldSelector=metadata.name%3D{}", names[0], names[1])).await;
    let why = "fieldSelector metadata.name doesn't match requested name";
    assert_eq!((other.code, text(&other.body["message"])), (400, why.to_owned()));
    assert_eq!(ground.delete(&watched).await.code, 405);
}
