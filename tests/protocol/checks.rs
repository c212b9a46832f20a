//! What a server looks at first, where several things are wrong or would be.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground, text},
    kinds::{BOATS, CONFIG_MAPS, DEPLOYMENTS, LEASES, SECRETS},
};

const NOWHERE: &str = "the server could not find the requested resource";

fn told(answer: &Answer) -> (u16, String) {
    (answer.code, text(&answer.body["message"]))
}

async fn apply(ground: &Ground, path: &str, configuration: &Value) -> Answer {
    let path = format!("{path}?fieldManager={}", ground.pick(&["one", "two"]));
    ground.ask("PATCH", &path, Some(("application/apply-patch+yaml", configuration))).await
}

pub async fn a_path_is_taken_apart_at_each_slash(ground: Ground) {
    let name = ground.name();
    ground.create(&CONFIG_MAPS, &name, json!({})).await;
    let all = ground.all(&CONFIG_MAPS);
    for path in [format!("{all}//{name}"), format!("{all}/a%2F{name}"), format!("/api/v1/namespaces//{name}")] {
        for method in ["GET", "DELETE", "OPTIONS"] {
            assert_eq!(told(&ground.ask(method, &path, None).await), (404, NOWHERE.to_owned()), "{method} {path}");
        }
    }
    let everywhere = ground.get("/api/v1/namespaces//configmaps?limit=1").await;
    assert_eq!((everywhere.code, &everywhere.body["kind"]), (200, &json!("ConfigMapList")));
    let nowhere = ground.merge("/api/v1/namespaces//configmaps", &json!({})).await;
    assert_eq!(told(&nowhere), (405, "the server does not allow this method on the requested resource".to_owned()));
}

pub async fn a_selector_comes_before_a_version_and_before_the_form_of_events(ground: Ground) {
    let field = ground.name();
    let all = format!("{}?fieldSelector={field}%3Da", ground.all(&CONFIG_MAPS));
    let why = format!("\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    assert_eq!(told(&ground.get(&format!("{all}&resourceVersion=x")).await), (400, why.clone()));
    assert_eq!(told(&ground.delete(&format!("{all}&propagationPolicy=x")).await), (400, why.clone()));
    let yaml = ground.ask_text("GET", &format!("{all}&watch=1"), &[("Accept", "application/yaml")], "").await;
    assert_eq!(yaml.code, 400);
    assert!(yaml.body.as_str().is_some_and(|text| text.contains("is not a known field selector")), "{yaml:?}");
}

pub async fn a_scale_is_read_before_its_object_is_looked_for(ground: Ground) {
    let names = ground.names(2);
    let path = format!("{}/scale", ground.one(&DEPLOYMENTS, &names[0]));
    let scale = |name: &str, namespace: &str, replicas: Value| {
        json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas},
        })
    };
    let namespace = &ground.namespace;
    for (scale, expected) in [
        (
            scale(&names[0], "default", json!(1)),
            (400, "the namespace of the provided object does not match the namespace sent on the request".to_owned()),
        ),
        (
            scale(&names[1], namespace, json!(1)),
            (
                400,
                format!("the name of the object ({}) does not match the name on the URL ({})", names[1], names[0]),
            ),
        ),
        (
            scale(&names[0], namespace, json!([])),
            (
                400,
                "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal array into Go struct field \
                 ScaleSpec.spec.replicas of type int32"
                    .to_owned(),
            ),
        ),
        (scale(&names[0], namespace, json!(1)), (404, format!("deployments.apps \"{}\" not found", names[0]))),
    ] {
        assert_eq!(told(&ground.put(&path, &scale).await), expected);
    }
}

pub async fn a_replacement_of_what_is_gone_makes_no_other_object(ground: Ground) {
    let name = ground.name();
    let mut lease = ground.create(&LEASES, &name, json!({})).await;
    let path = ground.one(&LEASES, &name);
    assert_eq!(ground.delete(&path).await.code, 200);
    let uid = text(&lease["metadata"]["uid"]);
    let why = format!(
        "Operation cannot be fulfilled on leases.coordination.k8s.io \"{name}\": StorageError: invalid object, Code: 4, \
         Key: /registry/leases/{}/{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in \
         precondition: {uid}, UID in object meta: ",
        ground.namespace
    );
    assert_eq!(told(&ground.put(&path, &lease).await), (409, why));
    lease["metadata"]["uid"] = Value::Null;
    let made = ground.put(&path, &lease).await;
    assert_eq!(made.code, 201);
    assert_ne!(text(&made.body["metadata"]["uid"]), uid);
}

pub async fn the_status_of_a_service_that_is_not_there_can_be_applied(ground: Ground) {
    let name = ground.name().replace('.', "-");
    let service = |name: &str| {
        let metadata = json!({"name": name});
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}})
    };
    let path = format!("/api/v1/namespaces/{}/services/{name}/status", ground.namespace);
    let other = ground.name();
    let why = format!("the name of the object ({other}) does not match the name on the URL ({name})");
    assert_eq!(told(&apply(&ground, &path, &service(&other)).await), (400, why));
    let made = apply(&ground, &path, &service(&name)).await;
    // Nobody gives it an address by this path.
    assert_eq!((made.code, &made.body["spec"]["clusterIP"]), (201, &Value::Null));
    let path = format!("{}/status", ground.one(&DEPLOYMENTS, &name));
    let deployment = DEPLOYMENTS.object(&name, json!({}));
    assert_eq!(
        told(&apply(&ground, &path, &deployment).await),
        (404, format!("deployments.apps \"{name}\" not found"))
    );
}

