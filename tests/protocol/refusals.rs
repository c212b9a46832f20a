//! Requests that are refused, and in which words.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::{BOATS, CONFIG_MAPS, SECRETS},
    support::{config_map, failure},
};

pub async fn lists_and_watches_with_bad_parameters(ground: Ground) {
    let options = "ListOptions.meta.k8s.io \"\" is invalid: ";
    let version = |text: &str| {
        format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax")
    };
    let number = "strconv.ParseInt: parsing \"abc\": invalid syntax";
    let initial = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    let exact = "Unsupported value: \"Exact\": supported values: \"NotOlderThan\"";
    for (query, code, message) in [
        ("limit=abc", 400, number.to_owned()),
        ("limit=", 400, "strconv.ParseInt: parsing \"\": invalid syntax".to_owned()),
        (
            "continue=garbage",
            400,
            "invalid continue token: continue key is not valid: invalid character '\\u0081' looking for beginning of value"
                .to_owned(),
        ),
        (
            "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIvcDFcdTAwMDAifQ&resourceVersion=5",
            400,
            "specifying resource version is not allowed when using continue".to_owned(),
        ),
        ("resourceVersion=abc", 400, format!("invalid resource version: {}", version("abc"))),
        ("resourceVersion=-1", 400, format!("invalid resource version: {}", version("-1"))),
        (
            "resourceVersionMatch=Nope&resourceVersion=1",
            422,
            format!(
                "{options}resourceVersionMatch: Unsupported value: \"Nope\": supported values: \"Exact\", \"NotOlderThan\", \"\""
            ),
        ),
        (
            "sendInitialEvents=true",
            422,
            format!("{options}sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"),
        ),
        ("labelSelector=a%3D%3D%3Db", 400, "unable to parse requirement: found '=', expected: identifier".to_owned()),
        ("watch=1&resourceVersion=abc", 500, version("abc")),
        (
            "watch=true&resourceVersionMatch=Exact&resourceVersion=5",
            422,
            format!(
                "{options}[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless \
                 sendInitialEvents is provided, resourceVersionMatch: {exact}]"
            ),
        ),
        ("watch=true&sendInitialEvents=true", 422, format!("{options}resourceVersionMatch: {initial}")),
        ("watch=true&sendInitialEvents=false", 422, format!("{options}resourceVersionMatch: {initial}")),
        (
            "watch=true&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1",
            422,
            format!("{options}[resourceVersionMatch: {initial}, resourceVersionMatch: {exact}]"),
        ),
        (
            "watch=true&continue=abc",
            422,
            format!(
                "{options}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided"
            ),
        ),
        ("watch=true&timeoutSeconds=abc", 400, number.to_owned()),
        ("%ff=%zz&&=&a=b=c&limit=abc", 400, number.to_owned()),
    ] {
        let answer = ground.get(&format!("{}?{query}", ground.all(&CONFIG_MAPS))).await;
        assert_eq!((answer.code, &answer.body["message"]), (code, &json!(message)), "{query}");
    }
}

pub async fn selectors_of_fields_that_the_kind_does_not_have(ground: Ground) {
    let only = "is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
    for (path, message) in [
        (ground.all(&CONFIG_MAPS), format!("\"zz\" {only}")),
        ("/api/v1/pods".to_owned(), "field label not supported: zz".to_owned()),
        ("/apis/batch/v1/jobs".to_owned(), "field label \"zz\" not supported for Job".to_owned()),
        ("/apis/apps/v1/deployments".to_owned(), format!("\"zz\" {only}")),
        (ground.all(&BOATS), "field label not supported: zz".to_owned()),
    ] {
        let answer = ground.get(&format!("{path}?fieldSelector=zz%3D1")).await;
        assert_eq!(answer.body, failure(400, "BadRequest", &message, Value::Null), "{path}");
    }
}

