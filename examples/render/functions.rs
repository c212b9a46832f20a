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
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Rest, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use crate::certificates;

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

type Test = fn(&str) -> bool;

const TESTS: [(&str, Test); 13] = [
    ("dns_name", is_dns_name),
    ("host_name", is_host_name),
    ("host_pattern", |text| is_host_name(text.strip_prefix("*.").unwrap_or(text))),
    ("ip_address", |text| text.parse::<IpAddr>().is_ok()),
    ("ip_range", is_ip_range),
    ("port_number", |text| is_number(text, 65_535)),
    ("whole_number", |text| is_number(text, 1_000_000)),
    ("duration", is_duration),
    ("printable", is_printable),
    ("base64_text", |text| decode_base64(text).is_some_and(|bytes| String::from_utf8(bytes).is_ok())),
    ("password_hash", is_password_hash),
    ("user_name", |text| !text.is_empty() && is_printable(text) && !text.contains(':')),
    ("realm", |text| is_printable(text) && !text.contains(['"', '\\'])),
];

fn is_printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
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

/// A name of Kubernetes: lower-case letters, digits and dashes, with dots between. Unlike in the DNS, what is between
/// the dots may be as long as the name.
fn is_dns_name(text: &str) -> bool {
    is_labels(text, 253) && !text.contains('_')
}

/// As in the DNS, but with underscores, which names of hosts may have there.
fn is_host_name(text: &str) -> bool {
    is_labels(text, 63)
}

fn is_labels(text: &str, longest: usize) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    text.len() <= 253
        && text.split('.').all(|label| {
            let bytes = label.as_bytes();
            bytes.len() <= longest
                && edge(bytes.first())
                && edge(bytes.last())
                && bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        })
}

fn is_ip_range(text: &str) -> bool {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    address.parse::<IpAddr>().is_ok_and(|address| {
        let most = if address.is_ipv4() { 32 } else { 128 };
        bits.is_none_or(|bits| bits == "0" || is_number(bits, most))
    })
}

/// A number from 1 on, without signs, zeros in front or spaces.
fn is_number(text: &str, most: u64) -> bool {
    !text.starts_with(['0', '+']) && text.parse::<u64>().is_ok_and(|number| number <= most)
}

/// A time as HAProxy writes it, `30s` or plain milliseconds, and short enough for its clock of 31 bits.
fn is_duration(text: &str) -> bool {
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return false,
    };
    is_number(digits, u64::from(i32::MAX.unsigned_abs()) / unit)
}

/// A hash of crypt(3) that every libc knows (MD5, SHA-256, SHA-512). The number of rounds is bounded, because the proxy
/// tries every hash when it reads its configuration.
fn is_password_hash(text: &str) -> bool {
    let mut parts = text.split('$');
    let (before, method) = (parts.next(), parts.next());
    let mut parts: Vec<_> = parts.collect();
    if let (Some("5" | "6"), Some(rounds)) = (method, parts.first().and_then(|part| part.strip_prefix("rounds="))) {
        if !is_number(rounds, 100_000) {
            return false;
        }
        parts.remove(0);
    }
    let length = match method {
        Some("1") => 22,
        Some("5") => 43,
        Some("6") => 86,
        _ => return false,
    };
    let plain =
        |part: &str| part.bytes().all(|byte| matches!(byte, b'.' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'));
    match parts[..] {
        [salt, hash] => {
            before == Some("") && (1..=16).contains(&salt.len()) && hash.len() == length && plain(salt) && plain(hash)
        }
        _ => false,
    }
}

/// Strict base64 with padding, as an API server keeps the data of Secrets.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let mut bytes = Vec::with_capacity(digits.len());
    let (mut bits, mut held) = (0u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
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
    fn only_names_of_hosts_have_short_labels() {
        let (fits, long) = ("a".repeat(63), "a".repeat(64));
        assert!(is_dns_name(&fits) && is_host_name(&fits));
        assert!(is_dns_name(&long) && !is_host_name(&long));
        assert!(is_dns_name(&"a".repeat(253)) && !is_dns_name(&"a".repeat(254)));
    }

    #[test]
    fn a_comment_stays_on_its_line() {
        assert_eq!(escape("a\nb\u{2028}\r\0 \"c\" \\", 80), "a\\nb\\u{2028}\\r\\0 \"c\" \\");
        assert_eq!(escape(&"x".repeat(1000), 80).len(), 83);
    }

    #[test]
    fn checks_refuse_what_would_break_the_configuration() {
        let cases: [(&str, &[&str], &[&str]); 9] = [
            ("dns_name", &["web", "a.b-c"], &["", "a_b", "A", "a b", "-a", "a..b"]),
            ("host_name", &["shop.example.com", "_a.b"], &["*.b", "a\n", "ü.de", "a:80"]),
            ("ip_address", &["10.0.0.1", "fd00::1"], &["10.0.0", "fe80::1%eth0"]),
            ("ip_range", &["10.0.0.0/8", "::/0", "10.0.0.1"], &["10.0.0.0/33", "::/x", "/8"]),
            ("port_number", &["1", "65535"], &["0", "65536", "+1", "01", "1.0"]),
            ("duration", &["30s", "500", "24d"], &["0s", "25d", "1w", "s", "", "1 s", "5us"]),
            ("printable", &["/ü \"", ""], &["a\nb", "\u{85}"]),
            ("base64_text", &["YQ==", "", "w7w="], &["YQ", "/w==", "a b=", "===="]),
            (
                "password_hash",
                &["$1$salt$0123456789012345678901"],
                &["secret", "$1$salt$short", "$6$rounds=999999999$a$b", "$2y$10$abc"],
            ),
        ];
        for (name, good, bad) in cases {
            let test = TESTS.iter().find(|(known, _)| *known == name).unwrap().1;
            for text in good {
                assert!(test(text), "{text:?} is {name}");
            }
            for text in bad {
                assert!(!test(text), "{text:?} is not {name}");
            }
        }
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
