//! The functions, filters and tests that an HAProxy template needs beyond those of minijinja: tolerant reading of
//! objects, checks of values before they enter the configuration, quoting, and files beside it.
//!
//! | name | use |
//! |---|---|
//! | `object \| text("spec", "type")` | the text of this field; empty if there is none |
//! | `object \| each("spec", "rules")` | the items of this list, or the keys of this map; empty if there is none |
//! | `path \| quote` | one argument of a configuration line, whatever it contains |
//! | `value \| shown` | a value for a message: in quotes, escaped, shortened |
//! | `reason \| comment` | a text that cannot end the comment it is in |
//! | `is dns_name`, `is host_name`, `is host_pattern`, `is ip_address`, `is ip_range`, `is port_number`, `is whole_number`, `is duration`, `is printable`, `is base64_text`, `is password_hash`, `is user_name`, `is realm` | checks of a text |
//! | `file("certs/web.pem", content)` | records a file to be written beside the configuration, returns its path |
//! | `certificate_problem(crt, key)` | why this pair cannot be used, or undefined |

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Rest, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use crate::certificates;
use crate::checks::{TESTS, is_printable};

/// The files that a render records with `file(..)`, shared with the environment the functions are
/// [registered](register) in.
///
/// This holds the files of one render: [`take`](Self::take) them when it ends, also when it failed. A render may take
/// several passes until all objects are fetched. A template that records only what it has checked records nothing in an
/// early pass that the last pass does not record.
#[derive(Debug, Clone, Default)]
pub struct Files(Arc<Mutex<BTreeMap<String, String>>>);

impl Files {
    /// Takes out the files recorded since the last call: their contents by path.
    pub fn take(&self) -> BTreeMap<String, String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, path: String, content: String) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(path, content);
    }
}

/// Adds the functions, filters and tests to an environment.
pub fn register(environment: &mut Environment<'_>) -> Files {
    let files = Files::default();
    let recorder = files.clone();
    environment.add_function("file", move |path: String, content: String| {
        recorder.record(path.clone(), content);
        path
    });
    environment.add_function("certificate_problem", |crt: Value, key: Value| match (crt.as_str(), key.as_str()) {
        (Some(crt), Some(key)) => certificates::certificate_problem(crt, key).map_or(Value::UNDEFINED, Value::from),
        _ => Value::from("not text"),
    });
    environment.add_filter("text", |value: Value, path: Rest<String>| text(&at(value, &path)));
    environment.add_filter("each", |value: Value, path: Rest<String>| each(&at(value, &path)));
    environment.add_filter("quote", quote);
    environment.add_filter("shown", |value: Value| format!("\"{}\"", escape(&text(&value), 80)));
    environment.add_filter("comment", |text: String| escape(&text, 400));
    for (name, test) in TESTS {
        environment.add_test(name, move |value: Value| value.as_str().is_some_and(test));
    }
    files
}

/// The value some fields down, undefined when any of them is missing or null.
fn at(value: Value, path: &[String]) -> Value {
    path.iter().fold(value, |value, field| match value.kind() {
        ValueKind::Undefined | ValueKind::None => Value::UNDEFINED,
        _ => value.get_attr(field).unwrap_or(Value::UNDEFINED),
    })
}

/// Values of another type are printed, so that a check refuses them instead of taking them for absent.
fn text(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => String::new(),
        ValueKind::Bool => value.is_true().to_string(),
        _ => value.to_string(),
    }
}

fn each(value: &Value) -> Vec<Value> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            value.try_iter().map(|items| items.filter(|item| !item.is_none()).collect()).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Single quotes keep everything but themselves as it is; only a line break would end them. What is plain stays bare.
fn quote(text: String) -> Result<String, Error> {
    if !is_printable(&text) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "control characters cannot be quoted, check with `is printable`",
        ));
    }
    let plain =
        |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' | b':' | b'*');
    if !text.is_empty() && text.bytes().all(plain) {
        return Ok(text);
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

/// Escapes what would end the line or hide in it, and shortens what nobody would read to the end.
fn escape(text: &str, longest: usize) -> String {
    let mut escaped = String::new();
    for (position, character) in text.chars().enumerate() {
        match character {
            _ if position == longest => {
                escaped.push_str("...");
                break;
            }
            '"' | '\'' | '\\' => escaped.push(character),
            _ => escaped.extend(character.escape_debug()),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str) -> Result<String, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        register(&mut environment);
        environment.render_str(
            template,
            minijinja::context! {
                service => minijinja::context! { spec => minijinja::context! { port => 80, none => (), ports => [1, 2] } }
            },
        )
    }

    #[test]
    fn reading_tolerates_what_is_missing_null_or_of_another_type() {
        let read = |template| render(template).unwrap();
        assert_eq!(read(r#"{{ service | text("spec", "port") }}"#), "80");
        assert_eq!(read(r#"{{ service | text("spec", "none", "x") }}"#), "");
        assert_eq!(read(r#"{{ service.nothing | text("spec") }}"#), "");
        assert_eq!(read(r#"{{ service | each("spec", "ports") | join(",") }}"#), "1,2");
        assert_eq!(read(r#"{{ service | each("spec", "port") | length }}"#), "0");
        assert_eq!(read(r#"{{ service | each("x", "y") | length }}"#), "0");
    }

    #[test]
    fn a_quoted_text_is_one_argument_and_never_ends_its_line() {
        assert_eq!(quote("/a b#\"$\\".into()).unwrap(), "'/a b#\"$\\'");
        assert_eq!(quote("/feed.xml".into()).unwrap(), "/feed.xml");
        assert_eq!(quote(String::new()).unwrap(), "''");
        assert_eq!(quote("it's".into()).unwrap(), r"'it'\''s'");
        assert!(quote("/a\nserver evil".into()).is_err());
    }

    #[test]
    fn a_comment_stays_on_its_line() {
        assert_eq!(escape("a\nb\u{2028}\r\0 \"c\" \\", 80), "a\\nb\\u{2028}\\r\\0 \"c\" \\");
        assert_eq!(escape(&"x".repeat(1000), 80).len(), 83);
    }

    #[test]
    fn recorded_files_are_taken_once() {
        let mut environment = Environment::new();
        let files = register(&mut environment);
        let template = r#"{{ file("certs/a.pem", "text") }}"#;
        assert_eq!(environment.render_str(template, ()).unwrap(), "certs/a.pem");
        assert_eq!(files.take()["certs/a.pem"], "text");
        assert!(files.take().is_empty());
    }
}
