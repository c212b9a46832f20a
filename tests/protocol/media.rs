//! Media types: in which forms and texts the server answers, and which it refuses.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground},
    kinds::{BOATS, CONFIG_MAPS},
    subject::Subject,
};

const TYPES: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

async fn get(ground: &Ground, path: &str, accept: &str) -> Answer {
    ground.ask_text("GET", path, &[("accept", accept)], "").await
}

/// A ConfigMap that nobody owns, which is short.
async fn config_map(ground: Ground) -> Subject {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "yes"}})).await;
    let nobody = json!({"metadata": {"managedFields": [{}]}});
    assert_eq!(subject.ground.merge(&subject.path(), &nobody).await.code, 200);
    subject
}

pub async fn the_dearest_type_the_server_has_is_answered(ground: Ground) {
    let subject = config_map(ground).await;
    for (accept, media_type) in [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/yaml", "application/yaml"),
        ("application/json;q=0.1, application/yaml;q=0.5", "application/yaml"),
        ("*/*, application/yaml", "application/yaml"),
        ("application/cbor,application/yaml", "application/yaml"),
    ] {
        let answer = get(&subject.ground, &subject.path(), accept).await;
        assert_eq!((answer.code, answer.header("content-type")), (200, media_type), "{accept}");
    }
}

pub async fn yaml_is_what_kubectl_would_print(ground: Ground) {
    let subject = config_map(ground).await;
    let now = subject.now().await;
    let text = |field: &str| now["metadata"][field].as_str().expect(field);
    let expected = format!(
        "apiVersion: v1\ndata:\n  a: \"yes\"\nkind: ConfigMap\nmetadata:\n  creationTimestamp: \"{}\"\n  name: {}\n  \
         namespace: {}\n  resourceVersion: \"{}\"\n  uid: {}\n",
        text("creationTimestamp"),
        text("name"),
        text("namespace"),
        text("resourceVersion"),
        text("uid")
    );
    assert_eq!(get(&subject.ground, &subject.path(), "application/yaml").await.text, expected);
}

pub async fn people_get_indented_json(ground: Ground) {
    let subject = config_map(ground).await;
    let object = subject.now().await;
    for (query, agent, accept, indented) in [
        ("", "a-program/1", "application/json", false),
        ("?pretty=true", "a-program/1", "application/json", true),
        ("?pretty=1", "a-program/1", "application/json", true),
        ("?pretty=false", "curl/8", "application/json", false),
        ("", "curl/8", "application/json", true),
        ("", "Wget/1", "*/*", true),
        ("", "Mozilla/5.0 (X11)", "*/*", true),
        ("", "a-program/1", "application/json;pretty=1", true),
    ] {
        let headers = [("user-agent", agent), ("accept", accept)];
        let path = format!("{}{query}", subject.path());
        let answer = subject.ground.ask_text("GET", &path, &headers, "").await;
        assert_eq!(answer.text.contains("\n  \"data\": {\n    \"a\": \"yes\"\n  }"), indented, "{query} {agent}");
        assert_eq!(answer.body, object);
    }
}

pub async fn what_nobody_can_answer_is_refused_with_what_there_is(ground: Ground) {
    let name = ground.name();
    ground.create(&CONFIG_MAPS, &name, json!({})).await;
    let (maps, boats) = (ground.all(&CONFIG_MAPS), ground.all(&BOATS));
    let streams = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
    let of_routes = |types: &str| format!("406: Not Acceptable\n\nAvailable representations: {types}");
    let of_objects = |types: &str| format!("only the following media types are accepted: {types}");
    let watch = format!("{maps}?watch=true");
    let both = format!("{TYPES}, {streams}");
    for (path, accept, message) in [
        (&*maps, "text/html", of_routes(&both)),
        (&watch, "text/html", of_routes(&both)),
        (&ground.one(&CONFIG_MAPS, &name), "text/html", of_routes(TYPES)),
        ("/api", "text/html", of_routes(TYPES)),
        ("/version", "text/html", of_routes("application/json")),
        (&boats, "text/html", of_objects(TYPES)),
        (&maps, "application/json;as=Nope;g=meta.k8s.io;v=v1", of_objects(TYPES)),
        (&maps, "application/json;as=Table", of_objects(TYPES)),
    ] {
        let answer = get(&ground, path, accept).await;
        assert_eq!(answer.said(), (406, message), "{path} {accept}");
        assert!(answer.text.starts_with("{\n  \"kind\": \"Status\""), "{}", answer.text);
    }
    let answer = get(&ground, &watch, "application/yaml").await;
    let start = "apiVersion: v1\ncode: 406\nkind: Status\nmessage: 'only the following media types are accepted: ";
    assert!(answer.text.starts_with(start), "{}", answer.text);
}

pub async fn forms_an_object_or_a_list_does_not_have_are_refused_in_the_words_of_go(ground: Ground) {
    let name = ground.name();
    ground.create(&CONFIG_MAPS, &name, json!({})).await;
    for (path, form, message) in [
        (ground.all(&CONFIG_MAPS), "PartialObjectMetadata", "a list (*core.ConfigMapList)"),
        ("/apis/rbac.authorization.k8s.io/v1/roles".to_owned(), "PartialObjectMetadata", "a list (*rbac.RoleList)"),
        ("/apis/events.k8s.io/v1/events".to_owned(), "PartialObjectMetadata", "a list (*core.EventList)"),
        (ground.all(&BOATS), "PartialObjectMetadata", "a list (*unstructured.UnstructuredList)"),
        (ground.one(&CONFIG_MAPS, &name), "PartialObjectMetadataList", "not a list (*core.ConfigMap)"),
    ] {
        let answer = get(&ground, &path, &format!("application/json;as={form};g=meta.k8s.io;v=v1")).await;
        let message = format!("you requested {form}, but the requested object is {message}");
        assert_eq!(answer.said(), (406, message), "{path}");
    }
    // What is not there has no form at all.
    let lists = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    assert_eq!(get(&ground, &ground.one(&CONFIG_MAPS, &format!("{name}-none")), lists).await.code, 404);
}

pub async fn errors_look_as_answers_would(ground: Ground) {
    let name = ground.name();
    let path = ground.one(&CONFIG_MAPS, &name);
    let compact = get(&ground, &path, "application/json;as=Table;g=meta.k8s.io;v=v1,application/json").await;
    assert!(compact.text.starts_with("{\"kind\":\"Status\""), "{}", compact.text);
    let form_alone = get(&ground, &path, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1").await;
    assert!(form_alone.text.starts_with("{\n  \"kind\": \"Status\""), "{}", form_alone.text);
    let yaml = get(&ground, &path, "application/yaml").await;
    let expected = format!(
        "apiVersion: v1\ncode: 404\ndetails:\n  kind: configmaps\n  name: {name}\nkind: Status\nmessage: configmaps \
         \"{name}\" not found\nmetadata: {{}}\nreason: NotFound\nstatus: Failure\n"
    );
    assert_eq!(yaml.text, expected);
    assert_eq!(compact.body["details"], form_alone.body["details"]);
    assert_ne!(compact.body, Value::Null);
}
