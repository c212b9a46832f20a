//! The fake API server reads objects by the types of their kinds: what it takes, warns of, fills in and refuses, and in
//! which words.

use http::Request;
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::{
    Api, Error,
    api::{DynamicObject, PostParams},
    core::ApiResource,
};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};
use tower::Service;

#[path = "store/random.rs"]
mod random;

use random::Random;

/// A cluster in which somebody defined a kind of a random name with this schema of its `spec`.
struct Garden {
    cluster: FakeCluster,
    group: String,
    kind: &'static str,
    plural: String,
    name: String,
}

fn definition(group: &str, kind: &str, plural: &str, schema: &Value) -> Value {
    let schema = json!({"type": "object", "properties": {"spec": schema, "status": {"type": "object"}}});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "versions": [version],
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
        },
    })
}

impl Garden {
    fn new(schema: &Value) -> Self {
        let mut random = Random::new();
        let cluster = FakeCluster::new();
        let group = format!("{}.example", random.pick(&["hill", "valley"]));
        let kind = random.pick(&["Apple", "Pear", "Plum"]);
        let kind = ["Apple", "Pear", "Plum"].into_iter().find(|known| *known == kind).unwrap();
        let plural = format!("{}s", kind.to_lowercase());
        cluster.create(definition(&group, kind, &plural, schema)).unwrap();
        Garden { cluster, group, kind, plural, name: random.name() }
    }

    fn object(&self, spec: &Value) -> Value {
        let metadata = json!({"name": self.name, "namespace": "default"});
        json!({"apiVersion": format!("{}/v1", self.group), "kind": self.kind, "metadata": metadata, "spec": spec})
    }

    /// What becomes of a `spec`.
    fn stored(&self, spec: &Value) -> Value {
        self.cluster.create(self.object(spec)).unwrap()["spec"].clone()
    }

    /// What is said of a `spec` that is refused, without the words that say of which object.
    fn refused(&self, spec: &Value) -> String {
        let status = *self.cluster.create(self.object(spec)).expect_err("a refusal");
        assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"), "{spec}");
        let head = format!("{}.{} {:?} is invalid: ", self.kind, self.group, self.name);
        status.message.strip_prefix(&head).expect("it says which").to_owned()
    }
}

/// Code, warnings and body of an answer.
async fn ask(cluster: &FakeCluster, method: &str, path: &str, body: &str) -> (u16, Vec<String>, Value) {
    let media_type = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let request = Request::builder().method(method).uri(path).header("content-type", media_type);
    let response = cluster.clone().call(request.body(body.to_owned()).unwrap()).await.unwrap();
    let warnings = response.headers().get_all("warning").iter();
    let warnings = warnings.map(|warning| warning.to_str().unwrap().to_owned()).collect();
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (code, warnings, serde_json::from_slice(&bytes).unwrap())
}

fn unknown(path: &str) -> String {
    format!("299 - \"unknown field \\\"{path}\\\"\"")
}

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PODS: &str = "/api/v1/namespaces/default/pods";

#[tokio::test]
async fn fields_a_kind_does_not_have_are_left_out_and_warned_of_in_their_order() {
    let (cluster, mut random) = (FakeCluster::new(), Random::new());
    let name = random.name();
    let body = format!(
        r#"{{"wings": 1, "metadata": {{"name": "{name}", "tail": true}}, "data": {{"b": "1", "b": "2"}}, "beak": {{"a": 1}}}}"#
    );
    let (code, warnings, object) = ask(&cluster, "POST", CONFIG_MAPS, &body).await;
    let twice = "299 - \"duplicate field \\\"data.b\\\"\"".to_owned();
    assert_eq!((code, warnings), (201, vec![unknown("wings"), unknown("metadata.tail"), twice, unknown("beak")]));
    assert_eq!(object["data"], json!({"b": "2"}));
    assert!(object.get("wings").is_none() && object["metadata"].get("tail").is_none());
}

