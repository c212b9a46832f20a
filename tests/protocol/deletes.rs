//! Deleting.

use serde_json::json;

use crate::{
    ground::{Ground, text},
    support::failure,
};

pub async fn what_was_deleted_is_gone(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let created = ground.create(kind, &name, json!({})).await;
    let deleted = ground.delete(&ground.one(kind, &name)).await;
    assert_eq!(deleted.code, 200);
    if kind.answers_deleted {
        assert_eq!(deleted.body["metadata"]["uid"], created["metadata"]["uid"]);
    } else {
        let mut details = kind.details(&name);
        details["uid"] = created["metadata"]["uid"].clone();
        let status =
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
        assert_eq!(deleted.body, status);
    }
    let again = ground.delete(&ground.one(kind, &name)).await;
    let message = format!("{} {name:?} not found", kind.resource());
    assert_eq!(again.body, failure(404, "NotFound", &message, kind.details(&name)));
}

pub async fn preconditions_protect_another_object(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let created = ground.create(kind, &name, json!({})).await;
    let path = ground.one(kind, &name);
    for preconditions in [json!({"uid": "another"}), json!({"resourceVersion": "1"})] {
        let options = json!({"preconditions": preconditions});
        let refused = ground.ask("DELETE", &path, Some(("application/json", &options))).await;
        assert_eq!((refused.code, text(&refused.body["reason"])), (409, "Conflict".to_owned()));
    }
    assert_eq!(ground.get(&path).await.body, created);
    let metadata = &created["metadata"];
    let options = json!({"preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}});
    assert_eq!(ground.ask("DELETE", &path, Some(("application/json", &options))).await.code, 200);
}

pub async fn a_finalizer_keeps_an_object_until_it_is_taken_away(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    ground.create(kind, &name, json!({"finalizers": ["example.com/a"]})).await;
    let path = ground.one(kind, &name);
    let deleted = ground.delete(&path).await;
    assert_eq!(deleted.body["metadata"]["deletionGracePeriodSeconds"], 0);
    assert!(deleted.body["metadata"]["deletionTimestamp"].is_string(), "{}", deleted.body);
    assert_eq!(ground.delete(&path).await.body, deleted.body);
    let released = ground.merge(&path, &json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(released.code, 200);
    assert_eq!(released.body["metadata"]["resourceVersion"], deleted.body["metadata"]["resourceVersion"]);
    assert_eq!(ground.get(&path).await.code, 404);
}

pub async fn a_collection_is_deleted_as_it_is_selected(ground: Ground) {
    let kind = ground.quiet_kind();
    let names = ground.names(6);
    for (number, name) in names.iter().enumerate() {
        ground.create(kind, name, json!({"labels": {"odd": (number % 2).to_string()}})).await;
    }
    let deleted = ground.delete(&format!("{}?labelSelector=odd%3D1", ground.all(kind))).await;
    assert_eq!((deleted.code, deleted.body["items"].as_array().map(Vec::len)), (200, Some(3)));
    let left = ground.get(&ground.all(kind)).await;
    let mut left: Vec<String> =
        left.body["items"].as_array().expect("items").iter().map(|item| text(&item["metadata"]["name"])).collect();
    let mut even: Vec<String> = names.into_iter().step_by(2).collect();
    left.sort();
    even.sort();
    assert_eq!(left, even);
}

pub async fn parameters_are_preconditions_too(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let created = ground.create(kind, &name, json!({})).await;
    let path = ground.one(kind, &name);
    let (uid, version) = (text(&created["metadata"]["uid"]), text(&created["metadata"]["resourceVersion"]));
    for query in [format!("uid=x&resourceVersion={version}"), format!("uid={uid}&resourceVersion=1")] {
        assert_eq!(ground.delete(&format!("{path}?{query}")).await.code, 409, "{query}");
    }
    assert_eq!(ground.get(&path).await.code, 200);
    assert_eq!(ground.delete(&format!("{path}?uid={uid}&resourceVersion={version}")).await.code, 200);
    assert_eq!(ground.get(&path).await.code, 404);
}

pub async fn a_collection_is_deleted_as_it_was_at_a_version(ground: Ground) {
    let kind = ground.quiet_kind();
    let names = ground.names(2);
    let first = ground.create(kind, &names[0], json!({})).await;
    ground.create(kind, &names[1], json!({})).await;
    let version = text(&first["metadata"]["resourceVersion"]);
    // In a body there is no precondition.
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
    let path = format!("{}?resourceVersion={version}", ground.all(kind));
    let deleted = ground.ask("DELETE", &path, Some(("application/json", &options))).await;
    assert_eq!((deleted.code, text(&deleted.body["metadata"]["resourceVersion"])), (200, version));
    assert_eq!(ground.get(&ground.one(kind, &names[0])).await.code, 404);
    assert_eq!(ground.get(&ground.one(kind, &names[1])).await.code, 200);
}
