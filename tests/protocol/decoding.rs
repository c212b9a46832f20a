//! Bodies as objects of their kind: unknown and doubled fields, values of wrong types, nulls.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground, text},
    kinds::CONFIG_MAPS,
    subject::{MERGE, Subject},
    support::failure,
};

fn unknown(path: &str) -> String {
    format!("299 - \"unknown field \\\"{path}\\\"\"")
}

async fn post(ground: &Ground, path: &str, body: &str) -> Answer {
    ground.ask_text("POST", path, &[("Content-Type", "application/json")], body).await
}

fn pods(ground: &Ground) -> String {
    format!("/api/v1/namespaces/{}/pods", ground.namespace)
}

pub async fn fields_a_kind_does_not_have_are_left_out_and_warned_of_in_their_order(ground: Ground) {
    let (name, all) = (ground.name(), ground.all(&CONFIG_MAPS));
    let body = format!(
        r#"{{"wings": 1, "metadata": {{"name": "{name}", "tail": true}}, "data": {{"b": "1", "b": "2"}}, "beak": {{"a": 1}}}}"#
    );
    let created = post(&ground, &all, &body).await;
    let twice = "299 - \"duplicate field \\\"data.b\\\"\"".to_owned();
    let warnings = vec![unknown("wings"), unknown("metadata.tail"), twice, unknown("beak")];
    assert_eq!((created.code, created.warnings()), (201, warnings));
    assert_eq!(created.body["data"], json!({"b": "2"}));
    assert!(created.body.get("wings").is_none() && created.body["metadata"].get("tail").is_none());
    let container = r#"{"name": "a", "image": "i", "env": [{"name": "x"}, {"name": "y", "wings": 1}], "tail": {}}"#;
    let body = format!(r#"{{"metadata": {{"name": "p"}}, "spec": {{"containers": [{container}]}}}}"#);
    let created = post(&ground, &pods(&ground), &body).await;
    let warnings = vec![unknown("spec.containers[0].env[1].wings"), unknown("spec.containers[0].tail")];
    assert_eq!((created.code, created.warnings()), (201, warnings));
}

pub async fn strict_requests_are_refused_for_such_fields_and_others_hear_nothing(ground: Ground) {
    let (name, all) = (ground.name(), ground.all(&CONFIG_MAPS));
    let body = format!(r#"{{"metadata": {{"name": "{name}"}}, "wings": 1, "tail": 2}}"#);
    let refused = post(&ground, &format!("{all}?fieldValidation=Strict"), &body).await;
    let why = "strict decoding error: unknown field \"wings\", unknown field \"tail\"";
    let message = format!("ConfigMap in version \"v1\" cannot be handled as a ConfigMap: {why}");
    assert!(refused.warnings().is_empty());
    assert_eq!(refused.body, failure(400, "BadRequest", &message, Value::Null));
    let ignored = post(&ground, &format!("{all}?fieldValidation=Ignore"), &body).await;
    assert_eq!((ignored.code, ignored.warnings()), (201, vec![]));
    let path = ground.one(&CONFIG_MAPS, &name);
    let patch = json!({"metadata": {"wings": 1}});
    let refused = ground.merge(&format!("{path}?fieldValidation=Strict"), &patch).await;
    let cause = text(&refused.body["details"]["causes"][0]["message"]);
    assert_eq!(refused.code, 422);
    assert!(cause.ends_with(": strict decoding error: unknown field \"metadata.wings\""), "{cause}");
    let patched = ground.merge(&path, &patch).await;
    assert_eq!((patched.code, patched.warnings()), (200, vec![unknown("metadata.wings")]));
}

pub async fn keys_that_come_again_in_yaml_are_told_by_their_lines(ground: Ground) {
    let (name, all) = (ground.name(), ground.all(&CONFIG_MAPS));
    let body =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  a: b\n  a: c\ndata: {{d: e}}\n");
    let body = body.replace("data: {d: e}", "binaryData:\n  x: YQ==\n  \"x\": |\n    YWE=");
    let told = ["line 6: key \"a\" already set in map", "line 9: key \"x\" already set in map"];
    let problem = format!("yaml: unmarshal errors:\n  {}", told.join("\n  "));
    let warnings = told.map(|told| format!("299 - \"{}\"", told.replace('"', "\\\"")));
    let one = format!("{}?fieldManager=m", ground.one(&CONFIG_MAPS, &name));
    for (method, path, media_type, head) in [
        (
            "POST",
            format!("{all}?fieldManager=m"),
            "application/yaml",
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: ",
        ),
        ("PATCH", one, "application/apply-patch+yaml", "error strict decoding YAML: error converting YAML to JSON: "),
    ] {
        let ask = async |validation: &str| {
            let path = format!("{path}&force=true&fieldValidation={validation}");
            ground.ask_text(method, &path, &[("Content-Type", media_type)], &body).await
        };
        assert_eq!(ask("Strict").await.said(), (400, format!("{head}{problem}")));
        assert_eq!(ask("Warn").await.warnings(), warnings, "{method}");
        assert_eq!(ask("Ignore").await.warnings(), Vec::<String>::new());
    }
    let stored = ground.get(&ground.one(&CONFIG_MAPS, &name)).await.body;
    assert_eq!((&stored["data"], &stored["binaryData"]), (&json!({"a": "c"}), &json!({"x": "YWE="})));
}

pub async fn a_media_type_may_be_in_capitals(ground: Ground) {
    let object = CONFIG_MAPS.object(&ground.name(), json!({})).to_string();
    let media_type = ground.pick(&["Application/JSON", "APPLICATION/YAML; charset=utf-8"]);
    let created = ground.ask_text("POST", &ground.all(&CONFIG_MAPS), &[("Content-Type", media_type)], &object).await;
    assert_eq!(created.code, 201, "{created:?}");
}

pub async fn values_of_the_wrong_type_are_refused_in_the_words_of_the_decoder(ground: Ground) {
    let (maps, pods) = (ground.all(&CONFIG_MAPS), pods(&ground));
    for (path, kind, fields, why) in [
        (
            &maps,
            "ConfigMap",
            r#""data": []"#,
            "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string",
        ),
        (
            &maps,
            "ConfigMap",
            r#""immutable": "yes""#,
            "json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool",
        ),
        (&maps, "ConfigMap", r#""binaryData": {"a": "%"}"#, "illegal base64 data at input byte 0"),
        (
            &pods,
            "Pod",
            r#""spec": {"containers": [{"env": [{"value": 1}]}]}"#,
            "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
        ),
        (
            &pods,
            "Pod",
            r#""spec": {"containers": {}}"#,
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            &pods,
            "Pod",
            r#""spec": {"terminationGracePeriodSeconds": 1.5}"#,
            "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64",
        ),
        (
            &pods,
            "Pod",
            r#""spec": {"containers": [{"resources": {"limits": {"cpu": "many"}}}]}"#,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
    ] {
        let refused = post(&ground, path, &format!(r#"{{"metadata": {{"name": "a"}}, {fields}}}"#)).await;
        let message = format!("{kind} in version \"v1\" cannot be handled as a {kind}: {why}");
        assert_eq!(refused.body, failure(400, "BadRequest", &message, Value::Null), "{fields}");
    }
}

pub async fn nulls_are_nothing_but_in_maps_of_texts(ground: Ground) {
    let labels = json!({"labels": {"x": null}});
    let mut object = CONFIG_MAPS.object(&ground.name(), labels);
    object["data"] = json!({"y": null});
    object["immutable"] = Value::Null;
    object["binaryData"] = Value::Null;
    let created = ground.make(&ground.all(&CONFIG_MAPS), &object).await;
    assert_eq!((&created["data"], &created["metadata"]["labels"]), (&json!({"y": ""}), &json!({"x": ""})));
    assert!(created.get("immutable").is_none() && created.get("binaryData").is_none());
}

pub async fn a_patch_that_cannot_be_decoded_is_shown_as_the_whole_it_makes(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "1"}})).await;
    // An object that nobody owns is short.
    subject.ground.merge(&subject.path(), &json!({"metadata": {"managedFields": [{}]}})).await;
    let now = subject.ground.get(&subject.path()).await.body;
    let metadata = &now["metadata"];
    let shown = |head: &str, tail: &str| {
        format!(
            r#"{{"apiVersion":"v1",{head},"kind":"{tail}","metadata":{{"name":{},"namespace":{},"uid":{},"resourceVersion":{},"creationTimestamp":{}}}}}"#,
            metadata["name"],
            metadata["namespace"],
            metadata["uid"],
            metadata["resourceVersion"],
            metadata["creationTimestamp"],
        )
    };
    let number = "json: cannot unmarshal number into Go struct field ConfigMap.data of type string";
    let base64 = "illegal base64 data at input byte 0";
    let strict = "strict decoding error: unknown field \"bogus\"";
    for (parameters, patch, patched, why) in [
        ("", r#"{"data": {"a": 5}}"#, shown(r#""data":{"a":5}"#, "ConfigMap"), number),
        ("", r#"{"kind": "Secret"}"#, shown(r#""data":{"a":"1"}"#, "Secret"), base64),
        ("?fieldValidation=Strict", r#"{"bogus": 1}"#, shown(r#""bogus":1,"data":{"a":"1"}"#, "ConfigMap"), strict),
    ] {
        let (_, _, refusal) = subject.raw(&subject.name, parameters, MERGE, patch).await;
        let flaw = format!("Invalid value: {patched:?}: {why}");
        let cause = json!({"reason": "FieldValueInvalid", "message": flaw, "field": "patch"});
        let message = format!(" \"\" is invalid: patch: {flaw}");
        assert_eq!(refusal, failure(422, "Invalid", &message, json!({"causes": [cause]})), "{patch}");
    }
    assert_eq!(subject.ground.get(&subject.path()).await.body, now);
}

pub async fn typed_clients_write_what_they_read(ground: Ground) {
    use k8s_openapi::api::core::v1::{ConfigMap, Pod};
    use kube::{Api, api::PostParams};
    let (name, client) = (ground.name(), ground.client.clone());
    let mut map = ConfigMap { data: Some([("a".to_owned(), "1".to_owned())].into()), ..ConfigMap::default() };
    map.metadata.name = Some(name.clone());
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), &ground.namespace);
    let created = maps.create(&PostParams::default(), &map).await.expect("a ConfigMap");
    assert_eq!(created.data, map.data);
    assert_eq!(maps.replace(&name, &PostParams::default(), &created).await.expect("a ConfigMap"), created);
    let spec = json!({"containers": [{"name": "c", "image": "i"}]});
    let pod: Pod = serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).expect("a pod");
    let pods: Api<Pod> = Api::namespaced(client, &ground.namespace);
    let created = pods.create(&PostParams::default(), &pod).await.expect("a pod");
    assert_eq!(pods.replace(&name, &PostParams::default(), &created).await.expect("a pod"), created);
}