pub async fn creations_of_what_does_not_belong_there(ground: Ground) {
    let cannot = |kind: &str, version: &str, wanted: &str, why: &str| {
        let message = format!("{kind} in version {version:?} cannot be handled as a {wanted}: {why}");
        failure(400, "BadRequest", &message, Value::Null)
    };
    let all = ground.all(&CONFIG_MAPS);
    let number = "json: cannot unmarshal number into Go struct field ConfigMap.data of type string";
    let required = "Required value: name or generateName is required";
    let cause = json!({"reason": "FieldValueRequired", "message": required, "field": "metadata.name"});
    for (path, body, expected) in [
        (
            &all,
            json!({"metadata": {"name": "a", "resourceVersion": "5"}}),
            failure(500, "", "resourceVersion should not be set on objects to be created", Value::Null),
        ),
        (
            &all,
            json!({"metadata": {"name": "a", "namespace": "kube-system"}}),
            failure(
                400,
                "BadRequest",
                "the namespace of the provided object does not match the namespace sent on the request",
                Value::Null,
            ),
        ),
        (
            &all,
            json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "a"}}),
            cannot("Secret", "v1", "ConfigMap", "converting (v1.Secret) to (core.ConfigMap): unknown conversion"),
        ),
        (
            &all,
            json!({"kind": "ConfigMap", "apiVersion": "v2", "metadata": {"name": "a"}}),
            cannot(
                "ConfigMap",
                "v2",
                "ConfigMap",
                "no kind \"ConfigMap\" is registered for version \"v2\" in scheme \"pkg/runtime/scheme.go:111\"",
            ),
        ),
        (&all, json!({"metadata": {"name": "a"}, "data": {"a": 1}}), cannot("ConfigMap", "v1", "ConfigMap", number)),
        (
            &ground.all(&SECRETS),
            json!({"metadata": {"name": "a"}, "data": {"q": "%%%"}}),
            cannot("Secret", "v1", "Secret", "illegal base64 data at input byte 0"),
        ),
        (
            &"/api/v1/configmaps".to_owned(),
            json!({"metadata": {"name": "a"}}),
            failure(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
                json!({}),
            ),
        ),
        (
            &all,
            json!({"metadata": {}}),
            failure(
                422,
                "Invalid",
                &format!("ConfigMap \"\" is invalid: metadata.name: {required}"),
                json!({"kind": "ConfigMap", "causes": [cause]}),
            ),
        ),
    ] {
        assert_eq!(ground.post(path, &body).await.body, expected, "{body}");
    }
}

pub async fn creations_in_a_namespace_that_ends(ground: Ground) {
    let namespace = format!("{}-b", ground.namespace);
    let object = json!({"metadata": {"name": namespace}});
    ground.post("/api/v1/namespaces", &object).await;
    let all = CONFIG_MAPS.path(&namespace);
    ground.post(&all, &CONFIG_MAPS.object("held", json!({"finalizers": ["example.com/x"]}))).await;
    let deleted = ground.delete(&format!("/api/v1/namespaces/{namespace}")).await;
    assert_eq!((deleted.code, &deleted.body["status"]["phase"]), (200, &json!("Terminating")));
    let refused = ground.post(&all, &config_map("late", "1")).await;
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let message = format!("configmaps \"late\" is forbidden: {why}");
    assert_eq!((refused.code, &refused.body["message"]), (403, &json!(message)));
    // What has no name yet is called by what it was to begin with.
    let refused = ground.post(&all, &json!({"metadata": {"generateName": "later-"}})).await;
    assert_eq!((refused.code, &refused.body["details"]["name"]), (403, &json!("later-")));
    ground.merge(&format!("{all}/held"), &json!({"metadata": {"finalizers": null}})).await;
}

pub async fn bodies_that_are_no_objects(ground: Ground) {
    let end = "unexpected end of JSON input";
    let list = "json: cannot unmarshal array into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";
    for (kind, body, why) in [
        (CONFIG_MAPS, "", format!("{end} (<empty>)")),
        (CONFIG_MAPS, "{\"data\":{\"a\":\"1\"", format!("{end} ({{\"data\":{{\"a\":\"1\")")),
        (CONFIG_MAPS, "[1]", format!("{list} (5b315d)")),
        (SECRETS, "", format!("{end} (<empty>)")),
    ] {
        let headers = [("Content-Type", "application/json")];
        let refused = ground.ask_text("POST", &ground.all(&kind), &headers, body).await;
        let message = format!(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {why}",
            kind.kind
        );
        assert_eq!((refused.code, &refused.body["message"]), (400, &json!(message)), "{body}");
    }
    let large = " ".repeat(3 * 1024 * 1024 + 1);
    let refused = ground.ask_text("POST", &ground.all(&CONFIG_MAPS), &[], &large).await;
    assert_eq!(refused.code, 413);
}

