//! Requests that make no sense.

use serde_json::json;

use crate::{definition::Definition, ground::Ground, kinds::BOATS, support::failure};

const NOT_SERVED: &str = "the server could not find the requested resource";

pub async fn what_is_not_served_is_not_found(ground: Ground) {
    let (kind, name) = (ground.built_in_kind(), ground.name());
    let unknown = failure(404, "NotFound", NOT_SERVED, json!({}));
    let [all, one] = [ground.all(kind), ground.one(kind, &name)];
    let elsewhere = ["/api/v2", "/api/v1/nodes/x/y", "/api/v1/configmaps/x", "/apis/apps/v9/deployments"];
    let here = [format!("{all}x"), format!("{one}/bogus"), all.replace("/v1/", "/v9/")];
    for path in here.into_iter().chain(elsewhere.map(str::to_owned)) {
        assert_eq!(ground.get(&path).await.body, unknown, "{path}");
    }
    for path in ["/apis/nobody.example.com", "/nothing/here", "/apis/nobody.example.com/v1/things"] {
        let nowhere = ground.get(path).await;
        assert_eq!((nowhere.code, nowhere.body), (404, json!("404 page not found\n")), "{path}");
        assert_eq!(nowhere.headers["content-type"], "text/plain; charset=utf-8");
    }
}

pub async fn methods_that_make_no_sense_are_not_allowed(ground: Ground) {
    let (kind, name) = (ground.built_in_kind(), ground.name());
    let message = "the server does not allow this method on the requested resource";
    let refused = failure(405, "MethodNotAllowed", message, json!({}));
    let object = kind.object(&name, json!({}));
    for (method, path) in [("PUT", ground.all(kind)), ("PATCH", ground.all(kind)), ("POST", ground.one(kind, &name))] {
        let media_type = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let answer = ground.ask(method, &path, Some((media_type, &object))).await;
        assert_eq!(answer.body, refused, "{method}");
    }
}

pub async fn bodies_of_unknown_types_are_not_read(ground: Ground) {
    let (kind, name) = (ground.built_in_kind(), ground.name());
    let object = kind.object(&name, json!({}));
    let refused = ground.ask("POST", &ground.all(kind), Some(("application/xml", &object))).await;
    let message = "the body of the request was in an unknown format - accepted media types include: application/json, \
                   application/yaml, application/vnd.kubernetes.protobuf";
    assert_eq!(refused.body, failure(415, "UnsupportedMediaType", message, json!(null)));
    ground.create(kind, &name, json!({})).await;
    let refused = ground.ask("PATCH", &ground.one(kind, &name), Some(("application/json", &object))).await;
    assert_eq!(refused.body, failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", json!({})));
}

pub async fn of_custom_kinds_such_requests_are_answered_otherwise(ground: Ground) {
    let (all, name) = (ground.all(&BOATS), ground.name());
    let one = ground.one(&BOATS, &name);
    let nameless = failure(400, "BadRequest", "name must be provided", json!(null));
    let object = BOATS.object(&name, json!({}));
    assert_eq!(ground.put(&all, &object).await.body, nameless);
    assert_eq!(ground.merge(&all, &object).await.body, nameless);
    ground.create(&BOATS, &name, json!({})).await;
    let message = format!("{} {name:?} not found", BOATS.resource());
    let missing = failure(404, "NotFound", &message, BOATS.details(&name));
    assert_eq!(ground.get(&format!("{one}/bogus")).await.body, missing);
    let nowhere = ground.get(&format!("{all}x")).await;
    assert_eq!((nowhere.code, nowhere.body), (404, json!("404 page not found\n")));
}

pub async fn all_namespaces_are_read_at_once_and_never_written(ground: Ground) {
    let (kind, name) = (ground.namespaced_kind(), ground.name());
    let created = ground.create(kind, &name, json!({"labels": {"a": "b"}})).await;
    let everywhere = ground.all(kind).replace(&format!("/namespaces/{}", ground.namespace), "");
    let message = "the server does not allow this method on the requested resource";
    let expected = match kind.is_custom() {
        true => json!("404 page not found\n"),
        false => failure(405, "MethodNotAllowed", message, json!({})),
    };
    assert_eq!(ground.delete(&format!("{everywhere}?labelSelector=a")).await.body, expected);
    assert_eq!(ground.post(&everywhere, &kind.object(&name, json!({}))).await.body, expected);
    assert_eq!(ground.get(&format!("{everywhere}?limit=1")).await.code, 200);
    assert_eq!(ground.get(&ground.one(kind, &name)).await.body, created);
}

pub async fn parts_of_custom_kinds_say_what_cannot_be_done_with_them(ground: Ground) {
    let custom = Definition::with(
        &ground,
        &json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
        &json!({"subresources": {"status": {}}}),
    )
    .await;
    let name = ground.name();
    let object = custom.object(&name, &json!({"name": "x"}));
    // What stands behind the kind is of no concern to who creates.
    assert_eq!(ground.post(&format!("{}/another", custom.all), &object).await.code, 201);
    let status = format!("{}/{name}/status", custom.all);
    for (method, verb) in [("DELETE", "delete"), ("POST", "create")] {
        let refused = ground.ask(method, &status, Some(("application/json", &object))).await;
        let message = format!("{verb} is not supported on resources of kind \"gadgets.{}\"", custom.group);
        let details = json!({"group": custom.group, "kind": "gadgets"});
        assert_eq!(refused.body, failure(405, "MethodNotAllowed", &message, details));
    }
    custom.forget(&ground).await;
}
