//! Texts of clients in the server's messages: what cannot be printed is shown in the way of Go.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::CONFIG_MAPS,
    support::{config_map, failure},
};

/// A text that Go shows between quotes in its own way, as it is sent and as it is shown.
const SENT: &str = "a%07%0B%00%C2%85%E2%80%8B%C3%A9%27%22";
const TEXT: &str = "a\u{7}\u{b}\0\u{85}\u{200b}é'\"";
const SHOWN: &str = r#""a\a\v\x00\u0085\u200bé'\"""#;

pub async fn parameters_are_shown_with_the_escapes_of_go(ground: Ground) {
    let all = ground.all(&CONFIG_MAPS);
    let options = "CreateOptions.meta.k8s.io \"\" is invalid: ";
    for (query, message) in [
        (
            format!("resourceVersion={SENT}"),
            format!(
                "invalid resource version: resourceVersion: Invalid value: {SHOWN}: strconv.ParseUint: parsing {SHOWN}: \
                 invalid syntax"
            ),
        ),
        (format!("limit={SENT}"), format!("strconv.ParseInt: parsing {SHOWN}: invalid syntax")),
        (
            "fieldSelector=z%07z%3D1".to_owned(),
            "\"z\\az\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"".to_owned(),
        ),
    ] {
        assert_eq!(ground.get(&format!("{all}?{query}")).await.said(), (400, message), "{query}");
    }
    let refused = ground.post(&format!("{all}?fieldValidation={SENT}"), &config_map("a", "1")).await;
    let why = format!("Unsupported value: {SHOWN}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"");
    assert_eq!(refused.said(), (422, format!("{options}fieldValidation: {why}")));
}

pub async fn names_and_versions_are_shown_with_the_escapes_of_go(ground: Ground) {
    let all = ground.all(&CONFIG_MAPS);
    let missing = ground.get(&format!("{all}/a%07b")).await;
    let details = json!({"name": "a\u{7}b", "kind": "configmaps"});
    assert_eq!(missing.body, failure(404, "NotFound", "configmaps \"a\\ab\" not found", details));
    let mut object = config_map("a", "1");
    object["metadata"]["name"] = TEXT.into();
    let (code, message) = ground.post(&all, &object).await.said();
    let start = format!("ConfigMap {SHOWN} is invalid: metadata.name: Invalid value: {SHOWN}: a lowercase RFC 1123");
    assert!(code == 422 && message.starts_with(&start), "{message}");
    object["apiVersion"] = TEXT.into();
    let why =
        format!("no kind \"ConfigMap\" is registered for version {SHOWN} in scheme \"pkg/runtime/scheme.go:111\"");
    let message = format!("ConfigMap in version {SHOWN} cannot be handled as a ConfigMap: {why}");
    assert_eq!(ground.post(&all, &object).await.body, failure(400, "BadRequest", &message, Value::Null));
}