pub async fn replacements_by_another_object_or_of_another_version(ground: Ground) {
    let (name, all) = (ground.name(), ground.all(&CONFIG_MAPS));
    let created = ground.post(&all, &config_map(&name, "1")).await.body;
    let path = ground.one(&CONFIG_MAPS, &name);
    let with = |field: &str, value: &str| {
        let mut object = config_map(&name, "2");
        object["metadata"][field] = value.into();
        object
    };
    let cannot = |why: String| {
        let message = format!("Operation cannot be fulfilled on configmaps {name:?}: {why}");
        failure(409, "Conflict", &message, CONFIG_MAPS.details(&name))
    };
    let modified =
        "the object has been modified; please apply your changes to the latest version and try again".to_owned();
    let key = format!("/registry/configmaps/{}/{name}", ground.namespace);
    let other = format!(
        "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: \
         UID in precondition: nope, UID in object meta: {}",
        created["metadata"]["uid"].as_str().expect("an identity")
    );
    let renamed = format!("the name of the object (other) does not match the name on the URL ({name})");
    let no_number = "strconv.ParseUint: parsing \"abc\": invalid syntax";
    for (body, expected) in [
        (with("resourceVersion", "2"), cannot(modified.clone())),
        (with("resourceVersion", "99999999"), cannot(modified)),
        (with("resourceVersion", "abc"), failure(500, "", no_number, Value::Null)),
        (with("uid", "nope"), cannot(other)),
        (with("name", "other"), failure(400, "BadRequest", &renamed, Value::Null)),
    ] {
        assert_eq!(ground.put(&path, &body).await.body, expected);
    }
    assert_eq!(ground.get(&path).await.body, created);
    let missing = format!("{name}-none");
    let refused = ground.put(&ground.one(&CONFIG_MAPS, &missing), &config_map(&missing, "1")).await;
    let message = format!("configmaps {missing:?} not found");
    assert_eq!(refused.body, failure(404, "NotFound", &message, CONFIG_MAPS.details(&missing)));
}

pub async fn deletions_of_another_object(ground: Ground) {
    let name = ground.name();
    let created = ground.create(&CONFIG_MAPS, &name, json!({})).await;
    let uid = created["metadata"]["uid"].as_str().expect("an identity");
    let options = json!({"preconditions": {"uid": "nope"}});
    let path = ground.one(&CONFIG_MAPS, &name);
    let refused = ground.ask("DELETE", &path, Some(("application/json", &options))).await;
    let message = format!(
        "Operation cannot be fulfilled on ConfigMap {name:?}: the UID in the precondition (nope) does not match the UID in \
         record ({uid}). The object might have been deleted and then recreated"
    );
    assert_eq!(refused.body, failure(409, "Conflict", &message, json!({"name": name, "kind": "ConfigMap"})));
}

pub async fn writes_to_what_is_being_deleted(ground: Ground) {
    let (name, all) = (ground.name(), ground.all(&CONFIG_MAPS));
    ground.create(&CONFIG_MAPS, &name, json!({"finalizers": ["example.com/x"]})).await;
    let path = ground.one(&CONFIG_MAPS, &name);
    ground.delete(&path).await;
    let exists = ground.post(&all, &config_map(&name, "1")).await;
    let message = format!("object is being deleted: configmaps {name:?} already exists");
    assert_eq!(exists.body, failure(409, "AlreadyExists", &message, CONFIG_MAPS.details(&name)));
    let finalizers = json!({"finalizers": ["example.com/x", "example.com/y"]});
    let refused = ground.put(&path, &CONFIG_MAPS.object(&name, finalizers)).await;
    let why = "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new \
               finalizers []string{\"example.com/y\"}";
    assert_eq!(refused.body["message"], format!("ConfigMap {name:?} is invalid: {why}"));
    ground.merge(&path, &json!({"metadata": {"finalizers": null}})).await;
}

pub async fn dry_runs_of_another_kind(ground: Ground) {
    let refused = ground.post(&format!("{}?dryRun=Foo", ground.all(&CONFIG_MAPS)), &config_map("a", "1")).await;
    let why = "dryRun: Unsupported value: [\"Foo\"]: supported values: \"All\"";
    let message = format!("CreateOptions.meta.k8s.io \"\" is invalid: {why}");
    assert_eq!((refused.code, &refused.body["message"]), (422, &json!(message)));
}

pub async fn changes_of_what_is_immutable(ground: Ground) {
    let name = ground.name();
    let secret = |kind: &str, value: &str| {
        let mut object = SECRETS.object(&name, json!({}));
        object["type"] = kind.into();
        object["immutable"] = true.into();
        object["stringData"] = json!({"a": value});
        object
    };
    ground.post(&ground.all(&SECRETS), &secret("a/b", "1")).await;
    for (object, why) in [
        (secret("x/y", "1"), "type: Invalid value: \"x/y\": field is immutable"),
        (secret("a/b", "2"), "data: Forbidden: field is immutable when `immutable` is set"),
    ] {
        let refused = ground.put(&ground.one(&SECRETS, &name), &object).await;
        let message = format!("Secret {name:?} is invalid: {why}");
        assert_eq!((refused.code, &refused.body["message"]), (422, &json!(message)));
    }
}
