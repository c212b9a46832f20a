//! What Go's clients send in protobuf.

use serde_json::json;

use crate::{
    ground::{Answer, Ground},
    kinds::{CONFIG_MAPS, Kind, SECRETS},
    support::failure,
};

/// A field whose content is a text or a message: none of those here is long, and all are ASCII.
fn field(number: u8, content: &str) -> String {
    format!("{}{}{content}", char::from(number << 3 | 2), char::from(content.len() as u8))
}

fn number(number: u8, value: u8) -> String {
    format!("{}{}", char::from(number << 3), char::from(value))
}

/// A message with what says its type.
fn envelope(api_version: &str, kind: &str, message: &str) -> String {
    let about = field(1, api_version) + &field(2, kind);
    format!("k8s\0{}{}{}{}", field(1, &about), field(2, message), field(3, ""), field(4, ""))
}

async fn send(ground: &Ground, method: &str, path: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/vnd.kubernetes.protobuf"), ("accept", "application/json")];
    ground.ask_text(method, path, &headers, body).await
}

pub async fn objects_come_in_protobuf_too(ground: Ground) {
    let (kind, name, [label, key, word]) = (&CONFIG_MAPS, ground.name(), [(); 3].map(|()| ground.name()));
    // Empty fields are sent as well: a generateName, a time of creation.
    let entry = |key: &str, value: &str| field(1, key) + &field(2, value);
    let metadata = field(1, &name) + &field(2, "") + &field(8, "") + &field(11, &entry(&label, ""));
    let map = |word: &str| field(1, &metadata) + &field(2, &entry(&key, word)) + &number(4, 0);
    let created = send(&ground, "POST", &ground.all(kind), &envelope("v1", "ConfigMap", &map(&word))).await;
    assert_eq!(created.code, 201, "{created:?}");
    assert_eq!(created.body, ground.get(&ground.one(kind, &name)).await.body);
    let described = |answer: &Answer| {
        let object = &answer.body;
        json!([
            object["metadata"]["labels"],
            object["metadata"].get("generateName"),
            object["data"],
            object["immutable"]
        ])
    };
    assert_eq!(described(&created), json!([{label.as_str(): ""}, null, {key.as_str(): word}, false]));
    let replaced = send(&ground, "PUT", &ground.one(kind, &name), &envelope("", "", &map(""))).await;
    assert_eq!((replaced.code, described(&replaced)), (200, json!([{label: ""}, null, {key: ""}, false])));
}

pub async fn deletions_come_in_protobuf_too(ground: Ground) {
    let (kind, name) = (&SECRETS, ground.name());
    let uid = ground.create(kind, &name, json!({})).await["metadata"]["uid"].as_str().expect("a uid").to_owned();
    let one = ground.one(kind, &name);
    let delete =
        async |options: String| send(&ground, "DELETE", &one, &envelope("v1", "DeleteOptions", &options)).await;
    assert_eq!(delete(field(5, "All")).await.code, 200);
    assert_eq!(ground.get(&one).await.code, 200, "it was a dry run");
    assert_eq!(delete(field(2, &field(1, &uid.replace('-', "+")))).await.code, 409);
    let sideways = delete(field(4, "Sideways")).await;
    assert_eq!((sideways.code, &sideways.body["details"]["causes"][0]["field"]), (422, &json!("propagationPolicy")));
    assert_eq!(delete(number(1, 0) + &field(2, &field(1, &uid)) + &field(4, "Background")).await.code, 200);
    assert_eq!(ground.get(&one).await.code, 404);
}

pub async fn what_is_no_protobuf_is_refused(ground: Ground) {
    let refusal = |kind: &Kind, why: &str| {
        let message = format!("the object provided is unrecognized (must be of type {}): {why}", kind.kind);
        failure(400, "BadRequest", &message, json!(null))
    };
    let unprefixed = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";
    for (body, why) in [
        ("", "empty data (<empty>)".to_owned()),
        ("{}", format!("{unprefixed} ({{}})")),
        ("k8s", format!("{unprefixed} (6b3873)")),
        ("k8s\0", "empty body (6b387300)".to_owned()),
        ("k8s\0\x0a\x09a", "unexpected EOF (6b3873000a0961)".to_owned()),
    ] {
        let refused = send(&ground, "POST", &ground.all(&CONFIG_MAPS), body).await;
        assert_eq!(refused.body, refusal(&CONFIG_MAPS, &why), "{body:?}");
    }
    let unreadable = |said: &str, version: &str, why: &str| {
        let message = format!("{said} in version {version:?} cannot be handled as a ConfigMap: {why}");
        failure(400, "BadRequest", &message, json!(null))
    };
    let unregistered = "no kind \"ConfigMap\" is registered for version \"v2\" in scheme \"pkg/runtime/scheme.go:111\"";
    let other = "converting (v1.Secret) to (core.ConfigMap): unknown conversion";
    for (version, kind, message, why) in [
        ("v1", "ConfigMap", "\x0a\x09a", "unexpected EOF"),
        ("v2", "ConfigMap", "", unregistered),
        ("v1", "Secret", "", other),
    ] {
        let refused = send(&ground, "POST", &ground.all(&CONFIG_MAPS), &envelope(version, kind, message)).await;
        assert_eq!(refused.body, unreadable(kind, version, why), "{version} {kind}");
    }
}
