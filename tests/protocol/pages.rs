//! What the server says of itself: its health, its version, its paths, and OpenAPI.

use serde_json::{Value, json};

use crate::{
    definition::Definition,
    ground::{Answer, Ground, text},
    kinds::BOATS,
    support::soon,
};

async fn get(ground: &Ground, path: &str, accept: &str) -> Answer {
    ground.ask_text("GET", path, &[("accept", accept)], "").await
}

pub async fn all_is_well(ground: Ground) {
    for path in ["/healthz", "/livez", "/readyz", "/readyz/ping", "/livez/etcd"] {
        let answer = get(&ground, path, "*/*").await;
        let said = (answer.code, answer.text.as_str(), answer.header("content-type"));
        assert_eq!(said, (200, "ok", "text/plain; charset=utf-8"), "{path}");
        let alone = path.matches('/').count() == 2;
        assert_eq!(answer.header("x-content-type-options"), if alone { "" } else { "nosniff" });
    }
    assert_eq!(get(&ground, "/livez/nothing", "*/*").await.code, 404);
    let verbose = get(&ground, "/livez?verbose&exclude=etcd", "*/*").await.text;
    for line in ["[+]ping ok", "[+]log ok", "[+]etcd excluded: ok"] {
        assert!(verbose.lines().any(|said| said == line), "{verbose}");
    }
    assert!(verbose.ends_with("livez check passed\n"), "{verbose}");
}

pub async fn the_paths_of_the_list_lead_somewhere(ground: Ground) {
    let list = ground.get("/").await.body;
    let paths: Vec<String> = list["paths"].as_array().expect("paths").iter().map(text).collect();
    assert!(paths.is_sorted(), "{paths:?}");
    for path in ["/api", "/api/v1", "/apis", "/apis/apps/v1", "/openapi/v3", "/version", "/healthz/ping"] {
        assert!(paths.iter().any(|known| known == path), "{path}");
        assert_eq!(get(&ground, path, "*/*").await.code, 200, "{path}");
    }
}

pub async fn some_look_at_the_method_and_the_others_do_not(ground: Ground) {
    let custom = format!("/apis/{}/v1", BOATS.group);
    for (path, code) in [
        ("/api", 405),
        ("/api/v1", 405),
        ("/apis/apps/v1", 405),
        ("/version", 405),
        ("/", 200),
        ("/apis", 200),
        ("/apis/apps", 200),
        (&custom, 200),
        ("/openapi/v3", 200),
        ("/openapi/v3/apis/apps/v1", 200),
        ("/healthz", 200),
        ("/livez/ping", 200),
        ("/nothing", 404),
        ("/apis/nobody", 404),
        ("/apis/apps/v9", 404),
        ("/api/v9", 404),
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            assert_eq!(ground.ask_text(method, path, &[], "").await.code, code, "{method} {path}");
        }
    }
}

pub async fn the_version_is_indented_whoever_asks(ground: Ground) {
    let answer = get(&ground, "/version", "application/json").await;
    assert!(answer.text.starts_with("{\n  \""), "{}", answer.text);
    assert!(text(&answer.body["gitVersion"]).starts_with("v1."), "{}", answer.text);
    assert_eq!(get(&ground, "/version", "application/yaml").await.code, 406);
}

pub async fn what_is_not_there_is_plain_text(ground: Ground) {
    let answer = get(&ground, "/nothing/here", "application/json").await;
    assert_eq!((answer.code, answer.text.as_str()), (404, "404 page not found\n"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

pub async fn an_address_of_yesterday_leads_to_that_of_today(ground: Ground) {
    let index = get(&ground, "/openapi/v3", "application/json, */*").await;
    assert_eq!(index.header("content-type"), "text/plain; charset=utf-8");
    let today = text(&index.body["paths"]["apis/apps/v1"]["serverRelativeURL"]);
    let document = get(&ground, &today, "application/json").await;
    assert_eq!((document.code, document.header("cache-control")), (200, "public, immutable"));
    assert_eq!(document.body["openapi"], "3.0.0");
    let answer = get(&ground, "/openapi/v3/apis/apps/v1?hash=0", "application/json").await;
    assert_eq!((answer.code, answer.header("location"), answer.text.as_str()), (301, today.as_str(), ""));
    let tag = answer.header("etag").to_owned();
    let known = ground.ask_text("GET", "/openapi/v3/apis/apps/v1", &[("if-none-match", &tag)], "").await;
    assert_eq!((known.code, known.text.as_str()), (304, ""));
    let answer = get(&ground, "/openapi/v3/apis/nobody.example.com/v1", "application/json").await;
    assert_eq!((answer.code, answer.text.as_str()), (404, ""));
}

pub async fn fields_say_how_they_merge(ground: Ground) {
    let document = ground.get("/openapi/v3/api/v1").await.body;
    let schema = |name: &str| {
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        let found = schemas.iter().find(|(schema, _)| schema.rsplit('.').next() == Some(name));
        found.unwrap_or_else(|| panic!("{name}")).1
    };
    let mut volumes = schema("PodSpec")["properties"]["volumes"].clone();
    let reference = text(&volumes["items"]["allOf"][0]["$ref"]);
    assert!(reference.starts_with("#/components/schemas/") && reference.ends_with("Volume"), "{reference}");
    volumes.as_object_mut().expect("a schema").retain(|field, _| !["description", "items"].contains(&field.as_str()));
    let expected = json!({
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
        "x-kubernetes-patch-strategy": "merge,retainKeys", "x-kubernetes-patch-merge-key": "name",
    });
    assert_eq!(volumes, expected);
    let pod = json!([{"group": "", "version": "v1", "kind": "Pod"}]);
    assert_eq!(schema("Pod")["x-kubernetes-group-version-kind"], pod);
}

pub async fn custom_kinds_bring_their_schemas(ground: Ground) {
    let size = json!({"type": "integer", "description": "How large it is"});
    let schema = json!({"type": "object", "properties": {"size": size}});
    let definition = Definition::new(&ground, &schema).await;
    let path = format!("/openapi/v3/apis/{}/v1", definition.group);
    // A real server tells of it a moment later.
    let document = soon(async {
        loop {
            let answer = ground.get(&path).await;
            if answer.code == 200 {
                break answer.body;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    let words: Vec<&str> = definition.group.split('.').rev().collect();
    let schema = &document["components"]["schemas"][format!("{}.v1.Gadget", words.join("."))];
    assert_eq!(schema["properties"]["spec"]["properties"]["size"], size);
    let kind = json!({"group": definition.group, "version": "v1", "kind": "Gadget"});
    assert_eq!(schema["x-kubernetes-group-version-kind"], json!([kind]));
    let one = format!("/apis/{}/v1/namespaces/{{namespace}}/gadgets/{{name}}", definition.group);
    let patch = &document["paths"][one]["patch"];
    assert_eq!(patch["x-kubernetes-group-version-kind"], kind);
    let parameters: Vec<&Value> =
        patch["parameters"].as_array().expect("parameters").iter().map(|parameter| &parameter["name"]).collect();
    assert_eq!(parameters, ["dryRun", "fieldManager", "fieldValidation", "force"]);
    definition.forget(&ground).await;
}
