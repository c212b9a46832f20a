//! Objects that are refused for what they say, with all that is wrong with them.

use serde_json::{Value, json};

use crate::{ground::Ground, kinds::Kind, support::merge};

/// Rules that are long, by the names that stand for them here.
const RULES: [(&str, &str); 4] = [
    (
        "<subdomain>",
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and \
         end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ),
    (
        "<label>",
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with \
         an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
         '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ),
    (
        "<name>",
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
         character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
         '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ),
    (
        "<value>",
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and \
         end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
         '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ),
];

/// How messages of a reason begin.
const REASONS: [(&str, &str); 8] = [
    ("Required value", "FieldValueRequired"),
    ("Invalid value", "FieldValueInvalid"),
    ("Unsupported value", "FieldValueNotSupported"),
    ("Duplicate value", "FieldValueDuplicate"),
    ("Forbidden", "FieldValueForbidden"),
    ("Not found", "FieldValueNotFound"),
    ("Too long", "FieldValueTooLong"),
    ("Too many", "FieldValueTooMany"),
];

/// A kind in namespaces.
pub const fn within(group: &'static str, plural: &'static str, kind: &'static str) -> Kind {
    Kind::new(group, plural, kind)
}

/// A kind outside of namespaces.
pub const fn outside(group: &'static str, plural: &'static str, kind: &'static str) -> Kind {
    Kind { cluster: true, ..Kind::new(group, plural, kind) }
}

/// An object of which the test says only what is special: the rest is as it should be.
pub fn with(mut object: Value, path: &str, fields: &Value) -> Value {
    merge(object.pointer_mut(path).expect("a place for the fields"), fields);
    object
}

/// New objects with these fields are refused for these causes, each a line `field: message`.
pub async fn refused(ground: &Ground, kind: &Kind, cases: &[(Value, &str)]) {
    for (fields, expected) in cases {
        let mut object = kind.object(&name(ground), json!({}));
        merge(&mut object, fields);
        let answer = ground.post(&format!("{}?dryRun=All", ground.all(kind)), &object).await;
        assert_eq!((answer.code, causes(&answer.body)), (422, said(expected)), "{fields}: {}", answer.body["message"]);
        // Events of both groups are called by the older one.
        let called = if kind.plural == "events" { kind.kind.to_owned() } else { kind.one() };
        let start = format!("{called} {} is invalid: ", object["metadata"]["name"]);
        assert!(answer.body["message"].as_str().is_some_and(|text| text.starts_with(&start)), "{}", answer.body);
    }
}

/// Changes of an object with these fields are refused for these causes.
pub async fn kept(ground: &Ground, kind: &Kind, fields: &Value, cases: &[(Value, &str)]) {
    kept_in(ground, kind, "", fields, cases).await;
}

/// The same by the path of a part of it, such as `/status`.
pub async fn kept_in(ground: &Ground, kind: &Kind, part: &str, fields: &Value, cases: &[(Value, &str)]) {
    let mut object = kind.object(&name(ground), json!({}));
    merge(&mut object, fields);
    let created = ground.post(&ground.all(kind), &object).await;
    assert_eq!(created.code, 201, "{created:?}");
    let path = ground.one(kind, object["metadata"]["name"].as_str().expect("a name"));
    for (change, expected) in cases {
        let answer = ground.merge(&format!("{path}{part}?dryRun=All"), change).await;
        assert_eq!((answer.code, causes(&answer.body)), (422, said(expected)), "{change}: {}", answer.body["message"]);
    }
    ground.delete(&path).await;
}

/// A name without dots: of some kinds it becomes that of a host.
fn name(ground: &Ground) -> String {
    ground.name().replace('.', "-")
}

/// What a Status tells, in the order of the alphabet.
fn causes(status: &Value) -> Vec<Value> {
    let causes = status["details"]["causes"].as_array().into_iter().flatten();
    sorted(causes.cloned().collect())
}

fn said(expected: &str) -> Vec<Value> {
    let causes = expected.lines().map(str::trim).filter(|line| !line.is_empty()).map(|cause| {
        let (field, message) = cause.split_once(": ").expect("a field");
        let (_, reason) = REASONS.iter().find(|(start, _)| message.starts_with(start)).expect("a reason");
        let message = RULES.iter().fold(message.to_owned(), |message, (name, rule)| message.replace(name, rule));
        json!({"reason": reason, "message": message, "field": field})
    });
    sorted(causes.collect())
}

fn sorted(mut causes: Vec<Value>) -> Vec<Value> {
    causes.sort_by_key(Value::to_string);
    causes
}
