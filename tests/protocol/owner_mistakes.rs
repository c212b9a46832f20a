//! Owners that no object can have.

use serde_json::json;

use crate::{ground::Ground, kinds::CONFIG_MAPS, mistakes::refused};

pub async fn in_owners(ground: Ground) {
    let (one, other) = (ground.name(), ground.name());
    let controller = |name: &str| json!({"apiVersion": "v1", "kind": "Pod", "name": name, "uid": format!("u-{name}"), "controller": true});
    let shown = |name: &str| {
        format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"{name}\",\"uid\":\"u-{name}\",\"controller\":true}}"
        )
    };
    let twice = format!(
        "metadata.ownerReferences: Invalid value: [{},{}]: Only one reference can have Controller set to true. Found \
         \"true\" in references for Pod/{one} and Pod/{other}",
        shown(&one),
        shown(&other)
    );
    let owner = |fields| json!({"metadata": {"ownerReferences": [fields]}});
    let of = |api_version: &str, kind: &str| {
        owner(json!({"apiVersion": api_version, "kind": kind, "name": "n", "uid": "u"}))
    };
    let cases = &[
        (json!({"metadata": {"ownerReferences": [controller(&one), controller(&other)]}}), twice.as_str()),
        (
            of("v1", "Event"),
            "metadata.ownerReferences: Invalid value: \
             {\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"n\",\"uid\":\"u\"}: \
             /v1, Kind=Event is disallowed from being an owner",
        ),
        (
            of("a/b/c", "Pod"),
            "metadata.ownerReferences.apiVersion: Invalid value: \"a/b/c\": version must not be empty",
        ),
        (of("a/", "Pod"), "metadata.ownerReferences.apiVersion: Invalid value: \"a/\": version must not be empty"),
    ];
    refused(&ground, &CONFIG_MAPS, cases).await;
}