#[tokio::test]
async fn fields_deep_in_an_object_are_found_by_their_path() {
    let cluster = FakeCluster::new();
    let container = r#"{"name": "a", "image": "i", "env": [{"name": "x"}, {"name": "y", "wings": 1}], "tail": {}}"#;
    let body = format!(r#"{{"metadata": {{"name": "p"}}, "spec": {{"containers": [{container}]}}}}"#);
    let (code, warnings, _) = ask(&cluster, "POST", PODS, &body).await;
    assert_eq!(
        (code, warnings),
        (201, vec![unknown("spec.containers[0].env[1].wings"), unknown("spec.containers[0].tail")])
    );
}

#[tokio::test]
async fn strict_requests_are_refused_for_such_fields_and_others_hear_nothing() {
    let cluster = FakeCluster::new();
    let body = r#"{"metadata": {"name": "a"}, "wings": 1, "tail": 2}"#;
    let (code, warnings, status) = ask(&cluster, "POST", &format!("{CONFIG_MAPS}?fieldValidation=Strict"), body).await;
    let why = "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"wings\", unknown field \"tail\"";
    assert_eq!((code, warnings, status["message"].as_str()), (400, vec![], Some(why)));
    let (code, warnings, _) = ask(&cluster, "POST", &format!("{CONFIG_MAPS}?fieldValidation=Ignore"), body).await;
    assert_eq!((code, warnings), (201, vec![]));
    let patch = r#"{"metadata": {"wings": 1}}"#;
    let path = format!("{CONFIG_MAPS}/a?fieldValidation=Strict");
    let (code, _, status) = ask(&cluster, "PATCH", &path, patch).await;
    let cause = status["details"]["causes"][0]["message"].as_str().unwrap();
    assert_eq!(code, 422);
    assert!(cause.ends_with(": strict decoding error: unknown field \"metadata.wings\""), "{cause}");
    let (code, warnings, _) = ask(&cluster, "PATCH", &format!("{CONFIG_MAPS}/a"), patch).await;
    assert_eq!((code, warnings), (200, vec![unknown("metadata.wings")]));
}

#[tokio::test]
async fn values_of_the_wrong_type_are_refused_in_the_words_of_the_decoder() {
    let cluster = FakeCluster::new();
    for (path, kind, fields, why) in [
        (
            CONFIG_MAPS,
            "ConfigMap",
            r#""data": []"#,
            "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string",
        ),
        (
            CONFIG_MAPS,
            "ConfigMap",
            r#""immutable": "yes""#,
            "json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool",
        ),
        (CONFIG_MAPS, "ConfigMap", r#""binaryData": {"a": "%"}"#, "illegal base64 data at input byte 0"),
        (
            PODS,
            "Pod",
            r#""spec": {"containers": [{"env": [{"value": 1}]}]}"#,
            "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
        ),
        (
            PODS,
            "Pod",
            r#""spec": {"containers": {}}"#,
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            PODS,
            "Pod",
            r#""spec": {"terminationGracePeriodSeconds": 1.5}"#,
            "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64",
        ),
        (
            PODS,
            "Pod",
            r#""spec": {"containers": [{"resources": {"limits": {"cpu": "many"}}}]}"#,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
    ] {
        let (code, _, status) =
            ask(&cluster, "POST", path, &format!(r#"{{"metadata": {{"name": "a"}}, {fields}}}"#)).await;
        let message = format!("{kind} in version \"v1\" cannot be handled as a {kind}: {why}");
        assert_eq!((code, status["message"].as_str()), (400, Some(message.as_str())));
    }
}

#[tokio::test]
async fn nulls_are_nothing_but_in_maps_of_texts() {
    let cluster = FakeCluster::new();
    let body = r#"{"metadata": {"name": "a", "labels": {"x": null}}, "data": {"y": null}, "immutable": null, "binaryData": null}"#;
    let (code, _, object) = ask(&cluster, "POST", CONFIG_MAPS, body).await;
    assert_eq!((code, &object["data"], &object["metadata"]["labels"]), (201, &json!({"y": ""}), &json!({"x": ""})));
    assert!(object.get("immutable").is_none() && object.get("binaryData").is_none());
}

#[tokio::test]
async fn typed_clients_write_what_they_read() {
    let (cluster, name) = (FakeCluster::new(), Random::new().name());
    let client = cluster.client();
    let mut map = ConfigMap { data: Some([("a".to_owned(), "1".to_owned())].into()), ..ConfigMap::default() };
    map.metadata.name = Some(name.clone());
    let created =
        Api::<ConfigMap>::default_namespaced(client.clone()).create(&PostParams::default(), &map).await.unwrap();
    assert_eq!(created.data, map.data);
    let pod: Pod = serde_json::from_value(
        json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "i"}]}}),
    )
    .unwrap();
    let created = Api::<Pod>::default_namespaced(client).create(&PostParams::default(), &pod).await.unwrap();
    assert_eq!(created.spec.unwrap().containers[0].name, "c");
}