pub async fn a_configuration_is_checked_as_it_is_read_merged_and_converted(ground: Ground) {
    let name = ground.name();
    let path = ground.one(&SECRETS, &name);
    let secret = |fields: Value| {
        let mut secret = SECRETS.object(&name, json!({}));
        for (field, value) in fields.as_object().into_iter().flatten() {
            secret[field] = value.clone();
        }
        secret
    };
    let typed = format!("failed to create typed patch object (/{name}; /v1, Kind=Secret): ");
    for (fields, code, why) in [
        (json!({"apiVersion": "a/b/c"}), 400, "invalid object type: /, Kind=".to_owned()),
        (
            json!({"metadata": {"name": name, "managedFields": []}}),
            400,
            "metadata.managedFields must be nil".to_owned(),
        ),
        (
            json!({"metadata": {"name": name, "managedFields": 7}}),
            500,
            format!("{typed}.metadata.managedFields: expected list, got &{{7}}"),
        ),
        (
            json!({"data": {"a": "-"}}),
            500,
            format!(
                "failed to convert new object (/{name}; /v1, Kind=Secret) to proper version: unable to convert \
                 unstructured object to /v1, Kind=Secret: error decoding from json: illegal base64 data at input byte 0"
            ),
        ),
        (
            json!({"metadata": {"name": name, "resourceVersion": "x"}}),
            500,
            "strconv.ParseUint: parsing \"x\": invalid syntax".to_owned(),
        ),
    ] {
        assert_eq!(told(&apply(&ground, &path, &secret(fields)).await), (code, why));
    }
}

pub async fn what_cannot_be_read_at_all_is_told_before_what_is_of_another_type(ground: Ground) {
    let all = ground.all(&SECRETS);
    let secret = |data: Value, created: &str| {
        let mut secret = SECRETS.object(&ground.name(), json!({"creationTimestamp": created}));
        secret["data"] = data;
        secret
    };
    let unread = "Secret in version \"v1\" cannot be handled as a Secret: ";
    let now = "2020-01-01T00:00:00Z";
    for (secret, why) in [
        (secret(json!({"a": "-"}), now), "illegal base64 data at input byte 0".to_owned()),
        (
            secret(json!({"a": "-"}), "x"),
            "parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\"".to_owned(),
        ),
        (secret(json!({}), &format!("{now}!")), format!("parsing time \"{now}!\": extra text: \"!\"")),
        (
            secret(json!({"a": ["b"]}), now),
            "json: cannot unmarshal string into Go struct field Secret.data of type uint8".to_owned(),
        ),
    ] {
        assert_eq!(told(&ground.post(&all, &secret).await), (400, format!("{unread}{why}")));
    }
    let made = ground.post(&all, &secret(json!({"a": [104, 105]}), now)).await;
    assert_eq!((made.code, &made.body["data"]), (201, &json!({"a": "aGk="})));
}

pub async fn an_unknown_field_that_is_there_twice_is_told_once(ground: Ground) {
    let name = ground.name();
    let text = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"{name}\"}},\"wings\":1,\"wings\":2,\
         \"data\":{{\"a\":\"1\",\"a\":\"2\",\"a\":\"3\"}}}}"
    );
    let headers = [("Content-Type", "application/json")];
    let made = ground.ask_text("POST", &ground.all(&CONFIG_MAPS), &headers, &text).await;
    assert_eq!(made.code, 201);
    assert_eq!(made.warnings(), ["299 - \"unknown field \\\"wings\\\"\"", "299 - \"duplicate field \\\"data.a\\\"\""]);
}

pub async fn what_a_patch_leaves_without_a_version_has_no_name_either(ground: Ground) {
    let name = ground.name();
    ground.create(&CONFIG_MAPS, &name, json!({})).await;
    let path = ground.one(&CONFIG_MAPS, &name);
    let unnamed = ground.merge(&path, &json!({"apiVersion": null, "data": {"a": "b"}})).await;
    let why = format!("the name of the object ({name} based on URL) was undeterminable: name must be provided");
    assert_eq!(told(&unnamed), (400, why));
    assert_eq!(
        unnamed.warnings(),
        ["data", "metadata"].map(|field| format!("299 - \"unknown field \\\"{field}\\\"\""))
    );
    let unclear = ground.merge(&path, &json!({"kind": 5})).await;
    assert_eq!(unclear.code, 422);
    let causes = text(&unclear.body["details"]["causes"][0]["message"]);
    let why = "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string";
    assert!(causes.ends_with(why), "{causes}");
}

pub async fn a_new_custom_object_says_its_own_name(ground: Ground) {
    let names = ground.names(2);
    let made = ground.post(&ground.one(&BOATS, &names[0]), &BOATS.object(&names[1], json!({}))).await;
    assert_eq!((made.code, text(&made.body["metadata"]["name"])), (201, names[1].clone()));
    assert_eq!(ground.get(&ground.one(&BOATS, &names[0])).await.code, 404);
}
