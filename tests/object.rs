//! What an object promises: exact round trips, content equality, and reads that never show anything else.

use kube_indexed_store::object::{Kind, MAX_DEPTH, SharedValue};
use kube_indexed_store::{FieldPath, Object, ObjectName, ResourceVersion};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn object(value: &Value) -> Object {
    Object::try_from(value.clone()).unwrap()
}

fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

#[test]
fn identity_and_labels_are_read_without_paths() {
    let object = object(&json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "12",
            "labels": {"app.kubernetes.io/name": "web"}, "annotations": {"a/b": "c"},
        },
    }));
    assert_eq!(object.api_version(), "v1");
    assert_eq!(object.kind(), "Service");
    assert_eq!(object.name(), Some(ObjectName::new("shop", "web")));
    assert_eq!(object.uid().as_deref(), Some("u-1"));
    assert_eq!(object.label("app.kubernetes.io/name").as_deref(), Some("web"));
    assert_eq!(object.annotation("a/b").as_deref(), Some("c"));
    assert_eq!(object.resource_version(), Some(ResourceVersion::new("12")));
    assert_eq!(format!("{object:?}"), "Object(v1 Service shop/web @12)");
}

#[test]
fn the_resource_version_takes_no_part_in_equality_but_is_read_and_serialized() {
    let at =
        |version: &str| json!({"metadata": {"name": "a", "uid": "u", "resourceVersion": version, "annotations": {}}});
    let (old, new) = (object(&at("1")), object(&at("2")));
    assert_eq!(old, new);
    for (object, version) in [(&old, "1"), (&new, "2")] {
        assert_eq!(object.to_value(), at(version));
        assert_eq!(serde_json::to_value(object).unwrap(), at(version));
        assert_eq!(object.get(&path("metadata.resourceVersion")).unwrap().as_str().unwrap(), version);
        let names: Vec<_> = object.root().member("metadata").unwrap().members().map(|(name, _)| name).collect();
        assert_eq!(names, ["annotations", "name", "resourceVersion", "uid"]);
        assert_eq!(object.root().member("metadata").unwrap().len(), 4);
        let shared: SharedValue = object.root().share();
        assert_eq!(shared.value().to_value(), at(version));
        assert_eq!(object.root().member("metadata").unwrap().share().value().to_value(), at(version)["metadata"]);
    }
    assert_ne!(old.root(), new.root(), "a value shows what it reads");
}

#[test]
fn a_resource_version_that_is_no_text_is_content() {
    for odd in [json!(7), json!(null), json!({"a": 1})] {
        let value = json!({"metadata": {"resourceVersion": odd}});
        assert_eq!(object(&value).to_value(), value);
        assert_eq!(object(&value).resource_version(), None);
    }
    let text = r#"{"metadata":{"resourceVersion":"1","resourceVersion":null}}"#;
    assert_eq!(Object::from_slice(text.as_bytes()).unwrap().to_value(), json!({"metadata": {"resourceVersion": null}}));
    let text = r#"{"metadata":{"resourceVersion":"1"},"metadata":{"name":"a"}}"#;
    assert_eq!(Object::from_slice(text.as_bytes()).unwrap().to_value(), json!({"metadata": {"name": "a"}}));
}

#[test]
fn of_duplicate_members_the_last_wins() {
    let text = br#"{"b":1,"a":{"x":1},"b":2,"a":{"y":2},"b":3}"#;
    assert_eq!(Object::from_slice(text).unwrap().to_value(), json!({"a": {"y": 2}, "b": 3}));
}

#[test]
fn numbers_keep_their_kind_over_the_whole_range() {
    let text = r#"{"n":[0,-1,18446744073709551615,-9223372036854775808,80.0,1e3,-0.0,1.5e-7]}"#;
    let object = Object::from_slice(text.as_bytes()).unwrap();
    assert_eq!(object.to_value(), serde_json::from_str::<Value>(text).unwrap());
    assert_eq!(
        serde_json::to_string(&object).unwrap(),
        r#"{"n":[0,-1,18446744073709551615,-9223372036854775808,80.0,1000.0,-0.0,1.5e-7]}"#
    );
    let printed: Vec<_> = object.values(&path("n[*]")).map(|value| value.scalar_text().unwrap().into_owned()).collect();
    assert_eq!(printed, ["0", "-1", "18446744073709551615", "-9223372036854775808", "80", "1000", "-0", "0.00000015"]);
}

#[test]
fn an_integer_is_never_equal_to_a_float() {
    assert_ne!(object(&json!({"a": 80})), object(&json!({"a": 80.0})));
}

#[test]
fn nesting_is_bounded_with_a_clear_error() {
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(Object::from_slice(nested(MAX_DEPTH).as_bytes()).is_ok());
    let error = Object::from_slice(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("recursion limit exceeded"), "{error:?}");

    let value = (0..MAX_DEPTH).fold(json!(1), |value, _| json!({"a": value}));
    assert!(Object::try_from(value.clone()).is_ok());
    let error = Object::try_from(json!({"a": value})).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "nested deeper than 127 levels");
}

