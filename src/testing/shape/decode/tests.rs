//! What a body becomes, and what is told of it.

use serde_json::json;

use super::{super::Shapes, *};

fn read(text: &str, kind: &str) -> Result<Decoded, String> {
    let mut source = serde_json::Deserializer::from_str(text);
    decode(&mut source, Shapes::built_in().kind("v1", kind), kind).map_err(|failure| failure.to_string())
}

#[test]
fn what_is_there_twice_counts_twice_where_it_has_fields() {
    let decoded = read(r#"{"data": {"a": "1", "b": "1", "b": "2"}, "data": {"b": "3"}}"#, "ConfigMap");
    let problems = ["duplicate field \"data.b\"", "duplicate field \"data\""].map(str::to_owned).to_vec();
    assert_eq!(decoded, Ok(Decoded { value: json!({"data": {"a": "1", "b": "3"}}), problems }));
}

#[test]
fn the_first_value_of_a_wrong_type_is_told_unless_the_text_is_broken() {
    let why = "json: cannot unmarshal number into Go struct field ConfigMap.data of type string";
    assert_eq!(read(r#"{"data": {"a": 1}, "immutable": "x"}"#, "ConfigMap"), Err(why.to_owned()));
    assert!(read(r#"{"data": {"a": 1}"#, "ConfigMap").is_err_and(|told| told.starts_with("EOF")));
}

#[test]
fn what_was_never_a_text_is_told_of_in_other_words() {
    let told = |value: Value| {
        let shape = Shapes::built_in().kind("v1", "Pod");
        convert(&value, shape).map_err(|failure| failure.to_string()).expect_err("a refusal")
    };
    for (spec, why) in [
        (json!(5), "cannot restore struct from: int64"),
        (json!({"containers": {}}), "cannot restore slice from map"),
        (json!({"nodeSelector": []}), "cannot restore map from slice"),
        (json!({"restartPolicy": 5}), "cannot convert int64 to v1.RestartPolicy"),
        (json!({"priority": "x"}), "unrecognized type: int32"),
        (json!({"priority": 1.5}), "cannot convert float64 to int32"),
    ] {
        assert_eq!(told(json!({"spec": spec})), why);
    }
}

#[test]
fn lists_and_maps_with_nothing_in_them_are_not_there() {
    let spec = r#"{"spec": {"containers": [], "volumes": [], "nodeSelector": {}, "securityContext": {}}}"#;
    let value = json!({"spec": {"containers": [], "securityContext": {}}});
    assert_eq!(read(spec, "Pod"), Ok(Decoded { value, problems: vec![] }));
}

#[test]
fn null_is_an_empty_value_where_there_has_to_be_one() {
    let spec = r#"{"spec": {"containers": [null], "nodeName": null}, "metadata": {"finalizers": [null]}}"#;
    let value = json!({"spec": {"containers": [{}]}, "metadata": {"finalizers": [""]}});
    assert_eq!(read(spec, "Pod"), Ok(Decoded { value, problems: vec![] }));
}

#[test]
fn no_more_than_a_hundred_problems_are_told() {
    let many: Vec<String> = (0..200).map(|number| format!("\"wing{number}\": 1")).collect();
    let decoded = read(&format!("{{{}}}", many.join(",")), "ConfigMap").expect("a value");
    assert_eq!(decoded.problems.len(), 100);
}
