//! Manifest text is read as kubectl reads it.

use kube_indexed_store::testing::manifests::{self, Error};
use serde_json::{Value, json};

fn values(text: &str) -> Vec<Value> {
    let documents = manifests::read(text.as_bytes());
    documents.into_iter().flat_map(|document| document.content.unwrap_or_else(|error| panic!("{error}"))).collect()
}

fn value(text: &str) -> Value {
    let [value] = <[Value; 1]>::try_from(values(text)).expect("one object");
    value
}

#[test]
fn on_off_yes_and_no_are_booleans() {
    assert_eq!(
        value("a: on\nb: OFF\nc: yes\nd: n\ne: True\nf: 'on'\n"),
        json!({"a": true, "b": false, "c": true, "d": false, "e": true, "f": "on"})
    );
}

#[test]
fn a_leading_zero_makes_a_number_octal_unless_its_digits_are_not() {
    assert_eq!(value("mode: 0744\neight: 08\n"), json!({"mode": 484, "eight": 8}));
}

#[test]
fn a_float_without_a_fraction_is_an_integer() {
    assert_eq!(value("a: 1.0\nb: 1e3\nc: 1.5\n"), json!({"a": 1, "b": 1000, "c": 1.5}));
}

#[test]
fn numbers_may_be_hexadecimal_binary_and_grouped() {
    assert_eq!(value("a: 0x1F\nb: 0b101\nc: 1_000_000\n"), json!({"a": 31, "b": 5, "c": 1_000_000}));
}

#[test]
fn keys_become_strings() {
    assert_eq!(
        value("on: a\n80: b\n1.5: c\nfalse: d\n0644: e\n"),
        json!({"true": "a", "80": "b", "1.5": "c", "false": "d", "420": "e"})
    );
}

#[test]
fn dates_stay_text_and_tags_decide() {
    assert_eq!(
        value("a: 2001-01-01\nb: !!str 12\nc: !!int '12'\nd: !!float 3\ne: !!binary aGk=\nf: !mine 5\n"),
        json!({"a": "2001-01-01", "b": "12", "c": 12, "d": 3, "e": "hi", "f": "5"})
    );
}

#[test]
fn a_merge_key_adds_the_entries_of_the_mappings_it_names() {
    let text = "base: &base {a: 1, b: 1}\nother: &other {b: 2, c: 2}\none:\n  <<: *base\n  b: 3\nmany:\n  <<: [*base, *other]\n";
    let expected = json!({"a": 1, "b": 1, "c": 2});
    assert_eq!((&value(text)["one"], &value(text)["many"]), (&json!({"a": 1, "b": 3}), &expected));
}

#[test]
fn a_quoted_merge_key_is_a_key() {
    assert_eq!(value("'<<': {a: 1}\n"), json!({"<<": {"a": 1}}));
}

#[test]
fn an_alias_repeats_what_its_anchor_names() {
    assert_eq!(
        value("a: &x [1, {b: 2}]\nc: *x\nd: &y text\n*y : e\n"),
        json!({"a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": "text", "text": "e"})
    );
}

#[test]
fn a_document_of_hardly_anything_but_aliases_is_refused() {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![alias; 9].join(","));
    }
    let documents = manifests::read(text.as_bytes());
    let error = documents[0].content.as_ref().unwrap_err();
    assert!(error.to_string().contains("document contains excessive aliasing"), "{error}");
}

#[test]
fn an_anchor_that_contains_itself_is_refused() {
    let documents = manifests::read(b"a: &a\n  b: *a\n");
    let problem = "an anchor contains itself".to_owned();
    assert_eq!(documents[0].content, Err(Error::NotParsed { line: 2, problem }));
}

#[test]
fn nesting_without_end_is_an_error_and_not_the_end_of_the_stack() {
    let wrapped: String = (1..50_000).map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1)).collect();
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), format!("a0: &a0 []\n{wrapped}")] {
        let documents = manifests::read(text.as_bytes());
        assert!(documents.last().unwrap().content.is_err());
    }
}