#[tokio::test]
async fn custom_objects_are_pruned_by_their_schema() {
    let garden = Garden::new(&json!({"type": "object", "properties": {
        "height": {"type": "integer"},
        "notes": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    }}));
    let spec = json!({"height": 3, "width": 4, "notes": {"a": {"b": null}}, "tags": {"x": "1", "y": null}});
    assert_eq!(garden.stored(&spec), json!({"height": 3, "notes": {"a": {"b": null}}, "tags": {"x": "1"}}));
    let path = format!("/apis/{}/v1/namespaces/default/{}", garden.group, garden.plural);
    let mut object = garden.object(&json!({"width": 1}));
    object["metadata"]["name"] = "other".into();
    object["zone"] = json!({"b": 1});
    let (code, warnings, _) = ask(&garden.cluster, "POST", &path, &object.to_string()).await;
    assert_eq!((code, warnings), (201, vec![unknown("spec.width"), unknown("zone")]));
    let strict = format!("{path}?fieldValidation=Strict");
    let (code, _, status) = ask(&garden.cluster, "POST", &strict, &object.to_string()).await;
    let why = format!(
        "{0} in version \"v1\" cannot be handled as a {0}: strict decoding error: unknown field \"spec.width\", unknown field \"zone\"",
        garden.kind
    );
    assert_eq!((code, status["message"].as_str()), (400, Some(why.as_str())));
}

#[tokio::test]
async fn a_refusal_comes_with_its_warnings() {
    let garden = Garden::new(&json!({"type": "object", "properties": {"height": {"type": "integer", "maximum": 5}}}));
    let path = format!("/apis/{}/v1/namespaces/default/{}", garden.group, garden.plural);
    let body = garden.object(&json!({"height": 6, "width": 1})).to_string();
    let (code, warnings, _) = ask(&garden.cluster, "POST", &path, &body).await;
    assert_eq!((code, warnings), (422, vec![unknown("spec.width")]));
}

#[tokio::test]
async fn new_finalizers_of_custom_objects_that_do_not_say_whose_they_are_are_warned_of() {
    let garden = Garden::new(&json!({"type": "object"}));
    let path = format!("/apis/{}/v1/namespaces/default/{}", garden.group, garden.plural);
    let mut object = garden.object(&json!({}));
    object["metadata"]["finalizers"] = json!(["gate", "example.com/gate", "orphan"]);
    let (code, warnings, _) = ask(&garden.cluster, "POST", &path, &object.to_string()).await;
    let warning = |name: &str, more: &str| {
        format!(
            "299 - \"metadata.finalizers: \\\"{name}\\\": prefer a domain-qualified finalizer name{more} to avoid accidental conflicts with other finalizer writers\""
        )
    };
    assert_eq!((code, warnings), (201, vec![warning("gate", "")]));
    let patch = r#"{"metadata": {"finalizers": ["gate", "a.example"]}}"#;
    let (code, warnings, _) = ask(&garden.cluster, "PATCH", &format!("{path}/{}", garden.name), patch).await;
    assert_eq!((code, warnings), (200, vec![warning("a.example", " including a path (/)")]));
}

#[tokio::test]
async fn users_of_deprecated_versions_are_told() {
    let garden = Garden::new(&json!({"type": "object"}));
    let path = format!("/apis/{}/v1/namespaces/default/{}/none", garden.group, garden.plural);
    let mut definition = definition(&garden.group, garden.kind, &garden.plural, &json!({"type": "object"}));
    for (warning, told) in [
        (Value::Null, format!("299 - \"{}/v1 {} is deprecated\"", garden.group, garden.kind)),
        ("plant something else".into(), "299 - \"plant something else\"".to_owned()),
    ] {
        definition["spec"]["versions"][0]["deprecated"] = true.into();
        definition["spec"]["versions"][0]["deprecationWarning"] = warning;
        garden.cluster.apply(&definition).unwrap();
        let (code, warnings, _) = ask(&garden.cluster, "GET", &path, "").await;
        assert_eq!((code, warnings), (404, vec![told]));
    }
    let told = "299 - \"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\"".to_owned();
    let (code, warnings, _) = ask(&garden.cluster, "GET", "/api/v1/endpoints", "").await;
    assert_eq!((code, warnings), (200, vec![told]));
}

