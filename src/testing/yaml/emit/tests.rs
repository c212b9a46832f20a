//! YAML byte for byte, and that it is read back as it was.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::yaml::parse;

#[test]
fn text_is_in_quotes_where_a_reader_would_take_it_for_something_else() {
    let plain = ["a", "a:b", "a#b", "-a", "?a", "~a", "nil", "0x", "1.2.3", "1:60", "2026-01-01-preview", "=", "é"];
    let double = ["", "y", "No", "on", "~", "null", "1", "0644", "0x1F", "1e3", ".5", "1_000", "1:30", "2026-01-01"];
    let single = ["a: b", "a:", "a #b", "- a", "-", "[a", "@a", "'a'", " a", "a ", "---a", "%a", "*", "# a"];
    let texts = |texts: &[&str]| emit(&texts.iter().copied().map(Value::from).collect());
    assert_eq!(texts(&plain), plain.map(|text| format!("- {text}\n")).concat());
    assert_eq!(texts(&double), double.map(|text| format!("- \"{text}\"\n")).concat());
    assert_eq!(texts(&single), single.map(|text| format!("- '{}'\n", text.replace('\'', "''"))).concat());
}

#[test]
fn characters_that_do_not_print_are_escaped() {
    let text = "\0\t\r\u{1b}\u{7f}\u{85}\u{2028}\u{fffe}😀 \u{a0}\"\\";
    assert_eq!(emit(&json!(text)), "\"\\0\\t\\r\\e\\x7F\\N\\L\\uFFFE\\U0001F600 \u{a0}\\\"\\\\\"\n");
    assert_eq!(emit(&json!("\u{feff}a b")), "\"\\uFEFF\\x61\\x20\\x62\"\n");
}

#[test]
fn lines_are_literal_unless_a_space_is_before_a_break() {
    let value =
        json!({"a": "x\n", "b": "x\ny", "c": "x\n\n", "d": " x\n  y\n", "e": "\n", "f": "x \ny", "g": ["x\n\ny"]});
    let text =
        "a: |\n  x\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2\n   x\n    y\ne: |2+\n\nf: \"x \\ny\"\ng:\n- |-\n  x\n\n  y\n";
    assert_eq!(emit(&value), text);
}

#[test]
fn lists_are_not_indented_and_what_is_empty_stays_in_its_line() {
    let value = json!({
        "a": {"b": [{"c": 1, "d": [[true, null], []]}, {}]},
        "e": [],
        "f": {},
        "g": -1.5,
        "h": 1234567.5,
    });
    let text = "a:\n  b:\n  - c: 1\n    d:\n    - - true\n      - null\n    - []\n  - {}\ne: []\nf: {}\ng: -1.5\nh: 1.2345675e+06\n";
    assert_eq!(emit(&value), text);
}

#[test]
fn keys_are_in_quotes_like_text_and_stand_alone_where_they_are_long() {
    let long = "k".repeat(129);
    let value = json!({"": 1, "<<": 2, "a b": 3, "a: b": 4, "l\nm": [5, 6], "true": 7, long.clone(): {"x": 8, "y": 9}});
    let text = "\"\": 1\n\"<<\": 2\na b: 3\n'a: b': 4\n? ".to_owned()
        + &long
        + "\n: x: 8\n  \"y\": 9\n? |-\n  l\n  m\n: - 5\n  - 6\n\"true\": 7\n";
    assert_eq!(emit(&value), text);
}

#[test]
fn text_is_folded_at_single_spaces_behind_the_eightieth_column() {
    let text = |word: &str| format!("{}end", word.repeat(17));
    let wide = "x".repeat(90);
    let value = json!({
        "a": text("wörd "),
        "b": [text("#it's ")],
        "c": text("some\t "),
        "d": format!("{wide}  y"),
        "e": format!("{wide}\t  y z"),
    });
    let folded = format!(
        "\
a: wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd wörd
  wörd end
b:
- '#it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s #it''s
  #it''s #it''s #it''s #it''s #it''s end'
c: \"some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t some\\t
  some\\t some\\t some\\t some\\t some\\t end\"
d: {wide}  y
e: \"{wide}\\t
  \\ y z\"
"
    );
    assert_eq!(emit(&value), folded);
}

fn texts() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "a",
        "b: c",
        " #",
        "- ",
        "? ",
        ": ",
        "\n",
        "\n\n",
        " ",
        "  ",
        "0",
        "1.5",
        "true",
        "~",
        "2026-01-01",
        "---",
        "...",
        "'",
        "\"",
        "\\",
        "\t",
        "\r",
        "<<",
        "{",
        "]",
        "&a",
        "*a",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "é",
        "\u{2028}",
        "\u{feff}",
        "😀",
        "a long run of words that comes to be folded somewhere in the middle of it, ",
    ]);
    prop_oneof![prop::collection::vec(words, 0..6).prop_map(|words| words.concat()), "[ -~\n]{0,12}", ".{0,8}",]
}

fn values() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        4 => texts().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_filter("whole numbers are read as integers", |f| f.fract() != 0.0).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    scalar.prop_recursive(5, 40, 4, |value| {
        prop_oneof![
            prop::collection::vec(value.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((texts(), value), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in values()) {
        let text = emit(&value);
        prop_assert_eq!(parse(&text), Ok(value), "{}", text);
    }
}