#[test]
fn of_duplicate_keys_the_last_wins() {
    assert_eq!(value("a: 1\nb: {c: 1, c: 2}\na: 3\n"), json!({"a": 3, "b": {"c": 2}}));
    assert_eq!(value(r#"{"a": 1, "a": 2}"#), json!({"a": 2}));
}

#[test]
fn documents_are_separated_by_lines_that_start_with_three_dashes() {
    let documents = manifests::read(b"---\na: 1\n--- # two\n# nothing\n---\n\n---   \nb: |\n  text\n  ---\n");
    let read: Vec<_> = documents.iter().map(|d| (d.number, d.line, d.content.clone().unwrap())).collect();
    let last = json!({"b": "text\n---\n"});
    assert_eq!(read, [(0, 2, vec![json!({"a": 1})]), (1, 4, vec![]), (2, 6, vec![]), (3, 8, vec![last])]);
}

#[test]
fn nothing_but_a_comment_may_follow_a_separator() {
    let documents = manifests::read(b"a: 1\n--- b: 2\n");
    assert_eq!(documents[0].content, Ok(vec![json!({"a": 1})]));
    assert!(matches!(documents[1].content, Err(Error::NotParsed { line: 2, .. })), "{documents:?}");
}

#[test]
fn three_dots_end_a_document() {
    assert_eq!(values("a: 1\n...\n---\nb: 2\n...\n"), [json!({"a": 1}), json!({"b": 2})]);
}

#[test]
fn a_json_stream_holds_one_object_after_the_other() {
    let documents = manifests::read(b"{\"a\": 1} {\"b\": 2}\n\n  {\"c\": 3}\n");
    let read: Vec<_> = documents.iter().map(|d| (d.number, d.line, d.content.clone().unwrap())).collect();
    assert_eq!(read, [(0, 1, vec![json!({"a": 1})]), (1, 1, vec![json!({"b": 2})]), (2, 3, vec![json!({"c": 3})])]);
}

#[test]
fn text_that_only_looks_like_json_is_read_as_yaml() {
    assert_eq!(value("{a: 1, b: [x]}\n"), json!({"a": 1, "b": ["x"]}));
    assert_eq!(values("{\"a\": 1}\n---\nb: 2\n"), [json!({"a": 1}), json!({"b": 2})]);
}

#[test]
fn lists_are_flattened_and_typed_items_get_their_kind() {
    let text = "kind: List\napiVersion: v1\nitems:\n- {kind: A}\n- kind: List\n  items: [{kind: B}]\n";
    assert_eq!(values(text), [json!({"kind": "A"}), json!({"kind": "B"})]);
    let text = "kind: ConfigMapList\napiVersion: v1\nitems: [{data: {}}]\n";
    assert_eq!(values(text), [json!({"kind": "ConfigMap", "apiVersion": "v1", "data": {}})]);
}

#[test]
fn an_object_that_merely_has_items_is_no_list() {
    let object = json!({"kind": "Menu", "items": [1]});
    assert_eq!(value("kind: Menu\nitems: [1]\n"), object);
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing() {
    let text = "a: 1\nb: |\n  x\n  y\n---\nc: 2\n";
    assert_eq!(values(&format!("\u{feff}{}", text.replace('\n', "\r\n"))), values(text));
}

#[test]
fn documents_before_one_that_does_not_parse_count_and_none_after() {
    let documents = manifests::read(b"a: 1\n---\nb: 2\n---\nc: [\n---\nd: 4\n");
    assert_eq!(documents.len(), 3);
    assert_eq!(documents[1].content, Ok(vec![json!({"b": 2})]));
    assert!(matches!(documents[2].content, Err(Error::NotParsed { line: 5.., .. })), "{documents:?}");
}

#[test]
fn a_document_that_is_no_object_says_so_and_stops_nothing() {
    let documents = manifests::read(b"- a\n---\n# why\ntext\n---\na: 1\n---\nkind: List\nitems: [5]\n");
    let errors: Vec<_> = documents.iter().filter_map(|d| d.content.as_ref().err()).map(Error::to_string).collect();
    assert_eq!(
        errors,
        [
            "line 1: expected an object with apiVersion and kind, found a list",
            "line 4: expected an object with apiVersion and kind, found a string",
            "line 8: items[0]: expected an object, found a number",
        ]
    );
}

#[test]
fn text_that_is_not_utf_8_names_the_line() {
    let documents = manifests::read(b"a: 1\nb: \xff\n");
    assert_eq!(documents[0].content, Err(Error::NotParsed { line: 2, problem: "invalid UTF-8".to_owned() }));
}

#[test]
fn what_json_cannot_say_is_refused() {
    for (text, problem) in [
        ("a: .nan\n", "JSON has no infinity and no NaN; quote it to make it text"),
        ("~: 1\n", "null cannot be a key; quote it to make it text"),
        ("? [a]\n: 1\n", "a list or a mapping cannot be a key"),
        ("<<: 5\n", "a merge key needs a mapping or a list of mappings"),
        ("a: !!int x\n", "a value tagged !!int is not one"),
    ] {
        let error = Error::NotParsed { line: 1, problem: problem.to_owned() };
        assert_eq!(manifests::read(text.as_bytes())[0].content, Err(error), "{text}");
    }
}

#[test]
fn debugging_a_document_shows_no_content() {
    let documents = manifests::read(b"kind: Secret\nstringData: {password: hunter2}\n");
    assert_eq!(format!("{documents:?}"), "[Document { number: 0, line: 1, content: Ok(\"1 objects\") }]");
}
