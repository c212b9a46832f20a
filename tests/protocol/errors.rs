//! Requests that make no sense.

use serde_json::json;

use crate::{ground::Ground, support::failure};

const NOT_SERVED: &str = "the server could not find the requested resource";

pub async fn what_is_not_served_is_not_found(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
    let unknown = failure(404, "NotFound", NOT_SERVED, json!({}));
    let [all, one] = [ground.all(kind), ground.one(kind, &name)];
    for path in [format!("{all}x"), format!("{one}/bogus"), all.replace("/v1/", "/v9/")] {
        assert_eq!(ground.get(&path).await.body, unknown, "{path}");
    }
    let nowhere = ground.get("/apis/nobody.example.com/v1/things").await;
    assert_eq!((nowhere.code, nowhere.body), (404, json!("404 page not found\n")));
    assert_eq!(nowhere.headers["content-type"], "text/plain; charset=utf-8");
}

pub async fn methods_that_make_no_sense_are_not_allowed(ground: Ground) {
    let (kind, name) = (ground.kind(), ground.name());
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
    let (kind, name) = (ground.kind(), ground.name());
    let object = kind.object(&name, json!({}));
    let refused = ground.ask("POST", &ground.all(kind), Some(("application/xml", &object))).await;
    let message = "the body of the request was in an unknown format - accepted media types include: application/json, \
                   application/yaml, application/vnd.kubernetes.protobuf";
    assert_eq!(refused.body, failure(415, "UnsupportedMediaType", message, json!(null)));
    ground.create(kind, &name, json!({})).await;
    let refused = ground.ask("PATCH", &ground.one(kind, &name), Some(("application/json", &object))).await;
    assert_eq!(refused.body, failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", json!({})));
}