#[test]
fn what_is_no_object_is_refused_without_quoting_it() {
    for (text, expected) in [
        (r#"["hunter2"]"#, "expected an object, found a list"),
        (r#""hunter2""#, "expected an object, found a single value"),
        ("null", "expected an object, found a single value"),
        (r#"{"a":"hunter2""#, "EOF while parsing an object"),
        (r#"{} hunter2"#, "trailing characters"),
        ("", "EOF while parsing a value"),
    ] {
        let error = Object::from_slice(text.as_bytes()).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(expected), "{cause}");
        assert!(!format!("{error:?}{cause}").contains("hunter2"));
    }
}

#[test]
fn debug_output_never_shows_content() {
    let secret = object(&json!({"kind": "Secret", "metadata": {"name": "s"}, "data": {"password": "aHVudGVyMg=="}}));
    let shown = format!("{secret:?} {:?} {:?}", secret.root(), secret.root().share());
    assert!(!shown.contains("aHVudGVyMg"), "{shown}");
}

#[test]
fn paths_reach_members_positions_and_every_element_in_order() {
    let object = object(&json!({"spec": {"rules": [
        {"host": "a", "paths": [{"path": "/1"}, {"path": "/2"}]},
        {"paths": [{"path": "/3"}]},
        {"host": "b", "paths": null},
    ]}}));
    let all =
        |text: &str| object.values(&path(text)).map(|value| value.as_str().unwrap().into_owned()).collect::<Vec<_>>();
    assert_eq!(all("spec.rules[*].host"), ["a", "b"]);
    assert_eq!(all("spec.rules[*].paths[*].path"), ["/1", "/2", "/3"]);
    assert_eq!(all("spec.rules[*].paths[0].path"), ["/1", "/3"]);
    assert_eq!(object.get(&path("spec.rules[*].paths[*].path")).unwrap().as_str().unwrap(), "/1");
    assert_eq!(object.get(&path("spec.rules[2].paths")).unwrap().kind(), Kind::Null);
    for missing in
        ["spec.rules[3]", "spec.rules.host", "spec[0]", "spec.rules[0].host.x", "status", "spec.rules[*].x[*]"]
    {
        assert!(object.get(&path(missing)).is_none(), "{missing}");
    }
}

#[test]
fn typed_reads_take_options_enums_and_kubernetes_types() {
    #[derive(serde::Deserialize, PartialEq, Debug)]
    enum Mode {
        Plain,
        With { port: u16 },
        One(String),
    }
    #[derive(serde::Deserialize, PartialEq, Debug)]
    struct Spec {
        a: Option<i64>,
        b: Option<bool>,
        modes: Vec<Mode>,
        float: f64,
    }
    let custom =
        object(&json!({"a": -3, "b": null, "float": 2, "modes": ["Plain", {"With": {"port": 8}}, {"One": "x"}]}));
    assert_eq!(
        custom.parse::<Spec>().unwrap(),
        Spec {
            a: Some(-3),
            b: None,
            float: 2.0,
            modes: vec![Mode::Plain, Mode::With { port: 8 }, Mode::One("x".into())]
        }
    );
    for wrong in [
        json!({"modes": [7]}),
        json!({"modes": [{"With": 1, "One": 2}]}),
        json!({"modes": [{"Plain": 1}]}),
        json!({"modes": ["One"]}),
    ] {
        assert!(object(&wrong).parse::<Spec>().is_err());
    }

    let value = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "resourceVersion": "5"},
        "spec": {"ports": [{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 8081}]},
    });
    let service: k8s_openapi::api::core::v1::Service = object(&value).parse().unwrap();
    assert_eq!(serde_json::to_value(service).unwrap(), value);
}

fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    scalar.prop_recursive(6, 64, 6, |inner| {
        let key = prop_oneof![".{0,3}", Just("metadata".to_owned()), Just("resourceVersion".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Value> {
    let key = prop_oneof![".{0,3}", Just("metadata".to_owned())];
    prop::collection::vec((key, any_json()), 0..6).prop_map(|members| Value::Object(Map::from_iter(members)))
}

proptest! {
    #[test]
    fn any_json_object_survives_the_round_trip(value in any_object()) {
        let object = object(&value);
        prop_assert_eq!(object.to_value(), value.clone());
        let text = serde_json::to_vec(&object).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), serde_json::from_slice::<Value>(&serde_json::to_vec(&value).unwrap()).unwrap());
        prop_assert_eq!(Object::from_slice(&text).unwrap(), object.clone());
        prop_assert_eq!(object.parse::<Value>().unwrap(), value);
    }

    #[test]
    fn objects_are_equal_exactly_when_their_values_are_but_for_the_version(a in any_object(), b in any_object()) {
        let without_version = |value: &Value| {
            let mut value = value.clone();
            if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut)
                && metadata.get("resourceVersion").is_some_and(Value::is_string)
            {
                metadata.remove("resourceVersion");
            }
            value
        };
        prop_assert_eq!(object(&a) == object(&b), without_version(&a) == without_version(&b));
        prop_assert!(object(&a) == object(&a.clone()));
    }
}