#[tokio::test]
async fn custom_objects_get_the_defaults_of_their_schema() {
    let garden = Garden::new(&json!({"type": "object", "properties": {
        "height": {"type": "integer", "default": 7},
        "soil": {"type": "object", "default": {}, "properties": {"kind": {"type": "string", "default": "loam"}}},
        "beds": {"type": "array", "items": {"type": "object", "properties": {"size": {"type": "integer", "default": 1}}}},
        "owner": {"type": "string", "nullable": true, "default": "nobody"},
    }}));
    let spec = json!({"beds": [{}, {"size": 2}], "height": null, "owner": null});
    let complete = json!({"height": 7, "soil": {"kind": "loam"}, "beds": [{"size": 1}, {"size": 2}], "owner": null});
    assert_eq!(garden.stored(&spec), complete);
}

#[tokio::test]
async fn custom_objects_that_break_their_schema_are_refused_in_the_words_of_the_server() {
    let garden = Garden::new(&json!({"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$"},
        "kind": {"type": "string", "enum": ["tree", "bush"]},
        "age": {"type": "integer", "minimum": 0, "exclusiveMaximum": true, "maximum": 10},
        "share": {"type": "number", "multipleOf": 0.5},
        "beds": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        "sorts": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "ports": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"],
            "items": {"type": "object", "required": ["port"], "properties": {"port": {"type": "integer"}}},
        },
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 1},
        "size": {"x-kubernetes-int-or-string": true},
        "planted": {"type": "string", "format": "date"},
    }}));
    for (field, value, why) in [
        ("name", json!("a"), r#"spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long"#),
        ("name", json!("abcde"), "spec.name: Too long: may not be more than 4 bytes"),
        ("name", json!("A1"), r#"spec.name: Invalid value: "A1": spec.name in body should match '^[a-z]+$'"#),
        (
            "name",
            json!(5),
            r#"spec.name: Invalid value: "integer": spec.name in body must be of type string: "integer""#,
        ),
        ("kind", json!("moss"), r#"spec.kind: Unsupported value: "moss": supported values: "tree", "bush""#),
        ("age", json!(-1), "spec.age: Invalid value: -1: spec.age in body should be greater than or equal to 0"),
        ("age", json!(10), "spec.age: Invalid value: 10: spec.age in body should be less than 10"),
        ("share", json!(0.3), "spec.share: Invalid value: 0.3: spec.share in body should be a multiple of 0.5"),
        ("beds", json!([]), "spec.beds: Invalid value: 0: spec.beds in body should have at least 1 items"),
        ("beds", json!(["a", "b", "c"]), "spec.beds: Too many: 3: must have at most 2 items"),
        (
            "beds",
            json!([null]),
            r#"spec.beds[0]: Invalid value: "null": spec.beds[0] in body must be of type string: "null""#,
        ),
        ("sorts", json!(["a", "a"]), r#"spec.sorts[1]: Duplicate value: "a""#),
        ("ports", json!([{"port": 1}, {"port": 1}]), r#"spec.ports[1]: Duplicate value: {"port":1}"#),
        ("ports", json!([{}]), "spec.ports[0].port: Required value"),
        ("counts", json!({"a": 1, "b": 2}), "spec.counts: Too many: 2: must have at most 1 items"),
        (
            "size",
            json!(true),
            r#"spec.size: Invalid value: "boolean": spec.size in body must be of type integer,string: "boolean""#,
        ),
        (
            "planted",
            json!("soon"),
            r#"spec.planted: Invalid value: "soon": spec.planted in body must be of type date: "soon""#,
        ),
    ] {
        let mut spec = json!({"name": "abc"});
        spec[field] = value;
        assert_eq!(garden.refused(&spec), why);
    }
    assert_eq!(garden.refused(&json!({})), "spec.name: Required value");
    let several = json!({"name": "a", "age": -1});
    let why = "[spec.age: Invalid value: -1: spec.age in body should be greater than or equal to 0, spec.name: Invalid value: \"a\": spec.name in body should be at least 2 chars long]";
    assert_eq!(garden.refused(&several), why);
}

#[tokio::test]
async fn what_was_wrong_before_its_schema_said_so_may_stay_until_it_changes() {
    let schema = |most: u32| json!({"type": "object", "properties": {"age": {"type": "integer", "maximum": most}, "note": {"type": "string"}}});
    let garden = Garden::new(&schema(100));
    garden.stored(&json!({"age": 50}));
    garden.cluster.apply(definition(&garden.group, garden.kind, &garden.plural, &schema(10))).unwrap();
    let resource = ApiResource {
        group: garden.group.clone(),
        version: "v1".to_owned(),
        api_version: format!("{}/v1", garden.group),
        kind: garden.kind.to_owned(),
        plural: garden.plural.clone(),
    };
    let api: Api<DynamicObject> = Api::default_namespaced_with(garden.cluster.client(), &resource);
    let mut object = api.get(&garden.name).await.unwrap();
    object.data["spec"]["note"] = "old".into();
    let mut object = api.replace(&garden.name, &PostParams::default(), &object).await.unwrap();
    object.data["spec"]["age"] = 51.into();
    let refused = api.replace(&garden.name, &PostParams::default(), &object).await;
    let Err(Error::Api(status)) = refused else { panic!("it was not refused") };
    assert!(status.message.ends_with("spec.age in body should be less than or equal to 10"), "{}", status.message);
}

#[tokio::test]
async fn definitions_are_checked() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut object = definition("hill.example", "Apple", "apples", &json!({"type": "object"}));
        change(&mut object);
        let message = FakeCluster::new().create(object).expect_err("a refusal").message;
        message.split_once(" is invalid: ").expect("it says why").1.to_owned()
    };
    let version = "/spec/versions/0";
    for (pointer, value, why) in [
        (
            "/spec/scope",
            json!("Everywhere"),
            r#"spec.scope: Unsupported value: "Everywhere": supported values: "Cluster", "Namespaced""#,
        ),
        (
            "/metadata/name",
            json!("pears.hill.example"),
            r#"metadata.name: Invalid value: "pears.hill.example": must be spec.names.plural+"."+spec.group"#,
        ),
        (
            "/spec/names/listKind",
            json!("Apple"),
            r#"spec.names.listKind: Invalid value: "Apple": kind and listKind may not be the same"#,
        ),
        (&format!("{version}/schema"), json!({}), "spec.versions[0].schema.openAPIV3Schema: Required value"),
        (
            &format!("{version}/schema/openAPIV3Schema/type"),
            json!("string"),
            r#"spec.validation.openAPIV3Schema.type: Invalid value: "string": must be object at the root"#,
        ),
        (
            &format!("{version}/schema/openAPIV3Schema/properties/spec"),
            json!({}),
            "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
        ),
        (
            &format!("{version}/schema/openAPIV3Schema/properties/spec"),
            json!({"type": "array"}),
            "spec.validation.openAPIV3Schema.properties[spec].items: Required value: must be specified",
        ),
        (
            &format!("{version}/schema/openAPIV3Schema/properties/spec"),
            json!({"type": "string", "default": 5}),
            r#"spec.validation.openAPIV3Schema.properties[spec].default: Invalid value: "integer":  in body must be of type string: "integer""#,
        ),
    ] {
        assert_eq!(refused(&|object| *object.pointer_mut(pointer).expect(pointer) = value.clone()), why);
    }
    let why = refused(&|object| object["spec"]["versions"][0]["storage"] = false.into());
    assert!(why.contains("must have exactly one version marked as storage version"), "{why}");
}

#[tokio::test]
async fn a_pattern_nobody_can_read_refuses_the_definition_and_breaks_nothing() {
    let schema = json!({"type": "object", "properties": {"name": {"type": "string", "pattern": "("}}});
    let refused =
        FakeCluster::new().create(definition("hill.example", "Apple", "apples", &schema)).expect_err("a refusal");
    let why = r#"spec.validation.openAPIV3Schema.properties[spec].properties[name].pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`"#;
    assert!(refused.message.ends_with(why), "{}", refused.message);
}
