//! Requests that make no sense.

use serde_json::json;

use crate::{ground::Ground, kinds::BOATS, support::failure};

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
